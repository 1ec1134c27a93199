"""When a promise that could not be kept is tried again, and when it is given up: by what kind of trouble it met."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple


class Trouble(StrEnum):
    """What the other side's answer means for us."""

    NO_TURN = "no_turn"
    """Nothing was sent: the road was busy, paused or closed. It speaks against nobody."""
    UNAVAILABLE = "unavailable"
    UNCONFIRMED = "unconfirmed"
    """It may have been done: the next attempt looks first."""
    STALE = "stale"
    """The account was changed there since we read what is set up: read again, try at once, one time."""
    FOR_A_PERSON = "for_a_person"
    """Trying again as it is changes nothing."""


WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600))
"""After the first failure, the second, …; a promise fails once more after the last, and is given up: a day."""
SHORTEST_TURN = timedelta(seconds=2)
AT_ONCE = timedelta(seconds=1)


class Next(NamedTuple):
    """What to do now: try again after `wait`, or give up where that is None. `counts`: it was a failure of its own."""

    wait: timedelta | None
    counts: bool


def next_try(trouble: Trouble, failures: int, asked: float | None = None) -> Next:
    """What follows a failed attempt; `failures` were before it, `asked` are seconds the other side wants us to wait."""
    if trouble is Trouble.FOR_A_PERSON or (trouble is Trouble.STALE and failures):
        return Next(None, counts=True)
    if trouble is Trouble.STALE:
        return Next(AT_ONCE, counts=True)
    wanted = timedelta(seconds=asked or 0)
    if trouble is Trouble.NO_TURN:
        return Next(max(wanted, SHORTEST_TURN), counts=False)
    if failures >= len(WAITS):
        return Next(None, counts=True)
    return Next(max(wanted, WAITS[failures]), counts=True)
