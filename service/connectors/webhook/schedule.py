"""When a message is tried again, and when an address is given up: functions of attempts and times alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
"""Before each attempt, counted from the end of the one before: eight attempts in a little more than a day."""
LONGEST_WISH = timedelta(hours=10)
"""A receiver may ask for patience, but not for more than our own longest pause."""
TOLD_AFTER = timedelta(days=1)
DISABLED_AFTER = timedelta(days=5)
FEWEST_FAILURES = len(PAUSES)
"""Two failures six days apart are no dead address; one message that failed to its end may be."""


def next_attempt(attempts: int, last_at: datetime, *, retry_after: int | None = None) -> datetime | None:
    """When to try a message again after `attempts` of them, the last ending at `last_at`; None when it is over.

    `retry_after` are the seconds the receiver asked for: they lengthen a pause and never shorten it.
    """
    if attempts >= len(PAUSES):
        return None
    wish = min(timedelta(seconds=max(0, retry_after or 0)), LONGEST_WISH)
    return last_at + max(PAUSES[attempts], wish)


class Failing(NamedTuple):
    """The failures of an address since it last worked, over all its messages. The first of them began at `since`."""

    since: datetime
    attempts: int


class Standing(StrEnum):
    """How an address stands: `failing` is shown to its owner, `disabled` is tried no more until somebody says so."""

    WELL = "well"
    FAILING = "failing"
    DISABLED = "disabled"


def standing(failing: Failing | None, now: datetime) -> Standing:
    """What becomes of an address after these failures and no success. A success ends them: then there are none."""
    if failing is None or now - failing.since < TOLD_AFTER:
        return Standing.WELL
    if now - failing.since >= DISABLED_AFTER and failing.attempts >= FEWEST_FAILURES:
        return Standing.DISABLED
    return Standing.FAILING
