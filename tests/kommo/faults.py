"""What can go wrong on purpose: scripted answers, before or after the work was done."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from enum import StrEnum

NGINX = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body></html>\r\n"
)
TITLES = {
    403: "403 Forbidden",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Unavailable",
    504: "504 Gateway Time-out",
}


class When(StrEnum):
    """Whether the work is done before things go wrong."""

    BEFORE = "before"
    AFTER = "after"


@dataclass
class Fault:
    """One kind of trouble for the next `times` requests that match.

    `status` 0 closes the connection without an answer; `hang` seconds pass before whatever is answered.
    `body` None is the HTML page of a proxy; a dict is answered as a problem, or as it is with `kind`.
    """

    status: int = 0
    method: str = ".*"
    path: str = ".*"
    when: When = When.BEFORE
    times: int = 1
    hang: float = 0.0
    body: dict[str, object] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    at_least: int = 0
    """Only requests whose body is a list of so many things."""
    skip: int = 0
    """So many matching requests go well first."""

    def matches(self, method: str, path: str, size: int) -> bool:
        """Whether this request is meant."""
        fits = re.fullmatch(self.method, method) and re.search(self.path, path)
        return bool(fits) and self.times > 0 and size >= self.at_least

    def rendered(self) -> tuple[bytes, str]:
        """Body and content type of the answer."""
        return page(self.status) if self.body is None else said(self.body)


class Faults:
    """The script; matching faults are used up in order."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, *faults: Fault) -> None:
        """Have these happen."""
        with self._lock:
            self._planned.extend(faults)

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._planned.clear()

    def next(self, method: str, path: str, size: int) -> Fault | None:
        """The fault that befalls this request, if any."""
        with self._lock:
            for fault in self._planned:
                if not fault.matches(method, path, size):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None


def page(status: int) -> tuple[bytes, str]:
    """The page a proxy in front of Kommo answers with."""
    return NGINX.format(title=TITLES.get(status, f"{status}")).encode(), "text/html"


def said(body: dict[str, object] | str) -> tuple[bytes, str]:
    """A body of the script's own."""
    if isinstance(body, str):
        return body.encode(), "text/plain"
    return json.dumps(body).encode(), "application/problem+json"
