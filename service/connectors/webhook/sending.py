"""One signed message to one address: sent once, and what became of it."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

import httpx2

from service.connectors.webhook.addresses import Reach, Resolve, is_loopback, judged, resolved
from service.connectors.webhook.signing import signed
from service.connectors.webhook.targets import Target, target_of
from service.errors import Refused, TooLarge, Unavailable

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
"""To connect, whatever the number of addresses, and again from the first byte to the last: dribblers are cut off."""
LARGEST_MESSAGE = 256 * 1024
MOST_ADDRESSES = 3
"""Of one name: a list of dead ones would hold a worker longer than it may hold a promise."""
EXCERPT = 2048
GONE, TOO_MANY, UNAVAILABLE = 410, 429, 503
PUBLIC = Reach()
USUAL_HEADERS = {"Content-Type": "application/json", "User-Agent": "Marco/0.1", "Connection": "close"}


class Message(NamedTuple):
    """What is sent. `message_id` is the same at every attempt: receivers know a repeat by it. `body` is JSON."""

    message_id: str
    body: bytes


class Taken(NamedTuple):
    """A receiver said yes. `excerpt` is the beginning of its answer, for people."""

    status: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages as far as it may reach. Nothing is kept between two of them; threads may share it."""

    reach: Reach = PUBLIC
    resolve: Resolve = resolved
    connect: float = CONNECT_SECONDS
    total: float = TOTAL_SECONDS

    def send(self, url: str, message: Message, secrets_live: Sequence[str], now: datetime) -> Taken:
        """Send a message once, signed for `now`. Redirects are failures like any other, never followed.

        Raises by what to do next: Unprocessable (bad URL, secret or size: a person must look), Refused (an address of
        a closed network, or 410: stop), Unavailable for all else, also where the receiver may have taken it: the same
        `message_id` makes trying again harmless.
        """
        if len(message.body) > LARGEST_MESSAGE:
            raise TooLarge("The message is larger than 256 KiB.")
        target = target_of(url)
        signature = signed(message.message_id, now, message.body, secrets_live)
        headers = {**USUAL_HEADERS, **signature, "Host": target.host_header}
        return _judge(*self._exchange(target, message.body, headers))

    def _exchange(self, target: Target, body: bytes, headers: dict[str, str]) -> tuple[int, str, str | None]:
        """(status, beginning of the answer, Retry-After)."""
        connection = http.client.HTTPConnection(target.host, target.port)
        try:
            with self._connected(target) as connection.sock, _cut_after(self.total, connection.sock):
                connection.request("POST", target.path, body, headers)
                answer = connection.getresponse()
                text = answer.read(EXCERPT).decode("utf-8", "replace")
                return answer.status, text, answer.getheader("Retry-After")
        except (OSError, http.client.HTTPException) as fault:
            raise Unavailable(f"No answer: {type(fault).__name__}", code="no_answer") from fault

    def _connected(self, target: Target) -> socket.socket:
        """A connection to an address that was judged: the name is not resolved again behind our back."""
        fault: OSError | None = None
        until = time.monotonic() + self.total
        for address in judged(target.host, target.port, self.reach, self.resolve)[:MOST_ADDRESSES]:
            if target.scheme == "http" and not is_loopback(address):
                raise Refused("A message leaves this machine encrypted only: use https.", code="unencrypted")
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                plain = socket.create_connection((address, target.port), min(self.connect, left))
                plain.settimeout(self.total)
                return plain if target.scheme == "http" else _encrypted(plain, target.host, left)
            except OSError as refused:
                fault = refused
        raise Unavailable(f"No connection: {type(fault).__name__}", code="unreachable") from fault


def _encrypted(plain: socket.socket, host: str, seconds: float) -> socket.socket:
    """The same connection under TLS, its certificate that of the name, whatever the address."""
    encrypted = _trust().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    try:
        with _cut_after(seconds, encrypted):
            encrypted.do_handshake()
    except OSError:
        encrypted.close()
        raise
    return encrypted


@cache
def _trust() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@contextmanager
def _cut_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """A timeout of a socket is for one read; this is for all of them together."""
    watch = threading.Timer(seconds, _cut, (connection,))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _cut(connection: socket.socket) -> None:
    # Not SSLSocket's own: it would take the encryption away under a thread that still reads.
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _judge(status: int, text: str, retry_after: str | None) -> Taken:
    """Every fault holds what was answered in its `facts`, for the history."""
    if 200 <= status < 300:
        return Taken(status, text)
    told = {"status": str(status), "answer": text}
    if status == GONE:
        raise Refused("The receiver says that it is gone for good (410).", code="gone", facts=told)
    asked = int(retry_after) if retry_after and retry_after.isdecimal() and len(retry_after) < 8 else None
    code = "busy" if status in (TOO_MANY, UNAVAILABLE) else "not_taken"
    raise Unavailable(f"The receiver answered {status}.", code=code, retry_after=asked, facts=told)
