"""The shapes of a client's journey and purchases in the API."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate

from schemas.recovery import Cursor
from schemas.resources import MilestoneOut, PurchaseOut, StatusWord, Utc
from service.domain import journey
from service.domain.refusals import Reason, reason_of
from service.domain.statuses import Category

STEP = re.compile(r"([a-z_]{1,40}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
WORDS = validate.Length(max=200)


class StepCursor(Cursor):
    """Where a page of a journey ended: (moment, kind, id of the milestone)."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        place = None if value is None else (value[0], f"{value[1]}:{value[2]}")
        return super()._serialize(place, attr, obj, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        at, key = super()._deserialize(value, attr, data, **kwargs)
        return step_of(at, key)


def step_of(at: datetime, key: str) -> tuple[datetime, str, UUID]:
    """The parts of a cursor. Raises ValidationError for what we never gave."""
    found = STEP.fullmatch(key)
    if found is None or found[1] not in journey.KINDS:
        raise ValidationError("Give back `next` as it was given.")
    return at, found[1], UUID(found[2])


class JourneyFilter(Schema):
    """Which milestones of a client."""

    kind = fields.String(
        validate=validate.OneOf(sorted(journey.KINDS)), metadata={"description": "one kind of milestone"}
    )
    product = fields.String(validate=WORDS, metadata={"description": "product id or name"})
    since = Utc(data_key="from", metadata={"description": "from this moment on"})
    until = Utc(data_key="to", metadata={"description": "before this moment"})
    q = fields.String(
        validate=WORDS,
        metadata={"description": "part of a product, a transaction code, a refusal reason, a plan or a module"},
    )
    after = StepCursor(metadata={"type": "string", "description": "`next` of the page before"})
    size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class JourneyStep(MilestoneOut):
    """One milestone of the journey, with the status its purchase has now."""

    purchase_status = fields.String(allow_none=True)
    payment_type = fields.String(allow_none=True)
    reason = fields.Function(
        lambda row: reason_of(row["detail"]) if row["kind"] in ("canceled", "overdue") else None,
        metadata={"type": ["string", "null"], "enum": [*Reason, None]},
    )


class JourneyEntry(Schema):
    """One milestone, or several attempts at one product within a short time; the newest of them first."""

    occurred_at = fields.Function(lambda entry: Utc().serialize("occurred_at", entry.head), metadata={"type": "string"})
    first_at = Utc()
    attempts = fields.Integer(metadata={"description": "purchases this entry is about; more than 1 for a group"})
    size = fields.Integer(metadata={"description": "milestones of the entry; the first 50 are given"})
    milestones = fields.List(fields.Nested(JourneyStep))


class JourneyPage(Schema):
    """One page of a journey, and where the next one begins: null on the last."""

    entries = fields.List(fields.Nested(JourneyEntry))
    next = StepCursor(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})


class BoughtFilter(Schema):
    """Which purchases of a client."""

    category = fields.String(validate=validate.OneOf(list(Category)))
    status = StatusWord()
    currency = fields.String(
        validate=validate.Length(max=10),
        metadata={"description": "ISO 4217 code of the gross amount; leaves out purchases without one"},
    )
    after = Cursor(metadata={"type": "string", "description": "`next` of the page before"})
    size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class BoughtPage(Schema):
    """One page of a client's purchases, and where the next one begins: null on the last."""

    purchases = fields.List(fields.Nested(PurchaseOut), attribute="rows")
    next = Cursor(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})
