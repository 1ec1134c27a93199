"""`make run`: one command starts everything, keeps it alive and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.running.machine import (
    ROOT,
    ask,
    environment,
    eventually,
    free_port,
    keepers_of,
    kill_all,
    processes_of,
    running,
    servers_of,
)

RUNNER = [sys.executable, "-m", "service.runner"]
# `-o product`: the test must not install anything; it runs in an environment that has everything.
MAKE = ["make", "--no-print-directory", "-o", "product", "run"]
LANES = ("realtime", "bulk", "files", "deliver")


class House:
    """One `make run` on a port and a `var` of its own."""

    def __init__(self, var: Path, words: list[str] | None = None) -> None:
        self.var = var
        self.port = free_port()
        self.output = var.parent / "output"
        chosen = environment(var, PORT=str(self.port), WEB_PROCESSES="1", WEB_THREADS="4")
        with self.output.open("ab") as writing:
            words = words or RUNNER
            self.process = subprocess.Popen(words, cwd=ROOT, env=chosen, stdout=writing, stderr=subprocess.STDOUT)

    def answer(self, path: str = "/healthz") -> int:
        """The status of one page; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as fault:
            return int(fault.code)
        except OSError:
            return 0

    def wait_until_ready(self) -> House:
        eventually(lambda: self.answer() == 200 or self.process.poll() is not None, "the door did not open")
        eventually(lambda: self.answer("/readyz") == 200 or self.process.poll() is not None, "it did not get ready")
        assert self.process.poll() is None, self.said()
        return self

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def programs(self, *words: str) -> list[psutil.Process]:
        """The living processes of this house whose command line has those words."""
        return running(self.var, *words)

    def stop(self, ending: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(ending)
        return self.process.wait(60)


@pytest.fixture
def var(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "var"
    yield folder
    kill_all(processes_of(folder))


def test_one_command_starts_everything_and_its_end_leaves_no_process_behind(var):
    house = House(var).wait_until_ready()
    for lane in LANES:
        assert len(house.programs("-m workers", lane)) == 3, "a supervisor, a listener and a watcher"
    assert house.stop() == 0
    assert processes_of(var) == []


def test_the_first_lines_tell_the_address_and_the_first_commands(var):
    house = House(var).wait_until_ready()
    first = house.said().splitlines()[:9]
    address = f"http://127.0.0.1:{house.port}"
    assert address in first[0]
    assert any('.venv/bin/flask --app wsgi account create "My school" --hottok my-hottok' in line for line in first)
    assert any(f"curl -i {address}/webhooks/hotmart/" in line for line in first)
    imports = [line for line in first if "flask --app wsgi import " in line]
    assert (ROOT / imports[0].split()[-1]).is_file()
    house.stop()


def test_ctrl_c_ends_it_as_cleanly(var):
    house = House(var).wait_until_ready()
    assert house.stop(signal.SIGINT) == 0
    assert processes_of(var) == []
    assert "Traceback" not in house.said()


def test_make_passes_the_signal_on_and_waits(var):
    house = House(var, MAKE).wait_until_ready()
    house.stop()
    assert processes_of(var) == []


def test_a_killed_make_takes_everything_along(var):
    house = House(var, MAKE).wait_until_ready()
    house.stop(signal.SIGKILL)
    eventually(lambda: not processes_of(var), "processes outlived the killed make")


def test_dead_children_are_started_again(var):
    house = House(var).wait_until_ready()
    before = {process.pid for process in processes_of(var)}
    kill_all(house.programs("gunicorn") + house.programs("-m workers"))
    eventually(lambda: len(house.programs("-m workers")) >= 9, "the workers did not come back")
    eventually(lambda: house.answer() == 200, "the door did not open again")
    assert not before & {process.pid for process in house.programs("gunicorn") + house.programs("-m workers")}
    house.stop()
    assert processes_of(var) == []


def test_killed_servers_and_their_keepers_come_back(var):
    house = House(var).wait_until_ready()
    kill_all(keepers_of(var) + servers_of(var, "postgres"))
    eventually(lambda: len(keepers_of(var)) == 2, "the keepers did not come back")
    eventually(lambda: house.answer("/readyz") == 200, "it did not get ready again")
    house.stop()
    assert processes_of(var) == []


def test_a_kill_of_the_whole_tree_costs_no_data(var):
    house = House(var).wait_until_ready()
    where = _database_of(house)
    ask(where, "CREATE TABLE kept AS SELECT 7 AS number")
    kill_all(processes_of(var))
    house.process.wait()
    again = House(var).wait_until_ready()
    assert ask(_database_of(again), "SELECT number FROM kept") == [(7,)]
    assert again.stop() == 0
    assert processes_of(var) == []


def test_a_taken_port_is_told_before_anything_starts(var):
    house = House(var).wait_until_ready()
    second = subprocess.run(
        RUNNER, cwd=ROOT, env=environment(var, PORT=str(house.port)), capture_output=True, text=True, check=False
    )
    assert second.returncode != 0
    assert f"Port {house.port} cannot be used" in second.stderr
    assert f"PORT={house.port + 1} make run" in second.stderr
    assert house.answer() == 200, "the first one was disturbed"
    house.stop()


def test_a_faulty_setting_is_one_message_without_traceback(var):
    said = subprocess.run(
        RUNNER, cwd=ROOT, env=environment(var, PORT="80000"), capture_output=True, text=True, check=False
    )
    assert said.returncode != 0
    assert "PORT: must be a whole number from 1 to 65535." in said.stderr
    assert "Traceback" not in said.stderr
    assert processes_of(var) == []


def test_a_command_beside_it_uses_its_servers_and_leaves_them_running(var):
    house = House(var).wait_until_ready()
    before = {process.pid for process in keepers_of(var) + servers_of(var, "postgres")}
    assert "/webhooks/hotmart/" in _command(var, "routes")
    assert {process.pid for process in keepers_of(var) + servers_of(var, "postgres")} == before
    assert house.answer("/readyz") == 200
    house.stop()


def test_a_command_alone_starts_the_servers_migrates_and_stops_them(var):
    assert "/webhooks/hotmart/" in _command(var, "routes")
    assert processes_of(var) == []


def test_the_release_step_brings_the_schema_up_to_date(var):
    words = [sys.executable, "-m", "service.runner", "migrate"]
    for _ in range(2):
        assert subprocess.run(words, cwd=ROOT, env=environment(var), check=False).returncode == 0
    assert processes_of(var) == []


def _command(var: Path, *words: str) -> str:
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    return subprocess.run(flask, cwd=ROOT, env=environment(var), check=True, capture_output=True, text=True).stdout


def _database_of(house: House) -> str:
    """As its own workers were told."""
    (worker, *_) = house.programs("-m workers", "realtime")
    return worker.environ()["DATABASE_URL"]
