"""The shapes of sales recovery in the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from schemas.asking import Cursor, InPeriod, Mark, Paged, Written, mark
from schemas.resources import Money, ProductRef, Utc
from service.domain.recovery import WON_BACK, Kind, State
from service.domain.refusals import WORTH_ANOTHER_TRY, Reason

__all__ = ["Cursor", "OpportunityFile", "OpportunityFilter", "OpportunityOut", "OpportunityPage", "OpportunityQuery"]
ANY = "any"


class OpportunityFilter(InPeriod):
    """Which opportunities. The period is that of the last attempt; with `state=recovered`, of the sale after it."""

    state = fields.String(
        validate=validate.OneOf([State.OPEN, State.RECOVERED, State.SUPERSEDED, WON_BACK]),
        metadata={"description": "`won_back` are recovered ones too, but by attempt: period, amount and currency"},
    )
    kind = fields.String(validate=validate.OneOf(list(Kind)))
    reason = fields.String(
        validate=validate.OneOf([*Reason, ANY, "~"]), metadata={"description": "`any` reason of a bank, `~` none"}
    )
    product = mark("product id or name")
    currency = mark("ISO 4217 code of the amount", validate=validate.Length(max=3))
    buyer = Mark(data_key="q", metadata={"description": "e-mail, or words of a name (of 200 people at most)"})
    all_attempts = fields.Boolean(metadata={"description": "every attempt, not only the last of each episode"})
    attempts = fields.String(validate=validate.Equal("all"), metadata={"description": "the same as `all_attempts`"})

    @post_load
    def show_superseded(self, wanted: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Superseded attempts are shown only with all attempts; asking for them is asking for those."""
        every = wanted.pop("all_attempts", False) or wanted.pop("attempts", None) is not None
        return wanted | {"all_attempts": every or wanted.get("state") == State.SUPERSEDED}


class OpportunityQuery(OpportunityFilter, Paged):
    """One page of opportunities."""


class OpportunityFile(OpportunityFilter, Written):
    """Opportunities as a file."""


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
