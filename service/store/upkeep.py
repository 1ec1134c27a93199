"""Periodic work on the shelves: what may be thrown away, and figures for the watchman."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

UPKEEP_LOCK = 2
BATCH = 5000


def try_lock(tx: Connection) -> bool:
    """Be the only one doing upkeep until the transaction ends; False when somebody else is."""
    return bool(tx.execute(text("SELECT pg_try_advisory_xact_lock(:space, 0)"), {"space": UPKEEP_LOCK}).scalar())


def purge_bodies(tx: Connection, before: datetime) -> int:
    """Drop the bodies of finished deliveries that arrived before this; their facts stay."""
    return tx.execute(
        text(
            "UPDATE deliveries SET body = NULL WHERE (account_id, id) IN (SELECT account_id, id FROM deliveries"
            " WHERE received_at < :before AND body IS NOT NULL AND state NOT IN ('pending', 'set_aside') LIMIT :batch)"
        ),
        {"before": before, "batch": BATCH},
    ).rowcount


def delete_files(tx: Connection, before: datetime, now: datetime) -> int:
    """Delete uploaded files kept since before this, and staged rows of imports nobody confirmed; files deleted."""
    old = (
        "SELECT account_id, id FROM imports WHERE file_deleted_at IS NULL AND created_at < :before"
        " AND status NOT IN ('checking', 'trying', 'running', 'undoing')"
    )
    tx.execute(
        text(
            "DELETE FROM deliveries d USING imports i WHERE d.account_id = i.account_id AND d.import_id = i.id"
            f" AND i.status IN ('ready', 'failed') AND i.started_at IS NULL AND (i.account_id, i.id) IN ({old})"
        ),
        {"before": before},
    )
    tx.execute(text(f"DELETE FROM import_parts WHERE (account_id, import_id) IN ({old})"), {"before": before})
    return tx.execute(
        text(f"UPDATE imports SET file_deleted_at = :now WHERE (account_id, id) IN ({old})"),
        {"before": before, "now": now},
    ).rowcount


def tally(tx: Connection, account_id: int, name: str, number: int) -> None:
    """Add to a running total that survives restarts."""
    tx.execute(
        text(
            "INSERT INTO tallies (account_id, name, number) VALUES (:account, :name, :number)"
            " ON CONFLICT (account_id, name) DO UPDATE SET number = tallies.number + excluded.number"
        ),
        {"account": account_id, "name": name, "number": number},
    )


def tallies(tx: Connection) -> dict[str, int]:
    """Running totals over all accounts, by name."""
    rows = tx.execute(text("SELECT name, sum(number)::bigint FROM tallies GROUP BY name"))
    return {name: int(number) for name, number in rows}
