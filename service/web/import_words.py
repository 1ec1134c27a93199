"""Sentences about an import, in the reader's language, for the codes that the reading of files gives.

Every function takes what is stored, or shown by the desk: a problem, a question, a column. Where a code or a value of
its sentence is missing (kept by an older Marco), the English text that was stored with it is given instead. All of it
is plain text, never markup: values may come from the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from service.errors import MarcoError
from service.web import words
from service.web.import_faults import FAULTS, MARKS, PHRASES, PROBLEMS
from service.web.locale import day, number

Stored = Mapping[str, Any]

REPORTS = {
    "sales_detailed": _l("Hotmart sales report (detailed model)"),
    "sales_legacy": _l("Hotmart sales report (older model)"),
    "list": _l("A list of sales that is not one of Hotmart's own reports"),
    "subscriptions": _l("Hotmart subscriptions report"),
    "wallet": _l("Hotmart wallet statement"),
}
STATUSES = {
    "checking": _l("Reading the file"),
    "ready": _l("Waiting for you"),
    "trying": _l("Trying it out"),
    "running": _l("Importing"),
    "completed": _l("Completed"),
    "failed": _l("Failed"),
    "canceled": _l("Canceled"),
    "undoing": _l("Being undone"),
    "undone": _l("Undone"),
}
STATUS_MEANINGS = {
    "checking": _l("Marco is looking into the file. Nothing is imported yet."),
    "ready": _l("The file was read. Nothing is imported before you confirm."),
    "trying": _l("Marco is working out what the import would change. Nothing is written."),
    "running": _l("The rows are becoming clients and sales. You can leave this page and come back."),
    "completed": _l("Every row of the file was seen to its end."),
    "failed": _l("The file could not be read. Nothing was imported."),
    "canceled": _l("It was stopped. What had been imported by then stays until you undo it."),
    "undoing": _l("What this import said is being taken out. What newer information says stays."),
    "undone": _l("What this import said was taken out again. It can be run once more."),
}
CONFIDENCES = {
    "certain": _l("Certain"),
    "likely": _l("Likely"),
    "unsure": _l("Unsure"),
}
CONTAINERS = {
    "csv": _l("CSV text"),
    "xlsx": _l("Excel workbook (XLSX)"),
    "xlsb": _l("Binary Excel workbook (XLSB)"),
    "xls": _l("Excel 97 to 2003 workbook (XLS)"),
    "html": _l("Web page saved as a spreadsheet (HTML)"),
    "ods": _l("OpenDocument spreadsheet (ODS)"),
}
DELIMITERS = {
    ";": _l("Semicolon (;)"),
    ",": _l("Comma (,)"),
    "\t": _l("Tab"),
    "|": _l("Vertical bar (|)"),
}
FORMATS = {
    "dot": _l("Decimal point (1,234.50)"),
    "comma": _l("Decimal comma (1.234,50)"),
    "mixed": _l("Both, each number by its own marks"),
    "unclear": _l("Unclear"),
    "day_first": _l("Day first (31/12/2026)"),
    "month_first": _l("Month first (12/31/2026)"),
}
EXPORT_SOURCES = {
    "stated": _l("As you stated it"),
    "file_name": _l("From the name of the file"),
    "last_modified": _l("From when the file was last changed"),
    "newest_date": _l("From the newest date in the file"),
    "received": _l("From when you uploaded it"),
}
POLICIES = {
    "update": _l("Update: newer information wins"),
    "fill": _l("Fill: only what is empty"),
    "skip": _l("Skip: leave them as they are"),
}
POLICY_MEANINGS = {
    "update": _l("Sales that are there already take what this file says, unless something newer is known."),
    "fill": _l("Sales that are there already keep what they have; only empty fields are filled in."),
    "skip": _l("Sales that are there already are not touched. New sales are imported."),
}
REASONS = {
    "unknown": _l("No known field has this name"),
    "hotmart_header": _l("Same header as in Hotmart's export"),
    "known_name": _l("A known name of this field"),
    "by_neighbours": _l("This name has two meanings; the other headers decide"),
    "everyday_word": _l("An everyday word for it, and the values agree"),
    "values_disagree": _l("An everyday word for it, but the values do not show it"),
    "taken": _l("Another column already gives “%(field)s”"),
    "remembered": _l("Mapped so the last time a file had these headers"),
    "beside_amount": _l("The currency of “%(header)s”, beside it"),
    "only_currency": _l("The only currency there is"),
    "email_values": _l("The values look like e-mail addresses"),
    "transaction_values": _l("The values look like Hotmart transaction codes"),
    "status_values": _l("The values are statuses of sales"),
    "similar_name": _l("The name is nearly a known name of “%(field)s”"),
}
"""Why a column was mapped so: the codes of `sources.sheet.reasons`."""

QUESTIONS = {
    "missing_status": _l("No column gives the status of the sales. Which status should they have?"),
    "not_statuses": _l("The column “%(header)s” has too many different words for a status."),
    "unknown_status": _l("What does the status “%(word)s” mean?"),
    "missing_currency": _l("In which currency are the amounts of %(names)s?"),
    "ambiguous_numbers": _l("Is %(example)s in “%(header)s” a thousand or has it decimals?"),
    "ambiguous_dates": _l("The dates in “%(header)s” are written in two orders. Which one is right?"),
}
QUESTION_HINTS = {
    "missing_status": _l("Your answer holds for every row without a status. Marco never guesses it."),
    "not_statuses": _l("Choose another column for the status, or none, and say one status for all rows."),
    "unknown_status": _l("Your answer holds for every row with this word."),
    "missing_currency": _l("Choose unknown if you are not sure: the amounts are then kept, but counted nowhere."),
    "ambiguous_numbers": _l("Open the file and look at a sale whose price you know."),
    "ambiguous_dates": _l("Rows whose date is not in that order are not imported, and you are told which."),
}


def fault_text(problem: Stored) -> str:
    """Why an import failed, from its stored `problem` (`code`, `message`, `facts`)."""
    found = FAULTS.get(problem["code"])
    return _filled(found and found.text, problem, str(problem.get("message") or problem["code"]))


def fault_hint(problem: Stored) -> str:
    """What to do about it; "" where the stored English message says all there is."""
    found = FAULTS.get(problem["code"])
    return _filled(found and found.hint, problem, "")


def refusal(fault: MarcoError) -> tuple[str, str]:
    """What the desk refuses, and what to do about it: Conflict, Refused, TooLarge, Unprocessable."""
    problem = {"code": fault.code, "message": fault.message, "facts": fault.facts}
    return fault_text(problem), fault_hint(problem)


def problem_text(problem: Stored) -> str:
    """What is wrong with a row or a cell of it, from its stored problem: one sentence, without its place."""
    found = PROBLEMS.get(problem["code"])
    return _filled(found and found.text, problem, str(problem.get("reason") or problem["code"]))


def problem_hint(problem: Stored) -> str:
    """What to do about a problem of a row."""
    found = PROBLEMS.get(problem["code"])
    return _filled(found and found.hint, problem, str(problem.get("hint") or ""))


def problem_place(problem: Stored, row: int | None = None) -> str:
    """Where it is: row as in the spreadsheet, column and value, as far as known; `row` where the problem has none."""
    place = str(_l("Row %(row)s")) % {"row": number(problem.get("row") or row or 0)}
    if problem.get("header"):
        place += ", " + str(_l("column “%(header)s”")) % {"header": problem["header"]}
    return f"{place}: “{problem['value']}”" if problem.get("value") else place


def column_reason(column: Stored) -> str:
    """Why a column is mapped as it is, or not at all."""
    return _filled(REASONS.get(column["reason_code"]), column, str(column["reason"]), key="reason_facts")


def question_text(question: Stored) -> str:
    """What a person is asked before the import."""
    rows = question.get("rows")
    if question["code"] == "missing_status" and question.get("column") is not None and rows:
        return str(
            ngettext(
                "%(num)s row has no status. Which status should it have?",
                "%(num)s rows have no status. Which status should they have?",
                rows,
            )
        )
    example = next(iter(question.get("examples") or ()), None)
    names = ", ".join(f"“{name}”" for name in question.get("headers") or [question.get("header")])
    facts = {"header": question.get("header"), "word": question.get("word"), "names": names, "example": example}
    return _filled(QUESTIONS.get(question["code"]), {"facts": facts}, str(question["message"]))


def question_hint(question: Stored) -> str:
    """How to answer a question, and how many rows wait for it."""
    rows = question.get("rows")
    waiting = ngettext("%(num)s row waits for this.", "%(num)s rows wait for this.", rows) if rows else ""
    return f"{QUESTION_HINTS.get(question['code'], '')} {waiting}".strip()


def option_text(question: Stored, option: str) -> str:
    """What one answer is called: a status; or a way to read a number or a date, with what it makes of the example."""
    if option in words.STATUSES:
        return str(words.STATUSES[option])
    text = str(FORMATS.get(option, option))
    readings = [f"{written} = {read[option]}" for written, read in (question.get("examples") or {}).items()]
    return f"{text}: {readings[0]}" if readings else text


def report_name(kind: str | None) -> str:
    """Which report a file was recognised as."""
    return str(REPORTS[kind if kind in REPORTS else "list"])


def _filled(text: LazyString | None, told: Stored, fallback: str, *, key: str = "facts") -> str:
    """A sentence with its facts in it; the fallback where there is no such sentence, or a fact is missing."""
    if text is None:
        return fallback
    try:
        return str(text) % _Spoken(told.get(key) or {})
    except KeyError:
        return fallback


class _Spoken(dict[str, Any]):
    """The facts of a sentence in the reader's language: phrases, fields, statuses, dates. Raises KeyError."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        code = self.get(f"{name}_code")
        if code in PHRASES:
            return str(PHRASES[code]) % self
        if name == "field":
            return words.field_name(value)
        if name == "status":
            return STATUSES.get(value, value)
        if name == "mark":
            return MARKS.get(value, value)
        return day(datetime.fromisoformat(value)) if name == "until" else value
