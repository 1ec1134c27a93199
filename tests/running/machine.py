"""A machine to start and kill things on: whole trees of processes, watched from outside."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0

USES_THE_SERVERS = """
import sys
from service import settings
from service.local import servers
with servers(settings.load(), fast=True) as found:
    print(found.database_url, found.redis_url, flush=True)
    sys.stdin.read()
"""


class Command:
    """A program that uses the embedded servers until it is told that it may end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.database_url, self.redis_url = "", ""

    def wait_for_servers(self) -> Command:
        said = self.process.stdout.readline().split()  # type: ignore[union-attr]  # opened as a pipe
        assert len(said) == 2, self.process.communicate()
        self.database_url, self.redis_url = said
        return self

    def end(self) -> None:
        said, complaints = self.process.communicate("", timeout=PATIENCE)
        assert self.process.returncode == 0, said + complaints

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def start_command(
    var: Path, *, python: str = sys.executable, user: int | None = None, import_first: Path = ROOT
) -> Command:
    """Start that program; as another user, or with other libraries, when they are given."""
    chosen = environment(var)
    chosen["PYTHONPATH"] = os.pathsep.join([str(import_first), chosen["PYTHONPATH"]])
    return Command(
        subprocess.Popen(
            [python, "-c", USES_THE_SERVERS],
            env=chosen,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
        )
    )


@contextlib.contextmanager
def command(var: Path, **chosen: object) -> Iterator[Command]:
    """That program with its servers up; it has ended, by force if need be, after the block."""
    started = start_command(var, **chosen)  # type: ignore[arg-type]  # as start_command takes them
    try:
        yield started.wait_for_servers()
    finally:
        if started.process.poll() is None:
            started.kill()


def environment(var: Path, **more: str) -> dict[str, str]:
    """The environment of a newcomer: nothing configured but where `var` is."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**kept, "PYTHONPATH": import_path(), "PYTHONDONTWRITEBYTECODE": "1", "VAR_DIR": str(var), **more}


def import_path() -> str:
    """Where a Python that is not the virtual environment's own finds the code and its libraries."""
    return os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])


def processes_of(var: Path) -> list[psutil.Process]:
    """Every living process that was started for that `var`: keepers, servers, web, workers."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid() and _belongs(process, var):
                found.append(process)
    return found


def _belongs(process: psutil.Process, var: Path) -> bool:
    if str(var) in " ".join(process.cmdline()) or process.environ().get("VAR_DIR") == str(var):
        return True
    return process.cwd().startswith(str(var))


def servers_of(var: Path, name: str) -> list[psutil.Process]:
    """The server processes themselves, without their keepers and PostgreSQL's own children."""
    found = [process for process in processes_of(var) if program_of(process).startswith(name)]
    return [process for process in found if not program_of(parent_of(process)).startswith(name)]


def keepers_of(var: Path) -> list[psutil.Process]:
    """The keepers of the embedded servers."""
    return running(var, "service.embedded")


def running(var: Path, *words: str) -> list[psutil.Process]:
    """The processes of that `var` whose command line has those words."""
    return [one for one in processes_of(var) if all(word in " ".join(command_line(one)) for word in words)]


def command_line(process: psutil.Process | None) -> list[str]:
    """Its words; none when it has gone meanwhile."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline() if process is not None else []
    return []


def program_of(process: psutil.Process | None) -> str:
    """The name of the program it runs."""
    return Path((command_line(process) or [""])[0]).name


def parent_of(process: psutil.Process) -> psutil.Process | None:
    """Its parent, if both still live."""
    with contextlib.suppress(psutil.Error):
        return process.parent()
    return None


def kill_all(processes: list[psutil.Process]) -> None:
    """`kill -9` for each, parents and children alike; none of them lives any more afterwards."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    eventually(lambda: not any(map(lives, processes)), "a killed process lives on")


def lives(process: psutil.Process) -> bool:
    """Whether it has not ended; one whose parent has not looked at its end yet has."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def eventually(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until it is so; fail with `what` when it does not come to be."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def ask(database_url: str, statement: str) -> list[tuple[object, ...]]:
    """Run one statement; its rows, if it gives any."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def an_ordinary_user() -> tuple[int, str] | None:
    """Somebody without privileges, and a Python that they may run; None when this machine has no such Python.

    None also when they may not read this code: a checkout in a folder of root's own is closed to them.
    """
    if os.geteuid() != 0:
        return os.geteuid(), sys.executable
    user = pwd.getpwnam("nobody").pw_uid
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        with contextlib.suppress(OSError):
            reads_the_code = f"open({str(ROOT / 'wsgi.py')!r})"
            asked = subprocess.run([python, "-c", reads_the_code], user=user, cwd="/", check=False, capture_output=True)
            if asked.returncode == 0:
                return user, python
    return None
