"""Rows 5 to 7: a year of history poured into the ledger, against tools that only copy it into tables."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from openpyxl import load_workbook

from service.queues import Lane
from tests.benchmarks.house import Failed, House, Program
from tests.benchmarks.office import Office
from tests.benchmarks.peers.environment import Peers
from tests.benchmarks.result import Line, Series
from tests.benchmarks.scale import Scale
from tests.benchmarks.sheets import written_csv, written_xlsx


def from_csv(house: House, scale: Scale, peers: Peers, folder: Path) -> tuple[Line, Line]:
    """Rows 5 and 6. One file: by the product, by dlt into three tables, by django-import-export into one."""
    path = written_csv(folder, scale.csv_rows)
    ours, merged, bulk = [], [], []
    for _ in range(scale.rounds):
        ours.append(scale.csv_rows / _imported(house, path))
        house.empty()
        merged.append(scale.csv_rows / peers.seconds("dlt_merge", house, path))
        bulk.append(scale.csv_rows / peers.seconds("django_bulk", house, path))
    poured = Series("rows/s", ours)
    size = f"{scale.csv_rows:,} rows of 63 columns, {path.stat().st_size / 2**20:.0f} MB"
    return (
        Line(
            5,
            "CSV import (63 columns, confirm to completed) ÷ dlt merging the same file into three tables",
            poured,
            Series("rows/s", merged),
            reach="≥ 0.7, aim > 1",
            least=0.7,
            besides=(f"{size}, into an empty account; dlt: merge by upsert on the key, text columns",),
        ),
        Line(
            6,
            "the same ÷ django-import-export bulk of the same file into one table",
            poured,
            Series("rows/s", bulk),
            reach="≥ 2, aim 5",
            least=2,
            besides=("django-import-export: use_bulk, 1,000 a batch, cached instances, no diff, text columns",),
        ),
    )


def from_xlsx(house: House, scale: Scale, folder: Path) -> Line:
    """Row 7. A workbook imported, and the same workbook only looped over with openpyxl."""
    path = written_xlsx(folder, scale.xlsx_rows)
    ours, looked_at = [], []
    for _ in range(scale.rounds):
        ours.append(scale.xlsx_rows / _imported(house, path))
        looked_at.append(scale.xlsx_rows / _looped_over(path, scale.xlsx_rows))
    return Line(
        7,
        "XLSX import ÷ openpyxl read-only iteration alone",
        Series("rows/s", ours),
        Series("rows/s", looked_at),
        reach="≥ 0.8, aim 2",
        least=0.8,
        besides=(f"{scale.xlsx_rows:,} rows of 63 columns, {path.stat().st_size / 2**20:.1f} MB zipped",),
    )


def _imported(house: House, path: Path) -> float:
    house.empty()
    with office(house) as (open_office, _):
        return open_office.imported(path)


@contextlib.contextmanager
def office(house: House) -> Iterator[tuple[Office, tuple[Program, Program, Program]]]:
    """A seller's office at a running product: web, files and bulk workers, none of which has worked before."""
    with house.web() as web, house.worker(Lane.FILES) as files, house.worker(Lane.BULK) as bulk:
        yield Office(web.port, house.seller()), (web, files, bulk)


def _looped_over(path: Path, rows: int) -> float:
    begun, count = time.perf_counter(), 0
    book = load_workbook(path, read_only=True)
    for _ in book.worksheets[0].iter_rows(values_only=True):
        count += 1
    book.close()
    if count != rows + 1:
        raise Failed(f"openpyxl saw {count} rows")
    return time.perf_counter() - begun
