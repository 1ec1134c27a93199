"""The records of a BIFF workbook stream (`.xls`): whether it is encrypted, and how far its cells reach.

Format: [MS-XLS] Excel Binary File Format (learn.microsoft.com/openspecs). A stream is a row of records: kind and
length, two bytes each, then the content. Cell records begin with row and column, two bytes each, from 0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds

FILE_PASS = 0x2F
"""The record of an encrypted workbook; it comes before any record that is encrypted (2.4.117)."""
LOOKED_AT_RECORDS = 20

_CELLS = frozenset((0x0203, 0x0204, 0x0205, 0x0006, 0x00FD, 0x027E, 0x00D6))
"""Number, label, truth value, formula, shared string, RK number, rich string."""
_RK_NUMBERS = 0x00BD
"""Several numbers side by side; the last column stands at the end."""

_HEAD = struct.Struct("<HH")


def is_encrypted(stream: bytes) -> bool:
    """Whether the first records hold a FilePass."""
    return any(kind == FILE_PASS for (kind, _, _), _ in zip(_records(stream), range(LOOKED_AT_RECORDS), strict=False))


def check_extent(stream: bytes, bounds: Bounds) -> None:
    """Refuse a workbook whose farthest cell makes the reader allocate too much. Raises `far_cell`.

    The corners of all sheets are taken together: a little too strict for odd workbooks, and cheap.
    """
    last_row = last_column = 0
    for kind, at, length in _records(stream):
        if kind in _CELLS or kind == _RK_NUMBERS:
            if length < _HEAD.size or at + length > len(stream):
                continue
            row, column = _HEAD.unpack_from(stream, at)
            if kind == _RK_NUMBERS:
                column = max(column, int.from_bytes(stream[at + length - 2 : at + length], "little"))
            last_row, last_column = max(last_row, row), max(last_column, column)
    if (last_row + 1) * (last_column + 1) > bounds.dense_cells:
        raise unreadable("far_cell", cell=phrase("place", row=last_row + 1, column=last_column + 1))


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, place of the content, and length of each record."""
    at, last = 0, len(stream) - _HEAD.size
    while at <= last:
        kind, length = _HEAD.unpack_from(stream, at)
        at += _HEAD.size
        yield kind, at, length
        at += length
