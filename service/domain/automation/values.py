"""Values of fields: their types, how stored rows give them, and when two texts are the same to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import Any
from unicodedata import combining, normalize

from service.domain.money import Money


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    DATE = "date"
    BOOL = "bool"
    PHONE = "phone"
    EMAIL = "email"
    DOCUMENT = "document"


Value = str | Money | Decimal | datetime | date | bool
"""A date is an aware moment or, where only the day is known, a day."""
Values = Mapping[str, Value]
"""Key of a field to its value; a field without a value is absent."""

_SMALL_WORDS = frozenset("a as da das de do dos e em na no o os the of".split())
LIKE_ENOUGH = 0.6


def value_of(stored: Any, kind: FieldType) -> Value | None:
    """A stored value (a fact's JSON or a row's) as its field's type; None where there is nothing.

    Raises ValueError (or its like of `Decimal`) where the ledger holds what no such field can: a fault of ours.
    """
    if stored is None or stored == "":
        return None
    if kind is FieldType.MONEY:
        amount, currency = stored
        return None if amount is None else Money(Decimal(amount), currency)
    if kind is FieldType.NUMBER:
        return Decimal(str(stored))
    if kind is FieldType.DATE:
        return _moment(stored)
    if kind is FieldType.BOOL:
        return bool(stored)
    return str(stored).strip() or None


def _moment(stored: Any) -> datetime | date:
    if isinstance(stored, date):
        return stored
    return date.fromisoformat(stored) if len(stored) == 10 else datetime.fromisoformat(stored)


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """The text as people compare it: no case, no accents, blanks as one."""
    letters = (letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
    return " ".join("".join(letters).split())


def bare(text: str) -> str:
    """Only letters and digits, folded: `Email do(a) Comprador` is `email do a comprador`."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in folded(text)).split())


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that looks most like `word`, in whatever order its parts come; None when none does.

    Letters alike count, and half as much words that are the very same.
    """
    sought = _telling(word)
    matcher = SequenceMatcher(b=" ".join(sought))
    best, chosen = 0.0, None
    for known in words:
        telling = _telling(known)
        same = len({*sought} & {*telling}) / (2 * len(sought) or 1)
        matcher.set_seq1(" ".join(telling))
        # The quick ratio is never too low, and much cheaper.
        likeness = same + (matcher.ratio() if same + matcher.quick_ratio() > best else 0)
        if likeness > best:
            best, chosen = likeness, known
    return chosen if best >= LIKE_ENOUGH else None


@lru_cache(maxsize=1024)
def _telling(text: str) -> tuple[str, ...]:
    words = bare(text).split()
    return tuple(sorted(word for word in words if word not in _SMALL_WORDS) or words)
