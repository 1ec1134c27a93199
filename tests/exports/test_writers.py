"""Written files: what stands in their cells, and what our own import reads from them."""

from __future__ import annotations

import csv
import gc
import io
import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from service.exports.columns import LOOKS, Column, Kind, Row
from service.exports.csv_file import csv_pieces
from service.exports.xlsx_file import xlsx_pieces
from service.sources.sheet import headers
from service.sources.sheet.csv_text import open_csv
from service.sources.sheet.echo import shown
from service.sources.sheet.grid import Bounds, Choices, Grid
from service.sources.sheet.workbooks import open_workbook

COLUMNS = [
    Column("Transaction code", Kind.CODE),
    Column("Buyer"),
    Column("Purchase value with taxes", Kind.MONEY, "Purchase currency"),
    Column("Item quantity", Kind.WHOLE),
    Column("Transaction date", Kind.MOMENT),
    Column("Marco: exact"),
]
NOON = datetime(2026, 7, 2, 12, 0, 5)  # noqa: DTZ001  # cells have no zone
NAMES = [
    *("=1+1", "+5511999990000", "-2", "@SUM(A1)", "\tx", "'", "'=1+1", "''", "'quoted'", " blank before"),
    *('a "b"; c, d', "two\nlines", "_x0041_", "Zoë 名前", "00123", "1e5", "TRUE", "#REF!"),
]


def a_row(name: str | None, paid: str = "97.00") -> Row:
    return ["00012345678", name, Decimal(paid), 1, NOON, "as_of=2026-07-02"]


def grid_of(folder: Path, form: str, rows: list[Row], language: str = "pt") -> Grid:
    path = folder / f"file.{form}"
    pieces = xlsx_pieces(COLUMNS, rows) if form == "xlsx" else csv_pieces(COLUMNS, rows, LOOKS[language])
    path.write_bytes(b"".join(pieces))
    if form == "xlsx":
        return open_workbook(path, "xlsx", Choices(), headers.score, Bounds())
    return open_csv(path, Choices(), headers.score, Bounds())


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_back_as_it_was_written(tmp_path: Path, form: str, name: str) -> None:
    ((_, cells),) = grid_of(tmp_path, form, [a_row(shown(name))]).rows()
    assert cells[:2] == ["00012345678", shown(name)]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_of_a_csv_begins_like_a_formula(name: str) -> None:
    text = b"".join(csv_pieces(COLUMNS, [a_row(name)], LOOKS["en"])).decode("utf-8-sig")
    (_, cells) = csv.reader(io.StringIO(text, newline=""))
    assert cells[1] == f"'{name}"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x"])
def test_a_workbook_keeps_what_looks_like_a_formula_as_text(name: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(COLUMNS, [a_row(name)]))))
    cell = book["Report"]["B2"]
    assert (cell.value, cell.data_type, cell.number_format, cell.quotePrefix) == (name, "s", "@", True)


def test_a_workbook_has_real_amounts_and_dates_and_codes_that_stay_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(COLUMNS, [a_row("Ana", "1234.5")]))))
    code, _, paid, quantity, ordered, _ = book["Report"][2]
    assert (code.value, code.data_type) == ("00012345678", "s")
    assert (paid.value, paid.data_type, paid.number_format) == (1234.5, "n", "#,##0.00##")
    assert quantity.value == 1
    assert (ordered.value, ordered.is_date) == (NOON, True)


def test_an_amount_with_more_digits_than_a_double_is_written_in_full() -> None:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(COLUMNS, [a_row("Ana", "123456789012345.67")]))))
    assert book["Report"]["C2"].value == "123456789012345.67"


@pytest.mark.parametrize(("language", "line"), [("pt", "97,00;1;02/07/2026 12:00:05"), ("en", "97.00,1,2026-07-02")])
def test_a_csv_looks_as_its_language_writes(language: str, line: str) -> None:
    content = b"".join(csv_pieces(COLUMNS, [a_row("Ana")], LOOKS[language]))
    assert content.startswith(b"\xef\xbb\xbf")
    assert line in content.decode()


def test_an_amount_never_has_three_decimals_which_could_be_a_thousand() -> None:
    content = b"".join(csv_pieces(COLUMNS, [a_row("Ana", "1.234")], LOOKS["pt"])).decode()
    assert ";1,2340;" in content


def test_rows_beyond_a_sheet_go_on_on_the_next_under_the_same_header() -> None:
    rows = [a_row(f"Buyer {number}") for number in range(5)]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(COLUMNS, rows, sheet_rows=2))))
    assert [[row[1] for row in sheet.values] for sheet in book] == [
        ["Buyer", "Buyer 0", "Buyer 1"],
        ["Buyer", "Buyer 2", "Buyer 3"],
        ["Buyer", "Buyer 4"],
    ]


def test_a_full_sheet_is_not_followed_by_an_empty_one() -> None:
    rows = [a_row("Ana"), a_row("Bia")]
    assert len(openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(COLUMNS, rows, sheet_rows=2)))).sheetnames) == 1


def test_a_sheet_that_grows_too_long_in_bytes_goes_on_on_the_next() -> None:
    rows = [a_row(f"Buyer {number}") for number in range(300)]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(COLUMNS, rows, sheet_bytes=50_000))))
    assert len(book.sheetnames) > 1
    assert [row[1] for sheet in book for row in list(sheet.values)[1:]] == [row[1] for row in rows]


@pytest.mark.filterwarnings("error")
def test_a_workbook_is_sent_while_its_rows_are_read_and_may_be_given_up_in_the_middle() -> None:
    read: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(40_000):
            read.append(number)
            yield a_row(f"Buyer {random.Random(number).random()}")

    pieces = xlsx_pieces(COLUMNS, rows())
    assert next(pieces)[:2] == b"PK"
    assert len(read) < 40_000
    pieces.close()
    del pieces
    gc.collect()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_without_rows_has_its_header(form: str) -> None:
    content = b"".join(xlsx_pieces(COLUMNS, []) if form == "xlsx" else csv_pieces(COLUMNS, [], LOOKS["en"]))
    if form == "csv":
        assert content.decode("utf-8-sig").count("\n") == 1
    else:
        assert openpyxl.load_workbook(io.BytesIO(content))["Report"].max_row == 1
