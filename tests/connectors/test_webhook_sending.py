"""Outgoing messages over real connections: signed, cut off, judged, and never led into a closed network."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.connectors.webhook.addresses import Reach
from service.connectors.webhook.sending import LARGEST_MESSAGE, Message, Sender
from service.connectors.webhook.signing import new_secret, signed
from service.connectors.webhook.targets import target_of
from service.errors import Refused, TooLarge, Unavailable, Unprocessable

NOON = datetime(2026, 7, 2, 12, tzinfo=UTC)
SECRET = new_secret()
MESSAGE = Message("msg_1", '{"type":"purchase.approved","buyer":"São Ana"}'.encode())
HERE = Reach(loopback=True)


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it got and answers what the test put down."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        getattr(self.server, "hold_up", lambda _: None)(self.path)
        status, headers, text = self.server.answers.pop(0) if self.server.answers else (200, {}, b"ok")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        return


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.answers = [], []
    server.port = server.server_address[1]
    server.url = f"http://127.0.0.1:{server.port}/hooks?a=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def serving(speak):
    """A port at which one connection is served by `speak`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            speak(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listener, listener.getsockname()[1], thread


def test_a_message_arrives_whole_and_signed_for_its_attempt(receiver):
    assert Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON) == (200, "ok")
    ((path, headers, body),) = receiver.got
    assert (path, body) == ("/hooks?a=1", MESSAGE.body)
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert headers["Content-Type"] == "application/json"
    told = {name.lower(): value for name, value in headers.items()}
    assert signed("msg_1", NOON, body, [SECRET]).items() <= told.items()


def test_without_leave_this_machine_is_a_closed_network_like_any_other(receiver):
    with pytest.raises(Refused) as raised:
        Sender().send(receiver.url, MESSAGE, [SECRET], NOON)
    assert raised.value.code == "forbidden_address"
    assert receiver.got == []


FORBIDDEN = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",  # metadata at one provider
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # metadata at another
    "169.254.169.254",  # metadata at most
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",  # mapped: refused whatever it holds
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata over IPv6
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%lo",
    "fec0::1",
    "ff02::1",
    "no address",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_name_that_leads_into_a_closed_network_is_refused_after_resolving(address, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("connected"))
    with pytest.raises(Refused) as raised:
        Sender(resolve=lambda *_: [address]).send("https://hooks.example.com/", MESSAGE, [SECRET], NOON)
    assert raised.value.code == "forbidden_address"


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"])
def test_public_addresses_are_reached_at_the_address_that_was_judged(address, monkeypatch):
    called: list[tuple[str, int]] = []

    def refused(where, *_):
        called.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(Unavailable) as raised:
        Sender(resolve=lambda *_: [address]).send("https://hooks.example.com:8443/", MESSAGE, [SECRET], NOON)
    assert raised.value.code == "unreachable"
    assert called == [(address, 8443)]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "169.254.169.254",
        "127。0。0。1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[fe80::1]",
        "[64:ff9b::127.0.0.1]",
    ],
)
def test_forms_of_our_own_addresses_are_refused_with_the_resolver_of_the_system(host):
    with pytest.raises(Refused) as raised:
        Sender().send(f"https://{host}/", MESSAGE, [SECRET], NOON)
    assert raised.value.code == "forbidden_address"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1../",
        "https://127.0.0x1/",
        "https://1.2.3.4.5/",
        "https://１２７.0.0.1/",  # noqa: RUF001  # full-width digits are the point
        "https://user:pw@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://@127.0.0.1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:25/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:80/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//hooks.example.com/",
        "hooks.example.com/",
        "https:///path",
        "https://./",
        "https://hooks.example.com../",
        "https://hooks.example.com/\r\nX-Other: 1",
        "https://hooks.example.com/ a",
        "https://[fe80::1%25eth0]/",
        "https://[::1",
        "https://exa\x00mple.com/",
        "https://" + "a" * 2000,
        "",
    ],
)
def test_what_two_readers_could_understand_differently_is_no_address(url):
    with pytest.raises(Unprocessable) as raised:
        target_of(url)
    assert raised.value.code == "bad_url"


def test_an_address_is_called_by_the_name_it_was_given():
    assert target_of("https://Hooks.Example.com./a%20b?c=d#e") == ("https", "hooks.example.com", 443, "/a%20b?c=d")
    assert target_of("https://münchen.example.com").host == "xn--mnchen-3ya.example.com"
    assert target_of("https://hooks.example.com:8443/@ana").host_header == "hooks.example.com:8443"
    assert target_of("https://[2606:4700::1]/").host_header == "[2606:4700::1]"
    assert target_of("https://1.1.1.1/").host == "1.1.1.1"


def test_a_name_that_answers_differently_the_second_time_is_not_asked_a_second_time(receiver, monkeypatch):
    """Rebinding: public while it is judged, this machine when it is called."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    called: list[str] = []

    def connecting(where, *_):
        called.append(where[0])
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connecting)
    sender = Sender(resolve=lambda *_: answers.pop(0))
    url = f"https://rebinding.example.com:{receiver.port}/"
    with pytest.raises(Unavailable):
        sender.send(url, MESSAGE, [SECRET], NOON)
    assert called == ["93.184.216.34"]
    assert len(answers) == 2
    with pytest.raises(Refused):
        sender.send(url, MESSAGE, [SECRET], NOON)
    assert called == ["93.184.216.34"]
    assert receiver.got == []


def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch):
    called: list[str] = []

    def refused(where, *_):
        called.append(where[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(Unavailable):
        Sender(resolve=lambda *_: ["10.0.0.1", "1.1.1.1", "::1", "1.0.0.1"]).send(
            "https://hooks.example.com/", MESSAGE, [SECRET], NOON
        )
    assert called == ["1.1.1.1", "1.0.0.1"]


def test_the_host_is_called_by_name_while_the_connection_goes_to_the_judged_address(receiver):
    Sender(HERE, resolve=lambda *_: ["127.0.0.1"]).send(
        f"http://hooks.example.com:{receiver.port}/", MESSAGE, [SECRET], NOON
    )
    assert receiver.got[0][1]["Host"] == f"hooks.example.com:{receiver.port}"


def test_a_message_goes_unencrypted_to_this_machine_only():
    with pytest.raises(Refused) as raised:
        Sender(HERE, resolve=lambda *_: ["1.1.1.1"]).send("http://hooks.example.com/", MESSAGE, [SECRET], NOON)
    assert raised.value.code == "unencrypted"


def test_tls_asks_for_the_name_and_believes_no_certificate_it_cannot_check():
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    def speak(connection):
        with suppress(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    listener, port, thread = serving(speak)
    with pytest.raises(Unavailable) as raised:
        Sender(HERE, resolve=lambda *_: ["127.0.0.1"]).send(
            f"https://hooks.example.com:{port}/", MESSAGE, [SECRET], NOON
        )
    thread.join()
    listener.close()
    assert raised.value.code == "unreachable"
    assert names == ["hooks.example.com"]


@pytest.mark.parametrize(("status", "code"), [(301, "not_taken"), (307, "not_taken"), (308, "not_taken")])
def test_a_redirect_is_a_failure_and_is_not_followed(receiver, status, code):
    receiver.answers = [(status, {"Location": receiver.url}, b"")]
    with pytest.raises(Unavailable) as raised:
        Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON)
    assert raised.value.code == code
    assert len(receiver.got) == 1


def test_what_a_receiver_answers_says_what_to_do_next(receiver):
    receiver.answers = [
        (410, {}, b""),
        (429, {"Retry-After": "120"}, b""),
        (500, {}, b""),
        (404, {}, b""),
        (204, {}, b""),
    ]
    with pytest.raises(Refused) as gone:
        Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON)
    assert gone.value.code == "gone"
    faults = []
    for _ in range(3):
        with pytest.raises(Unavailable) as raised:
            Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON)
        faults.append((raised.value.code, raised.value.retry_after))
    assert faults == [("busy", 120), ("not_taken", None), ("not_taken", None)]
    assert Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON).status == 204


@pytest.mark.parametrize("wish", ["soon", "-1", "9" * 40, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wish_for_patience_that_is_no_number_of_seconds_is_left_out(receiver, wish):
    receiver.answers = [(503, {"Retry-After": wish}, b"")]
    with pytest.raises(Unavailable) as raised:
        Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON)
    assert (raised.value.code, raised.value.retry_after) == ("busy", None)


def test_of_an_endless_answer_only_the_beginning_is_read(receiver):
    receiver.answers = [(200, {}, b"x" * 3_000_000)]
    assert Sender(HERE).send(receiver.url, MESSAGE, [SECRET], NOON) == (200, "x" * 2048)


def test_a_receiver_that_dribbles_or_is_silent_is_cut_off():
    def dribble(connection):
        try:
            connection.sendall(b"HTTP/1.1 ")
            for _ in range(200):
                connection.sendall(b"2")
                time.sleep(0.02)
        except OSError:
            return

    for speak in (dribble, lambda connection: connection.recv(1 << 20) and time.sleep(0.6)):
        listener, port, thread = serving(speak)
        with pytest.raises(Unavailable) as raised:
            Sender(HERE, total=0.2).send(f"http://127.0.0.1:{port}/", MESSAGE, [SECRET], NOON)
        assert raised.value.code == "no_answer"
        thread.join()
        listener.close()


def test_rubbish_and_nobody_there_are_told_apart():
    listener, port, thread = serving(lambda connection: connection.recv(1 << 20) and connection.sendall(b"SSH-2.0\r\n"))
    with pytest.raises(Unavailable) as rubbish:
        Sender(HERE).send(f"http://127.0.0.1:{port}/", MESSAGE, [SECRET], NOON)
    thread.join()
    listener.close()
    with pytest.raises(Unavailable) as nobody:
        Sender(HERE).send(f"http://127.0.0.1:{port}/", MESSAGE, [SECRET], NOON)
    assert (rubbish.value.code, nobody.value.code) == ("no_answer", "unreachable")


def test_a_name_nobody_knows_is_tried_again_later():
    def unknown(*_):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(Unavailable) as raised:
        Sender(resolve=unknown).send("https://hooks.example.com/", MESSAGE, [SECRET], NOON)
    assert raised.value.code == "unknown_host"


def test_a_message_too_large_for_any_receiver_is_not_sent():
    with pytest.raises(TooLarge):
        Sender(HERE).send("http://127.0.0.1/", Message("m", b"x" * (LARGEST_MESSAGE + 1)), [SECRET], NOON)
