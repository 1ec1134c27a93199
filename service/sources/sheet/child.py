"""Running the reading of one untrusted file in a fresh, limited child process.

The child starts from nothing: no environment, no site hooks, only the import path of the parent. Memory, CPU
time, open files and written files are limited by the kernel; waiting time and output are limited here. It ends
when its parent does, however that ends. What it sends is not trusted either: only sizes are believed, after a check.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import Malformed, MarcoError, TooLarge, Unprocessable
from service.sources.sheet.faults import UnreadableFile, phrase, unreadable

FRAME = struct.Struct(">cI")
"""Kind and length of what follows. Kinds: R a record, P how far it is, E an error (JSON), Z the end."""

_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from service.sources.sheet.inside import main; main()"
_ERRORS = {kind.__name__: kind for kind in (Malformed, TooLarge)}
_LONGEST_FRAME = 64 << 20
_READ = 1 << 18
_KEPT_STDERR = 1 << 14

# Where Python itself needs it to find its library (some platforms); nothing else is passed on.
_PASSED_ON = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. `seconds` is the time it makes us wait, and (plus one) its own CPU time."""

    memory_mb: int = 1024
    seconds: float = 60.0
    output_mb: int = 1024


def _untold(_: int) -> None:
    """Nobody wants to know."""


def run_in_child(
    function: str,
    arguments: Mapping[str, Any],
    *,
    limits: Limits | None = None,
    tell: Callable[[int], None] = _untold,
) -> Iterator[bytes]:
    """Call `package.module.function(**arguments)` in a child process; give the records it yields, as they come.

    The arguments must be JSON; the function returns an iterable of bytes, its records, and of numbers, which say how
    far it is and go to `tell`. The child is started by the first
    `next()` and killed when the iterator is closed. Time the caller spends between two records is not counted.
    Raises the `Unprocessable` the function raised, or `UnreadableFile` with code `too_slow`, `too_much_memory`,
    `too_much_output` or `crashed`. Close the iterator in the thread that started it: on Linux a child also dies
    with the thread that made it.
    """
    limits = limits or Limits()
    conversation = _Conversation(_started(), limits, tell)
    try:
        conversation.ask({"function": function, "arguments": dict(arguments), **_told(limits)})
        yield from conversation.records()
    finally:
        conversation.stop()


def _started() -> subprocess.Popen[bytes]:
    paths = [str(Path(path).absolute()) for path in sys.path]
    # -I: no environment, no user packages; -S: no start-up hooks. A session of its own keeps Ctrl-C ours.
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, *paths]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True, bufsize=0
    )


def _told(limits: Limits) -> dict[str, Any]:
    return {"parent": os.getpid(), "memory_mb": limits.memory_mb, "cpu_seconds": int(limits.seconds) + 1}


class _Conversation:
    """One child, from the question to its last record."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits, tell: Callable[[int], None]) -> None:
        self._process = process
        self._tell = tell
        self._limits = limits
        self._left = limits.seconds
        self._received = 0
        self._stderr = b""
        assert process.stdout is not None  # all three are pipes
        assert process.stderr is not None
        self._out, self._err = process.stdout.fileno(), process.stderr.fileno()
        self._poll = select.poll()
        for pipe in (self._out, self._err):
            self._poll.register(pipe, select.POLLIN | select.POLLHUP)

    def ask(self, question: dict[str, Any]) -> None:
        """Send the question. The pipe stays open: its closing tells the child that we are gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
        except BrokenPipeError:  # it died at once; the end of its output tells how
            return

    def records(self) -> Iterator[bytes]:
        """The records, until the child says that it is done."""
        buffer = bytearray()
        while piece := self._piece():
            buffer += piece
            at = 0
            while len(buffer) - at >= FRAME.size:
                kind, length = FRAME.unpack_from(buffer, at)
                if length > _LONGEST_FRAME:
                    raise unreadable("crashed", what=phrase("endless_record"))
                end = at + FRAME.size + length
                if len(buffer) < end:
                    break
                body = bytes(buffer[at + FRAME.size : end])
                at = end
                if kind == b"R":
                    yield body
                elif kind == b"P":
                    self._tell(int.from_bytes(body[:8], "big"))
                elif kind == b"Z":
                    return
                else:
                    raise _error_in(body, self._limits)
            del buffer[:at]
        raise self._end_without_word()

    def stop(self) -> None:
        """Kill the child, whatever it does, and leave nothing of it behind."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _piece(self) -> bytes:
        """The next bytes of output; none at its end. Raises `too_slow`, `too_much_output`."""
        while True:
            for pipe in self._ready():
                piece = os.read(pipe, _READ)
                if pipe == self._out:
                    self._received += len(piece)
                    if self._received > self._limits.output_mb << 20:
                        raise unreadable("too_much_output", megabytes=self._limits.output_mb)
                    return piece
                if not piece:
                    self._poll.unregister(pipe)
                self._stderr = (self._stderr + piece)[:_KEPT_STDERR]

    def _ready(self) -> list[int]:
        started = time.monotonic()
        ready = self._poll.poll(max(self._left, 0) * 1000)
        self._left -= time.monotonic() - started
        if not ready:
            raise unreadable("too_slow", seconds=f"{self._limits.seconds:g}")
        # Output last: an end of output must find all of the errors read.
        return sorted((pipe for pipe, _ in ready), key=lambda pipe: pipe == self._out)

    def _end_without_word(self) -> UnreadableFile:
        """What a child died of that sent neither an end nor an error."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return unreadable("crashed", what=phrase("closed_output"))
        if code == -signal.SIGXCPU:
            return unreadable("too_slow", seconds=f"{self._limits.seconds:g}")
        if b"memory allocation of" in self._stderr or b"MemoryError" in self._stderr:
            return unreadable("too_much_memory", megabytes=self._limits.memory_mb)
        what = signal.Signals(-code).name if code < 0 else phrase("exit_code", number=code)
        return unreadable("crashed", what=what)


def _error_in(body: bytes, limits: Limits) -> MarcoError:
    """The error a child sent. Classes are looked up, never imported by the name that came."""
    try:
        told = json.loads(body)
        name, code, message = str(told["class"]), str(told["code"]), str(told["message"])
        facts = {str(key): str(value) for key, value in dict(told["facts"]).items()}
    except (ValueError, KeyError, TypeError) as fault:
        raise unreadable("crashed", what=phrase("garbled_error")) from fault
    if code == "too_much_memory":
        return unreadable(code, megabytes=limits.memory_mb)
    if name == UnreadableFile.__name__:
        return UnreadableFile(message, code=code, facts=facts)
    return _ERRORS.get(name, Unprocessable)(message, code=code, facts=facts)
