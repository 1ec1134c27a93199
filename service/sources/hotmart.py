"""Hotmart webhook version 2.0.0 to facts (webhook reference, sections 4 to 13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from schemas import hotmart as shape
from service.domain.facts import Kind
from service.domain.statuses import STATUS_OF_EVENT, Status
from service.sources.telling import Kept, Telling, buyer, fact_of, price, product_of, set_aside

PANEL_TRANSACTION = "HP16015479281022"
ENVELOPE, ORDER, COMMISSION, AFFILIATE = shape.Envelope(), shape.Order(), shape.Commission(), shape.Affiliate()
CART, CANCELLATION, SWITCH, PLAN = shape.Cart(), shape.Cancellation(), shape.PlanSwitch(), shape.Plan()
CHARGE_DATE, VISIT, FULFILLMENT = shape.ChargeDate(), shape.Visit(), shape.Fulfillment()

SOURCE_OF_ROLE = {
    "producer": {"PRODUCER"},
    "coproducer": {"COPRODUCER", "CO_PRODUCER"},
    "affiliate": {"AFFILIATE"},
}
SUBSCRIPTION_STATUS = {
    "ACTIVE": "active",
    "INACTIVE": "inactive",
    "STARTED": "started",
    "DELAYED": "delayed",
    "OVERDUE": "overdue",
    "PAST_DUE": "overdue",
    "EXPIRED": "expired",
    "CANCELED": "canceled",
    "CANCELLED": "canceled",
    "CANCELED_BY_CUSTOMER": "canceled_by_customer",
    "CANCELLED_BY_CUSTOMER": "canceled_by_customer",
    "CANCELED_BY_VENDOR": "canceled_by_seller",
    "CANCELLED_BY_SELLER": "canceled_by_seller",
    "CANCELED_BY_SELLER": "canceled_by_seller",
    "CANCELED_BY_ADMIN": "canceled_by_admin",
    "CANCELLED_BY_ADMIN": "canceled_by_admin",
}
"""Two spellings of "cancelled", and SELLER or VENDOR for one thing (webhook reference 8.3)."""


def translate(body: Mapping[str, Any], kept: Kept) -> Telling:
    """The facts of one 2.0.0 notification. Unknown events are kept, never an error."""
    envelope, notes = ENVELOPE.read(body)
    event = envelope.get("event", "")
    members = body.get("data")
    translator = TRANSLATORS.get(event)
    if translator is None:
        return Telling(state="kept", reason="unknown_event")
    if not isinstance(members, dict):
        return set_aside("data_missing")
    if is_panel_test(event, members):
        return Telling(state="test", reason="panel_test")
    created_at = envelope.get("created_at") or envelope.get("created_at_camel")
    if created_at is None:
        notes.setdefault("creation_date", "is missing")
    telling = translator(event, members, created_at, kept)
    telling.notes = notes | telling.notes
    return telling


def is_panel_test(event: str, members: Mapping[str, Any]) -> bool:
    """Whether the panel's "send test" button made this: two markers at least, one is too few (section 13)."""
    product = _object(members.get("product")) or _object(_object(members.get("subscription")).get("product"))
    number, name = str(product.get("id", "")).strip(), str(product.get("name", ""))
    if event in STATUS_OF_EVENT:
        transaction = _object(members.get("purchase")).get("transaction")
        return number.strip("0") == "" and number != "" and transaction == PANEL_TRANSACTION
    if event == "SUBSCRIPTION_CANCELLATION":
        return number == "788921" and _object(members.get("subscriber")).get("code") == "0000aaaa"
    frozen_number = number == "123456" if event == "PURCHASE_OUT_OF_SHOPPING_CART" else number.strip("0") == ""
    return frozen_number and number != "" and "test postback2" in name


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _order(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = ORDER.read(members)
    transaction = values.get("transaction")
    if transaction is None:
        return set_aside("transaction_missing", notes)
    status = STATUS_OF_EVENT[event]
    values.pop("status", None)
    shares, share_notes = commissions(_list(members.get("commissions")), kept.role)
    notes |= share_notes
    email, person = buyer(values, notes)
    affiliate = next((said for said in _affiliates(members) if said.get("affiliate_code")), {})
    approved_at = values.get("approved_at")
    values |= {
        **person,
        **shares,
        **affiliate,
        "gross": price(values.pop("price", None), values.pop("price_currency", None)),
        "paid": price(values.pop("full_price", None), values.pop("full_price_currency", None)),
        "original_offer_price": price(values.pop("original_price", None), values.pop("original_price_currency", None)),
        "payment_link": values.get("billet_url") or values.get("pix_qrcode"),
        "address": values.pop("address", None) or values.pop("street", None),
        "subscription_status": subscription_status(values.pop("subscription_status", None)),
        "sold_as": kept.role,
    }
    values.pop("street", None)
    fact = fact_of(
        kept,
        Kind.PURCHASE,
        f"t:{transaction}",
        event,
        created_at=created_at,
        occurred_at=approved_at if status is Status.APPROVED else None,
        email=email,
        fields=values,
        status=status,
    )
    return Telling([fact], notes=notes)


def _affiliates(members: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [AFFILIATE.read(one)[0] for one in _list(members.get("affiliates"))]


def commissions(entries: list[Mapping[str, Any]], role: str) -> tuple[dict[str, Any], dict[str, str]]:
    """(net, fee and shares, faults). Ours is the share of our own role, never the first of the list.

    Where several shares carry our role, the one with a conversion is ours, for Hotmart converts only
    the receiver's own; without one it stays unknown rather than guessed.
    """
    read = [COMMISSION.read(entry) for entry in entries]
    faults = {f"commissions.{path}": fault for _, errors in read for path, fault in errors.items()}
    shares = [share for share, _ in read if share.get("value") is not None]
    own = [share for share in shares if share.get("source", "").upper() in SOURCE_OF_ROLE[role]]
    if len(own) > 1:
        own = [share for share in own if "converted" in share]
        if len(own) != 1:
            own, faults["commissions"] = [], "several shares could be ours"
    found = {
        "net": _own_share(own[0]) if own else None,
        "fee": _sum_of(shares, {"MARKETPLACE"}),
        "affiliate_commission": _sum_of(shares, SOURCE_OF_ROLE["affiliate"]),
        "coproducer_commission": _sum_of(shares, SOURCE_OF_ROLE["coproducer"]),
        "producer_commission": _sum_of(shares, SOURCE_OF_ROLE["producer"]),
    }
    return found, faults


def _own_share(share: dict[str, Any]) -> list[str | None] | None:
    if share.get("converted") is not None and share.get("converted_currency"):
        return price(share["converted"], share["converted_currency"])
    return price(share["value"], share.get("currency"))


def _sum_of(shares: list[dict[str, Any]], sources: set[str]) -> list[str | None] | None:
    """The sum of the shares of these sources; None where there is none or they differ in currency."""
    chosen = [share for share in shares if share.get("source", "").upper() in sources]
    if not chosen or len({share.get("currency") for share in chosen}) > 1:
        return None
    return price(sum(share["value"] for share in chosen), chosen[0].get("currency"))


def subscription_status(word: str | None) -> str | None:
    """Our word for a subscription status; an unknown one is kept in lower case."""
    return SUBSCRIPTION_STATUS.get(word.upper(), word.lower()) if word else None


def _cart(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = CART.read(members)
    return cart_telling(event, values, notes, created_at, kept)


def cart_telling(
    event: str, values: dict[str, Any], notes: dict[str, str], created_at: datetime | None, kept: Kept
) -> Telling:
    """An abandoned cart: one per buyer, product and day of the account's zone."""
    email, person = buyer(values, notes)
    if email is None:
        return Telling(state="kept", reason="email_missing", notes=notes)
    when = created_at or kept.received_at
    values |= {**person, "day": min(when, kept.received_at).astimezone(kept.zone).date()}
    subject = f"c:{email}|{product_of(values)}"
    fact = fact_of(kept, Kind.CART, subject, event, created_at=created_at, occurred_at=None, email=email, fields=values)
    return Telling([fact], notes=notes)


def _cancellation(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = CANCELLATION.read(members)
    cell, area = values.pop("cell", None), values.pop("cell_area", None)
    if cell:
        values |= {"phone": cell, "phone_area": area}
    return subscription_telling(event, values, notes, created_at, kept)


def subscription_telling(
    event: str, values: dict[str, Any], notes: dict[str, str], created_at: datetime | None, kept: Kept
) -> Telling:
    """A subscription that was canceled or changed; it is found by its subscriber code."""
    code = values.get("subscriber_code")
    if code is None:
        return set_aside("subscriber_code_missing", notes)
    email, person = buyer(values, notes)
    occurred_at = values.pop("occurred_at", None)
    values |= {
        **person,
        "subscription_status": subscription_status(values.get("subscription_status")),
        # What was charged last, in a currency that no post names.
        "recurrence_value": price(values.pop("recurrence_value", None), None),
    }
    if event == "SUBSCRIPTION_CANCELLATION":
        values |= {"subscription_status": "canceled", "canceled_at": occurred_at or created_at or kept.received_at}
    fact = fact_of(
        kept,
        Kind.SUBSCRIPTION,
        f"s:{code}",
        event,
        created_at=created_at,
        occurred_at=occurred_at,
        email=email,
        fields=values,
    )
    return Telling([fact], notes=notes)


def _switch(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = SWITCH.read(members)
    plans = [PLAN.read(plan)[0] for plan in _list(members.get("plans"))]
    values["plan_name"] = next((plan.get("name") for plan in plans if plan.get("current")), None)
    values["previous_plan_name"] = next((plan.get("name") for plan in plans if not plan.get("current")), None)
    return subscription_telling(event, values, notes, created_at, kept)


def _charge_date(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = CHARGE_DATE.read(members)
    for name in ("old_charge_day", "new_charge_day", "next_charge_at"):
        camel = values.pop(f"{name}_camel", None)
        values.setdefault(name, camel)
    return subscription_telling(event, values, notes, created_at, kept)


def _visit(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = VISIT.read(members)
    email, person = buyer(values, notes)
    if email is None:
        return Telling(state="kept", reason="email_missing", notes=notes)
    values |= person
    subject = f"a:{email}|{product_of(values)}"
    fact = fact_of(
        kept, Kind.ACCESS, subject, event, created_at=created_at, occurred_at=None, email=email, fields=values
    )
    return Telling([fact], notes=notes)


def _fulfillment(event: str, members: Mapping[str, Any], created_at: datetime | None, kept: Kept) -> Telling:
    values, notes = FULFILLMENT.read(members)
    if values.get("transaction") is None:
        return set_aside("transaction_missing", notes)
    email, person = buyer(values, notes)
    fact = fact_of(
        kept,
        Kind.SHIPMENT,
        f"t:{values['transaction']}",
        event,
        created_at=created_at,
        occurred_at=None,
        email=email,
        fields=values | person,
    )
    return Telling([fact], notes=notes)


Translator = Callable[[str, Mapping[str, Any], datetime | None, Kept], Telling]
TRANSLATORS: dict[str, Translator] = {
    **dict.fromkeys(STATUS_OF_EVENT, _order),
    "PURCHASE_OUT_OF_SHOPPING_CART": _cart,
    "SUBSCRIPTION_CANCELLATION": _cancellation,
    "SWITCH_PLAN": _switch,
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": _charge_date,
    "CLUB_FIRST_ACCESS": _visit,
    "CLUB_MODULE_COMPLETED": _visit,
    "ORDER_FULFILLMENT": _fulfillment,
}
