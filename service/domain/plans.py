"""Plans: how many imports an account may start in a calendar month. Rows are never counted."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MONTHLY_IMPORTS: dict[str, int | None] = {"free": 3, "plus": 10, "pro": 30, "max": 100, "ultra": None}
"""Plan to imports a month; None is unlimited. A self-hosted account is on `ultra`."""
DEFAULT_PLAN = "ultra"


def month_of(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """(begin, end) of the calendar month of `now` in this zone, in UTC; the end is when the count begins anew."""
    local = now.astimezone(zone)
    begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    return begin.astimezone(UTC), end.astimezone(UTC)
