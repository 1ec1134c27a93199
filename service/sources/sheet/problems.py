"""What can be wrong with one row or cell: one stable code, one reason and one hint each.

The reason completes "The value …", the hint says what to do. As in `faults`, translations hang on the codes, and
`facts` carries the values in both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from service.errors import Unprocessable

_DATES = "Write it as 31/12/2026 or 31/12/2026 23:59:59"
_DIGITS = "Write digits only, such as 1497.50"

PROBLEMS = {
    "shifted_row": ("has {surplus} more cells than there are headers", "Put text that holds the delimiter into quotes"),
    "too_long": ("is longer than {limit} characters", "Check the column"),
    "missing_status": ("has no status", "Choose a status for rows that have none"),
    "unknown_status": ("is not a status we know", "Say what this word means"),
    "unknown_country": ("is not a country we know; it is kept as it is", "Check the name"),
    "not_an_email": ("is not an e-mail address", "Correct the address in the file"),
    "no_identity": (
        "has neither transaction code nor e-mail",
        "Give the transaction code or the buyer's e-mail; lines of totals need nothing",
    ),
    "not_a_whole_number": ("is not a whole number of a usual size", "Write digits only, such as 12"),
    "unknown_currency": ("is not a currency we know; its amounts count nowhere", "Write a code such as BRL"),
    "not_a_number": ("is not a number", _DIGITS),
    "unclear_number": ("can be read in two ways", "Write it with two decimals, such as 1234.00"),
    "other_number_format": ("is not written with a decimal {mark} as its column", "Write it alike"),
    "number_out_of_range": ("is too large or too long for an amount", "Check the number"),
    "no_such_date": ("is not a date of the calendar in the order of its column", _DATES),
    "not_a_date": ("is not a date", _DATES),
    "number_for_date": ("is a number where a date is expected", "Give the cells of this column a date format"),
    "code_repeats": (
        "has a transaction code that already stands in {limit} rows of this file",
        "Check that the column mapped to the transaction code holds one",
    ),
    "crashed": (
        "This row could not be worked on: a fault of Marco's, not of the row.",
        "Import it again after the next update.",
    ),
}


class Unreadable(Unprocessable):
    """A cell that is not what its column says; `code` is a key of `PROBLEMS`, `facts` the values in its words."""

    def __init__(self, code: str, **facts: object) -> None:
        reason, hint = PROBLEMS[code]
        told = {name: str(value) for name, value in facts.items()}
        super().__init__(reason.format(**told), code=code, facts=told)
        self.hint = hint.format(**told)


class Problem(NamedTuple):
    """One cell that could not be read: where (`column` from 1; None: no column gives it) and what to do about it."""

    row: int
    column: int | None
    header: str | None
    field: str
    value: str
    code: str
    reason: str
    hint: str
    facts: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The problem as JSON."""
        return self._asdict()


def row_problem(code: str, **facts: object) -> dict[str, Any]:
    """A problem of a whole row, as it is kept with the row when nothing of it was read."""
    fault = Unreadable(code, **facts)
    return {"code": code, "reason": fault.message, "hint": fault.hint, "facts": fault.facts}
