"""The scenario as Hotmart tells it: postbacks in the shape of live ones, and an export for what only a file says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.samples import an_event
from service.samples.orders import AFTER_APPROVAL
from service.samples.sale import millis
from service.samples.sheets import NONE, a_row, an_export
from tests.living import House
from tests.stories.scenario import CARTS, DEALS, ENDINGS, NEXT_YEAR, TOLD_AFTER, VISITS, Cart, Deal, Ending, Visit, at

EXPORTED_AT = "2026-03-20T23:30:00Z"
DOLLARS_TO_REAIS = 5
Body = dict[str, Any]


def address(buyer: str) -> str:
    """The e-mail of a buyer of the scenario."""
    return f"{buyer}@example.com"


def postbacks() -> list[Body]:
    """Everything that came through the door, in the order it happened."""
    bodies = [_order(deal, event, when) for deal in DEALS for event, when in deal.told]
    bodies += [_cart(cart) for cart in CARTS] + [_visit(visit) for visit in VISITS]
    bodies += [_ending(ending) for ending in ENDINGS]
    return sorted(bodies, key=lambda body: body.get("creation_date") or body["creationDate"])


def file() -> bytes:
    """What the seller exported: sales no postback told of, and one that was told of too."""
    return an_export(_row(deal) for deal in DEALS if deal.in_file)


def tell(house: House, bodies: list[Body], *, file_first: bool = False) -> None:
    """Post these bodies in this order, and import the file before or after them."""
    if file_first:
        house.imports("vendas.csv", file(), exported_at=EXPORTED_AT)
    for body in bodies:
        assert house.posts(body).status_code == 200
    house.drain()
    if not file_first:
        house.imports("vendas.csv", file(), exported_at=EXPORTED_AT)


def _said(deal: Deal) -> Any:
    """What `an_event` and `a_row` take."""
    said: dict[str, Any] = {
        "email": address(deal.buyer or "nobody"),
        "product": deal.product,
        "transaction": deal.code,
        "payment": deal.payment,
        "price": deal.gross or Decimal(0),
    }
    optional = {
        "ordered_at": deal.ordered and at(deal.ordered),
        "approved_at": deal.approved and at(deal.approved),
        "recurrence": deal.charge,
        **{name: getattr(deal, name) for name in ("src", "sck", "coupon", "affiliate", "parent", "refusal")},
    }
    return said | {name: value for name, value in optional.items() if value}


def _order(deal: Deal, event: str, when: str) -> Body:
    body = an_event(event, **_said(deal), at=at(when) + TOLD_AFTER)
    data = body["data"]
    purchase = data["purchase"]
    if not deal.ordered:
        del purchase["order_date"]
        purchase.pop("approved_date", None)
    _tell_money(deal, purchase)
    data["commissions"] = _commissions(deal)
    if event in AFTER_APPROVAL:
        _tell_guarantee(deal, data["product"])
    if deal.failed_as == "canceled":
        del purchase["payment"]["refusal_reason"]
    if not deal.buyer:
        del data["buyer"]["email"]
    if deal.subscriber:
        data["subscription"] |= {"subscriber": {"code": deal.subscriber}, "status": deal.standing}
        _tell_next_charge(deal, purchase)
    return body


def _tell_money(deal: Deal, purchase: Body) -> None:
    for name in ("price", "full_price"):
        if deal.gross is None:
            del purchase[name]
        elif not deal.stated_currency:
            del purchase[name]["currency_value"]


def _tell_guarantee(deal: Deal, product: Body) -> None:
    del product["warranty_date"]
    if deal.guarantee:
        product["warranty_date"] = f"{deal.guarantee}T00:00:00Z"


def _tell_next_charge(deal: Deal, purchase: Body) -> None:
    purchase.pop("date_next_charge", None)
    if deal.next_charge:
        purchase["date_next_charge"] = millis(at(deal.next_charge))
    elif deal.subscriber in NEXT_YEAR:
        purchase["date_next_charge"] = millis(NEXT_YEAR[deal.subscriber])


def _commissions(deal: Deal) -> list[Body]:
    """Shares as Hotmart lists them; the receiver's own is converted where it is paid out in another currency."""
    shares = [
        {"source": source, "value": float(value), "currency_value": deal.product.currency}
        for source, value in (("AFFILIATE", deal.affiliate_share), ("COPRODUCER", deal.coproducer_share))
        if value
    ]
    if deal.net is None:
        return shares
    value, currency = Decimal(deal.net[0]), deal.net[1]
    own: Body = {"source": "PRODUCER", "value": float(value), "currency_value": currency}
    if currency != deal.product.currency:
        own |= {"value": float(value / DOLLARS_TO_REAIS), "currency_value": deal.product.currency}
        own["currency_conversion"] = {"converted_value": float(value), "converted_to_currency": currency}
    return [{"source": "MARKETPLACE", "value": 1, "currency_value": deal.product.currency}, *shares, own]


def _cart(cart: Cart) -> Body:
    return an_event("PURCHASE_OUT_OF_SHOPPING_CART", email=address(cart.buyer), product=cart.product, at=at(cart.when))


def _visit(visit: Visit) -> Body:
    event = "CLUB_MODULE_COMPLETED" if visit.module else "CLUB_FIRST_ACCESS"
    return an_event(
        event, email=address(visit.buyer), product=visit.product, at=at(visit.when), module=visit.module or "none"
    )


def _ending(ending: Ending) -> Body:
    body = an_event(
        "SUBSCRIPTION_CANCELLATION", email=address(ending.buyer), product=ending.product, at=at(ending.when)
    )
    body["data"]["subscriber"]["code"] = ending.subscriber
    body["data"]["cancellation_date"] = millis(at(ending.when))
    return body


def _row(deal: Deal) -> dict[str, str]:
    row = a_row(deal.in_file, **_said(deal))
    row["Comissão do(a) Afiliado(a)"] = deal.affiliate_share or "0.00"
    if deal.net is not None:
        row["Faturamento líquido"] = row["Faturamento líquido do(a) Produtor(a)"] = deal.net[0]
    assert row["Código da transação"] == deal.code
    assert deal.refusal in ("", row["Motivo de Recusa de Cartão"])
    return row | ({} if deal.approved else {"Confirmação do pagamento": NONE})
