"""What only a person can answer before a file is imported: asked once, never guessed.

Works on the report of a study, so that another mapping can be judged without reading the file again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.domain.statuses import Status
from service.sources.sheet.dates import Order
from service.sources.sheet.dates import decide as decide_order
from service.sources.sheet.fields import CURRENCIES_OF, FIELD_OF
from service.sources.sheet.numbers import Mark, readings
from service.sources.sheet.numbers import decide as decide_mark
from service.sources.sheet.words import status_of_label, suggested_status
from service.sources.spelling import plain

Report = Mapping[str, Any]
Question = dict[str, Any]
"""`code`, `key` (the part of the confirmation that answers it), `message`, `column` (position or None),
`header`, `options`, `suggestion` and `rows` (how many rows wait for the answer)."""

ASKED_AMOUNTS = ("paid", "gross", "gross_receiving", "net_sale", "net_producer", "net_offer", "net_home")
"""Amounts that reach clients and totals. A fee without currency is kept, but nobody is asked for it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person said: the mapping to use, and the answers so far.

    `currency_stated` tells the answer "unknown" (a currency of None) from no answer.
    """

    mapping: Mapping[int, str]
    formats: Mapping[int, str] = field(default_factory=dict)
    words: Mapping[str, Status] = field(default_factory=dict)
    """By the word in one spelling (`plain`)."""
    status: Status | None = None
    currency: str | None = None
    currency_stated: bool = False


def mapping_of(report: Report) -> dict[int, str]:
    """The mapping the report proposes: position from 1 to field."""
    return {column["position"]: column["field"] for column in report["columns"] if column["field"]}


def open_questions(report: Report, answers: Answers) -> list[Question]:
    """The questions that these answers leave open."""
    columns = {
        name: report["columns"][position - 1] | {"field": name} for position, name in answers.mapping.items() if name
    }
    return [
        *_status_questions(report, columns, answers),
        *_currency_questions(report, columns, answers),
        *_format_questions(columns, answers),
    ]


def _question(code: str, key: str, message: str, **more: Any) -> Question:
    return {
        "code": code,
        "key": key,
        "message": message,
        "column": None,
        "header": None,
        "options": [],
        "suggestion": None,
        "rows": None,
    } | more


def _status_questions(report: Report, columns: Mapping[str, Any], answers: Answers) -> Iterator[Question]:
    column = columns.get("status")
    blank = _rows_without_status(report, columns)
    if answers.status is None and blank:
        message = "No column gives the status of the sales" if column is None else f"{blank} rows have no status"
        yield _question(
            "missing_status",
            "defaults.status",
            f"{message}. Which status should they have?",
            options=list(Status),
            suggestion=Status.APPROVED if column is None else None,
            rows=blank,
            **({} if column is None else _place(column)),
        )
    if column is not None:
        yield from _word_questions(column, answers)


def _rows_without_status(report: Report, columns: Mapping[str, Any]) -> int:
    if "status" not in columns:
        return int(report["rows"])
    return max(0, _sales(columns) - int(columns["status"]["filled"]))


def _sales(columns: Mapping[str, Any]) -> int:
    """How many rows have, at least, something that tells a sale."""
    return max((int(columns[name]["filled"]) for name in ("transaction", "email") if name in columns), default=0)


def _place(column: Mapping[str, Any]) -> dict[str, Any]:
    return {"column": column["position"], "header": column["header"]}


def _word_questions(column: Mapping[str, Any], answers: Answers) -> Iterator[Question]:
    place = _place(column)
    if column["words"] is None:
        message = f"The column {column['header']} has too many different words for a status. Map another one."
        yield _question("not_statuses", f"mapping.{column['position']}", message, **place)
        return
    asked: set[str] = set()
    for word, rows in column["words"].items():
        if status_of_label(word) or plain(word) in answers.words or plain(word) in asked:
            continue
        asked.add(plain(word))
        yield _question(
            "unknown_status",
            f"words.{word}",
            f"What does the status {word!r} mean?",
            word=word,
            options=list(Status),
            suggestion=suggested_status(word),
            rows=rows,
            **place,
        )


def _currency_questions(report: Report, columns: Mapping[str, Any], answers: Answers) -> Iterator[Question]:
    if answers.currency_stated:
        return
    # Lines of totals have amounts too; nothing tells a sale in them, and nobody is asked for them.
    no_sales = int(report["rows"]) - _sales(columns)
    counted = {name: _amounts_without_currency(name, columns) - no_sales for name in ASKED_AMOUNTS}
    lacking = {name: rows for name, rows in counted.items() if rows > 0}
    if lacking:
        names = [columns[name]["header"] for name in lacking]
        first = columns[next(iter(lacking))]
        yield _question(
            "missing_currency",
            "defaults.currency",
            f"In which currency are the amounts of {', '.join(names)}?",
            column=first["position"],
            header=first["header"],
            columns=[columns[name]["position"] for name in lacking],
            headers=names,
            rows=max(lacking.values()),
        )


def _amounts_without_currency(name: str, columns: Mapping[str, Any]) -> int:
    if name not in columns:
        return 0
    counted = columns[name]["numbers"]
    amounts = sum(counted.get(kind, 0) for kind in (*Mark, "whole", "typed")) - counted.get("zero", 0)
    known = max((columns[code]["filled"] for code in CURRENCIES_OF[name] if code in columns), default=0)
    return int(max(0, amounts - max(known, counted.get("signed", 0))))


def _format_questions(columns: Mapping[str, Any], answers: Answers) -> Iterator[Question]:
    for name, column in columns.items():
        if column["position"] in answers.formats:
            continue
        place = {**_place(column), "key": f"formats.{column['position']}"}
        kind = FIELD_OF[name].type
        if kind in ("money", "integer") and number_mark(column, columns.values()) is Mark.UNCLEAR:
            message = f"Is {column['unclear'][0]} in {column['header']} a thousand or has it decimals?"
            examples = {text: readings(text) for text in column["unclear"]}
            yield _question("ambiguous_numbers", message=message, options=["dot", "comma"], examples=examples, **place)
        if kind == "date" and date_order(column, columns.values()) is Order.MIXED:
            message = f"The dates in {column['header']} are written in two orders. Which one is right?"
            yield _question("ambiguous_dates", message=message, options=["day_first", "month_first"], **place)


def number_mark(column: Mapping[str, Any], columns: Iterable[Mapping[str, Any]]) -> Mark:
    """The decimal mark of a column: its own proof, else what the other amounts of the file agree on."""
    own = decide_mark(column["numbers"])
    if own is not None and own is not Mark.UNCLEAR:
        return own
    others = {decide_mark(other["numbers"]) for other in columns if _is_number(other)} & {Mark.DOT, Mark.COMMA}
    if len(others) == 1:
        return others.pop() or Mark.DOT
    return own or Mark.DOT


def _is_number(column: Mapping[str, Any]) -> bool:
    return column["field"] is not None and FIELD_OF[column["field"]].type in ("money", "integer")


def date_order(column: Mapping[str, Any], columns: Iterable[Mapping[str, Any]]) -> Order:
    """The order of the dates of a column: its own proof, else that of the other dates, else the day first."""
    own = decide_order(column["dates"])
    if own is not None:
        return own
    dated = [other for other in columns if other["field"] is not None and FIELD_OF[other["field"]].type == "date"]
    others = {decide_order(other["dates"]) for other in dated} & {Order.DAY_FIRST, Order.MONTH_FIRST}
    return (others.pop() or Order.DAY_FIRST) if len(others) == 1 else Order.DAY_FIRST
