"""The one way in: which container a file is, by its first bytes and never by its name, and the grid in it."""

from __future__ import annotations

import re
from pathlib import Path

from service.sources.sheet import ole
from service.sources.sheet.csv_text import open_csv
from service.sources.sheet.encodings import marked_encoding, wide_encoding
from service.sources.sheet.faults import unreadable
from service.sources.sheet.grid import Bounds, Choices, Grid, ScoreHeaders
from service.sources.sheet.html_tables import open_html
from service.sources.sheet.workbooks import open_workbook
from service.sources.sheet.zips import kind_of

HEAD_BYTES = 1 << 13

_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture, sound or video"),
    (b"\x00\x00\x00\x18ftyp", "a video"),
    (b"\x00\x00\x00\x20ftyp", "a video"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"{\\rtf", "a Word document (RTF)"),
    (b"\x1f\x8b", "a compressed file (gzip): unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file (7-Zip): unpack it first"),
    (b"Rar!", "a compressed file (RAR): unpack it first"),
    (b"BZh", "a compressed file (bzip2): unpack it first"),
    (b"\xfd7zXZ", "a compressed file (xz): unpack it first"),
    (b"SQLite format 3", "a database file"),
    (b"PAR1", "a Parquet file"),
    (b"MZ\x90", "a program"),
    (b"\x7fELF", "a program"),
    (b"\x09\x00\x04\x00", "a workbook of Excel 2 to 4: save it again as XLSX"),
    (b"\x09\x02\x06\x00", "a workbook of Excel 2 to 4: save it again as XLSX"),
    (b"\x09\x04\x06\x00", "a workbook of Excel 2 to 4: save it again as XLSX"),
    (b"MIME-Version:", "a web archive (MHTML): save it again as XLSX"),
    (b"BEGIN:VCARD", "a list of contacts (vCard)"),
    (b"BEGIN:VCALENDAR", "a calendar"),
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
            raise unreadable("unknown_container", looks_like=looks_like)
    encoding = marked_encoding(head) or wide_encoding(head)
    if encoding is None and _is_binary(head):
        raise unreadable("unknown_container", looks_like="a binary file of an unknown kind")
    text = head.decode(encoding or "latin-1", "ignore").removeprefix("ï»¿").lstrip("\0\ufeff \t\r\n")
    if text.startswith("<"):
        return _marked_up(text.lower())
    if _JSON.match(text):
        raise unreadable("unknown_container", looks_like="a JSON file")
    return "csv"


def _is_binary(head: bytes) -> bool:
    control = len(head) - len(head.translate(None, _CONTROL))
    return control > _MOST_CONTROL * len(head) or head.count(0) > _MOST_NUL * len(head)


def _marked_up(text: str) -> str:
    if "<html" in text or "<table" in text or not text.startswith("<?xml"):
        return "html"
    if "excel.sheet" in text or "office:spreadsheet" in text:
        raise unreadable("unknown_container", looks_like="a workbook in the XML form of Excel 2003: save it as XLSX")
    raise unreadable("unknown_container", looks_like="an XML file")
