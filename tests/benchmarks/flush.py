"""What a flush to disk costs here: durable numbers mean little without it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.benchmarks.house import House
from tests.benchmarks.result import Series

SECONDS = 2.0


def raw_flushes(folder: Path) -> float:
    """`fdatasync` calls per second after rewriting the same 8 KiB, as pg_test_fsync does."""
    path, block = folder / "flushed", os.urandom(8192)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        begun, count = time.perf_counter(), 0
        while (took := time.perf_counter() - begun) < SECONDS:
            os.pwrite(descriptor, block, 0)
            os.fdatasync(descriptor)
            count += 1
        return count / took
    finally:
        os.close(descriptor)
        path.unlink()


def commits(house: House) -> float:
    """Single-row inserts per second, each its own flushed transaction, over one connection."""
    house.database.execute("CREATE TABLE bench_flush (number integer)")
    try:
        begun, count = time.perf_counter(), 0
        while (took := time.perf_counter() - begun) < SECONDS:
            house.database.execute("INSERT INTO bench_flush VALUES (%s)", (count,))
            count += 1
        return count / took
    finally:
        house.database.execute("DROP TABLE bench_flush")


def told(house: House) -> str:
    """Both, as one sentence."""
    flushes, inserts = raw_flushes(house.settings.var_dir), commits(house)
    return (
        f"{Series('fdatasync/s', [flushes])} ({1e6 / flushes:.0f} µs each), "
        f"{Series('single-row commits/s', [inserts])} ({1e6 / inserts:.0f} µs each)"
    )
