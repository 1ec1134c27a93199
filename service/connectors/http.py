"""One request to somebody else's server and what became of it.

It knows bytes, time and connections; what a status means is the business of each service's own folder.
"""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import httpx2

from service.errors import Unavailable, Unconfirmed

# Both write addresses to the log, and the addresses we ask for hold e-mails and phones; the lower one writes headers.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
"""Kommo's own SDK waits as long (reference 4.3). A server that dribbles is cut off there, too."""
LARGEST_BODY = 16 * 1024 * 1024
EXCERPT = 2048
# PostgreSQL keeps no NUL in a text, and UTF-8 no half of a surrogate pair; an answer may hold both, plain or escaped.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)

Query = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """What came back, read to its end. `content` is None where the body is empty or not JSON.

    No text in it holds signs that could not be kept.
    """

    status: int
    headers: Mapping[str, str]
    content: Any
    text: str

    @property
    def is_json(self) -> bool:
        """Whether the body could be read as JSON; a proxy's HTML page, whatever it calls itself, is not."""
        return self.content is not None

    @property
    def request_id(self) -> str:
        """The other side's own number of this request, for their support."""
        return self.headers.get("x-request-id", "")

    @property
    def excerpt(self) -> str:
        """The first 2 KB of the body, for people."""
        return self.text[:EXCERPT]


@cache
def _trust() -> ssl.SSLContext:
    """The certificates of this machine, read once: each client would take a tenth of a second for them."""
    return httpx2.create_ssl_context()


class Wire:
    """Connections to one origin, kept open between requests. Redirects are answers, never followed.

    Make it after the fork: its sockets belong to one process. Threads may share it.
    """

    def __init__(
        self, origin: str, headers: Mapping[str, str], *, connect: float = CONNECT_SECONDS, total: float = TOTAL_SECONDS
    ) -> None:
        self._total = total
        self._client = httpx2.Client(
            base_url=origin,
            headers={"User-Agent": "Marco/0.1", "Accept": "application/json", **headers},
            timeout=httpx2.Timeout(total, connect=connect),
            follow_redirects=False,
            verify=_trust(),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def send(self, method: str, path: str, *, query: Query = (), body: Any = None) -> Answer:
        """One request, sent once. `body` becomes JSON; amounts in it keep their decimals.

        Raises Unavailable where nothing was sent, or only read; Unconfirmed where a write may have been done.
        """
        content = None if body is None else as_json(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        request = self._client.build_request(method, path, params=list(query) or None, content=content, headers=headers)
        deadline = time.monotonic() + self._total
        try:
            return self._read(self._client.send(request, stream=True), deadline)
        except _NEVER_SENT as fault:
            raise Unavailable(f"No connection: {type(fault).__name__}", code="unreachable") from fault
        except (httpx2.TransportError, httpx2.DecodingError) as fault:
            raise broken(method, type(fault).__name__) from fault

    def _read(self, response: httpx2.Response, deadline: float) -> Answer:
        received = bytearray()
        try:
            for part in response.iter_bytes():
                received += part
                if len(received) > LARGEST_BODY or time.monotonic() > deadline:
                    raise broken(response.request.method, "the answer does not end")
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        text = received.decode("utf-8", "replace")
        return Answer(response.status_code, headers, _json_of(text), _UNKEEPABLE.sub("", text))


def broken(method: str, what: str) -> Unavailable:
    """The error of a request that went out and whose end nobody heard."""
    if method == "GET":
        return Unavailable(f"The answer broke off: {what}", code="broken_off")
    return Unconfirmed(f"Sent, but the answer broke off: {what}", code="broken_off")


def as_json(body: Any) -> bytes:
    """JSON in which a Decimal is a number with exactly its digits.

    Raises ValueError for an amount that JSON readers would not give back as it is.
    """
    return json.dumps(body, default=_number, ensure_ascii=False).encode()


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in a request")
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError("this amount has more digits than a JSON number keeps")
    return number


def _json_of(text: str) -> Any:
    # Any content type: Kommo's own errors are problem+json, its proxies' are HTML under any name.
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        content = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return _kept(content) if _ESCAPED.search(text) else content


def _kept(content: Any) -> Any:
    """The same JSON with texts that can be kept."""
    if isinstance(content, str):
        return _UNKEEPABLE.sub("", content)
    if isinstance(content, dict):
        return {_kept(name): _kept(value) for name, value in content.items()}
    return [_kept(value) for value in content] if isinstance(content, list) else content
