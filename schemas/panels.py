"""The shapes of panels in the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from service.domain.money import amount_text
from service.domain.periods import FIRST_DAY, LAST_DAY, Preset


class PanelFilter(Schema):
    """Which days, and what else a panel lets one choose. Days are of the account's time zone."""

    period = fields.String(load_default=None, validate=validate.OneOf(list(Preset)), metadata={"default": "7d"})
    first = fields.Date(data_key="from", validate=validate.Range(FIRST_DAY, LAST_DAY))
    last = fields.Date(data_key="to", validate=validate.Range(FIRST_DAY, LAST_DAY), metadata={"description": "is in"})
    by = fields.String(
        validate=validate.OneOf(("src", "sck", "affiliate", "coupon", "payment_type", "country")),
        metadata={"description": "of the panel origin"},
    )
    part = fields.Integer(validate=validate.Range(1, 9), metadata={"description": "of an SCK, from 1"})
    attempts = fields.String(validate=validate.OneOf(("all",)), metadata={"description": "of the panel opportunities"})


class Amount(fields.Field[Any]):
    """A number as text, exactly."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else amount_text(value)


class OpensOut(Schema):
    """The list behind a number: a resource under `/sales/`, and its filters."""

    page = fields.String()
    query = fields.Function(lambda opens: dict(opens.query), metadata={"type": "object"})


class ValueOut(Schema):
    """One number; `before` is that of the period before."""

    name = fields.String()
    amount = Amount(allow_none=True, metadata={"type": ["string", "null"]})
    unit = fields.String(metadata={"description": "count, money, share (of 1) or duration (seconds)"})
    currency = fields.String()
    before = Amount(allow_none=True, metadata={"type": ["string", "null"]})
    opens = fields.Nested(OpensOut, allow_none=True)


class LabelOut(Schema):
    """What a line is about; an empty `code` is "none"."""

    kind = fields.String()
    code = fields.String()
    name = fields.String(allow_none=True)


class LineOut(Schema):
    """One line of a table."""

    label = fields.Nested(LabelOut)
    values = fields.List(fields.Nested(ValueOut))


class TableOut(Schema):
    """The largest lines; `left_out` are not shown."""

    name = fields.String()
    lines = fields.List(fields.Nested(LineOut))
    left_out = fields.Integer()


class BarOut(Schema):
    """From this day on."""

    day = fields.Date()
    amount = Amount()


class ChartOut(Schema):
    """Amounts over the period, by `step` day, week or month."""

    name = fields.String()
    unit = fields.String()
    step = fields.String()
    bars = fields.List(fields.Nested(BarOut))
    line = Amount(allow_none=True, metadata={"type": ["string", "null"]})


class BlockOut(Schema):
    """What belongs to one currency: '' where none is known, null for what is no money."""

    currency = fields.String(allow_none=True)
    values = fields.List(fields.Nested(ValueOut))
    chart = fields.Nested(ChartOut, allow_none=True)
    tables = fields.List(fields.Nested(TableOut))


class PanelOut(Schema):
    """One panel; without blocks there is nothing yet, and `needs` are the events that would bring something."""

    name = fields.String()
    first = fields.Date(allow_none=True)
    last = fields.Date(allow_none=True)
    blocks = fields.List(fields.Nested(BlockOut))
    needs = fields.List(fields.String())


def asked_days(wanted: dict[str, Any]) -> tuple[str, str, str]:
    """(period, from, to) as `period_of` takes them: days alone ask for a range."""
    first, last = (_iso(wanted.get(end)) for end in ("first", "last"))
    return str(wanted.get("period") or (Preset.RANGE if first or last else Preset.LAST_7)), first, last


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
