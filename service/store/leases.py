"""Delivering from the outbox: who works on which promise, in what order, and what became of every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

from service.domain.automation.triggers import Subject, SubjectKind, Trigger
from service.domain.automation.writes import Priority
from service.errors import Conflict
from service.store.knowledge import Event

LEASE_SECONDS = 60
"""Longer than the slowest request may take after the lease was last held (see `kommo_desk.HOLD_EVERY`)."""
SPACE = 6
"""Space of the advisory lock under which promises are taken."""

KOMMO, WEBHOOK = "kommo", "webhook"
EVERYWHERE = (KOMMO, WEBHOOK)

# From each automation that is on and whose destination takes something the first promises that are due, then one of
# the most urgent of these. It is said so that whatever the planner believes of the tables, an index is walked and
# nothing else: with LIMIT inside LATERAL, and no EXISTS that it could turn into a join of everything with everything.
# Of one thread and destination only the oldest open promise is taken, and none while another one of it is being worked
# on. An address gets one message at a time, so that a slow receiver holds one sender and no more.
DUE = """
SELECT d.account_id, d.id FROM automations a
LEFT JOIN kommo_connections k ON k.account_id = a.account_id AND k.state = 'connected' AND a.destination = 'kommo'
LEFT JOIN webhook_endpoints w ON w.account_id = a.account_id AND w.id = a.endpoint_id AND w.state = 'on'
    AND a.destination = 'webhook'
CROSS JOIN LATERAL (
    SELECT o.account_id, o.id, o.priority, o.due_at FROM outbox o
    WHERE o.account_id = a.account_id AND o.automation_id = a.id AND o.state IN ('waiting', 'failed', 'leased')
        AND (CASE o.state WHEN 'leased' THEN o.leased_until ELSE o.due_at END)
            <= clock_timestamp() - :age * interval '1 s'
        AND {which}
        AND (SELECT 1 FROM outbox e JOIN automations b ON b.account_id = e.account_id AND b.id = e.automation_id
            WHERE e.account_id = o.account_id AND e.thread = o.thread AND e.state IN ('waiting', 'failed', 'leased')
                AND e.id <> o.id AND b.destination = a.destination AND b.endpoint_id IS NOT DISTINCT FROM a.endpoint_id
                AND (e.id < o.id AND b.state = 'on' OR e.state = 'leased' AND e.leased_until > clock_timestamp())
            LIMIT 1) IS NULL
    ORDER BY o.priority, o.due_at, o.id LIMIT {most}) d
WHERE a.state = 'on' AND a.destination = ANY(:to) AND (k.account_id IS NOT NULL OR w.id IS NOT NULL)
    AND (SELECT 1 FROM automations b JOIN outbox e ON e.account_id = b.account_id AND e.automation_id = b.id
        WHERE b.account_id = a.account_id AND b.endpoint_id = a.endpoint_id AND e.state = 'leased'
            AND e.leased_until > clock_timestamp() LIMIT 1) IS NULL
ORDER BY d.priority, {turn} LIMIT {most}
"""
# Whose turn it is among automations is drawn: whoever has thousands waiting does not make the others wait for them all.
NEXT = DUE.format(which="o.priority <= :patience", turn="random()", most="1")
# What can go together with a promise of history that was just taken: nothing that may have been done already. As only
# the oldest promise of a thread is due, no two of them are about the same one.
ALIKE = DUE.format(
    which="""o.account_id = :account AND o.priority = :priority AND o.state <> 'leased' AND o.unclear_since IS NULL
        AND (SELECT 1 FROM automations f
            WHERE f.account_id = :account AND f.id = :automation AND f.destination = :destination) IS NOT NULL""",
    turn="d.due_at, d.id",
    most=":most",
)
LEASE = """
WITH next AS ({which}),
was AS (SELECT o.* FROM outbox o JOIN next USING (account_id, id) FOR UPDATE OF o),
lost AS (
    INSERT INTO outbox_attempts (account_id, outbox_id, number, automation_version, began_at, ended_at, outcome,
        cause, decision, changes, exchanges)
    SELECT account_id, id, attempts, 0, coalesce(began_at, clock_timestamp()), clock_timestamp(), 'lost',
        'worker_lost', '{{}}', '[]', '[]'
    FROM was WHERE state = 'leased' ON CONFLICT DO NOTHING)
UPDATE outbox o SET state = 'leased', fence = o.fence + 1, attempts = o.attempts + 1, began_at = clock_timestamp(),
    leased_until = clock_timestamp() + :lease * interval '1 s',
    failures = o.failures + (was.state = 'leased')::int,
    unclear_since = CASE was.state WHEN 'leased' THEN coalesce(o.unclear_since, o.began_at) ELSE o.unclear_since END
FROM was WHERE o.account_id = was.account_id AND o.id = was.id
RETURNING o.account_id, o.id, o.fence, o.automation_id, o.trigger, o.subject, o.about_kind, o.about_key, o.email,
    o.product_id, o.purchase_key, o.priority, o.occurred_at, o.began_at, o.attempts, o.failures, o.unclear_since
"""
TAKE, TAKE_ALIKE = LEASE.format(which=NEXT), LEASE.format(which=ALIKE)


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


def walk_indexes(tx: Connection) -> None:
    """Have this transaction's looks at what is due walk the indexes in their order, whatever the planner would rather.

    It takes the first of a few rows for cheaper when they are all read and sorted, and they may be thousands.
    """
    names = ("enable_sort", "enable_incremental_sort", "enable_seqscan", "enable_bitmapscan")
    tx.execute(text("SELECT " + ", ".join(f"set_config('{name}', 'off', true)" for name in names)))


def _flushed(tx: Connection) -> None:
    """Wait for the disk at the end of this transaction: what it says is acted on outside."""
    tx.execute(text("SET LOCAL synchronous_commit = on"))


def take(tx: Connection, to: Sequence[str] = EVERYWHERE, *, patience: Priority = Priority.HISTORY) -> Leased | None:
    """The most urgent promise that is due, for this worker alone for a minute; None where none is.

    `to` are the destinations it may be for; `patience` LIVE leaves history alone. What a lost worker held comes back
    here, and may have been done.
    """
    _flushed(tx)
    walk_indexes(tx)
    # A statement of its own: what whoever held it before has committed is seen by the next one.
    tx.execute(text("SELECT pg_advisory_xact_lock(:space, 0)"), {"space": SPACE})
    wanted = {"age": 0, "lease": LEASE_SECONDS, "to": list(to), "patience": int(patience)}
    row = tx.execute(text(TAKE), wanted).one_or_none()
    return None if row is None else _leased(row)


def take_alike(tx: Connection, first: Leased, to: str, most: int) -> list[Leased]:
    """Up to `most` more promises of history of the same account, each of another client; none if the first is not `to`.

    For the transaction in which the first was taken. None of them was ever sent with an unclear end.
    """
    rows = tx.execute(
        text(TAKE_ALIKE),
        {
            "age": 0,
            "lease": LEASE_SECONDS,
            "to": [to],
            "destination": to,
            "account": first.account_id,
            "automation": first.automation_id,
            "priority": first.priority,
            "most": most,
        },
    )
    return sorted(map(_leased, rows), key=lambda one: one.id)


def _leased(row: Any) -> Leased:
    about = Subject(SubjectKind(row.about_kind), row.about_key)
    event = Event(
        Trigger(row.trigger), row.subject, about, row.email, row.product_id, row.purchase_key, row.occurred_at
    )
    held = (row.priority, row.began_at, row.attempts, row.failures, row.unclear_since)
    return Leased(row.account_id, row.id, row.fence, row.automation_id, event, *held)


def waits(tx: Connection, seconds: float) -> bool:
    """Whether something has been due for so many seconds."""
    walk_indexes(tx)
    wanted = {"age": seconds, "to": list(EVERYWHERE), "patience": int(Priority.HISTORY)}
    return tx.execute(text(NEXT), wanted).one_or_none() is not None


def hold(tx: Connection, leased: Leased) -> None:
    """Hold a promise for a minute more, and flush. Raises Lost where somebody else has it."""
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


def only_look(tx: Connection, taken: Sequence[Leased]) -> None:
    """Say that nothing is sent for these yet: whoever takes them over from a lost worker has nothing to look for.

    For the transaction in which they were taken; `begin_writing` ends it.
    """
    tx.execute(
        text("UPDATE outbox SET began_at = NULL WHERE account_id = :account AND id = ANY(:ids)"),
        {"account": taken[0].account_id, "ids": [one.id for one in taken]},
    )


def begin_writing(tx: Connection, leased: Leased) -> None:
    """From now on something may have been done. Holds the promise too; raises Lost where somebody else has it."""
    hold(tx, leased)
    tx.execute(
        text("UPDATE outbox SET began_at = :began_at WHERE account_id = :account AND id = :id"),
        {"account": leased.account_id, "id": leased.id, "began_at": leased.began_at},
    )


def give_back(tx: Connection, leased: Leased, due_at: datetime | None = None) -> None:
    """Let go of a promise for which nothing was done, as if it had never been taken; not before `due_at`."""
    tx.execute(
        text(
            "UPDATE outbox SET state = CASE WHEN failures > 0 THEN 'failed' ELSE 'waiting' END, leased_until = NULL,"
            " attempts = attempts - 1, due_at = coalesce(:due_at, due_at)"
            " WHERE account_id = :account AND id = :id AND fence = :fence AND state = 'leased'"
        ),
        {"account": leased.account_id, "id": leased.id, "fence": leased.fence, "due_at": due_at},
    )


def settle(tx: Connection, leased: Leased, settled: Settled, now: datetime) -> bool:
    """Write down how an attempt ended; False where somebody else has the promise by now: then only the history.

    Nobody would take up again what failed while its automation was deleted: that is withdrawn.
    """
    _flushed(tx)
    _keep_attempt(tx, leased, settled, now)
    changed = tx.execute(
        text(
            "UPDATE outbox o SET"
            " state = CASE WHEN a.state = 'deleted' AND :state = 'failed' THEN 'withdrawn' ELSE :state END,"
            " cause = CASE WHEN a.state = 'deleted' AND :state = 'failed' THEN 'automation_deleted' ELSE :cause END,"
            " due_at = coalesce(:due_at, due_at), leased_until = NULL,"
            " began_at = :began_at, unclear_since = :unclear_since,"
            " failures = CASE WHEN :counts THEN failures + 1 ELSE failures END,"
            " lead_id = coalesce(:lead_id, lead_id), done_at = CASE WHEN :state = 'done' THEN :now END"
            " FROM automations a WHERE a.account_id = o.account_id AND a.id = o.automation_id"
            " AND o.account_id = :account AND o.id = :id AND o.fence = :fence AND o.state = 'leased'"
        ),
        {
            "account": leased.account_id,
            "id": leased.id,
            "fence": leased.fence,
            "now": now,
            "began_at": leased.began_at,
            **_kept(settled),
        },
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
