"""Reads the next rows of an import while PostgreSQL still writes the ones before.

Nothing but time depends on it: what was read ahead is used for exactly the rows it was read from, whose
text never changes once an import runs, and everything else is read when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

import structlog

Result = TypeVar("Result")
log = structlog.get_logger()


class Looked(NamedTuple, Generic[Result]):
    """What was read ahead, and from which deliveries."""

    ids: tuple[int, ...]
    result: Result


class Ahead(Generic[Result]):
    """One thread and one thing it reads."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._reading: Future[Looked[Result]] | None = None

    def begin(self, read: Callable[[], Looked[Result]]) -> None:
        """Start reading; what was read before and never asked for is forgotten."""
        self._reading = self._thread.submit(read)

    def take(self, ids: Sequence[int]) -> Result | None:
        """What was read from exactly these deliveries; None when that is something else, or could not be read."""
        reading, self._reading = self._reading, None
        if reading is None:
            return None
        try:
            looked = reading.result()
        except Exception as fault:  # noqa: BLE001  # whatever it was, it meets the same rows again in their turn, and is told there
            log.info("not read ahead", fault=type(fault).__name__)
            return None
        return looked.result if looked.ids == tuple(ids) else None
