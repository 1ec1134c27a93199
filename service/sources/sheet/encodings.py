"""Which encoding a text file is in: its mark, else strict UTF-8 over the whole file, else the likeliest 8-bit one.

The old 8-bit encodings of Windows, of the Mac and of MS-DOS all decode any byte, so they are told apart by
what they would spell: the one under which the bytes above 127 are letters of Portuguese and Spanish.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from service.sources.sheet.faults import phrase, unreadable

CHUNK = 1 << 20

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with the one of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

EIGHT_BIT = ("cp1252", "mac-roman", "cp850")
"""Windows first: it wins a tie."""

OFFERED = ("utf-8", "cp1252", "mac-roman", "cp850", "utf-16")
"""What a person may choose by hand (other names of the same codecs, and the UTF-16/32 ones, work too)."""

_CHOOSABLE = {
    codecs.lookup(name).name for name in (*OFFERED, "latin-1", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-32")
}

_LETTERS = frozenset("áàâãäçéèêëíìîïñóòôõöúùûüýÁÀÂÃÄÇÉÈÊËÍÌÎÏÑÓÒÔÕÖÚÙÛÜ")
_MARKS_IN_TEXT = frozenset("ªº°¿¡€£«»“”\u2018\u2019\u2013—…©®·\u00a0")
_NO_CHAR = "\ufffd"
_ASCII = bytes(range(128))

# After decoding UTF-8 with surrogateescape: what was a good sequence, and what was a byte out of place.
_SEQUENCES = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
_BROKEN = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to turn the bytes of a file into text. `errors` is `replace` only where a person chose the encoding."""

    encoding: str
    errors: str = "strict"
    has_nul: bool = False
    others: list[str] = field(default_factory=list)


def marked_encoding(head: bytes) -> str | None:
    """The encoding a byte order mark at the start names."""
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of mostly western text is NUL."""
    even, odd = head[0::2], head[1::2]
    if len(odd) < 2:
        return None
    if odd.count(0) > 0.3 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.3 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def decoding_of(path: Path, chosen: str | None = None) -> Decoding:
    """How to decode a text file, checked over the whole of it (in chunks). Raises `unreadable_encoding`.

    A chosen encoding is obeyed: what it cannot decode becomes U+FFFD.
    """
    if chosen is not None:
        return Decoding(_choosable(chosen), errors="replace", has_nul=True)
    with path.open("rb") as file:
        head = file.read(4096)
    unicode = marked_encoding(head) or wide_encoding(head)
    encoding = unicode or "utf-8"
    try:
        return Decoding(encoding, has_nul=_check(path, encoding), others=_others(encoding))
    except UnicodeDecodeError:
        if unicode is not None:
            raise _undecodable(path, encoding) from None
    return _eight_bit(path)


def decodes(path: Path, encoding: str) -> bool:
    """Whether the whole file is text in this encoding."""
    try:
        _check(path, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _others(encoding: str) -> list[str]:
    return [other for other in OFFERED if not encoding.startswith(other)]


def _choosable(name: str) -> str:
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = ""
    if codec not in _CHOOSABLE:
        raise unreadable("unknown_choice", what=phrase("encoding"), value=name, known=", ".join(OFFERED))
    return "utf-8-sig" if codec == "utf-8" else codec


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _check(path: Path, encoding: str) -> bool:
    """Decode the whole file strictly; True when it holds NUL characters."""
    decoder = codecs.getincrementaldecoder(encoding)()
    has_nul = False
    with path.open("rb") as file:
        for chunk in _chunks(file):
            text = decoder.decode(chunk)
            has_nul = has_nul or "\0" in text
    decoder.decode(b"", final=True)
    return has_nul


def _eight_bit(path: Path) -> Decoding:
    """The 8-bit encoding that spells words; a file that is mostly good UTF-8 is refused, not garbled."""
    counts: Counter[int] = Counter()
    sequences = broken = 0
    has_nul = False
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    with path.open("rb") as file:
        for chunk in _chunks(file):
            counts.update(chunk.translate(None, _ASCII))
            has_nul = has_nul or b"\0" in chunk
            text = decoder.decode(chunk)
            sequences += len(_SEQUENCES.findall(text))
            broken += len(_BROKEN.findall(text))
    if sequences > broken:
        raise _undecodable(path, "utf-8")
    spelled = {encoding: _spelling(counts, encoding) for encoding in EIGHT_BIT}
    best = max(EIGHT_BIT, key=lambda encoding: spelled[encoding])
    if any(_char(byte, best) == _NO_CHAR for byte in counts):
        raise _undecodable(path, best)
    return Decoding(best, has_nul=has_nul, others=[other for other in (*EIGHT_BIT, "utf-8") if other != best])


def _spelling(counts: Counter[int], encoding: str) -> int:
    """How well the bytes above 127 read: letters count double, typographic marks once, missing ones against."""
    score = 0
    for byte, times in counts.items():
        char = _char(byte, encoding)
        score += times * (2 if char in _LETTERS else 1 if char in _MARKS_IN_TEXT else -2 if char == _NO_CHAR else 0)
    return score


def _char(byte: int, encoding: str) -> str:
    return bytes([byte]).decode(encoding, "replace")


def _undecodable(path: Path, encoding: str) -> Exception:
    """The error that names the first line with a byte the encoding cannot read."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        for chunk in chain(_chunks(file), (b"",)):
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as fault:
                line += fault.object[: fault.start].decode(encoding, "ignore").count("\n")
                break
    return unreadable("unreadable_encoding", encoding=encoding.removesuffix("-sig"), line=line)
