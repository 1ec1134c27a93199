"""The list of automations: what each does, whether it runs, what became of it; and what is done to one as a whole."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import RowMapping
from werkzeug import Response

from service.domain.automation.ready import READY
from service.endpoint_desk import shown
from service.errors import Conflict, Malformed, NotFound
from service.queues import Lane
from service.store import automation_sums, automations, endpoints
from service.store.automations import Draft
from service.store.engine import transaction
from service.store.history import MOST_COUNTED
from service.web import automation_words, guards
from service.web.automating import draft_kept, switched
from service.web.pages.automations.room import STATES, blueprint, found, live_connection
from service.web.pages.automations.starting import LONGEST_NAME, READY_OF, copy_of, ready_draft
from service.web.rooms import rooms
from service.web.words import FAULTS

SWITCHED = ("on", "off", "draft")


@blueprint.get("")
def index() -> str:
    """Every automation of the account, and the ready ones to begin with."""
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        rows = automations.every(tx, account_id)
        kept = {row["id"]: automation_sums.promises(tx, account_id, row["id"]) for row in rows}
        connected = live_connection(tx)
        addresses = {one.id: one._replace(url=shown(one.url)) for one in endpoints.every(tx, account_id)}
    return render_template(
        "automations/index.html",
        rows=rows,
        kept=kept,
        most=MOST_COUNTED,
        ready=READY,
        connected=connected,
        addresses=addresses,
        needs_kommo=connected is None and (not rows or any(row["destination"] == "kommo" for row in rows)),
        states=STATES,
        told=automation_words,
        may=guards.current_role().may_change,
    )


@blueprint.post("/ready")
def begin_ready() -> Response:
    """Begin with a ready automation, as a draft."""
    one = READY_OF.get(request.form.get("ready", ""))
    if one is None:
        raise NotFound("There is no such ready automation.")
    with transaction(rooms().engine) as tx:
        connected = live_connection(tx)
    return _begun(ready_draft(one, connected and connected.book))


@blueprint.post("/<int:automation_id>/copy")
def duplicate(automation_id: int) -> Response:
    """Begin with another automation, as a draft."""
    return _begun(copy_of(draft_kept(found(automation_id))))


def _begun(draft: Draft) -> Response:
    """Keep a new draft and open its first step; where there are too many already, say so."""
    try:
        made = keep_new(draft)
    except Conflict as fault:
        flash(str(FAULTS[fault.code]), "danger")
        return redirect(url_for("automations.index"))
    return redirect(url_for("automations.when", automation_id=made))


def keep_new(draft: Draft) -> int:
    """Keep a new draft; its id. Raises Conflict (`too_many_automations`)."""
    with transaction(rooms().engine) as tx:
        return automations.create(tx, guards.current_account().id, draft, datetime.now(UTC))


@blueprint.post("/<int:automation_id>/rename")
def rename(automation_id: int) -> Response:
    """Call an automation something else."""
    account_id, name = guards.current_account().id, request.form.get("name", "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        found(automation_id)
        flash(_("An automation needs a name of 200 signs at most."), "danger")
        return redirect(url_for("automations.index"))
    with transaction(rooms().engine) as tx:
        row = automations.find(tx, account_id, automation_id)
        draft = draft_kept(row)._replace(name=name)
        automations.change(tx, account_id, automation_id, draft, row["version"], datetime.now(UTC))
    return redirect(url_for("automations.index", _anchor=f"a{automation_id}"))


@blueprint.post("/<int:automation_id>/switch")
def switch(automation_id: int) -> Response:
    """Switch an automation on or off."""
    state, row = request.form.get("state", ""), found(automation_id)
    if state not in SWITCHED:
        raise Malformed("An automation is switched on, off, or back to a draft.")
    try:
        switched(guards.current_account(), automation_id, state)
    except Conflict as fault:
        flash(str(FAULTS[fault.code]), "danger")
    else:
        rooms().bell.ring(Lane.DELIVER)
        flash(_switched(row, state), "success")
    if request.form.get("back") == "trying":
        return redirect(url_for("automations.trying", automation_id=automation_id))
    return redirect(url_for("automations.index", _anchor=f"a{automation_id}"))


def _switched(row: RowMapping, state: str) -> str:
    if state == "on":
        return str(_("“%(name)s” is on. From now on it runs by itself.", name=row["name"]))
    if state == "draft":
        return str(_("“%(name)s” is a draft again.", name=row["name"]))
    return str(_("“%(name)s” is off. What it is still owed waits.", name=row["name"]))


@blueprint.post("/<int:automation_id>/delete")
def delete(automation_id: int) -> Response:
    """Take an automation away; its history stays."""
    row = found(automation_id)
    switched(guards.current_account(), automation_id, "deleted")
    flash(_("“%(name)s” is deleted. Its history stays.", name=row["name"]), "success")
    return redirect(url_for("automations.index"))
