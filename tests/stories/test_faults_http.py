"""Odd, broken and hostile HTTP against the real door: a clear answer, never a 5xx, and the others are still served."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.living import HOTTOK, House, payload
from tests.stories.evidence import assert_each_once, postbacks, settles
from tests.stories.running_house import Answer, Line, RunningHouse, a_request, door_of
from tests.stories.storm import Storm

pytestmark = pytest.mark.running

MIB = 1024 * 1024
KIND = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def house(running: RunningHouse) -> House:
    return running.an_account()


@pytest.fixture(scope="module")
def bodies() -> Iterator[bytes]:
    """Postbacks that nobody has sent yet."""
    return iter(postbacks(500)[200:])


def asks(running: RunningHouse, *pieces: bytes) -> Answer:
    """Send these bytes, piece by piece, on a connection of their own."""
    line = Line(running.port)
    try:
        return line.ask(b"".join(pieces))
    finally:
        line.close()


def head(house: House, *lines: str) -> bytes:
    return "\r\n".join([f"POST {house.url} HTTP/1.1", "Host: door", *lines, "", ""]).encode()


def chunked(body: bytes, size: int = 64 * 1024) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def chunked_head(house: House, *more: str) -> bytes:
    return head(house, f"X-HOTMART-HOTTOK: {HOTTOK}", "Transfer-Encoding: chunked", *more)


def still_open(running: RunningHouse, house: House, body: bytes) -> None:
    assert asks(running, door_of(house)(body)).status == 200


def test_sixty_four_parallel_posts_of_each_of_two_hundred_ids_are_one_row_each(running: RunningHouse) -> None:
    house, bodies = running.an_account(), postbacks(200)
    requests = [door_of(house)(body) for body in bodies for _ in range(64)]
    with Storm(running.port, requests, senders=64) as storm:
        pass
    assert storm.statuses == {200: 64 * 200}
    books = settles(running, house)["hotmart"]
    assert (books["received"], books["applied"], books["duplicate"]) == (64 * 200, 200, 63 * 200)
    assert_each_once(house, bodies)


def test_a_chunked_body_is_kept_as_any_other(running: RunningHouse, house: House, bodies: Iterator[bytes]) -> None:
    body = next(bodies)
    assert asks(running, chunked_head(house), chunked(body, 100)).json() == {"status": "accepted"}
    assert asks(running, door_of(house)(body)).json() == {"status": "duplicate"}


@pytest.mark.parametrize("size", [MIB + 1, 3 * MIB])
def test_a_chunked_body_of_more_than_a_mebibyte_is_413(running: RunningHouse, house: House, size: int) -> None:
    answer = asks(running, chunked_head(house), chunked(b'{"filler": "' + b"x" * (size - 14) + b'"}'))
    assert (answer.status, answer.json()["code"]) == (413, "too_large")


def test_a_body_that_says_it_is_larger_than_a_mebibyte_is_413_before_it_is_sent(
    running: RunningHouse, house: House
) -> None:
    answer = asks(running, head(house, f"X-HOTMART-HOTTOK: {HOTTOK}", f"Content-Length: {MIB + 1}"))
    assert (answer.status, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "pieces",
    [
        (b"Content-Length: 5000\r\n\r\n", b'{"event":'),
        (b"Transfer-Encoding: chunked\r\n\r\n", b'400\r\n{"event":'),
        (b"Transfer-Encoding: chunked\r\n\r\n", b'9\r\n{"event":\r\n'),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\nno size\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"-1\r\nno size\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}no end\r\n0\r\n\r\n"),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
        (b"Content-Length: -2\r\n\r\n", b"{}"),
        (b"Content-Length: 2, 3\r\n\r\n", b"{}"),
        (b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n", b"\x1f\x8b\x08\x00"),
        (b"X-Half", b""),
        (b"\x00\x01: x\r\n\r\n", b""),
    ],
    ids=lambda pieces: ascii(b"".join(pieces))[2:60],
)
def test_a_body_that_ends_in_the_middle_or_makes_no_sense_is_no_5xx_and_keeps_nothing(
    running: RunningHouse, house: House, bodies: Iterator[bytes], pieces: tuple[bytes, bytes]
) -> None:
    before = settles_or_nothing(running, house)
    start = f"POST {house.url} HTTP/1.1\r\nHost: door\r\nX-HOTMART-HOTTOK: {HOTTOK}\r\n".encode()
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
        client.sendall(start + b"".join(pieces))
        client.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: client.recv(65536), b""))
    assert said == b"" or 400 <= int(said.split()[1]) < 500, said[:300]
    assert settles_or_nothing(running, house) == before
    assert "unforeseen fault" not in running.said()


def settles_or_nothing(running: RunningHouse, house: House) -> object:
    """The books of postbacks once nothing is open; nothing while nothing ever came."""
    listed = running.api(house, "/balance").json()
    return settles(running, house)["hotmart"] if listed else None


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /webhooks/hotmart/x HTTP/1.1\r\nHost: door\r\nX Zilda Canarinho: x\r\n\r\n",
        b"POST /webhooks/hotmart/x HTTP/1.1\r\nHost: door\r\nX-HOTMART-HOTTOK canarinho-token\r\n\r\n",
        b"GET /Zilda Canarinho/zilda@canarinho.example.com HTTP/1.1\r\nHost: door\r\n\r\n",
        b"CANARINHO",
        b"POST /webhooks/hotmart/canarinho?name=Canarinho HTTP/1.1\r\nHost: door\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_what_the_server_cannot_read_is_not_repeated_in_its_log(running: RunningHouse, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer == b"" or 400 <= int(answer.split()[1]) < 500, answer[:300]
    assert "canarinho" not in running.said().lower()


def test_senders_that_stop_in_the_middle_do_not_keep_the_others_out(
    running: RunningHouse, house: House, bodies: Iterator[bytes]
) -> None:
    half_head = f"POST {house.url} HTTP/1.1\r\nHost: door\r\nX-Half".encode()
    half_body = head(house, f"X-HOTMART-HOTTOK: {HOTTOK}", "Content-Length: 900") + b'{"event":'
    slow = [socket.create_connection(("127.0.0.1", running.port), timeout=30) for _ in range(24)]
    for number, client in enumerate(slow):
        client.sendall(half_head if number % 2 else half_body)
    still_open(running, house, next(bodies))
    for client in slow:
        client.close()
    still_open(running, house, next(bodies))


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; a=b", "?"]
)
def test_any_content_type_is_read_as_what_it_is(running: RunningHouse, house: House, kind: str) -> None:
    headers = {"X-HOTMART-HOTTOK": HOTTOK, **({"Content-Type": kind} if kind else {})}
    for body in (payload("v2-PURCHASE_APPROVED.real-pix.json"), payload("v1-approved.form.txt")):
        assert asks(running, a_request("POST", house.url, headers, body)).status == 200


def test_the_token_is_taken_from_the_header_else_from_the_body(
    running: RunningHouse, house: House, bodies: Iterator[bytes]
) -> None:
    told = {**json.loads(next(bodies)), "hottok": HOTTOK}
    wrong = {**json.loads(next(bodies)), "hottok": "not-the-token-of-anybody"}
    assert asks(running, a_request("POST", house.url, KIND, json.dumps(told).encode())).status == 200
    assert asks(running, a_request("POST", house.url, KIND, json.dumps(wrong).encode())).status == 401
    refused = {"X-HOTMART-HOTTOK": "not-the-token-of-anybody", **KIND}
    assert asks(running, a_request("POST", house.url, refused, json.dumps(told).encode())).status == 401
    form = payload("v1-approved.form.txt").replace(b"EXAMPLE_HOTTOK", HOTTOK.encode())
    assert asks(running, a_request("POST", house.url, {}, form)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "NONSENSE"])
def test_other_methods_are_no_5xx(running: RunningHouse, house: House, method: str) -> None:
    assert asks(running, a_request(method, house.url, {"Connection": "close"})).status in (0, 200, 400, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/clients?email=%00",
        "/clients?q=%00%ff%fe",
        "/clients?page=999999999999999999999",
        "/clients?page=-1",
        "/clients?page_size=100000000",
        "/clients/00000000-0000-0000-0000-000000000000",
        "/clients/not-a-number",
        "/purchases?from=yesterday",
        "/purchases?from=9999-12-31T23:59:59-14:00",
        "/purchases?transaction=%00",
        "/purchases?product=%F0%9F%98%80",
        "/deliveries/99999999999999999999999",
        "/deliveries?state=%00",
        "/imports/99999999999999999999999",
        "/imports/0/problems",
        "/%00",
    ],
)
def test_a_nonsensical_question_is_no_5xx(running: RunningHouse, house: House, path: str) -> None:
    answer = asks(running, a_request("GET", f"/api/v1{path}", house.bearer))
    assert 200 <= answer.status < 500, answer
