"""What all rows of a spreadsheet tell about its columns, in one pass and little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.sources.sheet import dates, headers, numbers, questions
from service.sources.sheet.grid import Cell
from service.sources.sheet.problems import Unreadable
from service.sources.sheet.values import BLANKS, text_of
from service.sources.sheet.words import status_of_label

SAMPLES = 5
FIRST_CELLS = 50
"""Filled cells, repeats too, by which headers are judged: one slip among fifty must not unmap a column."""
MOST_WORDS = 60
LONGEST_WORD = 80
PLAIN_TEXT_AFTER = 200
"""Distinct values after which a column that showed no number and no date is taken for text."""
MOST_DAYS = 8_000
NEWEST_DAYS = 30
"""How many of the newest days of a date column are reported."""

_BLANK_CELLS = frozenset((None, *BLANKS))


class Study:
    """Collects what the columns hold. Feed it every row in blocks of a thousand or so, then ask for the report.

    Raises Unprocessable at once for reports that hold no sales (subscriptions_report, wallet_statement).
    """

    def __init__(self, names: Sequence[str], *, remembered: Mapping[Any, str | None] | None = None) -> None:
        headers.refuse_other_reports(names)
        self._names = list(names)
        self._remembered = remembered
        self._columns = [_ColumnStudy() for _ in names]
        self.rows = 0

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """The next rows, each as wide as the header."""
        if not rows:
            return
        self.rows += len(rows)
        for column, cells in zip(self._columns, zip(*rows, strict=True), strict=True):
            column.add(cells)

    def report(self) -> dict[str, Any]:
        """Everything the preview shows and the confirmation needs, as JSON.

        Keys: kind, language, fingerprint, rows, columns (each with its mapping, samples and statistics),
        missing_fields, questions, statuses, currencies, without_email, without_transaction, newest.
        """
        mapping = headers.match(self._names, self._remembered, [column.first for column in self._columns])
        found: dict[str, Any] = {
            "kind": headers.recognise(self._names),
            "language": headers.language_of(self._names),
            "fingerprint": headers.fingerprint(self._names),
            "rows": self.rows,
            "columns": [
                column.as_json() | study.as_json() for column, study in zip(mapping, self._columns, strict=True)
            ],
            "missing_fields": headers.missing_fields({column.field for column in mapping if column.field}),
        }
        of_field = {column["field"]: column for column in found["columns"] if column["field"]}
        return found | {
            "questions": questions.open_questions(found, questions.Answers(mapping=questions.mapping_of(found))),
            "statuses": _statuses(of_field.get("status")),
            "currencies": _currencies(of_field),
            "without_email": self.rows - of_field.get("email", _NOTHING)["filled"],
            "without_transaction": self.rows - of_field.get("transaction", _NOTHING)["filled"],
            "newest": _newest(of_field),
        }


_NOTHING = {"filled": 0}


def _statuses(column: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    words = (column or {}).get("words") or {}
    return [
        {"word": word, "rows": rows, "status": status_of_label(word)}
        for word, rows in sorted(words.items(), key=lambda counted: -counted[1])
    ]


def _currencies(of_field: Mapping[str, Mapping[str, Any]]) -> list[str]:
    seen = {
        word
        for field in ("currency", "receiving_currency", "gross_receiving_currency", "net_currency")
        for word in of_field.get(field, {}).get("words") or {}
    }
    return sorted(seen)


def _newest(of_field: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The newest local moments of the order and confirmation dates, newest first, as written in ISO 8601."""
    moments: set[str] = set()
    for field in ("ordered_at", "approved_at"):
        column = of_field.get(field)
        if column is not None:
            order = questions.date_order(column, of_field.values())
            moments.update(column["newest"].get(order) or column["newest"][dates.Order.DAY_FIRST])
    return sorted(moments, reverse=True)[:NEWEST_DAYS]


class _ColumnStudy:
    """One column: how full it is, a few samples, which words, and what its numbers and dates prove."""

    def __init__(self) -> None:
        self.filled = 0
        self.samples: list[Cell] = []
        self.first: list[Cell] = []
        self.words: Counter[str] | None = Counter()
        self.numbers: Counter[str] = Counter()
        self.dates: Counter[str] = Counter()
        self.unclear: list[str] = []
        self.days: dict[str, str] = {}
        self._distinct = 0
        self._is_text = False

    def add(self, cells: tuple[Cell, ...]) -> None:
        counted: Counter[Cell] = Counter(cells)
        self.filled += len(cells) - sum(counted.pop(blank, 0) for blank in _BLANK_CELLS)
        if not counted:
            return
        if len(self.first) < FIRST_CELLS:
            self.first += [cell for cell in cells if cell not in _BLANK_CELLS][: FIRST_CELLS - len(self.first)]
        if len(self.samples) < SAMPLES:
            fresh = (cell for cell in counted if cell not in self.samples)
            self.samples += [cell for cell, _ in zip(fresh, range(SAMPLES - len(self.samples)), strict=False)]
        self._add_words(counted)
        if not self._is_text:
            self._add_shapes(counted)

    def _add_words(self, counted: Counter[Cell]) -> None:
        if self.words is None:
            return
        if len(counted) > MOST_WORDS or any(type(cell) is str and len(cell) > LONGEST_WORD for cell in counted):
            self.words = None
            return
        for cell, count in counted.items():
            self.words[text_of(cell)] += count
        if len(self.words) > MOST_WORDS:
            self.words = None

    def _add_shapes(self, counted: Counter[Cell]) -> None:
        for cell, count in counted.items():
            if type(cell) is str:
                self._add_text(cell, count)
            elif isinstance(cell, (date, datetime)):
                self.dates["typed"] += count
                self._add_day(cell.isoformat()[:10], cell.isoformat()[10:])
            elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
                self.numbers["typed"] += count
                self.numbers["zero"] += count if cell == 0 else 0
        self._distinct += len(counted)
        self._is_text = self._distinct >= PLAIN_TEXT_AFTER and not self.numbers and not self.dates

    def _add_text(self, text: str, count: int) -> None:
        if text.isdigit():
            self.numbers["whole"] += count
            self.numbers["zero"] += count if not text.strip("0") else 0
            return
        shown = dates.shows(text)
        if shown is not None:
            self.dates[shown] += count
            self._add_day(*_day_and_time(text))
            return
        number = numbers.written(text)
        if number is not None:
            self._add_number(number, text, count)

    def _add_number(self, number: numbers.Written, text: str, count: int) -> None:
        mark = numbers.evidence(number)
        self.numbers[mark or "whole"] += count
        self.numbers["zero"] += count if not number.digits.strip("0.,") else 0
        self.numbers["signed"] += count if number.currency else 0
        if mark is numbers.Mark.UNCLEAR and len(self.unclear) < SAMPLES and text not in self.unclear:
            self.unclear.append(text)

    def _add_day(self, day: str, time: str) -> None:
        """Keep the latest time of every day: far fewer than rows, and enough to find the newest moment."""
        known = self.days.get(day)
        if (known is None and len(self.days) < MOST_DAYS) or (known is not None and time > known):
            self.days[day] = time

    def as_json(self) -> dict[str, Any]:
        return {
            "samples": [text_of(cell) for cell in self.samples],
            "filled": self.filled,
            "words": None if self.words is None else dict(self.words),
            "numbers": {name: count for name, count in self.numbers.items() if count},
            "unclear": self.unclear,
            "dates": dict(self.dates),
            "newest": {order: self._newest(order) for order in (dates.Order.DAY_FIRST, dates.Order.MONTH_FIRST)},
        }

    def _newest(self, order: dates.Order) -> list[str]:
        moments = (_moment(day, time, order) for day, time in self.days.items())
        return sorted((moment for moment in moments if moment), reverse=True)[:NEWEST_DAYS]


def _day_and_time(text: str) -> tuple[str, str]:
    for mark in " T,":
        day, found, time = text.partition(mark)
        if found:
            return day, f" {time.strip()}"
    return text, ""


def _moment(day: str, time: str, order: dates.Order) -> str | None:
    """The moment in local time as ISO 8601; None for a day that the order does not know."""
    try:
        moment = dates.local_of(f"{day}{time}", order)
    except Unreadable:
        return None
    return moment.isoformat()
