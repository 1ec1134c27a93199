"""One batch of one account, in one transaction, and what happens when it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import sqlalchemy.exc
import structlog
from sqlalchemy import Connection

from service.queues import Lane
from service.store import drains, inbox, ledger
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.inbox import Delivery, Mark
from workers.workshop import Workshop

NOBODYS_FAULT = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.ProgrammingError,
    psycopg.InternalError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.ProgrammingError,
    sqlalchemy.exc.InternalError,
    sqlalchemy.exc.TimeoutError,
)
"""Connection lost, lock or statement timed out, disk full, a table or right that is missing: such a fault meets
every delivery alike, so it is never counted against the one at hand."""
log = structlog.get_logger()

Take = Callable[[Connection, Account, int], list[Delivery]]
Apply = Callable[[Connection, Account, list[Delivery]], None]


def turn(shop: Workshop, account: Account, lane: Lane, take: Take, apply: Apply) -> int:
    """One batch of one account in one transaction; how many deliveries it saw to their end.

    A batch that raises, or kills its process, is rolled back and comes back smaller; a delivery that
    does so alone for the third time is set aside. Raises what is nobody's fault, without counting it.
    """
    try:
        with transaction(shop.engine) as tx:
            ledger.lock(tx, account.id)
            batch = drains.begin(tx, account.id, lane)
            deliveries = take(tx, account, batch.size)
            if not deliveries:
                return 0
            if batch.gives_up_on(deliveries[0].id):
                _give_up(tx, account, deliveries[0])
            else:
                drains.note(shop.engine, account.id, lane, batch, deliveries[0].id)
                apply(tx, account, deliveries)
            drains.end(tx, account.id, lane, batch.size)
            return len(deliveries)
    except NOBODYS_FAULT:
        _excuse(shop, account, lane)
        raise
    except Exception as fault:  # a bug met in one delivery must not stop the ones behind it
        log.exception("batch failed", lane=lane, account_id=account.id, fault=type(fault).__name__)
        return 1


def _excuse(shop: Workshop, account: Account, lane: Lane) -> None:
    try:
        drains.excuse(shop.engine, account.id, lane)
    except NOBODYS_FAULT as fault:
        # The note stays, but a server that was away has restarted since, or the batch only comes back smaller.
        log.warning("database away", part="drain", fault=type(fault).__name__)


def _give_up(tx: Connection, account: Account, delivery: Delivery) -> None:
    log.error("delivery set aside", delivery_id=delivery.id, account_id=account.id, reason="crashed")
    fate = "failed" if delivery.import_id is not None else None
    inbox.mark(tx, account.id, [Mark(delivery.id, "set_aside", "crashed", None, fate)], datetime.now(UTC))
