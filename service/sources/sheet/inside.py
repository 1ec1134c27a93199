"""The child's side of `child`: limit yourself, tie your life to the parent's, call one function, send what it gives.

Imports are few on purpose: this module is loaded for every uploaded file, several times.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from service.errors import Unprocessable
from service.sources.sheet.faults import unreadable

PR_SET_PDEATHSIG = 1
OPEN_FILES = 64
SEND_BYTES = 1 << 16


def main() -> None:
    """Answer the one question on standard input, then end without ceremony."""
    # What a library prints must not get between the frames.
    sending = os.fdopen(os.dup(1), "wb", buffering=SEND_BYTES)
    os.dup2(2, 1)
    question = json.loads(sys.stdin.buffer.readline())
    _tie_to_parent(question["parent"])
    gc.disable()  # a short life without cycles: searching for them only costs time
    try:
        function = _named(question["function"])
        _limit(question["memory_mb"], question["cpu_seconds"])
        for record in function(**question["arguments"]):
            if isinstance(record, int):
                _send(sending, b"P", record.to_bytes(8, "big"))
                sending.flush()
            else:
                _send(sending, b"R", record)
        _send(sending, b"Z", b"")
    except Unprocessable as fault:
        _send(sending, b"E", _told(fault))
    except MemoryError:
        _send(sending, b"E", b'{"class": "UnreadableFile", "code": "too_much_memory", "message": "", "facts": {}}')
    except Exception as fault:  # noqa: BLE001  # a bug, or a file that found one: the parent needs a word of it
        _send(sending, b"E", _told(_crash(fault)))
    sending.flush()
    os._exit(0)


def _named(dotted: str) -> Callable[..., Iterable[bytes | int]]:
    """The function of that name. Imported before files are forbidden, so that its bytecode can be kept."""
    module, _, name = dotted.rpartition(".")
    function: Callable[..., Iterable[bytes | int]] = getattr(import_module(module), name)
    return function


def _send(sending: BinaryIO, kind: bytes, body: bytes) -> None:
    sending.write(kind + len(body).to_bytes(4, "big"))
    sending.write(body)


def _told(fault: Unprocessable) -> bytes:
    told = {"class": type(fault).__name__, "code": fault.code, "message": fault.message, "facts": fault.facts}
    return json.dumps(told).encode()


def _crash(fault: Exception) -> Unprocessable:
    """A crash as a word for the parent: kind and place of the fault, never its text, which may quote a person's row."""
    place = fault.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "nowhere"
    return unreadable("crashed", what=f"{type(fault).__name__} at {where}")


def _tie_to_parent(parent: int) -> None:
    """Die with the parent. The kernel does it, so it works in the middle of anything.

    Two ropes: the closing of our standard input (SIGIO, which ends a process that does not catch it), and on
    Linux the parent's death itself, for when a fork of the parent still holds the other end of the pipe.
    """
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    watched = select.poll()
    watched.register(0, select.POLLIN)
    if watched.poll(0) or os.getppid() != parent:  # it was already gone
        os._exit(1)


def _limit(memory_mb: int, cpu_seconds: int) -> None:
    limits = {
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + 5),
        resource.RLIMIT_NOFILE: (OPEN_FILES, OPEN_FILES),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    if sys.platform == "linux":  # elsewhere the kernel knows the limit but does not keep it, or refuses it
        limits[resource.RLIMIT_AS] = (memory_mb << 20, memory_mb << 20)
    for kind, wanted in limits.items():
        ceiling = resource.getrlimit(kind)[1]
        allowed = max(wanted) if ceiling == resource.RLIM_INFINITY else ceiling
        resource.setrlimit(kind, (min(wanted[0], allowed), min(wanted[1], allowed)))
