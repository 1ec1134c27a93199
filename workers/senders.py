"""Threads that send messages side by side, so that a slow receiver holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from service.store.leases import Leased

MOST = 8
"""At once in one process; an address gets one message at a time, so this many slow receivers stop the others."""
LOOK_EVERY = 0.5
WHOLE = 60.0
"""Seconds to wait for all at once."""


class Senders:
    """Takes promises and keeps them in threads; leaving the block begins nothing new and waits for the last of them.

    A thread that has taken something lets another one look for more, and twice a second one looks anyway, whatever the
    caller does meanwhile. What a thread raises is raised by `done`.
    """

    def __init__(self, take: Callable[[], Leased | None], keep: Callable[[Leased], None]) -> None:
        self._take, self._keep = take, keep
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="sender")
        self._lock, self._running = threading.Lock(), list[Future[int]]()
        self._resting, self._scout = threading.Event(), threading.Thread(target=self._look, name="scout", daemon=True)

    def __enter__(self) -> Self:
        self._grow()
        self._scout.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()
        self._scout.join()
        # Not the pool's own waiting: it refuses new threads meanwhile, and whoever had just taken something wants one.
        while self.busy():
            self.wait(WHOLE)
        self._pool.shutdown()

    def busy(self) -> bool:
        """Whether a message is under way."""
        return any(not one.done() for one in self._all())

    def rest(self) -> None:
        """Begin nothing new."""
        self._resting.set()

    def wait(self, seconds: float) -> None:
        """Wait until all have come back, no longer than so many seconds."""
        wait(self._all(), timeout=seconds)

    @property
    def done(self) -> int:
        """How many promises were worked on."""
        return sum(one.result() for one in self._all())

    def _all(self) -> list[Future[int]]:
        with self._lock:
            return list(self._running)

    def _grow(self) -> None:
        with self._lock:
            if sum(not one.done() for one in self._running) < MOST:
                self._running.append(self._pool.submit(self._work))

    def _look(self) -> None:
        while not self._resting.wait(LOOK_EVERY):
            self._grow()

    def _work(self) -> int:
        done = 0
        while not self._resting.is_set() and (leased := self._take()) is not None:
            self._grow()
            self._keep(leased)
            done += 1
        return done
