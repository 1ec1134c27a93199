"""The one way in: which container a file is, by its first bytes and never by its name, and the grid in it."""

from __future__ import annotations

import re
from pathlib import Path

from service.sources.sheet import ole
from service.sources.sheet.csv_text import open_csv
from service.sources.sheet.encodings import marked_encoding, wide_encoding
from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds, Choices, Grid, ScoreHeaders
from service.sources.sheet.html_tables import open_html
from service.sources.sheet.workbooks import open_workbook
from service.sources.sheet.zips import kind_of

HEAD_BYTES = 1 << 13

_MAGIC = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"RIFF", "riff"),
    (b"\x00\x00\x00\x18ftyp", "video"),
    (b"\x00\x00\x00\x20ftyp", "video"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7zip"),
    (b"Rar!", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"SQLite format 3", "database"),
    (b"PAR1", "parquet"),
    (b"MZ\x90", "program"),
    (b"\x7fELF", "program"),
    (b"\x09\x00\x04\x00", "old_excel"),
    (b"\x09\x02\x06\x00", "old_excel"),
    (b"\x09\x04\x06\x00", "old_excel"),
    (b"MIME-Version:", "mhtml"),
    (b"BEGIN:VCARD", "vcard"),
    (b"BEGIN:VCALENDAR", "calendar"),
)

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_JSON = re.compile(r'\{\s*["}]|\[\s*[\[{"\]]')

# Characters that no text holds; NUL is left out, damaged but readable CSV files do hold some.
_CONTROL = bytes((*range(1, 9), 11, *range(14, 26), *range(27, 32), 127))
_MOST_CONTROL = 0.02
_MOST_NUL = 0.3


def open_grid(path: Path, choices: Choices, score_headers: ScoreHeaders, bounds: Bounds | None = None) -> Grid:
    """Open an uploaded file of any supported container as a grid of clean cells.

    `score_headers` says how many known headers a row holds; it decides between sheets, tables, delimiters
    and header rows. Raises `UnreadableFile` with a code of `faults.MESSAGES`. Workbooks are read whole, so
    untrusted files belong in `child.run_in_child`.
    """
    bounds = bounds or Bounds()
    grid = _opened(path, container_of(path, bounds), choices, score_headers, bounds)
    columns = len(grid.layout.headers)
    if columns > bounds.columns:
        raise unreadable("too_many_columns", columns=columns, limit=bounds.columns)
    if next(grid.rows(), None) is None:
        raise unreadable("no_rows")
    return grid


def _opened(path: Path, container: str, choices: Choices, score: ScoreHeaders, bounds: Bounds) -> Grid:
    if container == "csv":
        return open_csv(path, choices, score, bounds)
    if container == "html":
        return open_html(path, choices, score, bounds)
    return open_workbook(path, container, choices, score, bounds)


def container_of(path: Path, bounds: Bounds) -> str:
    """`csv`, `html`, `xls`, or `xlsx`, `xlsb`, `ods`. Refuses what is none of them, or is unsafe to open.

    Raises `empty_file`, `unknown_container`, `password_protected`, `truncated`, `zip_bomb`, `far_cell`.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe") and len(head) < HEAD_BYTES:
        raise unreadable("empty_file")
    if head.startswith(ole.SIGNATURE):
        ole.check(path, bounds)
        return "xls"
    if head.startswith(_ZIP):
        return kind_of(path, bounds)
    if head.startswith(_EMPTY_ZIP):
        raise unreadable("empty_file")
    return _text_container(head)


def _text_container(head: bytes) -> str:
    for magic, looks_like in _MAGIC:
        if head.startswith(magic):
            raise unreadable("unknown_container", looks_like=phrase(looks_like))
    encoding = marked_encoding(head) or wide_encoding(head)
    if encoding is None and _is_binary(head):
        raise unreadable("unknown_container", looks_like=phrase("binary"))
    text = head.decode(encoding or "latin-1", "ignore").removeprefix("ï»¿").lstrip("\0\ufeff \t\r\n")
    if text.startswith("<"):
        return _marked_up(text.lower())
    if _JSON.match(text):
        raise unreadable("unknown_container", looks_like=phrase("json"))
    return "csv"


def _is_binary(head: bytes) -> bool:
    control = len(head) - len(head.translate(None, _CONTROL))
    return control > _MOST_CONTROL * len(head) or head.count(0) > _MOST_NUL * len(head)


def _marked_up(text: str) -> str:
    if "<html" in text or "<table" in text or not text.startswith("<?xml"):
        return "html"
    if "excel.sheet" in text or "office:spreadsheet" in text:
        raise unreadable("unknown_container", looks_like=phrase("excel_xml"))
    raise unreadable("unknown_container", looks_like=phrase("xml"))
