"""Periods a panel looks at: whole days of the account's calendar, compared with as many before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

FIRST_DAY = date(2000, 1, 1)
"""Where "all" begins; no sale is older."""
LAST_DAY = date(9998, 12, 31)


class Preset(StrEnum):
    """The periods that have a name."""

    LAST_7 = "7d"
    LAST_30 = "30d"
    LAST_90 = "90d"
    THIS_MONTH = "month"
    LAST_MONTH = "last_month"
    YEAR = "year"
    ALL = "all"
    RANGE = "range"


class Step(StrEnum):
    """How long one bar of a chart is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Period(NamedTuple):
    """Days from `first` to `last`, both in it."""

    preset: Preset
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def before(self) -> Period | None:
        """What it is compared with; None for all time.

        The month before for a month, the same days of the year before for a year, else as many days before.
        """
        if self.preset is Preset.ALL:
            return None
        if self.preset is Preset.YEAR:
            return Period(Preset.RANGE, _year_before(self.first), _year_before(self.last))
        if self.preset in (Preset.THIS_MONTH, Preset.LAST_MONTH):
            end = self.first - timedelta(days=1)
            whole = self.preset is Preset.LAST_MONTH
            return Period(Preset.RANGE, end.replace(day=1), end if whole else _same_day(end, self.last.day))
        try:
            return Period(Preset.RANGE, self.first - timedelta(days=self.days), self.first - timedelta(days=1))
        except OverflowError:
            return None

    def step(self) -> Step:
        """The bars that make a readable chart: at most about sixty of them."""
        return Step.DAY if self.days <= 45 else Step.WEEK if self.days <= 366 else Step.MONTH

    def since(self, zone: ZoneInfo) -> datetime:
        """When its first day begins there."""
        return datetime.combine(self.first, time.min, zone)

    def until(self, zone: ZoneInfo) -> datetime:
        """When its last day has ended there."""
        return datetime.combine(self.last + timedelta(days=1), time.min, zone)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _same_day(month_end: date, day: int) -> date:
    return month_end.replace(day=min(day, month_end.day))


def period_of(preset: str, today: date, first: str = "", last: str = "") -> Period:
    """The period of this name as seen on `today`; what is no period is the last 7 days.

    A range is given by ISO days; either may be missing, and they may be reversed.
    """
    if preset == Preset.RANGE:
        return _range(_day(first), _day(last), today)
    starts = {
        Preset.LAST_7: today - timedelta(days=6),
        Preset.LAST_30: today - timedelta(days=29),
        Preset.LAST_90: today - timedelta(days=89),
        Preset.THIS_MONTH: today.replace(day=1),
        Preset.YEAR: today.replace(month=1, day=1),
        Preset.ALL: FIRST_DAY,
    }
    if preset == Preset.LAST_MONTH:
        end = today.replace(day=1) - timedelta(days=1)
        return Period(Preset.LAST_MONTH, end.replace(day=1), end)
    named = Preset(preset) if preset in set(Preset) else Preset.LAST_7
    return Period(named, starts[named], today)


def _range(first: date | None, last: date | None, today: date) -> Period:
    if first is None and last is None:
        return period_of(Preset.LAST_7, today)
    ends = sorted((first or FIRST_DAY, last or max(today, first or today)))
    return Period(Preset.RANGE, ends[0], ends[1])


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return min(max(day, FIRST_DAY), LAST_DAY)


def step_of(day: date, step: Step) -> date:
    """The first day of the bar this day belongs to; weeks begin on Monday."""
    if step is Step.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step is Step.WEEK else day


def steps(period: Period, step: Step) -> Iterator[date]:
    """The first days of all bars of a period, those without sales too."""
    day = step_of(period.first, step)
    while day <= period.last:
        yield day
        day = _next(day, step)


def next_month(day: date) -> date:
    """The first day of the month after this day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _next(day: date, step: Step) -> date:
    if step is Step.MONTH:
        return next_month(day)
    return day + timedelta(days=7 if step is Step.WEEK else 1)
