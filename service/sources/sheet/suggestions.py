"""What columns without a known name may hold, told by similar names and by their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

from service.sources.sheet.aliases import KNOWN
from service.sources.sheet.currencies import currency_of
from service.sources.sheet.dates import shows
from service.sources.sheet.fields import FIELD_OF
from service.sources.sheet.grid import Cell
from service.sources.sheet.numbers import written
from service.sources.sheet.reasons import Reason, because
from service.sources.sheet.values import text_of
from service.sources.sheet.words import status_of_label

ENOUGH = 0.8
SIMILAR, VERY_SIMILAR, MARGIN = 82, 91, 6
"""Of 100. The margin keeps "… com impostos" from passing for "… sem impostos" (86 against each other)."""


class Suggestion(NamedTuple):
    """A field a column may be; `likely` ones are taken, the others only shown."""

    field: str
    likely: bool
    reason: Reason


_HOTMART_CODE = re.compile(r"HP\d{8,}(C\d+)?", re.IGNORECASE)
_SOME_CODE = re.compile(r"(?=.*\d)[\w-]{6,64}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_STATE = re.compile(r"[A-Z]{2,3}")


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return False
    return isinstance(cell, (int, float, Decimal)) or written(text_of(cell)) is not None


def _is_date(cell: Cell) -> bool:
    return isinstance(cell, (date, datetime)) or shows(text_of(cell)) is not None


_CHECKS: dict[str, Callable[[Cell], bool]] = {
    "money": _is_number,
    "integer": _is_number,
    "date": _is_date,
    "email": lambda cell: _EMAIL.fullmatch(text_of(cell)) is not None,
    "currency": lambda cell: currency_of(text_of(cell)) is not None,
    "country": lambda cell: not any(letter.isdigit() for letter in text_of(cell)),
    "status": lambda cell: status_of_label(text_of(cell)) is not None,
    "phone": _is_number,
    "document": lambda cell: any(letter.isdigit() for letter in text_of(cell)),
    "text": lambda cell: not _is_date(cell) and not _EMAIL.fullmatch(text_of(cell)),
}
_NARROWER: dict[str, Callable[[Cell], bool]] = {
    "transaction": lambda cell: _SOME_CODE.fullmatch(text_of(cell)) is not None,
    # "Pago" and "Payment" also stand over what was paid.
    "payment_type": lambda cell: not _is_number(cell),
}
"""Fields whose values are told from others of their type."""


def _share(check: Callable[[Cell], bool], values: Sequence[Cell]) -> float:
    filled = [cell for cell in values if text_of(cell)]
    return sum(map(check, filled)) / len(filled) if filled else 0.0


def agree(field: str, values: Sequence[Cell]) -> bool:
    """Whether values look like the field; a column without values contradicts nothing."""
    if not any(text_of(cell) for cell in values):
        return True
    return _share(_NARROWER.get(field) or _CHECKS[FIELD_OF[field].type], values) >= ENOUGH


def state_or_status(values: Sequence[Cell], has_status: object, language: str | None) -> str:
    """`Estado` is a status in Spanish and a state in Portuguese: the values tell, else the other headers."""
    if _share(_CHECKS["status"], values) >= ENOUGH:
        return "status"
    if has_status or language != "es" or _share(lambda cell: bool(_STATE.fullmatch(text_of(cell))), values) >= ENOUGH:
        return "state"
    return "status"


def suggest(name: str, values: Sequence[Cell], taken: set[str]) -> Iterator[Suggestion]:
    """Fields a column may be, the best first, for a header in its one spelling."""
    yield from _by_values(values, taken)
    yield from _by_name(name, values, taken)


def _by_values(values: Sequence[Cell], taken: set[str]) -> Iterator[Suggestion]:
    if "email" not in taken and _share(_CHECKS["email"], values) >= ENOUGH:
        yield Suggestion("email", likely=True, reason=because("email_values"))
    hotmart_codes = _share(lambda cell: bool(_HOTMART_CODE.fullmatch(text_of(cell))), values)
    if "transaction" not in taken and hotmart_codes >= ENOUGH:
        yield Suggestion("transaction", likely=True, reason=because("transaction_values"))
    if "status" not in taken and _share(_CHECKS["status"], values) >= ENOUGH:
        yield Suggestion("status", likely=True, reason=because("status_values"))


def _by_name(name: str, values: Sequence[Cell], taken: set[str]) -> Iterator[Suggestion]:
    ranked = _best_of_each_field(name)
    if not ranked:
        return
    (score, field), next_score = ranked[0], ranked[1][0] if len(ranked) > 1 else 0.0
    if field in taken or score < SIMILAR or score - next_score < MARGIN or not agree(field, values):
        return
    # A wrong amount is worse than none: money is never taken for a similar name alone.
    kind = FIELD_OF[field].type
    likely = score >= VERY_SIMILAR and kind != "money" and any(text_of(cell) for cell in values)
    yield Suggestion(field, likely, because("similar_name", field=field))


def _best_of_each_field(name: str) -> list[tuple[float, str]]:
    best: dict[str, float] = {}
    for known, score, _ in process.extract(name, _strong_names(), scorer=fuzz.token_sort_ratio, limit=12):
        field = KNOWN[known].field
        best[field] = max(best.get(field, 0.0), score)
    return sorted(((score, field) for field, score in best.items()), reverse=True)


@cache
def _strong_names() -> list[str]:
    return [name for name, known in KNOWN.items() if known.strong]
