"""Rows of imports that count no more: canceled before they were poured, or taken out by an undo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from service.store.imports import Ref

UNDO_CRASHED = "undo_crashed"
"""The reason of a row that an undo had to leave in. `inbox.not_withdrawn` passes over it."""


def withdraw_open(tx: Connection, ref: Ref, first: int, last: int, now: datetime) -> int:
    """Withdraw the rows of these chunks that were not poured; how many."""
    return tx.execute(
        text(
            "UPDATE deliveries SET state = 'withdrawn', reason = 'import_canceled', done_at = :now"
            " WHERE account_id = :account AND import_id = :import AND chunk BETWEEN :first AND :last"
            " AND state = 'pending'"
        ),
        {"account": ref.account_id, "import": ref.id, "first": first, "last": last, "now": now},
    ).rowcount


def withdraw(tx: Connection, ref: Ref, ids: Sequence[int], now: datetime) -> None:
    """Withdraw rows whose import is undone."""
    tx.execute(
        text(
            "UPDATE deliveries SET state = 'withdrawn', reason = 'import_undone', done_at = :now"
            " WHERE account_id = :account AND id = ANY(:ids)"
        ),
        {"account": ref.account_id, "ids": list(ids), "now": now},
    )


def leave(tx: Connection, ref: Ref, delivery_id: int) -> None:
    """Pass over a row that cannot be taken out; it stays as it is until the undo is asked for again."""
    tx.execute(
        text("UPDATE deliveries SET reason = :reason WHERE account_id = :account AND import_id = :import AND id = :id"),
        {"account": ref.account_id, "import": ref.id, "id": delivery_id, "reason": UNDO_CRASHED},
    )


def left(tx: Connection, ref: Ref) -> list[int]:
    """The numbers of the rows an undo had to leave, in the order of the file."""
    rows = tx.execute(
        text(
            "SELECT row_number FROM deliveries WHERE account_id = :account AND import_id = :import"
            " AND reason = :reason ORDER BY row_number"
        ),
        {"account": ref.account_id, "import": ref.id, "reason": UNDO_CRASHED},
    )
    return list(rows.scalars())


def take_up(tx: Connection, ref: Ref) -> None:
    """Let an undo try again the rows it had to leave."""
    tx.execute(
        text(
            "UPDATE deliveries SET reason = NULL WHERE account_id = :account AND import_id = :import"
            " AND reason = :reason"
        ),
        {"account": ref.account_id, "import": ref.id, "reason": UNDO_CRASHED},
    )


def restore(tx: Connection, ref: Ref) -> None:
    """Make the withdrawn rows of an undone import wait again."""
    tx.execute(
        text(
            "UPDATE deliveries SET state = 'pending', reason = NULL, notes = NULL, fate = NULL, done_at = NULL"
            " WHERE account_id = :account AND import_id = :import AND state = 'withdrawn'"
        ),
        {"account": ref.account_id, "import": ref.id},
    )
