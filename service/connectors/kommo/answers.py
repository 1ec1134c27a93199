"""What a status of Kommo means to us: the class of the error says what to do next (reference 4.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

from service.connectors.http import Answer
from service.errors import MarcoError, NotFound, Refused, Unauthorized, Unavailable, Unconfirmed, Unprocessable

HTML_BAN_SECONDS = 15 * 60
LONGEST_WAIT_SAID = len("604800")
"""Digits of a wait in seconds that is believed: whoever asks for longer is not understood."""


class FieldFault(NamedTuple):
    """One thing Kommo did not take: its code, the path inside the item, and its words."""

    code: str
    path: str
    detail: str


class Rejected(Unprocessable):
    """Kommo validated and refused; nothing of the request was done. A person, or fresh field lists, must help.

    `faults` has the reasons per `request_id` of the request; `errors` the same for the API.
    """

    code = "kommo_rejected"

    def __init__(self, message: str, faults: dict[str, tuple[FieldFault, ...]], facts: dict[str, str]) -> None:
        super().__init__(message, facts=facts)
        self.faults = faults
        self.errors = {
            request_id: {fault.path or "item": f"{fault.code}: {fault.detail}" for fault in those}
            for request_id, those in faults.items()
        }


class Banned(Unavailable):
    """Our address of the network is blocked: every further call prolongs it. Tell a human."""

    code = "kommo_banned"


class SlowDown(Unavailable):
    """429: too many requests, from us or from other programs behind the same address."""

    code = "kommo_slow_down"


class BannedWriting(Banned, Unconfirmed):
    """The same, answered to a write: nobody documented that such a write is never done, so look."""


class SlowDownWriting(SlowDown, Unconfirmed):
    """The same, answered to a write (reference 14: wait, look, send again)."""


class TooMuch(Unconfirmed):
    """504: a batch took too long. It may have been done all the same; send less at once."""

    code = "kommo_too_much"


def fault_of(method: str, answer: Answer) -> MarcoError | None:
    """The error an answer is, None where it is a success. `facts` keep status, Kommo's request id and 2 KB of text."""
    facts = {"status": str(answer.status), "kommo_request": answer.request_id, "answer": answer.excerpt}
    if answer.status in range(200, 300):
        return _unreadable(method, answer, facts)
    if answer.status in (400, 422):
        return Rejected("Kommo did not accept what we sent", faults_in(answer.content), facts)
    if answer.status == 403 and not answer.is_json:
        banned = Banned if method == "GET" else BannedWriting
        return banned("Kommo has blocked our address", retry_after=HTML_BAN_SECONDS, facts=facts)
    if answer.status == 429:
        asked = seconds_asked(answer)
        slow_down = SlowDown if method == "GET" else SlowDownWriting
        return slow_down("Kommo asks us to slow down", retry_after=round(asked) or None, facts=facts)
    if answer.status >= 500:
        return _trouble(method, answer.status, facts)
    return _refusal(answer.status, facts)


def _unreadable(method: str, answer: Answer, facts: dict[str, str]) -> MarcoError | None:
    if answer.status == 204 or answer.is_json:
        return None
    if method == "GET":
        return Unavailable("Kommo's answer cannot be read", code="kommo_unreadable", facts=facts)
    return Unconfirmed("Kommo took it, but its answer cannot be read", code="kommo_unreadable", facts=facts)


def _trouble(method: str, status: int, facts: dict[str, str]) -> MarcoError:
    said = f"Kommo answered {status}"
    if method == "GET":
        return Unavailable(said, code="kommo_trouble", facts=facts)
    return TooMuch(said, facts=facts) if status == 504 else Unconfirmed(said, code="kommo_trouble", facts=facts)


def _refusal(status: int, facts: dict[str, str]) -> Refused:
    if status == 401:
        return Unauthorized("Kommo no longer accepts the token", code="kommo_token_refused", facts=facts)
    if status == 402:
        return Refused("Kommo says the account's plan does not allow this", code="kommo_unpaid", facts=facts)
    if status == 403:
        return Refused("The token's owner may not do this in Kommo", code="kommo_forbidden", facts=facts)
    if status in (404, 405):
        return NotFound("Kommo knows no such thing", code="kommo_not_found", facts=facts)
    if status in range(300, 400):
        return Refused("The account has another address now", code="kommo_moved", facts=facts)
    return Refused(f"Kommo answered {status}", code="kommo_refused", facts=facts)


def seconds_asked(answer: Answer) -> float:
    """How long a 429 asks us to wait: the header, or the body some readers saw; 0 where neither says."""
    said = [answer.headers.get("retry-after", "")]
    if isinstance(answer.content, dict):
        said.append(str(answer.content.get("retry_after", "")))
    told = (float(text) for text in said if text.isascii() and text.isdigit() and len(text) <= LONGEST_WAIT_SAID)
    return max(told, default=0.0)


def faults_in(content: Any) -> dict[str, tuple[FieldFault, ...]]:
    """The validation errors by `request_id`; empty where the body has none in the known form."""
    if not isinstance(content, dict):
        return {}
    listed = content.get("validation-errors")
    if not isinstance(listed, list):
        return {}
    return {
        str(item.get("request_id", "0")): tuple(
            FieldFault(str(error.get("code", "")), str(error.get("path", "")), str(error.get("detail", "")))
            for error in item.get("errors") or []
            if isinstance(error, dict)
        )
        for item in listed
        if isinstance(item, dict)
    }
