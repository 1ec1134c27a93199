"""The road everybody shares: five a second, pauses, closures and probes, over Redis as in one process."""

from __future__ import annotations

import secrets
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.connectors.kommo.answers import Banned, SlowDown
from service.connectors.limits import (
    LONGEST_CLOSED,
    LONGEST_PAUSE,
    PROBE_SECONDS,
    RUN_THAT_CLOSES,
    Gate,
    OneProcessRoad,
    Pace,
    State,
    Turn,
    closed_after,
    pause_after,
)
from service.connectors.redis_road import RedisRoad
from service.errors import Unavailable
from tests.connectors.conftest import client_of
from tests.kommo.faults import Fault
from tests.kommo.rates import Rates
from tests.kommo.server import FakeKommo

ROOT = Path(__file__).resolve().parents[2]
CALLER = """
import sys
from redis import Redis
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.connection import Connection
from service.connectors.limits import Gate
from service.connectors.redis_road import RedisRoad
origin, token, redis_url, name, number = sys.argv[1:]
kommo = Kommo(Connection(origin, token), Gate(RedisRoad(Redis.from_url(redis_url), name), patience=120))
for _ in range(int(number)):
    kommo.account()
print("done", flush=True)
"""


FAST = Pace(per_second=1e9)


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def redis(redis_url):
    with Redis.from_url(redis_url) as client:
        yield client


def a_name() -> str:
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture(params=["one process", "redis"])
def road(request, clock, redis):
    """The road within a process and the one in Redis: the same sentences are true of both."""
    return OneProcessRoad(Pace(), clock) if request.param == "one process" else RedisRoad(redis, a_name(), None, clock)


def test_four_processes_together_never_exceed_five_a_second(redis_url):
    with FakeKommo(rates=Rates()).running() as fake:
        command = [sys.executable, "-c", CALLER, fake.origin, fake.account.token, redis_url, a_name(), "10"]
        processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        for process in processes:
            assert process.communicate(timeout=120)[0] == "done\n"
        assert [seen.status for seen in fake.seen] == [200] * 40
        times = fake.rates.times()
        assert 39 / (times[-1] - times[0]) < 5.1
        assert fake.rates.busiest() <= 6  # turns are 0.2 s apart; on a busy machine two may arrive closer


def test_without_a_road_the_eighth_of_a_second_is_refused(kommo, fake):
    fake.rates = Rates(clock=lambda: 100.0)
    for _ in range(7):
        kommo.account()
    with pytest.raises(SlowDown):
        kommo.account()


def test_turns_come_evenly_and_idle_time_saves_up_none(road, clock):
    clock.now += 3600
    gate = Gate(road, sleep=clock.sleep)
    moments = []
    for _ in range(26):
        assert gate.enter() is State.GO
        moments.append(clock.now)
    gaps = [after - before for before, after in pairwise(moments)]
    assert min(gaps) > 0.19
    assert moments[-1] - moments[0] == pytest.approx(25 * 0.204, rel=0.02)
    assert max(sum(start <= at < start + 1.0 for at in moments) for start in moments) == 5


def test_the_urgent_go_before_those_who_can_wait(road, clock):
    assert road.take(urgent=True).state is State.GO
    assert road.take(urgent=True).state is State.BUSY
    clock.now += 0.21
    assert road.take(urgent=False).state is State.BUSY
    assert road.take(urgent=True).state is State.GO
    clock.now += 0.21
    assert road.take(urgent=False).state is State.GO


def test_one_who_waits_in_vain_for_long_is_told_when_to_come_back(road, clock):
    road.take(urgent=True)
    gate = Gate(road, patience=0.0, sleep=clock.sleep)
    with pytest.raises(Unavailable) as raised:
        gate.enter()
    assert (raised.value.code, raised.value.retry_after) == ("road_busy", 1)


def test_each_429_in_a_row_pauses_longer_and_six_close_the_road(road, clock):
    pauses = []
    for _ in range(RUN_THAT_CLOSES - 1):
        pauses.append(road.slow_down(0))
        assert road.take(urgent=True).state is State.PAUSED
        clock.now += pauses[-1]
        assert road.take(urgent=True).state is State.GO
    assert pauses == pytest.approx([2, 4, 8, 16, 32])
    assert road.slow_down(0) == pytest.approx(900)
    assert road.take(urgent=True).state is State.CLOSED


def test_answers_to_what_was_under_way_when_a_pause_began_do_not_count_again(road, clock):
    assert [road.slow_down(0) for _ in range(8)] == pytest.approx([2] * 8)
    assert road.slow_down(30) == pytest.approx(30)
    clock.now += 31
    assert road.slow_down(0) == pytest.approx(4)


def test_a_closed_road_is_tried_by_one_and_stays_closed_longer_if_it_must(road, clock):
    assert road.close() == pytest.approx(900)
    assert road.close() == pytest.approx(900)  # another answer of before
    clock.now += 901
    assert road.take(urgent=True) == Turn(State.PROBE, 0.0)
    assert road.take(urgent=True).state is State.CLOSED
    assert road.close() == pytest.approx(1800)
    clock.now += 1801
    assert road.take(urgent=True).state is State.PROBE
    clock.now += PROBE_SECONDS + 1  # whoever tried has died
    assert road.take(urgent=True).state is State.PROBE
    road.went_well()
    clock.now += 1
    assert road.take(urgent=True).state is State.GO
    assert road.close() == pytest.approx(900)


def test_pauses_have_an_end():
    assert pause_after(30, 0, 2) == LONGEST_PAUSE
    assert pause_after(0, 10_000, 2) == LONGEST_PAUSE
    assert closed_after(30, 900) == LONGEST_CLOSED


def test_waiting_by_redis_own_clock_is_waiting_by_ours(redis):
    road = RedisRoad(redis, a_name(), Pace(per_second=0.01))
    assert road.take(urgent=True) == Turn(State.GO, 0.0)
    later = road.take(urgent=True)
    assert later.state is State.BUSY
    assert 60 < later.wait <= 102
    assert 60 < road.close() <= 900


def test_a_ban_seen_by_one_process_stops_all_until_one_read_goes_through(fake, redis, clock):
    name = a_name()
    mine, yours = (client_of(fake, road=RedisRoad(redis, name, FAST, clock)) for _ in range(2))
    fake.faults.plan(Fault(403, times=2))
    with pytest.raises(Banned):
        mine.account()
    with pytest.raises(Unavailable) as raised:
        yours.create("leads", [{"name": "x"}])
    assert raised.value.code == "road_closed"
    assert len(fake.seen) == 1
    clock.now += 901
    with pytest.raises(Banned) as banned:  # the probe, a harmless one: the lead was not sent
        yours.create("leads", [{"name": "x"}])
    assert banned.value.retry_after == 1800
    assert [(seen.method, seen.path) for seen in fake.seen] == [("GET", "/api/v4/account")] * 2
    clock.now += 1801
    yours.create("leads", [{"name": "x"}])
    mine.account()
    assert [seen.status for seen in fake.seen] == [403, 403, 200, 200, 200]


def test_a_429_seen_by_one_process_pauses_the_others(fake, redis, clock):
    name = a_name()
    mine, yours = (client_of(fake, road=RedisRoad(redis, name, FAST, clock)) for _ in range(2))
    fake.faults.plan(Fault(429))
    with pytest.raises(SlowDown):
        mine.account()
    with pytest.raises(Unavailable) as raised:
        yours.account()
    assert raised.value.code == "road_paused"
    clock.now += 2.1
    yours.account()


def test_while_redis_is_away_nobody_calls(fake):
    with Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0)) as away:
        kommo = client_of(fake, road=RedisRoad(away))
        with pytest.raises(Unavailable) as raised:
            kommo.account()
    assert (raised.value.code, raised.value.retry_after) == ("road_unknown", 5)
    assert fake.seen == []


def test_what_was_let_through_is_counted_for_an_hour_and_looking_takes_nothing(redis, clock):
    road = RedisRoad(redis, a_name(), FAST, clock)
    for seconds in (0, 1, 65):
        clock.now = 1000 + seconds
        road.take(urgent=True)
    assert (road.use().minute, road.use().hour) == (1, 3)
    clock.now += 3541
    assert (road.use().minute, road.use().hour) == (0, 1)
    clock.now += 60
    assert road.use().hour == 0
    road.take(urgent=True)
    assert sum(name.startswith(b"used:") for name in redis.hkeys(road._key)) <= 2, "older slots are thrown away"


def test_turns_nobody_got_are_not_counted(redis, clock):
    road = RedisRoad(redis, a_name(), Pace(), clock)
    assert [road.take(urgent=True).state for _ in range(3)] == [State.GO, State.BUSY, State.BUSY]
    assert road.use().minute == 1
    road.slow_down(30)
    assert road.take(urgent=True).state is State.PAUSED
    assert (road.use().minute, road.use().paused, road.use().closed) == (1, 30, 0)


def test_how_the_road_stands_is_seen_without_trying_it(redis, clock):
    road = RedisRoad(redis, a_name(), None, clock)
    assert road.use() == (0, 0, 0.0, 0.0, False)
    closed = road.close()
    assert (road.use().closed, road.use().trying) == (closed, False)
    clock.now += closed + 1
    assert (road.use().closed, road.use().trying) == (0, True)
    road.went_well()
    assert road.use() == (0, 0, 0.0, 0.0, False)


def test_how_the_road_is_used_is_not_known_while_redis_is_away():
    with Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0)) as away:
        road = RedisRoad(away)
        with pytest.raises(Unavailable) as raised:
            road.use()
    assert raised.value.code == "road_unknown"
