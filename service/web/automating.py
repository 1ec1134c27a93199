"""Automations as people say them, read strictly: every fault of filter and templates with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from service.domain.automation import filters, mapping, payload
from service.domain.automation.filters import FilterError
from service.domain.automation.mapping import MappingError
from service.errors import Unprocessable
from service.store import automations, ledger
from service.store.accounts import Account
from service.store.automations import Draft
from service.store.engine import transaction
from service.web.rooms import rooms

READ: dict[str, Callable[[Any], object]] = {"kommo": mapping.read, "webhook": payload.read}
"""By destination: who understands its mapping."""


def draft_of(said: dict[str, Any]) -> Draft:
    """The draft somebody described. Raises Unprocessable (`automation_unreadable`) with all that is wrong with it."""
    errors: dict[str, Any] = {}
    one = said["filter"]
    try:
        one = filters.stored(filters.read(one))
    except FilterError as refused:
        errors["filter"] = [fault._asdict() for fault in refused.faults]
    try:
        READ[said["destination"]](said["mapping"])
    except MappingError as refused:
        errors["mapping"] = [fault._asdict() for fault in refused.faults]
    if said.get("endpoint_id") is not None and said["destination"] != "webhook":
        errors["endpoint_id"] = ["Only an automation that sends to a webhook has an address."]
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
        endpoint_id=said.get("endpoint_id"),
    )


def switched(account: Account, automation_id: int, state: str) -> None:
    """Switch an automation. Raises NotFound, and Conflict (see `check_way`) where it could write nowhere."""
    with transaction(rooms().engine) as tx:
        ledger.lock(tx, account.id)  # nobody takes its address away between the check and the switch
        row = automations.find(tx, account.id, automation_id)
        if state == "on":
            automations.check_way(tx, account.id, row["destination"], row["endpoint_id"])
        automations.switch(tx, account.id, automation_id, state, datetime.now(UTC))


def draft_kept(row: Any) -> Draft:
    """A kept automation as a draft again."""
    return Draft(**{name: row[name] for name in Draft._fields})
