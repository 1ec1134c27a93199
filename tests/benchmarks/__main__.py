"""`make bench`: measures the table of docs/performance.md. `python -m tests.benchmarks 5 6 --quick` measures some rows.

A run of all rows in full size writes the page; any other one only prints.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.benchmarks import (
    door,
    drain,
    flush,
    history,
    hooks,
    importing,
    latency,
    memory,
    pages,
    preview,
    report,
)
from tests.benchmarks.house import House, opened
from tests.benchmarks.peers.environment import installed
from tests.benchmarks.result import Line
from tests.benchmarks.scale import FULL, QUICK, Scale

EVERY_ROW = tuple(range(1, 15))


def measured(
    house: House, scale: Scale, rows: Sequence[int], folder: Path, peers: Path | None, *, keep: bool
) -> Iterator[Line]:
    """The wanted lines, in the order of the table; with `keep` the tables behind them are written to their pages."""
    wanted = set(rows)
    if wanted & {1, 3}:
        acks = door.acknowledged(house, scale)
        yield from [acks] * (1 in wanted)
    if wanted & {2, 3}:
        drained = drain.drained(house, scale)
        yield from [drained] * (2 in wanted)
    if 3 in wanted:
        yield drain.keeps_up(drained, acks)
    if 4 in wanted:
        yield door.together(house, scale)
    if wanted & {5, 6}:
        with installed(peers) as others:
            yield from (line for line in importing.from_csv(house, scale, others, folder) if line.number in wanted)
    alone = {
        7: lambda: importing.from_xlsx(house, scale, folder),
        8: lambda: memory.imported_in_flat_memory(house, scale, folder),
        9: lambda: latency.beside_an_import(house, scale, folder),
        10: lambda: preview.from_upload_to_preview(house, scale, folder),
    }
    yield from (line() for number, line in alone.items() if number in wanted)
    if wanted & {11, 12}:
        yield from (line for line in pages.over_a_crowd(scale, keep=keep) if line.number in wanted)
    outwards = {13: history.to_kommo, 14: hooks.answered}
    yield from (measure(house, scale) for number, measure in outwards.items() if number in wanted)


def main() -> None:
    """Measure, print as it comes, and write the page after a whole run."""
    chosen = _arguments()
    scale = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory(prefix="marco-files-") as folder, opened() as house:
        begun, busy, flushing = time.monotonic(), psutil.cpu_percent(interval=2), flush.told(house)
        print(f"flush cost: {flushing}; processors {busy:.0f} % busy before the run", flush=True)
        lines = []
        for line in measured(house, scale, chosen.rows, Path(folder), chosen.peers, keep=not chosen.print_only):
            lines.append(line)
            print(f"{report.table([line])[-1]}", *line.besides, sep="\n    ", flush=True)
        page = report.told(lines, report.circumstances(house, scale, flushing, busy, datetime.now(UTC)))
    print(f"\n{page}\n\n{(time.monotonic() - begun) / 60:.1f} minutes")
    if tuple(chosen.rows) == EVERY_ROW and not chosen.quick and not chosen.print_only:
        report.write(page)
        print(f"written to {report.PAGE}")


def _row(word: str) -> int:
    """A row of the table; not `choices`, which argparse would hold against no rows at all."""
    if word not in map(str, EVERY_ROW):
        raise argparse.ArgumentTypeError(f"'{word}' is no row of the table: 1 to {EVERY_ROW[-1]}")
    return int(word)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure docs/performance.md.")
    parser.add_argument(
        "rows", nargs="*", type=_row, metavar="ROW", help=f"rows of the table, 1 to {EVERY_ROW[-1]}; without any, all"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and one round, to see whether a change helps")
    parser.add_argument("--print-only", action="store_true", help="leave the page alone")
    parser.add_argument("--peers", type=Path, help="keep the peers' environment in this folder, and use it again")
    chosen = parser.parse_args()
    chosen.rows = sorted(set(chosen.rows)) or list(EVERY_ROW)
    return chosen


if __name__ == "__main__":
    main()
