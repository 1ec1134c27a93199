"""The moment a file speaks for: stated, in its name, when it was saved, or the newest date inside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from service.domain.facts import Certainty
from service.sources.sheet.dates import instant_of

_STAMP = re.compile(r"(?<!\d)(20\d{12})(?!\d)")


class ExportedAt(NamedTuple):
    """When a file was exported, in UTC, where that comes from and how sure it is.

    `source` is stated, file_name, last_modified, newest_date or received.
    """

    value: datetime
    source: str
    certainty: Certainty


def exported_at_from_name(name: str, zone: ZoneInfo) -> datetime | None:
    """The export time Hotmart writes into a file name, `sales_history_20260729181500_1a2b.csv`, in UTC.

    The name gives local time of the account's zone; browsers may add ` (1)`.
    """
    found = _STAMP.search(name) if name.lower().startswith("sales_history") else None
    if found is None:
        return None
    try:
        return instant_of(datetime.strptime(found[1], "%Y%m%d%H%M%S"), zone)  # noqa: DTZ007  # the zone follows
    except ValueError:
        return None


def newest_inside(report: Mapping[str, Any], zone: ZoneInfo, before: datetime) -> datetime | None:
    """The newest order or confirmation date of a studied file that does not lie after `before`, in UTC."""
    moments = (instant_of(datetime.fromisoformat(text), zone) for text in report["newest"])
    return max((moment for moment in moments if moment <= before), default=None)


def exported_at(
    report: Mapping[str, Any],
    file_name: str,
    zone: ZoneInfo,
    *,
    received_at: datetime,
    stated: datetime | None = None,
    last_modified: datetime | None = None,
) -> ExportedAt:
    """The moment a file speaks for, never after it was received; the best source that has one."""
    candidates = (
        (stated, "stated", Certainty.KNOWN),
        (exported_at_from_name(file_name, zone), "file_name", Certainty.KNOWN),
        (last_modified, "last_modified", Certainty.GUESSED),
        (newest_inside(report, zone, received_at), "newest_date", Certainty.GUESSED),
    )
    for moment, source, certainty in candidates:
        # A browser gives the last change of the file on disk; the epoch means that it does not know.
        if moment is not None and moment.year >= 2000:
            return ExportedAt(min(moment, received_at).astimezone(UTC), source, certainty)
    return ExportedAt(received_at, "received", Certainty.GUESSED)
