"""The third conductor: sees that Kommo tells us things, and finds the stage changes of leads that no hook told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import Connection

from service import kommo_desk
from service.connectors.kommo import connection, hooks
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.shapes import Lead
from service.connectors.limits import Gate
from service.domain.money import amount_text
from service.domain.stages import PREFIX, Pair, Stand, missed
from service.errors import MarcoError, Unauthorized
from service.kommo_account import address_of
from service.queues import Lane
from service.sources import kommo
from service.store import connections, crm_hooks, facts, inbox, lead_owners, upkeep
from service.store.crm_hooks import Listening
from service.store.engine import transaction
from service.store.inbox import Arrival
from service.store.lead_owners import Asked
from service.store.vault import vault_of
from workers.turns import is_nobodys
from workers.workshop import Workshop

EVERY = timedelta(minutes=15)
OVERLAP = timedelta(minutes=1)
"""Looked at twice: a change may show up in the list a little after it happened."""
PAGES = 40
"""Of one looking, the oldest changes first; what is left comes next time."""
AT_ONCE = 500
log = structlog.get_logger()


def watch(shop: Workshop, now: datetime) -> int:
    """Look after the hooks of every account that is due; stage changes found."""
    with transaction(shop.engine) as tx:
        due = crm_hooks.due(tx, now - EVERY, now)
    return sum(_seen_to(shop, one, now) for one in due)


def _seen_to(shop: Workshop, one: Listening, now: datetime) -> int:
    """One account; a bug met in it must not stop the others."""
    try:
        return _watched(shop, one, now)
    except Exception as fault:
        if is_nobodys(fault):
            raise
        log.exception("hooks not watched", account=one.account_id, fault=type(fault).__name__)
        return 0


def _watched(shop: Workshop, one: Listening, now: datetime) -> int:
    """One account: its subscription first, then what was lost. A fault of the other side is noted, to be shown."""
    try:
        state, leads = _asked(shop, one)
    except MarcoError as fault:
        log.warning("hooks not watched", account=one.account_id, code=fault.code)
        with transaction(shop.engine) as tx:
            crm_hooks.note(tx, one, fault.code, one.looked_until)
            connected = connections.find(tx, one.account_id)
            if connected is not None and isinstance(fault, Unauthorized):
                connections.refuse(tx, connected, fault.code)
        return 0
    with transaction(shop.engine) as tx:
        connected = connections.find(tx, one.account_id)
        found = reconcile(tx, one.account_id, connected.kommo_id, leads, now) if connected else 0
        until = max([one.looked_until, *(lead.updated_at for lead in leads)])
        crm_hooks.note(tx, one, state, min(until, datetime.now(UTC)))
        if was_renewed(one.state, state):
            upkeep.tally(tx, one.account_id, crm_hooks.RENEWED, 1)
    if found:
        shop.bell.ring(Lane.REALTIME)
    return found


def was_renewed(before: str | None, found: str) -> bool:
    """Whether a subscription that there was before had to be made again."""
    if found == hooks.Found.MISSING:
        return before in tuple(hooks.Found)
    return found != hooks.Found.WELL


def _asked(shop: Workshop, one: Listening) -> tuple[str, list[Lead]]:
    """(how the subscription was before it was mended, leads changed since we last looked). Calls Kommo."""
    with transaction(shop.engine) as tx:
        connected = connections.find(tx, one.account_id)
    if connected is None:
        return hooks.Found.MISSING, []
    vault = vault_of(shop.settings)
    opened = connection.Connection(connected.origin, vault.open(connected.token))
    client = Kommo(opened, Gate(kommo_desk.road_of(shop.settings)), urgent=False)
    try:
        state = hooks.ensure(client, address_of(shop.settings.public_url, one.account_key, vault.open(one.sealed)))
        return state, list(client.leads_changed_since(one.looked_until - OVERLAP, pages=PAGES))
    finally:
        client.close()


def reconcile(tx: Connection, account_id: int, kommo_id: int, leads: Iterable[Lead], now: datetime) -> int:
    """Keep a delivery for every lead that stands where no fact has put it; how many were new.

    `leads` are those changed since the last looking, of the account `kommo_id`. Leads that belong to no client of ours
    are left alone. The caller rings the bell after its commit.
    """
    stands_left = map(stand_of, leads)
    arrivals = [
        _arrival(account_id, kommo_id, stand, now)
        for stands in iter(lambda: list(islice(stands_left, AT_ONCE)), [])
        for stand in _missed(tx, account_id, kommo_id, stands)
    ]
    if not arrivals:
        return 0
    raw: Any = tx.connection.driver_connection
    return inbox.keep(raw, arrivals).count(inbox.ACCEPTED)


def stand_of(lead: Lead) -> Stand:
    """Where a lead stands, as our rules look at it."""
    return Stand(
        lead.id,
        Pair(lead.pipeline_id, lead.stage_id),
        lead.updated_at,
        lead.created_at,
        lead.name,
        None if lead.price is None else amount_text(Decimal(lead.price)),
        lead.is_deleted,
    )


def _missed(tx: Connection, account_id: int, kommo_id: int, stands: Sequence[Stand]) -> Iterator[Stand]:
    owners = lead_owners.known(tx, account_id, [Asked(stand.lead_id, kommo_id, ()) for stand in stands])
    told = facts.of_subjects(tx, account_id, [f"{PREFIX}{lead_id}" for lead_id in owners])
    yield from missed(stands, {lead_id: told.get(f"{PREFIX}{lead_id}", []) for lead_id in owners})


def _arrival(account_id: int, kommo_id: int, stand: Stand, now: datetime) -> Arrival:
    body = kommo.body_of(kommo_id, stand)
    opened = kommo.open_hook(body)
    return Arrival(account_id, kommo.SOURCE, opened.key, opened.event, opened.digest, body, now)
