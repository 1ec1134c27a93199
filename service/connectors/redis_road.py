"""The road shared by all processes of all machines: one script in Redis, by Redis' own clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from redis import Redis, RedisError

from service.connectors.limits import (
    LONGEST_CLOSED,
    LONGEST_PAUSE,
    PROBE_SECONDS,
    RUN_THAT_CLOSES,
    Pace,
    State,
    Turn,
)
from service.errors import Unavailable

SLOT_SECONDS = 10
HOUR_SLOTS, MINUTE_SLOTS = 360, 6
"""Turns are counted in slots of ten seconds, for an hour."""
KEPT_SECONDS = 2 * LONGEST_CLOSED
"""A road nobody used for so long is forgotten."""

# The same rules as OneProcessRoad, step by step; the tests walk both through the same stories.
SCRIPT = """
local key, what, urgent, asked = KEYS[1], ARGV[1], ARGV[2] == '1', tonumber(ARGV[3])
local gap, first_pause, closed_for = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local early, probe, run_that_closes = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local longest_pause, longest_closed, kept = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local now = tonumber(ARGV[13])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local names = {'next', 'paused_until', 'closed_until', 'urgent_until', 'slowed', 'closings'}
local road = {}
for place, value in ipairs(redis.call('HMGET', key, unpack(names))) do
  road[names[place]] = tonumber(value) or 0
end

local function shut()
  if road.closings == 0 or now >= road.closed_until - probe then
    road.closed_until = now + math.min(closed_for * 2 ^ road.closings, longest_closed)
    road.closings = road.closings + 1
  end
end

local function count()
  local slot = math.floor(now / tonumber(ARGV[14]))
  if redis.call('HINCRBY', key, string.format('used:%d', slot), 1) > 1 then return end
  for _, name in ipairs(redis.call('HKEYS', key)) do
    local old = tonumber(string.match(name, '^used:(%d+)$'))
    if old and old < slot - tonumber(ARGV[15]) then redis.call('HDEL', key, name) end
  end
end

local function take()
  if road.closings > 0 then
    if now < road.closed_until then return 'closed', road.closed_until - now end
    road.closed_until = now + probe
    road.next = now + gap
    return 'probe', 0
  end
  if now < road.paused_until then return 'paused', road.paused_until - now end
  if now < road.next - early then
    if urgent then road.urgent_until = now + 2 * gap end
    return 'busy', road.next - early - now
  end
  if not urgent and now < road.urgent_until then return 'busy', gap end
  road.next = math.max(now, road.next) + gap
  if urgent then road.urgent_until = 0 end
  return 'go', 0
end

local function slow_down()
  if now >= road.paused_until then
    road.paused_until = now + math.min(math.max(asked, first_pause * 2 ^ road.slowed), longest_pause)
    road.slowed = road.slowed + 1
  else
    road.paused_until = math.max(road.paused_until, now + math.min(asked, longest_pause))
  end
  if road.slowed >= run_that_closes then
    road.slowed = 0
    shut()
  end
  return 'paused', math.max(road.paused_until, road.closed_until) - now
end

local state, wait = 'go', 0
if what == 'take' then
  state, wait = take()
  if state == 'go' or state == 'probe' then count() end
elseif what == 'slow_down' then state, wait = slow_down()
elseif what == 'close' then
  shut()
  state, wait = 'closed', road.closed_until - now
else
  road.slowed, road.closings, road.closed_until = 0, 0, 0
end
for _, name in ipairs(names) do
  redis.call('HSET', key, name, string.format('%.6f', road[name]))
end
redis.call('EXPIRE', key, kept)
return {state, string.format('%.6f', wait)}
"""


class Use(NamedTuple):
    """How a road is used and how it stands: turns taken lately, and seconds it stays paused or closed (0: it is not).

    `trying` where its time of being closed is over, and the next request shows whether it is open again.
    """

    minute: int
    hour: int
    paused: float
    closed: float
    trying: bool


class RedisRoad:
    """A road under one name in Redis. Without Redis nobody goes: an unseen limit is a ban to come.

    Give it a client that is quick to give up. Time is Redis' own, the same for all machines, unless `clock` is given.
    """

    def __init__(
        self, redis: Redis, name: str = "kommo", pace: Pace | None = None, clock: Callable[[], float] | None = None
    ) -> None:
        self._key = f"marco:road:{name}"
        self._redis, self._pace, self._clock = redis, pace or Pace(), clock
        self._script = redis.register_script(SCRIPT)

    def take(self, *, urgent: bool) -> Turn:
        """See `Road`. Raises Unavailable while Redis does not answer."""
        return self._step("take", urgent=urgent)

    def slow_down(self, seconds: float) -> float:
        """See `Road`."""
        return self._step("slow_down", asked=seconds).wait

    def close(self) -> float:
        """See `Road`."""
        return self._step("close").wait

    def went_well(self) -> None:
        """See `Road`."""
        self._step("went_well")

    def use(self) -> Use:
        """How it is used; nothing is taken. Raises Unavailable while Redis does not answer."""
        try:
            asked = self._redis.pipeline()
            asked.time()
            asked.hgetall(self._key)
            (seconds, micros), kept = asked.execute()
        except RedisError as fault:
            raise _away(fault) from fault
        now = self._clock() if self._clock else seconds + micros / 1_000_000
        road = {_text(name): float(value) for name, value in kept.items()}
        slot = int(now // SLOT_SECONDS)
        used = {int(name.removeprefix("used:")): int(value) for name, value in road.items() if name[:5] == "used:"}
        closings, until = road.get("closings", 0.0), road.get("closed_until", 0.0) - now
        return Use(
            minute=sum(number for one, number in used.items() if one > slot - MINUTE_SLOTS),
            hour=sum(number for one, number in used.items() if one > slot - HOUR_SLOTS),
            paused=max(0.0, road.get("paused_until", 0.0) - now),
            closed=max(0.0, until) if closings else 0.0,
            trying=closings > 0 and until <= 0,
        )

    def _step(self, what: str, *, urgent: bool = False, asked: float = 0.0) -> Turn:
        pace = self._pace
        limits: tuple[Any, ...] = (pace.early, PROBE_SECONDS, RUN_THAT_CLOSES, LONGEST_PAUSE, LONGEST_CLOSED)
        now = self._clock() if self._clock else ""
        ends: tuple[Any, ...] = (int(KEPT_SECONDS), now, SLOT_SECONDS, HOUR_SLOTS)
        args = (what, int(urgent), asked, pace.gap, pace.first_pause, pace.closed, *limits, *ends)
        try:
            state, wait = self._script(keys=[self._key], args=args)
        except RedisError as fault:
            raise _away(fault) from fault
        return Turn(State(_text(state)), float(_text(wait)))


def _away(fault: RedisError) -> Unavailable:
    said = f"Redis, which counts our calls, does not answer ({type(fault).__name__})"
    return Unavailable(said, code="road_unknown", retry_after=5)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
