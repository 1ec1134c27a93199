"""Delimited text: records as a spreadsheet program would number them, in flat memory."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from service.sources.sheet.encodings import Decoding, decoding_of
from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds, Choices, Grid, Layout, Row, ScoreHeaders
from service.sources.sheet.header_row import Heading, find_heading, first_rows, heading_at

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_CHARS = 1 << 16
SAMPLE_ROWS = 50

_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)

# Fed to the reader behind the last line: where it does not come back as a record of its own, a quotation mark is
# still open. The file cannot hold it, since NUL is taken out of every line.
_END = "\0end of file\0"


@dataclass(frozen=True, slots=True)
class _Text:
    """One way of reading one file."""

    path: Path
    decoding: Decoding
    delimiter: str
    bounds: Bounds
    has_separator_line: bool = False

    def records(self) -> Iterator[Row]:
        csv.field_size_limit(self.bounds.cell_chars)  # one setting per process: set it before each pass
        with _opened(self.path, self.decoding) as file:
            first = next(file, "").lstrip("\ufeff")  # a second mark happens where files were joined
            lines: Iterable[str] = file if self.has_separator_line else chain((first,), file)
            if self.decoding.has_nul:
                lines = (line.replace("\0", "") for line in lines)
            yield from _numbered(lines, self.delimiter)


def open_csv(path: Path, choices: Choices, score: ScoreHeaders, bounds: Bounds) -> Grid:
    """A grid over delimited text; encoding, delimiter and header row are found unless chosen.

    Raises `empty_file`, `no_header`, `unclosed_quote`, `unreadable_encoding`, `unknown_choice`.
    """
    decoding = decoding_of(path, choices.encoding)
    text, delimiters = _delimited(path, decoding, choices.delimiter, score, bounds)
    heading = _heading(text, choices.header_row, score)
    layout = Layout(
        container="csv",
        encoding=decoding.encoding,
        delimiter=text.delimiter,
        sheets=[],
        sheet=None,
        header_row=heading.row,
        headers=heading.headers,
        candidates={
            "encoding": [decoding.encoding, *decoding.others],
            "delimiter": [*delimiters],
            "header_row": [heading.row, *heading.others],
        },
    )
    return Grid(layout, text.records, bounds)


def _opened(path: Path, decoding: Decoding) -> TextIO:
    # newline="" ends lines at LF, CRLF and CR alike and leaves line ends inside quotes as they are
    return path.open(encoding=decoding.encoding, errors=decoding.errors, newline="")


def _numbered(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(chain(lines, (_END,)), delimiter=delimiter)
    strip, number = str.strip, 0
    try:
        for number, cells in enumerate(reader, 1):
            if len(cells) == 1 and cells[0] == _END:
                return
            yield number, [cell or None for cell in map(strip, cells)]
    except csv.Error:  # a cell longer than any real one: the quotation mark before it was never closed
        raise unreadable("unclosed_quote", row=number + 1) from None
    raise unreadable("unclosed_quote", row=number)


def _heading(text: _Text, chosen: int | None, score: ScoreHeaders) -> Heading:
    rows = first_rows(text.records(), text.bounds)
    if not rows:
        raise unreadable("empty_file")
    if chosen is not None:
        return heading_at(text.records(), chosen, score)
    heading = find_heading(rows, score)
    if heading is None:
        raise unreadable("no_header")
    return heading


def _delimited(
    path: Path, decoding: Decoding, chosen: str | None, score: ScoreHeaders, bounds: Bounds
) -> tuple[_Text, list[str]]:
    """The text with its delimiter, and all delimiters in order of likelihood."""
    with _opened(path, decoding) as file:
        sample = file.read(SAMPLE_CHARS).replace("\0", "").lstrip("\ufeff")
        if file.read(1):
            sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    separator_line = _SEPARATOR_LINE.match(sample)
    rest = sample[separator_line.end() :] if separator_line else sample
    likely = sorted(DELIMITERS, key=lambda delimiter: _fitness(rest, delimiter, score), reverse=True)
    if chosen is not None and (len(chosen) != 1 or chosen in '"\r\n\0'):
        raise unreadable("unknown_choice", what=phrase("delimiter"), value=chosen, known="; , tab |")
    insisted = chosen or (separator_line and separator_line[1])
    if insisted:
        likely = [insisted, *(other for other in likely if other != insisted)]
    return _Text(path, decoding, likely[0], bounds, separator_line is not None), likely


def _fitness(sample: str, delimiter: str, score: ScoreHeaders) -> tuple[float, float, int]:
    """How well a delimiter fits: known headers found, share of rows as wide as the header, its width."""
    reader = csv.reader(StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    try:
        for number, cells in enumerate(islice(reader, SAMPLE_ROWS), 1):
            rows.append((number, [cell.strip() or None for cell in cells]))
    except csv.Error:
        rows = rows[:-1]
    rows = [row for row in rows if any(row[1])]
    widths = Counter(len(cells) for _, cells in rows)
    if not widths or max(widths) < 2:
        return (0.0, 0.0, 0)
    heading = find_heading(rows[:30], score)
    known = heading.score if heading else 0.0
    width = len(dict(rows)[heading.row]) if heading else max(widths, key=lambda cells: (widths[cells], cells))
    return (known, widths[width] / len(rows) if width > 1 else 0.0, width)
