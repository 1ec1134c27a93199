"""Judging: whether a filter lets an event pass, and if not, which condition stopped it.

An amount in another currency is neither more nor less, and so is a moment nobody knows: such a condition is not met and
neither is its opposite, for it cannot be told (Kleene's third value). A filter passes only if it surely does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from service.domain.automation.filters import Condition, Filter, Group, Join, Operator
from service.domain.automation.values import FieldType, Value, Values, bare, folded
from service.domain.automation.wanted import plain
from service.domain.money import Money

Told = bool | None
"""Yes, no, or None: it cannot be told."""


class Failure(NamedTuple):
    """One condition that stopped an event, with the value it saw.

    `reason` is `differs`, `same`, `empty`, `not_empty`, `other_currency`, `currency_unknown`, `only_day_known`, or
    `met` for a condition that was met under a NOT. The values are JSON, as in the filter.
    """

    field: str
    operator: str
    wanted: Any
    seen: Any
    reason: str


class Verdict(NamedTuple):
    """Whether the event passed; if not, the first condition that stopped it, or all of a group where any would do."""

    passed: bool
    why: tuple[Failure, ...] = ()


class _Answer(NamedTuple):
    """What a part says, and the conditions that make it say so."""

    told: Told
    because: tuple[Failure, ...]


def judge(one: Filter, values: Values, zone: tzinfo = UTC) -> Verdict:
    """Whether `values` pass; days are those of `zone`."""
    answer = _answer(one, values, zone)
    return Verdict(passed=True) if answer.told else Verdict(passed=False, why=answer.because)


def failures_of(verdict: Verdict) -> list[dict[str, Any]]:
    """The conditions that stopped an event, as JSON for its history."""
    return [failure._asdict() for failure in verdict.why]


def _answer(one: Filter, values: Values, zone: tzinfo) -> _Answer:
    if isinstance(one, Condition):
        return _of_condition(one, values.get(one.field.key), zone)
    if one.join is Join.NOT:
        told, because = _answer(one.parts[0], values, zone)
        return _Answer(None if told is None else not told, because)
    return _of_group(one, [_answer(part, values, zone) for part in one.parts])


def _of_group(group: Group, answers: Sequence[_Answer]) -> _Answer:
    """One no decides ALL, one yes decides ANY; else what cannot be told; else they all agree."""
    deciding = group.join is Join.ANY
    decided = next((one for one in answers if one.told is deciding), None)
    if decided is not None:
        return decided
    untold = [one for one in answers if one.told is None]
    # Of ALL the first that cannot tell is enough; where any would have done, each of them is a reason.
    speaking = untold[:1] if untold and not deciding else answers
    return _Answer(None if untold else not deciding, tuple(failure for one in speaking for failure in one.because))


def _of_condition(one: Condition, seen: Value | None, zone: tzinfo) -> _Answer:
    told, reason = _compared(one, seen, zone)
    shown = None if seen is None else plain(seen)
    return _Answer(told, (Failure(one.field.key, str(one.operator), one.told(), shown, reason),))


OPPOSITE = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.NOT_EMPTY: Operator.EMPTY,
}
ORDER: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.MORE: gt,
    Operator.AT_LEAST: ge,
    Operator.BEFORE: lt,
    Operator.UNTIL: le,
    Operator.AFTER: gt,
    Operator.SINCE: ge,
}


def _compared(one: Condition, seen: Value | None, zone: tzinfo) -> tuple[Told, str]:
    """What a condition says, and the reason if it is not met."""
    comparison = OPPOSITE.get(one.operator, one.operator)
    if comparison is Operator.EMPTY:
        told: Told = seen is None
    elif seen is None:
        told = None if comparison in ORDER else False
    else:
        told, reason = _told_of(comparison, one, seen, zone)
        if told is None:
            return None, reason
    if comparison is not one.operator:
        told = not told
    return told, "met" if told else _reason(one.operator, seen)


def _reason(used: Operator, seen: Value | None) -> str:
    if seen is None:
        return "empty"
    if used is Operator.EMPTY:
        return "not_empty"
    return "same" if used in OPPOSITE else "differs"


def _told_of(comparison: Operator, one: Condition, seen: Value, zone: tzinfo) -> tuple[Told, str]:
    """What a comparison with a known value says, and why it cannot be told where it cannot."""
    if isinstance(seen, Money):
        return _of_money(comparison, seen, one.wanted[0])
    if isinstance(seen, date):
        return _of_moments(comparison, seen, one.wanted[0], zone)
    if isinstance(seen, str):
        return any(_of_texts(comparison, one.field.type, seen, str(wanted)) for wanted in one.wanted), ""
    if comparison in ORDER:
        return ORDER[comparison](seen, one.wanted[0]), ""
    return seen in one.wanted, ""


def _of_money(comparison: Operator, seen: Money, wanted: Value) -> tuple[Told, str]:
    currency = wanted.currency if isinstance(wanted, Money) else None
    if seen.currency != currency:
        return None, "other_currency" if seen.currency else "currency_unknown"
    return (ORDER[comparison](seen, wanted) if comparison in ORDER else seen == wanted), ""


def _of_moments(comparison: Operator, seen: date, wanted: Value, zone: tzinfo) -> tuple[Told, str]:
    """Against a day, by days of the zone; against a moment, by moments."""
    if isinstance(wanted, datetime) and not isinstance(seen, datetime):
        return None, "only_day_known"
    if isinstance(seen, datetime) and not isinstance(wanted, datetime):
        seen = seen.astimezone(zone).date()
    return (ORDER[comparison](seen, wanted) if comparison in ORDER else seen == wanted), ""


def _of_texts(comparison: Operator, kind: FieldType, seen: str, wanted: str) -> bool:
    spell = _SPELLING.get(kind, folded)
    here, there = spell(seen), spell(wanted)
    if not there:
        # "abc" has no digits, and every number would contain that.
        here, there = folded(seen), folded(wanted)
    if comparison is Operator.CONTAINS:
        return there in here
    if comparison is Operator.STARTS_WITH:
        return here.startswith(there)
    return here == there or (kind is FieldType.PHONE and (here == f"55{there}" or there == f"55{here}"))


def digits_of(text: str) -> str:
    """The digits of a number, without what people write around them."""
    return "".join(sign for sign in text if sign.isascii() and sign.isdigit())


_SPELLING: dict[FieldType, Callable[[str], str]] = {
    FieldType.PHONE: digits_of,
    FieldType.DOCUMENT: lambda text: bare(text).replace(" ", ""),
}
