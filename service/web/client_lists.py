"""The list of clients between the web and the store: what an address asks for, in the account's days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from service.domain.after_sale import WORDS_OF
from service.store.accounts import Account
from service.store.client_filters import Period, Sought
from service.store.clients import Order, Place, Sort, Wanted

Asked = dict[str, Any]
"""What a schema of `schemas.clients` made of a query."""
BY_REVENUE = "revenue-"


def understood(schema: Schema, given: MultiDict[str, str]) -> Asked:
    """What a page is asked for, less what makes no sense; `schema` leaves out what it does not know."""
    told = {name: value for name, value in given.items() if value.strip()}
    while wrong := schema.validate(told):
        told = {name: value for name, value in told.items() if name not in wrong}
    asked: Asked = schema.load(told)
    return asked


def sought(asked: Asked, account: Account) -> Sought:
    """The clients a query asks for."""
    sort = str(asked["sort"])
    has_range = asked.get("least") is not None or asked.get("most") is not None
    return Sought(
        **{name: asked.get(name) for name in ("q", "email", "product", "status", "least", "most", "country", "tag")},
        currency=asked.get("currency") if has_range else None,
        bought_in=sort.removeprefix(BY_REVENUE) if sort.startswith(BY_REVENUE) else None,
        first_purchase=_period(asked, "first", account),
        last_purchase=_period(asked, "last", account),
        subscription=WORDS_OF.get(asked.get("subscription") or ""),
        opportunity=asked.get("opportunity"),
        import_id=asked.get("import_id"),
    )


def wanted(asked: Asked, size: int) -> Wanted:
    """The page a query asks for."""
    after, before = asked.get("after"), asked.get("before")
    place = after or before
    number = asked.get("page") or 1
    return Wanted(
        order(asked),
        Place(*place) if place else None,
        backwards=before is not None and after is None,
        size=size,
        skipped=0 if place else (number - 1) * size,
    )


def order(asked: Asked) -> Order:
    """The order a query asks for."""
    sort = str(asked["sort"])
    upwards = {"asc": True, "desc": False}.get(asked.get("order") or "")
    return Order(Sort.REVENUE if sort.startswith(BY_REVENUE) else Sort(sort), upwards)


def _period(asked: Asked, what: str, account: Account) -> Period:
    return Period(
        _moment(asked.get(f"{what}_since"), account, days=0), _moment(asked.get(f"{what}_until"), account, days=1)
    )


def _moment(bound: date | datetime | None, account: Account, *, days: int) -> datetime | None:
    """When a day of the account begins, or the one so many days later; None at the end of time."""
    if bound is None or isinstance(bound, datetime):
        return bound
    try:
        first = bound + timedelta(days=days)
        return datetime(first.year, first.month, first.day, tzinfo=account.zone).astimezone(UTC)
    except OverflowError:
        return None
