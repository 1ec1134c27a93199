"""Connecting Hotmart: where to paste the webhook address, where the hottok is, and waiting for the first event."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from service.store import accounts, panel, tokens
from service.store.engine import transaction
from service.store.tokens import Kind
from service.web import guards
from service.web.guards import for_owners
from service.web.pages.accounts import Page, account_pages, local_now, webhook_url
from service.web.pages.forms import HottokForm
from service.web.rooms import rooms

blueprint = account_pages("connect", __name__, "/connect")
PAGE = Page(blueprint)


@blueprint.get("")
def show() -> str:
    """Three steps, and whether the first event came."""
    return _page(HottokForm())


def _page(form: HottokForm) -> str:
    with transaction(rooms().engine) as tx:
        hottoks = tokens.valid(tx, guards.current_account().id, Kind.HOTTOK)
    return render_template("connect/show.html", form=form, hottoks=hottoks, webhook_url=webhook_url(), **_arrived())


def _arrived() -> dict[str, Any]:
    with transaction(rooms().engine) as tx:
        return {"arrivals": panel.arrivals(tx, guards.current_account().id, local_now())}


@blueprint.get("/first-event")
def first_event() -> str:
    """Only the part of the page that waits, to be fetched again and again."""
    return render_template("connect/_first_event.html", **_arrived())


@blueprint.post("/hottok")
@for_owners
def add_hottok() -> Response | tuple[str, int]:
    """Let a hottok in."""
    form = HottokForm()
    if not form.validate_on_submit():
        return _page(form), 422
    with transaction(rooms().engine) as tx:
        accounts.add_hottok(tx, guards.current_account().id, form.hottok.data)
    rooms().directory.forget()
    flash(_("The hottok is saved. Marco now accepts events that carry it."), "success")
    if request.form.get("to") == "settings":
        return redirect(url_for("settings.show", _anchor="hotmart"))
    return redirect(url_for("connect.show", _anchor="first-event"))
