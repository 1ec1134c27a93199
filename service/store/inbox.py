"""The inbox: every delivery as it arrived, once, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg import Connection as Raw
from sqlalchemy import Connection, RowMapping, text


class Arrival(NamedTuple):
    """One delivery at the door, its token already taken out. `digest` is that of the canonical body."""

    account_id: int
    source: str
    key: str
    event: str | None
    digest: bytes
    body: bytes
    received_at: datetime


class Delivery(NamedTuple):
    """One kept delivery, as the workshop takes it."""

    id: int
    source: str
    event: str | None
    body: bytes | None
    received_at: datetime
    import_id: int | None
    chunk: int | None
    row_number: int | None
    replayed: bool


class Mark(NamedTuple):
    """What became of a delivery."""

    id: int
    state: str
    reason: str | None = None
    notes: dict[str, Any] | list[Any] | None = None
    fate: str | None = None


ACCEPTED, DUPLICATE, VARIANT = "accepted", "duplicate", "variant"

# One statement, so that in autocommit a group costs one round trip and one flush. The rows come sorted by
# key: two groups that insert the same keys in different orders would deadlock.
KEEP = """
INSERT INTO deliveries (account_id, source, key, event, digest, body, received_at)
SELECT * FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::timestamptz[])
ON CONFLICT (account_id, source, key) WHERE NOT variant AND import_id IS NULL DO NOTHING
RETURNING account_id, source, key
"""
KEEP_VARIANT = """
INSERT INTO deliveries (account_id, source, key, event, digest, body, received_at, variant, state, reason, done_at)
SELECT account_id, source, key, event, digest, body, received_at, true, 'set_aside', 'variant', received_at
FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::timestamptz[])
    AS new (account_id, source, key, event, digest, body, received_at)
ON CONFLICT (account_id, source, key, digest) WHERE variant AND import_id IS NULL DO NOTHING
RETURNING account_id, source, key, digest
"""
KNOWN = """
SELECT d.account_id, d.source, d.key, d.digest FROM deliveries d
JOIN unnest(%b::bigint[], %b::text[], %b::text[]) AS wanted (account_id, source, key)
    ON d.account_id = wanted.account_id AND d.source = wanted.source AND d.key = wanted.key
WHERE NOT d.variant AND d.import_id IS NULL
"""
REPEAT = """
INSERT INTO repeats (account_id, source, key, received_at)
SELECT * FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::timestamptz[])
"""


def keep(raw: Raw[Any], arrivals: Sequence[Arrival]) -> list[str]:
    """Keep a group of deliveries durably; what each one is, in order: accepted, duplicate or variant.

    `raw` is in autocommit: what is accepted is committed when this returns. The same key with the same
    digest is a duplicate and only counted; with another digest it is kept beside the first and set aside.
    """
    order = sorted(range(len(arrivals)), key=lambda index: arrivals[index][:3])
    firsts: dict[tuple[int, str, str], int] = {}
    for index in order:
        firsts.setdefault(arrivals[index][:3], index)
    new = {tuple(row) for row in raw.execute(KEEP, _columns([arrivals[index] for index in firsts.values()]))}
    answers = [DUPLICATE] * len(arrivals)
    for key, index in firsts.items():
        if key in new:
            answers[index] = ACCEPTED
    seen_before = [index for index in order if answers[index] is not ACCEPTED]
    if seen_before:
        _keep_again(raw, arrivals, seen_before, answers)
    return answers


def _keep_again(raw: Raw[Any], arrivals: Sequence[Arrival], again: list[int], answers: list[str]) -> None:
    keys = sorted({arrivals[index][:3] for index in again})
    known = {(row[0], row[1], row[2]): bytes(row[3]) for row in raw.execute(KNOWN, _columns(keys))}
    others = {
        (*arrival[:3], arrival.digest): index
        for index in again
        if (arrival := arrivals[index]).digest != known.get(arrival[:3])
    }
    with raw.transaction():
        if others:
            rows = raw.execute(KEEP_VARIANT, _columns([arrivals[others[key]] for key in sorted(others)]))
            for account_id, source, key, digest in rows:
                answers[others[account_id, source, key, bytes(digest)]] = VARIANT
        repeats = [arrivals[index] for index in again if answers[index] is DUPLICATE]
        if repeats:
            columns = _columns(repeats)
            raw.execute(REPEAT, [*columns[:3], columns[6]])


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


COLUMNS = "id, source, event, body, received_at, import_id, chunk, row_number, done_at IS NOT NULL"


def take(tx: Connection, account_id: int, limit: int) -> list[Delivery]:
    """The oldest open postbacks of an account, at most `limit`; the caller holds the account's lock."""
    return _taken(
        tx,
        f"SELECT {COLUMNS} FROM deliveries WHERE account_id = %s AND state = 'pending' AND import_id IS NULL"
        " ORDER BY id LIMIT %s",
        (account_id, limit),
    )


def take_chunk(tx: Connection, account_id: int, import_id: int, chunk: int, limit: int | None = None) -> list[Delivery]:
    """The open rows of one chunk of an import, in the order of the file."""
    return _taken(
        tx,
        f"SELECT {COLUMNS} FROM deliveries WHERE account_id = %s AND import_id = %s AND chunk = %s"
        " AND state = 'pending' ORDER BY row_number LIMIT %s",
        (account_id, import_id, chunk, limit),
    )


def rows_of_chunk(tx: Connection, account_id: int, import_id: int, chunk: int) -> list[Delivery]:
    """All rows of one chunk, whatever became of them."""
    return _taken(
        tx,
        f"SELECT {COLUMNS} FROM deliveries WHERE account_id = %s AND import_id = %s AND chunk = %s ORDER BY row_number",
        (account_id, import_id, chunk),
    )


def rows_before(tx: Connection, account_id: int, import_id: int, chunk: int, row_number: int) -> list[Delivery]:
    """The rows of one chunk that stand before a row of the file."""
    return _taken(
        tx,
        f"SELECT {COLUMNS} FROM deliveries WHERE account_id = %s AND import_id = %s AND chunk = %s"
        " AND row_number < %s ORDER BY row_number",
        (account_id, import_id, chunk, row_number),
    )


def not_withdrawn(tx: Connection, account_id: int, import_id: int, chunk: int, limit: int) -> list[Delivery]:
    """The rows of one chunk that an undo has not taken out yet, without those it had to leave."""
    return _taken(
        tx,
        f"SELECT {COLUMNS} FROM deliveries WHERE account_id = %s AND import_id = %s AND chunk = %s"
        " AND state <> 'withdrawn' AND reason IS DISTINCT FROM 'undo_crashed' ORDER BY row_number LIMIT %s",
        (account_id, import_id, chunk, limit),
    )


def ids_of_chunk(tx: Connection, account_id: int, import_id: int, chunk: int) -> frozenset[int]:
    """The deliveries of one chunk."""
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT id FROM deliveries WHERE account_id = %s AND import_id = %s AND chunk = %s",
        (account_id, import_id, chunk),
    )
    return frozenset(row[0] for row in rows)


def with_ids(tx: Connection, account_id: int, ids: Sequence[int]) -> list[Delivery]:
    """These deliveries, oldest first."""
    query = f"SELECT {COLUMNS} FROM deliveries WHERE account_id = %s AND id = ANY(%s) ORDER BY id"
    return _taken(tx, query, (account_id, list(ids)))


def with_key(tx: Connection, account_id: int, source: str, key: str) -> RowMapping | None:
    """The delivery of a source with this key: id, key, event, state, reason, body."""
    return (
        tx.execute(
            text(
                "SELECT id, key, event, state, reason, body FROM deliveries WHERE account_id = :account"
                " AND source = :source AND key = :key AND NOT variant AND import_id IS NULL"
            ),
            {"account": account_id, "source": source, "key": key},
        )
        .mappings()
        .one_or_none()
    )


def _taken(tx: Connection, statement: str, parameters: tuple[Any, ...]) -> list[Delivery]:
    # Binary results: a body in text format would travel as twice its size in hexadecimal.
    raw: Any = tx.connection.driver_connection
    with raw.cursor(binary=True) as cursor:
        return [Delivery(*row) for row in cursor.execute(statement, parameters)]


def mark(tx: Connection, account_id: int, marks: Iterable[Mark], now: datetime) -> None:
    """Write what became of deliveries."""
    listed = list(marks)
    if not listed:
        return
    raw: Any = tx.connection.driver_connection
    raw.execute(
        "UPDATE deliveries d SET state = new.state, reason = new.reason, notes = new.notes::json, fate = new.fate,"
        " attempts = attempts + 1, done_at = %s"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])"
        " AS new (id, state, reason, notes, fate) WHERE d.account_id = %s AND d.id = new.id",
        (
            now,
            [one.id for one in listed],
            [one.state for one in listed],
            [one.reason for one in listed],
            [orjson.dumps(one.notes).decode() if one.notes else None for one in listed],
            [one.fate for one in listed],
            account_id,
        ),
    )


def accounts_with_open(tx: Connection) -> list[int]:
    """Accounts that have open postbacks."""
    return list(
        tx.execute(
            text(
                "SELECT a.id FROM accounts a WHERE EXISTS (SELECT 1 FROM deliveries d"
                " WHERE d.account_id = a.id AND d.state = 'pending' AND d.import_id IS NULL) ORDER BY a.id"
            )
        ).scalars()
    )


def oldest_open(tx: Connection) -> datetime | None:
    """When the oldest open postback of any account arrived."""
    found: datetime | None = tx.execute(
        text(
            "SELECT min(first.received_at) FROM accounts a, LATERAL (SELECT d.received_at FROM deliveries d"
            " WHERE d.account_id = a.id AND d.state = 'pending' AND d.import_id IS NULL ORDER BY d.id LIMIT 1) first"
        )
    ).scalar()
    return found


def reopen(tx: Connection, account_id: int, ids: Sequence[int]) -> int:
    """Put deliveries back to be worked on again; withdrawn ones and rows of imports stay. The number reopened."""
    changed = tx.execute(
        text(
            "UPDATE deliveries SET state = 'pending', attempts = 0 WHERE account_id = :account AND id = ANY(:ids)"
            " AND state <> 'withdrawn' AND body IS NOT NULL AND import_id IS NULL"
        ),
        {"account": account_id, "ids": list(ids)},
    )
    return changed.rowcount
