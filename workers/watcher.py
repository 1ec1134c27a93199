"""The watcher: drains by itself what the bell forgot, beats for readiness, does the periodic work.

It knows nothing of Redis, so an absent, flushed or frozen one costs about a second, never data.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

from service.queues import Lane
from workers import deliver, ingest, reconciling, sums, turns, upkeep, uploads
from workers.workshop import workshop

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.3
BEAT_SECONDS = 5.0
TURN_SECONDS = 60.0
SUMS_SECONDS = 2.0
LONGEST_PAUSE = 2.0


@dataclass(slots=True)
class Round:
    """What one watcher does again and again, and when it is due."""

    lane: Lane
    turn_due: float = field(default_factory=lambda: time.monotonic() + LOOK_SECONDS)
    sums_due: float = field(default_factory=lambda: time.monotonic() + LOOK_SECONDS)

    def go(self) -> bool:
        """One round; whether there was work. What PostgreSQL raises comes through: the caller pauses."""
        now = time.monotonic()
        if now >= self.turn_due:
            self.turn_due = now + TURN_SECONDS
            upkeep.turn()
            if self.lane is Lane.DELIVER:
                reconciling.watch(workshop(), datetime.now(UTC))
        return (self._waits() and self._work() > 0) or self._adds_up(now)

    def _adds_up(self, now: float) -> bool:
        """Whether days were added up, and more may wait. Not beside live events or calls outwards: no time to spare."""
        if self.lane in (Lane.REALTIME, Lane.DELIVER) or now < self.sums_due:
            return False
        if sums.keep():
            return True
        self.sums_due = now + SUMS_SECONDS
        return False

    def _waits(self) -> bool:
        if self.lane is Lane.DELIVER:
            return deliver.open_too_long()
        return uploads.waiting() if self.lane is Lane.FILES else ingest.open_too_long(self.lane)

    def _work(self) -> int:
        if self.lane is Lane.DELIVER:
            return deliver.drain()
        return uploads.work() if self.lane is Lane.FILES else ingest.drain(self.lane)


@dataclass(slots=True)
class Ending:
    """Whether to stop: asked to, or left alone by the supervisor."""

    supervisor: int = field(default_factory=os.getppid)
    asked: bool = False

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """What SIGTERM does. A flag, not an Event: setting one in a handler can deadlock with its own wait."""
        self.asked = True

    def __bool__(self) -> bool:
        return self.asked or os.getppid() != self.supervisor


def watch(lane: Lane) -> None:
    """Make rounds until SIGTERM, or until the supervisor is gone."""
    ending, rounds, pause = Ending(), Round(lane), LOOK_SECONDS
    signal.signal(signal.SIGTERM, ending.ask)
    name = f"{lane}@{socket.gethostname()}:{os.getpid()}"
    # From a thread of its own: looking into a large file may take minutes, and the worker lives all the while.
    threading.Thread(target=_beat, args=(name,), name="heartbeat", daemon=True).start()
    while not ending:
        try:
            if rounds.go():
                continue
        except Exception as fault:  # PostgreSQL may be away, a round may have a bug: the next one is due anyway
            if pause == LOOK_SECONDS:
                log.warning("the %s watcher stumbled: %s", lane, type(fault).__name__, exc_info=True)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            pause = LOOK_SECONDS
        _rest(pause, ending)


def _beat(name: str) -> None:
    while True:
        with contextlib.suppress(*turns.NOBODYS_FAULT):  # a database that is away cannot be told; the next beat is due
            upkeep.beat(name)
        time.sleep(BEAT_SECONDS)


def _rest(seconds: float, ending: Ending) -> None:
    until = time.monotonic() + seconds
    while not ending and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_SECONDS))
