"""The outbox: what automations are owed, written with the ledger, kept in order, never owed twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from service.domain.automation.appearances import Appearance
from service.domain.automation.promises import Promise
from service.store.rows import columns_of

COLUMNS = (
    *("automation_id", "trigger", "subject", "about_kind", "about_key", "thread", "state", "priority", "occurred_at"),
    *("email", "product_id", "product_name", "purchase_key", "delivery_id", "overtaken"),
)
OWE = f"""
INSERT INTO outbox (account_id, {", ".join(COLUMNS)})
SELECT %s, {", ".join(COLUMNS)} FROM ROWS FROM (unnest(
    %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[],
    %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[]
)) WITH ORDINALITY AS owed ({", ".join(COLUMNS)}, place) ORDER BY place
ON CONFLICT (account_id, automation_id, trigger, subject) DO UPDATE
    SET state = excluded.state, delivery_id = excluded.delivery_id, cause = NULL, due_at = clock_timestamp()
    WHERE outbox.state = 'withdrawn' AND outbox.attempts = 0
"""


def owe(tx: Connection, account_id: int, owed: Sequence[Promise], passed_over: Sequence[Promise] = ()) -> int:
    """Write what automations are owed; how many were new, or woken after an undone import took them back.

    `passed_over` is kept for the history alone.
    """
    rows = [_row(one, "waiting") for one in owed] + [_row(one, "passed_over") for one in passed_over]
    if not rows:
        return 0
    raw: Any = tx.connection.driver_connection
    return int(raw.execute(OWE, (account_id, *columns_of(rows))).rowcount)


def _row(promise: Promise, state: str) -> tuple[Any, ...]:
    seen = promise.appearance
    return (
        *(promise.automation, str(seen.trigger), seen.subject, str(seen.about.kind), seen.about.key),
        *(thread_of(seen), state, int(seen.priority), seen.occurred_at, seen.email, seen.product_id),
        *(seen.product_name, seen.purchase_key, seen.delivery_id, seen.overtaken and str(seen.overtaken)),
    )


def thread_of(seen: Appearance) -> str:
    """What is kept in order: everything of one client, for it is one contact of theirs."""
    return f"e:{seen.email}" if seen.email else f"{seen.about.kind}:{seen.about.key}"


def withdraw(tx: Connection, account_id: int, deliveries: Iterable[int]) -> int:
    """Take back what waits because of deliveries that are gone; what was begun is not taken back."""
    raw: Any = tx.connection.driver_connection
    return int(
        raw.execute(
            "UPDATE outbox SET state = 'withdrawn', cause = 'undone'"
            " WHERE account_id = %s AND delivery_id = ANY(%s) AND state = 'waiting' AND attempts = 0",
            (account_id, list(deliveries)),
        ).rowcount
    )


def count_open(tx: Connection, account_id: int, now: datetime) -> dict[str, Any]:
    """How many promises are open, and since when the oldest one that is due waits."""
    raw: Any = tx.connection.driver_connection
    number, oldest = raw.execute(
        "SELECT count(*), min(due_at) FILTER (WHERE due_at <= %s) FROM outbox"
        " WHERE account_id = %s AND state IN ('waiting', 'failed', 'leased')",
        (now, account_id),
    ).fetchone()
    return {"open": number, "oldest_due_at": oldest}
