"""The listener: an RQ worker that answers the bell of one lane."""

from __future__ import annotations

import gc
import logging
import sys
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from service import logs
from service.queues import JOBS, Lane
from workers import deliver, ingest, uploads

log = logging.getLogger(__name__)

WORKER_TTL = 30
"""Seconds; RQ waits for a bell WORKER_TTL - 15 at a time, so a hanging Redis is noticed within 25."""

READY = {
    "workers.ingest.drain": ingest.drain,
    "workers.uploads.work": uploads.work,
    "workers.deliver.drain": deliver.drain,
}
"""Jobs are imported before the first bell, so that the first postback does not wait for imports."""


class Listener(SimpleWorker):
    """RQ's worker without a fork per job: it keeps its database connections from bell to bell.

    A drain that crashes takes this process along; the supervisor starts the next one.
    """

    max_connection_wait_time = 2.0

    def perform_job(self, job: Job, queue: Queue, execution: Any) -> bool:
        """The job, with its id on every line it logs."""
        with logs.bound(job_id=job.id, lane=queue.name):
            return bool(super().perform_job(job, queue, execution))

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: Any = None, exc_string: str = "", execution: Any = None
    ) -> None:
        """RQ keeps the traceback in Redis for a while: told there as in the logs."""
        fault = sys.exception()
        told = logs.mask(exc_string) if fault is None else logs.traceback_of(fault)
        super().handle_job_failure(job, queue, started_job_registry, told, execution)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """RQ would write the fault into the log as one text, with whatever it quotes."""
        log.error("job %s broke", job.id, exc_info=exc_info)


def listen(lane: Lane, redis_url: str) -> None:
    """Answer the bell until SIGTERM or until Redis goes away (RQ ends then; the supervisor begins anew)."""
    if JOBS[lane][0] not in READY:
        raise LookupError(f"no job for {lane}")
    connection = Redis.from_url(redis_url, socket_connect_timeout=2)
    # One queue: with two, a kill between pop and start loses the job (RQ pops with BLPOP then).
    queue = Queue(lane, connection=connection, serializer=JSONSerializer)
    worker = Listener([queue], connection=connection, serializer=JSONSerializer, worker_ttl=WORKER_TTL)
    # What is loaded by now stays: the collector need not look through it again at every few hundred rows.
    gc.collect()
    gc.freeze()
    worker.work(with_scheduler=False, logging_level=None)
