"""XLSX through openpyxl's write-only mode, sent while it is written: no file in between, whatever its size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import RawIOBase
from itertools import chain
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from service.exports.columns import Column, Kind, Row

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE_BYTES = 1 << 18
SHEET_ROWS = 1_048_575
"""Rows of one sheet below its header."""
SHEET_BYTES = 1_900_000_000
"""XML of one sheet. From 2 GiB on a zip needs a form in which spreadsheet programs do not open one that was sent."""
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


class _Outflow(RawIOBase):
    """Takes what is written to it until somebody takes it away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.waiting = 0

    def write(self, piece: Any) -> int:
        """Take a piece."""
        self._pieces.append(bytes(piece))
        self.waiting += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """All that waits; it waits no more."""
        whole = b"".join(self._pieces)
        self._pieces, self.waiting = [], 0
        return whole


class _Entry(RawIOBase):
    """A file within the archive that knows its length; the archive itself tells it only behind the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.length = file, 0

    def writable(self) -> bool:
        """It is there to be written."""
        return True

    def write(self, piece: Any) -> int:
        """Write a piece."""
        self.length += len(piece)
        return self._file.write(piece)


class _AllButSheets(ExcelWriter):
    """Writes a workbook whose sheets are in the archive already."""

    def write_worksheet(self, ws: Any) -> None:
        """Name a sheet among the parts of the workbook."""
        self.manifest.append(ws)


def xlsx_pieces(
    columns: Sequence[Column],
    rows: Iterable[Row],
    title: str = "Report",
    *,
    sheet_rows: int = SHEET_ROWS,
    sheet_bytes: int = SHEET_BYTES,
) -> Iterator[bytes]:
    """The workbook in pieces. Dates and amounts are real cells, all else is text and stays text.

    What does not fit on a sheet goes on on the next one, below the same header.
    """
    outflow, workbook, remaining = _Outflow(), Workbook(write_only=True), iter(rows)
    with ZipFile(outflow, "w", ZIP_DEFLATED) as archive:
        number, more = 1, True
        while more:
            sheet: Any = workbook.create_sheet(title if number == 1 else f"{title} {number}")
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as file:
                entry = _Entry(file)
                writer = WorksheetWriter(sheet, entry)
                sheet._writer = writer  # noqa: SLF001  # its own file could only be sent once it is whole
                try:
                    for length, _ in enumerate(_written(sheet, writer, columns, remaining), 1):
                        if outflow.waiting >= PIECE_BYTES:
                            yield outflow.taken()
                        if length == sheet_rows or entry.length >= sheet_bytes:
                            break
                finally:  # also when nobody wants the rest: what openpyxl has open must not outlive the archive
                    sheet.close()
            first = next(remaining, None)
            more, number = first is not None, number + 1
            if first is not None:
                remaining = chain((first,), remaining)
        _AllButSheets(workbook, archive).write_data()
    yield outflow.taken()


def _written(sheet: Any, writer: WorksheetWriter, columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[None]:
    """Write row after row below the header, and stop behind each."""
    sheet.freeze_panes = "A2"
    writer.write_top()
    sheet.append([_heading(sheet, column) for column in columns])
    cells = [_writer(sheet, column.kind) for column in columns]
    for row in rows:
        sheet.append([None if value is None else write(value) for write, value in zip(cells, row, strict=True)])
        yield


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
