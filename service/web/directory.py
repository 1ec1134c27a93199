"""Who may come in: accounts and token digests, held in memory so that a flood of strangers costs no SQL."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

from service.errors import Unavailable
from service.store.accounts import Admission, digest_of

FRESH_FOR = 3.0
ASK_AGAIN_AFTER = 1.0
log = structlog.get_logger()


class Directory:
    """The admissions of all accounts: read again every few seconds, and after a miss at most once a second.

    While the database is away the last known admissions stand.
    """

    def __init__(self, read: Callable[[], dict[str, Admission]]) -> None:
        self._read = read
        self._known: dict[str, Admission] | None = None
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, key: str) -> Admission | None:
        """The admission of the account with this key. Raises Unavailable when accounts were never read."""
        known = self._as_of(FRESH_FOR)
        return known.get(key) or self._as_of(ASK_AGAIN_AFTER).get(key)

    def admits_hottok(self, key: str, token: str) -> bool:
        """Whether this is a valid webhook token of the account."""
        return self._admits(key, token, lambda admission: admission.hottoks)

    def admits_api_token(self, key: str, token: str) -> bool:
        """Whether this is a valid API token of the account."""
        return self._admits(key, token, lambda admission: admission.api_tokens)

    def _admits(self, key: str, token: str, tokens: Callable[[Admission], Iterable[bytes]]) -> bool:
        digest = digest_of(token)
        for age in (FRESH_FOR, ASK_AGAIN_AFTER):
            admission = self._as_of(age).get(key)
            # Compared with every one and to the end, so that the time tells nothing.
            if admission and sum([hmac.compare_digest(digest, valid) for valid in tokens(admission)]):
                return True
        return False

    def _as_of(self, age: float) -> dict[str, Admission]:
        if time.monotonic() - self._asked_at > age:
            self._ask_again(age)
        if self._known is None:
            raise Unavailable("The database is away. Try again soon.", retry_after=30)
        return self._known

    def _ask_again(self, age: float) -> None:
        # One asks, the others go on with what is known, unless nothing is.
        if not self._lock.acquire(blocking=self._known is None):
            return
        try:
            if time.monotonic() - self._asked_at > age:
                self._asked_at = time.monotonic()
                self._known = self._read()
        except (DBAPIError, PoolTimeout) as fault:
            log.warning("database away", part="directory", fault=type(fault).__name__)
        finally:
            self._lock.release()
