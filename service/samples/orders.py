"""The order shape: every `PURCHASE_*` event except the abandoned cart (webhook reference, section 6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from service.samples.cast import Person
from service.samples.sale import BOLETO, PIX, Event, Sale, digits_of, millis, number

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


def order(sale: Sale) -> Event:
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
    paid = with_interest(sale.price, told.get("installments", 1))
    recurrence = told.get("recurrence", 1)
    purchase: Event = {"original_offer_price": _money(sale.price, sale.currency)}
    if product.plan:
        purchase |= {"recurrence_number": recurrence, "subscription_anticipation_purchase": False}
    purchase["checkout_country"] = country_of(sale.buyer)
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
        "price": _money(sale.price, sale.currency),
        "payment": _payment(sale),
        "full_price": _money(paid, sale.currency),
        "business_model": "I",
        "invoice_by": "HOTMART",
        "transaction": sale.transaction,
        "status": STATUS_OF_EVENT[event],
    }


def _money(value: Decimal, currency: str) -> Event:
    return {"currency_value": currency, "value": number(value)}


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


def country_of(buyer: Person) -> Event:
    """The checkout's country, in the words of a Brazilian checkout."""
    return {"iso": "BR", "name": "Brasil"} if buyer.country == "BR" else {"iso": "US", "name": "Estados Unidos"}


def _buyer(buyer: Person) -> Event:
    """A Brazilian buyer in full; one from abroad has no area code and no document."""
    country = country_of(buyer)
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
