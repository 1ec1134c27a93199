"""Sales recovery: what the unsuccessful attempts of one buyer at one product add up to.

An *attempt* is a purchase that did not become a sale (or did so only after it had failed), or an abandoned
cart. Attempts that lie before the same sale are one *episode*; its last attempt is the opportunity, the earlier
ones are superseded by it. Pure and free of order: see docs/decisions/0016-what-an-opportunity-is.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from service.domain.statuses import STAGE, Status


class Kind(StrEnum):
    """How an attempt did not become a sale."""

    DECLINED_CARD = "declined_card"
    EXPIRED_BOLETO = "expired_boleto"
    EXPIRED_PIX = "expired_pix"
    EXPIRED_OTHER = "expired_other"
    CANCELED = "canceled"
    WAITING_PAYMENT = "waiting_payment"
    ABANDONED_CART = "abandoned_cart"
    OVERDUE_RENEWAL = "overdue_renewal"


class State(StrEnum):
    """What became of an attempt."""

    OPEN = "open"
    RECOVERED = "recovered"
    SUPERSEDED = "superseded"


WON_BACK = "won_back"
"""As a filter: recovered attempts, seen from the attempt and not from the sale that followed."""
CARDS = frozenset({"CREDIT_CARD", "DEBIT_CARD", "HOTCARD", "DIRECT_DEBIT", "GOOGLE_PAY", "SAMSUNG_PAY", "APPLE_PAY"})
EXPIRED_KIND = {"BILLET": Kind.EXPIRED_BOLETO, "FINANCED_BILLET": Kind.EXPIRED_BOLETO, "PIX": Kind.EXPIRED_PIX}
PENDING = frozenset({Status.STARTED, Status.WAITING_PAYMENT, Status.IN_REVIEW})
FAILED = frozenset({Status.CANCELED, Status.EXPIRED, Status.OVERDUE})
UNSOLD = PENDING | FAILED


class Bought(NamedTuple):
    """A purchase as recovery sees it, sold or not; instants aware, the amount canonical text.

    `failed_as` and `failed_at` tell of the first time it failed (canceled, expired, overdue), whatever came after.
    """

    key: str
    status: Status
    product_id: str | None
    product_name: str | None
    offer_code: str | None
    offer_name: str | None
    amount_value: str | None
    amount_currency: str | None
    payment_type: str | None
    payment_link: str | None
    refusal_reason: str | None
    recurrence_number: int | None
    subscriber_code: str | None
    order_group: str
    is_bump: bool
    ordered_at: datetime | None
    approved_at: datetime | None
    due_at: datetime | None
    as_of: datetime
    failed_as: Status | None = None
    failed_at: datetime | None = None

    @property
    def began_at(self) -> datetime:
        """When the buyer tried; a boleto that expires on Friday was an attempt of Monday."""
        return self.ordered_at or self.approved_at or self.as_of

    @property
    def sold_at(self) -> datetime | None:
        """When it became a sale; None when it did not. What came after (refund, chargeback) changes nothing."""
        if STAGE[self.status] < STAGE[Status.APPROVED]:
            return None
        known = [moment for moment in (self.ordered_at, self.approved_at) if moment is not None]
        # A confirmation given as a bare date lies before the order of the same day.
        return max(known) if known else self.as_of

    @property
    def failure(self) -> Status | None:
        """The status in which it was not sold, now or at some time before it was; None when there was no such time."""
        if self.status in UNSOLD:
            return self.status
        sold_at = self.sold_at
        failed_before = self.failed_at is not None and sold_at is not None and self.failed_at <= sold_at
        return self.failed_as if failed_before else None

    @property
    def is_renewal(self) -> bool:
        """Whether it is a later charge of what the buyer has already; an overdue one can be nothing else."""
        return (self.recurrence_number or 0) > 1 or self.failure is Status.OVERDUE


class Cart(NamedTuple):
    """One abandoned cart: of one buyer, one product, one day."""

    key: str
    occurred_at: datetime
    product_id: str | None
    product_name: str | None
    offer_code: str | None


class Attempt(NamedTuple):
    """One unsuccessful attempt. `key` is `t:` and the purchase key, or `c:` and the cart's key."""

    at: datetime
    key: str
    kind: Kind
    source: Bought | Cart
    amount_value: str | None = None
    amount_currency: str | None = None

    @property
    def refusal(self) -> str | None:
        """What the bank said, as it came."""
        return self.source.refusal_reason if isinstance(self.source, Bought) else None


class Sale(NamedTuple):
    """A purchase that was paid."""

    at: datetime
    key: str
    amount_value: str | None
    amount_currency: str | None


class Episode(NamedTuple):
    """Attempts in order, the last of which is the opportunity; `sale` is what recovered them, None while open.

    `by_another` says that the sale closed them without being their recovery: an overdue renewal is over when the
    buyer buys the product anew, but that is a new sale.
    """

    attempts: tuple[Attempt, ...]
    sale: Sale | None
    by_another: bool = False

    @property
    def last(self) -> Attempt:
        """The opportunity."""
        return self.attempts[-1]

    @property
    def state(self) -> State:
        """What became of the opportunity."""
        if self.sale is None:
            return State.OPEN
        return State.SUPERSEDED if self.by_another else State.RECOVERED

    @property
    def time_to_recover(self) -> timedelta | None:
        """From the last attempt to the sale; None while open."""
        return None if self.sale is None else self.sale.at - self.last.at


def product_key(product_id: str | None, name: str | None, offer_code: str | None) -> str | None:
    """What makes two attempts ones at the same product: its id, else its name, else the offer; None when unknown."""
    if product_id:
        return f"p:{product_id}"
    if name and name.strip():
        return f"n:{' '.join(name.casefold().split())}"
    return f"o:{offer_code}" if offer_code else None


def pursue(purchases: Iterable[Bought], carts: Iterable[Cart] = ()) -> tuple[Episode, ...]:
    """The episodes of one buyer and one product, in the order of their last attempts; inputs in any order.

    An attempt is closed by the first sale of the product to that buyer at or after it, or by becoming a sale
    itself after it had failed. A sale that was refunded or charged back later still closed it: the buyer did buy,
    and nobody wants to be asked again to buy what they gave back; the money is lost and told of as a refund. A
    sale closes one episode at most, so recovery counts no buyer twice. An order bump is no attempt of its own (it
    shares the fate of its parent), but it is a sale of its product.

    Renewals are apart: a charge of a subscription that is overdue or failed is recovered by a later charge of the
    same subscription, and no charge after the first counts as recovering anything else.
    """
    bought = list({one.key: one for one in purchases}.values())
    first = [one for one in bought if not one.is_renewal]
    tries = [attempt for one in first if (attempt := _attempt_of(one))]
    sales = _sales(first)
    episodes = _episodes(
        [*tries, *(_attempt_of_cart(cart, tries) for cart in {one.key: one for one in carts}.values())], sales
    )
    later = sorted((one for one in bought if one.is_renewal), key=_subscription)
    for _, charges in groupby(later, key=_subscription):
        episodes += _renewals(list(charges), sales)
    return tuple(sorted(episodes, key=lambda episode: (episode.last.at, episode.last.key)))


def _subscription(one: Bought) -> str:
    return f"s:{one.subscriber_code}" if one.subscriber_code else f"g:{one.order_group}"


def _sales(purchases: Sequence[Bought]) -> list[Sale]:
    return sorted(
        Sale(one.sold_at, one.key, one.amount_value, one.amount_currency)
        for one in purchases
        if one.sold_at is not None
    )


def _attempt_of(one: Bought) -> Attempt | None:
    kind = kind_of(one)
    if kind is None or one.is_bump:
        return None
    return Attempt(one.began_at, f"t:{one.key}", kind, one, one.amount_value, one.amount_currency)


def kind_of(one: Bought) -> Kind | None:
    """How a purchase did not become a sale; None for one that did at once, and for a renewal nobody waits for yet."""
    failure = one.failure
    if failure is None or (one.is_renewal and failure in PENDING):
        return None
    if one.is_renewal:
        return Kind.OVERDUE_RENEWAL
    if failure in PENDING:
        return Kind.WAITING_PAYMENT
    if failure is Status.EXPIRED:
        return EXPIRED_KIND.get(one.payment_type or "", Kind.EXPIRED_OTHER)
    return Kind.DECLINED_CARD if one.payment_type in CARDS or one.refusal_reason else Kind.CANCELED


def _attempt_of_cart(cart: Cart, tries: Iterable[Attempt]) -> Attempt:
    """A cart has no price; where the same buyer tried the same offer, the latest such try tells it."""
    priced = [
        (one.at, one.key, one.amount_value, one.amount_currency)
        for one in tries
        if isinstance(one.source, Bought) and cart.offer_code and one.source.offer_code == cart.offer_code
    ]
    _, _, value, currency = max(priced, default=(None, None, None, None), key=lambda price: price[:2])
    return Attempt(cart.occurred_at, f"c:{cart.key}", Kind.ABANDONED_CART, cart, value, currency)


def _episodes(attempts: Iterable[Attempt], sales: Sequence[Sale]) -> list[Episode]:
    """Attempts in order, cut at the sales that close them."""
    ordered = sorted(attempts, key=lambda one: (one.at, one.key))
    return [
        Episode(tuple(cut), sales[place] if place < len(sales) else None)
        for place, cut in groupby(ordered, key=lambda one: _closing(sales, one))
    ]


def _closing(sales: Sequence[Sale], attempt: Attempt) -> int:
    """The place of the first sale at or after an attempt; sales in order."""
    return bisect_left(sales, attempt.at, key=lambda sale: sale.at)


def _renewals(charges: Sequence[Bought], sales: Sequence[Sale]) -> list[Episode]:
    """Episodes of one subscription's later charges; a new sale of the product ends what no charge recovered."""
    attempts = [attempt for one in charges if (attempt := _attempt_of(one))]
    episodes = _episodes(attempts, _sales(charges))
    anew = [sales[place] for one in episodes if one.sale is None and (place := _closing(sales, one.last)) < len(sales)]
    # Only the last episode can be open.
    return [*episodes[:-1], Episode(episodes[-1].attempts, anew[0], by_another=True)] if anew else episodes
