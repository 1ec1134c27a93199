"""The history: what became of everything automations were owed, why, and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Connection, RowMapping
from werkzeug import Response

from service.errors import Conflict, NotFound
from service.queues import Lane
from service.store import automations, connections
from service.store import history as kept
from service.store.engine import transaction
from service.web import automation_words, crm_places, guards, locale
from service.web.automation_causes import cause_title, cause_told
from service.web.pages.automations import asked as asking
from service.web.pages.automations.asked import Asked
from service.web.pages.automations.room import blueprint
from service.web.rooms import rooms

PAGE_SIZE = 50
TABS: tuple[tuple[str, ...], ...] = (
    ("given_up",),
    ("failed",),
    ("waiting", "leased"),
    ("done",),
    ("passed_over",),
    ("withdrawn",),
)
"""States that are counted above the list; the first is where somebody is needed."""


@blueprint.get("/history")
def history() -> str:
    """What was promised, the newest first; the address is the filter."""
    said, account = asking.asked(), guards.current_account()
    with transaction(rooms().engine) as tx:
        seen = kept.look(tx)
        part = kept.page(tx, account.id, said.wanted, asking.place(), PAGE_SIZE)
        counts = kept.tallied(tx, account.id, said.wanted)
        every = automations.every(tx, account.id)
        shared = _shared(tx, part.rows)
        name = _name(tx, account.id, said, every)
        causes = kept.causes(tx, account.id)
    return render_template(
        "automations/history.html",
        part=part,
        asked=said,
        automations=[(one["id"], one["name"]) for one in every],
        name=name,
        causes=sorted(((cause, cause_title(cause)) for cause in {*causes, kept.OVERTAKEN}), key=lambda one: one[1]),
        tabs=[(states, str(automation_words.STATES[states[0]]), _number(counts, states)) for states in TABS],
        all_of_them=_number(counts, kept.STATES),
        chips=asking.chips(said, name),
        again=_number(counts, kept.resent_states(said.wanted)),
        seen=seen.isoformat(),
        nothing=not part.rows and said == Asked() and asking.place() == kept.Place(),
        **shared,
    )


def _name(tx: Connection, account_id: int, said: Asked, every: Sequence[RowMapping]) -> str | None:
    """The name of the automation asked for, also of a deleted one; None where there is none."""
    if said.automation_id is None:
        return None
    known = {one["id"]: str(one["name"]) for one in every}
    if said.automation_id in known:
        return known[said.automation_id]
    try:
        return str(automations.find(tx, account_id, said.automation_id, even_deleted=True)["name"])
    except NotFound:
        return f"#{said.automation_id}"


def _number(counts: dict[str, int], states: Sequence[str]) -> tuple[int, str]:
    """How many stand in these states, and the same as text: `10.000+` where not all of them were counted."""
    number = sum(min(counts[state], kept.MOST_COUNTED) for state in states)
    is_more = any(counts[state] > kept.MOST_COUNTED for state in states)
    return number, f"{locale.number(number)}{'+' if is_more else ''}"


def _shared(tx: Connection, rows: Sequence[RowMapping]) -> dict[str, Any]:
    """What lines of the history need besides themselves."""
    account_id = guards.current_account().id
    return {
        "clients": kept.clients(tx, account_id, [row["email"] for row in rows if row["email"]]),
        "crm": crm_places.of(connections.find(tx, account_id)),
        "told": automation_words,
        "cause_told": cause_told,
        "resendable": kept.RESENDABLE,
        "may": guards.current_role().may_change,
    }


@blueprint.get("/history/<int:promise_id>")
def promise(promise_id: int) -> str:
    """One promise: what it is about, why it stands where it stands, every attempt to the last word."""
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        seen = kept.look(tx)
        row = kept.find(tx, account_id, promise_id)
        attempts = kept.attempts(tx, account_id, promise_id)
        origin = kept.origin(tx, account_id, row["delivery_id"])
        shared = _shared(tx, [row])
    reasons = attempts[-1]["decision"].get("filter", ()) if attempts and row["cause"] == "filter" else ()
    return render_template(
        "automations/promise.html",
        row=row,
        attempts=list(reversed(attempts)),
        origin=origin,
        seen=seen.isoformat(),
        reasons=[automation_words.reason(one) for one in reasons],
        is_open=row["state"] in kept.OPEN,
        **shared,
    )


@blueprint.post("/history/<int:promise_id>/resend")
def resend(promise_id: int) -> Response:
    """Once more; asked for twice it is done once."""
    now = datetime.now(UTC)
    try:
        with transaction(rooms().engine) as tx:
            kept.resend(tx, guards.current_account().id, promise_id, now, seen=_seen())
    except Conflict:
        flash(_("It is not sent again: it was done meanwhile, or is on its way already."), "warning")
    else:
        rooms().bell.ring(Lane.DELIVER)
        flash(_("It is sent again. Load the page once more to see what became of it."), "success")
    said = asking.asked()
    to_list = request.form.get("back") == "list"
    return redirect(said.address() if to_list else said.address("automations.promise", promise_id=promise_id))


@blueprint.get("/history/resend")
def resend_many() -> str:
    """Before many are sent again: how many, and why they were not sent."""
    said, ids, account_id = asking.asked(), asking.chosen(), guards.current_account().id
    with transaction(rooms().engine) as tx:
        seen = kept.look(tx)
        causes = kept.waking(tx, account_id, said.wanted if ids is None else ids)
        connected = connections.find(tx, account_id)
    number = sum(causes.values())
    return render_template(
        "automations/resend.html",
        asked=said,
        ids=ids,
        number=number,
        causes=[(cause_told(cause, None) or cause_told(None, "moved_on"), many) for cause, many in causes.items()],
        most=kept.MOST_AT_ONCE,
        crm=crm_places.of(connected),
        may=guards.current_role().may_change,
        seen=seen.isoformat(),
    )


@blueprint.post("/history/resend")
def resend_chosen() -> Response:
    """Those that were ticked, or all of the filter; asked for twice it is done once."""
    said, account_id, now, seen = asking.asked(), guards.current_account().id, datetime.now(UTC), _seen()
    with transaction(rooms().engine) as tx:
        ids = asking.chosen()
        if ids is None:
            number = kept.resend_all(tx, account_id, said.wanted, now, seen=seen)
        else:
            number = kept.resend_these(tx, account_id, ids, now, seen=seen)
    if number:
        rooms().bell.ring(Lane.DELIVER)
        told = ngettext("%(shown)s is sent again.", "%(shown)s are sent again.", number, shown=locale.number(number))
        flash(told, "success")
    else:
        flash(_("Nothing is left to send again: it was done meanwhile, or is on its way already."), "warning")
    return redirect(said.address(state=None))


def _seen() -> datetime | None:
    """When the page was made that the form is on."""
    try:
        seen = datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError:
        return None
    return seen if seen.tzinfo else None
