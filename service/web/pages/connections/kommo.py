"""The Kommo account automations write to: connected, looked after, left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import PasswordField, StringField
from wtforms.validators import Length

from service import kommo_account
from service.domain.alerts import days_left
from service.errors import MarcoError, Unprocessable
from service.queues import Lane
from service.store import connections, crm_hooks
from service.store.connections import Connected
from service.store.engine import transaction
from service.web import guards, kommo_words
from service.web.faults import status_of
from service.web.guards import for_owners
from service.web.kommo_words import Trouble
from service.web.pages.connections.room import blueprint
from service.web.pages.forms import NEEDED
from service.web.rooms import rooms

LONGEST_TOKEN = 5000
MINUTE, HOUR = 60, 3600


class KommoForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Which account, and what opens it. The token is never shown again."""

    address = StringField(
        _l("Address of the Kommo account"), [NEEDED, Length(max=200, message=_l("This is too long."))]
    )
    token = PasswordField(
        _l("Long-lived token"), [NEEDED, Length(20, LONGEST_TOKEN, _l("This is no token of Kommo: copy all of it."))]
    )


class Meter(NamedTuple):
    """Requests of a span of time beside what the limit lets through in it."""

    used: int
    most: int

    @property
    def shown(self) -> int:
        """The used ones, no more than there is room for."""
        return min(self.used, self.most)


class Traffic(NamedTuple):
    """How calls go. `trouble` where they do not; `waits` is in seconds."""

    minute: Meter
    hour: Meter
    trouble: Trouble | None
    waits: int
    trying: bool


@blueprint.get("/kommo")
def kommo() -> str:
    """The connection, or how to make it. Calls nobody."""
    return _page()


@blueprint.post("/kommo")
@for_owners
def connect_kommo() -> Response | tuple[str, int]:
    """Check what was typed, keep it, read what is set up there."""
    form = KommoForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        joined = kommo_account.connect(
            rooms().engine, rooms().settings, guards.current_account(), form.address.data, form.token.data
        )
    except MarcoError as fault:
        return _page(form, fault), _status(fault)
    rooms().directory.forget()
    rooms().bell.ring(Lane.DELIVER)
    flash(_("Connected to %(name)s.", name=joined.there.name), "success")
    if joined.another:
        flash(_("This is another Kommo account than before: leads made there are not known here."), "warning")
    return _back()


@blueprint.post("/kommo/refresh")
def refresh_kommo() -> Response | tuple[str, int]:
    """Check the connection and read anew what is set up there."""
    try:
        kommo_account.refresh(rooms().engine, rooms().settings, guards.current_account())
    except MarcoError as fault:
        return _page(fault=fault), _status(fault)
    rooms().bell.ring(Lane.DELIVER)
    flash(_("The connection works. What is set up in Kommo was read again."), "success")
    return _back()


@blueprint.post("/kommo/fingerprint")
@for_owners
def add_fingerprint() -> Response | tuple[str, int]:
    """Make the field by which leads are found again."""
    try:
        made = kommo_account.add_fingerprint(rooms().engine, rooms().settings, guards.current_account())
    except MarcoError as fault:
        return _page(fault=fault), _status(fault)
    flash(_("The field is there now.") if made else _("The field was there already."), "success")
    return _back()


@blueprint.post("/kommo/disconnect")
@for_owners
def disconnect_kommo() -> Response:
    """Write no more; what is in Kommo stays there."""
    cause = kommo_account.leave(rooms().engine, rooms().settings, guards.current_account())
    rooms().directory.forget()
    flash(_("Disconnected. What is in Kommo stays as it is, and the token is forgotten."), "success")
    if cause is not None:
        says = kommo_words.trouble(cause).says
        flash(
            _(
                "Kommo could not be told to send us nothing more: %(why)s Its messages are turned away;"
                " in Kommo, under Settings, Integrations, Webhooks, take the address of Marco away.",
                why=says,
            ),
            "warning",
        )
    return _back()


def _back() -> Response:
    return redirect(url_for("connections.kommo"))


def _status(fault: MarcoError) -> int:
    """Never 401: it is Kommo that refuses, not we."""
    status = status_of(fault)
    return max(status, status_of(Unprocessable("")))


def _page(form: KommoForm | None = None, fault: MarcoError | None = None) -> str:
    account, now = guards.current_account(), datetime.now(UTC)
    with transaction(rooms().engine) as tx:
        connected = connections.find(tx, account.id)
        hook = crm_hooks.standing(tx, account.id)
    is_there = connected is not None and connected.state != "disconnected"
    return render_template(
        "connections/kommo.html",
        form=form or KommoForm(formdata=None, address=host(connected) if is_there else ""),
        connected=connected if is_there else None,
        host=host(connected),
        setup=kommo_account.setup_of(connected) if connected is not None and is_there else None,
        hook=hook,
        hook_trouble=hook_trouble(hook),
        ends=days_left(connected.expires_at, now) if connected is not None and connected.expires_at else None,
        traffic=_traffic() if is_there else None,
        rate=rooms().settings.kommo_rate,
        trouble=kommo_words.trouble(fault.code) if fault is not None else None,
        facts=fault.facts if fault is not None else {},
        refusal=kommo_words.trouble(connected.cause) if connected is not None and connected.cause else None,
        reachable=_is_reachable(),
        field_words=kommo_words.FIELDS,
    )


def host(connected: Connected | None) -> str:
    """`cursoexemplo.kommo.com`."""
    return urlsplit(connected.origin).netloc if connected is not None else ""


def hook_trouble(hook: crm_hooks.Standing | None) -> Trouble | None:
    """What keeps Kommo from telling us things; None where nothing does, or nobody looked yet."""
    found = hook.state if hook is not None else None
    return None if found in (None, *crm_hooks.FOUND) else kommo_words.trouble(found)


def _is_reachable() -> bool:
    """Whether others can reach our address at all."""
    return urlsplit(rooms().settings.public_url).hostname not in ("127.0.0.1", "localhost", "::1")


def _traffic() -> Traffic:
    """How calls go, of all accounts of this house."""
    rate, none = rooms().settings.kommo_rate, Meter(0, 0)
    try:
        use = kommo_account.use(rooms().settings)
    except MarcoError as fault:
        return Traffic(none, none, kommo_words.trouble(fault.code), 0, trying=False)
    code: str | None = "road_closed" if use.closed or use.trying else "road_paused" if use.paused else None
    trouble: Any = kommo_words.trouble(code) if code else None
    minute, hour = Meter(use.minute, rate * MINUTE), Meter(use.hour, rate * HOUR)
    return Traffic(minute, hour, trouble, round(max(use.closed, use.paused)), trying=use.trying)
