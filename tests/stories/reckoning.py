"""What every panel must show of the scenario, reckoned from its plain rows by the words people read on the page.

Nothing here asks the house: no SQL, no panel, no rule of `service.domain`. All of it is meant to be slow and plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from tests.stories.scenario import BEHIND_UTC, CARTS, DEALS, TODAY, TOLD_AFTER, Deal, at

Cell = tuple[Decimal | int | None, Decimal | int | None]
Key = tuple[str | None, str, str, str]
"""(currency of the block, name of the table or chart or "", its line, name of the value)."""
STANDS = ("approved", "complete", "partially_refunded")
SALES = ("sales", "gross")
Options = dict[str, str]
"""What else a reader chose: `attempts`, `by`, `part`."""
ONCE_PAID = (*STANDS, "disputed", "refunded", "chargeback")


class Days(NamedTuple):
    """Days of the school's calendar, both in it."""

    first: date
    last: date

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.first <= day_of(moment) <= self.last


class Asked(NamedTuple):
    """A period, and the one it is compared with."""

    here: Days
    before: Days | None = None

    @property
    def is_all(self) -> bool:
        """Whether it is all time, which nothing is compared with."""
        return self.before is None


class Figures(dict[Key, Cell]):
    """Every number of a panel: (amount, the same before)."""

    def put(self, currency: str | None, values: dict[str, Any], table: str = "", line: str = "") -> None:
        """Keep values; one that is no pair is compared with nothing, and money of no currency is not told."""
        for name, value in values.items():
            if value is not MONEY_OF_NOBODY:
                self[currency, table, line, name] = value if isinstance(value, tuple) else (value, None)

    def bars(self, currency: str | None, name: str, asked: Asked, amounts: Iterable[tuple[datetime, Any]]) -> None:
        """The bars of a chart that are not empty: by day up to 45 days, by week up to 366, else by month."""
        told = [(day_of(moment), amount) for moment, amount in amounts]
        first, last = (_first_day(), TODAY) if asked.is_all else asked.here
        length = (last - first).days + 1
        for day, amount in told:
            monday = day - timedelta(days=day.weekday())
            begins = day if length <= 45 else monday if length <= 366 else day.replace(day=1)
            key = (currency, name, begins.isoformat(), "bar")
            total = self.get(key, (0, None))[0] or 0
            if total + amount:
                self[key] = (total + amount, None)


MONEY_OF_NOBODY = object()


def day_of(moment: datetime) -> date:
    """The day it was in São Paulo."""
    return (moment - BEHIND_UTC).date()


def share(part: int, whole: int) -> Decimal | None:
    """A part of a whole, None of nothing."""
    return Decimal(part) / Decimal(whole) if whole else None


def apart(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Rows by a key."""
    parted: dict[Any, list[Any]] = {}
    for row in rows:
        parted.setdefault(key(row), []).append(row)
    return parted


def counts_at(deal: Deal) -> datetime:
    """When it was approved; where nobody tells, when it was ordered, else when it was told of."""
    if deal.approved or deal.ordered:
        return at(deal.approved or deal.ordered)
    return at(deal.told[0][1]) + TOLD_AFTER


def currency_of(deal: Deal) -> str:
    """The currency its gross counts in, '' where it cannot."""
    return deal.stated_currency if deal.gross is not None else ""


def product_line(deal: Any) -> str:
    """How the line of a product is known."""
    return f"{deal.product.id} {deal.product.name}"


def gross_of(deals: Iterable[Deal]) -> Decimal:
    """The prices of deals of one currency."""
    return sum((deal.gross or Decimal(0) for deal in deals), Decimal(0))


def pair(names: tuple[str, str], deals: Sequence[Deal], before: Sequence[Deal] | None, currency: str) -> dict[str, Any]:
    """How many, and how much of it where the currency is known; with the same of the period before."""
    counted = (len(deals), None if before is None else len(before))
    money = (gross_of(deals), None if before is None else gross_of(before))
    return {names[0]: counted, names[1]: money if currency else MONEY_OF_NOBODY}


def standing(days: Days | None) -> list[Deal]:
    """Sales that stand, counted in these days."""
    return [deal for deal in DEALS if deal.status in STANDS and days is not None and counts_at(deal) in days]


def in_currency(deals: Iterable[Deal], currency: str) -> list[Deal]:
    """Those whose gross is in this currency."""
    return [deal for deal in deals if currency_of(deal) == currency]


class Try(NamedTuple):
    """An attempt to buy that did not succeed at once; `sale` is the buyer's first one of the product after it."""

    when: datetime
    buyer: str
    product: Any
    kind: str
    reason: str
    amount: Decimal | None
    currency: str
    sale: Deal | None
    is_last: bool = True
    """Whether no later attempt lies before the same sale."""

    @property
    def won(self) -> bool:
        """Whether it stands for an attempt that ended in a sale."""
        return self.is_last and self.sale is not None

    @property
    def open(self) -> bool:
        """Whether it could still be won."""
        return self.is_last and self.sale is None


def sold_at(deal: Deal) -> datetime:
    """When it became a sale."""
    return max(at(deal.ordered), at(deal.approved))


def _first_sale(deals: Iterable[Deal], when: datetime) -> Deal | None:
    later = [deal for deal in deals if deal.status in ONCE_PAID and deal.ordered and sold_at(deal) >= when]
    return min(later, key=sold_at, default=None)


def _rivals(tried: Deal) -> list[Deal]:
    """What may recover an attempt: a new sale of the product; of an overdue charge only one of its subscription."""
    if tried.charge > 1:
        return [deal for deal in DEALS if deal.subscriber == tried.subscriber and deal.charge > 1]
    return _new_sales(tried.buyer, tried.product)


def _new_sales(buyer: str, product: Any) -> list[Deal]:
    return [deal for deal in DEALS if (deal.buyer, deal.product.id) == (buyer, product.id) and deal.charge < 2]


def tries() -> list[Try]:
    """All attempts of the scenario, carts among them."""
    found = [
        Try(at(deal.ordered), deal.buyer, deal.product, deal.failed_as, deal.reason, deal.gross, currency_of(deal),
            _first_sale(_rivals(deal), at(deal.ordered)))
        for deal in DEALS if deal.failed_as
    ]  # fmt: skip
    for cart in CARTS:
        amount, currency = (cart.product.price, cart.product.currency) if cart.priced else (None, "")
        sale = _first_sale(_new_sales(cart.buyer, cart.product), at(cart.when))
        found.append(Try(at(cart.when), cart.buyer, cart.product, "abandoned_cart", "", amount, currency, sale))
    return [one._replace(is_last=not any(_comes_after(one, other) for other in found)) for one in found]


def _comes_after(one: Try, other: Try) -> bool:
    """Whether another attempt of the same buyer at the same product follows before the same sale."""
    episode, another = ((it.buyer, it.product.id, it.kind == "overdue_renewal", it.sale) for it in (one, other))
    return episode == another and other.when > one.when


def _first_day() -> date:
    """When anything was sold or tried for the first time."""
    return min(day_of(moment) for moment in [*map(counts_at, DEALS), *(one.when for one in tries())])


def tried_in(days: Days | None) -> list[Try]:
    """Attempts of these days."""
    return [one for one in tries() if days is not None and one.when in days]
