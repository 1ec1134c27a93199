"""The workers of a lane live through the death of every part they lean on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import psycopg
import pytest
import redis

from service.local import servers, settings_with
from service.queues import Bell, Lane
from service.settings import Settings
from service.store.migrate import upgrade
from tests.conftest import settings_in
from tests.running.machine import ROOT, ask, environment, eventually, kill_all, lives, running, servers_of


@pytest.fixture
def own(tmp_path) -> Iterator[Settings]:
    """A PostgreSQL and a Redis of this test's own: it stops, freezes and kills them."""
    chosen = settings_in(tmp_path / "var")
    with servers(chosen, fast=True) as found:
        upgrade(found.database_url)
        yield settings_with(chosen, found)


@pytest.fixture
def worker(own) -> Iterator[psutil.Process]:
    """`python -m workers realtime`, with both children up and the listener listening."""
    words = [sys.executable, "-m", "workers", "realtime"]
    chosen = environment(own.var_dir, **own.as_environment())
    with subprocess.Popen(words, cwd=ROOT, env=chosen) as started:
        process = psutil.Process(started.pid)
        eventually(lambda: len(process.children()) == 2 and listeners(own), "the worker did not start")
        yield process
        kill_all(running(own.var_dir, "-m workers"))


def test_a_bell_is_answered_and_leaves_nothing_behind(own, worker):
    Bell(own).ring(Lane.REALTIME)
    eventually(lambda: jobs_done(own) == 1, "nobody answered the bell")
    eventually(lambda: not redis.Redis.from_url(own.redis_url).keys("rq:job:*"), "the job was not forgotten")


def test_a_redis_that_was_killed_is_listened_to_again(own, worker):
    kill_all(the_redis(own))
    eventually(lambda: answers(own), "Redis did not come back")
    Bell(own).ring(Lane.REALTIME)
    eventually(lambda: jobs_done(own) == 1, "nobody answered the bell after Redis came back")
    assert len(worker.children()) == 2


def test_a_killed_listener_and_a_killed_watcher_are_replaced(own, worker):
    before = {child.pid for child in worker.children()}
    kill_all(worker.children())
    eventually(lambda: len({child.pid for child in worker.children()} - before) == 2, "the children did not come back")
    Bell(own).ring(Lane.REALTIME)
    eventually(lambda: jobs_done(own) == 1, "nobody answers the bell any more")
    assert len(worker.children()) == 2


def test_nobody_outlives_a_killed_worker(own, worker):
    children = worker.children()
    worker.send_signal(signal.SIGKILL)
    eventually(lambda: not any(lives(child) for child in children), "a child outlived its worker")


def test_a_postgres_that_was_killed_gets_the_heartbeat_of_the_same_watcher(own, worker):
    eventually(lambda: heartbeats(own), "no heartbeat")
    children = {child.pid for child in worker.children()}
    kill_all(servers_of(own.var_dir, "postgres"))
    eventually(lambda: forgotten(own), "PostgreSQL did not come back")
    eventually(lambda: heartbeats(own), "no heartbeat after PostgreSQL came back")
    assert {child.pid for child in worker.children()} == children


def test_it_ends_when_told_even_while_redis_is_frozen(own, worker):
    (frozen,) = the_redis(own)
    frozen.send_signal(signal.SIGSTOP)
    try:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    finally:
        frozen.send_signal(signal.SIGCONT)


def test_it_ends_when_told_without_a_traceback_or_a_job_left(own, worker):
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    assert not running(own.var_dir, "-m workers")


def the_redis(own: Settings) -> list[psutil.Process]:
    return servers_of(own.var_dir, "valkey") + servers_of(own.var_dir, "redis")


def answers(own: Settings) -> bool:
    try:
        return bool(redis.Redis.from_url(own.redis_url, socket_timeout=1).ping())
    except redis.RedisError:
        return False


def listeners(own: Settings) -> list[bytes]:
    """The names of the RQ workers Redis knows to listen to the lane."""
    try:
        return list(redis.Redis.from_url(own.redis_url, socket_timeout=1).smembers("rq:workers:realtime"))
    except redis.RedisError:
        return []


def jobs_done(own: Settings) -> int:
    """How many jobs the listeners say they finished."""
    client = redis.Redis.from_url(own.redis_url)
    workers = [key for key in client.keys("rq:worker:*") if key.count(b":") == 2]
    counts = [client.hget(key, "successful_job_count") for key in workers]
    return sum(int(count or 0) for count in counts)


def heartbeats(own: Settings) -> list[tuple[object, ...]]:
    return ask(own.database_url, "SELECT name FROM heartbeats")


def forgotten(own: Settings) -> bool:
    """Whether PostgreSQL is back; then without any heartbeat of before."""
    try:
        ask(own.database_url, "DELETE FROM heartbeats")
    except psycopg.OperationalError:
        return False
    return True
