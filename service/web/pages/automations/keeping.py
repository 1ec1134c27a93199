"""Keeping one step of the builder: each changes its own part only, so that two browsers rarely meet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import RowMapping

from service.errors import Conflict
from service.store import automations
from service.store.engine import transaction
from service.web import guards
from service.web.automating import draft_kept
from service.web.automation_causes import cause_told
from service.web.pages.automations.room import Step
from service.web.rooms import rooms
from service.web.words import FAULTS

PARTS: dict[Step, tuple[str, ...]] = {
    Step.WHEN: ("name", "trigger", "even_overtaken"),
    Step.ONLY_IF: ("filter",),
    Step.THEN: ("destination", "endpoint_id", "mapping", "policy"),
}
"""What each step changes."""
MARK = 12


def mark_of(row: RowMapping, step: Step) -> str:
    """What the part of a step is known by: another text as soon as somebody changed it."""
    part = [row[name] for name in PARTS[step]]
    return blake2b(orjson.dumps(part, option=orjson.OPT_SORT_KEYS), digest_size=MARK).hexdigest()


def keep(automation_id: int, step: Step, seen: str, said: Mapping[str, Any]) -> RowMapping:
    """Change the part of a step that was made from the one marked `seen`; the automation as it is then.

    Raises NotFound, and Conflict (`automation_changed` where somebody else changed this very part, or what
    `automations.check_way` raises).
    """
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        row = automations.find(tx, account_id, automation_id)
        if mark_of(row, step) != seen:
            raise Conflict("Somebody changed this step meanwhile.", code="automation_changed")
        draft = draft_kept(row)._replace(**said)
        if draft != draft_kept(row):
            automations.change(tx, account_id, automation_id, draft, row["version"], datetime.now(UTC))
        return automations.find(tx, account_id, automation_id)


def in_words(fault: Conflict) -> str:
    """Why something was not kept."""
    told = cause_told(fault.code)
    return str(FAULTS.get(fault.code) or (told and told.what))
