"""Every web process has a core of its own for as long as there are enough."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from service.cores import Cores, available
from tests.running.machine import ROOT


def test_processes_are_spread_evenly_and_a_new_one_takes_the_place_of_the_dead():
    cores = Cores([4, 5, 6])
    taken: list[int | None] = []
    for _ in range(6):
        taken.append(cores.least_used(taken))
    assert sorted(taken[:3]) == sorted(taken[3:]) == [4, 5, 6]
    dead = taken.pop(1)
    assert cores.least_used(taken) == dead


def test_without_a_choice_nobody_is_kept_anywhere():
    assert Cores([]).least_used([None]) is None


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system lets nobody choose a core")
def test_a_process_stays_on_its_core_with_all_its_threads():
    said = subprocess.run(
        [sys.executable, "-c", STAYS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert said[0] == said[1] == f"{{{said[2]}}}"
    assert int(said[2]) in os.sched_getaffinity(0)
    assert available().least_used([]) is not None


STAYS = """
import os, threading
from service import cores
core = cores.available().least_used([])
cores.stay_on(core)
seen = []
thread = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(threading.get_native_id())))
thread.start(); thread.join()
print(os.sched_getaffinity(0), seen[0], core)
"""
