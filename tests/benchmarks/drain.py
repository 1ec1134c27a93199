"""Rows 2 and 3: what one worker brings from the inbox into the full ledger, against a forking RQ job per event."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from service.queues import Lane
from service.settings import ROOT
from service.store import inbox
from service.store.inbox import Arrival
from service.web.postbacks import open_body
from tests.benchmarks import jobs
from tests.benchmarks.events import traffic
from tests.benchmarks.house import Failed, House, until
from tests.benchmarks.result import Line, Series
from tests.benchmarks.scale import Scale

GROUP = 200


def drained(house: House, scale: Scale) -> Line:
    """Row 2. One worker, and one forking RQ job per event doing the same work on it."""
    events = traffic(scale.drained_events)
    batches, singles, nothings = [], [], []
    for _ in range(scale.rounds):
        batches.append(_by_the_worker(house, events))
        singles.append(_by_one_job_each(house, events[: scale.jobs]))
        nothings.append(scale.jobs / _seconds_of_jobs(house, "nothing", (), scale.jobs))
    noop = Series("no-op forking jobs/s", nothings)
    ratio = Series("", batches).median / noop.median
    return Line(
        2,
        "drained events/s (to the full ledger) ÷ one forking RQ job per event",
        Series("events/s", batches),
        Series("events/s", singles),
        reach="≥ 30",
        least=30,
        besides=(f"{ratio:.1f} times as many as a forking RQ worker does jobs that do nothing: {noop}",),
    )


def keeps_up(drain: Line, acks: Line) -> Line:
    """Row 3. The worker alone over the door alone."""
    return Line(
        3,
        "drain capacity ÷ accept capacity, each alone",
        drain.ours,
        acks.ours,
        reach="report; aim ≥ 1",
        besides=("each alone on the machine; posted are first purchases of new buyers, drained is mixed traffic",),
    )


def fill(house: House, account_id: int, events: Sequence[dict[str, Any]]) -> None:
    """Put events into the inbox as the door would, by its own statement."""
    arrivals = []
    for event in events:
        now = datetime.now(UTC)
        opened = open_body(orjson.dumps(event), now.date())
        arrivals.append(Arrival(account_id, "hotmart", opened.key, opened.event, opened.digest, opened.body, now))
    with psycopg.connect(house.conninfo, autocommit=True) as raw:
        kept = [inbox.keep(raw, arrivals[start : start + GROUP]) for start in range(0, len(arrivals), GROUP)]
    if any(answer != inbox.ACCEPTED for answers in kept for answer in answers):
        raise Failed("the sample events are not all different")


def until_drained(house: House, patience: float = 120) -> None:
    """Wait until nothing is open."""
    until(
        lambda: not house.ask("SELECT 1 FROM deliveries WHERE state = 'pending' AND import_id IS NULL LIMIT 1"),
        "the inbox to be drained",
        patience,
        pause=0.2,
    )


def _by_the_worker(house: House, events: Sequence[dict[str, Any]]) -> float:
    """Events per second of `python -m workers realtime`, found by its watcher as after a lost bell."""
    house.empty()
    with house.worker(Lane.REALTIME):
        fill_at_once(house, events)
        until_drained(house)
    return _rate(house)


def fill_at_once(house: House, events: Sequence[dict[str, Any]]) -> None:
    """Fill the inbox out of the workers' sight, so that the first batch is already a full one."""
    account_id = house.seller().id
    with house.database.transaction():
        house.ask("SELECT pg_advisory_xact_lock(1, %s)", account_id)
        fill(house, account_id, events)


def _rate(house: House) -> float:
    """Events per second between the first batch and the last, from the times on the deliveries themselves."""
    ((count, others, seconds),) = house.ask(
        "SELECT count(*) FILTER (WHERE done_at > first), count(*) FILTER (WHERE state <> 'done'),"
        " extract(epoch FROM max(done_at) - min(done_at))::float8"
        " FROM deliveries, (SELECT min(done_at) AS first FROM deliveries) begun"
    )
    if others:
        raise Failed(f"{others} deliveries are not in the ledger")
    return float(count / seconds)


def _by_one_job_each(house: House, events: Sequence[dict[str, Any]]) -> float:
    """Events per second of a forking RQ worker whose every job takes one event to the full ledger."""
    house.empty()
    account_id = house.seller().id
    fill(house, account_id, events)
    seconds = _seconds_of_jobs(house, "drain_one", (account_id,), len(events))
    _rate(house)
    return len(events) / seconds


def _seconds_of_jobs(house: House, job: str, arguments: tuple[int, ...], count: int) -> float:
    """How long a forking worker takes for so many jobs; the time to enqueue them is not counted."""
    with Redis.from_url(house.settings.redis_url) as connection:
        queue = Queue(jobs.QUEUE, connection=connection, serializer=JSONSerializer)
        for _ in range(count):
            queue.enqueue(f"tests.benchmarks.jobs.{job}", args=arguments, result_ttl=0)
        environment = {**os.environ, **house.settings.as_environment()}
        words = [sys.executable, "-m", "tests.benchmarks.jobs"]
        said = subprocess.run(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, timeout=300).stdout
        if queue.count or queue.failed_job_registry.count:
            raise Failed(f"jobs were left over or failed: {queue.count}, {queue.failed_job_registry.count}")
    return float(json.loads(said.splitlines()[-1]))
