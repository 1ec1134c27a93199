"""Wanted values: what a filter compares with, read from JSON strictly and written back exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from service.domain.automation.values import FieldType, Value
from service.domain.money import Money, amount_text

MOST_CHOICES, LONGEST, MOST_DIGITS = 200, 1_000, 15


class Unfit(ValueError):
    """A value that is none of its type; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def plain(value: Value) -> Any:
    """A value as JSON: amounts and numbers as exact text, moments as ISO 8601."""
    if isinstance(value, Money):
        return {"amount": amount_text(value.value), "currency": value.currency}
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def read_value(raw: Any, kind: FieldType) -> Value:
    """One value of a type: `{"amount": "97.00", "currency": "BRL"}` for money, ISO 8601 for a day or a moment.

    Raises Unfit.
    """
    return _READERS[kind](raw)


def read_choices(raw: Any, kind: FieldType) -> tuple[Value, ...]:
    """Several values of a type. Raises Unfit."""
    if not isinstance(raw, list) or not raw:
        raise Unfit("not_a_list")
    if len(raw) > MOST_CHOICES:
        raise Unfit("too_many_choices")
    return tuple(read_value(choice, kind) for choice in raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Unfit("not_a_text")
    if not raw.strip():
        raise Unfit("value_missing")
    if len(raw) > LONGEST:
        raise Unfit("too_long")
    return raw.strip()


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str) or len(str(raw)) > 2 * MOST_DIGITS:
        raise Unfit("not_a_number")
    try:
        # The shortest text of a float is the number somebody wrote.
        number = Decimal(str(raw).strip())
    except InvalidOperation:
        raise Unfit("not_a_number") from None
    if not number.is_finite() or number.adjusted() > MOST_DIGITS or number.adjusted() < -MOST_DIGITS:
        raise Unfit("not_a_number")
    return number


def _money(raw: Any) -> Money:
    if not isinstance(raw, dict) or set(raw) != {"amount", "currency"}:
        raise Unfit("not_an_amount_with_currency")
    currency = raw["currency"]
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Unfit("not_a_currency")
    return Money(_number(raw["amount"]), currency.upper())


def _moment(raw: Any) -> datetime | date:
    text = _text(raw)
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise Unfit("not_a_date") from None
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise Unfit("time_without_zone")
    return moment


def _bool(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise Unfit("not_true_or_false")
    return raw


_READERS: dict[FieldType, Callable[[Any], Value]] = {
    FieldType.TEXT: _text,
    FieldType.EMAIL: _text,
    FieldType.PHONE: _text,
    FieldType.DOCUMENT: _text,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _money,
    FieldType.DATE: _moment,
    FieldType.BOOL: _bool,
}
