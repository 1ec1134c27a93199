"""One spelling of a word, whatever its case, accents and punctuation."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, normalize

_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """The text in lower case, without accents, its words parted by one blank: `Em Análise` is `em analise`."""
    letters = "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
    return " ".join(_WORD.findall(letters))
