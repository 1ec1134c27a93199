"""The OLE container around `.xls` files and password-protected workbooks.

Enough of it is read to tell what is inside, whether all of it arrived, and how large its sheets are.
Format: [MS-CFB] Compound File Binary File Format (learn.microsoft.com/openspecs).
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.sources.sheet import biff_extent
from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER = struct.Struct("<8s16xHHHHH6xIIIIIIIII109I")
_ENTRY_BYTES = 128
_MOST_SECTORS = 1 << 22
_LAST_SECTOR = 0xFFFFFFFA
"""Larger numbers in a chain are marks: free, end of chain, table sector."""

_WORKBOOKS = frozenset(("Workbook", "Book", "WORKBOOK", "BOOK"))
_TELLTALES = (
    ("WordDocument", "word"),
    ("PowerPoint Document", "presentation"),
    ("VisioDocument", "visio"),
    ("__properties_version1.0", "outlook"),
)


@dataclass(frozen=True, slots=True)
class _Stream:
    name: str
    start: int
    size: int


def check(path: Path, bounds: Bounds) -> None:
    """Refuse what is not a complete, open `.xls` workbook of a bearable size.

    Raises `password_protected` (an encrypted XLSX, or an encrypted `.xls`), `unknown_container` (a Word
    document and its like), `truncated`, `far_cell`.
    """
    with path.open("rb") as file:
        try:
            container = _Container(file, path.stat().st_size)
            streams = container.streams()
            books = [container.content(stream) for stream in streams if stream.name in _WORKBOOKS]
        except (struct.error, IndexError, ValueError) as fault:
            raise unreadable("truncated", what=phrase("ole_container")) from fault
    names = {stream.name for stream in streams}
    if "EncryptedPackage" in names or "EncryptionInfo" in names or any(map(biff_extent.is_encrypted, books)):
        raise unreadable("password_protected")
    if not books:
        looks_like = next((what for name, what in _TELLTALES if name in names), "old_office")
        raise unreadable("unknown_container", looks_like=phrase(looks_like))
    for book in books:
        biff_extent.check_extent(book, bounds)


class _Container:
    def __init__(self, file: BinaryIO, size: int) -> None:
        fields = _HEADER.unpack(file.read(_HEADER.size))
        shift = fields[4]
        if shift not in (9, 12):
            raise ValueError("sector size")
        self._file = file
        self._sector_bytes = 1 << shift
        self._sectors = (size >> shift) - 1 + (size % self._sector_bytes > 0)
        self._directory_start = fields[8]
        self._small_below = fields[10]
        self._next = self._read_table(fields[13], list(fields[15:]))

    def streams(self) -> list[_Stream]:
        """What the directory lists; the sectors of every large stream are known to be in the file."""
        entries = b"".join(self._sector(number) for number in self._chain(self._directory_start))
        found = [
            stream
            for at in range(0, len(entries), _ENTRY_BYTES)
            if (stream := _stream(entries[at : at + _ENTRY_BYTES])) is not None
        ]
        for stream in found:
            if stream.size >= self._small_below:
                self._chain(stream.start)
        return found

    def content(self, stream: _Stream) -> bytes:
        """A large stream in full; nothing of a small one, which is kept elsewhere and can hold no large sheet."""
        if stream.size < self._small_below:
            return b""
        return b"".join(map(self._sector, self._chain(stream.start)))[: stream.size]

    def _sector(self, number: int) -> bytes:
        if number >= self._sectors:
            raise ValueError("a sector beyond the end of the file")
        self._file.seek((number + 1) * self._sector_bytes)
        return self._file.read(self._sector_bytes)

    def _chain(self, number: int) -> list[int]:
        chain: list[int] = []
        while number <= _LAST_SECTOR:
            if number >= self._sectors or len(chain) > self._sectors:
                raise ValueError("a chain that leaves the file, or has no end")
            chain.append(number)
            number = self._next[number]
        return chain

    def _read_table(self, next_list: int, listed: list[int]) -> array[int]:
        """The sector table: for each sector the one that follows it in its stream."""
        while next_list <= _LAST_SECTOR and len(listed) < _MOST_SECTORS // self._sector_bytes:
            numbers = struct.unpack(f"<{self._sector_bytes // 4}I", self._sector(next_list))
            listed.extend(numbers[:-1])
            next_list = numbers[-1]
        table: array[int] = array("I")
        for number in listed:
            if number <= _LAST_SECTOR:
                table.extend(struct.unpack(f"<{self._sector_bytes // 4}I", self._sector(number)))
        return table


def _stream(entry: bytes) -> _Stream | None:
    length, kind = struct.unpack_from("<HB", entry, 64)
    if kind != 2 or not 2 <= length <= 64:  # 2 is a stream; others are folders and unused entries
        return None
    start, size = struct.unpack_from("<II", entry, 116)
    return _Stream(entry[: length - 2].decode("utf-16-le", "replace"), start, size)
