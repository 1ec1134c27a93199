"""What panels are made of. No words: names and codes, that a page puts into a language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Unit(StrEnum):
    """What a number is."""

    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    DURATION = "duration"
    """Seconds."""


class Opens(NamedTuple):
    """A list and its filters: `page` is sales, opportunities, steps or subscriptions."""

    page: str
    query: tuple[tuple[str, str], ...]


class Value(NamedTuple):
    """One number. `before` is the same of the period before, None where nothing is compared.

    `amount` is None where there is nothing to divide by. With `opens`, a count is the length of that list, and money
    the sum of it in `currency`; commissions are part of the sales in their list, which tells them one by one.
    """

    name: str
    amount: Decimal | None
    unit: Unit = Unit.COUNT
    currency: str = ""
    before: Decimal | None = None
    opens: Opens | None = None


class Label(NamedTuple):
    """What a line is about: `kind` says how to read `code` (product, offer, reason, plain, ...); '' is "none"."""

    kind: str
    code: str
    name: str | None = None


class Line(NamedTuple):
    """One row of a table."""

    label: Label
    values: tuple[Value, ...]


class Table(NamedTuple):
    """Lines under a name. `left_out` says how many more there are."""

    name: str
    lines: tuple[Line, ...]
    left_out: int = 0


class Bar(NamedTuple):
    """One bar of a chart, from this day on."""

    day: date
    amount: Decimal


class Chart(NamedTuple):
    """Bars over the period. `line` is a height to compare with."""

    name: str
    unit: Unit
    step: str
    bars: tuple[Bar, ...]
    line: Decimal | None = None


class Block(NamedTuple):
    """What belongs to one currency, '' where the ledger knows none; None for what is no money."""

    currency: str | None
    values: tuple[Value, ...]
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()


class Panel(NamedTuple):
    """One panel. Without blocks there is nothing to show yet; `needs` are the events that would bring something."""

    name: str
    blocks: tuple[Block, ...]
    needs: tuple[str, ...] = ()
