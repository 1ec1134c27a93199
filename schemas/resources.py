"""The shapes of the API: what it gives and what it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_dump, validate

from service.domain import fates, journey
from service.domain.money import amount_text
from service.domain.statuses import Status, status_of_word

STATES = ("pending", "done", "set_aside", "kept", "test", "withdrawn")


class Utc(fields.DateTime):
    """A moment in ISO 8601; given in UTC, taken with any offset (a bare date or time is read as UTC)."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value).strip().replace(" ", "+"))
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:  # in UTC it may lie before year 1 or after 9999
            raise ValidationError("Write a moment as ISO 8601, such as 2026-07-02T12:15:04Z.") from error


class StatusWord(fields.String):
    """A status: our word for it, or any spelling of Hotmart's."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        status = status_of_word(str(value))
        if status is None:
            raise ValidationError(f"Is no status. Use one of: {', '.join(Status)}.")
        return str(status)


class Amount(Schema):
    """Money: the value is text, so that no reader makes a float of it."""

    value = fields.String(metadata={"example": "97.00"})
    currency = fields.String(allow_none=True, metadata={"example": "BRL"})


class Money(fields.Field[Any]):
    """`<name>_value` and `<name>_currency` of a row as one `{"value": "97.00", "currency": "BRL"}`."""

    _CHECK_ATTRIBUTE = False

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any] | None:
        amount = obj[f"{attr}_value"]
        return None if amount is None else {"value": amount_text(amount), "currency": obj[f"{attr}_currency"]}


class Revenue(Schema):
    """Sums of gross amounts in one currency, by category; `net` is the receiver's own share of active ones."""

    currency = fields.String()
    active = fields.String()
    lost = fields.String()
    disputed = fields.String()
    pending = fields.String()
    net = fields.String()

    @post_dump
    def spell_amounts(self, revenue: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Amounts in their one spelling."""
        return {key: value if key == "currency" else amount_text(Decimal(value)) for key, value in revenue.items()}


class ProductRef(Schema):
    """A product as another thing names it."""

    id = fields.String(attribute="product_id", allow_none=True)
    name = fields.String(attribute="product_name", allow_none=True)


class ClientOut(Schema):
    """One buyer of the account."""

    id = fields.UUID()
    email = fields.String()
    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164"})
    phone_text = fields.String(allow_none=True, metadata={"description": "as the buyer wrote it"})
    document = fields.String(allow_none=True)
    document_type = fields.String(allow_none=True)
    country = fields.String(allow_none=True, metadata={"description": "ISO 3166 alpha-2"})
    state = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    first_seen_at = Utc()
    last_seen_at = Utc()
    purchases = fields.Integer(metadata={"description": "active ones"})
    first_purchase_at = Utc(allow_none=True)
    last_purchase_at = Utc(allow_none=True)
    revenue = fields.List(fields.Nested(Revenue))


class OwnedProduct(Schema):
    """A product a client has."""

    id = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    purchases = fields.Integer()
    last_bought_at = Utc(allow_none=True)


class SubscriptionOut(Schema):
    """A subscription of a client."""

    subscriber_code = fields.String(attribute="code")
    product = fields.Function(lambda row: ProductRef().dump(row))
    plan = fields.String(attribute="plan_name", allow_none=True)
    status = fields.String(allow_none=True)
    charges = fields.Integer()
    first_at = Utc()
    last_at = Utc()
    next_charge_at = Utc(allow_none=True)
    canceled_at = Utc(allow_none=True)


class ClientDetail(ClientOut):
    """One client with what they own, and all their addresses: the one they are known by first."""

    emails = fields.List(fields.String())
    products = fields.List(fields.Nested(OwnedProduct))
    subscriptions = fields.List(fields.Nested(SubscriptionOut))


class MilestoneOut(Schema):
    """One step of a client's journey."""

    id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(sorted(journey.KINDS)))
    occurred_at = Utc()
    approximate = fields.Boolean()
    count = fields.Integer(attribute="times")
    last_at = Utc()
    product = fields.Function(lambda row: ProductRef().dump(row))
    transaction = fields.String(allow_none=True)
    amount = Money()
    status = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)
    source = fields.Function(
        lambda row: {
            "kind": row["source"],
            "delivery_id": row["delivery_id"],
            "import_id": row["import_id"],
            "row": row["row_number"],
            "file_name": row["file_name"],
        }
    )


class PurchaseOut(Schema):
    """One Hotmart transaction."""

    key = fields.String()
    transaction = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(list(Status)))
    category = fields.String()
    product = fields.Function(lambda row: ProductRef().dump(row))
    offer_code = fields.String(allow_none=True)
    client_id = fields.UUID(allow_none=True)
    email = fields.String(allow_none=True)
    paid = Money()
    gross = Money()
    gross_basis = fields.String(allow_none=True)
    net = Money()
    fee = Money()
    payment_type = fields.String(allow_none=True)
    installments = fields.Integer(allow_none=True)
    recurrence_number = fields.Integer(allow_none=True)
    charge_count = fields.Integer(allow_none=True)
    subscriber_code = fields.String(allow_none=True)
    plan = fields.String(attribute="plan_name", allow_none=True)
    order_group = fields.String()
    parent_transaction = fields.String(allow_none=True)
    is_bump = fields.Boolean()
    src = fields.String(allow_none=True)
    sck = fields.String(allow_none=True)
    xcod = fields.String(allow_none=True)
    affiliate = fields.String(allow_none=True)
    affiliate_code = fields.String(allow_none=True)
    coupon = fields.String(allow_none=True)
    refusal_reason = fields.String(allow_none=True)
    flags = fields.Function(lambda row: row["flags"].split(",") if row["flags"] else [])
    ordered_at = Utc(allow_none=True)
    approved_at = Utc(allow_none=True)
    as_of = Utc()


class DeliveryOut(Schema):
    """One delivery of the inbox."""

    id = fields.Integer()
    source = fields.String()
    key = fields.String()
    event = fields.String(allow_none=True)
    received_at = Utc()
    state = fields.String(validate=validate.OneOf(STATES))
    reason = fields.String(allow_none=True)
    notes = fields.Raw(allow_none=True)
    attempts = fields.Integer()
    variant = fields.Boolean()
    repeats = fields.Integer()
    import_id = fields.Integer(allow_none=True)
    row = fields.Integer(attribute="row_number", allow_none=True)
    fate = fields.String(allow_none=True, validate=validate.OneOf(fates.FATES))
    done_at = Utc(allow_none=True)


class FactOut(Schema):
    """What a delivery says, in our words."""

    kind = fields.String()
    subject = fields.String()
    said = fields.String()
    status = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    as_of = Utc()
    certainty = fields.Function(lambda fact: fact.certainty.name.lower())
    occurred_at = Utc()
    fields_ = fields.Raw(attribute="fields", data_key="fields")


class DeliveryDetail(DeliveryOut):
    """One delivery with its body and its facts."""

    body = fields.Raw(allow_none=True)
    facts = fields.List(fields.Nested(FactOut))


class BalanceOut(Schema):
    """The books of one source: `received` is the sum of the rest."""

    source = fields.String()
    received = fields.Integer()
    applied = fields.Integer()
    duplicate = fields.Integer()
    set_aside = fields.Integer()
    kept = fields.Integer()
    test = fields.Integer()
    withdrawn = fields.Integer()
    pending = fields.Integer()


class Fault(Schema):
    """Every error of the API."""

    code = fields.String()
    status = fields.Integer()
    message = fields.String()
    errors = fields.Raw()


class ClientFilter(Schema):
    """Which clients."""

    email = fields.String()
    q = fields.String(metadata={"description": "part of a name or e-mail; digits of a phone or document"})


class MilestoneFilter(Schema):
    """Which milestones."""

    kind = fields.String(validate=validate.OneOf(sorted(journey.KINDS)))
    since = Utc(data_key="from")
    until = Utc(data_key="to")


class PurchaseFilter(Schema):
    """Which purchases."""

    transaction = fields.String()
    email = fields.String()
    status = StatusWord()
    product = fields.String(metadata={"description": "product id or name"})
    since = Utc(data_key="from")
    until = Utc(data_key="to")


class DeliveryFilter(Schema):
    """Which deliveries."""

    state = fields.String(validate=validate.OneOf(STATES))
    source = fields.String()
    event = fields.String()
