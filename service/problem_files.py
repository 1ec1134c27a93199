"""The rows of an import that were not taken, as a file that can be corrected and uploaded as it is.

It is written piece by piece: a file of 200,000 wrong rows never lies in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping

from service import desk
from service.exports.csv_file import line
from service.sources.sheet.grid import OWN_HEADER, quoted
from service.store import imports
from service.store.imports import Ref

PIECE_ROWS = 500
DELIMITER = ";"
Problem = Mapping[str, Any]


class Wording(NamedTuple):
    """The language of a file: the names of the four added columns, and what a stored problem is called."""

    row: str
    column: str
    reason: str
    hint: str
    reason_of: Callable[[Problem], str]
    hint_of: Callable[[Problem], str]


ENGLISH = Wording(
    "row",
    "column",
    "reason",
    "hint",
    lambda problem: str(problem.get("reason") or ""),
    lambda problem: str(problem.get("hint") or ""),
)


class Piece(NamedTuple):
    """Some lines of the file, and the number of the last row in them."""

    text: str
    last_row: int


def beginning(tx: Connection, ref: Ref, wording: Wording = ENGLISH) -> Piece:
    """The line of headers: the original ones, then ours, which no field is ever mapped to. Raises NotFound."""
    names = (OWN_HEADER + name for name in wording[:4])
    return Piece("\ufeff" + line([*_headers(desk.found(tx, ref)), *names], DELIMITER), 0)


def piece_after(tx: Connection, ref: Ref, row_number: int, wording: Wording = ENGLISH) -> Piece | None:
    """The lines behind this row of the original file; None at the end."""
    failed = imports.problems_after(tx, ref, row_number, PIECE_ROWS)
    if not failed:
        return None
    width = len(_headers(desk.found(tx, ref)))
    return Piece("".join(line(_cells(one, width, wording), DELIMITER) for one in failed), failed[-1]["row_number"])


def _headers(row: RowMapping) -> list[str]:
    layout = (row["findings"] or {}).get("layout") or {}
    return list((row["reading"] or layout).get("headers") or [])


def _cells(failed: RowMapping, width: int, wording: Wording) -> list[Any]:
    cells = orjson.loads(failed["body"])["cells"] if failed["body"] else []
    problems = failed["notes"] or []
    told = [
        "; ".join(filter(None, map(tell, problems)))
        for tell in (lambda one: str(one.get("header") or ""), wording.reason_of, wording.hint_of)
    ]
    filled = [*cells, *[None] * (width - len(cells))]
    return [*map(_inert, filled), failed["row_number"], *map(_inert, told)]


def _inert(cell: Any) -> Any:
    return quoted(cell) if isinstance(cell, str) else "" if cell is None else cell
