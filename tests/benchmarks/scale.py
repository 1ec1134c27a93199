"""How much is measured: in full for docs/performance.md, a little with --quick while something is being changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run. No load lasts longer than 30 seconds; every number is a median over `rounds`."""

    rounds: int
    load_seconds: int
    drained_events: int
    jobs: int
    together_seconds: int
    csv_rows: int
    xlsx_rows: int
    few_rows: int
    many_rows: int
    rows_beside_postbacks: int
    rows_at_the_limit: int
    few_clients: int
    many_clients: int
    history_sales: int
    history_measured: int
    connections: int = 64
    postbacks_per_second: int = 100


FULL = Scale(
    rounds=3,
    load_seconds=10,
    drained_events=20_000,
    jobs=300,
    together_seconds=20,
    csv_rows=50_000,
    xlsx_rows=10_000,
    few_rows=10_000,
    many_rows=200_000,
    rows_beside_postbacks=50_000,
    rows_at_the_limit=20_000,
    few_clients=10_000,
    many_clients=1_000_000,
    history_sales=10_000,
    history_measured=300,
)
QUICK = Scale(
    rounds=1,
    load_seconds=3,
    drained_events=3_000,
    jobs=50,
    together_seconds=6,
    csv_rows=5_000,
    xlsx_rows=1_000,
    few_rows=2_000,
    many_rows=20_000,
    rows_beside_postbacks=8_000,
    rows_at_the_limit=4_000,
    few_clients=1_000,
    many_clients=20_000,
    history_sales=1_000,
    history_measured=50,
)
