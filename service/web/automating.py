"""Automations as people say them, read strictly: every fault of filter and templates with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.domain.automation import filters, mapping
from service.domain.automation.filters import FilterError
from service.domain.automation.mapping import MappingError
from service.errors import Conflict, Unprocessable
from service.store import automations, connections
from service.store.accounts import Account
from service.store.automations import Draft
from service.store.engine import transaction
from service.web.rooms import rooms


def draft_of(said: dict[str, Any]) -> Draft:
    """The draft somebody described. Raises Unprocessable (`automation_unreadable`) with all that is wrong with it."""
    errors: dict[str, Any] = {}
    one = said["filter"]
    try:
        one = filters.stored(filters.read(one))
    except FilterError as refused:
        errors["filter"] = [fault._asdict() for fault in refused.faults]
    try:
        mapping.read(said["mapping"])
    except MappingError as refused:
        errors["mapping"] = [fault._asdict() for fault in refused.faults]
    if errors:
        unreadable = Unprocessable(
            "The automation cannot be understood; 'errors' says where and why.", code="automation_unreadable"
        )
        unreadable.errors = errors
        raise unreadable
    return Draft(
        name=said["name"].strip(),
        trigger=said["trigger"],
        filter=one,
        destination=said["destination"],
        mapping=said["mapping"],
        policy=str(said["policy"]),
        even_overtaken=said["even_overtaken"],
    )


def switched(account: Account, automation_id: int, state: str) -> None:
    """Switch an automation. Raises NotFound, and Conflict (`kommo_not_connected`) where it could write nowhere."""
    with transaction(rooms().engine) as tx:
        connected = connections.find(tx, account.id)
        if state == "on" and (connected is None or connected.state == "disconnected"):
            raise Conflict("Connect a Kommo account first.", code="kommo_not_connected")
        automations.switch(tx, account.id, automation_id, state, datetime.now(UTC))


def draft_kept(row: Any) -> Draft:
    """A kept automation as a draft again."""
    return Draft(**{name: row[name] for name in Draft._fields})
