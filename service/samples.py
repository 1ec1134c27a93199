"""Made-up Hotmart 2.0.0 events as live traffic writes them: same keys, types, absences and key order.

The shapes follow captured production events (webhook reference, sections 4 to 7 and table 6.10). The same
call always gives the same event. Events about one `email` and `product` (and `seed`) speak of the same
transaction and subscriber, so a story is told by calling `an_event` again with the next event and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypedDict, Unpack
from uuid import UUID

from service.cast import CLUB, COURSE, SHIRT, Person, Product, person_of, someone

Event = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
USUAL_MOMENT = datetime(2026, 7, 2, 12, 15, 4, 331_000, tzinfo=UTC)
CARD, PIX, BOLETO = "CREDIT_CARD", "PIX", "BILLET"

STATUS_OF_EVENT = {
    "PURCHASE_APPROVED": "APPROVED",
    "PURCHASE_COMPLETE": "COMPLETED",
    "PURCHASE_BILLET_PRINTED": "BILLET_PRINTED",
    "PURCHASE_CANCELED": "CANCELED",
    "PURCHASE_DELAYED": "DELAYED",
    "PURCHASE_EXPIRED": "EXPIRED",
    "PURCHASE_PROTEST": "DISPUTE",
    "PURCHASE_REFUNDED": "REFUNDED",
    "PURCHASE_CHARGEBACK": "CHARGEBACK",
}
"""The word each order event carries on the wire; four differ from the documentation's."""

AFTER_APPROVAL = {
    "PURCHASE_APPROVED",
    "PURCHASE_COMPLETE",
    "PURCHASE_PROTEST",
    "PURCHASE_REFUNDED",
    "PURCHASE_CHARGEBACK",
}
"""Events of a payment that was approved once: they carry its date and the end of the guarantee."""

WITHOUT_ORIGIN = {"PURCHASE_PROTEST", "PURCHASE_REFUNDED", "PURCHASE_CHARGEBACK"}
WITHOUT_PIX_CODE = {*WITHOUT_ORIGIN, "PURCHASE_CANCELED"}
CARD_REFUSED = "Transação não autorizada. Tente novamente com outro cartão ou meio de pagamento."

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


def an_event(event: str, **told: Unpack[Told]) -> Event:
    """One event of the catalogue as Hotmart posts it (without the token). Raises KeyError for an unknown event.

    Example: `an_event("PURCHASE_APPROVED", email="ana@example.com", price="97.00", payment=PIX)`.
    """
    write = SHAPES[event]
    sale = _completed(event, told)
    members = write(sale)
    created = "creationDate" if event == "CLUB_FIRST_ACCESS" else "creation_date"
    return {"data": members, "id": _id_of(sale), created: millis(sale.at), "event": event, "version": "2.0.0"}


def _completed(event: str, told: Told) -> Sale:
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


def _id_of(sale: Sale) -> str:
    """The notification's id: another one for every event, moment, payment and buyer."""
    told = f"{sale.event}|{sale.at.isoformat()}|{sale.transaction}|{sale.buyer.email}|{sale.told.get('module')}"
    return str(UUID(bytes=blake2b(told.encode(), digest_size=16).digest(), version=4))


def millis(moment: datetime) -> int:
    """Epoch milliseconds of an aware moment."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def number(amount: Decimal) -> int | float:
    """An amount as Hotmart writes it in JSON: `297`, not `297.0`; never more than cents."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


@lru_cache(maxsize=1024)
def shares_of(price: Decimal, currency: str, affiliate: str) -> tuple[tuple[str, int | float, str], ...]:
    """(source, value, currency) of each commission; together they are the price (webhook reference 11)."""
    fee = _cents(price * Decimal("0.099") + 1) if price >= 20 else _cents(price * Decimal("0.2"))
    shares = [("MARKETPLACE", fee), ("PRODUCER", price - fee)]
    if affiliate:
        share = _cents((price - fee) * Decimal("0.4"))
        shares = [("MARKETPLACE", fee), ("AFFILIATE", share), ("PRODUCER", price - fee - share)]
    return tuple((source, number(value), currency) for source, value in shares)


@lru_cache(maxsize=1024)
def with_interest(price: Decimal, installments: int) -> Decimal:
    """What the buyer pays in all: 12 instalments of 1997 are about 2640."""
    return price if installments == 1 else _cents(price * (1 + Decimal("0.0269") * installments))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _order(sale: Sale) -> Event:
    """`PURCHASE_*` except the abandoned cart."""
    product, buyer = sale.product, sale.buyer
    described: Event = {"support_email": "suporte@example.com", "has_co_production": False, "name": product.name}
    if sale.event in AFTER_APPROVAL:
        ends = sale.approved_at + timedelta(days=product.warranty_days)
        described["warranty_date"] = f"{ends:%Y-%m-%d}T00:00:00Z"
    described |= {"is_physical_product": product.is_physical, "id": product.id, "ucode": product.ucode}
    affiliate = sale.told.get("affiliate", "")
    members: Event = {
        "product": described,
        "commissions": [
            {"currency_value": currency, "source": source, "value": value}
            for source, value, currency in shares_of(sale.price, sale.currency, affiliate)
        ],
        "purchase": _purchase(sale),
        # Without an affiliate the list still has one entry of empty texts.
        "affiliates": [{"affiliate_code": f"A{digits_of(affiliate) % 10**8}" if affiliate else "", "name": affiliate}],
        "producer": {
            "legal_nature": "Pessoa Jurídica",
            "document": "12345678000195",
            "name": "Escola Exemplo Ltda",
        },
    }
    if product.plan:
        members["subscription"] = {
            "subscriber": {"code": sale.subscriber_code},
            "plan": {"name": product.plan, "id": product.id % 10**6},
            "status": "DELAYED" if sale.event == "PURCHASE_DELAYED" else "ACTIVE",
        }
    members["buyer"] = _buyer(buyer)
    return members


def _purchase(sale: Sale) -> Event:
    event, told, product = sale.event, sale.told, sale.product
    price = {"currency_value": sale.currency, "value": number(sale.price)}
    paid = with_interest(sale.price, told.get("installments", 1))
    recurrence = told.get("recurrence", 1)
    purchase: Event = {"original_offer_price": price}
    if product.plan:
        purchase |= {"recurrence_number": recurrence, "subscription_anticipation_purchase": False}
    purchase["checkout_country"] = _country(sale.buyer)
    if event not in WITHOUT_ORIGIN and ("src" in told or "sck" in told):
        purchase["origin"] = {key: told[key] for key in ("src", "sck") if key in told}
    purchase["order_bump"] = {"is_order_bump": "parent" in told}
    if "parent" in told:
        purchase["order_bump"]["parent_purchase_transaction"] = told["parent"]
    if event in AFTER_APPROVAL:
        purchase["approved_date"] = millis(sale.approved_at)
    purchase["offer"] = {"code": product.offer} | ({"coupon_code": told["coupon"]} if "coupon" in told else {})
    purchase |= {"is_funnel": False, "order_date": millis(sale.ordered_at)}
    never_charged = event == "PURCHASE_CANCELED" or (event == "PURCHASE_BILLET_PRINTED" and recurrence == 1)
    if product.plan and not never_charged:
        purchase["date_next_charge"] = _next_charge(sale.ordered_at)
    return purchase | {
        "price": price,
        "payment": _payment(sale),
        "full_price": {"currency_value": sale.currency, "value": number(paid)},
        "business_model": "I",
        "invoice_by": "HOTMART",
        "transaction": sale.transaction,
        "status": STATUS_OF_EVENT[event],
    }


def _next_charge(ordered_at: datetime) -> int:
    return millis((ordered_at + timedelta(days=30)).replace(hour=12, minute=0, second=0, microsecond=0))


def _payment(sale: Sale) -> Event:
    event, told = sale.event, sale.told
    parts = {"installments_number": told.get("installments", 1), "type": sale.payment}
    if event in {"PURCHASE_CANCELED", "PURCHASE_DELAYED"}:
        return {"refusal_reason": told.get("refusal", CARD_REFUSED)} | parts
    if sale.payment == BOLETO:
        barcode = f"{digits_of(sale.transaction) % 10**14:014d}".rjust(47, "0")
        return parts | {"billet_url": f"https://boleto.example.com/{sale.transaction}", "billet_barcode": barcode}
    if sale.payment != PIX or event in WITHOUT_PIX_CODE:
        return parts
    code = f"00020101021226900014br.gov.bcb.pix2568pix.example.com/pixloc/v1/loc/{sale.transaction}6304ABCD"
    return {
        "pix_qrcode": f"https://pix.example.com/qr?url={code.replace('/', '%2F')}",
        "pix_expiration_date": millis(sale.ordered_at + timedelta(days=2)),
        **parts,
        "pix_code": code,
    }


def _country(buyer: Person) -> Event:
    return {"iso": "BR", "name": "Brasil"} if buyer.country == "BR" else {"iso": "US", "name": "Estados Unidos"}


def _buyer(buyer: Person) -> Event:
    """A Brazilian buyer in full; one from abroad has no area code and no document."""
    country = _country(buyer)
    names: Event = {"name": buyer.name, "last_name": buyer.last_name, "checkout_phone": buyer.phone}
    named: Event = {"first_name": buyer.first_name, "email": buyer.email}
    if buyer.country != "BR":
        return {"address": {"country": country["name"], "country_iso": country["iso"]}} | names | named
    return {
        "checkout_phone_code": buyer.phone[:2],
        "address": {
            "zipcode": "01001000",
            "country": "Brasil",
            "number": "100",
            "address": "Rua Exemplo",
            "city": buyer.city,
            "state": buyer.state,
            "neighborhood": "Centro",
            "complement": "",
            "country_iso": "BR",
        },
        "document": buyer.document,
        **names,
        **named,
        "document_type": buyer.document_type,
    }


def _cart(sale: Sale) -> Event:
    return {
        "offer": {"code": sale.product.offer},
        "product": {"name": sale.product.name, "id": sale.product.id},
        "checkout_country": _country(sale.buyer),
        "affiliate": True,  # seen true in every capture of a seller without affiliates: it says nothing
        "buyer": {"phone": sale.buyer.phone, "name": sale.buyer.name, "email": sale.buyer.email},
    }
