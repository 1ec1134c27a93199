"""Gives the parts that have no address yet one: joins the embedded servers, or has them started.

Whoever needs a server holds a shared lock on `var/<name>.users`; its keeper (`service.embedded`) runs
while anybody does. So commands and `make run` may come and go in any order, nobody stops what another
still uses, the last one out leaves no process behind, and a killed one counts as gone.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.embedded import Part, Postgres, Redis, held
from service.errors import Unavailable
from service.settings import DIALECT, ROOT, Settings

PATIENCE = 60.0
"""Seconds to wait for an embedded server: a first start takes about 3, a recovery after a kill about 1."""

_started: dict[Path, subprocess.Popen[bytes]] = {}
"""The keepers this process started, by their lock: it must collect them when they end."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where PostgreSQL (for SQLAlchemy, psycopg 3) and Redis are."""

    database_url: str
    redis_url: str


@contextmanager
def servers(settings: Settings, *, fast: bool = False) -> Iterator[Addresses]:
    """Both servers, for as long as the block lasts: those of the settings, else embedded ones.

    Raises Unavailable, with the end of its log, when an embedded server does not come up. `fast` is
    for tests: it gives up safety against power cuts (never against killed processes).
    """
    parts = _embedded_parts(settings, fast=fast)
    with ExitStack() as stack:
        for part in parts:
            stack.callback(_see_off, part)
        for part in parts:
            stack.enter_context(held(part.users, fcntl.LOCK_SH))
        revive(settings, fast=fast)
        urls = {part.name: _awaited(part) for part in parts}
        yield Addresses(
            settings.database_url or urls[Postgres.name],
            settings.redis_url or urls[Redis.name],
        )


def settings_with(settings: Settings, found: Addresses) -> Settings:
    """The settings, complete with the addresses that were found."""
    return replace(settings, database_url=found.database_url, redis_url=found.redis_url)


def revive(settings: Settings, *, fast: bool = False) -> None:
    """Start the keepers that are missing; cheap when all are there."""
    for part in _embedded_parts(settings, fast=fast):
        if _unkept(part):
            _start_keeper(part)


def attached(settings: Settings) -> Settings:
    """Complete settings for the rest of this process's life; its schema is brought up to date if embedded.

    With both addresses set nothing embedded is touched, and nothing is migrated.
    """
    if settings.database_url and settings.redis_url:
        return settings
    from service.store.migrate import upgrade  # noqa: PLC0415  # only here: 0.2 s that most processes never need

    stack, owner = ExitStack(), os.getpid()
    complete = settings_with(settings, stack.enter_context(servers(settings)))
    # A forked child inherits the exit hook, but it is not the one who leaves.
    atexit.register(lambda: stack.close() if os.getpid() == owner else None)
    if not settings.database_url:
        upgrade(complete.database_url)
    return complete


def _embedded_parts(settings: Settings, *, fast: bool) -> list[Part]:
    parts: list[Part] = []
    if not settings.database_url:
        parts.append(Postgres(settings.var_dir, fast=fast))
    if not settings.redis_url:
        parts.append(Redis(settings.var_dir, fast=fast))
    return parts


def _unkept(part: Part) -> bool:
    with held(part.lock, fcntl.LOCK_EX | fcntl.LOCK_NB) as free:
        return free


def _start_keeper(part: Part) -> None:
    """Start a keeper of its own session: a Ctrl-C at our terminal is not meant for it."""
    words = [sys.executable, "-m", "service.embedded", part.name, "--var", str(part.var)]
    part.log_file.parent.mkdir(mode=0o700, exist_ok=True)
    with part.log_file.open("ab") as writing:
        _started[part.lock] = subprocess.Popen(
            [*words, *(["--fast"] if part.fast else [])],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )


def _awaited(part: Part) -> str:
    """The address of that server, once it answers."""
    deadline = time.monotonic() + PATIENCE
    started_at = time.monotonic()
    while time.monotonic() < deadline:
        if (url := _told_address(part)) and _answers(part, url):
            return url
        if time.monotonic() - started_at > 1.0 and _unkept(part):
            _start_keeper(part)
            started_at = time.monotonic()
        time.sleep(0.05)
    raise Unavailable(f"The embedded {part.name} did not start. The end of {part.log_file}:\n{_tail(part.log_file)}")


def _told_address(part: Part) -> str:
    try:
        return part.url_file.read_text("utf-8")
    except FileNotFoundError:
        return ""


def _answers(part: Part, url: str) -> bool:
    """Whether the server takes commands; right after a kill the first connection may fail or be cut."""
    return _postgres_answers(url) if part.name == Postgres.name else _redis_answers(url)


def _postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(url.replace(DIALECT, "postgresql", 1), connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _redis_answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except redis.RedisError:  # refused, cut, or still reading its file
        return False
    finally:
        client.close()


def _see_off(part: Part) -> None:
    """After the last user left, wait until server and keeper are gone; with other users do not wait."""
    deadline = time.monotonic() + PATIENCE
    while not _unkept(part) and time.monotonic() < deadline:
        with held(part.users, fcntl.LOCK_EX | fcntl.LOCK_NB) as nobody_else:
            used = not nobody_else
        with held(part.users, fcntl.LOCK_SH | fcntl.LOCK_NB) as shared:
            if used and shared:  # held by others, and not by the keeper that is closing
                return
        time.sleep(0.05)
    if (keeper := _started.pop(part.lock, None)) is not None:
        keeper.wait(PATIENCE)


def _tail(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else ["(empty)"]
    return "\n".join(lines[-12:])
