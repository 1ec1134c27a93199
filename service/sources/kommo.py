"""Kommo's hooks to facts: where a lead came to stand, and when (reference: kommo-api.md, 13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b, sha256
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from service.domain.facts import Fact, Kind
from service.domain.money import amount_text
from service.domain.stages import FOUND, PREFIX, Pair, Stand
from service.sources.brackets import NotAForm, Tree, branch, pairs_of, unfold
from service.sources.telling import Kept, Telling, fact_of, set_aside

SOURCE = "kommo"
TELLING = ("add", "status", "update", FOUND)
"""Actions that say where a lead stands. Deletion, return, notes and new responsibles do not."""
TRANSACTION = re.compile(r"HP\d{6,20}(?:C\d{1,3})?")
LARGEST_ID = 2**63 - 1


class Named(NamedTuple):
    """A lead a hook speaks of, and what its client may be found by: the account there, transactions it names."""

    lead_id: int
    kommo_id: int | None
    codes: tuple[str, ...]


class Opened(NamedTuple):
    """A hook at the door. Kommo gives it no id, so `key` is made of all it says: a repeat repeats every field."""

    key: str
    digest: bytes
    event: str | None


def open_hook(body: bytes) -> Opened:
    """What tells one hook from another. Raises NotAForm."""
    canonical = orjson.dumps(sorted(pairs_of(body)))
    actions = branch(unfold(body), "leads")
    event = next((f"lead_{action}" for action in (*TELLING, "delete", "restore") if action in actions), None)
    return Opened(f"hook:{sha256(canonical).hexdigest()}", blake2b(canonical, digest_size=16).digest(), event)


def body_of(kommo_id: int, stand: Stand) -> bytes:
    """What a hook would have told of a lead that was found where no hook had put it."""
    told = {
        "id": stand.lead_id,
        "name": stand.name,
        "pipeline_id": stand.at.pipeline,
        "status_id": stand.at.stage,
        "created_at": int(stand.created_at.timestamp()),
        "updated_at": int(stand.updated_at.timestamp()),
    }
    if stand.price is not None:
        told["price_with_minor_units"] = stand.price
    fields = {f"leads[{FOUND}][0][{name}]": str(value) for name, value in told.items()}
    return urlencode({**fields, "account[id]": str(kommo_id)}).encode()


def named(body: bytes) -> list[Named]:
    """The leads a kept hook tells a stage of."""
    tree = _tree(body)
    kommo_id = _number(branch(tree, "account").get("id"))
    return [Named(lead_id, kommo_id, _codes(told)) for _, lead_id, told in _leads(tree)]


def translate(body: bytes, kept: Kept) -> Telling:
    """The facts of one kept hook: one for each lead whose client is known; the others are waited for."""
    tree = _tree(body)
    told = list(_leads(tree))
    if not told:
        return Telling(state="kept", reason="unknown_event")
    facts = [_fact(kept, action, lead_id, lead) for action, lead_id, lead in told if lead_id in kept.owners]
    waits = sorted({lead_id for _, lead_id, _ in told} - kept.owners.keys())
    known = [fact for fact in facts if fact is not None]
    if len(known) < len(facts):
        return set_aside("data_missing")
    if not known:
        return Telling(state="kept", reason="lead_unknown", waits_for=waits)
    # A delivery says one thing of a subject. Of a lead told of twice (made, and put in its stage) the last holds.
    last = {fact.subject: fact for fact in sorted(known, key=attrgetter("occurred_at"))}
    notes = {"lead": "told of more than once in one hook"} if len(last) < len(known) else {}
    return Telling(list(last.values()), notes=notes, waits_for=waits)


def _tree(body: bytes) -> Tree:
    try:
        return unfold(body)
    except NotAForm:
        return {}


def _leads(tree: Tree) -> Iterator[tuple[str, int, Tree]]:
    for action in TELLING:
        for told in branch(tree, "leads", action).values():
            lead_id = _number(branch(told).get("id"))
            if lead_id is not None:
                yield action, lead_id, told


def _codes(told: Tree) -> tuple[str, ...]:
    texts = [
        value.get("value") if isinstance(value, dict) else value
        for field in branch(told, "custom_fields").values()
        for value in branch(field, "values").values()
    ]
    return tuple(text.strip() for text in texts if isinstance(text, str) and TRANSACTION.fullmatch(text.strip()))


def _fact(kept: Kept, action: str, lead_id: int, told: Tree) -> Fact | None:
    pipeline, stage = _number(told.get("pipeline_id")), _number(told.get("status_id"))
    # `last_modified` is the older name of the same moment; one of them is always there.
    when = _moment(told.get("updated_at")) or _moment(told.get("last_modified"))
    if pipeline is None or stage is None:
        return None
    at = Pair(pipeline, stage)
    old_stage = _number(told.get("old_status_id")) if action == "status" else None
    old = None if old_stage is None else Pair(_number(told.get("old_pipeline_id")) or pipeline, old_stage)
    fields = {
        "pipeline_id": at.pipeline,
        "stage_id": at.stage,
        "old_pipeline_id": old and old.pipeline,
        "old_stage_id": old and old.stage,
        "lead": _lead(lead_id, told, at, old),
    }
    email = kept.owners[lead_id]
    return fact_of(
        kept,
        Kind.LEAD,
        f"{PREFIX}{lead_id}",
        FOUND if action == FOUND else f"lead_{action}",
        created_at=when,
        occurred_at=when,
        email=email,
        fields=fields,
    )


def _lead(lead_id: int, told: Tree, at: Pair, old: Pair | None) -> dict[str, Any]:
    """The lead as automations show it (T12), less what hooks do not carry."""
    created, updated = _moment(told.get("created_at")), _moment(told.get("updated_at") or told.get("last_modified"))
    said = {
        "id": str(lead_id),
        "name": told.get("name") or None,
        "price": _price(told.get("price_with_minor_units") or told.get("price")),
        "is_deleted": False,
        "created_at": created and created.isoformat(),
        "updated_at": updated and updated.isoformat(),
        "pipeline": str(at.pipeline),
        "stage": str(at.stage),
        "previous_stage": old and str(old.stage),
    }
    return {name: value for name, value in said.items() if value is not None}


def _price(text: Any) -> list[str | None] | None:
    """The price as an amount without currency: hooks name none."""
    try:
        amount = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return [amount_text(amount), None] if amount.is_finite() and abs(amount) < 10**15 else None


def _number(text: Any) -> int | None:
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    return number if 0 < (number := int(text)) <= LARGEST_ID else None


def _moment(text: Any) -> datetime | None:
    seconds = _number(text)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and seconds < 10**11 else None
