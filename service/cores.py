"""One processor core for each web process. Why: `docs/decisions/0014-a-core-for-each-web-process.md`."""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterable


class Cores:
    """The cores this process may use, handed out evenly; the first is drawn, so that two products do not share it."""

    def __init__(self, cores: Iterable[int]) -> None:
        self._cores = sorted(cores)
        random.shuffle(self._cores)

    def least_used(self, taken: Iterable[int | None]) -> int | None:
        """A core for one more process beside those that have the cores in `taken`; None where there are none."""
        used = Counter(taken)
        return min(self._cores, key=lambda core: used[core], default=None)


def available() -> Cores:
    """Those the operating system lets this process choose from: none on a system without such a choice.

    None also for a Python without its global lock, whose threads do run side by side.
    """
    choosable = hasattr(os, "sched_getaffinity") and getattr(sys, "_is_gil_enabled", lambda: True)()
    return Cores(os.sched_getaffinity(0) if choosable else ())


def stay_on(core: int | None) -> None:
    """Keep all threads this process starts from now on to that core; None: to none."""
    if core is not None:
        os.sched_setaffinity(0, {core})
