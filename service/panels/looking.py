"""Looking at figures over a period and over the one before, told apart as a panel needs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from service.domain.periods import FIRST_DAY, LAST_DAY, Period, Preset, Step, step_of, steps
from service.panels.shape import Bar, Chart, Label, Line, Opens, Table, Unit, Value
from service.store.accounts import Account
from service.store.sums import reading
from service.store.sums.reading import Days, Sum

MOST_LINES = 12
ALWAYS = Days(FIRST_DAY, LAST_DAY)
ZERO = Decimal(0)
NOTHING = Sum(None, "", "", "", 0, ZERO)


@dataclass(frozen=True, slots=True)
class Look:
    """An account over a period. `today` is the day it is there; `options` what else the reader chose."""

    tx: Connection
    account: Account
    period: Period
    today: date
    options: dict[str, str] = field(default_factory=dict)
    shown: Period = field(init=False)
    """What charts are drawn over: the period, of all time what is not empty."""

    def __post_init__(self) -> None:
        """Find out when all time began."""
        shown = self.period
        if shown.preset is Preset.ALL:
            shown = shown._replace(first=reading.first_day(self.tx, self.account) or self.today, last=self.today)
        object.__setattr__(self, "shown", shown)

    @property
    def days(self) -> Days:
        """The days looked at."""
        return Days(self.period.first, self.period.last)

    def sums(self, figure: str, *by: str, days: Days | None = None) -> list[Sum]:
        """A figure over the period, or other days; where a chart is by month, `day` may be the first of one."""
        monthly = days is None and self.shown.step() is Step.MONTH
        return reading.sums(self.tx, self.account, figure, days or self.days, *by, monthly=monthly)

    def sums_before(self, figure: str, *by: str) -> list[Sum] | None:
        """The same over the period before; None where there is none."""
        before = self.period.before()
        return None if before is None else self.sums(figure, *by, days=Days(before.first, before.last))

    def product_names(self) -> dict[str, str]:
        """Names of the account's products by id."""
        return reading.product_names(self.tx, self.account.id)

    def query(self, **filters: str) -> tuple[tuple[str, str], ...]:
        """The period as filters of a list, and more."""
        if self.period.preset is Preset.RANGE:
            named = {"period": "range", "from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        else:
            named = {"period": str(self.period.preset)}
        return tuple((named | filters).items())

    def chart(self, name: str, amounts: Iterable[tuple[date | None, Decimal]], unit: Unit) -> Chart:
        """Bars over what is shown."""
        step = self.shown.step()
        heights: dict[date, Decimal] = defaultdict(Decimal)
        for day, amount in amounts:
            if day is not None:
                heights[step_of(day, step)] += amount
        bars = (Bar(day, heights.get(day, ZERO)) for day in steps(self.shown, step))
        return Chart(name, unit, str(step), tuple(bars))


def by_currency(rows: Iterable[Sum]) -> dict[str, list[Sum]]:
    """Rows apart by currency, those with most rows first, the unknown last."""
    parted: dict[str, list[Sum]] = defaultdict(list)
    for row in rows:
        parted[row.currency].append(row)
    return dict(sorted(parted.items(), key=lambda one: (not one[0], -sum(row.number for row in one[1]), one[0])))


def number(rows: Iterable[Sum] | None) -> Decimal:
    """How many in all."""
    return Decimal(sum(row.number for row in rows or ()))


def amount(rows: Iterable[Sum] | None) -> Decimal:
    """How much in all, of one currency."""
    return sum((row.amount for row in rows or ()), ZERO)


def only(rows: Iterable[Sum] | None, **wanted: Any) -> list[Sum]:
    """The rows that have these values; a set allows several."""
    return [
        row
        for row in rows or ()
        if all(
            getattr(row, name) in value if isinstance(value, (set, frozenset)) else getattr(row, name) == value
            for name, value in wanted.items()
        )
    ]


def compared(rows: Sequence[Sum] | None, measure: Callable[[Iterable[Sum]], Decimal]) -> Decimal | None:
    """A measure of the period before; None where nothing is compared."""
    return None if rows is None else measure(rows)


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def pair(
    rows: Sequence[Sum], before: Sequence[Sum] | None, names: tuple[str, str], opens: Opens | None
) -> tuple[Value, ...]:
    """(how many, how much) of one currency; of the unknown one only how many."""
    currency = rows[0].currency if rows else before[0].currency if before else ""
    counted = Value(names[0], number(rows), before=compared(before, number), opens=opens)
    if not currency:
        return (counted,)
    money = Value(names[1], amount(rows), Unit.MONEY, currency, compared(before, amount), opens)
    return (counted, money)


def table(name: str, lines: Iterable[Line], most: int = MOST_LINES) -> Table:
    """The largest lines, by their last money or else their first number."""
    ranked = sorted(lines, key=lambda line: (-_weight(line), line.label.name or line.label.code))
    return Table(name, tuple(ranked[:most]), max(len(ranked) - most, 0))


def _weight(line: Line) -> Decimal:
    money = [value.amount for value in line.values if value.unit is Unit.MONEY]
    return (money or [line.values[0].amount])[0] or ZERO


def grouped(rows: Iterable[Sum], key: Callable[[Sum], Any]) -> dict[Any, list[Sum]]:
    """Rows apart by a key."""
    parted: dict[Any, list[Sum]] = defaultdict(list)
    for row in rows:
        parted[key(row)].append(row)
    return parted


def product(code: str, names: dict[str, str]) -> Label:
    """The label of a product by its id, or by its name where it has none."""
    return Label("product", code, names.get(code, code))


def or_none(code: str) -> str:
    """A value as filters take it: `~` asks for rows without one."""
    return code or "~"


def day_before(day: date) -> date:
    """The day before."""
    return day - timedelta(days=1)
