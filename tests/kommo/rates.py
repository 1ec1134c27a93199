"""Who asked when: the limit of seven a second, and what follows when it is abused."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable

ALLOWED = 7
"""Requests a second, all accounts of one address together (reference 4.1)."""


class Rates:
    """Counts arrivals in sliding seconds. `ban_after` refusals lead to a ban that only `lift_ban` ends."""

    def __init__(
        self, *, per_second: int = ALLOWED, ban_after: int = 20, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_second, self.ban_after, self._clock = per_second, ban_after, clock
        self.banned = False
        self.refusals = 0
        self._arrivals: list[tuple[float, int | None]] = []
        self._lock = threading.Lock()

    def arrive(self, account_id: int | None) -> int | None:
        """Note one request; the status it is refused with, or None where it may go on."""
        with self._lock:
            now = self._clock()
            self._arrivals.append((now, account_id))
            if self.banned:
                return 403
            if len(self._arrivals) - bisect_left(self._arrivals, (now - 1.0, -1)) <= self.per_second:
                return None
            self.refusals += 1
            self.banned = self.refusals >= self.ban_after
            return 403 if self.banned else 429

    def lift_ban(self) -> None:
        """Support was kind."""
        self.banned, self.refusals = False, 0

    def times(self, account_id: int | None = None) -> list[float]:
        """When requests arrived (seconds of the clock), of one account or of all."""
        with self._lock:
            return [at for at, account in self._arrivals if account_id in (None, account)]

    def busiest(self, window: float = 1.0, account_id: int | None = None) -> int:
        """The most requests that ever arrived within `window` seconds."""
        times = self.times(account_id)
        return max((bisect_left(times, at + window) - place for place, at in enumerate(times)), default=0)
