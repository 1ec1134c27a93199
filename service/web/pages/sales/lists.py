"""The lists behind the numbers of the panels, as pages: filters in the URL, totals beside, files to take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from marshmallow import EXCLUDE, Schema
from sqlalchemy import Connection
from werkzeug import Response

from schemas.asking import cursor_text
from schemas.recovery import OpportunityFile, OpportunityQuery
from schemas.sales import (
    SaleFile,
    SaleQuery,
    StepFile,
    StepQuery,
    SubscriptionFile,
    SubscriptionQuery,
)
from service.domain.after_sale import VISITS, StepKind, subscription_state
from service.domain.periods import Period, Preset
from service.errors import Unprocessable
from service.store import opportunities, sales, steps, subscribers
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.opportunities import Sought
from service.store.parts import Part, Place, Total, patience
from service.web import contacts, downloads, guards, locale, spans, words
from service.web.pages.accounts import local_now
from service.web.pages.sales import fields
from service.web.pages.sales.filters import Field, Question, Words, address, chips, question
from service.web.pages.sales.periods import control, period_asked
from service.web.pages.sales.room import blueprint
from service.web.rooms import rooms

PAGE_SIZE = 50
AT_ONCE_DAYS = 31
"""Of so long a period the totals are added up with the page; of a longer one beside it, or when asked for."""
AT_ONCE_SECONDS, ASKED_SECONDS = 2.0, 10.0
NARROW = frozenset({"q", "client", "subscriber"})
"""Filters that find few rows of any time."""


class SalesList(NamedTuple):
    """One list: how its URL is read, what the store is asked, and what its page is called."""

    name: str
    path: str
    title: LazyString
    says: LazyString
    query: type[Schema]
    file: type[Schema]
    fields: tuple[Field, ...]
    more: Mapping[str, tuple[LazyString, Words]]
    wanted: Callable[[dict[str, Any], Account, Period | None], Any]
    listed: Callable[..., Part]
    total: Callable[..., list[Total]]
    write: Callable[..., Response]
    usual: Callable[[Question], Preset]
    is_crowded: Callable[..., bool] = lambda *_: False
    """Whether the totals take a while even over a short period."""

    @property
    def endpoint(self) -> str:
        """Of its page."""
        return f"{blueprint.name}.{self.name}"


def _month(asked: Question) -> Preset:
    return Preset.ALL if asked.names & NARROW or "warranty_from" in asked.names else Preset.LAST_30


def _month_unless_open(asked: Question) -> Preset:
    return Preset.ALL if asked.asked["kind"] is StepKind.DISPUTED else _month(asked)


def _opportunities(asked: dict[str, Any], account: Account, period: Period | None) -> Sought:
    """A number of a panel is of one product, not of all that have its name."""
    found = spans.opportunities(asked, account, period)
    return found._replace(product=None, product_key=found.product)


LISTS = (
    SalesList(
        "transactions",
        "list",
        _l("My sales"),
        _l("All transactions, whatever became of them, by the day of approval, else of the order."),
        SaleQuery,
        SaleFile,
        fields.SALES,
        fields.MORE_OF_SALES,
        spans.sales,
        sales.listed,
        sales.total,
        downloads.sales,
        _month,
        sales.is_crowded,
    ),
    SalesList(
        "opportunities",
        "opportunities",
        _l("Sales to recover"),
        _l("Who tried to buy and did not, and still could; the last attempt of each buyer at each product."),
        OpportunityQuery,
        OpportunityFile,
        fields.OPPORTUNITIES,
        fields.MORE_OF_OPPORTUNITIES,
        _opportunities,
        opportunities.listed,
        opportunities.total,
        downloads.opportunities,
        _month,
    ),
    SalesList(
        "steps",
        "steps",
        _l("After the sale"),
        _l("Refunds, disputes, chargebacks, and who entered the members area."),
        StepQuery,
        StepFile,
        fields.STEP_FIELDS,
        {},
        spans.steps,
        steps.listed,
        steps.total,
        downloads.steps,
        _month_unless_open,
    ),
    SalesList(
        "subscriptions",
        "subscriptions",
        _l("Subscriptions"),
        _l("Who pays again and again, who came and who left; the period is that of the beginning."),
        SubscriptionQuery,
        SubscriptionFile,
        fields.SUBSCRIPTIONS,
        fields.MORE_OF_SUBSCRIPTIONS,
        spans.subscriptions,
        subscribers.listed,
        subscribers.total,
        downloads.subscriptions,
        lambda _: Preset.ALL,
    ),
)


class Asked(NamedTuple):
    """One request for a list, understood."""

    question: Question
    period: Period
    wanted: Any


def _asked(one: SalesList, schema: type[Schema]) -> Asked:
    asked = question(schema(unknown=EXCLUDE))
    period = period_asked(one.usual(asked))
    told = {name: value for name, value in asked.asked.items() if name not in ("after", "size", "format", "language")}
    return Asked(asked, period, one.wanted(told, guards.current_account(), period))


class Found(NamedTuple):
    """What the store found; `is_cut` where more people are called so than are looked at, `is_too_long`: it gave up."""

    part: Part
    products: dict[str, str]
    is_cut: bool = False
    is_too_long: bool = False


def show(one: SalesList) -> str:
    """A page of a list."""
    asked, account = _asked(one, one.query), guards.current_account()
    after = asked.question.asked.get("after")
    try:
        with transaction(rooms().engine) as tx, patience(tx):
            products = sales.product_names(tx, account.id)
            is_cut = _is_cut(tx, account, asked.question)
            part = one.listed(tx, account.id, asked.wanted, after=Place(*after) if after else None, size=PAGE_SIZE)
    except Unprocessable:
        return _page(one, asked, Found(Part((), None), {}, is_too_long=True))
    return _page(one, asked, Found(part, products, is_cut))


def _is_cut(tx: Connection, account: Account, asked: Question) -> bool:
    """Whether more people have the name that is searched for than are looked at."""
    words = asked.values("q")
    return bool(words) and len(sales.people_called(tx, account.id, words[0])) == sales.MOST_PEOPLE


def _page(one: SalesList, asked: Asked, found: Found) -> str:
    shown = tuple(_with_words(field, asked.question, found.products) for field in one.fields)
    labels = {field.name: field.label for field in one.fields}
    return render_template(
        f"sales/lists/{one.name}.html",
        list=one,
        lists=LISTS,
        rows=found.part.rows,
        older=address(request.path, after=cursor_text(*found.part.after)) if found.part.after else None,
        newest=address(request.path) if "after" in asked.question.asked else None,
        question=asked.question,
        wrong=[str(labels.get(name, name)) for name in asked.question.wrong],
        wanted=asked.wanted,
        fields=shown,
        chips=chips(asked.question, shown, one.more),
        control=control(asked.period),
        is_too_long=found.is_too_long,
        most_people=sales.MOST_PEOPLE if found.is_cut else None,
        has_amounts=_has_amounts(asked.wanted),
        totals=None if found.is_too_long else _totals_at_once(one, asked),
        totals_url=address(url_for(f"{one.endpoint}_totals")),
        totals_here=address(request.path, totals="yes"),
        export_url=partial(_export_address, one),
        address=address,
        reach=contacts,
        safe_link=safe_link,
        switch=fields.STATES if one.name == "opportunities" else fields.STEPS,
        subscription_state=subscription_state,
        days_left=days_left,
        state_words=fields.SUBSCRIPTION_STATES_IN_WORDS,
        words=words,
    )


def _with_words(field: Field, asked: Question, products: dict[str, str]) -> Field:
    """A filter with what there is to choose from; what a number of a panel asked for is among it."""
    if field.name == "product":
        return field._replace(words=products)
    if field.name == "age":
        more = {code: fields.PANEL_SPANS[code] for code in asked.values("age") if code in fields.PANEL_SPANS}
        return field._replace(words={**fields.SPANS, **more})
    return field


def _export_address(one: SalesList, form: str) -> str:
    return address(url_for(f"{one.endpoint}_export"), format=form)


def _totals_at_once(one: SalesList, asked: Asked) -> list[Total] | None:
    """The totals with the page, where they are quick or wanted; None: by a link."""
    is_wanted = "totals" in request.args
    if not is_wanted and not asked.question.names & NARROW:
        if asked.period.days > AT_ONCE_DAYS:
            return None
        with transaction(rooms().engine) as tx:
            if one.is_crowded(tx, guards.current_account().id, asked.wanted):
                return None
    try:
        return _totals(one, asked, ASKED_SECONDS if is_wanted else AT_ONCE_SECONDS)
    except Unprocessable:
        return None


def _totals(one: SalesList, asked: Asked, seconds: float) -> list[Total]:
    with transaction(rooms().engine) as tx, patience(tx, seconds):
        return one.total(tx, guards.current_account().id, asked.wanted)


def totals(one: SalesList) -> str:
    """The totals of a list as a part of its page."""
    asked, found = _asked(one, one.query), None
    with suppress(Unprocessable):  # the part says that it is too much
        found = _totals(one, asked, ASKED_SECONDS)
    return render_template("sales/lists/_totals.html", list=one, totals=found, has_amounts=_has_amounts(asked.wanted))


def _has_amounts(wanted: Any) -> bool:
    """Whether rows are of money: visits of the members area are not."""
    return getattr(wanted, "kind", None) not in VISITS


def export(one: SalesList) -> Response:
    """A list as a file, in the reader's language."""
    asked = _asked(one, one.file)
    form = asked.question.asked["format"]
    return one.write(guards.current_account(), form, locale.language(), asked.wanted)


def safe_link(link: str | None) -> str | None:
    """A link somebody else sent, where it is one to a web page."""
    return link if link and link.lower().startswith(("https://", "http://")) else None


def days_left(requested_at: Any) -> int:
    """Whole days of the account until an answer to this request is due; negative when that is over."""
    account = guards.current_account()
    due = steps.due_at(requested_at, account.refund_days).astimezone(account.zone)
    return (due.date() - local_now().date()).days


for _one in LISTS:
    blueprint.add_url_rule(f"/{_one.path}", _one.name, partial(show, _one))
    blueprint.add_url_rule(f"/{_one.path}/totals", f"{_one.name}_totals", partial(totals, _one))
    blueprint.add_url_rule(f"/{_one.path}/export", f"{_one.name}_export", partial(export, _one))
