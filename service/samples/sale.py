"""What a sample event tells: everything that was said, and the rest filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

from service.samples.cast import CLUB, COURSE, SHIRT, Person, Product, person_of, someone

Event = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
USUAL_MOMENT = datetime(2026, 7, 2, 12, 15, 4, 331_000, tzinfo=UTC)
CARD, PIX, BOLETO = "CREDIT_CARD", "PIX", "BILLET"

SINCE_ORDER = {
    "PURCHASE_APPROVED": timedelta(seconds=6),
    "PURCHASE_COMPLETE": timedelta(days=8),
    "PURCHASE_BILLET_PRINTED": timedelta(seconds=6),
    "PURCHASE_CANCELED": timedelta(seconds=8),
    "PURCHASE_DELAYED": timedelta(seconds=98),
    "PURCHASE_EXPIRED": timedelta(days=3),
    "PURCHASE_PROTEST": timedelta(days=5),
    "PURCHASE_REFUNDED": timedelta(days=6),
    "PURCHASE_CHARGEBACK": timedelta(days=32),
    "ORDER_FULFILLMENT": timedelta(minutes=10),
}
"""How long after the order Hotmart made the event, as seen in captures."""


class Told(TypedDict, total=False):
    """What may be said about an event; everything unsaid is filled in.

    `at` is when Hotmart made the event, `ordered_at` and `approved_at` when the buyer did; all aware.
    `price` is in units of `currency`. `recurrence` counts the charges of a subscription. `parent` is the
    transaction of the main product (its own one on the main product of an order with bumps).
    """

    email: str
    at: datetime
    transaction: str
    product: Product
    price: Decimal | int | str
    currency: str
    payment: str
    installments: int
    recurrence: int
    parent: str
    refusal: str
    coupon: str
    affiliate: str
    src: str
    sck: str
    ordered_at: datetime
    approved_at: datetime
    module: str
    seed: int


class Sale(NamedTuple):
    """One event with nothing left unsaid."""

    event: str
    at: datetime
    ordered_at: datetime
    approved_at: datetime
    buyer: Person
    product: Product
    price: Decimal
    currency: str
    payment: str
    transaction: str
    subscriber_code: str
    told: Told


def completed(event: str, told: Told) -> Sale:
    """The sale behind an event, with everything unsaid filled in."""
    seed, at = told.get("seed", 0), told.get("at", USUAL_MOMENT)
    buyer = person_of(told["email"]) if "email" in told else someone(seed)
    product = told.get("product") or _usual_product(event)
    payment = told.get("payment") or (PIX if event in {"PURCHASE_BILLET_PRINTED", "PURCHASE_EXPIRED"} else CARD)
    ordered_at = told.get("ordered_at") or _ordered_at(event, payment, at)
    code = digits_of(f"{seed}|{buyer.email}|{product.id}")
    return Sale(
        event,
        at,
        ordered_at,
        told.get("approved_at") or ordered_at + timedelta(seconds=1 if payment == CARD else 68),
        buyer,
        product,
        Decimal(told.get("price", product.price)),
        told.get("currency", product.currency),
        payment,
        told.get("transaction") or f"HP{code % 10**13:013d}",
        subscriber_code(code),
        told,
    )


def _usual_product(event: str) -> Product:
    if event == "ORDER_FULFILLMENT":
        return SHIRT
    return CLUB if "SUBSCRIPTION" in event or event in {"SWITCH_PLAN", "PURCHASE_DELAYED"} else COURSE


def _ordered_at(event: str, payment: str, at: datetime) -> datetime:
    waited = SINCE_ORDER.get(event, timedelta(0))
    if event == "PURCHASE_APPROVED" and payment == PIX:
        waited = timedelta(seconds=74)
    elif event == "PURCHASE_APPROVED" and payment == BOLETO:
        waited = timedelta(days=1)
    return (at - waited).replace(microsecond=0)


def digits_of(text: str) -> int:
    """A large number that belongs to this text, always the same."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def subscriber_code(number: int) -> str:
    """Eight capital letters and digits, as Hotmart names a subscriber."""
    return "".join(ALPHABET[number >> shift & 31] for shift in range(0, 40, 5))


def id_of(sale: Sale) -> str:
    """The notification's id: another one for every event, moment, payment and buyer."""
    told = f"{sale.event}|{sale.at.isoformat()}|{sale.transaction}|{sale.buyer.email}|{sale.told.get('module')}"
    return str(UUID(bytes=blake2b(told.encode(), digest_size=16).digest(), version=4))


def millis(moment: datetime) -> int:
    """Epoch milliseconds of an aware moment."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def number(amount: Decimal) -> int | float:
    """An amount as Hotmart writes it in JSON: `297`, not `297.0`; never more than cents."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
