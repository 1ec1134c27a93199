"""A closed-loop HTTP generator, for machines without wrk: `generator PORT SECONDS CONNECTIONS`.

Two processes, plain sockets and epoll, no HTTP library. It costs several times wrk's processor time, which
a door on the same machine then lacks: ratios of acknowledged requests come out nearer to 1 than with wrk.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import selectors
import socket
import sys
import time
from itertools import count
from pathlib import Path

from tests.benchmarks.events import NUMBER

PROCESSES = 2
Seen = tuple[list[float], int, int]
"""Seconds of each good answer, refusals, broken connections."""


class Visitor:
    """One kept-alive connection that posts, waits for the whole answer, and posts again."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun = 0.0
        self._received = b""

    def post(self, request: bytes) -> None:
        """Send one request; it is small enough for the socket's buffer."""
        self.begun, self._received = time.perf_counter(), b""
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """The answer once it is whole, else None; b"" when the other side hung up."""
        received = self.socket.recv(65536)
        if not received:
            return b""
        self._received += received
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return self._received if len(body) >= length else None


def post_for(port: int, seconds: float, connections: int, first: int) -> Seen:
    """Post over that many connections for that long."""
    pieces = Path(os.environ["TEMPLATE"]).read_bytes().split(NUMBER)
    requests = ((b"%012d" % number).join(pieces) for number in count(first))
    took: list[float] = []
    refused = broken = 0
    with selectors.DefaultSelector() as awaiting:
        for _ in range(connections):
            visitor = Visitor(port)
            awaiting.register(visitor.socket, selectors.EVENT_READ, visitor)
            visitor.post(next(requests))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until and awaiting.get_map():
            for key, _ in awaiting.select(timeout=0.5):
                answer = key.data.answer()
                if answer is None:
                    continue
                if answer == b"":
                    broken += 1
                    awaiting.unregister(key.fileobj)
                    continue
                took.append(time.perf_counter() - key.data.begun)
                refused += answer[9:10] != b"2"
                key.data.post(next(requests))
    return took, refused, broken


def main() -> None:
    """Post from two processes and print what they saw as one line of JSON."""
    port, seconds, connections = map(int, sys.argv[1:])
    first, share = int(os.environ["FIRST"]), connections // PROCESSES
    with multiprocessing.Pool(PROCESSES) as pool:
        tasks = [(port, seconds, share, first + place * 10**9) for place in range(PROCESSES)]
        seen = pool.starmap(post_for, tasks)
    took = sorted(one for part in seen for one in part[0])
    told = {
        "requests": len(took),
        "seconds": float(seconds),
        "p50_ms": took[len(took) // 2] * 1000 if took else 0.0,
        "p99_ms": took[len(took) * 99 // 100] * 1000 if took else 0.0,
        "refused": sum(part[1] for part in seen),
        "broken": sum(part[2] for part in seen),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
