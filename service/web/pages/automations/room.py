"""What the pages of automations share: their place in the account, their four steps, the automation they are about."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import Connection, RowMapping

from service.store import automations, connections
from service.store.connections import Connected
from service.store.engine import transaction
from service.web import automation_words, guards
from service.web.pages.accounts import Entry, Page, account_pages
from service.web.rooms import rooms

blueprint = account_pages("automations", __name__, "/automations")
PAGE = Page(blueprint, Entry(_l("Automations"), "automations", "automations.index"))


class Step(StrEnum):
    """The four steps of the builder; each value is the name of its view."""

    WHEN = "when"
    ONLY_IF = "only_if"
    THEN = "then"
    TRY = "trying"


LABELS: dict[Step, LazyString] = {
    Step.WHEN: _l("When"),
    Step.ONLY_IF: _l("Only if"),
    Step.THEN: _l("Then"),
    Step.TRY: _l("Test"),
}
STATES: dict[str, LazyString] = {
    "draft": _l("Draft"),
    "on": _l("On"),
    "off": _l("Off"),
}


class Station(NamedTuple):
    """One step as the list above the page shows it; `url` where it can be gone to."""

    label: LazyString
    is_here: bool
    url: str | None


def found(automation_id: int) -> RowMapping:
    """The automation. Raises NotFound."""
    with transaction(rooms().engine) as tx:
        return automations.find(tx, guards.current_account().id, automation_id)


def live_connection(tx: Connection) -> Connected | None:
    """The account's Kommo, also while its token is refused; None where nothing is connected."""
    connected = connections.find(tx, guards.current_account().id)
    return None if connected is None or connected.state == "disconnected" else connected


def frame(row: RowMapping | None, here: Step) -> dict[str, Any]:
    """What every step shows around itself."""
    stations = [
        Station(label, step is here, None if row is None else url_for(f"automations.{step}", automation_id=row["id"]))
        for step, label in LABELS.items()
    ]
    return {
        "row": row,
        "stations": stations,
        "may": guards.current_role().may_change,
        "states": STATES,
        "told": automation_words,
    }
