"""The import desk: what the API, the pages and the command line do with imports.

Functions take the open transaction first. They only write down what is wanted; the workers do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from pathlib import PurePath
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, RowMapping

from service.domain import fates, plans, revenue
from service.errors import Conflict, NotFound, Refused, TooLarge, Unprocessable
from service.sources.sheet import questions
from service.sources.sheet.fields import FIELDS
from service.sources.sheet.moments import ExportedAt, exported_at
from service.sources.sheet.questions import Answers
from service.sources.sheet.reading import Reading, answers_of, identity, reading_of
from service.store import accounts, imports, withdrawals
from service.store.accounts import Account
from service.store.imports import Ref, Upload

LONGEST_NAME = 255
PLAIN_COLUMNS = ("id", "file_name", "size", "status", "created_at", "started_at", "finished_at")


class Sent(NamedTuple):
    """A file somebody sends, with what they say of it; moments are aware."""

    stream: IO[bytes]
    file_name: str
    by: str | None = None
    last_modified: datetime | None = None
    exported_at: datetime | None = None


def open_file(tx: Connection, account: Account, sent: Sent, *, limit: int, now: datetime) -> Ref:
    """Keep an uploaded file, to be checked by a worker. Raises TooLarge over `limit` bytes, Unprocessable when empty.

    The file goes into the database a MiB at a time; with the transaction rolled back nothing of it stays.
    """
    name = PurePath(sent.file_name.replace("\\", "/")).name.replace("\x00", "")[:LONGEST_NAME] or "upload"
    digest, size, part = blake2b(digest_size=16), 0, 0
    ref = imports.create(tx, account.id, Upload(name, 0, b"", now, sent.by, sent.last_modified, sent.exported_at))
    while content := sent.stream.read(imports.PART_SIZE):
        size += len(content)
        if size > limit:
            raise TooLarge(
                f"The file is larger than {limit // 2**20} MB. Export a shorter period, or raise MAX_UPLOAD_MB.",
                code="file_too_large",
                facts={"limit": str(limit // 2**20)},
            )
        digest.update(content)
        imports.add_part(tx, ref, part, content)
        part += 1
    if size == 0:
        raise Unprocessable("The file is empty. Export it again from Hotmart.", code="empty_file")
    imports.change(tx, ref, size=size, digest=digest.digest())
    return ref


def found(tx: Connection, ref: Ref, *, for_change: bool = False) -> RowMapping:
    """The import as it is stored. Raises NotFound."""
    row = imports.find(tx, ref, for_change=for_change)
    if row is None:
        raise NotFound("There is no such import.")
    return row


def _conflict(row: RowMapping, why: str, code: str) -> Conflict:
    return Conflict(f"This import is {row['status']}; {why}.", code=code, facts={"status": row["status"]})


def confirm(tx: Connection, account: Account, ref: Ref, options: Mapping[str, Any], *, now: datetime) -> RowMapping:
    """Try an import or run it, as a person confirmed it (the loaded confirmation schema).

    Raises Conflict unless it is ready, or undone and its file still there; OpenQuestions and Unprocessable
    where something has no answer.
    """
    row = found(tx, ref, for_change=True)
    again = row["status"] == imports.UNDONE
    _must_be_open(row)
    exported = export_time(row, options.get("timezone") or account.timezone, options.get("exported_at"))
    reading = reading_of(row["findings"]["study"], options, zone=account.timezone, exported=exported)
    if not options.get("dry_run"):
        _count_start(tx, ref, now)
    stamp = staging_stamp(row, reading)
    if options.get("mapping"):
        _remember(tx, account, row, reading, now)
    if again and row["staged_with"] == stamp:
        withdrawals.restore(tx, ref)
    imports.change(
        tx,
        ref,
        status=imports.TRYING if options.get("dry_run") else imports.RUNNING,
        choices={**_layout(row), **_plain(options)},
        reading=reading.to_json(),
        staged=row["staged"] and row["staged_with"] == stamp,
        staged_with=stamp,
        chunk_done=0,
        chunk_total=row["chunk_total"] if row["staged_with"] == stamp else 0,
        counts={},
        started_at=None if options.get("dry_run") else now,
        finished_at=None,
    )
    imports.forget_clients(tx, ref)
    return found(tx, ref)


def _must_be_open(row: RowMapping) -> None:
    if row["status"] not in (imports.READY, imports.UNDONE):
        raise _conflict(row, "only one that is ready can be confirmed", "not_ready")
    if row["file_deleted_at"] is not None:
        raise Conflict("Its file was deleted after the days it is kept. Upload it again.", code="file_deleted")


class Allowance(NamedTuple):
    """What a plan still allows this month; None is unlimited. It begins anew at `until`."""

    plan: str
    limit: int | None
    used: int
    until: datetime

    @property
    def spent(self) -> bool:
        """Whether no import can be started any more."""
        return self.limit is not None and self.used >= self.limit


def allowance(tx: Connection, account: Account, now: datetime) -> Allowance:
    """How many imports an account has started in the present month of its zone."""
    begin, end = plans.month_of(now, account.zone)
    used = imports.starts_since(tx, account.id, begin)
    return Allowance(account.plan, plans.MONTHLY_IMPORTS[account.plan], used, end)


def _count_start(tx: Connection, ref: Ref, now: datetime) -> None:
    # The account's row is held, so that two starts at once are counted one after the other.
    account = accounts.lock(tx, ref.account_id)
    left = allowance(tx, account, now)
    if left.spent:
        fault = Refused(
            f"The plan '{left.plan}' allows {left.limit} imports a month; the count begins anew on"
            f" {left.until.astimezone(account.zone):%Y-%m-%d}.",
            code="plan_limit",
        )
        fault.facts = {"plan": left.plan, "limit": str(left.limit), "until": left.until.isoformat()}
        fault.errors = {"plan": left.plan, "limit": left.limit, "used": left.used, "until": left.until.isoformat()}
        raise fault
    imports.note_start(tx, ref, now)


def staging_stamp(row: RowMapping, reading: Reading) -> str:
    """What the staging of rows depends on: the layout and the columns that tell rows apart."""
    told = [row["findings"]["layout"], identity(reading)]
    return blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def export_time(row: RowMapping, zone: str, stated: datetime | None = None) -> ExportedAt:
    """The moment an import's file speaks for; its own dates are of the zone (an IANA name)."""
    return exported_at(
        row["findings"]["study"],
        row["file_name"],
        ZoneInfo(zone),
        received_at=row["created_at"],
        stated=stated or row["stated_at"],
        last_modified=row["last_modified"],
    )


def _remember(tx: Connection, account: Account, row: RowMapping, reading: Reading, now: datetime) -> None:
    study = row["findings"]["study"]
    positions = [column["position"] for column in study["columns"]]
    mapping: dict[str, Any] = {str(position): reading.mapping.get(position) for position in positions}
    imports.remember_mapping(tx, account.id, study["fingerprint"], mapping, now)


def _layout(row: RowMapping) -> dict[str, Any]:
    chosen = (row["choices"] or {}).get("layout")
    return {"layout": chosen} if chosen else {}


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in options.items()
        if name != "dry_run"
    }
    for name in ("mapping", "formats"):
        if name in plain:
            plain[name] = {str(position): field for position, field in plain[name].items()}
    return plain


def settle(tx: Connection, ref: Ref, options: Mapping[str, Any]) -> RowMapping:
    """Keep what a person chose so far (the loaded confirmation schema, as far as it goes) without trying anything.

    What was tried before with other choices is forgotten. Raises Conflict unless it can still be confirmed, and
    Unprocessable for a mapping that cannot be.
    """
    row = found(tx, ref, for_change=True)
    _must_be_open(row)
    answers_of(row["findings"]["study"], options)
    choices = {**_layout(row), **_plain(options)}
    if choices != row["choices"]:
        imports.change(tx, ref, choices=choices, reading=None, dry_run=None)
    return found(tx, ref)


def chosen(row: RowMapping) -> dict[str, Any]:
    """What a person chose so far, as the loaded confirmation schema has it."""
    choices = {name: value for name, value in (row["choices"] or {}).items() if name != "layout"}
    for name in ("mapping", "formats"):
        if name in choices:
            choices[name] = {int(position): field for position, field in choices[name].items()}
    if "exported_at" in choices:
        choices["exported_at"] = datetime.fromisoformat(choices["exported_at"])
    return choices


def answers_so_far(row: RowMapping) -> Answers:
    """The mapping and the answers a person chose, else what is proposed, of an import that was looked into."""
    study, options = row["findings"]["study"], chosen(row)
    # A proposed mapping may lack what every file needs; one that was chosen has it.
    return answers_of(study, options) if options else Answers(mapping=questions.mapping_of(study))


def read_again(tx: Connection, ref: Ref, layout: Mapping[str, Any]) -> RowMapping:
    """Look into a file once more with what a person insists on: encoding, delimiter, sheet, header_row.

    Raises Conflict once rows of it were poured, or when the file was deleted.
    """
    row = found(tx, ref, for_change=True)
    if row["status"] not in (imports.READY, imports.FAILED) or row["file_deleted_at"] is not None:
        raise _conflict(row, "its file cannot be read again", "not_ready")
    imports.unstage(tx, ref)
    imports.change(
        tx,
        ref,
        status=imports.CHECKING,
        choices={"layout": {name: value for name, value in layout.items() if value is not None}},
        findings=None,
        reading=None,
        dry_run=None,
        problem=None,
        staged=False,
        staged_with=None,
        finished_at=None,
        attempts=0,
    )
    return found(tx, ref)


def cancel(tx: Connection, ref: Ref, *, now: datetime) -> RowMapping:
    """Stop an import: at once before its rows run, else after the present chunk. Raises Conflict when it is over."""
    row = found(tx, ref, for_change=True)
    if row["status"] == imports.RUNNING:
        imports.change(tx, ref, canceling=True)
    elif row["status"] in (imports.CHECKING, imports.READY, imports.TRYING):
        # Rows staged for a dry run were never poured: they leave the inbox as if they had not come.
        imports.unstage(tx, ref)
        imports.change(tx, ref, status=imports.CANCELED, staged=False, finished_at=now)
    else:
        raise _conflict(row, "there is nothing to cancel", "not_running")
    return found(tx, ref)


def undo(tx: Connection, ref: Ref) -> RowMapping:
    """Take an import back: what it said is withdrawn, what newer information says stays. Raises Conflict."""
    row = found(tx, ref, for_change=True)
    if row["status"] not in (imports.COMPLETED, imports.CANCELED) or row["started_at"] is None:
        raise _conflict(row, "only one that ran can be undone", "not_completed")
    if row["problem"]:
        withdrawals.take_up(tx, ref)
    # From the last chunk on, whatever was poured: one that was stopped in its middle has rows to take out too.
    imports.change(tx, ref, status=imports.UNDOING, chunk_done=row["chunk_total"], problem=None, finished_at=None)
    return found(tx, ref)


def shown(tx: Connection, account: Account, row: RowMapping) -> dict[str, Any]:
    """One import as the API shows it."""
    ref = Ref(account.id, row["id"])
    findings = row["findings"] or {}
    study = findings.get("study") or {}
    return {
        **{name: row[name] for name in PLAIN_COLUMNS},
        "same_file_as": imports.earlier(tx, ref, row["digest"]),
        "report": study.get("kind"),
        "layout": findings.get("layout"),
        "exported_at": _told(export_time(row, _zone(row, account), _stated(row))) if study else None,
        "columns": _columns(study, row),
        "missing_fields": study.get("missing_fields", []),
        "questions": _questions(study, row),
        **counted(study.get("rows", 0), row["counts"]),
        "dry_run": _tried(study.get("rows", 0), row["dry_run"]),
        "rows_read": row["counts"].get("rows_read"),
        "chunk": {"done": row["chunk_done"], "total": row["chunk_total"]},
        "problem": row["problem"],
    }


def _zone(row: RowMapping, account: Account) -> str:
    return (row["choices"] or {}).get("timezone") or account.timezone


def _stated(row: RowMapping) -> datetime | None:
    stated = (row["choices"] or {}).get("exported_at")
    return datetime.fromisoformat(stated) if stated else None


def _told(exported: ExportedAt) -> dict[str, Any]:
    return {"value": exported.value, "from_": exported.source, "certainty": exported.certainty.name.lower()}


def _columns(study: Mapping[str, Any], row: RowMapping) -> list[dict[str, Any]]:
    """The columns as they were chosen, else as they are proposed."""
    if not study:
        return []
    mapping = answers_so_far(row).mapping
    return [{**column, "field": mapping.get(column["position"])} for column in study["columns"]]


def _questions(study: Mapping[str, Any], row: RowMapping) -> list[dict[str, Any]]:
    """What nobody answered yet."""
    if not study or row["reading"]:
        return []
    return questions.open_questions(study, answers_so_far(row))


def _revenue(sums: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the rows add up to, per currency in which they have any price."""
    return [row._asdict() for row in revenue.by_currency(revenue.from_slots(sums)) if any(row[1:5])]


def counted(total: int, counts: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of a run, or of a dry run, as both are shown: rows, clients, revenue."""
    return {
        "rows": {"total": total, **{fate: counts.get(fate, 0) for fate in fates.FATES}},
        "clients": {"created": counts.get("clients_created", 0), "updated": counts.get("clients_updated", 0)},
        "revenue": _revenue(counts.get("revenue", {})),
    }


def _tried(total: int, counts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if counts is None:
        return None
    shown_only = {"changes": counts.get("changes", []), "failures": counts.get("failures", [])}
    return counted(total, counts) | shown_only


def fields() -> list[dict[str, Any]]:
    """What a column can be mapped to."""
    return [field.as_json() for field in FIELDS]
