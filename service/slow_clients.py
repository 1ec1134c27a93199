"""A gunicorn thread worker that bears with clients that send, or read, too slowly or send broken bodies.

gunicorn's own threads block in `recv` once a first byte came: a few dozen half-sent requests hold all
of them for as long as the other side likes (measured; its documentation asks for a buffering proxy in
front). Here a request's head must arrive within HEAD_SECONDS, its body at BYTES_PER_SECOND or better.
A chunked body with broken chunks is for the application what a body is that ends in the middle.
gunicorn also waits up to 2 s for the other side to hang up, in the one thread that accepts everybody; here
the thread of the request does, and not as long.
"""

from __future__ import annotations

import errno
import socket
import time
from concurrent.futures import Future
from typing import Any

from gunicorn import http, util
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_SECONDS = 10.0
BYTES_PER_SECOND = 8 * 1024
"""A 10 MB spreadsheet may take 21 minutes, a 2 KB postback little more than the head's own time."""
SEND_SECONDS = 30.0
"""How long the other side may leave one piece of our answer unread."""
GOODBYE_SECONDS = 0.5
"""How long to wait for the other side to hang up after our answer."""


class ImpatientSocket:
    """A client's socket whose reading has a deadline, moved on by every byte that comes."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.begin_request()

    def begin_request(self) -> None:
        """Start the clock: a kept-alive connection brings several requests."""
        self._deadline = time.monotonic() + HEAD_SECONDS

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end; ConnectionResetError when time is up, which gunicorn closes quietly."""
        left = self._deadline - time.monotonic()
        try:
            self._client.settimeout(max(left, 0.001))
            received = self._client.recv(size)
        except TimeoutError as fault:
            self._client.close()  # nothing more is said to this client, not even a polite goodbye
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly") from fault
        self._client.settimeout(SEND_SECONDS)
        self._deadline += len(received) / BYTES_PER_SECOND
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class ChunksOrNothing:
    """The reader of a chunked body; a broken chunk ends body and connection.

    gunicorn raises faults of its own, which frameworks take for bugs of the application, and would read
    the rest of the broken body as the next request.
    """

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._broken = False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end; ConnectionResetError for a broken chunk and ever after."""
        try:
            if not self._broken:
                return bytes(self._reader.read(size))
        except ParseException:
            self._broken = True
        raise ConnectionResetError(errno.ECONNRESET, "the body is not properly chunked")


class ImpatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """`gthread` with a deadline on every request, and no 5xx for what a client did."""

    def handle(self, conn: TConn) -> Any:
        """One request of one connection, in a thread of the pool."""
        if conn.parser is None and not self.cfg.is_ssl:
            conn.parser = http.get_parser(self.cfg, ImpatientSocket(conn.sock), conn.client)
        elif isinstance(getattr(conn.parser.unreader, "sock", None), ImpatientSocket):
            conn.parser.unreader.sock.begin_request()
        kept = super().handle(conn)
        if not kept:
            util.close_graceful(conn.sock, timeout=GOODBYE_SECONDS)
        return kept

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Back in the thread that accepts: keep the connection, or forget one that is closed already."""
        if conn.sock.fileno() == -1:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """The request whose head was read; its body is read by the application."""
        if isinstance(req.body.reader, ChunkedReader):
            req.body.reader = ChunksOrNothing(req.body.reader)
        return super().handle_request(req, conn)
