"""The files lane: looking into uploaded spreadsheets, staging their rows, trying what an import would do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, RowMapping

from service.domain import fates
from service.domain.fates import Change, Judged
from service.errors import Conflict, Unprocessable
from service.queues import Lane
from service.sources.sheet.child import Limits, run_in_child
from service.sources.sheet.faults import unreadable
from service.sources.sheet.reading import Reading, identity
from service.store import accounts, imports, inbox
from service.store.accounts import Account
from service.store.engine import snapshot, transaction
from service.store.imports import Ref
from service.store.inbox import Delivery
from workers import pouring
from workers.pouring import Told
from workers.turns import NOBODYS_FAULT, each
from workers.workshop import Workshop, workshop

WORK_FOR = 2.0
CHECK, STAGE = "service.sources.sheet.entry.check", "service.sources.sheet.entry.stage"
LIMITS = Limits(memory_mb=2048, seconds=300, output_mb=4096)
MOST_ATTEMPTS = 5
TOLD_ROWS = 1000
TELL_EVERY = 0.4
"""Seconds between two words on how far the reading of a file is, given after so many rows at the earliest."""
MOST_SHOWN = 200
"""Changes and failures a dry run tells one by one; all of them are counted."""
log = structlog.get_logger()


def work() -> int:
    """Do what uploaded files wait for; the number of pieces of work done. The RQ job."""
    shop = workshop()
    shop.bell.answered(Lane.FILES)
    until, done = time.monotonic() + WORK_FOR, 0
    while (worked := step(shop)) and time.monotonic() < until:
        done += worked
    if worked:
        shop.bell.ring(Lane.FILES)
    return done + worked


def waiting() -> bool:
    """Whether any file waits."""
    with transaction(workshop().engine) as tx:
        return bool(imports.waiting(tx, imports.FOR_FILES))


def step(shop: Workshop) -> int:
    """One piece of work for every import that waits for one and that no other worker has."""
    with transaction(shop.engine) as tx:
        refs = imports.waiting(tx, imports.FOR_FILES)
    return each(refs, lambda ref: _with_claim(shop, ref))


def _with_claim(shop: Workshop, ref: Ref) -> int:
    """Work on one import under a claim that dies with this process."""
    with shop.engine.connect() as claim:
        if not imports.try_claim(claim, ref):
            return 0
        claim.commit()
        try:
            return _piece(shop, ref)
        finally:
            imports.release(claim, ref)
            claim.commit()


def _piece(shop: Workshop, ref: Ref) -> int:
    with transaction(shop.engine) as tx:
        row = imports.find(tx, ref, for_change=True)
        account = accounts.with_id(tx, ref.account_id)
        if row is None or row["status"] not in (imports.CHECKING, imports.TRYING, imports.RUNNING):
            return 0
        if row["status"] == imports.RUNNING and row["staged"]:
            return 0
        # Counted before the work: a file that kills its worker time and again must not do so for ever.
        imports.change(tx, ref, attempts=row["attempts"] + 1)
    try:
        if row["attempts"] >= MOST_ATTEMPTS:
            raise unreadable("crashed_again")
        _do(shop, account, ref, row)
    except Conflict as fault:
        log.info("import stopped", import_id=ref.id, code=fault.code)
    except Unprocessable as fault:
        log.info("import failed", import_id=ref.id, code=fault.code)
        _end(shop, ref, status=imports.FAILED, problem=imports.problem_of(fault))
    except NOBODYS_FAULT:
        _excuse(shop, ref, row["attempts"])
        raise
    return 1


def _excuse(shop: Workshop, ref: Ref, attempts: int) -> None:
    """The database failed, not the file: this attempt does not count."""
    try:
        with transaction(shop.engine) as tx:
            imports.change(tx, ref, attempts=attempts)
    except NOBODYS_FAULT as fault:
        # Still away: the attempt stays counted, one of several that a file has.
        log.warning("database away", part="files", fault=type(fault).__name__)


def _do(shop: Workshop, account: Account, ref: Ref, row: RowMapping) -> None:
    if row["status"] == imports.CHECKING:
        findings = look_into(shop, ref, row)
        _end(shop, ref, status=imports.READY, findings=findings, counts={})
        return
    if not row["staged"]:
        stage(shop, ref, row)
    if row["status"] == imports.TRYING:
        result = try_out(shop, account, ref)
        _end(shop, ref, status=imports.READY, dry_run=result)
    else:
        _end(shop, ref)
        shop.bell.ring(Lane.BULK)


def _end(shop: Workshop, ref: Ref, *, status: str | None = None, **columns: Any) -> None:
    """Write a result down, unless the import was canceled meanwhile."""
    with transaction(shop.engine) as tx:
        row = imports.find(tx, ref, for_change=True)
        if row is None or row["status"] == imports.CANCELED:
            return
        if status is not None:
            columns["status"] = status
        if status == imports.FAILED:
            columns["finished_at"] = datetime.now(UTC)
        imports.change(tx, ref, attempts=0, **columns)


def look_into(shop: Workshop, ref: Ref, row: RowMapping) -> dict[str, Any]:
    """What a file holds: layout, columns, statistics. Raises Unprocessable where it cannot be read."""
    with _file(shop, ref) as path:
        tell = _teller(shop, ref)
        study = _checked(path, row, None, tell)
        with transaction(shop.engine) as tx:
            remembered = imports.remembered_mapping(tx, ref.account_id, study["fingerprint"])
        if remembered:
            study = _checked(path, row, remembered, tell)
    layout, preview, surplus = (study.pop(name) for name in ("layout", "preview", "surplus"))
    return {"study": study, "layout": layout, "preview": preview, "surplus": surplus}


def _checked(
    path: Path, row: RowMapping, remembered: Mapping[str, str | None] | None, tell: Callable[[int], None]
) -> dict[str, Any]:
    asked = {"path": str(path), "choices": _choices(row), "remembered": remembered}
    (record,) = run_in_child(CHECK, asked, limits=LIMITS, tell=tell)
    told: dict[str, Any] = orjson.loads(record)
    return told


def _teller(shop: Workshop, ref: Ref, total: int | None = None) -> Callable[[int], None]:
    """Shows how many rows were read, of so many if that is known; not too often."""
    told_at = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_EVERY:
            told_at = time.monotonic()
            with transaction(shop.engine) as tx:
                imports.change(tx, ref, counts={"rows_read": {"done": rows, "total": total}})

    return tell


def _choices(row: RowMapping) -> dict[str, Any]:
    chosen: dict[str, Any] = (row["choices"] or {}).get("layout") or {}
    return chosen


def stage(shop: Workshop, ref: Ref, row: RowMapping) -> None:
    """Put the rows of a file into the inbox, in chunks; all of them or none."""
    reading = Reading.from_json(row["reading"])
    asked = {"choices": _settled(row), "identity": identity(reading)}
    # Every row is read twice: to find the chunks, then to stage it.
    rows, now = row["findings"]["study"]["rows"], datetime.now(UTC)
    tell = _teller(shop, ref, 2 * rows)
    with _file(shop, ref) as path, transaction(shop.engine) as tx:
        imports.unstage(tx, ref)
        records = run_in_child(STAGE, {"path": str(path), **asked}, limits=LIMITS, tell=tell)
        _, chunks = imports.stage(tx, ref, _staged(records, lambda given: tell(rows + given)), now)
        current = imports.find(tx, ref, for_change=True)
        if current is None or current["status"] not in (imports.TRYING, imports.RUNNING):
            raise Conflict("The import was canceled while its rows were staged.", code="canceled")
        imports.change(tx, ref, staged=True, chunk_total=chunks, chunk_done=0, counts={})


def _settled(row: RowMapping) -> dict[str, Any]:
    """The layout as it was found, so that the second look reads what the first one read."""
    layout = row["findings"]["layout"]
    return {name: layout[name] for name in ("encoding", "delimiter", "sheet", "header_row")}


def _staged(records: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[tuple[int, int, bytes]]:
    for given, record in enumerate(records, 1):
        number, chunk, body = record.split(b"\t", 2)
        yield int(number), int(chunk), body
        if given % TOLD_ROWS == 0:
            tell(given)


def try_out(shop: Workshop, account: Account, ref: Ref) -> dict[str, Any]:
    """The counts running an import would give, over one unchanging view of what is known; nothing is written."""
    counts: dict[str, Any] = {}
    clients_seen: set[str] = set()
    with snapshot(shop.engine) as tx:
        row = imports.find(tx, ref)
        if row is None:
            return counts
        reading = pouring.reading_of(row["reading"])
        for chunk in range(1, row["chunk_total"] + 1):
            counts = _try_chunk(tx, account, ref, chunk, reading, counts, clients_seen)
            _show_progress(shop, ref, chunk)
    return {**counts, "failures": sorted(counts.get("failures", []), key=itemgetter("row"))}


def _try_chunk(
    tx: Connection,
    account: Account,
    ref: Ref,
    chunk: int,
    reading: Reading,
    counts: dict[str, Any],
    clients_seen: set[str],
) -> dict[str, Any]:
    rows = inbox.rows_of_chunk(tx, account.id, ref.id, chunk)
    told = pouring.tell(account, reading, rows)
    judged = pouring.judge(tx, account, ref, chunk, told, reading.existing)
    client_fates: dict[str, int] = {}
    for email, fate in pouring.clients_of(tx, account, judged, pouring.people_of(tx, account, judged)).items():
        if email not in clients_seen:
            clients_seen.add(email)
            client_fates[fate] = client_fates.get(fate, 0) + 1
    return {
        **pouring.added(counts, told, judged, client_fates),
        "changes": (counts.get("changes", []) + [_change(one) for one in judged.changes()])[:MOST_SHOWN],
        "failures": (counts.get("failures", []) + _failures(rows, told, judged))[:MOST_SHOWN],
    }


def _change(change: Change) -> dict[str, Any]:
    return {"key": change.key, "email": change.email, "fields_": change.fields}


def _failures(rows: Sequence[Delivery], told: Told, judged: Judged) -> list[dict[str, Any]]:
    """The rows that would not be taken, each with its problems as the run keeps them."""
    problems = {mark.id: mark.notes for mark in pouring.marks(told, judged) if mark.fate == fates.FAILED}
    return [{"row": row.row_number, "problems": problems[row.id]} for row in rows if row.id in problems]


def _show_progress(shop: Workshop, ref: Ref, chunk: int) -> None:
    with transaction(shop.engine) as tx:
        imports.change(tx, ref, chunk_done=chunk)


@contextmanager
def _file(shop: Workshop, ref: Ref) -> Iterator[Path]:
    """The uploaded file on disk, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="marco-") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as written, transaction(shop.engine) as tx:
            for part in imports.parts(tx, ref):
                written.write(part)
        yield path
