"""The product as it really runs: durable servers, gunicorn and workers, all in a folder that goes away."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import psycopg

from service import settings
from service.embedded import Postgres, Redis
from service.local import servers, settings_with
from service.privileges import die_with_parent
from service.queues import Lane
from service.settings import ROOT, Settings
from service.store import accounts
from service.store.engine import engine_of, transaction
from service.store.migrate import upgrade

HOTTOK = "hottok-of-the-benchmarks-0001"
PATIENCE = 60.0
LARGEST_UPLOAD_MB = 1024


class Failed(Exception):
    """A measurement that cannot be believed: something answered wrongly, or did not happen."""


@dataclass(frozen=True, slots=True)
class Seller:
    """One account of the product, as those outside know it."""

    id: int
    key: str
    api_token: str


class House:
    """Embedded PostgreSQL (flushing as in production) and Redis, and programs of the product beside them."""

    def __init__(self, complete: Settings) -> None:
        self.settings = complete
        self.database = psycopg.connect(self.conninfo, autocommit=True)
        self._engine = engine_of(complete.database_url, pool_size=1, application="marco-bench")

    @property
    def conninfo(self) -> str:
        """The address of PostgreSQL for libpq."""
        return self.settings.database_url.replace("+psycopg", "", 1)

    @property
    def socket_folder(self) -> str:
        """Where PostgreSQL's socket lies, for peers that want a host."""
        return self.database.info.host

    def close(self) -> None:
        """Let go of the database, so that it can stop."""
        self.database.close()
        self._engine.dispose()

    def seller(self) -> Seller:
        """A new account with a webhook token and an API token."""
        with transaction(self._engine) as tx:
            made = accounts.create(tx, "Benchmark", "America/Sao_Paulo", "producer")
            accounts.add_hottok(tx, made.id, HOTTOK)
            return Seller(made.id, made.key, accounts.add_api_token(tx, made.id, "benchmarks"))

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        return self.database.execute(statement, values or None).fetchall()

    def empty(self) -> None:
        """No account, no row, nothing left to be written by a checkpoint: every round begins alike."""
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        self.database.execute(f"TRUNCATE {', '.join(name for (name,) in self.ask(tables))}")
        self.database.execute("CHECKPOINT")

    @contextlib.contextmanager
    def web(self, application: str = "wsgi:app") -> Iterator[Program]:
        """A door under the product's own gunicorn.conf.py, on a port of its own; it answers when the block begins."""
        chosen = replace(self.settings, port=free_port())
        words = ["-m", "gunicorn", "--config", "gunicorn.conf.py", application]
        with self._program(application.partition(":")[0], words, chosen) as program:
            until(lambda: answers(chosen.port), f"{application} to answer")
            yield program

    @contextlib.contextmanager
    def worker(self, lane: Lane) -> Iterator[Program]:
        """One worker of that lane, as the Procfile starts it; it beats when the block begins."""
        self.database.execute("DELETE FROM heartbeats")
        with self._program(lane, ["-m", "workers", lane], self.settings) as program:
            until(lambda: self.ask("SELECT 1 FROM heartbeats WHERE name LIKE %s", f"{lane}%"), f"the {lane} worker")
            yield program

    @contextlib.contextmanager
    def program(self, name: str, words: list[str]) -> Iterator[Program]:
        """Any other program over the same servers, of Python's arguments."""
        with self._program(name, words, self.settings) as program:
            yield program

    @contextlib.contextmanager
    def _program(self, name: str, words: list[str], chosen: Settings) -> Iterator[Program]:
        log, ours = self.settings.var_dir / "log" / f"bench-{name}.log", os.getpid()
        with log.open("ab") as writing:
            running = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env={**os.environ, **chosen.as_environment()},
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(ours, signal.SIGTERM),  # noqa: PLW1509  # no thread runs yet
            )
        try:
            yield Program(name, chosen.port, psutil.Process(running.pid))
        finally:
            _end(running)

    def server(self, name: str) -> psutil.Process:
        """The embedded server called postgres or redis."""
        part = {"postgres": Postgres, "redis": Redis}[name](self.settings.var_dir)
        found = part.leftover()
        if found is None:
            raise Failed(f"{name} is not running")
        return found


@dataclass(frozen=True, slots=True)
class Program:
    """One running program of the product, with everything it forks."""

    name: str
    port: int
    root: psutil.Process


@contextlib.contextmanager
def opened() -> Iterator[House]:
    """A house in a temporary folder; no process and no file of it is left after the block."""
    with tempfile.TemporaryDirectory(prefix="marco-bench-") as folder:
        os.environ.update(
            DATABASE_URL="",
            REDIS_URL="",
            SECRET_KEY="",
            METRICS_TOKEN="",
            VAR_DIR=str(Path(folder) / "var"),
            MAX_UPLOAD_MB=str(LARGEST_UPLOAD_MB),
        )
        chosen = settings.load()
        with servers(chosen) as found:
            complete = settings_with(chosen, found)
            upgrade(complete.database_url)
            with contextlib.closing(House(complete)) as house:
                yield house


def _end(running: subprocess.Popen[bytes]) -> None:
    """Ask it to end; what does not within half a minute is killed, with its own children, by id."""
    family = psutil.Process(running.pid).children(recursive=True) if running.poll() is None else []
    running.terminate()
    try:
        running.wait(30)
    except subprocess.TimeoutExpired:
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        running.kill()
        running.wait(10)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a web server answers there, whatever it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def until(true: Callable[[], object], what: str, patience: float = PATIENCE, pause: float = 0.05) -> None:
    """Wait until it is so. Raises Failed when it does not come to be within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise Failed(f"waited {patience:.0f} s in vain for {what}")
        time.sleep(pause)
