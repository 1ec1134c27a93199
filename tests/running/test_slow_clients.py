"""Clients that never finish their request do not keep the door shut for the others."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from tests.running.machine import eventually, free_port, import_path

APP = """
import service.slow_clients
service.slow_clients.HEAD_SECONDS = 1.0

def app(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(body)).encode()]
"""


@pytest.fixture
def door(tmp_path):
    """The port of a tiny application under two threads of our worker, whose patience is one second."""
    (tmp_path / "tiny.py").write_text(APP)
    port = free_port()
    words = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--threads", "2"]
    words += ["--worker-class", "service.slow_clients.ImpatientWorker", "tiny:app"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), import_path()])}
    with subprocess.Popen(words, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL) as server:
        eventually(lambda: _connects(port), "gunicorn did not start")
        yield port
        server.terminate()


def test_half_sent_heads_do_not_keep_others_out(door):
    slow = [_said(door, b"POST / HTTP/1.1\r\nHost: x\r\nX-Half") for _ in range(10)]
    assert _answer(_said(door, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")
    for one in slow:
        one.close()


def test_half_sent_bodies_do_not_keep_others_out(door):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"
    slow = [_said(door, head) for _ in range(4)]
    assert _answer(_said(door, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")
    for one in slow:
        one.close()


def test_clients_that_do_not_hang_up_do_not_keep_others_out(door):
    whole = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    lingering = [_said(door, whole) for _ in range(10)]
    assert _answer(_said(door, whole)).startswith(b"HTTP/1.1 200")
    for one in lingering:
        one.close()


def test_a_large_body_that_keeps_coming_is_read_whole(door):
    size = 3 * 1024 * 1024
    head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()
    assert _answer(_said(door, head + b"x" * size)).count(str(size).encode()) == 1


def test_a_kept_connection_has_a_new_deadline_for_every_request(door):
    one = _said(door, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    received = b""
    while not received.endswith(b"0\r\n\r\n"):
        received += one.recv(4096)
    # Longer than the patience for one head: the first request's clock must not count for the second.
    assert subprocess.run(["sleep", "1.2"], check=True).returncode == 0
    one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert _answer(one).startswith(b"HTTP/1.1 200")


def _said(port: int, sent: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(sent)
    return client


def _answer(client: socket.socket) -> bytes:
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
