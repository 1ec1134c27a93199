"""Numbers as people and programs write them. The format is decided for a column, then kept strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from service.domain.money import LARGEST
from service.sources.sheet.currencies import SIGNS, iso_currencies
from service.sources.sheet.problems import Unreadable


class Mark(StrEnum):
    """What stands before the decimals of a column."""

    DOT = "dot"
    COMMA = "comma"
    MIXED = "mixed"
    """Both occur, each time unmistakably: every number is read by its own marks."""
    UNCLEAR = "unclear"
    """Every number can be read both ways, as `1.234`: somebody must say."""


LONGEST_NUMBER = 60
MOST_DECIMALS = 14

_SIGN = "|".join(map(re.escape, sorted(SIGNS, key=len, reverse=True))) + "|[A-Z]{3}"
_WRITTEN = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[-\u2212+])?\s*(?P<before>{_SIGN})?\s*(?P<inner>[-\u2212])?\s*"
    rf"(?P<digits>[0-9][0-9.,' \u00a0\u202f]*|[.,][0-9]+)\s*(?P<after>{_SIGN})?\s*(?P<close>\))?",
    re.ASCII | re.IGNORECASE,
)
_BLANK_GROUPS = re.compile(r"[0-9]{1,3}(?:[' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?")
_BLANKS = re.compile(r"[' \u00a0\u202f]")
_STRICT = {
    Mark.DOT: re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?|\.[0-9]+"),
    Mark.COMMA: re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]+)?|,[0-9]+"),
}
_READS_BOTH_WAYS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
# A double keeps 15 digits; what a workbook shows as 0.3 may be stored as 0.30000000000000004.
_AS_SHOWN = Context(prec=15)


class Written(NamedTuple):
    """A number as text, taken apart: digits with their marks, whether negative, and a currency beside it."""

    digits: str
    negative: bool
    currency: str | None
    grouped: bool
    """Blanks or apostrophes part the thousands, so any point or comma stands before decimals."""


@lru_cache(maxsize=4096)
def written(text: str) -> Written | None:
    """The parts of a number with what people put around it; None when the text is no number at all."""
    found = _WRITTEN.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if found is None or bool(found["open"]) != bool(found["close"]) or (found["before"] and found["after"]):
        return None
    digits = found["digits"].strip()
    grouped = _BLANK_GROUPS.fullmatch(digits) is not None
    if _BLANKS.search(digits) and not grouped:
        return None
    sign = (found["before"] or found["after"] or "").upper()
    if sign and sign not in SIGNS and sign not in iso_currencies():
        return None
    negative = bool(found["open"]) or "-" in text or "\u2212" in text
    return Written(_BLANKS.sub("", digits), negative, SIGNS.get(sign, sign or None), grouped)


def evidence(number: Written) -> Mark | None:
    """What one number proves about its column: a mark, UNCLEAR, or None for whole numbers and nonsense."""
    digits = number.digits
    fits = [mark for mark, pattern in _STRICT.items() if pattern.fullmatch(digits)]
    if digits.isdigit() or not fits:
        return None
    if len(fits) == 1:
        return fits[0]
    if number.grouped or not _READS_BOTH_WAYS.fullmatch(digits):
        return Mark.DOT if "." in digits else Mark.COMMA
    return Mark.UNCLEAR


def decide(proofs: Mapping[str, int]) -> Mark | None:
    """The mark of a column from how often each was proven; None when only whole numbers are there."""
    if proofs.get(Mark.DOT) and proofs.get(Mark.COMMA):
        return Mark.MIXED
    proven = [mark for mark in (Mark.DOT, Mark.COMMA) if proofs.get(mark)]
    if proven:
        return proven[0]
    return Mark.UNCLEAR if proofs.get(Mark.UNCLEAR) else None


def number_of(text: str, mark: Mark) -> tuple[Decimal, str | None]:
    """(the exact number, the currency written beside it). Raises Unreadable."""
    number = written(text)
    if number is None:
        raise Unreadable("not_a_number")
    chosen = evidence(number) or Mark.DOT if mark is Mark.MIXED else mark
    if chosen is Mark.UNCLEAR:
        raise Unreadable("unclear_number")
    if not (_STRICT[chosen].fullmatch(number.digits) or (mark is Mark.MIXED and number.digits.isdigit())):
        raise Unreadable("other_number_format", mark="point" if chosen is Mark.DOT else "comma")
    digits = number.digits.replace(",", "") if chosen is Mark.DOT else number.digits.replace(".", "").replace(",", ".")
    value = Decimal(digits)
    return bounded(-value if number.negative else value), number.currency


def number_of_cell(cell: float | Decimal) -> Decimal:
    """The number a numeric cell shows: exact, with the 15 digits a spreadsheet keeps. Raises Unreadable."""
    try:
        return bounded(_AS_SHOWN.plus(Decimal(repr(cell) if isinstance(cell, float) else cell)).normalize())
    except InvalidOperation as error:
        raise Unreadable("not_a_number") from error


def bounded(value: Decimal) -> Decimal:
    """The number itself if it is one a sale can have. Raises Unreadable."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(value) >= LARGEST or exponent < -MOST_DECIMALS:
        raise Unreadable("number_out_of_range")
    return value


def readings(text: str) -> dict[str, str]:
    """Both ways to read an unclear number, for the question that shows them."""
    return {mark: format(number_of(text, mark)[0].normalize(), "f") for mark in (Mark.DOT, Mark.COMMA)}
