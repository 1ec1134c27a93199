"""Queue names and the bell: the only file that enqueues.

A bell is an RQ job with the lane's name and nothing else. It may be lost without harm, because the
watcher of every worker drains by itself what stays open; so it never blocks, never raises, never
retries, and carries neither ids nor personal data.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from enum import StrEnum

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from service.settings import Settings

log = logging.getLogger(__name__)


class Lane(StrEnum):
    """The queues, each with workers of its own. The value is the queue's name, also in the Procfile."""

    REALTIME = "realtime"
    BULK = "bulk"
    FILES = "files"
    DELIVER = "deliver"


JOBS = {
    Lane.REALTIME: ("workers.ingest.drain", ("realtime",)),
    Lane.BULK: ("workers.ingest.drain", ("bulk",)),
    Lane.FILES: ("workers.uploads.work", ()),
    Lane.DELIVER: ("workers.deliver.drain", ()),
}
"""What a worker does when its lane rings: the dotted name and its arguments."""

BELL_MS = 1500
"""How long one bell stands for all that follow, unless a drain answers it sooner."""
JOB_SECONDS = 900
"""The longest a job may take; a drain works about 2 s, a file a few minutes."""
KEPT_SECONDS = 30
"""How long RQ keeps a bell nobody came to, and one whose job broke."""
BREATH_SECONDS = 0.02
"""Between two rings of one process: asking Redis once per postback cost the door as much as the postback's key."""
REACH_SECONDS = 0.2
SHORTEST_SILENCE = 0.5
LONGEST_SILENCE = 5.0


def impatient(redis_url: str) -> Redis:
    """A client that gives up after 200 ms and never tries twice (redis-py would, three times)."""
    return Redis.from_url(
        redis_url,
        socket_timeout=REACH_SECONDS,
        socket_connect_timeout=REACH_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Bell:
    """Rings the workers from a thread of its own, started by the first ring of each process."""

    def __init__(self, settings: Settings) -> None:
        self._redis_url = settings.redis_url
        self._silence = 0.0
        self._silent_until = 0.0
        self._forget_everything()

    def ring(self, lane: Lane) -> None:
        """Tell the lane's workers that there is work; returns at once, never raises."""
        if self._pid != os.getpid():
            self._forget_everything()
        if not self._wanted[lane]:
            self._wanted[lane] = True
            self._work.set()
        if self._thread is None:
            self._start()

    def answered(self, lane: Lane) -> None:
        """Let the next ring through. A drain calls it before its first read; never raises.

        After that read whatever is committed rings again, so nothing waits for a bell already used.
        """
        if self._pid != os.getpid():
            self._forget_everything()
        if time.monotonic() < self._silent_until:
            return
        try:
            self._client.delete(_key(lane))
        except RedisError as fault:
            self._fall_silent(fault)
        else:
            self._silence = 0.0

    def _forget_everything(self) -> None:
        """Begin anew: at first, and in a forked process, whose threads and sockets are its parent's."""
        self._pid = os.getpid()
        self._client = impatient(self._redis_url)
        self._queues = {lane: Queue(lane, connection=self._client, serializer=JSONSerializer) for lane in Lane}
        self._wanted = dict.fromkeys(Lane, False)
        self._work = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._silence = 0.0
        self._silent_until = 0.0

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_ringing, name="bell", daemon=True)
                self._thread.start()

    def _keep_ringing(self) -> None:
        while True:
            self._work.wait()
            time.sleep(max(0.0, self._silent_until - time.monotonic()))
            self._work.clear()
            for lane in Lane:
                if self._wanted[lane]:
                    self._wanted[lane] = False
                    self._ring_now(lane)
            time.sleep(BREATH_SECONDS)

    def _ring_now(self, lane: Lane) -> None:
        try:
            if self._client.set(_key(lane), b"1", nx=True, px=BELL_MS):
                self._enqueue(lane)
        except RedisError as fault:
            self._fall_silent(fault)
        except Exception:  # the thread must outlive whatever RQ may raise, or this process never rings again
            log.exception("the bell of %s broke", lane)
        else:
            self._silence = 0.0

    def _enqueue(self, lane: Lane) -> None:
        job, arguments = JOBS[lane]
        # No fixed id and no `unique`: RQ refuses such an id for a year after one failure.
        self._queues[lane].enqueue(
            job,
            args=arguments,
            description=job,
            job_timeout=JOB_SECONDS,
            result_ttl=0,
            ttl=KEPT_SECONDS,
            failure_ttl=KEPT_SECONDS,
        )

    def _fall_silent(self, fault: RedisError) -> None:
        """Leave Redis alone for a growing while; told once, not at every ring."""
        if self._silence == 0.0:
            log.warning("Redis does not answer (%s); watchers work without it", type(fault).__name__)
        self._silence = min(max(SHORTEST_SILENCE, self._silence * 2), LONGEST_SILENCE)
        self._silent_until = time.monotonic() + self._silence


def _key(lane: Lane) -> str:
    return f"marco:bell:{lane}"
