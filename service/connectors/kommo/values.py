"""Values of custom fields: what we want to say in the form each type asks for, merged with what is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from service.connectors.kommo.phones import phone_key
from service.connectors.kommo.shapes import Field, Filled, Value

Wanted = str | Decimal | int | bool | date | datetime
TEXTS = {"text", "textarea", "url", "streetaddress", "tracking_data"}
NUMBERS = {"numeric", "monetary"}
DATES = {"date", "date_time", "birthday"}
ONE_OF = {"select", "radiobutton"}
EXTENDABLE = TEXTS | {"multiselect", "multitext"}


class Policy(StrEnum):
    """What happens to a value that is there already."""

    ALWAYS = "always"
    ONLY_IF_EMPTY = "only_if_empty"
    NEVER = "never"
    APPEND = "append"


class Unfit(Exception):
    """A value this field cannot take; the text says why. The rest of the card does not suffer for it."""


class Setting(NamedTuple):
    """The whole new content of a field: what is sent (`values`), and how it reads before and after."""

    values: tuple[dict[str, Any], ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


def encoded(field: Field, value: Wanted, enum_code: str | None = None) -> Value:
    """One value in the form its type asks for (reference 6.2). Raises Unfit."""
    if field.type in TEXTS:
        return Value(_text(value), None, None)
    if field.type in NUMBERS:
        return Value(_number(value), None, None)
    if field.type == "checkbox":
        return Value(_truth(value), None, None)
    if field.type in DATES:
        return Value(_seconds(value), None, None)
    if field.type in ONE_OF or field.type == "multiselect":
        return _choice(field, _text(value))
    if field.type == "multitext":
        codes = [option.text for option in field.options]
        return Value(_text(value), None, enum_code if enum_code in codes else next(iter(codes), "WORK"))
    raise Unfit(f"fields of the type {field.type} are not filled by us")


def _text(value: Wanted) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: Wanted) -> str:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else None
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite():
        raise Unfit("not a number")
    return format(number, "f")


def _truth(value: Wanted) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in {"1", "true", "yes", "sim", "sí", "si"}:
        return True
    if word in {"", "0", "false", "no", "não", "nao"}:
        return False
    raise Unfit("neither yes nor no")


def _seconds(value: Wanted) -> int:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Unfit("not a date") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Unfit("a time without time zone")
        return int(value.timestamp())
    if isinstance(value, date):
        # Noon, so that it is the same day in every zone the account may show it in.
        return int(datetime.combine(value, time(12), UTC).timestamp())
    raise Unfit("not a date")


def _choice(field: Field, text: str) -> Value:
    exact = [option for option in field.options if option.text == text.strip()]
    alike = [option for option in field.options if option.text.strip().lower() == text.strip().lower()]
    for option in [*exact, *alike]:
        return Value(option.text, option.id, None)
    raise Unfit("not one of the field's options")


def setting(
    field: Field, filled: Filled | None, wanted: tuple[Value, ...], policy: Policy, country: str
) -> Setting | None:
    """What a field must be set to so that it says `wanted`; None where nothing is to be done.

    Kommo replaces a field whole, so whatever stays is part of it: other phones, other choices, the text before.
    Raises Unfit for APPEND where nothing can be appended.
    """
    present = filled.values if filled else ()
    is_filled = any(_shown(value) for value in present)
    if not wanted or policy is Policy.NEVER or (policy is Policy.ONLY_IF_EMPTY and is_filled):
        return None
    if policy is Policy.APPEND and is_filled:
        new = _appended(field, present, wanted, country)
    else:
        new = _kept_codes(field, present, wanted, country)
    if [_same_key(field, value, country) for value in new] == [_same_key(field, value, country) for value in present]:
        return None
    return Setting(
        values=tuple(_sent(field, value) for value in new),
        before=tuple(_shown(value) for value in present),
        after=tuple(_shown(value) for value in new),
    )


def _appended(field: Field, present: tuple[Value, ...], wanted: tuple[Value, ...], country: str) -> tuple[Value, ...]:
    if field.type not in EXTENDABLE:
        raise Unfit(f"nothing can be appended to a field of the type {field.type}")
    if field.type in TEXTS:
        lines = str(present[0].value).split("\n")
        added = [str(value.value) for value in wanted if str(value.value) not in lines]
        return (Value("\n".join([*lines, *added]), None, None),)
    known = {_same_key(field, value, country) for value in present}
    added_values = {_same_key(field, value, country): value for value in wanted}
    return present + tuple(value for key, value in added_values.items() if key not in known)


def _kept_codes(field: Field, present: tuple[Value, ...], wanted: tuple[Value, ...], country: str) -> tuple[Value, ...]:
    """The wanted values; one that is there already keeps its spelling and its kind (work, home …)."""
    known = {_same_key(field, value, country): value for value in present}
    return tuple(known.get(_same_key(field, value, country), value) for value in wanted)


def _same_key(field: Field, value: Value, country: str) -> object:
    """What makes two values of a field the same."""
    if field.type in ONE_OF or field.type == "multiselect":
        return value.enum_id
    if field.type in DATES:
        return _seconds_or_text(value.value)
    text = str(value.value).strip()
    if field.code == "EMAIL":
        return text.lower()
    if field.code == "PHONE":
        return phone_key(text, country) or text
    if field.type in NUMBERS:
        return _number_or_text(text)
    return value.value if isinstance(value.value, bool) else text


def _seconds_or_text(value: Any) -> object:
    try:
        return int(value) if not isinstance(value, str) or value.lstrip("-").isdigit() else _seconds(value)
    except (Unfit, TypeError, ValueError):
        return str(value)


def _number_or_text(text: str) -> object:
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def _sent(field: Field, value: Value) -> dict[str, Any]:
    if field.type in ONE_OF or field.type == "multiselect":
        return {"enum_id": value.enum_id}
    if field.type == "multitext":
        kind = {"enum_code": value.enum_code} if value.enum_code else {"enum_id": value.enum_id}
        return {"value": value.value, **{name: code for name, code in kind.items() if code}}
    return {"value": value.value}


def _shown(value: Value) -> str:
    return "" if value.value is None else str(value.value)
