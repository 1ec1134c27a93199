"""XLSX through openpyxl's write-only mode, in a temporary file: a zip is only complete at its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from service.exports.columns import Column, Kind, Row

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE_BYTES = 1 << 18
SHEET_ROWS = 1_048_575
"""Rows of one sheet below its header."""
EXACT_DIGITS = 15
"""A number cell is a double; an amount with more digits is written as text, which loses none."""

FORMATS = {
    Kind.MONEY: "#,##0.00##",
    Kind.WHOLE: "0",
    Kind.DAY: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm:ss",
    Kind.TEXT: "@",
    Kind.CODE: "@",
}
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
LONGEST_TEXT = 32_767


def xlsx_pieces(
    columns: Sequence[Column], rows: Iterable[Row], title: str = "Report", *, sheet_rows: int = SHEET_ROWS
) -> Iterator[bytes]:
    """The workbook in pieces. Dates and amounts are real cells, all else is text and stays text.

    What does not fit on a sheet goes on on the next one, below the same header.
    """
    with TemporaryFile() as file:
        _workbook(columns, rows, title, sheet_rows).save(file)
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece


def _workbook(columns: Sequence[Column], rows: Iterable[Row], title: str, sheet_rows: int) -> Workbook:
    workbook = Workbook(write_only=True)
    remaining = iter(rows)
    number, more = 1, True
    while more:
        sheet: Any = workbook.create_sheet(title if number == 1 else f"{title} {number}")
        sheet.freeze_panes = "A2"
        sheet.append([_heading(sheet, column) for column in columns])
        writers = [_writer(sheet, column.kind) for column in columns]
        written = 0
        for row in islice(remaining, sheet_rows):
            sheet.append([None if value is None else write(value) for write, value in zip(writers, row, strict=True)])
            written += 1
        sheet.close()
        first = next(remaining, None) if written == sheet_rows else None
        more, number = first is not None, number + 1
        if first is not None:
            remaining = _before(first, remaining)
    return workbook


def _before(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _heading(sheet: Any, column: Column) -> Any:
    cell: Any = WriteOnlyCell(sheet, column.name)
    cell.font = Font(bold=True)
    return cell


def _writer(sheet: Any, kind: Kind) -> Callable[[Any], Any]:
    """Fills one cell per column again and again: a write-only sheet has written it before the next row comes."""
    if kind in (Kind.TEXT, Kind.CODE):
        return _text_writer(sheet)
    cell: Any = WriteOnlyCell(sheet)
    cell.number_format = FORMATS[kind]
    write_text = _text_writer(sheet)

    def write(value: Any) -> Any:
        if kind is Kind.MONEY and len(value.as_tuple().digits) > EXACT_DIGITS:
            return write_text(format(value, "f"))
        cell.value = value
        return cell

    return write


def _text_writer(sheet: Any) -> Callable[[Any], Any]:
    text: Any = WriteOnlyCell(sheet)
    text.number_format = FORMATS[Kind.TEXT]
    text.quotePrefix = True

    def write_text(value: Any) -> Any:
        text.value = writable(str(value))
        text.data_type = "s"  # what begins with an equals sign was made a formula
        return text

    return write_text


def writable(text: str) -> str:
    """Text as a workbook can hold it and our import reads it back.

    A cell of text needs no quote against formulas, but a quote of its own is doubled: the import takes one away.
    """
    clean = _LOOKS_ESCAPED.sub("_x005F_", _UNWRITABLE.sub("", text))[:LONGEST_TEXT]
    return f"'{clean}" if clean.startswith("'") else clean
