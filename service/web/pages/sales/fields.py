"""The filters of each list of sales, in the order of its form."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.after_sale import AGES, PANEL_AGES, SUBSCRIPTION_STATES, StepKind
from service.domain.recovery import Kind, State
from service.web import panel_words, words
from service.web.pages.sales.filters import YES_NO, Field, Words

STATES: dict[str, LazyString] = {
    "open": _l("Still open"),
    "won_back": _l("Bought later"),
    "": _l("Open and bought later"),
    "recovered": _l("Recovered sales"),
    "all": _l("All attempts"),
}
"""The switch of the opportunities; the last one is `attempts=all`."""
STEPS: dict[str, LazyString] = {
    StepKind.DISPUTED: _l("Refunds asked for"),
    StepKind.REFUNDED: _l("Refunded"),
    StepKind.PARTIALLY_REFUNDED: _l("Partially refunded"),
    StepKind.CHARGEBACK: _l("Chargebacks"),
    StepKind.FIRST_ACCESS: _l("First accesses"),
    StepKind.MODULE_COMPLETED: _l("Modules completed"),
}
STANDINGS = {
    "active": _l("Sold"),
    "pending": _l("Pending"),
    "disputed": _l("Disputed"),
    "lost": _l("Lost"),
}
SUBSCRIPTION_STATES_IN_WORDS = {
    **{state: words.SUBSCRIPTIONS[state] for state in SUBSCRIPTION_STATES if state in words.SUBSCRIPTIONS},
    "unknown": _l("Unknown"),
}
SPANS: Words = dict(
    zip(
        AGES,
        (_l("0 to 1 day"), _l("2 to 7 days"), _l("8 to 14 days"), _l("15 to 30 days"), _l("more than 30 days")),
        strict=True,
    )
)
PANEL_SPANS: Words = {code: SPANS[name] for code, name in PANEL_AGES.items()}
PRODUCT = Field("product", _l("Product"), {}, first=True, may_lack=True)
CURRENCY = Field("currency", _l("Currency"), may_lack=True)

SALES = (
    Field("q", _l("Search"), type="search", first=True),
    PRODUCT,
    Field("category", _l("Counts as"), STANDINGS, first=True),
    Field("status", _l("Status"), words.STATUSES, many=True),
    Field("payment_type", _l("Payment"), words.PAYMENT_TYPES, may_lack=True),
    CURRENCY,
    Field("offer", _l("Offer code"), may_lack=True),
    Field("coupon", _l("Coupon"), may_lack=True),
    Field("affiliate", _l("Affiliate"), may_lack=True),
    Field("src", _l("SRC"), may_lack=True),
    Field("sck", _l("SCK"), may_lack=True),
    Field("country", _l("Country"), may_lack=True),
    Field("bump", _l("Order bump"), YES_NO),
    Field("recurrence", _l("Number of the charge"), may_lack=True),
    Field("subscriber", _l("Subscriber code"), may_lack=True),
    Field("visited", _l("Entered the members area"), YES_NO),
    Field("warranty_from", _l("Guarantee until, from"), type="date"),
    Field("warranty_to", _l("Guarantee until, to"), type="date"),
)
MORE_OF_SALES = {
    "first_charge": (_l("First charge"), YES_NO),
    "renewal": (_l("Renewal"), YES_NO),
    "subscription": (_l("Of a subscription"), YES_NO),
    "paid": (_l("Was paid once"), YES_NO),
    "warranty": (_l("Guarantee"), {"~": _l("unknown")}),
    "affiliate_code": (_l("Affiliate code"), {}),
    "origin": (_l("Origin"), {}),
    "client": (_l("Client"), {}),
    "affiliated": (_l("Sold by an affiliate"), YES_NO),
    "coproduced": (_l("Shared with a co-producer"), YES_NO),
    "reported": (_l("Members area reports"), YES_NO),
}
"""Filters that numbers of the panels set, and no box."""
OPPORTUNITIES = (
    Field("q", _l("Buyer"), type="search", first=True),
    PRODUCT,
    Field("kind", _l("What failed"), {kind: words.OPPORTUNITIES[kind] for kind in Kind}, first=True),
    Field("reason", _l("Reason"), {**words.REFUSALS, "any": _l("any reason")}, may_lack=True),
    CURRENCY,
)
MORE_OF_OPPORTUNITIES = {
    "state": (_l("State"), {**STATES, State.SUPERSEDED: _l("Tried again")}),
    "attempts": (_l("Attempts"), {"all": _l("all")}),
    "all_attempts": (_l("All attempts"), YES_NO),
}
STEP_FIELDS = (
    Field("q", _l("Buyer"), type="search", first=True),
    PRODUCT,
    Field("age", _l("Days since the sale"), SPANS, first=True, may_lack=True),
    CURRENCY,
)
SUBSCRIPTIONS = (
    Field("q", _l("Buyer or subscriber code"), type="search", first=True),
    PRODUCT,
    Field("status", _l("Status"), SUBSCRIPTION_STATES_IN_WORDS, first=True, many=True),
    Field("plan", _l("Plan"), may_lack=True),
    CURRENCY,
    Field("access", _l("Canceled, access still paid"), {"yes": _l("Yes")}),
    Field("canceled_from", _l("Canceled from"), type="date"),
    Field("canceled_to", _l("Canceled to"), type="date"),
    Field("charge_from", _l("Next charge from"), type="date"),
    Field("charge_to", _l("Next charge to"), type="date"),
)
MORE_OF_SUBSCRIPTIONS = {
    "of": (_l("Period"), {"canceled": _l("of the cancellation")}),
    "dated": (_l("Dates known"), YES_NO),
    "life": (_l("Had run"), {**panel_words.LIVES, "~": panel_words.LIVES[""]}),
    "running": (_l("Ran on"), {}),
}
