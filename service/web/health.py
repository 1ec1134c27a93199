"""Whether this process lives, whether the house is ready, and its figures."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import Unauthorized
from service.queues import Lane, impatient
from service.store import heartbeats, imports, inbox, migrate, upkeep
from service.store.engine import transaction
from service.web.metrics import of_all_processes
from service.web.rooms import rooms

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 when every part is there, else 503; a reason for each part that is not."""
    checks: dict[str, Callable[[], str | None]] = {
        "database": _database,
        "migrations": _migrations,
        "redis": _redis,
        "workers": _workers,
    }
    parts = {name: _checked(check) for name, check in checks.items()}
    ready = all(reason == "ok" for reason in parts.values())
    return jsonify({"status": "ready" if ready else "not ready", "parts": parts}), 200 if ready else 503


def _checked(check: Callable[[], str | None]) -> str:
    try:
        return check() or "ok"
    except (DBAPIError, PoolTimeout, RedisError, OSError) as fault:
        return f"away: {type(fault).__name__}"


def _database() -> str | None:
    with transaction(rooms().engine) as tx:
        tx.execute(text("SELECT 1"))
    return None


def _migrations() -> str | None:
    with rooms().engine.connect() as connection:
        return None if migrate.at_head(connection) else "behind: run the release command of the Procfile"


def _redis() -> str | None:
    impatient(rooms().settings.redis_url).ping()
    return None


def _workers() -> str | None:
    with transaction(rooms().engine) as tx:
        living = {name.split(":")[0].split("@")[0] for name in heartbeats.living(tx)}
    missing = [lane for lane in Lane if lane not in living]
    return f"no heartbeat from: {', '.join(missing)}" if missing else None


@health.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus; with METRICS_TOKEN set, only for who sends it as bearer token."""
    wanted = rooms().settings.metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted and not hmac.compare_digest(sent.encode(), wanted.encode()):
        raise Unauthorized("Send METRICS_TOKEN as bearer token.")
    return Response(of_all_processes() + _of_the_house(), content_type=CONTENT_TYPE_LATEST)


class _House(Collector):
    """Figures of the whole house, read from the database; each process would give the same."""

    def collect(self) -> Iterator[Metric]:
        """Running totals, and how long the oldest undone work waits."""
        now = datetime.now(UTC)
        with transaction(rooms().engine) as tx:
            totals = upkeep.tallies(tx)
            oldest = {"realtime": inbox.oldest_open(tx), "bulk": imports.oldest_open(tx)}
        counted = CounterMetricFamily(
            "marco_worked", "Deliveries seen to their end since the first day", labels=["what"]
        )
        for name, number in totals.items():
            counted.add_metric([name], number)
        yield counted
        waiting = GaugeMetricFamily("marco_oldest_open_seconds", "Age of the oldest undone delivery", labels=["lane"])
        for lane, since in oldest.items():
            waiting.add_metric([lane], max((now - since).total_seconds(), 0) if since else 0)
        yield waiting


def _of_the_house() -> bytes:
    registry = CollectorRegistry()
    registry.register(_House())
    return generate_latest(registry)
