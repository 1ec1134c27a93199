"""What a written file consists of: columns of a kind, and the looks of a language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

Value = str | int | Decimal | date | datetime | None
"""A cell: amounts are `Decimal`, moments `datetime` without zone in the time people live by."""

Row = Sequence[Value]


class Kind(StrEnum):
    """What a column holds. A code is text that a spreadsheet program would love to take for a number."""

    TEXT = "text"
    CODE = "code"
    MONEY = "money"
    WHOLE = "whole"
    DAY = "day"
    MOMENT = "moment"


class Column(NamedTuple):
    """One column; `currency` is the name of the column that tells the currency of an amount."""

    name: str
    kind: Kind = Kind.TEXT
    currency: str | None = None


class Looks(NamedTuple):
    """How a language writes: what parts cells and decimals in a CSV, and dates (strftime, strict)."""

    delimiter: str
    decimal: str
    day: str
    clock: str = "%H:%M:%S"

    @property
    def moment(self) -> str:
        """The pattern of a day with its time."""
        return f"{self.day} {self.clock}"


LOOKS = {
    "pt": Looks(";", ",", "%d/%m/%Y"),
    "es": Looks(";", ",", "%d/%m/%Y"),
    # Day first or month first is a guess in English; the year first is neither.
    "en": Looks(",", ".", "%Y-%m-%d"),
}
