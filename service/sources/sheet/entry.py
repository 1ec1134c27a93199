"""What runs in the child process for an uploaded file (see `child.run_in_child`): look at it, then give its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from service.sources.sheet import headers
from service.sources.sheet.containers import open_grid
from service.sources.sheet.grid import Bounds, Cell, Choices, Grid
from service.sources.sheet.groups import Groups

NO_VALUE = "(none)"
"""What Hotmart writes into every empty cell."""

SHIFTING = ("csv", "html")
"""Containers in which cells beyond the header may mean that the row has slipped sideways."""


def stage(path: str, choices: dict[str, Any], identity: dict[str, Any], max_rows: int | None = None) -> Iterator[bytes]:
    """Every row of the file as `row number<TAB>chunk<TAB>body`, in file order, without a line end.

    `identity` names columns by position, from 1: `email` and `transaction` (or null), and `others`, which
    together with the e-mail tell apart rows without a transaction code. Rows connected by an e-mail or a code
    share a chunk (from 1, about 300 rows, a group is never split). The body is JSON: `cells` (text, numbers,
    true/false, dates as `2026-07-02T09:15:04`, null; nulls at the end are cut off), `occurrence` in rows without
    a code (1 for the first of its like), and `surplus`, the number of filled cells beyond the last header,
    where that may mean a broken row. Raises what `open_grid` raises.
    """
    grid = _grid(path, choices, max_rows)
    who = _Identity.of(identity)
    groups = Groups()
    for _, cells in grid.rows():
        groups.add(who.keys(cells))
    chunk_of = groups.chunks()
    seen: dict[bytes, int] = {}
    tells_surplus = grid.layout.container in SHIFTING
    for index, (number, cells) in enumerate(grid.rows()):
        body: dict[str, Any] = {}
        if who.transaction_in(cells) is None:
            likeness = who.likeness(cells)
            body["occurrence"] = seen[likeness] = seen.get(likeness, 0) + 1
        if grid.surplus and tells_surplus:
            body["surplus"] = grid.surplus
        while cells and cells[-1] is None:
            cells.pop()
        body["cells"] = cells
        yield b"%d\t%d\t%b" % (number, chunk_of[index], orjson.dumps(body))


def _grid(path: str, choices: dict[str, Any], max_rows: int | None) -> Grid:
    bounds = Bounds() if max_rows is None else Bounds(rows=max_rows)
    return open_grid(Path(path), Choices(**choices), headers.score, bounds)


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

    def transaction_in(self, cells: list[Cell]) -> str | None:
        return None if self.transaction is None else _text(cells[self.transaction])

    def email_in(self, cells: list[Cell]) -> str | None:
        text = None if self.email is None else _text(cells[self.email])
        return None if text is None else text.lower()

    def keys(self, cells: list[Cell]) -> list[int]:
        """Hashes of what connects this row with others."""
        email, transaction = self.email_in(cells), self.transaction_in(cells)
        keys = [] if email is None else [hash("e" + email)]
        if transaction is not None:
            keys.append(hash("t" + transaction))
        return keys

    def likeness(self, cells: list[Cell]) -> bytes:
        """The same for rows that say the same about the same."""
        told = [self.email_in(cells), *(_text(cells[column]) for column in self.others)]
        return blake2b(orjson.dumps(told), digest_size=12).digest()


def _text(cell: Cell) -> str | None:
    if cell is None or cell == NO_VALUE:
        return None
    text = cell if type(cell) is str else str(cell)
    return None if text.lower() == NO_VALUE else text
