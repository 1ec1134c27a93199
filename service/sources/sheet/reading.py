"""A reading: everything that decides how the rows of one file become facts, fixed when it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.domain.facts import Certainty
from service.domain.statuses import Status
from service.errors import Unprocessable
from service.sources.sheet import questions
from service.sources.sheet.dates import Order
from service.sources.sheet.fields import FIELD_OF, IDENTITY
from service.sources.sheet.moments import ExportedAt
from service.sources.sheet.numbers import Mark
from service.sources.sheet.questions import Answers, Question
from service.sources.spelling import plain

FILL = "fill"
AMOUNT_COLUMNS = ("paid", "gross", "gross_receiving", "net_sale", "net_producer", "net_offer", "net_home")
"""The amount that tells two rows without code apart: the first of these that a file has."""


class OpenQuestions(Unprocessable):
    """The file cannot be poured before somebody answers; `questions` are those of the preview."""

    code = "open_questions"

    def __init__(self, open_ones: list[Question]) -> None:
        super().__init__("Some questions about this file have no answer yet: " + _listed(open_ones))
        self.questions = open_ones
        self.errors = {"questions": open_ones}


def _listed(open_ones: list[Question]) -> str:
    return " ".join(question["message"] for question in open_ones)


@dataclass(frozen=True, eq=False)
class Reading:
    """How rows are read. Positions are from 1; `as_of` is aware; `zone` an IANA name; `existing` the policy."""

    headers: tuple[str, ...]
    kind: str
    mapping: Mapping[int, str]
    marks: Mapping[int, Mark]
    orders: Mapping[int, Order]
    zone: str
    as_of: datetime
    certainty: Certainty
    words: Mapping[str, Status]
    status: Status | None
    currency: str | None
    existing: str

    def to_json(self) -> dict[str, Any]:
        """The reading as plain JSON values."""
        return {
            "headers": list(self.headers),
            "kind": self.kind,
            "mapping": {str(position): field for position, field in self.mapping.items()},
            "marks": {str(position): str(mark) for position, mark in self.marks.items()},
            "orders": {str(position): str(order) for position, order in self.orders.items()},
            "zone": self.zone,
            "as_of": self.as_of.isoformat(),
            "certainty": int(self.certainty),
            "words": {word: str(status) for word, status in self.words.items()},
            "status": self.status and str(self.status),
            "currency": self.currency,
            "existing": self.existing,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Reading:
        """The reading that `to_json` gave."""
        return cls(
            headers=tuple(kept["headers"]),
            kind=kept["kind"],
            mapping={int(position): field for position, field in kept["mapping"].items()},
            marks={int(position): Mark(mark) for position, mark in kept["marks"].items()},
            orders={int(position): Order(order) for position, order in kept["orders"].items()},
            zone=kept["zone"],
            as_of=datetime.fromisoformat(kept["as_of"]),
            certainty=Certainty(kept["certainty"]),
            words={word: Status(status) for word, status in kept["words"].items()},
            status=Status(kept["status"]) if kept["status"] else None,
            currency=kept["currency"],
            existing=kept["existing"],
        )


def reading_of(report: Mapping[str, Any], options: Mapping[str, Any], *, zone: str, exported: ExportedAt) -> Reading:
    """The reading of a studied file under what a person confirmed (the loaded confirmation schema).

    `options["timezone"]` goes before `zone`. Raises Unprocessable for a mapping that cannot be
    (unknown_field, unknown_column, field_twice, missing_fields), for an unknown_timezone or unknown_format,
    and OpenQuestions.
    """
    answers = answers_of(report, options)
    lacking = questions.open_questions(report, answers)
    if lacking:
        raise OpenQuestions(lacking)
    columns = [report["columns"][position - 1] | {"field": name} for position, name in answers.mapping.items()]
    existing = options.get("existing") or "update"
    return Reading(
        headers=tuple(column["header"] for column in report["columns"]),
        kind=report["kind"],
        mapping=answers.mapping,
        marks={
            column["position"]: _mark(column, columns, answers) for column in columns if _is(column, "money integer")
        },
        orders={column["position"]: _order(column, columns, answers) for column in columns if _is(column, "date")},
        zone=_known_zone(options.get("timezone") or zone),
        as_of=exported.value,
        certainty=Certainty.FILLER if existing == FILL else exported.certainty,
        words=answers.words,
        status=answers.status,
        currency=answers.currency,
        existing=existing,
    )


def _is(column: Mapping[str, Any], kinds: str) -> bool:
    return FIELD_OF[column["field"]].type in kinds.split()


def _mark(column: Mapping[str, Any], columns: list[dict[str, Any]], answers: Answers) -> Mark:
    stated = answers.formats.get(column["position"])
    if stated not in (None, Mark.DOT, Mark.COMMA):
        raise Unprocessable(
            f"Numbers are written with dot or comma, not {stated}.", code="unknown_format", facts={"value": stated}
        )
    return Mark(stated) if stated else questions.number_mark(column, columns)


def _order(column: Mapping[str, Any], columns: list[dict[str, Any]], answers: Answers) -> Order:
    stated = answers.formats.get(column["position"])
    if stated not in (None, Order.DAY_FIRST, Order.MONTH_FIRST):
        raise Unprocessable(
            f"Dates are day_first or month_first, not {stated}.", code="unknown_format", facts={"value": stated}
        )
    return Order(stated) if stated else questions.date_order(column, columns)


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"There is no time zone {name!r}; write one such as America/Sao_Paulo."
        raise Unprocessable(message, code="unknown_timezone", facts={"value": name}) from error


def answers_of(report: Mapping[str, Any], options: Mapping[str, Any]) -> Answers:
    """What a person answered, on top of the proposed mapping. Raises Unprocessable for an impossible mapping."""
    defaults = options.get("defaults") or {}
    currency = defaults.get("currency")
    return Answers(
        mapping=_mapping(report, options.get("mapping") or {}),
        formats=options.get("formats") or {},
        words={plain(word): Status(status) for word, status in (options.get("words") or {}).items()},
        status=Status(defaults["status"]) if defaults.get("status") else None,
        currency=currency.upper() if currency else None,
        currency_stated="currency" in defaults,
    )


def _mapping(report: Mapping[str, Any], stated: Mapping[int, str | None]) -> dict[int, str]:
    """The proposed mapping with a person's changes; a field they give to one column leaves its proposed one."""
    _refuse_impossible(stated, len(report["columns"]))
    proposed = questions.mapping_of(report)
    chosen = {position: field for position, field in stated.items() if field is not None}
    kept = {
        position: field
        for position, field in proposed.items()
        if position not in stated and field not in chosen.values()
    }
    mapping = dict(sorted((kept | chosen).items()))
    if IDENTITY.isdisjoint(mapping.values()):
        raise Unprocessable(
            "No column gives the transaction code or the buyer's e-mail; one of them is needed. Map a column to it.",
            code="missing_fields",
        )
    return mapping


def _refuse_impossible(stated: Mapping[int, str | None], columns: int) -> None:
    fields = [field for field in stated.values() if field is not None]
    for position, field in stated.items():
        if not 1 <= position <= columns:
            raise Unprocessable(
                f"There is no column {position}; this file has {columns}.",
                code="unknown_column",
                facts={"column": str(position), "columns": str(columns)},
            )
        if field is not None and field not in FIELD_OF:
            raise Unprocessable(f"There is no field {field}.", code="unknown_field", facts={"field": field})
        if fields.count(field or "") > 1:
            raise Unprocessable(
                f"Two columns are mapped to {field}; choose one of them.",
                code="field_twice",
                facts={"field": field or ""},
            )


def identity(reading: Reading) -> dict[str, Any]:
    """The columns (positions from 1) that tell rows apart when they are staged.

    Rows that share an `email` or a `transaction` (each None where no column gives it) must be poured together;
    `others` are product, order date and amount, which with the e-mail count equal rows without a code.
    """
    position_of = {field: position for position, field in reading.mapping.items()}
    product = "product_id" if "product_id" in position_of else "product_name"
    amount = next((name for name in AMOUNT_COLUMNS if name in position_of), "")
    return {
        "email": position_of.get("email"),
        "transaction": position_of.get("transaction"),
        "others": [position_of[name] for name in (product, "ordered_at", amount) if name in position_of],
    }
