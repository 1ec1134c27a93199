"""The child process: it streams, it is limited, it never outlives its parent, and it never takes it down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from service.errors import Malformed
from service.sources.sheet.child import Limits, run_in_child
from service.sources.sheet.faults import UnreadableFile
from tests.sources.sheet.files import a_row, an_xlsx, sheet_of, text_cell

CULPRITS = "tests.sources.sheet.culprits."
ROOT = Path(__file__).parents[3]


def run(function: str, limits: Limits | None = None, **arguments: object) -> list[bytes]:
    return list(run_in_child(CULPRITS + function, arguments, limits=limits or Limits(seconds=30)))


def fault_of(function: str, limits: Limits | None = None, **arguments: object) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as raised:
        run(function, limits, **arguments)
    return raised.value


def test_how_far_it_is_goes_to_who_asked_and_records_to_the_caller():
    told: list[int] = []
    records = run_in_child(CULPRITS + "says_how_far_it_is", {}, limits=Limits(seconds=30), tell=told.append)
    assert next(records) == b"first"
    assert told == [2000], "as it comes, not at the end"
    assert list(records) == [b"second"]
    assert told == [2000, 4000]
    assert run("says_how_far_it_is") == [b"first", b"second"]


def comes_true(claim: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not claim() and time.monotonic() < until:
        time.sleep(0.01)
    return claim()


def test_records_arrive_in_order_and_complete():
    assert run("counts", upto=100_000) == [b"%d" % number for number in range(100_000)]


def test_no_records_are_no_error():
    assert run("counts", upto=0) == []


def test_the_child_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert run("surroundings")[0] == b"[]"


def test_the_child_finds_our_code_from_any_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert run("surroundings")[1] == str(tmp_path).encode()


def test_what_a_library_prints_does_not_get_between_the_records():
    assert run("prints") == [b"record"]


def test_an_error_with_a_code_arrives_as_the_same_error():
    fault = fault_of("raises", kind="unreadable")
    assert (fault.code, fault.facts) == ("far_cell", {"cell": "ZZ9"})
    assert "ZZ9" in fault.message
    with pytest.raises(Malformed, match="no sense in it"):
        run("raises", kind="malformed")


def test_records_before_an_error_are_delivered():
    records = run_in_child(CULPRITS + "raises", {"kind": "unreadable"})
    assert next(records) == b"first"
    with pytest.raises(UnreadableFile):
        next(records)


def test_a_bug_is_a_crash_that_tells_its_place_and_nothing_of_the_file():
    fault = fault_of("raises", kind="bug")
    assert fault.code == "crashed"
    assert "ValueError at culprits.py" in fault.message
    assert "ana@example.com" not in fault.message


@pytest.mark.parametrize("already_sent", [0, 1 << 20])
def test_a_child_that_hangs_is_stopped(already_sent: int):
    fault = fault_of("hangs", Limits(seconds=0.7), after=already_sent)
    assert (fault.code, fault.facts) == ("too_slow", {"seconds": "0.7"})


def test_a_child_that_spins_is_stopped():
    assert fault_of("spins", Limits(seconds=0.7)).code == "too_slow"


def test_a_child_that_eats_memory_is_stopped():
    fault = fault_of("eats_memory", Limits(memory_mb=256, seconds=30))
    assert (fault.code, fault.facts) == ("too_much_memory", {"megabytes": "256"})


def test_a_far_cell_that_slips_past_every_check_takes_only_the_child_down(tmp_path: Path):
    sheet = sheet_of(a_row(1, text_cell("A1", "Email")), a_row(2, '<c r="XFD1048576"><v>1</v></c>'))
    fault = fault_of("opens_far_cell_with_the_fast_reader", path=str(an_xlsx(tmp_path / "a", sheet)))
    assert fault.code == "too_much_memory"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_child_that_is_killed_is_a_crash(number: signal.Signals):
    fault = fault_of("is_killed", number=int(number))
    assert (fault.code, fault.facts) == ("crashed", {"what": number.name})


def test_a_child_out_of_processor_time_was_too_slow():
    assert fault_of("is_killed", number=int(signal.SIGXCPU)).code == "too_slow"


def test_a_child_that_ends_without_saying_so_is_a_crash():
    assert fault_of("leaves_early").code == "crashed"


def test_a_function_that_does_not_exist_is_a_crash():
    assert fault_of("does_not_exist").code == "crashed"


def test_more_output_than_allowed_is_refused():
    assert fault_of("hangs", Limits(output_mb=1, seconds=30), after=2 << 20).code == "too_much_output"


def test_a_child_cannot_write_files(tmp_path: Path):
    assert run("writes_a_file", path=str(tmp_path / "x")) == [b"OSError"]


def test_time_the_caller_spends_between_records_is_not_counted():
    records = run_in_child(CULPRITS + "counts", {"upto": 300_000}, limits=Limits(seconds=4))
    assert next(records) == b"0"
    time.sleep(4.5)
    assert sum(1 for _ in records) == 299_999


def test_closing_the_records_kills_the_child():
    records = run_in_child(CULPRITS + "tells_its_number", {}, limits=Limits(seconds=30))
    child = psutil.Process(int(next(records)))
    assert child.is_running()
    records.close()  # type: ignore[attr-defined]  # it is a generator
    assert not child.is_running()


PARENT = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from service.sources.sheet.child import run_in_child
for record in run_in_child("{CULPRITS}tells_its_number", {{}}):
    print(int(record), flush=True)
"""


def test_a_child_dies_with_a_parent_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        os.kill(parent.pid, signal.SIGKILL)
    assert comes_true(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_no_process_and_no_pipe_is_left_behind():
    def left() -> tuple[int, int]:
        return len(psutil.Process().children()), len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # it changes as we look

    run("counts", upto=1)
    before = left()
    for _ in range(5):
        run("counts", upto=10)
        fault_of("hangs", Limits(seconds=0.2), after=0)
        fault_of("raises", kind="bug")
    assert left() == before
