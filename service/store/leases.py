"""Delivering from the outbox: who works on which promise, in what order, and what became of every attempt."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

from service.domain.automation.triggers import Subject, SubjectKind, Trigger
from service.errors import Conflict
from service.store.knowledge import Event

LEASE_SECONDS = 120
SPACE = 6
"""Space of the advisory lock under which promises are taken."""

# Of one thread only the oldest open promise is taken, and none while another one of it is being worked on; an
# automation that is off, or whose destination is not connected, takes no place in the order.
LIVE = """
SELECT o.* FROM outbox o
JOIN automations a ON a.account_id = o.account_id AND a.id = o.automation_id AND a.state = 'on'
    AND a.destination = 'kommo'
JOIN kommo_connections k ON k.account_id = o.account_id AND k.state = 'connected'
WHERE o.state IN ('waiting', 'failed', 'leased')
"""
DUE = f"""
SELECT o.account_id, o.id FROM ({LIVE}) o
WHERE (CASE o.state WHEN 'leased' THEN o.leased_until ELSE o.due_at END) <= clock_timestamp() - :age * interval '1 s'
    AND NOT EXISTS (SELECT 1 FROM outbox e
        JOIN automations a ON a.account_id = e.account_id AND a.id = e.automation_id
        WHERE e.account_id = o.account_id AND e.thread = o.thread AND e.id <> o.id
            AND (e.state = 'leased' AND e.leased_until > clock_timestamp()
                OR e.id < o.id AND e.state IN ('waiting', 'failed', 'leased') AND a.state = 'on'))
ORDER BY o.priority, o.due_at, o.id LIMIT 1
"""
TAKE = f"""
WITH next AS ({DUE}),
was AS (SELECT o.* FROM outbox o JOIN next USING (account_id, id) FOR UPDATE OF o),
lost AS (
    INSERT INTO outbox_attempts (account_id, outbox_id, number, automation_version, began_at, ended_at, outcome,
        cause, decision, changes, exchanges)
    SELECT account_id, id, attempts, 0, began_at, clock_timestamp(), 'lost', 'worker_lost', '{{}}', '[]', '[]'
    FROM was WHERE state = 'leased' ON CONFLICT DO NOTHING)
UPDATE outbox o SET state = 'leased', fence = o.fence + 1, attempts = o.attempts + 1, began_at = clock_timestamp(),
    leased_until = clock_timestamp() + :lease * interval '1 s',
    failures = o.failures + (was.state = 'leased')::int,
    unclear_since = CASE was.state WHEN 'leased' THEN coalesce(o.unclear_since, o.began_at) ELSE o.unclear_since END
FROM was WHERE o.account_id = was.account_id AND o.id = was.id
RETURNING o.account_id, o.id, o.fence, o.automation_id, o.trigger, o.subject, o.about_kind, o.about_key, o.email,
    o.product_id, o.purchase_key, o.priority, o.occurred_at, o.began_at, o.attempts, o.failures, o.unclear_since
"""


class Lost(Conflict):
    """Somebody else works on this promise by now: leave it alone."""

    code = "lease_lost"


class Leased(NamedTuple):
    """A promise somebody works on. `fence` tells their hold on it from any later one."""

    account_id: int
    id: int
    fence: int
    automation_id: int
    event: Event
    priority: int
    began_at: datetime
    attempts: int
    failures: int
    unclear_since: datetime | None


class Settled(NamedTuple):
    """What became of an attempt: the new state of the promise, and what the history keeps."""

    state: str
    cause: str | None = None
    message: str | None = None
    due_at: datetime | None = None
    counts: bool = False
    unclear_since: datetime | None = None
    lead_id: int | None = None
    version: int = 0
    decision: dict[str, Any] = {}  # noqa: RUF012  # a field's default, never written to
    changes: list[dict[str, Any]] = []  # noqa: RUF012  # the same
    exchanges: list[dict[str, Any]] = []  # noqa: RUF012  # the same


def _flushed(tx: Connection) -> None:
    """Wait for the disk at the end of this transaction: what it says is acted on outside."""
    tx.execute(text("SET LOCAL synchronous_commit = on"))


def take(tx: Connection) -> Leased | None:
    """The most urgent promise that is due, for this worker alone for two minutes; None where none is.

    What a lost worker held comes back here, and may have been done.
    """
    _flushed(tx)
    # A statement of its own: what whoever held it before has committed is seen by the next one.
    tx.execute(text("SELECT pg_advisory_xact_lock(:space, 0)"), {"space": SPACE})
    row = tx.execute(text(TAKE), {"age": 0, "lease": LEASE_SECONDS}).one_or_none()
    if row is None:
        return None
    about = Subject(SubjectKind(row.about_kind), row.about_key)
    event = Event(
        Trigger(row.trigger), row.subject, about, row.email, row.product_id, row.purchase_key, row.occurred_at
    )
    held = (row.priority, row.began_at, row.attempts, row.failures, row.unclear_since)
    return Leased(row.account_id, row.id, row.fence, row.automation_id, event, *held)


def waits(tx: Connection, seconds: float) -> bool:
    """Whether something has been due for so many seconds."""
    return tx.execute(text(DUE), {"age": seconds}).one_or_none() is not None


def hold(tx: Connection, leased: Leased) -> None:
    """Hold a promise for two minutes more, and flush. Raises Lost where somebody else has it."""
    _flushed(tx)
    held = tx.execute(
        text(
            "UPDATE outbox SET leased_until = clock_timestamp() + :lease * interval '1 s'"
            " WHERE account_id = :account AND id = :id AND fence = :fence AND state = 'leased'"
        ),
        {"account": leased.account_id, "id": leased.id, "fence": leased.fence, "lease": LEASE_SECONDS},
    )
    if not held.rowcount:
        raise Lost("Another worker has taken this on.")


def settle(tx: Connection, leased: Leased, settled: Settled, now: datetime) -> bool:
    """Write down how an attempt ended; False where somebody else has the promise by now: then only the history."""
    _flushed(tx)
    _keep_attempt(tx, leased, settled, now)
    changed = tx.execute(
        text(
            "UPDATE outbox SET state = :state, cause = :cause, due_at = coalesce(:due_at, due_at), leased_until = NULL,"
            " failures = CASE WHEN :counts THEN failures + 1 ELSE failures END, unclear_since = :unclear_since,"
            " lead_id = coalesce(:lead_id, lead_id), done_at = CASE WHEN :state = 'done' THEN :now END"
            " WHERE account_id = :account AND id = :id AND fence = :fence AND state = 'leased'"
        ),
        {"account": leased.account_id, "id": leased.id, "fence": leased.fence, "now": now, **_kept(settled)},
    )
    return bool(changed.rowcount)


def _kept(settled: Settled) -> dict[str, Any]:
    names = ("state", "cause", "due_at", "counts", "unclear_since", "lead_id")
    return {name: getattr(settled, name) for name in names}


def _keep_attempt(tx: Connection, leased: Leased, settled: Settled, now: datetime) -> None:
    told = {name: orjson.dumps(getattr(settled, name)).decode() for name in ("decision", "changes", "exchanges")}
    tx.execute(
        text(
            "INSERT INTO outbox_attempts (account_id, outbox_id, number, automation_version, began_at, ended_at,"
            " outcome, cause, message, decision, changes, exchanges) VALUES (:account, :id, :number, :version,"
            " :began_at, :now, :state, :cause, :message, :decision, :changes, :exchanges) ON CONFLICT DO NOTHING"
        ),
        {
            "account": leased.account_id,
            "id": leased.id,
            "number": leased.attempts,
            "began_at": leased.began_at,
            "now": now,
            "version": settled.version,
            "state": settled.state,
            "cause": settled.cause,
            "message": settled.message,
            **told,
        },
    )
