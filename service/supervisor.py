"""A small supervisor: starts children, starts the dead ones again, leaves none behind."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import FrameType

from service.privileges import die_with_parent

log = logging.getLogger(__name__)

ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
SETTLED = 10.0
"""Seconds after which a child counts as healthy, so that its next death is mended at once."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep alive. `run` is called in the fork and may `exec`; when it returns the child ends.

    `stop` asks it to end and `death` is what it receives when the supervisor itself was killed
    (Linux). After `patience` seconds a child that was asked to end is killed.
    """

    name: str
    run: Callable[[], None]
    stop: signal.Signals = signal.SIGTERM
    death: signal.Signals = signal.SIGKILL
    patience: float = 20.0


@dataclass(slots=True)
class _Place:
    """Where one child stands: running with a pid, or due again at a moment of the monotonic clock."""

    child: Child
    pid: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = SHORTEST_PAUSE


def command(*words: str, environment: Mapping[str, str] | None = None) -> Callable[[], None]:
    """What a child runs when it is another program: the words of its command line."""
    return partial(os.execvpe, words[0], words, {**os.environ, **(environment or {})})


class Supervisor:
    """Keeps its children running until it is told to end (SIGTERM, SIGINT, SIGHUP) or `enough` says so.

    Children are forked: create it before any thread or connection. Each child has its own process
    group, so a Ctrl-C reaches only the supervisor, which ends them in order.
    """

    def __init__(self, children: Sequence[Child], *, enough: Callable[[], bool] = lambda: False) -> None:
        self._places = [_Place(child) for child in children]
        self._enough = enough
        self._ending = False

    def run(self, tick: float = 0.2) -> None:
        """Work until the end; returns when no child is left. `tick` is in seconds."""
        with self._listening() as wakes:
            while not (self._ending or self._enough()):
                self._start_the_due()
                _sleep(wakes, tick)
                self._reap()
            self._stop_all(wakes)

    @contextlib.contextmanager
    def _listening(self) -> Iterator[int]:
        """Signals wake the sleep through a pipe; SIGHUP stays ignored where `nohup` said so."""
        endings = [one for one in ENDINGS if signal.getsignal(one) is not signal.SIG_IGN]
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = {one: signal.signal(one, self._end) for one in endings}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _awake)
        old_wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(old_wakeup)
            for one, handler in before.items():
                signal.signal(one, handler)
            os.close(reading)
            os.close(writing)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _start_the_due(self) -> None:
        for place in self._places:
            if not place.pid and time.monotonic() >= place.due_at:
                place.pid = _forked(place.child)
                place.started_at = time.monotonic()

    def _reap(self) -> None:
        for place in self._places:
            if place.pid and (ended := _ending_of(place.pid)) is not None:
                self._plan_again(place, ended)

    def _plan_again(self, place: _Place, ended: str) -> None:
        now = time.monotonic()
        lived = now - place.started_at
        place.pause = SHORTEST_PAUSE if lived > SETTLED else min(place.pause * 2, LONGEST_PAUSE)
        place.due_at = now + place.pause
        place.pid = 0
        if not self._ending:
            log.warning("%s ended (%s) after %.1f s; again in %.1f s", place.child.name, ended, lived, place.pause)

    def _stop_all(self, wakes: int) -> None:
        self._ending = True
        asked_at = time.monotonic()
        for place in self._places:
            if place.pid:
                _send(place.pid, place.child.stop)
        while any(place.pid for place in self._places):
            _sleep(wakes, 0.1)
            self._reap()
            self._kill_the_stubborn(time.monotonic() - asked_at)

    def _kill_the_stubborn(self, waited: float) -> None:
        for place in self._places:
            if place.pid and waited > place.child.patience:
                log.warning("%s did not end within %.0f s; killed", place.child.name, place.child.patience)
                _send(place.pid, signal.SIGKILL)


def _forked(child: Child) -> int:
    """The pid of the new child. Signals wait meanwhile, so none meets a half-made process."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, [*ENDINGS, signal.SIGCHLD])
    pid = os.fork()
    if pid == 0:
        _live(child, parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [*ENDINGS, signal.SIGCHLD])
    return pid


def _live(child: Child, parent: int) -> None:
    """The whole life of a child, in the fork; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for one in (*ENDINGS, signal.SIGCHLD):
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [*ENDINGS, signal.SIGCHLD])
        die_with_parent(parent, child.death)
        child.run()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # the last frame of a process: what is not told here is told nowhere
        log.exception("%s broke", child.name)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _awake(_number: int, _frame: FrameType | None) -> None:
    """A child ended: nothing to do here, the byte in the pipe ends the sleep."""


def _sleep(wakes: int, seconds: float) -> None:
    ready, _, _ = select.select([wakes], [], [], seconds)
    if ready:
        os.read(wakes, 512)


def _ending_of(pid: int) -> str | None:
    """How a child ended, or None while it runs."""
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return "unseen"
    if not done:
        return None
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _send(pid: int, one: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, one)
