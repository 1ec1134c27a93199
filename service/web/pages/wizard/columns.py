"""What the preview shows of a file: how it was read, and what is in each of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from service import desk
from service.sources.sheet import dates, numbers, questions
from service.sources.sheet.fields import FIELD_OF, FIELDS, IDENTITY
from service.sources.sheet.numbers import Mark
from service.sources.sheet.problems import Unreadable
from service.web import words
from service.web.locale import exact, written

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "mac-roman": "Mac Roman",
    "cp850": "DOS (CP850)",
}
"""Names people know for the codecs of Python."""
NUMBERS, DATES = ("money", "integer"), ("date",)
Stated = Mapping[int, str]
"""Decimal mark or order of dates that a person insists on, by position."""


class Shown(NamedTuple):
    """One column. `field` is what it is mapped to now; `reads` what its first sample is taken for."""

    position: int
    letter: str
    told: Mapping[str, Any]
    field: str
    reads: str | None


class Switch(NamedTuple):
    """One thing that was found out about the file, and what it can be changed to.

    `value` is what a person chose ("" leaves it to Marco), `found` what holds now.
    """

    name: str
    found: str
    value: str
    options: Sequence[str]


def letter(position: int) -> str:
    """What a spreadsheet program calls the column at a position from 1: A, B, … Z, AA."""
    name = ""
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def columns_of(row: RowMapping, instead: Mapping[int, str | None] | None = None) -> list[Shown]:
    """The columns of a file as they are mapped now; `instead` is a mapping that could not be kept."""
    answers = desk.answers_so_far(row)
    study = row["findings"]["study"]
    mapped = _mapped(row)
    return [
        Shown(
            told["position"],
            letter(told["position"]),
            told,
            (instead.get(told["position"]) if instead else answers.mapping.get(told["position"])) or "",
            _reads(told | {"field": answers.mapping.get(told["position"])}, mapped, answers.formats),
        )
        for told in study["columns"]
    ]


def _mapped(row: RowMapping) -> list[dict[str, Any]]:
    mapping = desk.answers_so_far(row).mapping
    return [row["findings"]["study"]["columns"][position - 1] | {"field": field} for position, field in mapping.items()]


def _reads(column: Mapping[str, Any], columns: list[dict[str, Any]], stated: Stated) -> str | None:
    """What the first sample of a column of numbers or dates is taken for; None where nothing can be misread."""
    kind = FIELD_OF[column["field"]].type if column["field"] else None
    sample = next(iter(column["samples"]), None)
    if (
        sample is None
        or kind not in ("money", "date")
        or column["numbers"].get("typed")
        or column["dates"].get("typed")
    ):
        return None
    try:
        if kind == "date":
            return written(dates.local_of(sample, _order(column, columns, stated)))
        return exact(numbers.number_of(sample, _mark(column, columns, stated))[0])
    except Unreadable:
        return ""


def _mark(column: Mapping[str, Any], columns: list[dict[str, Any]], stated: Stated) -> Mark:
    chosen = stated.get(column["position"])
    return Mark(chosen) if chosen else questions.number_mark(column, columns)


def _order(column: Mapping[str, Any], columns: list[dict[str, Any]], stated: Stated) -> dates.Order:
    chosen = stated.get(column["position"])
    return dates.Order(chosen) if chosen else questions.date_order(column, columns)


def switches(row: RowMapping) -> list[Switch]:
    """How the file was read, each with its alternatives: encoding, delimiter, sheet, header row, numbers, dates."""
    layout, chosen = row["findings"]["layout"], (row["choices"] or {}).get("layout") or {}
    found = [
        Switch(name, str(layout[name]), str(chosen.get(name, "")), [str(one) for one in layout["candidates"][name]])
        for name in ("encoding", "delimiter", "sheet", "header_row")
        if layout["candidates"].get(name)
    ]
    return [*found, *format_switches(row)]


def format_switches(row: RowMapping) -> list[Switch]:
    """Decimal mark and order of dates over all columns that have numbers or dates."""
    columns, stated = _mapped(row), desk.answers_so_far(row).formats
    told: list[Switch] = []
    numeric = of_kind(columns, NUMBERS)
    marks = {_mark(column, columns, stated) for column in numeric if numbers.decide(column["numbers"])}
    if marks:
        told.append(Switch("numbers", _one_of(marks), _common(numeric, stated), (Mark.DOT, Mark.COMMA)))
    dated = [column for column in of_kind(columns, DATES) if column["dates"]]
    if dated:
        orders = {_order(column, columns, stated) for column in dated}
        options = (dates.Order.DAY_FIRST, dates.Order.MONTH_FIRST)
        told.append(Switch("dates", _one_of(orders), _common(dated, stated), options))
    return told


def of_kind(columns: list[dict[str, Any]], kinds: Sequence[str]) -> list[dict[str, Any]]:
    """The mapped columns whose fields are of these types."""
    return [column for column in columns if FIELD_OF[column["field"]].type in kinds]


def formats_with(row: RowMapping, formats: Stated, name: str, value: str) -> dict[int, str]:
    """What is stated of numbers or dates once one switch is set for all its columns; "" leaves them to Marco."""
    stated = dict(formats)
    for column in of_kind(_mapped(row), NUMBERS if name == "numbers" else DATES):
        stated.pop(column["position"], None)
        if value:
            stated[column["position"]] = value
    return stated


def _one_of(found: set[Any]) -> str:
    return str(next(iter(found))) if len(found) == 1 else "mixed"


def _common(columns: list[dict[str, Any]], stated: Stated) -> str:
    """What a person chose for all these columns alike."""
    chosen = {stated.get(column["position"], "") for column in columns}
    return chosen.pop() if len(chosen) == 1 else ""


def missing(columns: Sequence[Shown]) -> list[str]:
    """Fields every file needs and no column gives: `status`, which can be said once for all rows, and `identity`."""
    given = {column.field for column in columns}
    lacking = [] if "status" in given else ["status"]
    return lacking if given & IDENTITY else [*lacking, "identity"]


def field_choices() -> list[tuple[str, str]]:
    """(field, its name) in the reader's language, in the order of Hotmart's report."""
    return [(field.id, words.field_name(field.id)) for field in FIELDS]
