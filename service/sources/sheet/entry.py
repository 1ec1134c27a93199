"""What runs in the child process for an uploaded file (see `child.run_in_child`): look at it, then give its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from service.sources.sheet import headers
from service.sources.sheet.columns import Study
from service.sources.sheet.containers import open_grid
from service.sources.sheet.grid import Bounds, Cell, Choices, Grid
from service.sources.sheet.groups import Groups
from service.sources.sheet.values import text_of

_AMOUNT = re.compile(r"-?\d{1,18}[.,]\d{1,2}")
_NEEDLESS_ZEROS = re.compile(r"\.?0+$")

BLOCK_ROWS = 1000
TOLD_ROWS = 2000
"""After how many rows a pass that gives nothing else says how far it is."""
PREVIEW_ROWS = 8

SHIFTING = ("csv", "html")
"""Containers in which cells beyond the header may mean that the row has slipped sideways."""


def check(
    path: str, choices: dict[str, Any], remembered: dict[str, str | None] | None = None, max_rows: int | None = None
) -> Iterator[bytes | int]:
    """One JSON object about the whole file, as a single record; before it, now and then, the rows seen so far.

    `choices` are the fields of `grid.Choices` (those that are chosen), `remembered` a mapping remembered for
    these headers. The object has the keys of `columns.Study.report` (`rows`: the non-blank ones), and
    `layout` (`grid.Layout`), `preview` (the first rows: `row`, `cells`), `surplus` (`rows` with filled cells
    beyond the last header, and the numbers of the `first` of them).
    Raises what `open_grid` raises, and Unprocessable for reports that hold no sales.
    """
    grid = _grid(path, choices, max_rows)
    study = Study(grid.layout.headers, remembered=remembered)
    rows = (cells for _, cells in grid.rows())
    while block := list(islice(rows, BLOCK_ROWS)):
        study.add(block)
        if study.rows % TOLD_ROWS == 0:
            yield study.rows
    told = {
        **study.report(),
        "layout": grid.layout,
        "preview": [{"row": number, "cells": _cut(cells)} for number, cells in grid.beginning(PREVIEW_ROWS)],
        "surplus": {"rows": grid.surplus_rows, "first": grid.first_surplus_rows},
    }
    yield orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS)


def stage(
    path: str, choices: dict[str, Any], identity: dict[str, Any], max_rows: int | None = None
) -> Iterator[bytes | int]:
    """Every row of the file as `row number<TAB>chunk<TAB>body`, in file order, without a line end.

    Before the first of them, now and then, the rows seen so far: all are looked at once to find their chunks.

    `identity` names columns by position, from 1: `email` and `transaction` (or null), and `others`, which
    together with the e-mail tell apart rows without a transaction code. Rows connected by an e-mail or a code
    share a chunk (from 1, about 300 rows, a group is never split). The body is JSON: `cells` (text, numbers,
    true/false, dates as `2026-07-02T09:15:04`, null; nulls at the end are cut off), `occurrence` in rows without
    a code (1 for the first of its like), and `surplus`, the number of filled cells beyond the last header,
    where that may mean a broken row. Raises what `open_grid` raises.
    """
    grid = _grid(path, choices, max_rows)
    who = _Identity.of(identity)
    groups, has_code = Groups(), bytearray()
    for _, cells in grid.rows():
        email, transaction = who.keys(cells)
        groups.add(key for key in (email, transaction) if key is not None)
        has_code.append(transaction is not None)
        if len(has_code) % TOLD_ROWS == 0:
            yield len(has_code)
    chunk_of = groups.chunks()
    seen: dict[bytes, int] = {}
    tells_surplus = grid.layout.container in SHIFTING
    for index, (number, cells) in enumerate(grid.rows()):
        body: dict[str, Any] = {}
        if not has_code[index]:
            likeness = who.likeness(cells)
            body["occurrence"] = seen[likeness] = seen.get(likeness, 0) + 1
        if grid.surplus and tells_surplus:
            body["surplus"] = grid.surplus
        body["cells"] = _cut(cells)
        yield b"%d\t%d\t%b" % (number, chunk_of[index], orjson.dumps(body))


def _grid(path: str, choices: dict[str, Any], max_rows: int | None) -> Grid:
    bounds = Bounds() if max_rows is None else Bounds(rows=max_rows)
    return open_grid(Path(path), Choices(**choices), headers.score, bounds)


def _cut(cells: list[Cell]) -> list[Cell]:
    """The same cells without the empty ones at the end."""
    while cells and cells[-1] is None:
        cells.pop()
    return cells


@dataclass(frozen=True, slots=True)
class _Identity:
    """Which columns (from 0) say what a row is about."""

    email: int | None
    transaction: int | None
    others: Sequence[int]

    @classmethod
    def of(cls, positions: dict[str, Any]) -> _Identity:
        email, transaction = positions.get("email"), positions.get("transaction")
        return cls(
            email - 1 if email else None,
            transaction - 1 if transaction else None,
            [position - 1 for position in positions.get("others", ())],
        )

    def keys(self, cells: list[Cell]) -> tuple[int | None, int | None]:
        """Hashes of the e-mail and of the transaction code, each None where the row has none."""
        email = "" if self.email is None else text_of(cells[self.email]).lower()
        transaction = "" if self.transaction is None else text_of(cells[self.transaction])
        return hash("e" + email) if email else None, hash("t" + transaction) if transaction else None

    def likeness(self, cells: list[Cell]) -> bytes:
        """The same for rows that say the same about the same; 97, 97.0 and 97,00 are one amount."""
        told = []
        for column in self.others if self.email is None else (self.email, *self.others):
            text = text_of(cells[column]).lower()
            told.append(_NEEDLESS_ZEROS.sub("", text.replace(",", ".")) if _AMOUNT.fullmatch(text) else text)
        return blake2b(orjson.dumps(told), digest_size=12).digest()
