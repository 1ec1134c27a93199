"""Finding the row that holds the column names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds, Cell, Row, ScoreHeaders

LOOKED_AT = 30
"""Non-blank rows among which the header is looked for."""

LOOKED_THROUGH = 500
"""Rows, blank ones too, after which the search for them ends."""

SURE = 1.0
SHOWN_OTHERS = 3

# A value, not a name: a number or an amount, a date, an e-mail address, a truth value.
_VALUE = re.compile(r"(R\$|[-+€£$(#])?\s*\d[\d\s.,:/%+TZ)-]*|\S+@\S+\.\S+|\(none\)|true|false", re.IGNORECASE)

LONGEST_NAME = 200
"""Characters; no column name is longer, and a pattern is not run over a longer cell."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A row taken for the header. `score` is 0 when no name in it is known; `others` are runners-up."""

    row: int
    headers: list[str]
    score: float
    others: list[int]


def first_rows(records: Iterable[Row], bounds: Bounds) -> list[Row]:
    """The first rows that hold anything, few enough to look at each. Raises `too_many_columns`."""
    rows = list(_first_filled(records))
    widest = max((len(names_in(cells)) for _, cells in rows), default=0)
    if widest > bounds.columns:
        raise unreadable("too_many_columns", columns=widest, limit=bounds.columns)
    return rows


def _first_filled(records: Iterable[Row]) -> Iterator[Row]:
    found = 0
    for seen, (number, cells) in enumerate(records, 1):
        if cells.count(None) < len(cells):
            found += 1
            yield number, cells
        if found == LOOKED_AT or seen == LOOKED_THROUGH:
            return


def find_heading(rows: list[Row], score: ScoreHeaders) -> Heading | None:
    """The row with the most known names; else the first wide row of names; None when neither is there.

    One everyday word (a score below `SURE`) may also stand in a row of values, so it only decides where no
    row reads like a header.
    """
    scores = {number: max(score(names_in(cells)), 0.0) for number, cells in rows}
    known = sorted((number for number in scores if scores[number]), key=lambda number: (-scores[number], number))
    number = next(iter(known), None)
    if number is None or scores[number] < SURE:
        number = _first_row_of_names(rows) or number
    if number is None:
        return None
    others = [other for other in known if other != number][:SHOWN_OTHERS]
    return Heading(number, names_in(dict(rows)[number]), scores[number], others)


def heading_at(records: Iterable[Row], row: int, score: ScoreHeaders) -> Heading:
    """The row a person chose. Raises `unknown_choice` when there is no such row or it is blank."""
    last = 0
    for last, cells in records:
        if last == row and any(names_in(cells)):
            names = names_in(cells)
            return Heading(row=row, headers=names, score=max(score(names), 0.0), others=[])
        if last >= row:
            break
    known = phrase("rows_with_names", last=last)
    raise unreadable("unknown_choice", what=phrase("header_row"), value=row, known=known)


def names_in(cells: list[Cell]) -> list[str]:
    """The cells as column names, without the nameless ones at the end."""
    names = ["" if cell is None else str(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _first_row_of_names(rows: list[Row]) -> int | None:
    """The first row as filled as any, if all its cells read like names and no name is there too often."""
    fullest = max((_filled(cells) for _, cells in rows), default=0)
    if fullest < 2:
        return None
    number, cells = next((number, cells) for number, cells in rows if 2 * _filled(cells) > fullest)
    names = [cell for cell in cells if cell is not None]
    if not all(_reads_like_a_name(name) for name in names):
        return None
    return number if 2 * len(set(names)) > len(names) else None


def _reads_like_a_name(cell: Cell) -> bool:
    return isinstance(cell, str) and len(cell) <= LONGEST_NAME and not _VALUE.fullmatch(cell)


def _filled(cells: list[Cell]) -> int:
    return len(cells) - cells.count(None)
