"""Which rows must be poured together: those connected by an equal e-mail or an equal transaction code."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

CHUNK_ROWS = 300


class Groups:
    """Rows joined into groups (union-find over flat arrays), then packed into chunks.

    200,000 rows with two keys each take about 40 MB while rows are added, 1.6 MB afterwards.
    """

    def __init__(self) -> None:
        self._parents: array[int] = array("l")
        self._first_row: dict[int, int] = {}

    def add(self, keys: Iterable[int]) -> None:
        """Add the next row with the hashes of its keys; rows that share one are one group.

        Two different keys with the same 64-bit hash only make a group larger than needed.
        """
        row = len(self._parents)
        self._parents.append(row)
        for key in keys:
            other = self._first_row.setdefault(key, row)
            if other != row:
                self._join(other, row)

    def chunks(self, most: int = CHUNK_ROWS) -> array[int]:
        """For each row, in the order they were added, the number of its chunk, from 1. Ends the adding.

        Groups are packed in order of first appearance into chunks of at most `most` rows; a group is never
        split, so a larger one is a larger chunk.
        """
        self._first_row.clear()
        sizes = array("l", bytes(len(self._parents) * self._parents.itemsize))
        for row in range(len(self._parents)):
            sizes[self._first_of(row)] += 1
        chunk_of = array("l", self._parents)
        chunk, filled = 1, 0
        for row in range(len(self._parents)):
            first = self._first_of(row)
            if first == row:
                if filled and filled + sizes[row] > most:
                    chunk, filled = chunk + 1, 0
                filled += sizes[row]
                chunk_of[row] = chunk
            else:
                chunk_of[row] = chunk_of[first]
        return chunk_of

    def _first_of(self, row: int) -> int:
        parents = self._parents
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    def _join(self, row: int, other: int) -> None:
        # The earlier row stays on top, so that the top of a group is its first appearance.
        top, below = sorted((self._first_of(row), self._first_of(other)))
        self._parents[below] = top
