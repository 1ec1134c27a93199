"""HTML tables called `.xls`, as some exporters write them, read with the standard library's tolerant parser.

Everything is a token to that parser, so depth costs nothing. Cells spanning columns or rows keep the others in
their place: the text goes to the first cell, the rest are blank.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

from service.sources.sheet.encodings import Decoding, decoding_of, marked_encoding
from service.sources.sheet.faults import unreadable
from service.sources.sheet.grid import Bounds, Cell, Choices, Grid, Layout, Row, ScoreHeaders
from service.sources.sheet.header_row import Heading, find_heading, first_rows, heading_at

CHUNK_CHARS = 1 << 18
MOST_TABLES = 200
WIDEST_SPAN = 1_000

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})|<\?xml[^>]{0,100}?encoding=["']([\w.-]+)""")
_BLANKS = re.compile(r"\s+")
_UNSEEN = frozenset(("script", "style", "head", "title"))

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
    try:
        name = codecs.lookup((declared[1] or declared[2]).decode()).name
    except LookupError:
        return decoding_of(path)
    if name in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        return decoding_of(path)  # a page whose declaration could be read is not UTF-16
    found = decoding_of(path)
    # browsers and spreadsheet programs take Latin-1 for Windows-1252, so do we
    encoding = "cp1252" if name in ("iso8859-1", "ascii") else name
    return replace(found, encoding=encoding) if _decodes(path, encoding) else found


def _decodes(path: Path, encoding: str) -> bool:
    try:
        path.read_text(encoding=encoding)
    except UnicodeError:
        return False
    return True


def _tables(path: Path, decoding: Decoding) -> list[Table]:
    parser = _TableParser()
    with path.open(encoding=decoding.encoding, errors=decoding.errors) as file:
        while chunk := file.read(CHUNK_CHARS):
            parser.feed(chunk)
    parser.close()
    if parser.is_inside_a_cell:
        raise unreadable("truncated", what="a table cell is never closed")
    return parser.tables


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
    """A table being read. `reserved` says for how many more rows a column is taken by a cell above."""

    rows: Table
    reserved: dict[int, int]
    cell: list[str] | None = None
    span: tuple[int, int] = (1, 1)


class _TableParser(HTMLParser):
    """Collects every table; a table inside a cell becomes one of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self._open: list[_Open] = []
        self._unseen = 0

    @property
    def is_inside_a_cell(self) -> bool:
        """Whether the text read so far ends in the middle of a cell."""
        return any(table.cell is not None for table in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self._start_table()
        elif not self._open:
            return
        elif tag == "tr":
            self._end_cell()
            self._open[-1].rows.append([])
        elif tag in ("td", "th"):
            self._end_cell()
            self._start_cell(dict(attrs))
        elif tag in ("br", "p", "div", "li"):
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif self._open and tag in ("td", "th", "tr"):
            self._end_cell()
        elif self._open and tag == "table":
            self._end_cell()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and not self._unseen and (cell := self._open[-1].cell) is not None:
            cell.append(data)

    def _start_table(self) -> None:
        if len(self.tables) >= MOST_TABLES:
            raise unreadable("truncated", what=f"more than {MOST_TABLES} tables")
        table = _Open([], {})
        self._open.append(table)
        self.tables.append(table.rows)

    def _start_cell(self, attributes: dict[str, str | None]) -> None:
        table = self._open[-1]
        if not table.rows:
            table.rows.append([])
        _fill_reserved(table)
        table.cell = []
        table.span = (_span(attributes.get("colspan")), _span(attributes.get("rowspan")))

    def _end_cell(self) -> None:
        table = self._open[-1]
        if table.cell is None:
            return
        row, (columns, rows) = table.rows[-1], table.span
        if rows > 1:
            table.reserved.update((column, rows - 1) for column in range(len(row), len(row) + columns))
        text = _BLANKS.sub(" ", "".join(table.cell)).replace("\0", "").strip()
        row.append(text or None)
        row.extend([None] * (columns - 1))
        table.cell = None


def _fill_reserved(table: _Open) -> None:
    """Leave the columns blank that a cell of a row above reaches down into."""
    row = table.rows[-1]
    while left := table.reserved.get(len(row), 0):
        table.reserved[len(row)] = left - 1
        row.append(None)


def _span(written: str | None) -> int:
    if written is None or not written.strip().isdecimal():
        return 1
    return min(max(int(written.strip()[:9]), 1), WIDEST_SPAN)
