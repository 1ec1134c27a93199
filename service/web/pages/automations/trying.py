"""Step 4, test and switch on: what the automation would do with something that happened; nothing is sent."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy import RowMapping

from service import trials
from service.domain.automation.filters import FilterError
from service.domain.automation.mapping import MappingError
from service.errors import MarcoError
from service.trials import Trial
from service.web import automation_words, guards, locale
from service.web.automating import draft_kept
from service.web.automation_causes import Told, cause_told
from service.web.pages.automations.room import Step, blueprint, found, frame
from service.web.rooms import rooms

LONGEST = 200


class Tried(NamedTuple):
    """What came of a trial: what it would do, or why that cannot be told."""

    trial: Trial | None = None
    fault: Told | None = None
    is_connecting: bool = False
    """Whether connecting Kommo is what is needed."""


@blueprint.get("/<int:automation_id>/test")
def trying(automation_id: int) -> str:
    """The step. With an event in the address it is tried at once; else by a part of the page that is fetched."""
    row, event = found(automation_id), request.args.get("event", "").strip()[:LONGEST]
    is_asked = "event" in request.args
    return render_template(
        "automations/trying.html",
        event=event,
        is_asked=is_asked,
        **(_outcome(row, event) if is_asked else {}),
        **frame(row, Step.TRY),
    )


@blueprint.get("/<int:automation_id>/test/outcome")
def outcome(automation_id: int) -> str:
    """The trial without anything around it."""
    row, event = found(automation_id), request.args.get("event", "").strip()[:LONGEST]
    return render_template("automations/_tried.html", row=row, told=automation_words, **_outcome(row, event))


def _outcome(row: RowMapping, event: str) -> dict[str, Any]:
    tried = _tried(row, event or None)
    trial = tried.trial
    return {
        "tried": tried,
        "reasons": [automation_words.reason(failure) for failure in trial.filter] if trial else [],
        "worth": _worth(trial),
        "message": _message(trial),
        "left_out": [_left(one) for one in trial.decision["left_out"]] if trial and trial.decision else [],
    }


def _tried(row: RowMapping, event: str | None) -> Tried:
    try:
        account = guards.current_account()
        return Tried(trials.try_out(rooms().engine, rooms().settings, account, draft_kept(row), event))
    except (FilterError, MappingError):
        return Tried(
            fault=Told(_("A step of this automation cannot be understood any more."), _("Open it and save it."))
        )
    except MarcoError as fault:
        if fault.code == "no_such_event":
            return Tried(fault=_no_event(event))
        return Tried(fault=cause_told(fault.code), is_connecting=fault.code in CONNECTING)


CONNECTING = frozenset({"kommo_not_connected", "kommo_token_refused", "kommo_moved", "secret_unreadable"})


def _no_event(event: str | None) -> Told:
    if event:
        return Told(
            _("Nothing of this kind is known of “%(event)s”.", event=event),
            _("Write a whole transaction code or e-mail, or leave it empty for the latest event."),
        )
    return Told(
        _("Nothing of this kind has happened yet, so there is nothing to try it on."),
        _("You can switch it on all the same: it begins with the next event."),
    )


def _worth(trial: Trial | None) -> str:
    amount = trial.card and trial.card["amount"] if trial else None
    return locale.money(amount["value"], amount["currency"]) if amount else ""


def _message(trial: Trial | None) -> str:
    """The body a webhook would be sent, as people read JSON."""
    if trial is None or trial.message is None:
        return ""
    return orjson.dumps(trial.message["body"], option=orjson.OPT_INDENT_2).decode()


def _left(one: dict[str, Any]) -> tuple[str, str]:
    return automation_words.changed_field(str(one["field"])), automation_words.left_out(one["why"])
