"""How lists are asked for: marks and periods to find rows by, where a page begins, what file is wanted."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from schemas.resources import Utc
from service.domain.periods import Preset

ABSENT = "~"
WITHOUT = "`~` means those without one"
LONGEST = 1000
LONGEST_CURSOR = 8000


def cursor_text(at: datetime, key: str) -> str:
    """A place in a list as text for a URL."""
    return urlsafe_b64encode(json.dumps([at.isoformat(), key]).encode()).decode()


class Cursor(fields.Field[Any]):
    """Where the page before ended, as it was given in `next`: (moment, key). Nothing to be read from outside."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else cursor_text(*value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[datetime, str]:
        try:
            at, key = json.loads(urlsafe_b64decode(str(value)[:LONGEST_CURSOR].encode()))
            moment = datetime.fromisoformat(at)
            if not isinstance(key, str) or "\x00" in key or moment.tzinfo is None:
                raise ValueError("no place in a list")
            key.encode()
        except (ValueError, TypeError, RecursionError) as error:
            raise ValidationError("Give back `next` as it was given.") from error
        return moment, key


class Mark(fields.String):
    """A text to find rows by."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        mark = str(value).strip()
        if "\x00" in mark or len(mark) > LONGEST:
            raise ValidationError(f"Write at most {LONGEST} signs.")
        return mark


def mark(description: str = "", **more: Any) -> Mark:
    """A mark that some rows are without."""
    return Mark(metadata={"description": ", ".join(filter(None, (description, WITHOUT)))}, **more)


class Count(fields.Integer):
    """A number from 1, or `~`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if value == ABSENT:
            return value
        number = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= number <= 10**6:
            raise ValidationError("Write a number from 1, or ~.")
        return number


class Bound(Utc):
    """An end of a period: a moment, or a whole day of the account (`2026-07-02`)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(value).strip()
        if len(text) != len("2026-07-02"):
            return super()._deserialize(value, attr, data, **kwargs)
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError("Write a day as 2026-07-02.") from error


class Paged(Schema):
    """Where a page begins and how long it is."""

    after = Cursor(metadata={"type": "string", "description": "`next` of the page before"})
    size = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class Written(Schema):
    """As what file a list is wanted."""

    form = fields.String(
        data_key="format", attribute="format", load_default="csv", validate=validate.OneOf(("csv", "xlsx"))
    )
    language = fields.String(
        load_default="pt",
        validate=validate.OneOf(("pt", "en", "es")),
        metadata={"description": "of headers and words, and of the delimiter and decimal mark of a CSV"},
    )


class InPeriod(Schema):
    """Days of the account. `period` is a named one; `from` and `to` are days, both in, or moments, `to` out."""

    period = fields.String(validate=validate.OneOf(list(Preset)))
    since = Bound(data_key="from", metadata={"description": "a day of the account, or a moment"})
    until = Bound(data_key="to", metadata={"description": "a day of the account, or a moment (out)"})
