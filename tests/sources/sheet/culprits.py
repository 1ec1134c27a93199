"""Functions that misbehave when a child process runs them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from service.errors import Malformed
from service.sources.sheet.faults import unreadable


def counts(upto: int) -> Iterator[bytes]:
    for number in range(upto):
        yield b"%d" % number


def surroundings() -> Iterator[bytes]:
    yield str(sorted(set(os.environ) - {"LC_CTYPE"})).encode()
    yield str(Path.cwd()).encode()


def hangs(after: int) -> Iterator[bytes]:
    yield b"x" * after
    yield from ()
    time.sleep(600)


def spins() -> Iterator[bytes]:
    while True:
        yield from ()


def eats_memory() -> Iterator[bytes]:
    eaten = [b"one"]
    while True:
        eaten.append(bytes(64 << 20))
        yield from ()


def opens_far_cell_with_the_fast_reader(path: str) -> Iterator[bytes]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  # loaded in the child only

    with Path(path).open("rb") as file:
        CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
    yield b"survived"


def raises(kind: str) -> Iterator[bytes]:
    yield b"first"
    if kind == "unreadable":
        raise unreadable("far_cell", cell="ZZ9")
    if kind == "malformed":
        raise Malformed("no sense in it")
    raise ValueError("Ana <ana@example.com> in the text of a bug")


def is_killed(number: int) -> Iterator[bytes]:
    yield from ()
    os.kill(os.getpid(), number)


def leaves_early() -> Iterator[bytes]:
    yield b"x"
    sys.stdout.flush()
    os._exit(0)


def prints() -> Iterator[bytes]:
    print("a library is chatty")
    print("and complains" * 100_000, file=sys.stderr)
    yield b"record"


def writes_a_file(path: str) -> Iterator[bytes]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        Path(path).write_bytes(b"x")
    except OSError as refused:
        yield type(refused).__name__.encode()
    else:
        yield b"written"


def tells_its_number() -> Iterator[bytes]:
    # Larger than the send buffer, so that it leaves at once.
    yield f"{os.getpid():<{1 << 17}}".encode()
    time.sleep(600)


def says_how_far_it_is() -> Iterator[bytes | int]:
    yield 2000
    yield b"first"
    yield 4000
    yield b"second"
