"""Fields of the edge: lenient about how a value is written, strict about what it is.

Hotmart writes numbers as text and text as numbers, sends nulls and empty text for "no value", and has
three ways to write a date (see the webhook reference). A field here accepts every one of them and gives
None for "no value"; what is not such a value at all is an error that costs this field only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from service.domain.money import LARGEST

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
EPOCH = re.compile(r"-?[0-9]{1,17}")
LONGEST_TEXT = 4000
LONGEST_CODE = 200


def storable(text: str) -> str:
    """The text as a database can keep it: no NUL, no half of a surrogate pair, no outer blanks."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", "").strip()


class Text(fields.Field[str | None]):
    """Text; a number becomes its digits. Blank is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        if isinstance(value, str):
            return storable(value)[:LONGEST_TEXT] or None
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise ValidationError("is not text")
        return str(value)


class Code(Text):
    """Text that is looked things up by: a code or id, of at most 200 bytes (an index holds no more than 2,700)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and len(text.encode()) > LONGEST_CODE:
            raise ValidationError(f"is longer than {LONGEST_CODE} bytes")
        return text


class Whole(fields.Field[int | None]):
    """A whole number of at most nine digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int | None:
        number = exact(value)
        if number is None:
            return None
        if number != number.to_integral_value() or abs(number) >= 10**9:
            raise ValidationError("is not a whole number of a usual size")
        return int(number)


class Amount(fields.Field[Decimal | None]):
    """An exact decimal in currency units."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal | None:
        return exact(value)


class Flag(fields.Field[bool | None]):
    """Yes or no, as JSON, as the texts `true` and `false`, or as 1 and 0."""

    WORDS: ClassVar[dict[str, bool | None]] = {"true": True, "1": True, "false": False, "0": False, "": None}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool | None:
        word = str(value).strip().lower()
        if word not in self.WORDS:
            raise ValidationError("is neither true nor false")
        return self.WORDS[word]


class Instant(fields.Field[datetime | None]):
    """A moment: epoch milliseconds as number or text, or ISO 8601 text. Aware, in UTC.

    Seconds in place of milliseconds are understood; a moment outside 2000 to 2100 is an error, because
    Hotmart's own samples carry placeholders such as 12345678.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime | None:
        return instant(value)


class Day(fields.Field[date | None]):
    """A calendar date at the head of an ISO text: the time behind it is filler (`warranty_date`)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date | None:
        text = str(value).strip()
        if not text:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError as error:
            raise ValidationError("is not a date") from error


class Flat(Schema):
    """A schema whose `data_key`s are dotted paths into the body.

    `read` walks the paths and lets each field convert what it finds: the same answer as `load` over the
    flattened body (a test holds the two together), at a fifth of its time. A drain reads thousands a second.
    """

    class Meta:
        """Unknown members are left alone: Hotmart adds some now and then."""

        unknown = EXCLUDE

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._steps = [
            (name, field.data_key, tuple(field.data_key.split(".")), field._deserialize)  # noqa: SLF001  # the conversion alone: presence and null are seen to here
            for name, field in self.fields.items()
            if field.data_key
        ]

    def read(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """(values found, faults by path). A wrong value costs its field, never its neighbours.

        Null, blank text, and a path through something that is no object are absent.
        """
        values: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for name, path, steps, convert in self._steps:
            node: Any = body
            for step in steps:
                if node.__class__ is not dict:
                    node = None
                    break
                node = node.get(step)
            if node is None:
                continue
            try:
                value = convert(node, path, body)
            except ValidationError as error:
                faults[path] = str(error.messages[0])
                continue
            if value is not None:
                values[name] = value
        return values, faults


def exact(value: Any) -> Decimal | None:
    """A finite decimal of a usual size from a JSON number or its text; None for blank text."""
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str, Decimal)):
        raise ValidationError("is not a number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValidationError("is not a number") from error
    if not number.is_finite() or abs(number) >= LARGEST or number.as_tuple().exponent < -12:  # type: ignore[operator]
        raise ValidationError("is not a number of a usual size")  # finite, so the exponent is an int
    return number


def instant(value: Any) -> datetime | None:
    """A moment in UTC from epoch milliseconds (or seconds) or ISO 8601 text; None for blank text."""
    text = str(value).strip()
    if not text or isinstance(value, bool):
        return None
    moment = _from_epoch(int(text)) if EPOCH.fullmatch(text) else _from_iso(text)
    if not EARLIEST <= moment < LATEST:
        raise ValidationError("is not a moment between 2000 and 2100")
    return moment


def _from_epoch(number: int) -> datetime:
    in_milliseconds = abs(number) >= 10**11
    seconds, millis = divmod(number, 1000) if in_milliseconds else (number, 0)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=millis * 1000)
    except (OverflowError, OSError, ValueError) as error:
        raise ValidationError("is not a moment") from error


def _from_iso(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "") if "T" in text else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValidationError("is not a moment") from error
