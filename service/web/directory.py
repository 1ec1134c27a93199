"""Who may come in: accounts and token digests, held in memory so that a flood of strangers costs no SQL."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

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
        return self._usual().get(key) or self._after_a_miss().get(key)

    def forget(self) -> None:
        """Read again at the next question: accounts or tokens were changed here."""
        self._asked_at = float("-inf")

    def admits_hottok(self, key: str, token: str) -> bool:
        """Whether this is a valid webhook token of the account."""
        return self._admits(key, token, lambda admission: admission.hottoks)

    def admits_api_token(self, key: str, token: str) -> bool:
        """Whether this is a valid API token of the account."""
        return self._admits(key, token, lambda admission: admission.api_tokens)

    def admits_crm_hook(self, key: str, secret: str) -> bool:
        """Whether this is a valid secret of the account's CRM address."""
        return self._admits(key, secret, lambda admission: admission.crm_hooks)

    def _admits(self, key: str, token: str, tokens: Callable[[Admission], Iterable[bytes]]) -> bool:
        digest = digest_of(token)
        for known in (self._usual, self._after_a_miss):
            admission = known().get(key)
            # Compared with every one and to the end, so that the time tells nothing.
            if admission and sum([hmac.compare_digest(digest, valid) for valid in tokens(admission)]):
                return True
        return False

    def _usual(self) -> dict[str, Admission]:
        """What is known, read again by one thread when it is old; the others go on with it meanwhile."""
        if self._known is None:
            self._ask_again(ASK_AGAIN_AFTER, wait=True)
        elif time.monotonic() - self._asked_at > FRESH_FOR:
            self._ask_again(FRESH_FOR, wait=False)
        return self._or_away()

    def _after_a_miss(self) -> dict[str, Admission]:
        """What is known after any reading that is under way: a miss may be an account made just now."""
        self._ask_again(ASK_AGAIN_AFTER, wait=True)
        return self._or_away()

    def _or_away(self) -> dict[str, Admission]:
        if self._known is None:
            raise Unavailable("The database is away. Try again soon.", retry_after=30)
        return self._known

    def _ask_again(self, age: float, *, wait: bool) -> None:
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if time.monotonic() - self._asked_at > age:
                self._asked_at = time.monotonic()
                self._known = self._read()
        except (DBAPIError, PoolTimeout) as fault:
            log.warning("database away", part="directory", fault=type(fault).__name__)
        finally:
            self._lock.release()
