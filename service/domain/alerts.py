"""What somebody must look after: from what was seen of an account to what is worth saying, the worst first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

DAYS_OF_WARNING = 14
LATE, HISTORY_LATE = timedelta(minutes=15), timedelta(days=1)
"""History is written behind live events, in the pace that is left: hours are in order."""
ENOUGH_ATTEMPTS = 20
TOO_MANY_FAILED = Decimal("0.20")


class Level(StrEnum):
    """How bad it is: something stands still, or soon will."""

    BAD = "bad"
    WARNING = "warning"


class Kind(StrEnum):
    """What there is to say."""

    TOKEN_REFUSED = "token_refused"  # noqa: S105  # a word, no secret
    TOKEN_ENDED = "token_ended"  # noqa: S105  # a word, no secret
    TOKEN_ENDS = "token_ends"  # noqa: S105  # a word, no secret
    ROAD_CLOSED = "road_closed"
    ROAD_UNKNOWN = "road_unknown"
    ENDPOINT_DISABLED = "endpoint_disabled"
    BACKLOG = "backlog"
    ERRORS = "errors"
    GIVEN_UP = "given_up"
    ENDPOINT_FAILING = "endpoint_failing"
    HOOK_DISABLED = "hook_disabled"
    HOOK_TROUBLE = "hook_trouble"


LEVELS = {
    Kind.TOKEN_REFUSED: Level.BAD,
    Kind.TOKEN_ENDED: Level.BAD,
    Kind.TOKEN_ENDS: Level.WARNING,
    Kind.ROAD_CLOSED: Level.BAD,
    Kind.ROAD_UNKNOWN: Level.BAD,
    Kind.ENDPOINT_DISABLED: Level.BAD,
    Kind.BACKLOG: Level.WARNING,
    Kind.ERRORS: Level.WARNING,
    Kind.GIVEN_UP: Level.WARNING,
    Kind.ENDPOINT_FAILING: Level.WARNING,
    Kind.HOOK_DISABLED: Level.WARNING,
    Kind.HOOK_TROUBLE: Level.WARNING,
}


class Receiver(NamedTuple):
    """An address of the account's own that takes its messages, or no longer does."""

    url: str
    state: str
    failing_since: datetime | None


class Signs(NamedTuple):
    """What was seen. Of Kommo: the `connection` is connected, refused, or None; `hook` how its subscription was found.

    `waits_since` is when the oldest promise of an automation that is on became due, `history_since` the same of
    history; `attempts` and `failed` are those of the last hour. `road` says why nobody calls Kommo now (`road_closed`,
    `road_unknown`).
    """

    connection: str | None = None
    token_ends: datetime | None = None
    hook: str | None = None
    receivers: tuple[Receiver, ...] = ()
    waits_since: datetime | None = None
    history_since: datetime | None = None
    attempts: int = 0
    failed: int = 0
    given_up: int = 0
    road: str | None = None


class Alert(NamedTuple):
    """One thing to look after, with the values its sentence needs."""

    kind: Kind
    number: int | None = None
    since: datetime | None = None
    code: str | None = None
    url: str | None = None

    @property
    def level(self) -> Level:
        """How bad it is."""
        return LEVELS[self.kind]


def days_left(ends: datetime, now: datetime) -> int:
    """Whole days until then; below zero where it is over."""
    return (ends - now).days


def alerts_of(signs: Signs, now: datetime, well: tuple[str, ...] = ()) -> list[Alert]:
    """What to say, the worst first. `well` are the states of a hook that are mended by themselves."""
    found = [*_of_kommo(signs, now, well), *_of_receivers(signs.receivers), *_of_promises(signs, now)]
    order = list(Kind)
    return sorted(found, key=lambda one: (one.level is not Level.BAD, order.index(one.kind)))


def _of_kommo(signs: Signs, now: datetime, well: tuple[str, ...]) -> Iterator[Alert]:
    if signs.connection is None:
        return
    left = days_left(signs.token_ends, now) if signs.token_ends else None
    if left is not None and left < 0:
        yield Alert(Kind.TOKEN_ENDED, since=signs.token_ends)
    elif signs.connection == "refused":
        yield Alert(Kind.TOKEN_REFUSED)
    elif left is not None and left < DAYS_OF_WARNING:
        yield Alert(Kind.TOKEN_ENDS, number=left, since=signs.token_ends)
    if signs.road is not None:
        yield Alert(Kind(signs.road))
    if signs.connection == "refused" or signs.hook is None:
        return
    if signs.hook == "disabled":
        yield Alert(Kind.HOOK_DISABLED)
    elif signs.hook not in well:
        yield Alert(Kind.HOOK_TROUBLE, code=signs.hook)


def _of_receivers(receivers: tuple[Receiver, ...]) -> Iterator[Alert]:
    for one in receivers:
        if one.state == "disabled":
            yield Alert(Kind.ENDPOINT_DISABLED, url=one.url)
        elif one.failing_since is not None:
            yield Alert(Kind.ENDPOINT_FAILING, since=one.failing_since, url=one.url)


def _of_promises(signs: Signs, now: datetime) -> Iterator[Alert]:
    waits = ((signs.waits_since, LATE), (signs.history_since, HISTORY_LATE))
    late = [since for since, patience in waits if since is not None and now - since > patience]
    if late:
        yield Alert(Kind.BACKLOG, since=min(late))
    if signs.attempts >= ENOUGH_ATTEMPTS and Decimal(signs.failed) / signs.attempts >= TOO_MANY_FAILED:
        yield Alert(Kind.ERRORS, number=round(100 * signs.failed / signs.attempts))
    if signs.given_up:
        yield Alert(Kind.GIVEN_UP, number=signs.given_up)
