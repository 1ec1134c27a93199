"""The first page of an account: is everything well, and what was sold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import make_response, render_template
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from werkzeug import Response

from service.queues import Lane
from service.store import heartbeats, panel
from service.store.engine import transaction
from service.store.panel import Arrivals
from service.web import alerting, guards
from service.web.pages.accounts import Entry, Page, account_pages, local_now
from service.web.pages.session import remember
from service.web.rooms import rooms

blueprint = account_pages("overview", __name__)
PAGE = Page(blueprint, Entry(_l("Overview"), "overview", "overview.show", at_hand=True))
LATE = timedelta(seconds=30)
QUIET = timedelta(days=3)


class Health(NamedTuple):
    """One glance: `level` is good, quiet, warning or bad."""

    level: str
    says: LazyString
    remedy: LazyString | None = None


@blueprint.get("/")
def show() -> Response:
    """Events, health, revenue per currency."""
    account, now = guards.current_account(), local_now()
    with transaction(rooms().engine) as tx:
        arrivals = panel.arrivals(tx, account.id, now)
        sold = panel.sold(tx, account.id, now)
        totals = panel.totals(tx, account.id)
        lanes = {name.partition("@")[0] for name in heartbeats.living(tx)}
    page = render_template(
        "overview/show.html",
        arrivals=arrivals,
        sold=sold,
        totals=totals,
        health=health_of(arrivals, lanes, datetime.now(UTC)),
        days=panel.REVENUE_DAYS,
        alerts=alerting.current(),
    )
    answer = make_response(page)
    remember(answer, guards.ACCOUNT_COOKIE, account.key)
    return answer


def health_of(arrivals: Arrivals, lanes: set[str], now: datetime) -> Health:
    """What there is to worry about, the worst first. `lanes` are those whose workers were heard of lately."""
    if Lane.REALTIME not in lanes:
        remedy = _l("Events are kept safely meanwhile. Start the workers: make run, or the Procfile's realtime.")
        return Health("bad", _l("Nobody works on events"), remedy)
    if arrivals.waiting_since is not None and now - arrivals.waiting_since > LATE:
        return Health("warning", _l("Events wait longer than usual"), _l("Workers catch up by themselves."))
    if arrivals.set_aside:
        return Health("warning", _l("Something waits for you"), _l("Look at what was set aside and replay it."))
    if arrivals.last_at is None:
        return Health("quiet", _l("Waiting for the first event"))
    if now - arrivals.last_at > QUIET:
        remedy = _l("If you sold something, look in Hotmart whether the webhook is still switched on.")
        return Health("quiet", _l("No event for days"), remedy)
    return Health("good", _l("Everything arrives"))
