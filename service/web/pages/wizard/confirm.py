"""Step 3: what is asked once, what a dry run says, and the word to begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import flash, redirect, request
from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy import Connection, RowMapping
from werkzeug import Response

from schemas.imports import ConfirmIn
from service import desk
from service.domain import fates
from service.errors import Conflict, MarcoError, Refused, Unprocessable
from service.queues import Lane
from service.sources.sheet import questions
from service.sources.sheet.currencies import iso_currencies
from service.store import imports
from service.store.engine import transaction
from service.web import automation_words, guards, import_words
from service.web.locale import currency_name
from service.web.pages.forms import zones
from service.web.pages.wizard import automating, changes, columns, waiting
from service.web.pages.wizard.results import lines_of
from service.web.pages.wizard.room import (
    Step,
    address,
    blueprint,
    elsewhere,
    opened,
    ref_of,
    refuse,
    right_step,
    step_page,
)
from service.web.rooms import rooms

ANSWER = "answer:"
UNKNOWN = "unknown"
"""The answer that nobody knows a currency; it is kept as one."""
OF_FORM = ("timezone", "existing", "defaults", "words", "formats", "run_automations")
"""Parts of a confirmation that this form has; the mapping is chosen in the step before."""
TYPED = "%Y-%m-%dT%H:%M:%S"
SHOWN_FAILURES = 50
USUAL_CURRENCIES = ("BRL", "USD", "EUR", "MXN", "COP", "ARS", "CLP", "PEN", "GBP", "CAD", "AUD", "JPY")
"""Offered first: what Hotmart sells in most."""


@blueprint.get("/<int:import_id>/confirm")
def confirm(import_id: int) -> Response | str:
    """How to import; while it is tried, how far that is."""
    row = opened(import_id)
    if (answer := elsewhere(row, Step.CONFIRM)) is not None:
        return answer
    if row["status"] == imports.TRYING:
        return waiting.page(Step.CONFIRM, row)
    return _page(row)


def _page(row: RowMapping, refusal: Any = None, open_keys: frozenset[str] = frozenset()) -> str:
    shown = columns.columns_of(row)
    lacking = columns.missing(shown)
    with transaction(rooms().engine) as tx:
        allowance = desk.allowance(tx, guards.current_account(), datetime.now(UTC))
        offered = automating.offer(tx, row)
    return step_page(
        "confirm",
        Step.CONFIRM,
        row,
        study=row["findings"]["study"],
        report=row["findings"]["study"]["kind"],
        mapped=sum(bool(column.field) for column in shown),
        shown=shown,
        needs_identity="identity" in lacking,
        asked=[(question, answer_to(question, row)) for question in asked(row)],
        open_keys=open_keys,
        currencies=currencies(),
        policies=fates.POLICIES,
        policy=desk.chosen(row).get("existing") or fates.UPDATE,
        zones=_zones(zone_of(row)),
        seen=fingerprint(row),
        allowance=allowance,
        offered=offered,
        runs_automations=bool(desk.chosen(row).get("run_automations")),
        trigger_name=automation_words.trigger_name,
        refusal=refusal,
        tried=_tried(row),
        **_exported(row),
    )


def asked(row: RowMapping) -> list[questions.Question]:
    """Every question about the file under its present mapping, those with an answer too."""
    study = row["findings"]["study"]
    return questions.open_questions(study, questions.Answers(mapping=desk.answers_so_far(row).mapping))


def currencies() -> list[tuple[str, str]]:
    """(code, name) of every currency, the usual ones first."""
    others = sorted(iso_currencies().difference(USUAL_CURRENCIES))
    return [(code, currency_name(code)) for code in (*USUAL_CURRENCIES, *others)]


def answer_to(question: Mapping[str, Any], row: RowMapping) -> str:
    """What a person answered, as the select of the page has it; "" for nothing yet."""
    chosen = desk.chosen(row)
    part, _dot, name = question["key"].partition(".")
    if part == "formats":
        return str((chosen.get("formats") or {}).get(int(name), ""))
    answers = chosen.get(part) or {}
    if question["key"] == "defaults.currency" and "currency" in answers:
        return str(answers["currency"] or UNKNOWN)
    return str(answers.get(name) or "")


def zone_of(row: RowMapping) -> str:
    """The time zone the dates of the file are read in."""
    return str(desk.chosen(row).get("timezone") or guards.current_account().timezone)


def _zones(present: str) -> list[tuple[str, str]]:
    """Time zones to choose from; the present one is among them whatever it is."""
    told = [(str(choice.value), choice.label) for choice in zones()]
    return told if present in dict(told) else [(present, present), *told]


def _exported(row: RowMapping) -> dict[str, Any]:
    zone = zone_of(row)
    exported = desk.export_time(row, zone, desk.chosen(row).get("exported_at"))
    return {"zone": zone, "exported": exported, "typed": exported.value.astimezone(ZoneInfo(zone)).strftime(TYPED)}


def _tried(row: RowMapping) -> dict[str, Any] | None:
    """The result of the dry run, if one was made with what is chosen now."""
    counts = row["dry_run"]
    if counts is None:
        return None
    sums = desk.counted(row["findings"]["study"]["rows"], counts)
    failures = counts.get("failures", [])
    return {
        "sums": sums,
        "changes": [changes.told(one) for one in counts.get("changes", [])],
        "lines": [line for one in failures[:SHOWN_FAILURES] for line in lines_of(one["row"], one["problems"])],
        "shown_failures": min(len(failures), SHOWN_FAILURES),
    }


def fingerprint(row: RowMapping) -> str:
    """What is about to be confirmed, in short: somebody else may change it while a page lies open."""
    told = [row["choices"], row["findings"]["layout"]["headers"], row["findings"]["layout"]["header_row"]]
    return blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


@blueprint.post("/<int:import_id>/confirm")
def begin(import_id: int) -> Response | tuple[str, int]:
    """Keep the answers; then try the import, or run it."""
    is_try = request.form.get("do") == "try"
    try:
        row = _settled(import_id)
        row = _begun(import_id, {**desk.chosen(row), "dry_run": is_try})
    except Conflict as fault:
        return _too_late(import_id, fault)
    except (Refused, Unprocessable) as fault:
        return _page(opened(import_id), import_words.refusal(fault), _still_open(fault)), 422
    rooms().bell.ring(Lane.FILES)
    rooms().bell.ring(Lane.BULK)
    return redirect(address(right_step(row), row))


def _still_open(fault: MarcoError) -> frozenset[str]:
    return frozenset(question["key"] for question in fault.errors.get("questions", []))


def _too_late(import_id: int, fault: Conflict) -> Response:
    """Somebody was faster, or changed what lies before us: to where the import is now, and why."""
    row = opened(import_id)
    if fault.code == "changed":
        flash(_("Somebody changed how this file is imported while your page was open. Look at it again."), "warning")
    elif row["status"] in waiting.AT_WORK:
        flash(_("Somebody else has started this import already. It runs once; you see how far it is."), "warning")
    else:
        refuse(fault)
    return redirect(address(right_step(row), row))


def _settled(import_id: int) -> RowMapping:
    """The import with the answers of the form; they stay when the next step is refused."""
    with transaction(rooms().engine) as tx:
        row = desk.found(tx, ref_of(import_id), for_change=True)
        if row["status"] in (imports.READY, imports.UNDONE):
            _check_seen(row)
            desk.settle(tx, ref_of(import_id), _options(row))
        return desk.found(tx, ref_of(import_id))


def _check_seen(row: RowMapping) -> None:
    if request.form.get("seen", "") != fingerprint(row):
        raise Conflict("What is confirmed has changed meanwhile.", code="changed")


def _begun(import_id: int, options: dict[str, Any]) -> RowMapping:
    with transaction(rooms().engine) as tx:
        return _confirmed(tx, import_id, options)


def _confirmed(tx: Connection, import_id: int, options: dict[str, Any]) -> RowMapping:
    return desk.confirm(tx, guards.current_account(), ref_of(import_id), options, now=datetime.now(UTC))


def _options(row: RowMapping) -> dict[str, Any]:
    """What was chosen before, with what the form says. Raises Unprocessable for what no page would send."""
    told: dict[str, Any] = {"timezone": request.form.get("timezone", zone_of(row))}
    told["run_automations"] = "run_automations" in request.form
    if "existing" in request.form:
        told["existing"] = request.form["existing"]
    told |= _answers(row)
    try:
        loaded: dict[str, Any] = ConfirmIn(only=OF_FORM).load(told)
    except ValidationError as fault:
        raise Unprocessable(f"This is no possible answer: {', '.join(map(str, fault.messages))}.") from fault
    before = desk.chosen(row)
    stated = _stated(loaded["timezone"], before.pop("exported_at", None))
    formats = {**(before.get("formats") or {}), **loaded.pop("formats", {})}
    kept = {name: before[name] for name in ("mapping",) if name in before}
    return kept | loaded | ({"formats": formats} if formats else {}) | ({"exported_at": stated} if stated else {})


def _answers(row: RowMapping) -> dict[str, Any]:
    """The answers of the form, by the parts of a confirmation; selects left empty are no answers."""
    told: dict[str, Any] = {}
    for question in asked(row):
        answer = request.form.get(ANSWER + question["key"], "")
        part, _dot, name = question["key"].partition(".")
        if answer and part in ("defaults", "words", "formats"):
            told.setdefault(part, {})[name] = None if answer == UNKNOWN and name == "currency" else answer
    return told


def _stated(zone: str, before: datetime | None) -> datetime | None:
    """The export time a person typed; one they left as it was found stays found, and one they emptied is found anew."""
    typed, found = (_local(request.form.get(name, "")) for name in ("exported_at", "exported_found"))
    if typed is None:
        return None
    # Compared as moments: browsers drop seconds that are zero, and a guess must not become a statement by that.
    return before if typed == found else typed.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _local(typed: str) -> datetime | None:
    """A date and time by the clock of the file, as the page has it; None where nothing is typed."""
    if not typed.strip():
        return None
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=None)
    except ValueError as fault:
        raise Unprocessable("The export time is no date and time.", code="not_a_moment") from fault
