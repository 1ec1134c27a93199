"""The fake Kommo: a real HTTP server on loopback, with an account of its own and a script of faults."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.kommo import api
from tests.kommo.faults import Fault, Faults, When, page
from tests.kommo.memory import Account
from tests.kommo.rates import Rates


@dataclass(frozen=True)
class Seen:
    """One request as it came, and how it was answered (0: not at all)."""

    method: str
    path: str
    query: str
    body: Any
    status: int
    headers: dict[str, str]


class FakeKommo:
    """`origin` is where it listens. Accounts are told apart by their tokens; all share one address's limit."""

    def __init__(self, *accounts: Account, rates: Rates | None = None) -> None:
        self.accounts = {account.token: account for account in accounts or (Account(),)}
        self.account = next(iter(self.accounts.values()))
        self.rates = rates or Rates(per_second=10_000)
        self.faults = Faults()
        self.seen: list[Seen] = []
        self._server = _Server(("127.0.0.1", 0), _Talk)
        self._server.fake = self
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeKommo]:
        """Listening, in threads of this process."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def sent(self, method: str, path: str = "") -> list[Seen]:
        """Requests of this method whose path ends so, in order."""
        return [seen for seen in list(self.seen) if seen.method == method and seen.path.endswith(path)]

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of everything that was no reading."""
        return [(seen.method, seen.path.removeprefix("/api/v4/")) for seen in list(self.seen) if seen.method != "GET"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    fake: FakeKommo


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 60
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing: the tests read `seen`."""

    def _answer(self) -> None:
        fake = self.server.fake
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        account = fake.accounts.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))
        path, _, query = self.path.partition("?")
        self.asked = (path, query, _read(raw))
        refused = fake.rates.arrive(account.id if account else None)
        if refused is not None:
            self._say(refused, *page(refused))
            return
        body = self.asked[2]
        fault = fake.faults.next(self.command, path, len(body) if isinstance(body, list) else 1)
        if fault is not None and fault.when is When.BEFORE:
            self._go_wrong(fault)
            return
        status, said = self._worked(account, path, query, body)
        if fault is not None:
            self._go_wrong(fault)
        elif said is None:
            self._say(status, b"", "")
        else:
            kind = "application/hal+json" if status < 400 else "application/problem+json"
            self._say(status, json.dumps(said).encode(), kind)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  # http.server finds them by these names

    def _worked(self, account: Account | None, path: str, query: str, body: Any) -> tuple[int, Any]:
        try:
            if account is None:
                raise api.Problem(401, "Unauthorized", "Invalid user name or password")
            address = f"{self.server.fake.origin}{path}"
            return api.answer(api.Call(account, self.command, path, query, body, address))
        except api.Problem as problem:
            return problem.status, problem.body

    def _go_wrong(self, fault: Fault) -> None:
        time.sleep(fault.hang)
        if fault.status:
            self._say(fault.status, *fault.rendered(), fault.headers)
            return
        self._note(0)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _say(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self._note(status)
        with contextlib.suppress(ConnectionError):  # the other side may have given up
            self.send_response(status)
            self.send_header("X-Request-Id", f"fake-{len(self.server.fake.seen)}")
            if kind:
                self.send_header("Content-Type", kind)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def _note(self, status: int) -> None:
        path, query, body = self.asked
        self.server.fake.seen.append(Seen(self.command, path, query, body, status, dict(self.headers)))


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
