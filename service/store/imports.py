"""Imports: uploaded files, what was found in them, and how far their rows have come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping, text

from service.errors import Conflict, MarcoError
from service.store.lists import Listed, Page

PART_SIZE = 1024 * 1024
WORK_LOCK = 3
CHECKING, READY, TRYING, RUNNING = "checking", "ready", "trying", "running"
COMPLETED, FAILED, CANCELED, UNDOING, UNDONE = "completed", "failed", "canceled", "undoing", "undone"


class Ref(NamedTuple):
    """Which import."""

    account_id: int
    id: int


class Upload(NamedTuple):
    """A file as it was uploaded; moments are aware, `stated_at` is when the user says it was exported."""

    file_name: str
    size: int
    digest: bytes
    created_at: datetime
    created_by: str | None = None
    last_modified: datetime | None = None
    stated_at: datetime | None = None


def create(tx: Connection, account_id: int, upload: Upload) -> Ref:
    """A new import to be checked; its file follows in parts."""
    import_id = tx.execute(
        text(
            "INSERT INTO imports (account_id, file_name, size, digest, status, created_at, created_by, last_modified,"
            " stated_at) VALUES (:account, :file_name, :size, :digest, 'checking', :created_at, :created_by,"
            " :last_modified, :stated_at) RETURNING id"
        ),
        {"account": account_id, **upload._asdict()},
    ).scalar_one()
    return Ref(account_id, import_id)


def add_part(tx: Connection, ref: Ref, part: int, content: bytes) -> None:
    """Keep the next MiB of the file."""
    tx.execute(
        text(
            "INSERT INTO import_parts (account_id, import_id, part, content)"
            " VALUES (:account, :import, :part, :content)"
        ),
        {"account": ref.account_id, "import": ref.id, "part": part, "content": content},
    )


def parts(tx: Connection, ref: Ref) -> Iterator[bytes]:
    """The file, a MiB at a time."""
    number = 0
    statement = text(
        "SELECT content FROM import_parts WHERE account_id = :account AND import_id = :import AND part = :part"
    )
    while True:
        content = tx.execute(
            statement, {"account": ref.account_id, "import": ref.id, "part": number}
        ).scalar_one_or_none()
        if content is None:
            return
        yield bytes(content)
        number += 1


def find(tx: Connection, ref: Ref, *, for_change: bool = False) -> RowMapping | None:
    """One import, locked for a change of its state where asked; None when there is no such import."""
    return (
        tx.execute(
            text(
                "SELECT * FROM imports WHERE account_id = :account AND id = :import"
                + (" FOR UPDATE" if for_change else "")
            ),
            {"account": ref.account_id, "import": ref.id},
        )
        .mappings()
        .one_or_none()
    )


def earlier(tx: Connection, ref: Ref, digest: bytes) -> int | None:
    """The newest other import of the very same file."""
    found: int | None = tx.execute(
        text("SELECT max(id) FROM imports WHERE account_id = :account AND digest = :digest AND id < :import"),
        {"account": ref.account_id, "digest": digest, "import": ref.id},
    ).scalar()
    return found


def history(tx: Connection, account_id: int, page: Page) -> Listed:
    """All imports of an account, newest first."""
    total = tx.execute(
        text("SELECT count(*) FROM imports WHERE account_id = :account"), {"account": account_id}
    ).scalar_one()
    rows = tx.execute(
        text("SELECT * FROM imports WHERE account_id = :account ORDER BY id DESC LIMIT :size OFFSET :skipped"),
        {"account": account_id, "size": page.size, "skipped": (page.number - 1) * page.size},
    )
    return Listed(rows.mappings().all(), int(total))


SUMMARY = """
SELECT id, file_name, status, created_at, created_by, started_at, finished_at, staged, canceling, chunk_done,
    chunk_total, counts, coalesce((findings #>> '{study,rows}')::integer, 0) AS rows
FROM imports WHERE account_id = :account
"""
"""An import without what was found in its file, which can be large."""


def summaries(tx: Connection, account_id: int, page: Page) -> Listed:
    """All imports of an account in short, newest first."""
    total = tx.execute(
        text("SELECT count(*) FROM imports WHERE account_id = :account"), {"account": account_id}
    ).scalar_one()
    rows = tx.execute(
        text(f"{SUMMARY} ORDER BY id DESC LIMIT :size OFFSET :skipped"),
        {"account": account_id, "size": page.size, "skipped": (page.number - 1) * page.size},
    )
    return Listed(rows.mappings().all(), int(total))


def summary(tx: Connection, ref: Ref) -> RowMapping | None:
    """One import in short, for who asks every second; None when there is no such import."""
    return (
        tx.execute(text(f"{SUMMARY} AND id = :import"), {"account": ref.account_id, "import": ref.id})
        .mappings()
        .one_or_none()
    )


JSON_COLUMNS = {"choices", "findings", "reading", "dry_run", "problem", "counts"}


def change(tx: Connection, ref: Ref, **columns: Any) -> None:
    """Set columns of an import; JSON columns take plain values."""
    values = {
        name: orjson.dumps(value).decode() if name in JSON_COLUMNS and value is not None else value
        for name, value in columns.items()
    }
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    tx.execute(
        text(f"UPDATE imports SET {assigned} WHERE account_id = :ref_account AND id = :ref_id"),
        {**values, "ref_account": ref.account_id, "ref_id": ref.id},
    )


def moved(tx: Connection, ref: Ref, **columns: Any) -> None:
    """Set columns of an import whose rows have just come further."""
    change(tx, ref, **columns)
    tx.execute(
        text("UPDATE imports SET moved_at = now() WHERE account_id = :account AND id = :import"),
        {"account": ref.account_id, "import": ref.id},
    )


def problem_of(fault: MarcoError) -> dict[str, Any]:
    """Why an import cannot go on, as it is kept."""
    return {"code": fault.code, "message": fault.message, "facts": fault.facts}


def count_failed(tx: Connection, ref: Ref) -> None:
    """One more row of a running import has failed."""
    row = find(tx, ref, for_change=True)
    if row is not None and row["status"] == RUNNING:
        counts = row["counts"] or {}
        change(tx, ref, counts={**counts, "failed": counts.get("failed", 0) + 1})


def waiting(tx: Connection, condition: str) -> list[Ref]:
    """Open imports in a given situation, oldest first. `condition` is one of the constants below."""
    rows = tx.execute(
        text(
            "SELECT account_id, id FROM imports WHERE status IN ('checking', 'trying', 'running', 'undoing')"
            f" AND ({condition}) ORDER BY id"
        )
    )
    return [Ref(*row) for row in rows]


FOR_FILES = "status IN ('checking', 'trying') OR (status = 'running' AND NOT staged)"
FOR_BULK = "status = 'undoing' OR (status = 'running' AND staged)"
STOPPING = "status = 'running' AND staged AND canceling"
STALLED = f"({FOR_BULK}) AND coalesce(moved_at, started_at) < now() - interval '1 second'"


def oldest_open(tx: Connection) -> datetime | None:
    """Since when the oldest unfinished import is running."""
    found: datetime | None = tx.execute(text("SELECT min(started_at) FROM imports WHERE status = 'running'")).scalar()
    return found


def try_claim(tx: Connection, ref: Ref) -> bool:
    """Be the only worker on this import until the connection ends or `release`; gone with a killed worker."""
    return bool(
        tx.execute(
            text("SELECT pg_try_advisory_lock(:space, :import)"), {"space": WORK_LOCK, "import": ref.id % 2**31}
        ).scalar()
    )


def release(tx: Connection, ref: Ref) -> None:
    """Let others work on this import."""
    tx.execute(text("SELECT pg_advisory_unlock(:space, :import)"), {"space": WORK_LOCK, "import": ref.id % 2**31})


STAGE = """
COPY deliveries (account_id, source, key, event, body, received_at, import_id, chunk, row_number) FROM STDIN
    WITH (FORMAT binary)
"""
STAGE_TYPES = ["int8", "text", "text", "text", "bytea", "timestamptz", "int8", "int4", "int4"]


def stage(tx: Connection, ref: Ref, rows: Iterable[tuple[int, int, bytes]], received_at: datetime) -> tuple[int, int]:
    """Put the rows of a file into the inbox as deliveries of the bulk lane: (row number, chunk, body).

    Returns (rows, chunks). Rows wait there until their import runs.
    """
    raw: Any = tx.connection.driver_connection
    count, chunks = 0, 0
    with raw.cursor() as cursor, cursor.copy(STAGE) as copy:
        copy.set_types(STAGE_TYPES)
        for row_number, chunk, body in rows:
            copy.write_row(
                (ref.account_id, "sheet", f"{ref.id}:{row_number}", "row", body, received_at, ref.id, chunk, row_number)
            )
            count, chunks = count + 1, max(chunks, chunk)
    return count, chunks


def unstage(tx: Connection, ref: Ref) -> None:
    """Take staged rows out of the inbox again, before any of them was poured. Raises Conflict when some were.

    Facts without their delivery could never be taken out again.
    """
    poured = tx.execute(
        text(
            "SELECT 1 FROM deliveries WHERE account_id = :account AND import_id = :import"
            " AND state NOT IN ('pending', 'withdrawn') LIMIT 1"
        ),
        {"account": ref.account_id, "import": ref.id},
    ).scalar()
    if poured:
        raise Conflict("Rows of this import are in the ledger; undo it first.", code="not_undone")
    tx.execute(
        text("DELETE FROM deliveries WHERE account_id = :account AND import_id = :import"),
        {"account": ref.account_id, "import": ref.id},
    )


def is_undoing(tx: Connection, ref: Ref) -> bool:
    """Whether an import is being taken back."""
    row = find(tx, ref)
    return row is not None and row["status"] == UNDOING


def reopen_row(tx: Connection, ref: Ref, delivery_id: int) -> bool:
    """Let a row that was not taken be read again, its import running on for it; False when it is no such row."""
    row = tx.execute(
        text(
            "UPDATE deliveries SET state = 'pending', reason = NULL, notes = NULL, fate = NULL WHERE id = :id"
            " AND account_id = :account AND import_id = :import AND state = 'set_aside' RETURNING chunk"
        ),
        {"account": ref.account_id, "import": ref.id, "id": delivery_id},
    ).one_or_none()
    found = find(tx, ref, for_change=True)
    if row is None or found is None or found["status"] not in (COMPLETED, RUNNING):
        return False
    counts = dict(found["counts"])
    counts["failed"] = counts.get("failed", 1) - 1
    change(tx, ref, status=RUNNING, counts=counts, chunk_done=min(found["chunk_done"], row.chunk - 1), finished_at=None)
    return True


def note_start(tx: Connection, ref: Ref, now: datetime) -> None:
    """Write down that an import was started: what the plan counts, an undone one too."""
    tx.execute(
        text("INSERT INTO import_starts (account_id, import_id, started_at) VALUES (:account, :import, :now)"),
        {"account": ref.account_id, "import": ref.id, "now": now},
    )


def starts_since(tx: Connection, account_id: int, begin: datetime) -> int:
    """How many imports an account has started since then."""
    return int(
        tx.execute(
            text("SELECT count(*) FROM import_starts WHERE account_id = :account AND started_at >= :begin"),
            {"account": account_id, "begin": begin},
        ).scalar_one()
    )


def forget_clients(tx: Connection, ref: Ref) -> None:
    """Forget which clients an earlier run touched."""
    tx.execute(
        text("DELETE FROM import_clients WHERE account_id = :account AND import_id = :import"),
        {"account": ref.account_id, "import": ref.id},
    )


def note_clients(tx: Connection, ref: Ref, fates: dict[str, str], kin: Sequence[str]) -> tuple[set[str], set[str]]:
    """Remember the e-mails an import touched: (those new to the list, those of `kin` that were on it before).

    A client created by this import stays "created", however often later rows touch it.
    """
    rows = tx.execute(
        text(
            "WITH known AS (SELECT email FROM import_clients WHERE account_id = :account AND import_id = :import"
            " AND email = ANY(:kin)), noted AS (INSERT INTO import_clients (account_id, import_id, email, fate)"
            " SELECT :account, :import, * FROM unnest(CAST(:emails AS text[]), CAST(:fates AS text[]))"
            " ON CONFLICT DO NOTHING RETURNING email)"
            " SELECT email, true AS is_new FROM noted UNION ALL SELECT email, false FROM known"
        ),
        {"account": ref.account_id, "import": ref.id, "emails": [*fates], "fates": [*fates.values()], "kin": [*kin]},
    ).all()
    return {row.email for row in rows if row.is_new}, {row.email for row in rows if not row.is_new}


def problems(tx: Connection, ref: Ref, limit: int | None = None) -> list[RowMapping]:
    """Row number, body and problems of the rows that were not taken, in the order of the file."""
    return list(
        tx.execute(
            text(
                "SELECT row_number, reason, notes, body FROM deliveries WHERE account_id = :account"
                " AND import_id = :import AND fate = 'failed' ORDER BY row_number LIMIT :limit"
            ),
            {"account": ref.account_id, "import": ref.id, "limit": limit},
        ).mappings()
    )


def problems_after(tx: Connection, ref: Ref, row_number: int, limit: int) -> list[RowMapping]:
    """The next rows that were not taken, behind this row of the file."""
    return list(
        tx.execute(
            text(
                "SELECT row_number, reason, notes, body FROM deliveries WHERE account_id = :account"
                " AND import_id = :import AND fate = 'failed' AND row_number > :row ORDER BY row_number LIMIT :limit"
            ),
            {"account": ref.account_id, "import": ref.id, "row": row_number, "limit": limit},
        ).mappings()
    )


def problems_page(tx: Connection, ref: Ref, page: Page) -> Listed:
    """One page of the rows that were not taken, without their cells."""
    told = {"account": ref.account_id, "import": ref.id}
    failed = "FROM deliveries WHERE account_id = :account AND import_id = :import AND fate = 'failed'"
    total = tx.execute(text(f"SELECT count(*) {failed}"), told).scalar_one()
    rows = tx.execute(
        text(f"SELECT row_number, reason, notes {failed} ORDER BY row_number LIMIT :size OFFSET :skipped"),
        told | {"size": page.size, "skipped": (page.number - 1) * page.size},
    )
    return Listed(rows.mappings().all(), int(total))


def remembered_mapping(tx: Connection, account_id: int, fingerprint: str) -> dict[str, Any] | None:
    """The mapping a person made for these headers."""
    found: dict[str, Any] | None = tx.execute(
        text("SELECT mapping FROM mappings WHERE account_id = :account AND fingerprint = :fingerprint"),
        {"account": account_id, "fingerprint": fingerprint},
    ).scalar()
    return found


def remember_mapping(tx: Connection, account_id: int, fingerprint: str, mapping: dict[str, Any], now: datetime) -> None:
    """Keep a mapping a person made, for the next file with these headers."""
    tx.execute(
        text(
            "INSERT INTO mappings (account_id, fingerprint, mapping, made_at)"
            " VALUES (:account, :fingerprint, CAST(:mapping AS json), :now)"
            " ON CONFLICT (account_id, fingerprint)"
            " DO UPDATE SET mapping = excluded.mapping, made_at = excluded.made_at"
        ),
        {
            "account": account_id,
            "fingerprint": fingerprint,
            "mapping": orjson.dumps(mapping).decode(),
            "now": now,
        },
    )
