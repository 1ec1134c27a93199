"""Row 10: how long somebody waits who has uploaded a large file, and whether anything moves meanwhile."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.house import Failed, House
from tests.benchmarks.importing import office
from tests.benchmarks.memory import watched
from tests.benchmarks.office import Office
from tests.benchmarks.result import Line, Series, figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.sheets import written_csv

LOOK_SECONDS = 0.05
LONGEST_WAIT = 3.0
LONGEST_STANDSTILL = 1.0
AT_WORK = ("checking", "trying", "running")


def from_upload_to_preview(house: House, scale: Scale, folder: Path) -> Line:
    """Row 10. Seconds from the first byte sent to the preview; beside it progress, memory of the web, a usual file."""
    many, usual = written_csv(folder, scale.csv_rows), written_csv(folder, scale.rows_at_the_limit)
    seconds = [_until_preview(house, many) for _ in range(scale.rounds)]
    at_the_limit = [_until_preview(house, usual) for _ in range(scale.rounds)]
    still = _standstills(house, many)
    moved = ", ".join(f"{name} {figure(longest)}" for name, longest in still.items())
    mb = usual.stat().st_size / 2**20
    peaks = f"{_web_peak(house, usual):.0f} MB with {scale.rows_at_the_limit:,} rows, {_web_peak(house, many):.0f}"
    return Line(
        10,
        f"from upload to preview, a CSV of {scale.csv_rows:,} rows",
        Series("s", seconds),
        reach="≤ 3 s, progress every second",
        most=LONGEST_WAIT,
        also_reached=max(still.values()) <= LONGEST_STANDSTILL,
        besides=(
            f"a file of {scale.rows_at_the_limit:,} rows, {mb:.0f} MB (10 are allowed): {Series('s', at_the_limit)}",
            f"longest time without progress, in s, asked for every {LOOK_SECONDS} s: {moved}",
            f"peak of the web's processes (PSS): {peaks} with {scale.csv_rows:,}",
        ),
    )


def _until_preview(house: House, path: Path) -> float:
    house.empty()
    with office(house) as (open_office, _):
        begun = time.monotonic()
        open_office.uploaded(path)
        return time.monotonic() - begun


def _standstills(house: House, path: Path) -> dict[str, float]:
    """The longest standstill while a file is looked into, tried and imported."""
    house.empty()
    with office(house) as (open_office, _):
        import_id = open_office.sent(path)
        checking = _longest_standstill(open_office, import_id)
        open_office.confirm(import_id, dry_run=True)
        trying = _longest_standstill(open_office, import_id)
        open_office.confirm(import_id)
        running = _longest_standstill(open_office, import_id)
        open_office.completed(import_id)
    return {"looking into it": checking, "dry run": trying, "import": running}


def _longest_standstill(open_office: Office, import_id: int) -> float:
    """Seconds in which nothing that a page shows of an import moved, until the work on it ended."""
    longest, last, moved_at = 0.0, None, time.monotonic()
    while True:
        found = open_office.found(import_id)
        shown, now = (found["status"], found["chunk"], found["rows_read"], found["rows"]), time.monotonic()
        if shown != last:
            longest, last, moved_at = max(longest, now - moved_at), shown, now
        if found["status"] not in AT_WORK:
            break
        time.sleep(LOOK_SECONDS)
    if found["status"] not in ("ready", "completed"):
        raise Failed(f"the import is {found['status']}: {found['problem']}")
    return longest


def _web_peak(house: House, path: Path) -> float:
    house.empty()
    with office(house) as (open_office, (web, *_)), watched((web,)) as peaks:
        open_office.uploaded(path)
    return peaks.families[web.name]
