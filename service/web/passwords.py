"""Passwords: Argon2id, with no more of them at work at once than the memory bears."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 256
AT_ONCE = 2

# OWASP's smallest set: 19 MiB, two passes. Stronger ones would let a flood of sign-ins take the memory of the door.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_room = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """What is stored of a password."""
    with _room:
        return _hasher.hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Whether this is the password; None, for a user there is not, is refused after the same work."""
    with _room:
        try:
            _hasher.verify(stored or _nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
