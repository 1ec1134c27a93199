"""The shapes of sales recovery in the API."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from schemas.resources import Money, ProductRef, Utc
from service.domain.recovery import Kind, State
from service.domain.refusals import WORTH_ANOTHER_TRY, Reason

LONGEST_CURSOR = 8000


class Cursor(fields.Field[Any]):
    """Where the page before ended, as it was given in `next`: (moment, key). Nothing to be read from outside."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        at, key = value
        return urlsafe_b64encode(json.dumps([at.isoformat(), key]).encode()).decode()

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


class OpportunityFilter(Schema):
    """Which opportunities."""

    state = fields.String(validate=validate.OneOf([State.OPEN, State.RECOVERED, State.SUPERSEDED]))
    kind = fields.String(validate=validate.OneOf(list(Kind)))
    reason = fields.String(validate=validate.OneOf(list(Reason)))
    product = fields.String(metadata={"description": "product id or name"})
    currency = fields.String(metadata={"description": "ISO 4217 code of the attempt's amount"})
    since = Utc(
        data_key="from", metadata={"description": "of the last attempt; with `state=recovered`, of the sale after it"}
    )
    until = Utc(data_key="to")
    all_attempts = fields.Boolean(
        load_default=False, metadata={"description": "every attempt, not only the last of each episode"}
    )
    after = Cursor(metadata={"type": "string", "description": "`next` of the page before"})
    size = fields.Integer(load_default=50, validate=validate.Range(1, 500))

    @post_load
    def show_superseded(self, wanted: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Superseded attempts are shown only with all attempts; asking for them is asking for those."""
        return wanted | {"all_attempts": wanted["all_attempts"] or wanted.get("state") == State.SUPERSEDED}


class OpportunityOut(Schema):
    """One attempt that did not become a sale at once; the last of its episode unless `superseded`."""

    key = fields.String()
    kind = fields.String(validate=validate.OneOf(list(Kind)))
    state = fields.String(validate=validate.OneOf(list(State)))
    client_id = fields.UUID(allow_none=True)
    email = fields.String(allow_none=True)
    name = fields.String(attribute="client_name", allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164"})
    product = fields.Function(lambda row: ProductRef().dump(row))
    offer_code = fields.String(allow_none=True)
    offer_name = fields.String(allow_none=True)
    amount = Money(metadata={"description": "of this attempt; a cart has one where the buyer tried the same offer"})
    attempts = fields.Integer(metadata={"description": "attempts of the episode up to this one"})
    purchase_key = fields.String(allow_none=True)
    payment_type = fields.String(allow_none=True)
    payment_link = fields.String(allow_none=True)
    due_at = Utc(allow_none=True)
    reason = fields.String(allow_none=True, validate=validate.OneOf(list(Reason)))
    refusal = fields.String(allow_none=True, metadata={"description": "what the bank said, as it came"})
    worth_another_try = fields.Function(
        lambda row: WORTH_ANOTHER_TRY[Reason(row["reason"])] if row["reason"] else None,
        metadata={"type": ["boolean", "null"]},
    )
    opened_at = Utc()
    last_at = Utc()
    recovered_by = fields.String(allow_none=True, metadata={"description": "key of the purchase that closed it"})
    recovered_at = Utc(allow_none=True)
    recovered = Money()
    seconds_to_recover = fields.Integer(allow_none=True)


class OpportunityPage(Schema):
    """One page, and where the next one begins: null on the last."""

    opportunities = fields.List(fields.Nested(OpportunityOut), attribute="rows")
    next = Cursor(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})
