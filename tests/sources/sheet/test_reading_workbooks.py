"""Workbooks and HTML tables: sheets, headers, cell kinds, odd but honest files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from service.sources.sheet.containers import open_grid
from service.sources.sheet.faults import UnreadableFile
from service.sources.sheet.grid import Cell, Choices, Grid
from tests.sources.sheet.files import a_row, an_ods, an_xls, an_xlsb, an_xlsx, nothing_known, score, sheet_of, text_cell

SALES = sheet_of(
    a_row(1, text_cell("A1", "Email"), text_cell("B1", "Status"), text_cell("C1", "Valor")),
    a_row(2, text_cell("A2", "a@example.com"), text_cell("B2", "Aprovado"), '<c r="C2"><v>297.5</v></c>'),
)
OTHER = sheet_of(a_row(1, text_cell("A1", "Nota"), text_cell("B1", "Email")), a_row(2, text_cell("A2", "x")))


def opened(path: Path, **choices: object) -> Grid:
    return open_grid(path, Choices(**choices), score)


def rows(grid: Grid) -> list[tuple[int, list[Cell]]]:
    return list(grid.rows())


def a_page(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "page.xls"
    path.write_bytes(content.encode(encoding))
    return path


def test_the_container_is_told_by_the_first_bytes_whatever_the_name(tmp_path: Path):
    assert opened(an_xlsx(tmp_path / "a.csv", SALES)).layout.container == "xlsx"
    assert opened(an_xls(tmp_path / "a.xlsx", ["Email"], ["a@example.com"])).layout.container == "xls"
    assert opened(an_ods(tmp_path / "a.xls", ["Email"], ["a@example.com"])).layout.container == "ods"
    assert opened(a_page(tmp_path, "<table><tr><td>Email<tr><td>a</table>")).layout.container == "html"


def test_a_binary_workbook_is_read_with_its_texts_numbers_dates_and_blank_rows(tmp_path: Path):
    sold = datetime(2026, 7, 2, 9, 15, 4)  # noqa: DTZ001  # cells have no zone
    path = an_xlsb(
        tmp_path / "a.xls",
        (0, {0: "Email", 1: "Status", 2: "Data", 3: "Valor"}),
        (1, {0: "a@example.com", 1: "Aprovado", 2: sold, 3: 297.5}),
        (4, {0: "b@example.com", 2: None, 3: 12.0}),
    )
    grid = opened(path)
    assert (grid.layout.container, grid.layout.sheets) == ("xlsb", ["Vendas"])
    assert rows(grid) == [
        (2, ["a@example.com", "Aprovado", sold, 297.5]),
        (5, ["b@example.com", None, None, 12]),
    ]


def test_the_sheet_with_the_most_known_headers_is_taken(tmp_path: Path):
    layout = opened(an_xlsx(tmp_path / "a", OTHER, SALES, names=("Notas", "Vendas"))).layout
    assert (layout.sheet, layout.sheets) == ("Vendas", ["Notas", "Vendas"])
    assert layout.candidates["sheet"] == ["Vendas", "Notas"]


def test_the_first_of_equal_sheets_is_taken_and_empty_ones_are_passed_over(tmp_path: Path):
    path = an_xlsx(tmp_path / "a", sheet_of(), SALES, SALES, names=("Vazia", "Um", "Dois"))
    assert opened(path).layout.sheet == "Um"


def test_a_chosen_sheet_is_obeyed(tmp_path: Path):
    path = an_xlsx(tmp_path / "a", OTHER, SALES, names=("Notas", "Vendas"))
    assert opened(path, sheet="Notas").layout.headers == ["Nota", "Email"]
    with pytest.raises(UnreadableFile, match="Vendas") as refused:
        opened(path, sheet="Compras")
    assert refused.value.code == "unknown_choice"


def test_a_header_row_below_a_title_keeps_the_numbers_of_the_program(tmp_path: Path):
    sheet = sheet_of(
        a_row(2, text_cell("B2", "Vendas de julho")),
        a_row(4, text_cell("B4", "Email"), text_cell("C4", "Valor")),
        a_row(7, text_cell("B7", "a@example.com"), '<c r="C7"><v>1</v></c>'),
    )
    grid = opened(an_xlsx(tmp_path / "a", sheet))
    assert (grid.layout.header_row, grid.layout.headers) == (4, ["Email", "Valor"])
    assert rows(grid) == [(7, ["a@example.com", 1])]


def test_a_chosen_header_row_of_a_workbook_is_obeyed(tmp_path: Path):
    path = an_xls(tmp_path / "a", ["Email", "Valor"], ["X", "Y"], ["1", "2"])
    assert opened(path, header_row=2).layout.headers == ["X", "Y"]


def test_a_dimension_that_promises_a_million_rows_is_not_believed(tmp_path: Path):
    path = an_xlsx(tmp_path / "a", SALES.replace('ref="A1"', 'ref="A1:XFD1048576"'))
    assert rows(opened(path)) == [(2, ["a@example.com", "Aprovado", 297.5])]


def test_formatted_but_empty_cells_far_away_do_no_harm(tmp_path: Path):
    far = a_row(1_048_576, '<c r="XFD1048576" s="0"/>')
    path = an_xlsx(tmp_path / "a", SALES.replace("</sheetData>", far + "</sheetData>"))
    assert len(rows(opened(path))) == 1


def test_every_kind_of_cell_is_clean(tmp_path: Path):
    cells = [
        text_cell("A2", " \u00a0x "),
        text_cell("B2", " "),
        '<c r="C2"><v>297.0</v></c>',
        '<c r="D2"><v>297.25</v></c>',
        '<c r="E2" t="b"><v>1</v></c>',
        '<c r="F2" t="d"><v>2026-07-02T00:00:00</v></c>',
        '<c r="G2" t="d"><v>2026-07-02T09:15:04</v></c>',
        '<c r="H2" t="e"><v>#N/A</v></c>',
        '<c r="I2"><v>0</v></c>',
        '<c r="J2"><v>12345678901234567890</v></c>',
    ]
    header = [text_cell(f"{letter}1", name) for letter, name in zip("ABCDEFGHIJ", ["Email", *"bcdefghij"], strict=True)]
    ((_, row),) = rows(opened(an_xlsx(tmp_path / "a", sheet_of(a_row(1, *header), a_row(2, *cells)))))
    midnight, morning = datetime(2026, 7, 2), datetime(2026, 7, 2, 9, 15, 4)  # noqa: DTZ001  # cells have no zone
    assert row == ["x", None, 297, 297.25, True, midnight, morning, None, 0, 1.2345678901234567e19]
    assert [type(cell) for cell in row[2:7]] == [int, float, bool, datetime, datetime]


def test_date_cells_at_midnight_and_at_noon_are_of_one_kind(tmp_path: Path):
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>'
    )
    sheet = sheet_of(
        a_row(1, text_cell("A1", "Data")),
        a_row(2, '<c r="A2" s="1"><v>46205</v></c>'),
        a_row(3, '<c r="A3" s="1"><v>46205.5</v></c>'),
    )
    cells = [cells[0] for _, cells in rows(opened(an_xlsx(tmp_path / "a", sheet, styles=styles)))]
    assert [str(cell) for cell in cells] == ["2026-07-02 00:00:00", "2026-07-02 12:00:00"]
    assert {type(cell) for cell in cells} == {datetime}


def test_an_opendocument_sheet_that_ends_in_a_million_blank_rows_is_read(tmp_path: Path):
    grid = opened(an_ods(tmp_path / "a.ods", ["Email", "Status", "Valor"], ["a@example.com", "Aprovado", 297.0]))
    assert grid.layout.sheet == "Vendas"
    assert rows(grid) == [(2, ["a@example.com", "Aprovado", 297])]


def test_a_workbook_without_any_cell_or_without_rows_is_refused_by_name(tmp_path: Path):
    for sheet, code in ((sheet_of(), "empty_file"), (sheet_of(a_row(1, text_cell("A1", "Email"))), "no_rows")):
        with pytest.raises(UnreadableFile) as refused:
            opened(an_xlsx(tmp_path / "a", sheet))
        assert refused.value.code == code


def test_a_workbook_of_numbers_only_has_no_header(tmp_path: Path):
    with pytest.raises(UnreadableFile) as refused:
        open_grid(an_xls(tmp_path / "a", [1, 2], [3, 4]), Choices(), nothing_known)
    assert refused.value.code == "no_header"


def test_the_html_table_with_the_most_known_headers_is_taken(tmp_path: Path):
    page = (
        "<!-- export --><html><body><table><tr><td>Menu<td>Email</table><p>"
        "<TABLE border=1><thead><tr><th>Email<th><b>Va</b>lor</tr></thead>"
        "<tr><td><a href='mailto:a'>a@example.com</a></td><td>1&#46;5&nbsp;</td></tr></TABLE></body></html>"
    )
    grid = opened(a_page(tmp_path, page))
    assert (grid.layout.headers, rows(grid)) == (["Email", "Valor"], [(2, ["a@example.com", "1.5"])])


def test_a_table_around_the_table_is_passed_over(tmp_path: Path):
    inner = "<table><tr><th>Email</th><th>Status</th></tr><tr><td>a</td><td>b</td></tr></table>"
    grid = opened(a_page(tmp_path, f"<table><tr><td>Logo</td><td>{inner}</td></tr></table>"))
    assert rows(grid) == [(2, ["a", "b"])]


def test_cells_that_span_columns_and_rows_keep_the_others_in_place(tmp_path: Path):
    page = (
        "<table><tr><th>Produto</th><th>Email</th><th>Status</th><th>Valor</th></tr>"
        "<tr><td rowspan=2>A</td><td colspan=2>x</td><td>1</td></tr>"
        "<tr><td>y</td><td>z</td><td>2</td></tr><tr><td>B</td><td>v</td><td>w</td><td>3</td></tr></table>"
    )
    cells = [cells for _, cells in rows(opened(a_page(tmp_path, page)))]
    assert cells == [["A", "x", None, "1"], [None, "y", "z", "2"], ["B", "v", "w", "3"]]


@pytest.mark.parametrize(
    ("written_in", "declared", "read_as"),
    [("utf-8", "utf-8", "utf-8"), ("cp1252", "iso-8859-1", "cp1252"), ("cp1252", "utf-8", "cp1252"),
     ("cp1251", "windows-1251", "cp1251"), ("utf-16", "utf-16", "utf-16"), ("utf-8", "nonsense", "utf-8")],
)  # fmt: skip
def test_a_page_is_read_in_the_encoding_it_declares_if_that_is_true(
    tmp_path: Path, written_in: str, declared: str, read_as: str
):
    name = "Привет" if written_in == "cp1251" else "Conceição"
    page = f'<html><meta charset="{declared}"><table><tr><th>Email<tr><td>{name}</table>'
    grid = opened(a_page(tmp_path, page, written_in))
    assert (grid.layout.encoding, rows(grid)[0][1]) == (read_as, [name])


def test_a_page_without_a_table_has_no_header_and_one_that_ends_in_a_cell_was_cut_off(tmp_path: Path):
    for page, code in (
        ("<html><body>Please sign in</body></html>", "no_header"),
        ("<table><tr><th>Email</th></tr><tr><td>a@exam", "truncated"),
    ):
        with pytest.raises(UnreadableFile) as refused:
            opened(a_page(tmp_path, page))
        assert refused.value.code == code


def test_scripts_and_styles_in_a_page_are_not_text(tmp_path: Path):
    page = "<style>td{}</style><table><tr><th>Email<script>var a='<td>'</script></th></tr><tr><td>a</td></tr></table>"
    assert opened(a_page(tmp_path, page)).layout.headers == ["Email"]
