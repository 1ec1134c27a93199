"""The checkup of a running house: settings, connections, clocks, workers, and whether news still comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from redis import Redis, RedisError
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.queues import Lane
from service.settings import Settings
from service.store import checkup, heartbeats, migrate
from service.store.engine import transaction

OLDEST_POSTGRES = 150_000
CLOCK_MAY_DIFFER = timedelta(seconds=2)
WORK_MAY_WAIT = timedelta(minutes=1)
SILENCE = timedelta(days=3)
LOCAL = {"127.0.0.1", "localhost", "::1"}


class Health(StrEnum):
    """How a part is: fine, worth a look, or at fault."""

    OK = "ok"
    LOOK = "look"
    FAULT = "FAULT"


class Finding(NamedTuple):
    """One line of the checkup; `remedy` says what to do unless all is well."""

    part: str
    health: Health
    told: str
    remedy: str = ""


Check = Callable[[], Iterator[Finding]]


def checkup_of(settings: Settings, engine: Engine) -> Iterator[Finding]:
    """Every part in turn, each found without the others; a part that is away is a finding, never an exception."""
    yield from _settings(settings)
    yield from _examined("redis", lambda: _redis(settings), "Start Redis, or correct REDIS_URL.")
    yield from _examined("database", lambda: _database(engine), "Start PostgreSQL, or correct DATABASE_URL.")


def _examined(part: str, check: Check, remedy: str) -> Iterator[Finding]:
    try:
        yield from check()
    except (DBAPIError, PoolTimeout, RedisError, OSError) as fault:
        yield Finding(part, Health.FAULT, f"does not answer ({type(fault).__name__}).", remedy)


def _settings(settings: Settings) -> Iterator[Finding]:
    host = urlsplit(settings.public_url).hostname
    if host in LOCAL:
        remedy = "Set PUBLIC_URL to the address Hotmart can reach, such as https://marco.example.com."
        yield Finding("settings", Health.LOOK, f"complete; the door is at {settings.public_url}.", remedy)
    elif urlsplit(settings.public_url).scheme != "https":
        yield Finding(
            "settings", Health.LOOK, f"PUBLIC_URL is {settings.public_url}.", "Use https: the hottok travels in it."
        )
    else:
        yield Finding("settings", Health.OK, f"complete; the door is at {settings.public_url}.")
    if host not in LOCAL and not settings.metrics_token:
        yield Finding("settings", Health.LOOK, "/metrics is open to everybody.", "Set METRICS_TOKEN.")


def _redis(settings: Settings) -> Iterator[Finding]:
    client = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
    known: Any = client.info()
    client.close()
    kept = "append-only file" if known.get("aof_enabled") else "snapshots at most"
    told = f"{known.get('redis_version', '?')} answers; persistence: {kept} (nothing of value lies there)."
    policy = known.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and known.get("maxmemory"):
        remedy = "Bells may be thrown away; watchers make up for it, a second later. Set maxmemory-policy noeviction."
        yield Finding("redis", Health.LOOK, f"{told} Evicts keys: {policy}.", remedy)
    else:
        yield Finding("redis", Health.OK, told)


def _database(engine: Engine) -> Iterator[Finding]:
    with transaction(engine) as tx:
        before = datetime.now(UTC)
        server = checkup.server(tx)
        yield _version(server.version)
        yield _clock(server.clock, before, datetime.now(UTC))
        yield _durability(server.unsafe)
        if not migrate.at_head(tx):
            remedy = "Run the release command of the Procfile: python -m service.store.migrate"
            yield Finding("migrations", Health.FAULT, "the schema is behind this code.", remedy)
            return
        yield Finding("migrations", Health.OK, "the schema is that of this code.")
        yield from _workers(tx)
        yield from _accounts(tx)


def _version(number: int) -> Finding:
    told = f"PostgreSQL {number // 10_000}.{number % 10_000} answers."
    if number < OLDEST_POSTGRES:
        return Finding("database", Health.FAULT, told, "Use PostgreSQL 15 or newer.")
    return Finding("database", Health.OK, told)


def _clock(theirs: datetime, before: datetime, after: datetime) -> Finding:
    """Compares with the moments just before and after the question, so that a slow answer is no difference."""
    apart = max(before - theirs, theirs - after, timedelta(0))
    if apart > CLOCK_MAY_DIFFER:
        told = f"this machine and the database are {apart.total_seconds():.1f} s apart."
        return Finding("clock", Health.FAULT, told, "Let both keep time with NTP: which news is newer depends on it.")
    return Finding("clock", Health.OK, "this machine and the database agree.")


def _durability(unsafe: dict[str, str]) -> Finding:
    if unsafe:
        told = ", ".join(f"{name} = {value}" for name, value in unsafe.items())
        remedy = "A crash can lose what Hotmart was told is safe. Set them to on in postgresql.conf."
        return Finding("durability", Health.FAULT, f"{told}.", remedy)
    return Finding("durability", Health.OK, f"{', '.join(checkup.SAFE)} are on.")


def _workers(tx: Connection) -> Iterator[Finding]:
    living = {name.split(":")[0].split("@")[0] for name in heartbeats.living(tx)}
    missing = [lane for lane in Lane if lane not in living]
    if missing:
        remedy = f"Start with make run, or each with: python -m workers {missing[0]}"
        yield Finding("workers", Health.FAULT, f"no sign of life from: {', '.join(missing)}.", remedy)
    else:
        yield Finding("workers", Health.OK, f"{', '.join(Lane)} are alive.")


def _accounts(tx: Connection) -> Iterator[Finding]:
    found = checkup.accounts_at_a_glance(tx)
    if not found:
        remedy = 'Make one: flask --app wsgi account create "My school" --hottok TOKEN'
        yield Finding("accounts", Health.LOOK, "there is none yet.", remedy)
    now = datetime.now(UTC)
    for account in found:
        yield from _account(account, now)


def _account(account: RowMapping, now: datetime) -> Iterator[Finding]:
    part, last = f"'{account['name']}'", account["last_postback_at"]
    if not account["hottoks"]:
        remedy = f"flask --app wsgi hottok add TOKEN --account {account['key']}"
        yield Finding(part, Health.FAULT, "has no valid hottok: every postback is turned away.", remedy)
    if last is None:
        remedy = "Paste its webhook URL into Hotmart (Tools, Webhook); flask --app wsgi account list shows it."
        yield Finding(part, Health.LOOK, "no postback has come yet.", remedy)
    elif now - last > SILENCE:
        remedy = "Look in Hotmart under Tools, Webhook: a configuration that met errors is switched off."
        yield Finding(part, Health.LOOK, f"the last postback came {ago(now - last)} ago.", remedy)
    else:
        yield Finding(part, Health.OK, f"the last postback came {ago(now - last)} ago.")
    if account["open_since"] is not None and now - account["open_since"] > WORK_MAY_WAIT:
        told = f"the oldest open postback waits since {ago(now - account['open_since'])}."
        yield Finding(part, Health.FAULT, told, "Start the worker: python -m workers realtime")
    if account["set_aside"]:
        remedy = f"flask --app wsgi replay --since 2000-01-01 --state set_aside --dry-run --account {account['key']}"
        yield Finding(part, Health.LOOK, f"postbacks set aside: {account['set_aside']}.", remedy)


def ago(age: timedelta) -> str:
    """`40 seconds`, `5 minutes`, `3 hours`, `12 days`."""
    seconds = int(age.total_seconds())
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
