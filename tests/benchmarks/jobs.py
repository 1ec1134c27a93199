"""The yardstick of the drain: `python -m tests.benchmarks.jobs` is a forking RQ worker, one job per event.

Its jobs do the same translation, fold and ledger work as the product's drain, on one delivery each.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy import Connection

from service import settings
from service.domain.fold import fold
from service.queues import Lane
from service.sources import postback
from service.sources.telling import Kept
from service.store import accounts, inbox
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.inbox import Delivery
from tests.benchmarks.events import traffic
from workers import ingest
from workers.turns import turn
from workers.workshop import workshop

QUEUE = "benchmark"


def drain_one(account_id: int) -> int:
    """Take the oldest open delivery of an account to the full ledger."""
    shop = workshop()
    with transaction(shop.engine) as tx:
        account = accounts.with_id(tx, account_id)
    return turn(shop, account, Lane.REALTIME, _take_one, ingest.apply_postbacks)


def _take_one(tx: Connection, account: Account, _size: int) -> list[Delivery]:
    return inbox.take(tx, account.id, 1)


def nothing() -> None:
    """What an RQ job costs by itself."""


def warm_up() -> None:
    """Read one event of every kind before the first fork, as a careful user would: no job then loads tables of its own.

    Connections cannot be inherited by a fork: opening one belongs to the cost of such a job.
    """
    for event in traffic(100):
        kept = Kept(0, "hotmart", datetime.now(UTC), ZoneInfo("America/Sao_Paulo"), "producer")
        fold(postback.translate(orjson.dumps(event), kept).facts)


def main() -> None:
    """Work until the queue is empty and print the seconds that took."""
    warm_up()
    connection = Redis.from_url(settings.load().redis_url)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    worker = Worker([queue], connection=connection, serializer=JSONSerializer)
    begun = time.perf_counter()
    worker.work(burst=True, logging_level="WARNING")
    print(json.dumps(time.perf_counter() - begun))


if __name__ == "__main__":
    main()
