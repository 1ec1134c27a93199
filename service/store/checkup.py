"""What commands ask of the shelves besides lists: the server's own settings, and which deliveries are meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, text

SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""Settings of PostgreSQL without which an acknowledged delivery can be lost in a crash."""


class Server(NamedTuple):
    """The database server: its version as a number (180001), its clock, and its settings that are not safe."""

    version: int
    clock: datetime
    unsafe: dict[str, str]


def without_deadline(tx: Connection) -> None:
    """Let statements of this transaction take as long as they need."""
    tx.execute(text("SET LOCAL statement_timeout = 0"))


def server(tx: Connection) -> Server:
    """What the server says of itself, as this connection sees it."""
    version = int(tx.execute(text("SHOW server_version_num")).scalar_one())
    found = {name: str(tx.execute(text(f"SHOW {name}")).scalar_one()) for name in SAFE}
    # remote_write and remote_apply are as durable here as on; local leaves only standbys behind.
    safe = {"on", "local", "remote_write", "remote_apply"}
    unsafe = {name: value for name, value in found.items() if value not in safe}
    return Server(version, tx.execute(text("SELECT clock_timestamp()")).scalar_one(), unsafe)


def accounts_at_a_glance(tx: Connection) -> Sequence[RowMapping]:
    """Per account: valid hottoks, the last postback, open and set-aside deliveries, since when the oldest is open."""
    return (
        tx.execute(
            text(
                "SELECT a.name, a.key,"
                " (SELECT count(*) FROM hottoks h WHERE h.account_id = a.id AND h.revoked_at IS NULL) AS hottoks,"
                " (SELECT d.received_at FROM deliveries d WHERE d.account_id = a.id AND d.source = 'hotmart'"
                "  ORDER BY d.id DESC LIMIT 1) AS last_postback_at,"
                " (SELECT count(*) FROM deliveries d WHERE d.account_id = a.id AND d.state = 'set_aside'"
                "  AND d.import_id IS NULL) AS set_aside,"
                " (SELECT min(d.received_at) FROM deliveries d WHERE d.account_id = a.id AND d.state = 'pending'"
                "  AND d.import_id IS NULL) AS open_since"
                " FROM accounts a ORDER BY a.id"
            )
        )
        .mappings()
        .all()
    )


def replayable(
    tx: Connection,
    account_id: int,
    since: datetime,
    until: datetime,
    *,
    event: str | None = None,
    state: str | None = None,
    limit: int,
) -> list[int]:
    """Postbacks that arrived from `since` to just before `until` and can be worked again, oldest first."""
    return list(
        tx.execute(
            text(
                "SELECT id FROM deliveries WHERE account_id = :account AND received_at >= :since"
                " AND received_at < :until AND import_id IS NULL AND body IS NOT NULL AND state <> 'withdrawn'"
                " AND (CAST(:event AS text) IS NULL OR event = :event)"
                " AND (CAST(:state AS text) IS NULL OR state = :state) ORDER BY id LIMIT :limit"
            ),
            {
                "account": account_id,
                "since": since,
                "until": until,
                "event": event,
                "state": state,
                "limit": limit,
            },
        ).scalars()
    )


def states(tx: Connection, account_id: int, ids: Sequence[int]) -> dict[str, int]:
    """How many of these deliveries are in which state."""
    rows = tx.execute(
        text(
            "SELECT state, count(*) FROM deliveries WHERE account_id = :account AND id = ANY(:ids)"
            " GROUP BY state ORDER BY state"
        ),
        {"account": account_id, "ids": list(ids)},
    )
    return {state: int(number) for state, number in rows}
