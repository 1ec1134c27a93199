"""Signs of life of the workers, kept where every process can read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

STALE_AFTER = "15 seconds"


def beat(tx: Connection, name: str) -> None:
    """This worker lives."""
    tx.execute(
        text(
            "INSERT INTO heartbeats (name, beat_at) VALUES (:name, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at"
        ),
        {"name": name},
    )


def living(tx: Connection) -> dict[str, datetime]:
    """Workers heard of lately."""
    rows = tx.execute(text(f"SELECT name, beat_at FROM heartbeats WHERE beat_at > now() - interval '{STALE_AFTER}'"))
    return {row.name: row.beat_at for row in rows}


def forget_the_dead(tx: Connection) -> None:
    """Drop the names of workers silent for a day."""
    tx.execute(text("DELETE FROM heartbeats WHERE beat_at < now() - interval '1 day'"))
