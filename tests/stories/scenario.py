"""A made-up school told as plain rows: 12 buyers, 3 currencies, every status. What panels show is reckoned from these.

Times are the school's, in São Paulo; some lie within an hour of midnight. `at("03-14 00:30")` is 03:30 in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from service.samples.cast import AUDIO, CLUB, COURSE, COURSE_ABROAD, MENTORING, WORKBOOK, Product
from service.samples.sale import BOLETO, CARD, PIX

BEHIND_UTC = timedelta(hours=3)
TOLD_AFTER = timedelta(seconds=30)
"""How long after it happened Hotmart made the event."""
TODAY = date(2026, 3, 20)
PROMO = COURSE._replace(offer="promo197", price=Decimal(197))
WEEKLY = CLUB._replace(id=4100011, name="Clube da Semana", price=Decimal("19.90"), offer="s3m4n4", plan="Plano Semanal")
LIBRARY = CLUB._replace(
    id=4100012, name="Biblioteca Aberta", price=Decimal(120), currency="EUR", offer="b1b2l3", plan="Plano Anual"
)
LISBON = COURSE._replace(id=4100013, name="Curso de Lisboa", price=Decimal(80), currency="EUR", offer="l1sb0a")


def at(written: str) -> datetime:
    """A moment of 2026 in São Paulo, such as `03-14 00:30`."""
    return datetime.strptime(f"2026-{written}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC) + BEHIND_UTC


class Deal(NamedTuple):
    """One purchase: what was told of it, and what a person who read it all would say became of it.

    `told` are (event, when) of postbacks; `in_file` is its label in the spreadsheet. `failed_as` is the kind of attempt
    it was, if it was none that succeeded at once. `given_back` are steps after the sale that stand today.
    """

    code: str
    buyer: str
    product: Product
    status: str
    ordered: str
    approved: str = ""
    told: tuple[tuple[str, str], ...] = ()
    in_file: str = ""
    failed_as: str = ""
    reason: str = ""
    refusal: str = ""
    given_back: tuple[tuple[str, str], ...] = ()
    value: str = "as the product"
    currency: str = "as the product"
    net: tuple[str, str] | None = None
    payment: str = CARD
    guarantee: str = ""
    parent: str = ""
    src: str = ""
    sck: str = ""
    coupon: str = ""
    affiliate: str = ""
    affiliate_share: str = ""
    coproducer_share: str = ""
    subscriber: str = ""
    charge: int = 0
    next_charge: str = ""
    standing: str = "ACTIVE"

    @property
    def gross(self) -> Decimal | None:
        """What it was sold for; None where nobody said."""
        written = str(self.product.price) if self.value == "as the product" else self.value
        return Decimal(written) if written else None

    @property
    def stated_currency(self) -> str:
        """The currency of its price, '' where nobody said."""
        return self.product.currency if self.currency == "as the product" else self.currency


class Cart(NamedTuple):
    """An abandoned cart."""

    buyer: str
    product: Product
    when: str
    priced: bool = False
    """Whether the same buyer tried the same offer, so that its price is known."""


class Visit(NamedTuple):
    """Somebody entered a members area, or completed a module of it."""

    buyer: str
    product: Product
    when: str
    module: str = ""


class Ending(NamedTuple):
    """A subscription that was canceled."""

    subscriber: str
    buyer: str
    product: Product
    when: str


def _net(written: str, product: Product) -> tuple[str, str] | None:
    value, _, currency = written.partition(" ")
    return (value, currency or product.currency) if value else None


def _sale(code: str, buyer: str, product: Product, when: str, net: str = "", **more: object) -> Deal:
    """A card sale that was approved at once and stands; net in the currency of its price unless told otherwise."""
    said: dict[str, object] = {
        "status": "approved",
        "ordered": when,
        "approved": when,
        "told": (("PURCHASE_APPROVED", when),),
        "net": _net(net, product),
    }
    return Deal(code, buyer, product, **(said | more))  # type: ignore[arg-type]  # fields of Deal by name


def _declined(code: str, buyer: str, product: Product, when: str, refusal: str, reason: str, **more: object) -> Deal:
    said: dict[str, object] = {
        "told": (("PURCHASE_CANCELED", when),),
        "failed_as": "declined_card",
        "refusal": refusal,
        "reason": reason,
    }
    return Deal(code, buyer, product, "canceled", when, **(said | more))  # type: ignore[arg-type]  # as above


SINGLE = (
    _sale("HPC01", "ana", COURSE, "03-14 00:30", "230.10", status="complete", guarantee="2026-03-21", src="instagram",
          sck="ads|video|a1", told=(("PURCHASE_APPROVED", "03-14 00:31"), ("PURCHASE_COMPLETE", "03-19 10:00"))),
    _sale("HPC02", "bruno", COURSE, "03-13 23:30", "140.00", guarantee="2026-03-20", src="instagram", sck="ads|foto",
          affiliate="Rede Boa", affiliate_share="90.10"),
    _sale("HPC03", "carla", PROMO, "03-16 14:00", "150.00", payment=PIX, coupon="VERAO", guarantee="2026-03-23"),
    _sale("HPC04", "carla", WORKBOOK, "03-16 14:00", "35.00", payment=PIX, parent="HPC03", guarantee="2026-04-15"),
    _declined("HPC05", "davi", COURSE, "03-15 10:00", "Saldo insuficiente", "insufficient_funds"),
    _declined("HPC06", "davi", AUDIO, "03-15 10:00", "Saldo insuficiente", "", parent="HPC05", failed_as=""),
    _declined("HPC07", "davi", COURSE, "03-15 10:04", "Cartão bloqueado", "blocked_card"),
    _sale("HPC08", "davi", PROMO, "03-17 09:00", "150.00", sck="mail", guarantee="2026-03-24"),
    Deal("HPC09", "elisa", COURSE, "expired", "02-26 08:00", payment=BOLETO, failed_as="expired_boleto",
         told=(("PURCHASE_BILLET_PRINTED", "02-26 08:01"), ("PURCHASE_EXPIRED", "03-01 09:00"))),
    _declined("HPC10", "fabio", COURSE_ABROAD, "02-27 18:00", "Card expired", "expired_card"),
    _sale("HPC11", "fabio", COURSE_ABROAD, "03-04 10:00", status="refunded", net="280.40 BRL",
          told=(("PURCHASE_APPROVED", "03-04 10:01"), ("PURCHASE_REFUNDED", "03-18 09:00")),
          given_back=(("refunded", "03-18 09:00"),)),
    _sale("HPC12", "gina", LISBON, "02-10 12:00", "61.00", status="chargeback",
          told=(("PURCHASE_APPROVED", "02-10 12:01"), ("PURCHASE_CHARGEBACK", "03-19 11:00")),
          given_back=(("chargeback", "03-19 11:00"),)),
    _sale("HPC13", "gina", COURSE, "02-28 23:45", "230.10", status="refunded",
          told=(("PURCHASE_APPROVED", "02-28 23:46"), ("PURCHASE_REFUNDED", "03-01 00:15")),
          given_back=(("refunded", "03-01 00:15"),)),
    _sale("HPC14", "hugo", MENTORING, "03-05 20:00", "900.00", status="disputed", coproducer_share="600.00",
          told=(("PURCHASE_APPROVED", "03-05 20:01"), ("PURCHASE_PROTEST", "03-18 08:00")),
          given_back=(("disputed", "03-18 08:00"),)),
    Deal("HPC15", "hugo", COURSE, "waiting_payment", "03-19 21:00", payment=PIX, failed_as="waiting_payment",
         told=(("PURCHASE_BILLET_PRINTED", "03-19 21:01"),)),
    _sale("HPC16", "iris", MENTORING, "03-12 16:00", "1000.00", guarantee="2026-04-11", coproducer_share="500.00",
          affiliate="Mestre Zen", affiliate_share="250.00"),
    _sale("HPC17", "iris", COURSE, "02-18 15:00", "140.00", status="complete", in_file="Completo", src="google",
          affiliate="Rede Boa", affiliate_share="90.10", guarantee="2026-02-25"),
    _sale("HPC18", "", COURSE_ABROAD, "03-17 13:00", net="300.00 BRL", guarantee="2026-03-24", src="google"),
    _sale("HPC19", "hugo", AUDIO, "03-16 07:00", currency="", guarantee="2026-03-19"),
    _sale("HPC20", "gina", AUDIO, "03-10 07:00", value="", currency="", guarantee="2026-03-17"),
    _sale("HPC21", "joao", COURSE, "03-20 11:00", "140.00", affiliate="Mestre Zen", affiliate_share="90.10",
          guarantee="2026-03-27", src="instagram"),
    _sale("HPC22", "karen", LISBON, "02-27 23:10", "62.00", ordered="02-21 09:00", payment=PIX, failed_as="expired_pix",
          told=(("PURCHASE_BILLET_PRINTED", "02-21 09:01"), ("PURCHASE_EXPIRED", "02-23 09:00"),
                ("PURCHASE_APPROVED", "02-27 23:11")), guarantee="2026-03-06"),
    Deal("HPC23", "lucas", COURSE, "canceled", "03-06 19:00", payment="PAYPAL", failed_as="canceled",
         told=(("PURCHASE_CANCELED", "03-06 19:00"),)),
    _sale("HPC24", "ana", COURSE_ABROAD, "03-19 22:00", ordered="", approved="", net="50.00", guarantee="",
          affiliate="Rede Boa", affiliate_share="5.50", sck="ads|video|a2"),
    _declined("HPC25", "bruno", COURSE, "03-19 23:50", "Suspeita de fraude", "suspected_fraud"),
    _sale("HPC26", "elisa", MENTORING, "02-24 09:00", "1500.00", status="chargeback",
          told=(("PURCHASE_APPROVED", "02-24 09:01"), ("PURCHASE_CHARGEBACK", "02-25 23:40")),
          given_back=(("chargeback", "02-25 23:40"),)),
    _sale("HPC27", "bruno", LISBON, "02-12 10:00", "60.00", status="partially_refunded", told=(),
          in_file="Reembolsado parcialmente", given_back=(("partially_refunded", "02-12 10:00"),)),
    Deal("HPC28", "carla", MENTORING, "in_review", "03-17 10:00", in_file="Em análise", failed_as="waiting_payment"),
    Deal("HPC29", "davi", COURSE_ABROAD, "started", "03-08 10:00", in_file="Iniciado", failed_as="waiting_payment"),
    _declined("HPC30", "karen", COURSE, "02-14 10:00", "Limite excedido", "card_limit", told=(), in_file="Cancelado"),
    _sale("HPC31", "fabio", COURSE, "02-05 10:05", "230.10", ordered="02-05 10:00", status="refunded", told=(),
          in_file="Reembolsado", given_back=(("refunded", "02-05 10:00"),)),
    _sale("HPC32", "lucas", LISBON, "03-11 10:00", "60.00", status="complete", guarantee="2026-03-18",
          told=(("PURCHASE_APPROVED", "03-11 10:01"), ("PURCHASE_REFUNDED", "03-12 10:00"),
                ("PURCHASE_COMPLETE", "03-13 10:00"))),
)  # fmt: skip
CHARGES = (
    _sale("HPS01", "iris", CLUB, "01-15 09:00", "40.00", subscriber="SUBIRIS1", charge=1, next_charge="02-15 09:00"),
    _sale("HPS02", "iris", CLUB, "02-15 09:00", "40.00", subscriber="SUBIRIS1", charge=2, next_charge="03-15 09:00"),
    _sale("HPS03", "iris", CLUB, "03-15 00:10", "40.00", subscriber="SUBIRIS1", charge=3, next_charge="04-14 09:00",
          guarantee="2026-03-22"),
    _sale("HPS04", "joao", CLUB, "02-03 09:00", "40.00", subscriber="SUBJOAO1", charge=1, next_charge="03-03 09:00"),
    Deal("HPS05", "joao", CLUB, "overdue", "03-03 09:00", told=(("PURCHASE_DELAYED", "03-03 09:02"),), charge=2,
         failed_as="overdue_renewal", refusal="Transação não autorizada", reason="bank_declined",
         subscriber="SUBJOAO1", standing="DELAYED"),
    _sale("HPS06", "karen", WEEKLY, "03-02 09:00", "15.00", subscriber="SUBKAREN", charge=1, next_charge="03-09 09:00"),
    _sale("HPS07", "karen", WEEKLY, "03-09 09:00", "15.00", subscriber="SUBKAREN", charge=2, next_charge="03-16 09:00"),
    _sale("HPS08", "karen", WEEKLY, "03-16 09:00", "15.00", subscriber="SUBKAREN", charge=3, next_charge="03-23 09:00"),
    _sale("HPS09", "lucas", LIBRARY, "02-20 09:00", "99.00", subscriber="SUBLUCAS", charge=1),
    _sale("HPS10", "lucas", CLUB, "01-20 09:00", "40.00", subscriber="SUBLUCA2", charge=1, next_charge="02-20 09:00"),
    _sale("HPS11", "elisa", CLUB, "01-05 09:00", "40.00", subscriber="SUBELISA", charge=1, next_charge="02-05 09:00"),
    _sale("HPS12", "elisa", CLUB, "02-07 10:00", "40.00", ordered="02-05 09:00", status="refunded", charge=2,
          subscriber="SUBELISA", failed_as="overdue_renewal", refusal="Cartão vencido", reason="expired_card",
          told=(("PURCHASE_DELAYED", "02-05 09:02"), ("PURCHASE_APPROVED", "02-07 10:01"),
                ("PURCHASE_REFUNDED", "03-12 10:00")),
          given_back=(("refunded", "03-12 10:00"),), standing="CANCELLED_BY_CUSTOMER"),
    _sale("HPS13", "ana", WEEKLY, "03-18 09:00", "15.00", subscriber="SUBANA01", charge=1),
)  # fmt: skip
"""Charges of subscriptions. `standing` is what their last event says of the subscription."""
DEALS = SINGLE + CHARGES
CARTS = (
    Cart("elisa", COURSE, "03-02 12:00", priced=True),
    Cart("joao", COURSE, "03-14 23:50"),
    Cart("joao", COURSE, "03-15 00:10"),
    Cart("davi", WORKBOOK, "03-18 12:00"),
    Cart("fabio", LISBON, "02-16 12:00"),
)
VISITS = (
    Visit("ana", COURSE, "03-14 09:00"),
    Visit("ana", COURSE, "03-15 09:00", "Módulo 1"),
    Visit("ana", COURSE, "03-16 09:00", "Módulo 2"),
    Visit("carla", COURSE, "03-17 23:30"),
    Visit("gina", COURSE, "02-28 23:50"),
    Visit("iris", COURSE, "02-19 09:00"),
    Visit("iris", COURSE, "03-01 00:20", "Módulo 1"),
    Visit("iris", CLUB, "01-15 10:00"),
    Visit("gina", LISBON, "02-11 10:00"),
)
ENDINGS = (
    Ending("SUBLUCA2", "lucas", CLUB, "02-25 23:30"),
    Ending("SUBELISA", "elisa", CLUB, "03-10 12:00"),
)
RUNNING = {
    "SUBIRIS1": ("active", "month"),
    "SUBJOAO1": ("overdue", "month"),
    "SUBKAREN": ("active", "week"),
    "SUBLUCAS": ("active", "year"),
    "SUBLUCA2": ("canceled", "month"),
    "SUBELISA": ("canceled", "month"),
    "SUBANA01": ("active", ""),
}
"""Where each subscription stands today, and how often it is charged; '' is not known yet."""
NEXT_YEAR = {"SUBLUCAS": datetime(2027, 2, 20, 12, tzinfo=UTC)}
"""Next charges that are not in 2026."""
