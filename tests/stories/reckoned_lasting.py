"""What comes back and what is given back: as these panels must be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.stories.reckoning import (
    ONCE_PAID,
    STANDS,
    Asked,
    Days,
    Figures,
    Options,
    apart,
    counts_at,
    currency_of,
    day_of,
    in_currency,
    pair,
    product_line,
    share,
    standing,
    tried_in,
)
from tests.stories.scenario import DEALS, ENDINGS, RUNNING, TOLD_AFTER, VISITS, Deal, at

LINE = Decimal("0.01")
LOST = ("refunded", "chargeback", "canceled", "expired", "overdue")


def renewals(asked: Asked, options: Options) -> Figures:
    """Charges of subscriptions by number: those that stand, later ones of them, lost ones, overdue ones."""
    figures = Figures()
    charges = [deal for deal in DEALS if deal.subscriber and counts_at(deal) in asked.here]
    overdue = [one for one in tried_in(asked.here) if one.kind == "overdue_renewal"]
    for currency in {currency_of(deal) for deal in charges} | {one.currency for one in overdue}:
        mine = in_currency(charges, currency)
        paid = [deal for deal in mine if deal.status in STANDS]
        late = [one for one in overdue if one.currency == currency]
        figures.put(currency, pair(("charges", "charged"), paid, None, currency))
        figures.put(currency, pair(("renewals", "renewed"), [one for one in paid if one.charge > 1], None, currency))
        figures.put(currency, {"overdue_open": len([one for one in late if one.open])})
        figures.put(currency, {"overdue_recovered": len([one for one in late if one.won])})
        for number, some in apart(mine, lambda deal: deal.charge).items():
            stand = [deal for deal in some if deal.status in STANDS]
            values = pair(("charges", "charged"), stand, None, currency)
            values["lost"] = len([deal for deal in some if deal.status in LOST])
            figures.put(currency, values, "charges", str(number))
    return figures


def refunds(asked: Asked, options: Options) -> Figures:
    """Refunds asked for and not decided, whenever; refunds of the period, by product and whole days since the sale."""
    figures, names = Figures(), ("refunds", "refunded_amount")
    back, partly = _given_back("refunded", asked.here), _given_back("partially_refunded", asked.here)
    before = None if asked.is_all else [deal for _, deal in _given_back("refunded", asked.before)]
    requests = [deal for deal in DEALS if deal.status == "disputed"]
    for currency in {currency_of(deal) for deal in [*requests, *(deal for _, deal in [*back, *partly])]}:
        mine = [(when, deal) for when, deal in back if currency_of(deal) == currency]
        figures.put(currency, pair(("requests", "requested_amount"), in_currency(requests, currency), None, currency))
        earlier = None if before is None else in_currency(before, currency)
        figures.put(currency, pair(names, [deal for _, deal in mine], earlier, currency))
        figures.put(currency, {"partial_refunds": len(in_currency((deal for _, deal in partly), currency))})
        figures.bars(currency, "refunds_by_day", asked, [(when, 1) for when, _ in mine])
        for table, line_of in (("products", lambda one: product_line(one[1])), ("ages", _age)):
            for line, some in apart(mine, line_of).items():
                figures.put(currency, pair(names, [deal for _, deal in some], None, currency), table, line)
    return figures


def _given_back(kind: str, days: Days | None) -> list[tuple[Any, Deal]]:
    """(when, deal) of those given back in these days, that still are today. A file tells the day of the order."""
    return [
        (at(when) + (TOLD_AFTER if deal.told else timedelta(0)), deal)
        for deal in DEALS
        for what, when in deal.given_back
        if what == kind and days is not None and at(when) in days
    ]


def _age(back: tuple[Any, Deal]) -> str:
    days = (back[0] - counts_at(back[1])).days
    return "" if days < 0 else next((str(end) for end in (1, 7, 14, 30) if days <= end), "later")


def chargebacks(asked: Asked, options: Options) -> Figures:
    """Chargebacks of the period, as a share of everything that was paid in it, whatever became of it."""
    figures, back = Figures(), _given_back("chargeback", asked.here)
    paid = [deal for deal in DEALS if deal.status in ONCE_PAID and counts_at(deal) in asked.here]
    if not back and not paid:
        return figures
    before = None if asked.is_all else len(_given_back("chargeback", asked.before))
    rate = share(len(back), len(paid))
    figures.put(None, {"chargebacks": (len(back), before), "chargeback_rate": rate, "paid_purchases": len(paid)})
    figures.put(None, {"chargeback_line": LINE})
    sold_of = apart(paid, product_line)
    for line, some in apart(back, lambda one: product_line(one[1])).items():
        values = {"chargebacks": len(some), "chargeback_rate": share(len(some), len(sold_of.get(line, ())))}
        figures.put(None, values, "products", line)
    _months(figures, [when for when, _ in back], [counts_at(deal) for deal in paid])
    for currency, mine in apart((deal for _, deal in back), currency_of).items():
        figures.put(currency, pair(("chargebacks", "charged_back"), mine, None, currency))
    return figures


def _months(figures: Figures, back: list[Any], paid: list[Any]) -> None:
    back_in, paid_in = apart(back, _month), apart(paid, _month)
    for month in {*back_in, *paid_in}:
        many, of = len(back_in.get(month, ())), len(paid_in.get(month, ()))
        values = {"chargebacks": many, "paid_purchases": of, "chargeback_rate": share(many, of)}
        figures.put(None, values, "months", month)
        if many and of:
            figures.put(None, {"bar": share(many, of)}, "chargeback_rate_by_month", month)


def _month(moment: Any) -> str:
    return day_of(moment).replace(day=1).isoformat()


class _Subscription:
    """One subscription, from its charges and its end."""

    def __init__(self, code: str) -> None:
        charges = [deal for deal in DEALS if deal.subscriber == code]
        ends = [at(ending.when) for ending in ENDINGS if ending.subscriber == code]
        stand = [deal for deal in charges if deal.status in STANDS]
        self.state, self.every = RUNNING[code]
        self.plan = charges[0].product.plan or ""
        self.began, self.ended = min(at(deal.ordered) for deal in charges), ends[0] if ends else None
        self.last = max(stand, key=counts_at)

    def monthly(self) -> Decimal | None:
        """Its last charge, by the month; None where nobody knows how often it is charged."""
        gross = self.last.gross or Decimal(0)
        worth = {"month": gross, "week": gross * 52 / 12, "year": gross / 12}.get(self.every)
        return None if worth is None else worth.quantize(Decimal("0.01"))

    @property
    def life(self) -> str:
        """Whole months it ran, as spans: a month is the twelfth of a year of 365 and a quarter days."""
        if self.ended is None or self.ended < self.began:
            return ""
        months = (self.ended - self.began) / timedelta(days=365.25 / 12)
        return next((str(end) for end in (1, 3, 6, 12) if months < end + 1), "later")


def subscriptions(asked: Asked, options: Options) -> Figures:
    """Who pays today and what it brings a month; who began and ended in the period."""
    figures, every = Figures(), [_Subscription(code) for code in RUNNING]
    active = [one for one in every if one.state == "active"]
    went = [one for one in every if one.ended and one.ended in asked.here]
    early = Days(date.min, asked.here.first - timedelta(days=1))
    running = len([one for one in every if one.began in early and not (one.ended and one.ended in early)])
    was = None if asked.before is None else asked.before
    new, new_before = (len([one for one in every if one.began in days]) for days in (asked.here, was or early))
    gone_before = len([one for one in every if one.ended and one.ended in (was or early)])
    figures.put(None, {
        "active_subscriptions": len(active),
        "overdue_subscriptions": len([one for one in every if one.state == "overdue"]),
        "new_subscriptions": (new, new_before if was else None),
        "canceled_subscriptions": (len(went), gone_before if was else None),
        "churn": share(len(went), running),
        "running_before": running,
        "period_unknown": len([one for one in active if one.monthly() is None]),
    })  # fmt: skip
    figures.bars(None, "canceled_by_day", asked, [(one.ended, 1) for one in went if one.ended])
    for plan in {one.plan for one in [*active, *went]}:
        runs, left = (len([one for one in some if one.plan == plan]) for some in (active, went))
        figures.put(None, {"active_subscriptions": runs, "canceled_subscriptions": left}, "plans", plan)
    for life, some in apart(went, lambda one: one.life).items():
        figures.put(None, {"canceled_subscriptions": len(some)}, "lives", life)
    for currency, some in apart([one for one in active if one.monthly()], lambda one: currency_of(one.last)).items():
        worth = sum((one.monthly() for one in some), Decimal(0))
        figures.put(currency, {"mrr": worth, "mrr_subscriptions": len(some)})
    return figures


def members(asked: Asked, options: Options) -> Figures:
    """First accesses and modules; first charges that stand of buyers who never entered, of products that report."""
    figures = Figures()
    entered = {(visit.buyer, visit.product.id) for visit in VISITS if not visit.module}
    lines = {visit.product.id: product_line(visit) for visit in VISITS if not visit.module}
    now = [visit for visit in VISITS if at(visit.when) in asked.here]
    first = [deal for deal in standing(asked.here) if deal.charge < 2 and deal.product.id in lines]
    for product, line in [(None, ""), *lines.items()]:
        seen = [visit for visit in now if product in (None, visit.product.id)]
        bought = [deal for deal in first if product in (None, deal.product.id)]
        absent = [deal for deal in bought if (deal.buyer, deal.product.id) not in entered]
        values = {
            "first_accesses": len([visit for visit in seen if not visit.module]),
            "modules_completed": len([visit for visit in seen if visit.module]),
            "never_entered": len(absent),
            "share_never_entered": share(len(absent), len(bought)),
        }
        figures.put(None, values, "products" if product else "", line)
    return figures
