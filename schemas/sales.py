"""The shapes of the lists around sales: transactions, steps, subscriptions. Pages read their URL by them too."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from schemas.asking import ABSENT, WITHOUT, Bound, Count, Cursor, InPeriod, Mark, Paged, Written, mark
from schemas.resources import Money, ProductRef, PurchaseOut, StatusWord, SubscriptionOut, Utc
from service.domain.after_sale import AGES, LIVES, PANEL_AGES, SUBSCRIPTION_STATES, StepKind, subscription_state
from service.domain.money import amount_text
from service.domain.statuses import Category


class SaleFilter(InPeriod):
    """Which sales, by the moment they count at: approved, else ordered."""

    category = fields.String(validate=validate.OneOf(list(Category)))
    statuses = fields.List(StatusWord(), data_key="status", metadata={"description": "may be given several times"})
    product = mark("product id, or the name where a product has no id")
    offer = mark("offer code")
    currency = mark("ISO 4217 code of the gross", validate=validate.Length(max=3))
    payment_type = mark("such as PIX")
    affiliate = mark("name, or the code where there is no name")
    affiliate_code = Mark()
    src = mark()
    sck = mark()
    origin = fields.String(
        validate=validate.Regexp(r"(src|sck|affiliate|coupon|payment_type|country):\d:[^\x00]{0,1000}"),
        metadata={"description": "`what:part:name`: all values of an origin that have this alias, or this part"},
    )
    coupon = mark()
    country = mark("ISO 3166 alpha-2")
    recurrence = Count(metadata={"description": f"number of the charge; {WITHOUT}"})
    bump = fields.Boolean(metadata={"description": "order bumps, or all but them"})
    text = Mark(data_key="q", metadata={"description": "transaction code, e-mail, or words of a name (of 200 people)"})
    subscriber = mark("subscriber code")
    subscription = fields.Boolean(metadata={"description": "charges of subscriptions, or all but them"})
    warranty_from = fields.Date()
    warranty_to = fields.Date()
    warranty = fields.String(validate=validate.Equal(ABSENT), metadata={"description": "`~`: guarantee unknown"})
    visited = fields.Boolean(metadata={"description": "whether the buyer has entered the members area of the product"})
    paid = fields.Boolean(metadata={"description": "whatever was paid once, given back or not"})
    renewal = fields.Boolean(metadata={"description": "charges after the first of a subscription"})
    first_charge = fields.Boolean(metadata={"description": "first charges and single sales, or later charges"})
    affiliated = fields.Boolean(metadata={"description": "sold by an affiliate, or all but those"})
    coproduced = fields.Boolean(metadata={"description": "a co-producer received a part, or all but those"})
    reported = fields.Boolean(metadata={"description": "of products whose members area has reported a first access"})
    client = fields.UUID()


class SaleFile(SaleFilter, Written):
    """Sales as a file."""


class SaleQuery(SaleFilter, Paged):
    """One page of sales."""


class StepFilter(InPeriod):
    """Which steps, by the moment they happened at."""

    kind = fields.Enum(StepKind, by_value=True, load_default=StepKind.REFUNDED)
    product = mark("product id, or the name where a product has no id")
    currency = mark("ISO 4217 code of the purchase's gross", validate=validate.Length(max=3))
    age = fields.String(
        validate=validate.OneOf([*AGES, *PANEL_AGES, ABSENT]),
        metadata={"description": "days since the sale; `~` unknown"},
    )
    buyer = Mark(data_key="q", metadata={"description": "e-mail, or words of a name (of 200 people at most)"})
    urgent = fields.Boolean(metadata={"description": "of open disputes, those due first come first"})


class StepFile(StepFilter, Written):
    """Steps as a file."""


class StepQuery(StepFilter, Paged):
    """One page of steps."""


class SubscriptionFilter(InPeriod):
    """Which subscriptions, by the moment they began."""

    statuses = fields.List(
        fields.String(validate=validate.OneOf(SUBSCRIPTION_STATES)),
        data_key="status",
        metadata={"description": "may be given several times"},
    )
    product = mark("product id, or the name where a product has no id")
    plan = mark("name of the plan")
    currency = mark("ISO 4217 code of the last charge", validate=validate.Length(max=3))
    canceled_since = Bound(data_key="canceled_from", metadata={"description": "the list is then ordered by the end"})
    canceled_until = Bound(data_key="canceled_to")
    charge_since = Bound(data_key="charge_from", metadata={"description": "next charge"})
    charge_until = Bound(data_key="charge_to")
    of = fields.String(
        validate=validate.Equal("canceled"),
        metadata={"description": "the period is that of the cancellation, not of the beginning"},
    )
    dated = fields.Boolean(metadata={"description": "whether it is known from when to when it ran"})
    life = fields.String(
        validate=validate.OneOf([*LIVES, ABSENT]),
        metadata={"description": "months a canceled one had run, by the end of their span; `~` unknown"},
    )
    running = fields.Date(metadata={"description": "those that ran when this day began"})
    access = fields.Boolean(metadata={"description": "canceled, but paid until a day to come"})
    buyer = Mark(data_key="q", metadata={"description": "e-mail, words of a name, or subscriber code"})


class SubscriptionFile(SubscriptionFilter, Written):
    """Subscriptions as a file."""


class SubscriptionQuery(SubscriptionFilter, Paged):
    """One page of subscriptions."""


class SaleOut(PurchaseOut):
    """One sale with its buyer."""

    counted_at = Utc(metadata={"description": "approved, else ordered, else the moment the information speaks for"})
    name = fields.String(attribute="client_name", allow_none=True)
    phone = fields.String(attribute="client_phone", allow_none=True, metadata={"description": "E.164"})
    offer_name = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    warranty_on = fields.Date(allow_none=True)


class SalePage(Schema):
    """One page, and where the next one begins: null on the last."""

    sales = fields.List(fields.Nested(SaleOut), attribute="rows")
    next = Cursor(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})


class StepOut(Schema):
    """One step after a sale, with the purchase it belongs to."""

    key = fields.String()
    occurred_at = Utc(attribute="listed_at")
    approximate = fields.Boolean(allow_none=True)
    count = fields.Integer(attribute="times", allow_none=True)
    client_id = fields.UUID(allow_none=True)
    email = fields.String(allow_none=True)
    name = fields.String(attribute="client_name", allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164"})
    product = fields.Function(lambda row: ProductRef().dump(row))
    purchase_key = fields.String(allow_none=True)
    transaction = fields.String(allow_none=True)
    status = fields.String(allow_none=True, metadata={"description": "of the purchase, today"})
    amount = Money()
    counted_at = Utc(allow_none=True, metadata={"description": "when the purchase counts"})
    days_since = fields.Integer(allow_none=True)
    due_at = Utc(allow_none=True, metadata={"description": "until when an open request must be answered"})
    detail = fields.String(allow_none=True)


class StepPage(Schema):
    """One page, and where the next one begins: null on the last."""

    steps = fields.List(fields.Nested(StepOut), attribute="rows")
    next = Cursor(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})


class SubscriptionRow(SubscriptionOut):
    """One subscription with its buyer and what it brings."""

    state = fields.Function(
        lambda row: subscription_state(row["status"]), metadata={"type": "string", "enum": list(SUBSCRIPTION_STATES)}
    )
    client_id = fields.UUID(allow_none=True)
    email = fields.String(allow_none=True)
    name = fields.String(attribute="client_name", allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164"})
    charge = fields.Function(
        lambda row: _money(row, "charge_value"), metadata={"description": "the last one that stands"}
    )
    monthly = fields.Function(lambda row: _money(row, "monthly_value"), metadata={"description": "worth in a month"})


def _money(row: Any, name: str) -> dict[str, Any] | None:
    value = row[name]
    return None if value is None else {"value": amount_text(value), "currency": row["charge_currency"]}


class SubscriptionPage(Schema):
    """One page, and where the next one begins: null on the last."""

    subscriptions = fields.List(fields.Nested(SubscriptionRow), attribute="rows")
    next = Cursor(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})


class TotalOut(Schema):
    """How many rows have their amount in this currency (null: unknown), and the sums in it."""

    currency = fields.String(allow_none=True)
    number = fields.Integer()
    amount = fields.Function(lambda total: None if total.amount is None else amount_text(total.amount))
    net = fields.Function(lambda total: None if total.net is None else amount_text(total.net))
