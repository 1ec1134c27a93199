"""What a list is asked for, as filters of the store: days of the account become moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.domain.after_sale import PANEL_AGES
from service.domain.periods import Period, Preset, period_of
from service.domain.recovery import WON_BACK, State
from service.store.accounts import Account
from service.store.opportunities import Sought
from service.store.sales import SalesFilter
from service.store.steps import StepFilter
from service.store.subscribers import SubscriptionFilter

Asked = dict[str, Any]
"""What a schema of `schemas.sales` or `schemas.recovery` made of a query."""


def sales(asked: Asked, account: Account, period: Period | None = None) -> SalesFilter:
    """The sales a query asks for."""
    return SalesFilter(**_lists_as_tuples(_placed(asked, account, period)))


def opportunities(asked: Asked, account: Account, period: Period | None = None) -> Sought:
    """The opportunities a query asks for."""
    placed = _placed(asked, account, period)
    if placed.get("state") == WON_BACK:
        placed |= {"state": State.RECOVERED, "by_attempt": True}
    return Sought(**placed)


def steps(asked: Asked, account: Account, period: Period | None = None) -> StepFilter:
    """The steps a query asks for."""
    placed = _placed(asked, account, period)
    if "age" in placed:
        placed["age"] = PANEL_AGES.get(placed["age"], placed["age"])
    return StepFilter(**placed)


def subscriptions(asked: Asked, account: Account, period: Period | None = None) -> SubscriptionFilter:
    """The subscriptions a query asks for."""
    placed = _lists_as_tuples(_placed(asked, account, period))
    if placed.get("running"):
        placed["running"] = _moment(placed["running"], account, is_end=False)
    if placed.pop("access", None):
        placed["access_after"] = datetime.now(UTC)
    return SubscriptionFilter(**placed)


def _lists_as_tuples(asked: Asked) -> Asked:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}


def _placed(asked: Asked, account: Account, period: Period | None) -> Asked:
    """The same, with days as the moments when they begin or end in the account's zone."""
    placed = dict(asked)
    named = placed.pop("period", None)
    if period is None and named not in (None, Preset.RANGE):
        period = period_of(named, datetime.now(account.zone).date())
    if period is not None:
        placed |= {"since": period.first, "until": period.last}
        if period.preset is Preset.ALL:
            placed |= {"since": None, "until": None}
    for name, bound in placed.items():
        if name.endswith(("since", "until")) and isinstance(bound, date) and not isinstance(bound, datetime):
            placed[name] = _moment(bound, account, is_end=name.endswith("until"))
    return placed


def _moment(day: date, account: Account, *, is_end: bool) -> datetime | None:
    """When a day begins there, or has ended; None at the end of time."""
    try:
        first = day + timedelta(days=1) if is_end else day
        return datetime(first.year, first.month, first.day, tzinfo=account.zone).astimezone(UTC)
    except OverflowError:
        return None
