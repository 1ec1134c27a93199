"""Row 8: the memory of the workers while a small and a large file go through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.benchmarks.house import House, Program
from tests.benchmarks.importing import office
from tests.benchmarks.result import Line, Series
from tests.benchmarks.scale import Scale
from tests.benchmarks.sheets import written_csv

LOOK_SECONDS = 0.1
MB = 2**20
LARGEST_WORKER = 300.0


@dataclass(slots=True)
class Peaks:
    """The most seen at one moment, in MB: PSS of families (what they share counts once), RSS of one process."""

    together: float = 0.0
    families: dict[str, float] = field(default_factory=dict)
    largest: float = 0.0

    def look(self, programs: tuple[Program, ...]) -> None:
        """Remember what is higher now than before."""
        now = {program.name: _memory(program.root) for program in programs}
        for name, (shared_once, _) in now.items():
            self.families[name] = max(self.families.get(name, 0.0), shared_once)
        self.together = max(self.together, sum(shared_once for name, (shared_once, _) in now.items() if name != "wsgi"))
        self.largest = max([self.largest, *(alone for name, (_, alone) in now.items() if name != "wsgi")])


def imported_in_flat_memory(house: House, scale: Scale, folder: Path) -> Line:
    """Row 8. Peaks of the files worker, its reading child and the bulk worker, for many rows over few."""
    few = _peaks(house, written_csv(folder, scale.few_rows))
    many = _peaks(house, written_csv(folder, scale.many_rows))
    lanes = ", ".join(f"{name} {peak:.0f} (few: {few.families[name]:.0f})" for name, peak in many.families.items())
    return Line(
        8,
        f"peak memory importing {scale.many_rows:,} rows ÷ {scale.few_rows:,} rows",
        Series("MB", [many.together]),
        Series("MB", [few.together]),
        reach="≤ 1.5, workers under 300 MB",
        most=1.5,
        also_reached=max(many.families["files"], many.families["bulk"]) < LARGEST_WORKER,
        besides=(
            "files worker with its reading child, plus bulk worker: PSS of both families, looked at ten times a second",
            f"peaks of each family alone, MB: {lanes.replace('wsgi', 'web')}",
            f"largest single process of a worker: {many.largest:.0f} MB (RSS)",
        ),
    )


def _peaks(house: House, path: Path) -> Peaks:
    house.empty()
    with office(house) as (open_office, programs), watched(programs) as peaks:
        open_office.imported(path)
    return peaks


@contextmanager
def watched(programs: tuple[Program, ...]) -> Iterator[Peaks]:
    """Look at these programs and all they fork until the block ends."""
    peaks, ended = Peaks(), threading.Event()

    def look_on() -> None:
        while not ended.wait(LOOK_SECONDS):
            peaks.look(programs)

    looking = threading.Thread(target=look_on, name="memory")
    looking.start()
    try:
        yield peaks
    finally:
        ended.set()
        looking.join()


def _memory(root: psutil.Process) -> tuple[float, float]:
    """PSS of a whole family and the largest RSS in it, in MB; a process that ends meanwhile counts nothing."""
    total = largest = 0.0
    for one in (root, *root.children(recursive=True)):
        try:
            seen = one.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        total, largest = total + seen.pss / MB, max(largest, seen.rss / MB)
    return total, largest
