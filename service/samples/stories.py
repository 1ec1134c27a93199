"""Stories of buyers, told as events in the order and at the distances seen in live traffic (section 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count as counting
from typing import Unpack

from service.samples import an_event
from service.samples.cast import (
    ABROAD,
    AUDIO,
    CLUB,
    COURSE,
    COURSE_ABROAD,
    MENTORING,
    SHIRT,
    WORKBOOK,
    someone,
)
from service.samples.sale import BOLETO, CARD, PIX, Event, Told, digits_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Story = list[Event]
Teller = Callable[[str, datetime], Story]
"""What happens to the buyer with this e-mail from this moment on."""


class Tale:
    """Events about one payment: what was said once holds for all of them."""

    def __init__(self, start: datetime, **told: Unpack[Told]) -> None:
        self.start = start
        self.told = told
        self.told.setdefault("ordered_at", start.replace(microsecond=0))

    def tell(self, event: str, after: timedelta, **more: Unpack[Told]) -> Event:
        """The event that Hotmart made so long after the start."""
        told: Told = {**self.told, **more}
        told["at"] = self.start + after
        return an_event(event, **told)


def paid_by_pix(email: str, at: datetime) -> Story:
    """A Pix was made and paid a minute later; the guarantee went by."""
    tale = Tale(at, email=email, product=COURSE, payment=PIX, src="ig_bio", sck="Meta-Ads|Instagram_Reels|VIDEO_02")
    return [
        tale.tell("PURCHASE_BILLET_PRINTED", timedelta(seconds=6)),
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=74)),
        tale.tell("CLUB_FIRST_ACCESS", HOUR),
        tale.tell("CLUB_MODULE_COMPLETED", 3 * DAY),
        tale.tell("PURCHASE_COMPLETE", 8 * DAY),
    ]


def paid_by_card(email: str, at: datetime) -> Story:
    """Twelve instalments on a card, with a coupon."""
    tale = Tale(at, email=email, product=MENTORING, payment=CARD, installments=12, coupon="JULHO10")
    return [
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=6)),
        tale.tell("PURCHASE_COMPLETE", 8 * DAY),
    ]


def with_bumps(email: str, at: datetime) -> Story:
    """One checkout with two order bumps: sibling transactions C1, C2 and C3."""
    code = f"HP{digits_of(f'{email}|{at.isoformat()}') % 10**10:010d}"
    return [
        Tale(at, email=email, product=product, payment=PIX, transaction=f"{code}C{place}", parent=f"{code}C1").tell(
            "PURCHASE_APPROVED", timedelta(seconds=74 + place)
        )
        for place, product in enumerate((COURSE, WORKBOOK, AUDIO), 1)
    ]


def refused_then_paid(email: str, at: datetime) -> Story:
    """Two refused tries, each a transaction of its own, then a Pix."""
    first = Tale(at, email=email, product=COURSE, seed=1, refusal="Saldo insuficiente para o cartão informado.")
    second = Tale(at + timedelta(minutes=2), email=email, product=COURSE, seed=2)
    third = Tale(at + timedelta(minutes=9), email=email, product=COURSE, payment=PIX, seed=3)
    return [
        first.tell("PURCHASE_CANCELED", timedelta(seconds=8)),
        second.tell("PURCHASE_CANCELED", timedelta(seconds=8)),
        third.tell("PURCHASE_BILLET_PRINTED", timedelta(seconds=6)),
        third.tell("PURCHASE_APPROVED", timedelta(seconds=74)),
    ]


def boleto_expired(email: str, at: datetime) -> Story:
    """An abandoned cart, then a boleto that nobody paid: a sale that can still be won."""
    tale = Tale(at + HOUR, email=email, product=COURSE, payment=BOLETO)
    return [
        an_event("PURCHASE_OUT_OF_SHOPPING_CART", email=email, product=COURSE, at=at),
        tale.tell("PURCHASE_BILLET_PRINTED", timedelta(seconds=6)),
        tale.tell("PURCHASE_EXPIRED", 3 * DAY),
    ]


def cart_recovered(email: str, at: datetime) -> Story:
    """A cart left twice in a day, then bought."""
    tale = Tale(at + 5 * HOUR, email=email, product=COURSE, payment=PIX)
    return [
        an_event("PURCHASE_OUT_OF_SHOPPING_CART", email=email, product=COURSE, at=at),
        an_event("PURCHASE_OUT_OF_SHOPPING_CART", email=email, product=COURSE, at=at + HOUR),
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=74)),
    ]


def renewed(email: str, at: datetime) -> Story:
    """A subscription: two charges, a third one that failed twice and was then paid."""
    charges = [_charge(email, at, number) for number in (1, 2, 3)]
    return [
        charges[0].tell("PURCHASE_APPROVED", timedelta(seconds=6)),
        charges[0].tell("CLUB_FIRST_ACCESS", HOUR),
        charges[1].tell("PURCHASE_APPROVED", timedelta(seconds=98)),
        charges[2].tell("PURCHASE_DELAYED", timedelta(seconds=98)),
        charges[2].tell("PURCHASE_DELAYED", 3 * HOUR),
        charges[2].tell("PURCHASE_APPROVED", DAY, approved_at=at + 61 * DAY),
    ]


def left_the_club(email: str, at: datetime) -> Story:
    """A subscriber who moved the charge day, switched the plan and canceled."""
    tale = _charge(email, at, 1)
    return [
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=6)),
        tale.tell("UPDATE_SUBSCRIPTION_CHARGE_DATE", 2 * DAY),
        tale.tell("SWITCH_PLAN", 5 * DAY),
        tale.tell("SUBSCRIPTION_CANCELLATION", 9 * DAY),
    ]


def _charge(email: str, at: datetime, number: int) -> Tale:
    """One charge of the club: a transaction of its own, the same subscriber."""
    code = f"HP{digits_of(f'{email}|{number}') % 10**10:010d}"
    start = at + (number - 1) * 30 * DAY
    return Tale(start, email=email, product=CLUB, recurrence=number, transaction=code)


def refunded(email: str, at: datetime) -> Story:
    """The buyer asked for the money back and got it."""
    tale = Tale(at, email=email, product=COURSE)
    return [
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=6)),
        tale.tell("PURCHASE_PROTEST", 4 * DAY),
        tale.tell("PURCHASE_REFUNDED", 6 * DAY),
    ]


def charged_back(email: str, at: datetime) -> Story:
    """The bank took the money back after a month."""
    tale = Tale(at, email=email, product=COURSE, installments=4)
    return [
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=6)),
        tale.tell("PURCHASE_COMPLETE", 8 * DAY),
        tale.tell("PURCHASE_CHARGEBACK", 32 * DAY),
    ]


def shipped(email: str, at: datetime) -> Story:
    """A shirt, sold by an affiliate and sent."""
    tale = Tale(at, email=email, product=SHIRT, affiliate="Afiliada Exemplo")
    return [
        tale.tell("PURCHASE_APPROVED", timedelta(seconds=6)),
        tale.tell("ORDER_FULFILLMENT", timedelta(minutes=10)),
    ]


def bought_abroad(email: str, at: datetime) -> Story:
    """A sale in dollars to the buyer from abroad."""
    return [Tale(at, email=email, product=COURSE_ABROAD).tell("PURCHASE_APPROVED", timedelta(seconds=6))]


def waiting(email: str, at: datetime) -> Story:
    """A Pix that is still to be paid."""
    return [Tale(at, email=email, product=COURSE, payment=PIX).tell("PURCHASE_BILLET_PRINTED", timedelta(seconds=6))]


CAST: tuple[tuple[str, int, Teller], ...] = (
    ("ana.lima@example.com", 40, paid_by_pix),
    ("bruno.modelo@example.com", 33, paid_by_card),
    ("carla.exemplo@example.com", 20, refused_then_paid),
    ("davi.souza@example.com", 12, boleto_expired),
    ("elisa.prado@example.com", 75, renewed),
    ("fabio.teste@example.com", 25, refunded),
    ("gina.nunes@example.com", 45, charged_back),
    ("hugo.rocha@example.com", 6, cart_recovered),
    ("iris.amaral@example.com", 18, left_the_club),
    ("joao.dias@example.com", 9, with_bumps),
    ("karen.vieira@example.com", 5, shipped),
    (ABROAD.email, 14, bought_abroad),
    ("lucas.campos@example.com", 0, waiting),
)
"""Who plays in the demo: e-mail, days before today, story."""


def the_cast(now: datetime) -> list[Event]:
    """The demo's events up to now, in the order of their times; the same ones all day long (UTC)."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = [event for email, days, tell in CAST for event in tell(email, midnight - days * DAY - HOUR)]
    return sorted((event for event in told if created_at(event) <= now.timestamp() * 1000), key=created_at)


def created_at(event: Event) -> int:
    """When Hotmart made the event, in epoch milliseconds, whichever way it is spelled."""
    created: int = event.get("creation_date") or event["creationDate"]
    return created


USUAL: tuple[Teller, ...] = (
    paid_by_pix,
    paid_by_card,
    refused_then_paid,
    paid_by_pix,
    with_bumps,
    renewed,
    boleto_expired,
    refunded,
    paid_by_pix,
    cart_recovered,
    charged_back,
    left_the_club,
    waiting,
)
"""The mixture of `traffic`."""


def traffic(start: datetime, *, every: timedelta = timedelta(minutes=7), seed: int = 0) -> Iterator[Event]:
    """Events of ever new buyers without end, in the order of their times; a new story begins `every` so often.

    Example: `list(islice(traffic(start), 2000))`.
    """
    open_events: list[tuple[int, str, Event]] = []
    for number in counting():
        begins = start + number * every
        while open_events and open_events[0][0] < begins.timestamp() * 1000:
            yield heappop(open_events)[2]
        for event in USUAL[number % len(USUAL)](someone(seed + number).email, begins):
            heappush(open_events, (created_at(event), event["id"], event))
