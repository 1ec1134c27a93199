"""Addresses that automations send messages to: added, tried, their secrets changed, switched, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection, RowMapping
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import Length

from service import endpoint_desk
from service.endpoint_desk import Sent
from service.errors import Conflict, MarcoError, NotFound, Unprocessable
from service.queues import Lane
from service.store import automations, endpoints, history
from service.store.endpoints import Endpoint
from service.store.engine import transaction
from service.web import endpoint_words, guards
from service.web.endpoint_words import Words
from service.web.faults import status_of
from service.web.guards import for_owners
from service.web.pages.connections.room import blueprint
from service.web.pages.forms import NEEDED
from service.web.rooms import rooms

LONGEST_URL = 2000
SHOWN = 5


class AddressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A new address."""

    url = StringField(_l("Address"), [NEEDED, Length(max=LONGEST_URL, message=_l("This is too long."))])


class Shown(NamedTuple):
    """One address as its card shows it. `fresh` is a secret that was just made, `sent` a test message just sent."""

    endpoint: Endpoint
    url: str
    host: str
    level: str
    off: Words | None
    met: Words | None
    automations: Sequence[RowMapping]
    troubled: Sequence[RowMapping]
    given_up: int
    fresh: str | None = None
    sent: Sent | None = None
    sent_met: Words | None = None


@blueprint.get("/webhooks")
def webhooks() -> str:
    """Every address and how it stands. Calls nobody."""
    return _page()


@blueprint.post("/webhooks")
@for_owners
def add_webhook() -> str | tuple[str, int]:
    """Check and keep an address, and show its secret, this once: no page can show it again."""
    form = AddressForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        account = guards.current_account()
        made, secret = endpoint_desk.add(rooms().engine, rooms().settings, account.id, form.url.data)
    except MarcoError as fault:
        return _page(form, endpoint_words.refusal(fault)), status_of(fault)
    return _page(about=made, fresh=secret)


@blueprint.post("/webhooks/<int:endpoint_id>/move")
@for_owners
def move_webhook(endpoint_id: int) -> Response | tuple[str, int]:
    """Send to another URL, with the same secrets."""
    account = guards.current_account()
    try:
        wanted = request.form.get("url", "")[: LONGEST_URL + 1]
        endpoint_desk.move(rooms().engine, rooms().settings, account.id, endpoint_id, wanted)
    except Unprocessable as fault:
        return _page(refused=endpoint_words.refusal(fault)), status_of(fault)
    flash(_("The address is changed. Send a test message."), "success")
    return _back(endpoint_id)


@blueprint.post("/webhooks/<int:endpoint_id>/rotate")
@for_owners
def rotate_webhook(endpoint_id: int) -> str:
    """Make a second secret and show it, this once; the first signs too until it is retired."""
    secret = endpoint_desk.rotate(rooms().engine, rooms().settings, guards.current_account().id, endpoint_id)
    return _page(about=endpoint_id, fresh=secret)


@blueprint.post("/webhooks/<int:endpoint_id>/retire")
@for_owners
def retire_webhook(endpoint_id: int) -> Response:
    """Sign with the newer secret alone."""
    with transaction(rooms().engine) as tx:
        endpoints.retire(tx, guards.current_account().id, endpoint_id)
    flash(_("The old secret is retired: messages carry one signature."), "success")
    return _back(endpoint_id)


@blueprint.post("/webhooks/<int:endpoint_id>/test")
def send_test(endpoint_id: int) -> str:
    """Really send a message that says it is a test, and show what came back."""
    sent = endpoint_desk.try_out(rooms().engine, rooms().settings, guards.current_account().id, endpoint_id)
    return _page(about=endpoint_id, sent=sent)


@blueprint.post("/webhooks/<int:endpoint_id>/switch")
@for_owners
def switch_webhook(endpoint_id: int) -> Response:
    """Send there, or not; switched on, what was given up can be sent again."""
    account = guards.current_account()
    if request.form.get("state") == "on":
        wanted = request.form.get("resend") == "yes"
        resent = endpoint_desk.switch_on(rooms().engine, account.id, endpoint_id, resend=wanted)
        rooms().bell.ring(Lane.DELIVER)
        again = " " + ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", resent)
        flash(_("The address is on. What waited is sent now.") + (again if resent else ""), "success")
    else:
        endpoint_desk.switch_off(rooms().engine, account.id, endpoint_id)
        flash(_("The address is off. What automations owe waits."), "success")
    return _back(endpoint_id)


@blueprint.post("/webhooks/<int:endpoint_id>/remove")
@for_owners
def remove_webhook(endpoint_id: int) -> Response | tuple[str, int]:
    """Forget an address that no automation sends to which is on."""
    try:
        with transaction(rooms().engine) as tx:
            endpoints.remove(tx, guards.current_account().id, endpoint_id)
    except Conflict as fault:
        return _page(refused=endpoint_words.refusal(fault)), status_of(fault)
    flash(_("The address is removed, and its secrets are forgotten."), "success")
    return redirect(url_for("connections.webhooks"))


def _back(endpoint_id: int) -> Response:
    return redirect(url_for("connections.webhooks", _anchor=f"address-{endpoint_id}"))


def _page(
    form: AddressForm | None = None,
    refused: Words | None = None,
    *,
    about: int | None = None,
    fresh: str | None = None,
    sent: Sent | None = None,
) -> str:
    """The page. `about` is the address that a fresh secret or a test message belongs to. Raises NotFound."""
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        senders = [one for one in automations.every(tx, account.id) if one["endpoint_id"] is not None]
        all_of_them = [_standing(tx, one, senders) for one in endpoints.every(tx, account.id)]
    if about is not None and about not in [one.endpoint.id for one in all_of_them]:
        raise NotFound("There is no such webhook address.")
    sent_met = endpoint_words.met(sent.cause) if sent is not None else None
    shown = [
        one._replace(fresh=fresh, sent=sent, sent_met=sent_met) if one.endpoint.id == about else one
        for one in all_of_them
    ]
    return render_template(
        "connections/webhooks.html", form=form or AddressForm(formdata=None), refused=refused, addresses=shown
    )


def _standing(tx: Connection, endpoint: Endpoint, senders: Sequence[RowMapping]) -> Shown:
    account_id = endpoint.account_id
    using = [one for one in senders if one["endpoint_id"] == endpoint.id]
    counts = [history.tallied(tx, account_id, history.Wanted(automation_id=one["id"])) for one in using]
    return Shown(
        endpoint,
        endpoint.url if guards.current_role().may_manage else endpoint_desk.shown(endpoint.url),
        urlsplit(endpoint.url).netloc,
        _level(endpoint),
        endpoint_words.disabled(endpoint.cause) if endpoint.state == endpoint_desk.DISABLED else None,
        endpoint_words.met(endpoint.trouble),
        using,
        _troubled(tx, account_id, [one["id"] for one in using]),
        sum(min(one["given_up"], history.MOST_AT_ONCE) for one in counts),
    )


def _level(endpoint: Endpoint) -> str:
    """How bad it is, as the overview says it."""
    if endpoint.state == endpoint_desk.DISABLED:
        return "quiet" if endpoint.cause == endpoints.SWITCHED_OFF else "bad"
    return "warning" if endpoint.failures else "good"


def _troubled(tx: Connection, account_id: int, using: list[int]) -> list[RowMapping]:
    """The latest promises of these automations that wait after a failure, or were given up."""
    wanted = [history.Wanted(automation_id=one, states=("failed", "given_up")) for one in using]
    found = [row for one in wanted for row in history.listed(tx, account_id, one, size=SHOWN)]
    return sorted(found, key=lambda row: -row["id"])[:SHOWN]
