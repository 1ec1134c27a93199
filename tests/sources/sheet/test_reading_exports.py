"""Every sample export opens as its description says."""

from __future__ import annotations

from datetime import datetime

import pytest

from service.sources.sheet.containers import open_grid
from service.sources.sheet.grid import Choices, Grid
from tests.sources.sheet.files import EXPECTED, EXPORTS, score

OPENS_AS = {
    "sales-pt.csv": ("csv", "utf-8-sig", ";"),
    "sales-pt.xlsx": ("xlsx", None, None),
    "sales-pt-resaved.csv": ("csv", "utf-8", ";"),
    "sales-en.csv": ("csv", "utf-8-sig", ";"),
    "sales-es.csv": ("csv", "utf-8", ";"),
    "sales-es-legacy.csv": ("csv", "utf-8", ";"),
    "sales-en-minimal.csv": ("csv", "utf-8", ","),
    "sales-manual-pt.csv": ("csv", "utf-8", ","),
    "sales-pt-legacy.csv": ("csv", "utf-8-sig", ";"),
    "sales-pt-legacy.xls": ("xls", None, None),
    "sales-pt-legacy-ooxml.xls": ("xlsx", None, None),
    "sales-pt-legacy-html.xls": ("html", "utf-8", None),
    "subscriptions-pt.csv": ("csv", "utf-8", ";"),
}


def opened(name: str) -> Grid:
    return open_grid(EXPORTS / name, Choices(), score)


def column(name: str, header: str) -> list[object]:
    grid = opened(name)
    at = grid.layout.headers.index(header)
    return [cells[at] for _, cells in grid.rows()]


def test_every_sample_export_is_in_the_table():
    assert set(OPENS_AS) == set(EXPECTED) == {path.name for path in EXPORTS.iterdir()} - {"expected.json"}


@pytest.mark.parametrize("name", sorted(OPENS_AS))
def test_a_sample_export_opens_as_its_description_says(name: str):
    grid = opened(name)
    layout = grid.layout
    assert (layout.container, layout.encoding, layout.delimiter) == OPENS_AS[name]
    assert layout.header_row == 1
    assert len(layout.headers) == EXPECTED[name]["columns"]
    numbers = [number for number, _ in grid.rows()]
    assert numbers == list(range(2, EXPECTED[name]["data_rows"] + 2))
    assert grid.surplus_rows == 0


@pytest.mark.parametrize("name", sorted(OPENS_AS))
def test_the_rows_of_a_sample_export_can_be_read_again_and_are_as_wide_as_the_header(name: str):
    grid = opened(name)
    first = list(grid.rows())
    assert list(grid.rows()) == first
    assert {len(cells) for _, cells in first} == {len(grid.layout.headers)}


@pytest.mark.parametrize("name", sorted(name for name in OPENS_AS if EXPECTED[name].get("status_labels")))
def test_the_status_column_holds_the_labels_that_were_written(name: str):
    labels = EXPECTED[name]["status_labels"]
    grid = opened(name)
    rows = [cells for _, cells in grid.rows()]
    kept = list({tuple(cells): cells for cells in rows}.values())
    columns = [[cells[at] for cells in kept] for at in range(len(grid.layout.headers))]
    assert any({label: values.count(label) for label in labels} == labels for values in columns)


def test_no_cell_is_a_blank_and_none_marks_stay():
    cells = [cell for _, row in opened("sales-pt.csv").rows() for cell in row]
    assert "(none)" in cells
    assert all(cell is None or cell == str(cell).strip() != "" for cell in cells)


def test_a_quoted_product_name_with_the_delimiter_is_one_cell():
    assert "Clube Mensal; Conversação" in column("sales-pt.csv", "Produto")


def test_a_header_with_a_trailing_space_is_trimmed():
    assert "Moneda en la que recibirás los valores" in opened("sales-es.csv").layout.headers


def test_floating_point_area_codes_and_phones_come_as_whole_numbers():
    assert column("sales-pt-legacy.xls", "DDD")[0] == 21
    assert column("sales-pt-legacy.xls", "Telefone")[0] == 900000101
    assert isinstance(column("sales-pt-legacy.xls", "Telefone")[0], int)


def test_date_cells_come_as_datetimes_and_text_dates_as_text():
    assert all(isinstance(value, datetime) for value in column("sales-pt-legacy-ooxml.xls", "Data de Venda"))
    assert column("sales-pt.xlsx", "Data da transação")[0] == "28/09/2026 07:36:00"


def test_amounts_of_a_workbook_come_as_numbers():
    amounts = column("sales-pt.xlsx", "Valor de compra com impostos")
    assert {type(amount) for amount in amounts} == {int, float}
    assert amounts[0] == 297


def test_a_column_name_that_occurs_four_times_is_there_four_times():
    assert opened("sales-pt-legacy.csv").layout.headers.count("Moeda") == 4
