"""Group commit: requests that arrive together share one statement and one flush to disk."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

from service.errors import Unavailable
from service.store import inbox
from service.store.inbox import Arrival

GIVE_UP_AFTER = 5.0
LARGEST_GROUP = 256
log = structlog.get_logger()


class Waiting:
    """One request waiting for its commit."""

    __slots__ = ("answer", "arrival", "done", "until")

    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.answer: str | None = None
        # Released when it is over. An Event would be a condition with two locks: the same, at four times the cost.
        self.done = threading.Lock()
        self.done.acquire()
        self.until = time.monotonic() + GIVE_UP_AFTER


class Keeper:
    """Keeps deliveries durably. One flusher thread per process, started at first use: after the fork."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._pid = 0
        self._start_lock = threading.Lock()

    def keep(self, arrival: Arrival) -> str:
        """Return once the delivery is committed: accepted, duplicate or variant.

        Raises Unavailable when that could not be had within five seconds.
        """
        if self._pid != os.getpid():
            self._start()
        waiting = Waiting(arrival)
        self._queue.append(waiting)
        self._filled.set()
        if not waiting.done.acquire(timeout=GIVE_UP_AFTER) or waiting.answer is None:
            raise Unavailable("The delivery could not be kept just now. Send it again.", retry_after=30)
        return waiting.answer

    def _start(self) -> None:
        with self._start_lock:
            if self._pid == os.getpid():
                return
            self._queue: deque[Waiting] = deque()
            self._filled = threading.Event()
            self._raw: psycopg.Connection[Any] | None = None
            threading.Thread(target=self._flush_forever, name="keeper", daemon=True).start()
            self._pid = os.getpid()

    def _flush_forever(self) -> None:
        while True:
            self._filled.wait()
            self._filled.clear()
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_GROUP))]
                self._flush(group)
                for waiting in group:
                    waiting.done.release()

    def _flush(self, group: list[Waiting]) -> None:
        """Keep a group; while the database is away, as long as anybody still waits. Answers None where it failed."""
        pause = 0.05
        while group := [waiting for waiting in group if waiting.until > time.monotonic()]:
            try:
                answers = inbox.keep(self._connection(), [waiting.arrival for waiting in group])
            except (psycopg.OperationalError, psycopg.InterfaceError) as fault:
                self._lost(fault)
                time.sleep(pause)
                pause = min(pause * 2, 0.5)
                continue
            except Exception as fault:  # a bug met in one delivery must neither stop its neighbours nor shut the door
                log.exception("group not kept", size=len(group), fault=type(fault).__name__)
                if len(group) == 1:
                    # It may be the connection and not the delivery: one that lands on a standby only reads.
                    self._lost(fault)
                if len(group) > 1:
                    for waiting in group:
                        self._flush([waiting])
                return
            for waiting, answer in zip(group, answers, strict=True):
                waiting.answer = answer
            return

    def _connection(self) -> psycopg.Connection[Any]:
        if self._raw is None or self._raw.closed:
            self._raw = self._connect()
        return self._raw

    def _lost(self, fault: Exception) -> None:
        log.warning("database away", part="keeper", fault=type(fault).__name__)
        if self._raw is not None:
            self._raw.close()
        self._raw = None
