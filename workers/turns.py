"""One batch of one account, in one transaction, and what happens when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from math import log2
from typing import TypeVar

import psycopg
import sqlalchemy.exc
import structlog
from sqlalchemy import Connection

from service.domain import fates
from service.queues import Lane
from service.sources.sheet.problems import row_problem
from service.store import drains, imports, inbox, ledger, upkeep, withdrawals
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.imports import Ref
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
            if not ledger.lock_soon(tx, account.id):
                return 0  # somebody else works on this account: on to the next, not in a queue behind them
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
        _look_at_young_tables(shop)
        return len(deliveries)
    except Exception as fault:  # a bug met in one delivery must not stop the ones behind it
        if is_nobodys(fault):
            _excuse(shop, account, lane)
            raise
        log.exception("batch failed", lane=lane, account_id=account.id, fault=type(fault).__name__)
        return 1


def is_nobodys(fault: BaseException) -> bool:
    """Whether a fault would meet every delivery alike, and so speaks against none.

    A value too large for an index is an OperationalError too (class 54), but it is one delivery's own.
    """
    state = getattr(getattr(fault, "orig", fault), "sqlstate", None) or ""
    return isinstance(fault, NOBODYS_FAULT) and not state.startswith("54")


Job = TypeVar("Job")


def each(jobs: Iterable[Job], work: Callable[[Job], int]) -> int:
    """Work on every job; what is nobody's fault in one of them is raised only after the last."""
    done, faults = 0, []
    for job in jobs:
        try:
            done += work(job)
        except NOBODYS_FAULT as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    return done


_turns = count(1)


def _look_at_young_tables(shop: Workshop) -> None:
    """After this process's 2nd, 8th, 32nd, … batch: often while all is new, hardly ever later."""
    if log2(next(_turns)) % 2 == 1:
        with transaction(shop.engine) as tx:
            upkeep.refresh_statistics(tx)


def _excuse(shop: Workshop, account: Account, lane: Lane) -> None:
    try:
        drains.excuse(shop.engine, account.id, lane)
    except NOBODYS_FAULT as fault:
        # The note stays, but a server that was away has restarted since, or the batch only comes back smaller.
        log.warning("database away", part="drain", fault=type(fault).__name__)


def _give_up(tx: Connection, account: Account, delivery: Delivery) -> None:
    ref = Ref(account.id, delivery.import_id) if delivery.import_id is not None else None
    if ref is not None and imports.is_undoing(tx, ref):
        log.error("row not taken out", delivery_id=delivery.id, account_id=account.id, reason="crashed")
        withdrawals.leave(tx, ref, delivery.id)
        return
    log.error("delivery set aside", delivery_id=delivery.id, account_id=account.id, reason="crashed")
    if ref is None:
        mark = Mark(delivery.id, "set_aside", "crashed")
    else:
        mark = Mark(delivery.id, "set_aside", "crashed", [row_problem("crashed")], fates.FAILED)
        imports.count_failed(tx, ref)
    inbox.mark(tx, account.id, [mark], datetime.now(UTC))
