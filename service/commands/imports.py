"""`import`: a spreadsheet from preview to result, whether workers are running or not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click
from marshmallow import ValidationError
from sqlalchemy import RowMapping

from schemas.imports import ConfirmIn
from service import desk
from service.commands import import_tables as printed
from service.commands.frame import about_account, command, moment, workshop_here
from service.domain import fates
from service.domain.statuses import Status
from service.errors import Refused, Unprocessable
from service.sources.sheet import questions
from service.sources.sheet.reading import answers_of
from service.store import accounts, imports
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.imports import Ref
from service.web.rooms import rooms
from workers import pouring, uploads
from workers.workshop import Workshop

REST = 0.1
UNKNOWN = "unknown"
Options = dict[str, Any]
"""A confirmation as the API takes it: mapping, existing, exported_at, defaults, words, formats, dry_run."""


class Said(TypedDict):
    """What the options answer before anybody asks."""

    existing: str
    currency: str | None
    status: str | None
    words: tuple[str, ...]
    mapped: tuple[str, ...]
    run_automations: bool


@command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@about_account
@click.option("--dry-run", is_flag=True, help="Say what would happen, row by row, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before importing.")
@click.option("--existing", type=click.Choice(fates.POLICIES), default=fates.UPDATE, show_default=True)
@click.option("--exported-at", help="When the file was exported (ISO 8601, local time of the account).")
@click.option("--currency", help="ISO code for amounts without one, or 'unknown'.")
@click.option("--status", type=click.Choice([str(status) for status in Status]), help="Status of rows that have none.")
@click.option("--word", "words", multiple=True, metavar="WORD=STATUS", help="What an unknown status word means.")
@click.option("--map", "mapped", multiple=True, metavar="COLUMN=FIELD", help="What a column (number or header) holds.")
@click.option("--run-automations", is_flag=True, help="Tell automations that are on of what is new, behind live sales.")
@click.option("--columns", "all_columns", is_flag=True, help="Show every column, also those that are certain.")
def import_file(
    file: Path,
    account_name: str | None,
    exported_at: str | None,
    *,
    dry_run: bool,
    yes: bool,
    all_columns: bool,
    **said: Unpack[Said],
) -> None:
    """Import a sales spreadsheet: CSV, XLSX, XLS or ODS, as Hotmart exports it or made by hand.

    Shows how the columns were understood, asks what only you can know, imports with a progress bar and prints a
    result that adds up. --existing says what happens to purchases that are known: update them, fill their empty
    fields, or skip them. Automations are told of nothing, unless --run-automations says so.
    """
    if not (yes or dry_run or at_a_terminal()):
        raise Refused("Nobody is here to ask: add --yes to import, or --dry-run to see what would happen.")
    now = datetime.now(UTC)
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        stated = moment(exported_at, account.zone) if exported_at else None
        ref = _opened(tx, account, file, stated, now)
    shop = workshop_here()
    row = _worked(shop, ref, {imports.CHECKING}, "Reading    ")
    printed.preview(_shown(account, ref), all_columns=all_columns)
    study = row["findings"]["study"]
    with _withdrawn_unless_answered(ref):
        told = _options(study, said)
        options = _answered(study, told, ask=at_a_terminal() and not yes)
    if dry_run:
        _confirm(account, ref, options | {"dry_run": True})
        _worked(shop, ref, {imports.TRYING}, "Trying     ")
        printed.dry_run(_shown(account, ref))
        return
    if not yes:
        with _withdrawn_unless_answered(ref):
            click.confirm(f"\nImport {study['rows']:,} rows into '{account.name}'?", abort=True)
    _confirm(account, ref, options)
    _worked(shop, ref, {imports.RUNNING}, "Importing  ")
    with transaction(rooms().engine) as tx:
        printed.result(desk.shown(tx, account, desk.found(tx, ref)), imports.problems(tx, ref, printed.MOST_PROBLEMS))


def at_a_terminal() -> bool:
    """Whether somebody is there to ask."""
    return sys.stdin.isatty()


@contextmanager
def _withdrawn_unless_answered(ref: Ref) -> Iterator[None]:
    """Cancel the import when an answer is missing or is no: nothing of it was written yet."""
    try:
        yield
    except (Unprocessable, click.Abort):
        with transaction(rooms().engine) as tx:
            desk.cancel(tx, ref, now=datetime.now(UTC))
        raise


def _opened(tx: Any, account: Account, file: Path, stated: datetime | None, now: datetime) -> Ref:
    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    with file.open("rb") as stream:
        sent = desk.Sent(stream, file.name, by="command line", last_modified=min(modified, now), exported_at=stated)
        return desk.open_file(tx, account, sent, limit=rooms().settings.max_upload_bytes, now=now)


def _shown(account: Account, ref: Ref) -> dict[str, Any]:
    with transaction(rooms().engine) as tx:
        return desk.shown(tx, account, desk.found(tx, ref))


def _worked(shop: Workshop, ref: Ref, busy: set[str], label: str) -> RowMapping:
    """Help until the import is no longer in one of these states; its row. Raises Unprocessable when it failed."""
    try:
        with click.progressbar(length=1000, label=label, width=40, show_eta=False) as bar:
            row = _helped(shop, ref, busy, lambda share: bar.update(round(share * 1000) - bar.pos))
    except KeyboardInterrupt:
        click.echo(f"\nImport {ref.id} stays as far as it is; workers that run go on with it.")
        raise
    if row["status"] == imports.FAILED:
        raise Unprocessable((row["problem"] or {}).get("message") or "The import failed.")
    if row["status"] == imports.CANCELED:
        raise Refused(f"Import {ref.id} was canceled.")
    return row


def _helped(shop: Workshop, ref: Ref, busy: set[str], show: Callable[[float], None]) -> RowMapping:
    """Do the workers' steps here too, so that it goes on without them; side by side they share the chunks."""
    while (row := _row(ref))["status"] in busy:
        if row["chunk_total"]:
            show(row["chunk_done"] / row["chunk_total"])
        if not uploads.step(shop) and not pouring.step(shop):
            time.sleep(REST)
    show(1.0)
    return row


def _row(ref: Ref) -> RowMapping:
    with transaction(rooms().engine) as tx:
        return desk.found(tx, ref)


def _options(study: Any, said: Said) -> Options:
    """The confirmation as the command's options say it. Raises Unprocessable for a column nobody finds."""
    options: Options = {"existing": said["existing"], "run_automations": said["run_automations"]}
    if currency := said["currency"]:
        _put(options, "defaults.currency", None if currency.lower() == UNKNOWN else currency)
    if status := said["status"]:
        _put(options, "defaults.status", status)
    for pair in said["words"]:
        word, _, meaning = pair.rpartition("=")
        if meaning not in set(Status):
            raise Unprocessable(f"'{meaning}' is no status. Use one of: {', '.join(Status)}.")
        _put(options, f"words.{word}", meaning)
    for pair in said["mapped"]:
        column, _, field = pair.rpartition("=")
        _put(options, f"mapping.{_position(study, column)}", field or None)
    return options


def _put(options: Options, key: str, answer: Any) -> None:
    part, _, name = key.partition(".")
    options.setdefault(part, {})[name] = answer


def _position(study: Any, column: str) -> int:
    """The column with this number or header. Raises Unprocessable."""
    if column.isdecimal():
        return int(column)
    found = [one["position"] for one in study["columns"] if one["header"].strip().casefold() == column.casefold()]
    if len(found) != 1:
        raise Unprocessable(f"'{column}' names {len(found)} columns. Use the column's number from the preview.")
    return int(found[0])


def _answered(study: Any, options: Options, *, ask: bool) -> Options:
    """The options with every open question answered at the terminal. Raises Unprocessable when nobody can be asked."""
    while lacking := questions.open_questions(study, answers_of(study, _loaded(options))):
        if not ask or lacking[0]["key"].startswith("mapping."):
            told = "\n".join(f"  {question['message']}  ({_remedy(question)})" for question in lacking)
            raise Unprocessable(f"Only you can know:\n{told}")
        question = lacking[0]
        choices = click.Choice([str(option) for option in question["options"]]) if question["options"] else str
        answer = click.prompt(question["message"], type=choices, default=question["suggestion"])
        _put(options, question["key"], None if question["code"] == "missing_currency" and answer == UNKNOWN else answer)
    return options


def _remedy(question: questions.Question) -> str:
    part, _, name = question["key"].partition(".")
    if part == "words":
        return f"say --word '{name}=STATUS' with one of {', '.join(question['options'])}"
    if part == "mapping":
        return f"say --map {name}=FIELD, or --map {name}= to leave the column out"
    if part == "formats":
        return "run it at a terminal without --yes to be asked"
    return f"say --{name}"


def _loaded(options: Options) -> Options:
    try:
        loaded: Options = ConfirmIn().load(options)
    except ValidationError as fault:
        raise Unprocessable(f"These options cannot be: {fault.messages}") from fault
    return loaded


def _confirm(account: Account, ref: Ref, options: Options) -> None:
    with transaction(rooms().engine) as tx:
        desk.confirm(tx, account, ref, _loaded(options), now=datetime.now(UTC))
