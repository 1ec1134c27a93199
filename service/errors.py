"""The error tree: the class of an error says what to do next."""

from __future__ import annotations

from typing import Any


class MarcoError(Exception):
    """A fault we foresaw. `code` names it for machines, the message says what to do, for people.

    `errors` holds the parts of a fault that has several: the API shows them as they are. `facts` holds the values
    in the message, so that a translated one can hold them too.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after: int | None = None,
        facts: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.errors: dict[str, Any] = {}
        self.facts = facts or {}
        self.retry_after = retry_after
        if code is not None:
            self.code = code


class Unprocessable(MarcoError):
    """A person must look: what came cannot be understood or accepted as it is."""

    code = "unprocessable"


class Malformed(Unprocessable):
    """Not parseable at all."""

    code = "malformed"


class TooLarge(Unprocessable):
    """Larger than the configured limit."""

    code = "too_large"


class Refused(MarcoError):
    """Stop: trying again changes nothing."""

    code = "refused"


class Unauthorized(Refused):
    """The token is missing or wrong."""

    code = "unauthorized"


class NotFound(Refused):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class Conflict(Refused):
    """The thing is not in a state that allows this."""

    code = "conflict"


class Unavailable(MarcoError):
    """Wait and try again."""

    code = "unavailable"


class Unconfirmed(Unavailable):
    """It may have been done: look for it at the other side before sending again."""

    code = "unconfirmed"


class Misconfigured(MarcoError):
    """A setting is wrong; the message names each one and its remedy."""

    code = "misconfigured"
