"""Hotmart postback version 1.0.0 to facts (webhook reference, section 14).

These posts have neither event id nor event time: what they say of the present moment is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas import postback_v1 as shape
from service.domain.facts import Kind
from service.domain.statuses import STATUS_OF_EVENT, Status, status_of_word
from service.sources.hotmart import cart_telling, subscription_status, subscription_telling
from service.sources.telling import Kept, Telling, buyer, fact_of, price, set_aside

PURCHASE, CART = shape.PurchaseV1(), shape.CartV1()
CANCELLATION, SWITCH = shape.CancellationV1(), shape.PlanSwitchV1()
PANEL_TRANSACTIONS = {"HP1121336654889", "HP09915534436216"}
EVENT_OF_STATUS = {status: event for event, status in STATUS_OF_EVENT.items()}
PAYMENT_TYPE = {
    "billet": "BILLET",
    "credit_card": "CREDIT_CARD",
    "debit_card": "DIRECT_DEBIT",
    "bank_transfer": "DIRECT_BANK_TRANSFER",
    "paypal": "PAYPAL",
    "pix": "PIX",
}


def kind_of(body: Mapping[str, Any]) -> str | None:
    """Which of the four kinds a 1.0.0 body is; None when it is none of them."""
    if "transaction" in body and "status" in body:
        return "purchase"
    if "buyerVO" in body:
        return "cart"
    if "switchPlanDate" in body:
        return "switch"
    if "cancellationDate" in body:
        return "cancellation"
    return None


def translate(body: Mapping[str, Any], kept: Kept) -> Telling:
    """The facts of one 1.0.0 post."""
    kind = kind_of(body)
    if kind == "purchase":
        return _purchase(body, kept)
    if kind == "cart":
        values, notes = CART.read(body)
        return cart_telling("PURCHASE_OUT_OF_SHOPPING_CART", values, notes, None, kept)
    if kind == "switch":
        values, notes = SWITCH.read(body)
        return subscription_telling("SWITCH_PLAN", values, notes, None, kept)
    if kind == "cancellation":
        values, notes = CANCELLATION.read(body)
        return subscription_telling("SUBSCRIPTION_CANCELLATION", values, notes, None, kept)
    return Telling(state="kept", reason="unknown_event")


def _purchase(body: Mapping[str, Any], kept: Kept) -> Telling:
    values, notes = PURCHASE.read(body)
    transaction, word = values.get("transaction"), values.pop("status", None)
    product = values.get("product_id", "")
    if transaction in PANEL_TRANSACTIONS and product and not product.strip("0"):
        return Telling(state="test", reason="panel_test")
    if transaction is None:
        return set_aside("transaction_missing", notes)
    status = status_of_word(word) if word else None
    if status is None:
        return set_aside("status_unknown", notes | {"status": str(word)})
    values |= _money(values)
    email, person = buyer(values, notes)
    payment = values.get("payment_type")
    values |= {
        **person,
        "payment_type": PAYMENT_TYPE.get(payment.lower(), payment) if payment else None,
        "payment_link": values.get("billet_url"),
        "subscription_status": subscription_status(
            values.pop("subscription_status", None) or values.get("signature_status")
        ),
        "affiliate": values.get("affiliate") if values.get("affiliate_code") else None,
    }
    values.pop("signature_status", None)
    fact = fact_of(
        kept,
        Kind.PURCHASE,
        f"t:{transaction}",
        EVENT_OF_STATUS.get(status, f"PURCHASE_{status.upper()}"),
        created_at=None,
        occurred_at=values.get("approved_at") if status is Status.APPROVED else None,
        email=email,
        fields=values,
        status=status,
    )
    return Telling([fact], notes=notes)


def _money(values: dict[str, Any]) -> dict[str, Any]:
    """Prices and shares. Only `price` is known to be in `currency`.

    How the other amounts pair with the two currency fields of a foreign sale is not known, so there
    they keep no currency and count nowhere.
    """
    currency, other = values.pop("currency", None), values.pop("currency_from", None)
    sure = currency if other in (None, currency) else None
    role = values.pop("receiver_type", "SELLER").upper()
    own, fee = values.pop("own_share", None), values.pop("fee", None)
    shared, shared_currency = values.pop("affiliate_share", None), values.pop("affiliate_share_currency", None)
    affiliate_share = price(_single(shared), shared_currency or sure)
    return {
        "gross": price(values.pop("price", None), currency),
        "paid": price(values.pop("full_price", None), sure),
        "original_offer_price": price(values.pop("original_price", None), sure),
        "net": affiliate_share if role == "AFFILIATE" else price(own, sure),
        "fee": price(fee, sure),
        "producer_commission": price(own, sure) if role == "SELLER" else None,
        "affiliate_commission": affiliate_share,
        "sold_as": {"SELLER": "producer", "COPRODUCER": "coproducer", "AFFILIATE": "affiliate"}.get(role),
    }


def _single(shares: str | None) -> Decimal | None:
    """The one affiliate share, or None: a list such as `10.00;5.00` does not say whose is whose."""
    if not shares or ";" in shares:
        return None
    text = shares.strip()
    return Decimal(text) if text.replace(".", "", 1).isdigit() else None
