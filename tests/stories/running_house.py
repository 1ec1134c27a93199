"""The real product as processes, over servers of its own, for tests that break it: kill, freeze, flush, restart."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service import local
from service.app import create_app
from service.embedded import Part, Postgres, Redis
from service.queues import Bell, Lane
from service.settings import Settings
from service.store.engine import engine_of
from service.store.migrate import upgrade
from service.web.directory import ASK_AGAIN_AFTER
from tests.conftest import settings_in
from tests.living import HOTTOK, House
from tests.running.machine import ROOT, environment, eventually, free_port, kill_all, processes_of, servers_of
from workers.workshop import Workshop

END_OF_HEAD = b"\r\n\r\n"
PATIENCE = 30.0


class Answer(NamedTuple):
    """What came back: the status, 0 where the connection broke before an answer was whole, and the body."""

    status: int
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


NO_ANSWER = Answer(0)


def a_request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of one request with a plain body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: door", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Line:
    """One connection to the door, kept open for as long as both sides like."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        """Send one request and read its answer; a broken connection is made anew next time."""
        try:
            return self._answer(request)
        except OSError:
            self.close()
            return NO_ANSWER

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _answer(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(request)  # who is refused early is answered before the whole was read
        received = self._read(b"", lambda said: END_OF_HEAD in said)
        head, _, body = received.partition(END_OF_HEAD)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        body = self._read(body, lambda said: len(said) >= length)
        if fields.get(b"connection") == b"close":
            self.close()
        return Answer(int(head.split(b" ", 2)[1]), body)

    def _read(self, received: bytes, enough: Callable[[bytes], bool]) -> bytes:
        assert self._socket is not None
        while not enough(received):
            piece = self._socket.recv(65536)
            if not piece:
                raise ConnectionResetError("closed before the answer was whole")
            received += piece
        return received


class RunningHouse:
    """Web and workers under the runner, as `make run` and the Procfile start them; the servers belong to the test."""

    def __init__(self, settings: Settings, chosen: Settings) -> None:
        self.settings, self._chosen = settings, chosen
        self.port, self.var = settings.port, settings.var_dir
        self.output = self.var.parent / "output"
        self.shop = Workshop(settings, engine_of(settings.database_url), Bell(settings))
        self.app = create_app(settings)
        self.start()

    def start(self) -> None:
        """Start web and workers and wait until they are ready."""
        words = [sys.executable, "-m", "service.runner"]
        chosen = environment(self.var, **self.settings.as_environment())
        with self.output.open("ab") as writing:
            self.runner = subprocess.Popen(words, cwd=ROOT, env=chosen, stdout=writing, stderr=subprocess.STDOUT)
        self.wait_until_ready()

    def stop(self) -> None:
        self.runner.send_signal(signal.SIGTERM)
        self.runner.wait(60)
        self.shop.engine.dispose()
        self.app.extensions["marco"].engine.dispose()

    def an_account(self) -> House:
        """An account of its own that the running door knows already.

        What the house itself tells and reads goes past that door, within the test's process.
        """
        house = House(self.app, self.shop)
        time.sleep(ASK_AGAIN_AFTER)  # the door asks for strangers that often at most
        return house

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One page over HTTP, on a connection of its own."""
        line = Line(self.port)
        try:
            return line.ask(a_request("GET", path, headers or {}))
        finally:
            line.close()

    def api(self, house: House, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        """One call of the API over HTTP with the account's token, tried again while it is away."""
        request = a_request(method, f"/api/v1{path}", {**house.bearer, **headers}, body)
        answers = [NO_ANSWER]

        def came() -> bool:
            line = Line(self.port)
            answers.append(line.ask(request))
            line.close()
            return answers[-1].status not in (0, 503)

        eventually(came, f"no answer to {method} {path}")
        return answers[-1]

    def uploads(self, house: House, name: str, content: bytes, exported_at: str) -> int:
        """Upload a spreadsheet over HTTP; the import's number."""
        edge = "edge-of-the-form"
        parts = [("exported_at", "", exported_at.encode()), ("file", f'; filename="{name}"', content)]
        form = b"".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{field}"{more}\r\n\r\n'.encode() + value + b"\r\n"
            for field, more, value in parts
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        answer = self.api(house, "/imports", "POST", form + f"--{edge}--\r\n".encode(), **kind)
        assert answer.status == 201, answer
        return int(answer.json()["id"])

    def imported(self, house: House, import_id: int, status: str) -> Any:
        """Wait until the import has that status; it."""
        shown: dict[str, Any] = {}

        def reached() -> bool:
            shown.update(self.api(house, f"/imports/{import_id}").json())
            assert shown["status"] != "failed", shown["problem"]
            return bool(shown["status"] == status)

        eventually(reached, f"the import did not become {status}")
        return shown

    def confirms(self, house: House, import_id: int) -> None:
        """Confirm an import over HTTP; a conflict means that an answer was lost on its way."""
        kind = {"Content-Type": "application/json"}
        assert self.api(house, f"/imports/{import_id}/confirm", "POST", b"{}", **kind).status in (202, 409)

    def wait_until_ready(self) -> None:
        eventually(lambda: self.get("/readyz").status == 200 or self.runner.poll() is not None, "it did not get ready")
        assert self.runner.poll() is None, self.said()

    def said(self) -> str:
        """Everything web and workers wrote."""
        return self.output.read_text("utf-8")

    def programs(self, *words: str) -> list[psutil.Process]:
        """The programs the runner itself started whose command line has those words."""
        return [one for one in psutil.Process(self.runner.pid).children() if set(words) <= set(one.cmdline())]

    def kills_a_web_process(self, chance: random.Random) -> None:
        kill_all(_one_of(_below(self.programs("gunicorn")), chance))

    def kills_the_web(self, _chance: random.Random) -> None:
        for master in self.programs("gunicorn"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(master.pid, signal.SIGKILL)

    def kills_a_part_of_a_worker(self, chance: random.Random, lane: Lane | None = None) -> None:
        kill_all(_one_of(_below(self.programs("workers", lane or chance.choice(list(Lane)))), chance))

    def kills_a_worker(self, chance: random.Random, lane: Lane | None = None) -> None:
        supervisors = self.programs("workers", lane or chance.choice(list(Lane)))
        kill_all([*supervisors, *_below(supervisors)])

    def kills_everything(self) -> None:
        """`kill -9` of the whole tree, the servers and their keepers too."""
        kill_all(processes_of(self.var))
        self.runner.wait()
        for keeper in list(local._started.values()):
            if keeper.poll() is None and str(self.var) in keeper.args:
                keeper.wait(PATIENCE)
        self.revive()

    def redis_server(self) -> list[psutil.Process]:
        return servers_of(self.var, "valkey") + servers_of(self.var, "redis")

    def postgres_server(self) -> psutil.Process:
        (found,) = servers_of(self.var, "postgres")
        return found

    def flushes_redis(self) -> None:
        with contextlib.suppress(redis.RedisError), self.redis() as client:
            client.flushall()

    def stops_redis(self) -> None:
        """Redis is gone and stays away, until `revive`."""
        self._loses_its_keeper(Redis(self.var, fast=True))

    def stops_postgres(self) -> None:
        """PostgreSQL is gone and stays away, until `revive`."""
        self._loses_its_keeper(Postgres(self.var, fast=True))

    def _loses_its_keeper(self, part: Part) -> None:
        keeper = local._started.pop(part.lock)
        keeper.kill()
        keeper.wait()
        part.clear_leftovers()

    def revive(self) -> None:
        """Start what is missing of the servers, and wait until they answer."""
        local.revive(self._chosen, fast=True)
        parts: list[Part] = [Postgres(self.var, fast=True), Redis(self.var, fast=True)]
        for part in parts:
            local._awaited(part)

    @contextlib.contextmanager
    def redis(self) -> Iterator[redis.Redis]:
        client = redis.Redis.from_url(self.settings.redis_url, socket_timeout=2, retry=Retry(NoBackoff(), 0))
        try:
            yield client
        finally:
            client.close()

    def bells_answered(self) -> int:
        """How many bells the listeners answered; those that Redis still remembers."""
        with self.redis() as client:
            workers = client.scan_iter("rq:worker:*", _type="hash")
            return sum(int(client.hget(worker, "successful_job_count") or 0) for worker in workers)


def _below(programs: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for program in programs:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += program.children(recursive=True)
    return found


def _one_of(processes: list[psutil.Process], chance: random.Random) -> list[psutil.Process]:
    return [chance.choice(processes)] if processes else []


@contextlib.contextmanager
def a_running_house(folder: Path) -> Iterator[RunningHouse]:
    """A running product under that folder; nothing of it is left after the block, whatever happened in it."""
    port = free_port()
    chosen = settings_in(folder / "var", port=port, public_url=f"http://127.0.0.1:{port}")
    with local.servers(chosen, fast=True) as found:
        settings = local.settings_with(chosen, found)
        upgrade(settings.database_url)
        running = RunningHouse(settings, chosen)
        try:
            yield running
        finally:
            try:
                for frozen in running.redis_server():
                    frozen.send_signal(signal.SIGCONT)
                running.revive()
                running.stop()
            finally:  # also where something could not be mended; everything below dies with the runner
                running.runner.kill()
                running.runner.wait()
    left = processes_of(folder / "var")
    kill_all(left)
    assert not left, [process.cmdline() for process in left]


def door_of(house: House, hottok: str = HOTTOK) -> Callable[[bytes], bytes]:
    """How a postback for that account is written on the line."""
    headers = {"X-HOTMART-HOTTOK": hottok, "Content-Type": "application/json"}
    return lambda body: a_request("POST", house.url, headers, body)
