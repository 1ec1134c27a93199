"""How far the cells of a sheet of a binary workbook (`.xlsb`) reach.

Format: [MS-XLSB] Excel Binary File Format (learn.microsoft.com/openspecs). A part is a row of records: kind (one or
two bytes) and length (one to four), seven bits in each byte, the lowest first, then the content.
"""

from __future__ import annotations

from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds

BEGINS_SHEET = b"\x81\x01"
"""BrtBeginSheet, the first record of a sheet (2.4.27); other parts hold other things under the same numbers."""
ROW = 0
_CELLS = frozenset((*range(2, 12), 62))
"""Every kind of cell that holds something: BrtCellRk to BrtFmlaError, and BrtCellRString. Blank ones are kind 1."""
_LONGEST_HEAD = 6


class XlsbExtent:
    """Follows one part chunk by chunk; parts that are no sheets are let pass."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._rest = b""
        self._skip = 0
        self._is_sheet: bool | None = None
        self._row = self._last_row = self._last_column = 0

    def see(self, chunk: bytes) -> None:
        """Follow one more piece. Raises `far_cell`."""
        if self._is_sheet is None:
            self._is_sheet = chunk.startswith(BEGINS_SHEET)
        if self._is_sheet:
            self._follow(self._rest + chunk)

    def is_too_large(self) -> bool:
        """Whether the rectangle up to the farthest filled cell is more than the reader can hold."""
        return (self._last_row + 1) * (self._last_column + 1) > self._bounds.dense_cells

    def _follow(self, seen: bytes) -> None:
        at, last = self._skip, len(seen) - _LONGEST_HEAD - 4
        while at <= last:
            kind, length = seen[at], seen[at + 1]
            if kind < 0x80 and length < 0x80:  # nearly every record of a sheet
                at += 2
            else:
                kind, at = _number(seen, at, 2)
                length, at = _number(seen, at, 4)
            if kind in _CELLS:
                self._note(int.from_bytes(seen[at : at + 4], "little"))
            elif kind == ROW:
                self._row = int.from_bytes(seen[at : at + 4], "little")
            at += length
        self._skip = max(at - len(seen), 0)
        self._rest = seen[at:]

    def _note(self, column: int) -> None:
        if self._row <= self._last_row and column <= self._last_column:
            return
        self._last_row, self._last_column = max(self._last_row, self._row), max(self._last_column, column)
        if self.is_too_large():
            raise unreadable("far_cell", cell=phrase("place", row=self._row + 1, column=column + 1))


def _number(seen: bytes, at: int, most: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    number = 0
    for place in range(most):
        byte = seen[at]
        at += 1
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    return number, at
