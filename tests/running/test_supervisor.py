"""The supervisor keeps its children alive and takes them along when it goes, however it goes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.running.machine import ROOT, eventually, kill_all, lives

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from service.supervisor import Child, Supervisor, command

def sleeper():
    Path(sys.argv[1], f"pid-{os.getpid()}").touch()
    time.sleep(600)

def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleeper()

def short():
    Path(sys.argv[1], f"pid-{os.getpid()}").touch()
    sys.exit(3)

children = {"sleeper": Child("sleeper", sleeper), "deaf": Child("deaf", deaf, patience=0.5),
            "short": Child("short", short), "program": Child("program", command("sleep", "600"))}
gone = Path(sys.argv[1], "enough")
Supervisor([children[name] for name in sys.argv[2:]], enough=gone.exists).run()
"""


@pytest.fixture
def supervised(tmp_path):
    """Start a supervisor of the named children; everything is killed after the test."""
    started = []

    def start(*names: str) -> psutil.Process:
        words = [sys.executable, "-c", SCRIPT, str(tmp_path), *names]
        started.append(subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL))
        return psutil.Process(started[-1].pid)

    yield start
    for process in started:
        kill_all([*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else [])
        process.kill()
        process.wait()


def test_a_child_that_dies_is_started_again(supervised, tmp_path):
    supervised("short")
    eventually(lambda: len(_pids(tmp_path)) >= 3, "a dead child was not started again")


def test_a_killed_child_is_replaced_by_another_process(supervised, tmp_path):
    supervisor = supervised("sleeper")
    (first,) = _children(supervisor, 1)
    kill_all([first])
    eventually(lambda: len(_pids(tmp_path)) == 2 and supervisor.children(), "a killed child was not replaced")
    assert first.pid not in {child.pid for child in supervisor.children()}


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_end_it_takes_all_children_along(supervised, ending):
    supervisor = supervised("sleeper", "program")
    children = _children(supervisor, 2)
    supervisor.send_signal(ending)
    assert supervisor.wait(20) == 0
    assert not any(child.is_running() for child in children)


def test_a_child_that_does_not_listen_is_killed_after_its_patience(supervised, tmp_path):
    supervisor = supervised("deaf")
    (deaf,) = _children(supervisor, 1)
    eventually(lambda: _pids(tmp_path), "the child did not begin")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert not deaf.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="the wish to die with the parent is Linux's")
def test_children_of_a_killed_supervisor_end_too(supervised):
    supervisor = supervised("sleeper", "deaf", "program")
    children = _children(supervisor, 3)
    supervisor.send_signal(signal.SIGKILL)
    eventually(lambda: not any(lives(child) for child in children), "a child outlived its killed supervisor")


def test_it_ends_by_itself_when_it_is_enough(supervised, tmp_path):
    supervisor = supervised("sleeper")
    (child,) = _children(supervisor, 1)
    (tmp_path / "enough").touch()
    assert supervisor.wait(20) == 0
    assert not child.is_running()


def _children(supervisor: psutil.Process, number: int) -> list[psutil.Process]:
    eventually(lambda: len(supervisor.children()) == number, "the children did not start")
    return supervisor.children()


def _pids(folder: Path) -> list[Path]:
    return list(folder.glob("pid-*"))
