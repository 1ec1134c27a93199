"""How fast we may ask, together: one road for all processes, closed for a while when the other side says so.

Kommo counts requests per address of the network (reference 4.1), so everything that calls it from here shares
one road. What the processes share is behind `Road`; what waits is `Gate`.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from service.errors import Unavailable

PER_SECOND = 5
SPACING = 1.02
"""The road lets 2 % less through than allowed, so that a request that was quick on its way meets a gap."""
EARLY = 0.05
"""The part of a gap a turn may be taken before its time, so that late wake-ups do not slow down all that follow."""
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
CLOSED_SECONDS = 15 * 60.0
LONGEST_CLOSED = 4 * 3600.0
PROBE_SECONDS = 60.0
"""How long the one who looks whether a closed road is open again has it alone."""
RUN_THAT_CLOSES = 6
"""So many 429 in a row, each after its pause, are abuse: the next would be a ban."""


class State(StrEnum):
    """What a turn is: go now, or why not yet."""

    GO = "go"
    PROBE = "probe"
    """Go now, with something harmless: the road was closed, and nobody knows whether it still is."""
    BUSY = "busy"
    PAUSED = "paused"
    CLOSED = "closed"


class Turn(NamedTuple):
    """What the road says to one who wants to go. `wait` is in seconds, 0 where it is time."""

    state: State
    wait: float


class Road(Protocol):
    """State shared by everybody who calls one service. Every method is one atomic step."""

    def take(self, *, urgent: bool) -> Turn:
        """Take the next turn if it is time; nothing is reserved otherwise. The urgent go first."""

    def slow_down(self, seconds: float) -> float:
        """A 429 was answered that asks for this long (0: nothing said); seconds everybody pauses now."""

    def close(self) -> float:
        """A ban was answered; seconds everybody stays away now."""

    def went_well(self) -> None:
        """An ordinary answer came: forget earlier pauses and open what was closed."""


@dataclass(frozen=True)
class Pace:
    """How fast a road is and how long its pauses are, in seconds."""

    per_second: float = PER_SECOND
    first_pause: float = FIRST_PAUSE
    closed: float = CLOSED_SECONDS

    @property
    def gap(self) -> float:
        """Seconds from one turn to the next."""
        return SPACING / self.per_second

    @property
    def early(self) -> float:
        """Seconds a turn may be taken before its time."""
        return self.gap * EARLY


def pause_after(run: int, asked: float, first: float) -> float:
    """Seconds to pause after the `run`-th 429 in a row (0 first): what was asked for, or a growing while."""
    return float(min(max(asked, first * 2**run), LONGEST_PAUSE))


def closed_after(run: int, first: float) -> float:
    """Seconds a road stays closed at its `run`-th closing in a row (0 first)."""
    return float(min(first * 2**run, LONGEST_CLOSED))


@dataclass
class OneProcessRoad:
    """A road for threads of one process: the command line, and the rule the shared one is tested against."""

    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._next = self._paused_until = self._closed_until = self._urgent_until = 0.0
        self._slowed = self._closings = 0

    def take(self, *, urgent: bool) -> Turn:
        """See `Road`."""
        with self._lock:
            now, gap = self.clock(), self.pace.gap
            if self._closings:
                if now < self._closed_until:
                    return Turn(State.CLOSED, self._closed_until - now)
                self._closed_until = now + PROBE_SECONDS
                self._next = now + gap
                return Turn(State.PROBE, 0.0)
            if now < self._paused_until:
                return Turn(State.PAUSED, self._paused_until - now)
            if now < self._next - self.pace.early:
                self._urgent_until = now + 2 * gap if urgent else self._urgent_until
                return Turn(State.BUSY, self._next - self.pace.early - now)
            if not urgent and now < self._urgent_until:
                return Turn(State.BUSY, gap)
            self._next = max(now, self._next) + gap
            self._urgent_until = 0.0 if urgent else self._urgent_until
            return Turn(State.GO, 0.0)

    def slow_down(self, seconds: float) -> float:
        """See `Road`. Those already under way when a pause began do not make it count twice."""
        with self._lock:
            now = self.clock()
            if now >= self._paused_until:
                pause = pause_after(self._slowed, seconds, self.pace.first_pause)
                self._slowed += 1
                self._paused_until = now + pause
            else:
                self._paused_until = max(self._paused_until, now + min(seconds, LONGEST_PAUSE))
            if self._slowed >= RUN_THAT_CLOSES:
                self._slowed = 0
                self._shut(now)
            return max(self._paused_until, self._closed_until) - now

    def close(self) -> float:
        """See `Road`."""
        with self._lock:
            self._shut(self.clock())
            return self._closed_until - self.clock()

    def _shut(self, now: float) -> None:
        # Answers to what was under way when it closed say nothing new.
        if not self._closings or now >= self._closed_until - PROBE_SECONDS:
            self._closed_until = now + closed_after(self._closings, self.pace.closed)
            self._closings += 1

    def went_well(self) -> None:
        """See `Road`."""
        with self._lock:
            self._slowed = self._closings = 0
            self._closed_until = 0.0


class Gate:
    """Waits for a turn on a road. `patience` is how many seconds a caller waits among others before giving up."""

    def __init__(self, road: Road, *, patience: float = 30.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self.road, self._patience, self._sleep = road, patience, sleep
        self._troubled = False

    def enter(self, *, urgent: bool = True) -> State:
        """Wait until one request may go: GO, or PROBE where it must be a harmless one.

        Raises Unavailable with `retry_after` while the road is paused or closed, or too crowded.
        """
        waited = 0.0
        while True:
            turn = self.road.take(urgent=urgent)
            if turn.state in (State.GO, State.PROBE):
                self._troubled = self._troubled or turn.state is State.PROBE
                return turn.state
            if turn.state is not State.BUSY or waited + turn.wait > self._patience:
                raise not_now(turn)
            # A little apart, so that those who wait do not all ask in the same instant.
            wait = turn.wait + random.uniform(0.0, 0.004)  # noqa: S311  # spreads load, guards nothing
            self._sleep(wait)
            waited += wait

    def slow_down(self, seconds: float) -> float:
        """A 429 came, asking for `seconds` (0: nothing said); seconds everybody pauses."""
        self._troubled = True
        return self.road.slow_down(seconds)

    def close(self) -> float:
        """A ban came; seconds everybody stays away."""
        self._troubled = True
        return self.road.close()

    def went_well(self) -> None:
        """An ordinary answer came. Only who saw trouble tells the road: it is a call to Redis."""
        if self._troubled:
            self.road.went_well()
            self._troubled = False


def not_now(turn: Turn) -> Unavailable:
    """What a caller is told who cannot go; `code` says why: paused, closed or busy."""
    said = {
        State.CLOSED: "Calls are stopped for a while: the other side refused us altogether",
        State.PAUSED: "The other side asked us to slow down",
    }.get(turn.state, "Too many calls wait for their turn")
    return Unavailable(said, code=f"road_{turn.state}", retry_after=max(1, round(turn.wait)))
