"""What one process needs to speak with one account of Kommo: a client, its turn on the road, what is set up there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection as Transaction
from sqlalchemy import Engine

from service.connectors.kommo.books import as_json, book_of
from service.connectors.kommo.client import Kommo, check
from service.connectors.kommo.connection import Connection, expires_at
from service.connectors.kommo.listening import Exchanged
from service.connectors.kommo.shapes import Account
from service.connectors.kommo.wishes import Book, Stored, read_book
from service.connectors.kommo.wishing import Past
from service.connectors.limits import PER_SECOND, Gate, Pace, State
from service.connectors.redis_road import RedisRoad
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.triggers import SubjectKind
from service.domain.automation.values import Values
from service.queues import impatient
from service.settings import Settings
from service.store import connections, crm_hooks, crm_links, knowledge
from service.store.accounts import Account as Seller
from service.store.connections import Connected, Opening
from service.store.crm_links import Link
from service.store.engine import transaction
from service.store.knowledge import Event
from service.store.vault import vault_of

PACE = Pace()
"""The usual pace; KOMMO_RATE chooses another number of requests a second."""
BOOK_GOOD_FOR = timedelta(minutes=10)
HOLD_EVERY = 10.0
"""Seconds; a request is begun only with a lease that was held anew within them.

With the 45 seconds the slowest request may take (connecting, waiting for the answer, and for its end) it stays shorter
than a lease: while a request of ours is under way, nobody else takes its promise.
"""


class WatchfulGate(Gate):
    """A gate that holds the lease before it lets a request go, so that none is sent by who has lost it."""

    _hold: Callable[[], None] | None = None
    _held = 0.0

    def watch(self, hold: Callable[[], None] | None, held: float | None = None) -> None:
        """From here on requests are sent under this lease; None where there is none to hold.

        It was held at `held` (monotonic seconds), or was taken just now.
        """
        self._hold, self._held = hold, time.monotonic() if held is None else held

    def enter(self, *, urgent: bool = True) -> State:
        """See `Gate`. Raises Lost too."""
        state = super().enter(urgent=urgent)
        if self._hold is not None and time.monotonic() - self._held > HOLD_EVERY:
            self._hold()
            self._held = time.monotonic()
        return state


class Desk(NamedTuple):
    """The client of one account in this process."""

    kommo: Exchanged
    gate: WatchfulGate


class Ground(NamedTuple):
    """What is known before anybody is called: the values of all fields, and what earlier promises left in Kommo.

    `email` is the one the client is known by, also where this event came under another one.
    """

    connected: Connected
    values: Values
    past: Past
    email: str | None
    document: str | None


def ground_of(tx: Transaction, account: Seller, event: Event, unclear_since: datetime | None = None) -> Ground | None:
    """Everything about an event; None where the ledger no longer has it, or the account was never connected."""
    connected, known = connections.find(tx, account.id), knowledge.known_of(tx, account, event)
    if known is None or connected is None:
        return None
    about, place = event.about, (tx, account.id, connected.kommo_id)
    link = crm_links.find(*place, str(about.kind), about.key)
    email = known.client.get("email") or event.email
    kin = crm_links.find(*place, crm_links.CLIENT, email) if email else Link()
    alike = crm_links.leads_of(*place, email, event.product_id) if email and event.product_id else ()
    lead = int(about.key) if about.kind is SubjectKind.LEAD else link.lead_id
    stored = Stored(lead, kin.contact_id or link.contact_id, kin.company_id or link.company_id)
    past = Past(stored, alike, unclear_since)
    return Ground(connected, CATALOGUE.read(known), past, email, known.client.get("document"))


def pace_of(settings: Settings) -> Pace:
    """How fast all processes together may ask: one road, because Kommo counts per address of the network."""
    return PACE if settings.kommo_rate == PER_SECOND else replace(PACE, per_second=settings.kommo_rate)


def road_of(settings: Settings) -> RedisRoad:
    """The road everybody here shares to Kommo."""
    return RedisRoad(impatient(settings.redis_url), pace=pace_of(settings))


def desk_of(settings: Settings, connected: Connected) -> Desk:
    """The desk of a connection; made once per thread and token."""
    token = vault_of(settings).open(connected.token)
    return _desk((os.getpid(), threading.get_ident()), connected.origin, token, settings.redis_url, pace_of(settings))


@lru_cache(maxsize=64)
def _desk(_owner: tuple[int, int], origin: str, token: str, redis_url: str, pace: Pace) -> Desk:
    gate = WatchfulGate(RedisRoad(impatient(redis_url), pace=pace))
    kommo = Exchanged(Connection(origin, token), gate)
    kommo.begin(urgent=True)
    return Desk(kommo, gate)


def book_at(engine: Engine, connected: Connected, kommo: Kommo, now: datetime) -> tuple[Book, bool]:
    """What is set up there, at most ten minutes old; whether it was read just now, which takes seven requests."""
    if connected.book is not None and connected.book_at is not None and now - connected.book_at < BOOK_GOOD_FOR:
        return book_of(connected.book), False
    return refresh(engine, connected.account_id, kommo), True


def refresh(engine: Engine, account_id: int, kommo: Kommo) -> Book:
    """Read what is set up there, and keep it for all processes."""
    book, users = read_book(kommo), kommo.users()
    with transaction(engine) as tx:
        connections.keep_book(tx, account_id, as_json(book, users), datetime.now(UTC))
    return book


def connect(engine: Engine, settings: Settings, account_id: int, to: Connection) -> Account:
    """Check a connection, keep it with its token sealed, and read what is set up there; whose account it is.

    Raises what calling Kommo raises: Unauthorized, in words a person can use, where the token is not accepted.
    """
    kommo = Kommo(to, Gate(road_of(settings)))
    try:
        account = check(kommo)
        opening = Opening(to.origin, to.token, expires_at(to.token), account.id)
        with transaction(engine) as tx:
            connections.connect(tx, account_id, opening, vault_of(settings), datetime.now(UTC))
            crm_hooks.provide(tx, account_id, vault_of(settings))
        refresh(engine, account_id, kommo)
    finally:
        kommo.close()
    return account
