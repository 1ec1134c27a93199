"""The bell rings workers through a real Redis, and never hurts whoever rings it."""

from __future__ import annotations

import os
import signal
import threading

import pytest
import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from service.local import servers, settings_with
from service.queues import Bell, Lane
from tests.conftest import settings_in
from tests.running.machine import eventually, servers_of


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A Redis of this module's own: its tests freeze and flush it."""
    chosen = settings_in(tmp_path_factory.mktemp("own"), database_url="postgresql+psycopg://not.needed/marco")
    with servers(chosen, fast=True) as found:
        yield settings_with(chosen, found)


@pytest.fixture
def house_redis(own):
    client = redis.Redis.from_url(own.redis_url)
    client.flushall()
    return client


def queued(client, lane: Lane) -> int:
    return int(client.llen(f"rq:queue:{lane}"))


def test_many_rings_at_once_become_one_job(own, house_redis):
    bell = Bell(own)
    for _ in range(500):
        bell.ring(Lane.REALTIME)
    eventually(lambda: queued(house_redis, Lane.REALTIME) == 1, "the bell did not ring")
    bell.ring(Lane.BULK)  # rung by the same thread, so the 500 are through when this one is
    eventually(lambda: queued(house_redis, Lane.BULK) == 1, "the second lane did not ring")
    assert queued(house_redis, Lane.REALTIME) == 1


def test_an_answered_bell_rings_again(own, house_redis):
    bell = Bell(own)
    bell.ring(Lane.REALTIME)
    eventually(lambda: queued(house_redis, Lane.REALTIME) == 1, "the bell did not ring")
    bell.answered(Lane.REALTIME)
    bell.ring(Lane.REALTIME)
    eventually(lambda: queued(house_redis, Lane.REALTIME) == 2, "the answered bell did not ring again")


def test_the_job_carries_its_lane_and_nothing_else(own, house_redis):
    Bell(own).ring(Lane.BULK)
    queue = Queue(Lane.BULK, connection=house_redis, serializer=JSONSerializer)
    eventually(lambda: queue.job_ids, "the bell did not ring")
    (job,) = queue.jobs
    assert (job.func_name, list(job.args), job.kwargs) == ("workers.ingest.drain", ["bulk"], {})
    assert house_redis.ttl(job.key) > 0, "a bell nobody comes to must not stay for ever"


def test_a_bell_answered_by_a_worker_leaves_nothing_in_redis(own, house_redis, monkeypatch):
    monkeypatch.setitem(Bell._enqueue.__globals__["JOBS"], Lane.FILES, ("tests.running.test_bell.worked", ()))
    Bell(own).ring(Lane.FILES)
    eventually(lambda: queued(house_redis, Lane.FILES) == 1, "the bell did not ring")
    queue = Queue(Lane.FILES, connection=house_redis, serializer=JSONSerializer)
    SimpleWorker([queue], connection=house_redis, serializer=JSONSerializer).work(burst=True)
    assert not house_redis.keys("rq:job:*")
    assert not house_redis.keys("rq:*:files")


def worked() -> int:
    return 1


def test_ringing_a_frozen_redis_returns_and_rings_once_it_thaws(own, house_redis):
    (server,) = servers_of(own.var_dir, "valkey") + servers_of(own.var_dir, "redis")
    bell = Bell(own)
    server.send_signal(signal.SIGSTOP)
    try:
        for lane in Lane:
            bell.ring(lane)
            bell.answered(lane)
    finally:
        server.send_signal(signal.SIGCONT)
    eventually(lambda: _rings(bell, house_redis), "the bell stayed silent after Redis came back")


def test_a_bell_without_redis_never_raises(tmp_path):
    bell = Bell(settings_in(tmp_path, redis_url=f"unix://{tmp_path}/nobody.sock"))
    bell.ring(Lane.REALTIME)
    bell.answered(Lane.REALTIME)
    (thread,) = [one for one in threading.enumerate() if one.name == "bell" and one is bell._thread]
    assert thread.daemon


def test_a_forked_process_rings_with_a_thread_of_its_own(own, house_redis):
    bell = Bell(own)
    bell.ring(Lane.REALTIME)
    eventually(lambda: queued(house_redis, Lane.REALTIME) == 1, "the parent's bell did not ring")
    pid = os.fork()
    if pid == 0:
        bell.ring(Lane.BULK)
        bell._thread.join(1)
        os._exit(0)
    os.waitpid(pid, 0)
    eventually(lambda: queued(house_redis, Lane.BULK) == 1, "the child's bell did not ring")


def _rings(bell: Bell, client) -> bool:
    bell.ring(Lane.FILES)
    return queued(client, Lane.FILES) > 0
