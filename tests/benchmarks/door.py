"""Rows 1 and 4: what the door acknowledges, alone and while a worker drains behind it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psutil

from service.queues import Lane
from tests.benchmarks.drain import until_drained
from tests.benchmarks.house import Failed, House, Program
from tests.benchmarks.load import Load, Loading, generator, load
from tests.benchmarks.result import Line, Series, figure
from tests.benchmarks.scale import Scale

WARM_UP_SECONDS = 2
NOOP = "tests.benchmarks.noop:app"


def acknowledged(house: House, scale: Scale) -> Line:
    """Row 1. Durable acknowledgements and the no-op endpoint, in turns, nothing else running."""
    doors, idles, notes = [], [], []
    with house.web() as door, house.web(NOOP) as noop:
        for _ in range(scale.rounds):
            house.empty()
            key = house.seller().key
            idles.append(_loaded(noop, key, scale).per_second)
            seen = _loaded(door, key, scale)
            doors.append(seen.per_second)
            notes.append((seen.p50_ms, seen.p99_ms))
            _everything_was_kept(house, seen.requests)
    p50, p99 = (sorted(column)[len(column) // 2] for column in zip(*notes, strict=True))
    return Line(
        1,
        "durable acks/s ÷ no-op Flask endpoint",
        Series("acks/s", doors),
        Series("no-op answers/s", idles),
        reach="≥ 0.5",
        least=0.5,
        besides=(f"{generator()}; the door answers in {figure(p50)} ms (p50) and {figure(p99)} ms (p99)",),
    )


def _loaded(program: Program, key: str, scale: Scale) -> Load:
    load(program.port, key, WARM_UP_SECONDS, scale.connections)
    return load(program.port, key, scale.load_seconds, scale.connections)


def _everything_was_kept(house: House, acknowledged_at_least: int) -> None:
    ((kept,),) = house.ask("SELECT count(*) FROM deliveries")
    if kept < acknowledged_at_least:
        raise Failed(f"{acknowledged_at_least} acknowledged, {kept} kept")


def together(house: House, scale: Scale) -> Line:
    """Row 4. The door flooded while one worker drains: what reaches the ledger, and who used the processors."""
    ledgers, accepted, shares = [], [], []
    with house.web() as door, house.worker(Lane.REALTIME) as worker:
        for _ in range(scale.rounds):
            house.empty()
            seller = house.seller()
            seconds = min(WARM_UP_SECONDS + scale.together_seconds + 2, 30)
            loading = Loading(door.port, seller.key, seconds, scale.connections)
            time.sleep(WARM_UP_SECONDS)
            parts = {
                "load generator": psutil.Process(loading.running.pid),
                "web": door.root,
                "worker": worker.root,
                "PostgreSQL": house.server("postgres"),
                "Redis": house.server("redis"),
            }
            window = Window(house, parts)
            time.sleep(scale.together_seconds)
            done, kept, used = window.close()
            loading.finish()
            ledgers.append(done)
            accepted.append(kept)
            shares.append(used)
            until_drained(house, patience=300)
    used = {name: sorted(share[name] for share in shares)[len(shares) // 2] for name in shares[0]}
    split = ", ".join(f"{name} {share:.0%}" for name, share in used.items())
    return Line(
        4,
        "door and drain together at saturation, events in the full ledger per second",
        Series("events/s", ledgers),
        besides=(
            f"meanwhile accepted: {Series('acks/s', accepted)}; a no-code peer brought 176/s into its tables here",
            f"processor time, of {psutil.cpu_count()} cores: {split}",
        ),
    )


class Window:
    """A stretch of time in which things are counted: ledger events, kept deliveries, processor seconds."""

    def __init__(self, house: House, parts: Mapping[str, psutil.Process]) -> None:
        self._house, self._parts = house, parts
        self._begun, self._counts, self._used = time.perf_counter(), self._count(), self._seconds()

    def close(self) -> tuple[float, float, dict[str, float]]:
        """Done per second, kept per second, and each part's share of all processors."""
        used, counts, took = self._seconds(), self._count(), time.perf_counter() - self._begun
        share = {name: (used[name] - self._used[name]) / took / (psutil.cpu_count() or 1) for name in used}
        done, kept = ((now - before) / took for now, before in zip(counts, self._counts, strict=True))
        return done, kept, share

    def _count(self) -> tuple[int, int]:
        ((done, kept),) = self._house.ask("SELECT count(*) FILTER (WHERE state = 'done'), count(*) FROM deliveries")
        return done, kept

    def _seconds(self) -> dict[str, float]:
        """Processor seconds so far, by part; what the whole machine did besides is there too, to tell a noisy run."""
        used = {name: _processor_seconds(root) for name, root in self._parts.items()}
        whole = psutil.cpu_times()
        return {**used, "anything else": sum(whole) - whole.idle - whole.iowait - sum(used.values())}


def _processor_seconds(root: psutil.Process) -> float:
    """What a program, all it forked, and what they forked and buried, have used so far."""
    return sum(sum(one.cpu_times()[:4]) for one in (root, *root.children(recursive=True)))
