"""Dates and times as sales reports write them, by a short fixed list, and never guessed per row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from service.sources.sheet.problems import Unreadable


class Order(StrEnum):
    """Which comes first in `02/07/2026`. Dates that begin with the year need no order."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    MIXED = "mixed"
    """The column proves both: somebody must say which, and the others will fail."""


_TIME = r"(?:(?:[T,]|\s)\s*(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME + r"\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _TIME, re.ASCII)
EARLIEST, LATEST = 2000, 2100


def shows(text: str) -> str | None:
    """What a text proves about its column: an order, `either`, `year_first`, or None when it is no date."""
    found = _YEAR_LAST.fullmatch(text)
    if found is None:
        return "year_first" if _YEAR_FIRST.fullmatch(text) else None
    first, second = int(found[1]), int(found[3])
    if first > 12:
        return Order.DAY_FIRST if second <= 12 else None
    return Order.MONTH_FIRST if second > 12 else "either"


def decide(proofs: Mapping[str, int]) -> Order | None:
    """The order of a column: proven by a day above 12; None where nothing proves one."""
    day, month = proofs.get(Order.DAY_FIRST), proofs.get(Order.MONTH_FIRST)
    if day and month:
        return Order.MIXED
    if day or month:
        return Order.DAY_FIRST if day else Order.MONTH_FIRST
    return None


def local_of(text: str, order: Order) -> datetime:
    """The date and time as written: naive where no offset is given. Raises Unreadable."""
    found = _YEAR_LAST.fullmatch(text)
    try:
        if found is not None:
            first, second = int(found[1]), int(found[3])
            day, month = (second, first) if order is Order.MONTH_FIRST else (first, second)
            return _moment(int(found[4]), month, day, *found.group(5, 6, 7, 8))
        found = _YEAR_FIRST.fullmatch(text)
        if found is not None:
            moment = _moment(int(found[1]), int(found[2]), int(found[3]), *found.group(4, 5, 6, 7))
            return moment.replace(tzinfo=_offset(found[8])) if found[8] else moment
    except ValueError as error:
        raise Unreadable("no_such_date") from error
    raise Unreadable("not_a_date")


def _moment(
    year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None, half: str | None
) -> datetime:
    if not EARLIEST <= year < LATEST:
        raise ValueError
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError
        hours = hours % 12 + (12 if half in "Pp" else 0)
    return datetime(year, month, day, hours, int(minute or 0), int(second or 0))  # noqa: DTZ001  # the zone is the caller's


@lru_cache(maxsize=64)
def _offset(text: str) -> timezone:
    if text in ("Z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def instant_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment in UTC. Naive ones are of `zone`.

    An hour that summer time skips moves on with the clock; one that comes twice is the first.
    """
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def instant_of_cell(cell: Any, order: Order, zone: ZoneInfo) -> datetime:
    """The moment a cell names, in UTC, to the second; a date alone is its first moment. Raises Unreadable."""
    if type(cell) is str:
        return instant_of(local_of(cell, order), zone)
    if isinstance(cell, datetime):
        return instant_of(cell.replace(microsecond=0), zone)
    if isinstance(cell, date):
        return instant_of(datetime(cell.year, cell.month, cell.day), zone)  # noqa: DTZ001  # the zone follows
    raise Unreadable("number_for_date")
