"""What somebody who searches for a person may mean: words that begin so, digits from either end."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import NamedTuple

LONGEST = 200
MOST_TERMS = 8
WHOLE = str.maketrans("łŁøØđĐðÐħĦ\u0131ßẞæÆœŒþÞς", "llooddddhhissaaoott\u03c3")
"""Letters that are not made of a plain one and an accent, but are typed as it."""
CAPITALS = "".join(map(chr, (*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x400, 0x430))))
ACCENTS = dict.fromkeys(range(0x300, 0x370))
ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
PLAIN = {**ASCII, **WHOLE, **str.maketrans(CAPITALS, CAPITALS.lower()), **ACCENTS}
SIGNS = re.compile(r"[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")


class Term(NamedTuple):
    """One thing asked for: a word `whole` as written or all its `words`, or the digits of a telephone or document.

    Of an address only the whole counts.
    """

    whole: str
    words: tuple[str, ...]
    digits: str | None
    is_address: bool = False


def folded(written: str) -> str:
    """Small letters without accents, as the function `folded` of migration 0005 writes them."""
    return unicodedata.normalize("NFKD", written).translate(PLAIN)


def spaced(plain: str) -> str:
    """Folded text with its signs as single spaces, as the function `spaced` of migration 0005."""
    return SIGNS.sub(" ", plain).strip(" ")


def terms(asked: str) -> tuple[Term, ...]:
    """What must all be found, from what somebody typed; () asks for everybody.

    `(11) 98765-4321` is one number, `maria 4321` a word and a number.
    """
    plain = folded(asked.replace("\x00", "")[:LONGEST])
    if not any(sign.isalpha() for sign in plain) and any(sign.isdigit() for sign in plain):
        plain = spaced(plain).replace(" ", "")
    found = [_term(written) for written in plain.split()]
    return tuple(term for term in dict.fromkeys(found) if term.words)[:MOST_TERMS]


def _term(written: str) -> Term:
    words = tuple(spaced(written).split(" ")) if spaced(written) else ()
    whole = written.lstrip("@")
    if "@" in whole:
        return Term(whole, words, None, is_address=True)
    return Term(whole, words, "".join(words) if any(sign.isdigit() for sign in written) else None)
