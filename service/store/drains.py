"""How a batch that crashed its worker comes back smaller, until the one delivery at fault stands alone."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

FULL, SMALL, ALONE = 500, 20, 1
CRASHES_ALONE = 3


class Turn(NamedTuple):
    """How much to take now, and which delivery is to be set aside because it crashed alone too often."""

    size: int
    delivery_id: int | None
    crashes: int

    def gives_up_on(self, delivery_id: int) -> bool:
        """Whether this delivery had its chances."""
        return self.size == ALONE and self.delivery_id == delivery_id and self.crashes >= CRASHES_ALONE


def begin(tx: Connection, account_id: int, lane: str) -> Turn:
    """How much to take; the caller holds the account's lock.

    A note found still standing means that the run before died. A restart of the database is not the
    fault of a delivery, so a note older than the server counts as none.
    """
    row = tx.execute(
        text(
            "SELECT batch_size, delivery_id, attempts, started_at > pg_postmaster_start_time() AS died FROM drains"
            " WHERE account_id = :account AND lane = :lane"
        ),
        {"account": account_id, "lane": lane},
    ).one_or_none()
    if row is None or not row.died:
        return Turn(row.batch_size if row else FULL, None, 0)
    if row.batch_size == ALONE:
        return Turn(ALONE, row.delivery_id, row.attempts + 1)
    return Turn(SMALL if row.batch_size > SMALL else ALONE, None, 0)


def note(engine: Engine, account_id: int, lane: str, turn: Turn, delivery_id: int) -> None:
    """Note that a batch is begun, in a transaction of its own: it must outlive the death of the work."""
    alone = turn.size == ALONE
    crashes = turn.crashes if alone and turn.delivery_id == delivery_id else 0
    with engine.begin() as own:
        own.execute(
            text(
                "INSERT INTO drains (account_id, lane, batch_size, delivery_id, attempts, started_at)"
                " VALUES (:account, :lane, :size, :delivery, :crashes, clock_timestamp())"
                " ON CONFLICT (account_id, lane) DO UPDATE SET batch_size = excluded.batch_size,"
                " delivery_id = excluded.delivery_id, attempts = excluded.attempts, started_at = excluded.started_at"
            ),
            {
                "account": account_id,
                "lane": lane,
                "size": turn.size,
                "delivery": delivery_id if alone else None,
                "crashes": crashes,
            },
        )


def end(tx: Connection, account_id: int, lane: str, size: int) -> None:
    """The batch is done: take the note away, in the transaction of the work, and let batches grow again."""
    tx.execute(
        text(
            "UPDATE drains SET started_at = NULL, attempts = 0, delivery_id = NULL, batch_size = :size"
            " WHERE account_id = :account AND lane = :lane"
        ),
        {"account": account_id, "lane": lane, "size": SMALL if size == ALONE else FULL},
    )


def excuse(engine: Engine, account_id: int, lane: str) -> None:
    """The batch failed for a reason that is nobody's fault (connection, lock, disk, time): it does not count."""
    with engine.begin() as own:
        own.execute(
            text("UPDATE drains SET started_at = NULL WHERE account_id = :account AND lane = :lane"),
            {"account": account_id, "lane": lane},
        )
