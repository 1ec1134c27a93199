"""Step 1, when: what starts the automation, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import RowMapping
from werkzeug import Response

from service.domain.automation.triggers import Trigger
from service.errors import Conflict, Unprocessable
from service.store import automation_sums
from service.store.engine import transaction
from service.store.parts import patience
from service.web import guards
from service.web.automation_words import trigger_name
from service.web.faults import status_of
from service.web.pages.automations.keeping import in_words, keep, mark_of
from service.web.pages.automations.listing import keep_new
from service.web.pages.automations.room import Step, blueprint, found, frame, live_connection
from service.web.pages.automations.starting import LONGEST_NAME, blank_draft
from service.web.rooms import rooms
from service.web.trigger_words import GROUPS, MEANINGS

Answer = str | Response | tuple[str, int]
LATELY = timedelta(days=30)
COUNTING_SECONDS = 1.0


class Said(NamedTuple):
    """The form of this step."""

    name: str = ""
    trigger: str = ""
    even_overtaken: bool = False

    def faults(self) -> dict[str, str]:
        """What is wrong with it, by field."""
        wrong = {}
        if self.trigger not in set(Trigger):
            wrong["trigger"] = _("Choose what starts the automation.")
        if len(self.name) > LONGEST_NAME:
            wrong["name"] = _("An automation needs a name of 200 signs at most.")
        return wrong

    def as_part(self) -> dict[str, Any]:
        """The same as what is kept; without a name it is called as its trigger."""
        trigger = Trigger(self.trigger)
        return {
            "name": self.name or trigger_name(trigger),
            "trigger": trigger,
            "even_overtaken": self.even_overtaken,
        }


def _said() -> Said:
    form = request.form
    return Said(form.get("name", "").strip(), form.get("trigger", ""), form.get("even_overtaken") == "yes")


@blueprint.get("/new")
def new() -> str:
    """An automation that is not kept yet."""
    return _page(None, Said(), {})


@blueprint.post("/new")
def begin() -> Answer:
    """Keep a new draft."""
    said = _said()
    if wrong := said.faults():
        return _page(None, said, wrong), 422
    with transaction(rooms().engine) as tx:
        connected = live_connection(tx)
    part = said.as_part()
    draft = blank_draft(part["trigger"], part["name"], connected and connected.book)
    try:
        made = keep_new(draft._replace(even_overtaken=said.even_overtaken))
    except Conflict as fault:
        return _page(None, said, {"": in_words(fault)}), status_of(fault)
    return _on(made)


@blueprint.get("/<int:automation_id>/when")
def when(automation_id: int) -> str:
    """The step as it is kept."""
    row = found(automation_id)
    return _page(row, Said(row["name"], row["trigger"], row["even_overtaken"]), {})


@blueprint.post("/<int:automation_id>/when")
def keep_when(automation_id: int) -> Answer:
    """Keep the step."""
    row, said = found(automation_id), _said()
    if wrong := said.faults():
        return _page(row, said, wrong), 422
    try:
        keep(automation_id, Step.WHEN, request.form.get("seen", ""), said.as_part())
    except Conflict as fault:
        return _page(found(automation_id), said, {"": in_words(fault)}, is_clash=True), status_of(fault)
    return _on(automation_id)


def _on(automation_id: int) -> Response:
    """To the next step, or back to this one."""
    if request.form.get("do") == "save":
        flash(_("Saved."), "success")
        return redirect(url_for("automations.when", automation_id=automation_id))
    return redirect(url_for("automations.only_if", automation_id=automation_id))


def _page(row: RowMapping | None, said: Said, wrong: Mapping[str, str], *, is_clash: bool = False) -> str:
    return render_template(
        "automations/when.html",
        said=said,
        wrong=wrong,
        is_clash=is_clash,
        seen=mark_of(row, Step.WHEN) if row else "",
        groups=GROUPS,
        meanings=MEANINGS,
        numbers=_numbers(),
        **frame(row, Step.WHEN),
    )


def _numbers() -> Mapping[Trigger, int] | None:
    """How often each trigger happened lately; None where counting would take too long."""
    try:
        with transaction(rooms().engine) as tx, patience(tx, COUNTING_SECONDS):
            return automation_sums.events(tx, guards.current_account().id, datetime.now(UTC) - LATELY)
    except Unprocessable:
        return None
