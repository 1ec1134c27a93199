"""All connections of an account in one glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from service.store import connections, endpoints, panel, tokens
from service.store.connections import Connected
from service.store.endpoints import Endpoint
from service.store.engine import transaction
from service.store.panel import Arrivals
from service.store.tokens import Kind
from service.web import guards
from service.web.locale import ago
from service.web.pages.accounts import local_now
from service.web.pages.connections.kommo import host
from service.web.pages.connections.room import blueprint
from service.web.rooms import rooms

ADDRESSES = "connections.webhooks"
OF_KOMMO = "lead_"
"""What the events begin with that are not of Hotmart."""


class Glance(NamedTuple):
    """One connection: `level` is good, quiet, warning or bad, as on the overview."""

    name: str
    about: str
    level: str
    state: str
    detail: str
    path: str
    action: str


@blueprint.get("")
def index() -> str:
    """What is connected, and how it is."""
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        hottoks = tokens.valid(tx, account.id, Kind.HOTTOK)
        arrivals = panel.arrivals(tx, account.id, local_now())
        connected = connections.find(tx, account.id)
        addresses = endpoints.every(tx, account.id)
    glances = [_hotmart(hottoks, arrivals), _kommo(connected), _addresses(addresses)]
    return render_template("connections/index.html", glances=glances)


def _hotmart(hottoks: Sequence[object], arrivals: Arrivals) -> Glance:
    level, state, detail = "quiet", _("Not connected"), _("Without a hottok every event is turned away.")
    if arrivals.week:
        level, state = "good", _("Connected")
        detail = ngettext("%(num)s event in 7 days", "%(num)s events in 7 days", arrivals.week)
    elif arrivals.last_at is not None and not (arrivals.last_event or "").startswith(OF_KOMMO):
        level, state, detail = "quiet", _("Quiet"), _("Last event %(ago)s.", ago=ago(arrivals.last_at))
    elif hottoks:
        state, detail = _("Waiting for the first event"), _("The hottok is saved.")
    about = _("Sales, carts and subscriptions arrive by themselves.")
    return Glance(_("Hotmart"), about, level, state, detail, url_for("connect.show"), _("Look at Hotmart"))


def _kommo(connected: Connected | None) -> Glance:
    level, state, detail = "quiet", _("Not connected"), _("Connect your Kommo account to switch automations on.")
    if connected is not None and connected.state == "connected":
        level, state, detail = "good", _("Connected"), host(connected)
    elif connected is not None and connected.state == "refused":
        level, state, detail = "bad", _("Stopped"), _("Kommo no longer accepts the token.")
    about = _("Automations create and update leads; stages come back to the journey.")
    return Glance(_("Kommo"), about, level, state, detail, url_for("connections.kommo"), _("Look at Kommo"))


def _addresses(addresses: Sequence[Endpoint]) -> Glance:
    failing = [one for one in addresses if one.state == "on" and one.failing_since is not None]
    disabled = [one for one in addresses if one.state == "disabled" and one.cause != endpoints.SWITCHED_OFF]
    level, state = ("good", _("In order")) if addresses else ("quiet", _("None yet"))
    if failing or disabled:
        level, state = ("bad", _("Disabled")) if disabled else ("warning", _("Failing"))
    number = len(addresses)
    detail = ngettext("%(num)s address", "%(num)s addresses", number) if number else _("Add an address of a system.")
    about = _("Automations send signed messages to any system of yours.")
    return Glance(_("Webhook addresses"), about, level, state, detail, url_for(ADDRESSES), _("Look at the addresses"))
