"""Days that people choose in forms, as moments of their account."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def midnight(day: str, zone: ZoneInfo, after: int = 0) -> datetime | None:
    """When a day written as ISO 8601 begins in the zone, or the one so many days later; None for no day."""
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=after), time.min, zone)
    except (ValueError, OverflowError):
        return None
