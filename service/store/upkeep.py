"""Periodic work on the shelves: what may be thrown away, and figures for the watchman."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

UPKEEP_LOCK = 2
BATCH = 50_000


def try_lock(tx: Connection) -> bool:
    """Be the only one doing upkeep until the transaction ends; False when somebody else is."""
    return bool(tx.execute(text("SELECT pg_try_advisory_xact_lock(:space, 0)"), {"space": UPKEEP_LOCK}).scalar())


def purge_bodies(tx: Connection, before: datetime) -> int:
    """Drop the bodies of finished postbacks that arrived before this; their facts stay, and so do rows of files."""
    done = "body IS NOT NULL AND import_id IS NULL AND state NOT IN ('pending', 'set_aside')"
    return tx.execute(
        text(
            # Asked twice: one may be reopened for a replay between the choice and the update.
            f"UPDATE deliveries SET body = NULL WHERE {done} AND (account_id, id) IN (SELECT account_id, id"
            f" FROM deliveries WHERE received_at < :before AND {done} LIMIT :batch)"
        ),
        {"before": before, "batch": BATCH},
    ).rowcount


def delete_files(tx: Connection, before: datetime, now: datetime) -> int:
    """Delete uploaded files kept since before this, and staged rows of imports nobody confirmed; files deleted."""
    old = tx.execute(
        text(
            "UPDATE imports SET file_deleted_at = :now, staged = staged AND started_at IS NOT NULL"
            " WHERE (account_id, id) IN (SELECT account_id, id FROM imports WHERE file_deleted_at IS NULL"
            " AND created_at < :before AND status NOT IN ('checking', 'trying', 'running', 'undoing')"
            " FOR UPDATE SKIP LOCKED) RETURNING account_id, id, started_at"
        ),
        {"before": before, "now": now},
    ).all()
    for account_id, import_id, started_at in old:
        of_import = {"account": account_id, "import": import_id}
        tx.execute(text("DELETE FROM import_parts WHERE account_id = :account AND import_id = :import"), of_import)
        if started_at is None:
            tx.execute(text("DELETE FROM deliveries WHERE account_id = :account AND import_id = :import"), of_import)
    return len(old)


GROWING = (
    "deliveries",
    "facts",
    "purchases",
    "milestones",
    "mentions",
    "clients",
    "client_revenue",
    "subscriptions",
    "opportunities",
    "import_clients",
)
SMALL_TABLE = 50_000
SAMPLE = 10
"""A tenth of PostgreSQL's usual sample, 3,000 rows: enough to tell a small table from a large one."""


def refresh_statistics(tx: Connection) -> None:
    """Tell the planner how large the young tables have become.

    On a table that was empty when a worker first prepared its statements, PostgreSQL keeps a plan that walks a whole
    index to find a few rows, until autovacuum looks, a minute later at the soonest. Large tables have been looked at.
    """
    young = tx.execute(
        text(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = ANY(:tables) AND reltuples < :small"
            " AND relnamespace = current_schema()::regnamespace"
        ),
        {"tables": list(GROWING), "small": SMALL_TABLE},
    ).scalars()
    tx.execute(text(f"SET LOCAL default_statistics_target = {SAMPLE}"))
    for table in list(young):
        tx.execute(text(f"ANALYZE {table}"))


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
