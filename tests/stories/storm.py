"""Many senders at once who write down what they were answered: the journal the ledger is held against."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from tests.stories.running_house import Line

OK = 200
GIVE_UP_AFTER = 90.0


class Storm:
    """Sends every request, evenly over `seconds`, each again until it is answered with 200, as Hotmart would.

    `statuses` counts all answers (0: the connection broke), `waits` are the seconds from the moment a
    request was due to its 200, `unheard` the requests that never got one.
    """

    def __init__(self, port: int, requests: Sequence[bytes], *, seconds: float = 0.0, senders: int = 8) -> None:
        self.statuses: Counter[int] = Counter()
        self.waits: list[float] = []
        self.unheard: list[bytes] = []
        self._port, self._requests = port, requests
        self._pace = seconds / len(requests)
        self._next = iter(range(len(requests)))
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(senders)
        self._senders = senders
        self._called_off = threading.Event()

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._futures: list[Future[None]] = [self._pool.submit(self._send_all) for _ in range(self._senders)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is not None:
            self._called_off.set()
        self._pool.shutdown(cancel_futures=kind is not None)
        if kind is None:
            for future in self._futures:
                future.result()

    @property
    def is_over(self) -> bool:
        return all(future.done() for future in self._futures)

    def p99(self) -> float:
        """Seconds within which 99 of 100 requests were accepted."""
        return sorted(self.waits)[len(self.waits) * 99 // 100]

    def _send_all(self) -> None:
        line = Line(self._port)
        while not self._called_off.is_set() and (number := self._take()) is not None:
            due = self._began + number * self._pace
            time.sleep(max(0.0, due - time.monotonic()))
            self._insist(line, self._requests[number], due)
        line.close()

    def _take(self) -> int | None:
        with self._lock:
            return next(self._next, None)

    def _insist(self, line: Line, request: bytes, due: float) -> None:
        until = time.monotonic() + GIVE_UP_AFTER
        while time.monotonic() < until and not self._called_off.is_set():
            status = line.ask(request).status
            with self._lock:
                self.statuses[status] += 1
                if status == OK:
                    self.waits.append(time.monotonic() - due)
                    return
            time.sleep(0.05)
        self.unheard.append(request)
