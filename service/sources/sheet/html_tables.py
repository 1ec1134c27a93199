"""HTML tables called `.xls`, as some exporters write them.

The mark-up may be sloppy (cells and rows never closed, any depth around them). Cells spanning columns or rows
keep the others in their place: the text goes to the first cell, the rest are blank.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from service.sources.sheet.encodings import OFFERED, Decoding, decodes, decoding_of, marked_encoding
from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds, Cell, Choices, Grid, Layout, Row, ScoreHeaders
from service.sources.sheet.header_row import Heading, find_heading, first_rows, heading_at
from service.sources.sheet.html_tokens import Token, tokens

MOST_TABLES = 200
WIDEST_SPAN = 1_000

_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})|<\?xml[^>]{0,100}?encoding=["']([\w.-]+)"""
)
_BLANKS = re.compile(r"\s+")
_SPANS = re.compile(r"""\b(col|row)span\s*=\s*["']?\s*([0-9]{1,9})""", re.IGNORECASE)
_ENDLESS_NUMBER = re.compile("&#x?[0-9a-fA-F]{9,}")  # no character; too long for `int` where it is very long

Table = list[list[Cell]]


def open_html(path: Path, choices: Choices, score: ScoreHeaders, bounds: Bounds) -> Grid:
    """A grid over the table with the most known headers. Raises `no_header`, `truncated`, `unreadable_encoding`."""
    decoding = _decoding(path, choices.encoding)
    table, heading = _best_table(_tables(path, decoding), choices.header_row, score, bounds)
    layout = Layout(
        container="html",
        encoding=decoding.encoding,
        delimiter=None,
        sheets=[],
        sheet=None,
        header_row=heading.row,
        headers=heading.headers,
        candidates={
            "encoding": [decoding.encoding, *decoding.others],
            "header_row": [heading.row, *heading.others],
        },
    )
    return Grid(layout, lambda: _records(table), bounds)


def _records(table: Table) -> Iterator[Row]:
    for number, cells in enumerate(table, 1):
        yield number, list(cells)


def _decoding(path: Path, chosen: str | None) -> Decoding:
    """What a mark or the page itself says, if that decodes the whole file; else what the bytes say."""
    with path.open("rb") as file:
        head = file.read(4096)
    declared = _CHARSET.search(head.lower())
    if chosen is not None or declared is None or marked_encoding(head):
        return decoding_of(path, chosen)
    encoding = _single_byte_codec((declared[1] or declared[2]).decode())
    if encoding is None or not decodes(path, encoding):
        return decoding_of(path)
    return Decoding(encoding, has_nul=True, others=[other for other in OFFERED if other != encoding])


def _single_byte_codec(name: str) -> str | None:
    """The codec a page names; None where looking at the bytes tells better (a page read as ASCII is not UTF-16)."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return None
    # browsers and spreadsheet programs take Latin-1 for Windows-1252, so do we
    if codec in ("iso8859-1", "ascii"):
        return "cp1252"
    return codec if codec.startswith(("cp125", "cp85", "iso8859", "mac-", "koi8")) else None


def _tables(path: Path, decoding: Decoding) -> list[Table]:
    reader = _TableReader()
    for token in tokens(path.read_text(encoding=decoding.encoding, errors=decoding.errors)):
        reader.read(token)
    if reader.is_inside_a_cell:
        raise unreadable("truncated", what=phrase("open_cell"))
    return reader.tables


def _best_table(
    tables: list[Table], header_row: int | None, score: ScoreHeaders, bounds: Bounds
) -> tuple[Table, Heading]:
    best: tuple[tuple[float, int], Table, Heading] | None = None
    for table in tables:
        rows = first_rows(_records(table), bounds)
        heading = find_heading(rows, score)
        rank = (heading.score if heading else 0.0, len(table))
        if header_row is not None and header_row <= len(table):
            heading = heading_at(_records(table), header_row, score)
        if heading is not None and (best is None or rank > best[0]):
            best = (rank, table, heading)
    if best is None:
        raise unreadable("no_header")
    return best[1], best[2]


@dataclass(slots=True)
class _Open:
    """A table being read. `reserved` says up to which row (from 0) a column is taken by a cell above."""

    rows: Table
    reserved: dict[int, int]
    cell: list[str] | None = None
    span: tuple[int, int] = (1, 1)


class _TableReader:
    """Collects the tables of a page, the first `MOST_TABLES` of them; a table inside a cell is one of its own."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self._open: list[_Open] = []

    @property
    def is_inside_a_cell(self) -> bool:
        """Whether what was read so far ends in the middle of a cell."""
        return any(table.cell is not None for table in self._open)

    def read(self, token: Token) -> None:
        """Take in the next piece of the page."""
        tag = token.tag
        if tag == "table":
            self._start_table()
        elif not self._open:
            return
        elif not tag:
            self._add(token.text)
        elif tag in ("tr", "/tr", "td", "/td", "th", "/th", "/table"):
            _end_cell(self._open[-1])
            if tag == "tr":
                self._open[-1].rows.append([])
            elif tag in ("td", "th"):
                _start_cell(self._open[-1], token.text)
            elif tag == "/table":
                self._open.pop()
        elif tag in ("br", "p", "div", "li"):
            self._add(" ")

    def _add(self, text: str) -> None:
        cell = self._open[-1].cell
        if cell is not None:
            cell.append(text)

    def _start_table(self) -> None:
        table = _Open([], {})
        self._open.append(table)
        if len(self.tables) < MOST_TABLES:
            self.tables.append(table.rows)


def _start_cell(table: _Open, attributes: str) -> None:
    if not table.rows:
        table.rows.append([])
    row, number = table.rows[-1], len(table.rows) - 1
    # leave the columns blank that a cell of a row above reaches down into
    while table.reserved.get(len(row), -1) >= number:
        row.append(None)
    table.cell = []
    table.span = _span(attributes) if "span" in attributes.lower() else (1, 1)


def _end_cell(table: _Open) -> None:
    if table.cell is None:
        return
    row, (columns, rows) = table.rows[-1], table.span
    if rows > 1:
        last = len(table.rows) + rows - 2
        table.reserved.update((column, last) for column in range(len(row), len(row) + columns))
    row.append(_text(table.cell))
    row.extend([None] * (columns - 1))
    table.cell = None


def _text(pieces: list[str]) -> Cell:
    text = "".join(pieces)
    if "&" in text:
        text = unescape(_ENDLESS_NUMBER.sub("\ufffd", text))
    return _BLANKS.sub(" ", text).replace("\0", "").strip() or None


def _span(attributes: str) -> tuple[int, int]:
    """Columns and rows a cell covers."""
    written = {name.lower(): int(number) for name, number in _SPANS.findall(attributes)}
    columns, rows = written.get("col", 1), written.get("row", 1)
    return min(max(columns, 1), WIDEST_SPAN), min(max(rows, 1), WIDEST_SPAN)
