"""Zipped workbooks (XLSX, XLSB, ODS): what they are, and whether it is safe to hand them to the fast reader.

Every part is expanded once, in flat memory, and counted: sizes in a zip directory may lie. On the way the
cell references are collected, because the reader allocates the whole rectangle up to the farthest cell: a
legal workbook of 1.4 KB with one cell at XFD1048576 makes it abort the process (github.com/tafia/calamine/issues/693).
A reference hidden from the search by an odd spelling meets the memory limit of the child process.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds
from service.sources.sheet.ods_extent import OdsExtent
from service.sources.sheet.xlsb_extent import XlsbExtent

_MIMETYPES = {
    "application/vnd.oasis.opendocument.spreadsheet": None,
    "application/vnd.oasis.opendocument.spreadsheet-template": None,
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/epub+zip": "e_book",
}
_TELLTALES = (
    ("word/", "word"),
    ("ppt/", "presentation"),
    ("Index/Document.iwa", "numbers"),
    ("META-INF/MANIFEST.MF", "program"),
)

CHUNK = 1 << 20
OVERLAP = 64
"""Bytes of a chunk seen again with the next, so that no reference is cut in two."""

_COLUMNS = re.compile(rb""" r=["']([A-Z]{1,4})""")
_ROWS = re.compile(rb""" r=["'][A-Z]*([0-9]{1,8})""")
_FILLED = re.compile(rb"""<(?:\w{1,20}:)?c\s[^>]{0,200}?\br=["']([A-Z]{1,4})([0-9]{1,8})["'][^>/]{0,200}>""")


def kind_of(path: Path, bounds: Bounds) -> str:
    """`xlsx` (also macro-enabled), `xlsb` or `ods`, after expanding and measuring every part.

    Raises `unknown_container`, `password_protected`, `zip_bomb`, `far_cell`, `truncated`.
    """
    try:
        with ZipFile(path) as archive:
            kind = _kind(archive)
            _check_parts(archive, kind, path.stat().st_size, bounds)
    except (BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as fault:
        raise unreadable("truncated", what=phrase("zip_container", fault=type(fault).__name__)) from fault
    return kind


def _kind(archive: ZipFile) -> str:
    names = {entry.filename.lstrip("/") for entry in archive.infolist()}
    lower = {name.lower() for name in names}
    if any(entry.flag_bits & 1 for entry in archive.infolist()):
        raise unreadable("password_protected")
    if "xl/workbook.xml" in lower:
        return "xlsx"
    if "xl/workbook.bin" in lower:
        return "xlsb"
    looks_like = _mimetype(archive) if "mimetype" in names else _telltale(names)
    if looks_like is None:
        return "ods"
    raise unreadable("unknown_container", looks_like=phrase(looks_like))


def _mimetype(archive: ZipFile) -> str | None:
    """What an archive says it is; None for a spreadsheet."""
    with archive.open("mimetype") as part:
        mimetype = part.read(200).decode("latin-1").strip()
    return _MIMETYPES.get(mimetype, "archive")


def _telltale(names: set[str]) -> str:
    for start, looks_like in _TELLTALES:
        if any(name.startswith(start) for name in names):
            return looks_like
    return "zip"


def _check_parts(archive: ZipFile, kind: str, size: int, bounds: Bounds) -> None:
    entries = archive.infolist()
    if len(entries) > bounds.zip_entries:
        raise unreadable("zip_bomb", what=phrase("parts", count=len(entries)))
    most = min(bounds.expanded_bytes, max(bounds.ratio_from, bounds.ratio * size))
    expanded = 0
    for entry in entries:
        extent = _extent(kind, entry, bounds)
        for chunk in _expanded(archive, entry):
            expanded += len(chunk)
            if expanded > most:
                what = phrase("expands", expanded=most >> 20, kilobytes=max(size >> 10, 1))
                raise unreadable("zip_bomb", what=what)
            extent.see(chunk)
        if extent.is_too_large() and isinstance(extent, XlsxExtent):
            _check_filled(archive, entry, bounds)


def _extent(kind: str, entry: ZipInfo, bounds: Bounds) -> OdsExtent | XlsbExtent | XlsxExtent:
    if kind == "xlsb":
        return XlsbExtent(bounds)
    return OdsExtent(bounds) if kind == "ods" and entry.filename == "content.xml" else XlsxExtent(bounds)


def _expanded(archive: ZipFile, entry: ZipInfo) -> Iterator[bytes]:
    # The declared size would end the reading early and hide what other readers see.
    entry.file_size = 1 << 62
    with archive.open(entry) as part:
        while chunk := part.read(CHUNK):
            yield chunk


def _check_filled(archive: ZipFile, entry: ZipInfo, bounds: Bounds) -> None:
    """The slow, exact look, for sheets that seem too large: formatted but empty cells do not count."""
    lowest, rightmost = (0, b""), (0, b"")
    tail = b""
    for chunk in _expanded(archive, entry):
        for column, row in _FILLED.findall(tail + chunk):
            lowest = max(lowest, (int(row), column + row))
            rightmost = max(rightmost, (column_number(column), column + row))
        tail = chunk[-8 * OVERLAP :]
    if lowest[0] * rightmost[0] > bounds.dense_cells:
        cells = sorted({lowest[1].decode(), rightmost[1].decode()})
        two = len(cells) == 2
        raise unreadable("far_cell", cell=phrase("two_cells", first=cells[0], second=cells[1]) if two else cells[0])


class XlsxExtent:
    """How far the cells of a sheet reach, filled or not, seen chunk by chunk."""

    def __init__(self, bounds: Bounds) -> None:
        self._columns: set[bytes] = set()
        self._last_row = 0
        self._tail = b""
        self._bounds = bounds

    def see(self, chunk: bytes) -> None:
        """Collect the references of one more piece of the part."""
        seen = self._tail + chunk
        self._columns.update(_COLUMNS.findall(seen))
        self._last_row = max(self._last_row, max(map(int, set(_ROWS.findall(seen))), default=0))
        self._tail = chunk[-OVERLAP:]

    def is_too_large(self) -> bool:
        """Whether the rectangle up to the farthest cell is more than the reader can hold."""
        return self._last_row * max(map(column_number, self._columns), default=0) > self._bounds.dense_cells


def column_number(letters: bytes) -> int:
    """Column letters as a number: A is 1, XFD is 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
