"""Every answer Kommo has been seen to give, and what our client makes of it."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from decimal import Decimal

import pytest

from service.connectors.kommo.answers import Banned, Rejected, SlowDown, TooMuch
from service.connectors.kommo.client import check
from service.connectors.kommo.connection import Connection
from service.connectors.kommo.shapes import Kind
from service.errors import NotFound, Refused, Unauthorized, Unavailable, Unconfirmed
from tests.connectors.conftest import client_of
from tests.kommo.faults import Fault, When
from tests.kommo.server import FakeKommo


def refusal(kommo, error=Exception):
    """What reading the account raises."""
    with pytest.raises(error) as raised:
        kommo.account()
    return raised.value


def test_the_account_pipelines_users_and_fields_are_read_in_our_shapes(fake, kommo):
    account = kommo.account()
    assert (account.id, account.currency, account.country) == (30112233, "BRL", "BR")
    (pipeline,) = kommo.pipelines()
    assert [stage.name for stage in pipeline.stages] == ["Entrada", "Boleto gerado", "Negociando", "Ganho", "Perdido"]
    assert [stage.is_incoming for stage in pipeline.stages] == [True, False, False, False, False]
    assert [user.name for user in kommo.users()] == ["Bia Souza", "Caio Reis"]
    assert {field.code for field in kommo.fields(Kind.CONTACTS)} == {"PHONE", "EMAIL"}


def test_a_204_is_nothing_and_no_error(kommo):
    assert kommo.lead(1) is None
    assert kommo.contact(1) is None
    assert kommo.company(1) is None
    assert list(kommo.contacts((("query", "nobody@example.com"),))) == []
    assert kommo.hooks("https://marco.example.com/hooks") == ()


def test_a_lead_in_the_bin_is_forgotten(fake, kommo):
    (made,) = kommo.create(Kind.LEADS, [{"name": "x"}])
    fake.account.delete("leads", made.answer["id"])
    assert kommo.lead(made.answer["id"]) is None


def test_a_wrong_token_is_unauthorized_and_nobody_tries_again(fake):
    kommo = client_of(fake)
    fake.accounts.clear()
    with pytest.raises(Unauthorized, match="expired, revoked"):
        check(kommo)
    assert len(fake.seen) == 1


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (402, Refused, "kommo_unpaid"),
        (404, NotFound, "kommo_not_found"),
        (405, NotFound, "kommo_not_found"),
        (302, Refused, "kommo_moved"),
        (418, Refused, "kommo_refused"),
    ],
)
def test_what_waiting_does_not_mend_is_refused(fake, kommo, status, error, code):
    fake.faults.plan(Fault(status))
    assert refusal(kommo, error).code == code


def test_a_403_in_json_is_a_missing_right_and_one_in_html_is_a_ban(fake, kommo):
    fake.faults.plan(Fault(403, body={"title": "Forbidden", "status": 403}), Fault(403))
    assert refusal(kommo, Refused).code == "kommo_forbidden"
    banned = refusal(kommo, Banned)
    assert banned.retry_after == 900
    assert "403 Forbidden" in banned.facts["answer"]
    assert refusal(kommo, Unavailable).code == "road_closed"
    assert len(fake.seen) == 2  # the third never left


def test_a_429_page_of_html_is_no_crash_but_a_pause(fake, kommo):
    fake.faults.plan(Fault(429))
    assert refusal(kommo, SlowDown).retry_after == 2
    assert refusal(kommo, Unavailable).code == "road_paused"
    assert len(fake.seen) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, headers={"Retry-After": "40"}),
        Fault(429, body={"retry_after": 40}),
        Fault(429, body="slow, please 40"),
        Fault(429, headers={"Retry-After": "9" * 400}),
    ],
)
def test_a_429_pauses_as_long_as_it_says_wherever_it_says_so(fake, kommo, fault):
    fake.faults.plan(fault)
    says_forty = "40" in (fault.headers or {}).values() or fault.body == {"retry_after": 40}
    assert refusal(kommo, SlowDown).retry_after == (40 if says_forty else 2)


@pytest.mark.parametrize("status", [403, 429])
def test_a_write_refused_for_its_number_is_looked_for_because_nobody_says_it_was_not_done(fake, kommo, status):
    fake.faults.plan(Fault(status, "PATCH"))
    with pytest.raises(SlowDown if status == 429 else Banned) as raised:
        kommo.change(Kind.LEADS, 1, {"name": "x"})
    assert isinstance(raised.value, Unconfirmed)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_of_a_read_is_waited_for_and_of_a_write_looked_at(fake, kommo, status):
    fake.faults.plan(Fault(status, times=2))
    assert not isinstance(refusal(kommo, Unavailable), Unconfirmed)
    with pytest.raises(TooMuch if status == 504 else Unconfirmed):
        kommo.change(Kind.LEADS, 1, {"name": "x"})


def test_html_with_a_200_is_unreadable_and_never_parsed(fake, kommo):
    fake.faults.plan(Fault(200, body="<html>maintenance</html>", times=2))
    assert refusal(kommo, Unavailable).code == "kommo_unreadable"
    with pytest.raises(Unconfirmed):
        kommo.change(Kind.LEADS, 1, {"name": "x"})


def test_a_known_answer_in_an_unknown_shape_names_no_values(fake, kommo):
    fake.faults.plan(Fault(200, body={"id": "ana.lima@example.com"}))
    fault = refusal(kommo, Unavailable)
    assert fault.code == "kommo_unreadable"
    assert "ana" not in str(fault)


def test_a_connection_that_breaks_or_hangs_leaves_a_write_unconfirmed(fake):
    kommo = client_of(fake, total=1.0)
    fake.faults.plan(Fault(0, "POST", when=When.AFTER), Fault(0, "POST", when=When.AFTER, hang=2.0))
    for _ in range(2):
        (outcome,) = kommo.create(Kind.LEADS, [{"name": "x"}])
        assert isinstance(outcome.error, Unconfirmed)
    assert len(fake.account.all("leads")) == 2
    fake.faults.plan(Fault(0, "GET"))
    assert not isinstance(refusal(kommo, Unavailable), Unconfirmed)


def test_no_connection_at_all_means_nothing_was_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = FakeKommo()
        nobody.origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable) as raised:
            client_of(nobody).change(Kind.LEADS, 1, {"name": "x"})
    nobody._server.server_close()
    assert raised.value.code == "unreachable"
    assert not isinstance(raised.value, Unconfirmed)


def test_an_answer_that_dribbles_is_cut_off_and_a_redirect_takes_no_token_elsewhere(fake):
    elsewhere = FakeKommo()
    with elsewhere.running():
        fake.faults.plan(Fault(307, headers={"Location": f"{elsewhere.origin}/api/v4/account"}))
        assert refusal(client_of(fake), Refused).code == "kommo_moved"
        assert elsewhere.seen == []
    with socket.create_server(("127.0.0.1", 0)) as server:
        dribbled: list[int] = []
        dribbling = threading.Thread(target=dribble, args=[server, dribbled])
        dribbling.start()
        fake.origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert refusal(client_of(fake, total=1.0), Unavailable).code == "broken_off"
        dribbling.join()
        assert len(dribbled) < 600


def dribble(server: socket.socket, dribbled: list[int]) -> None:
    """One byte now and then, until the other side has had enough."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        for number in range(600):
            connection.sendall(b" ")
            dribbled.append(number)
            time.sleep(0.1)


def test_a_400_tells_each_field_and_keeps_the_request_number(fake, kommo):
    (made,) = kommo.create(Kind.LEADS, [{"name": "x"}])
    with pytest.raises(Rejected) as raised:
        kommo.change(Kind.LEADS, made.answer["id"], {"custom_fields_values": [{"field_id": 5, "values": []}]})
    (fault,) = raised.value.faults["0"]
    assert (fault.code, fault.path) == ("NotSupportedChoice", "custom_fields_values.0.field_id")
    assert raised.value.facts["kommo_request"].startswith("fake-")


def test_pages_are_read_to_the_end_and_no_further_than_asked(fake, kommo):
    kommo.create(Kind.CONTACTS, [{"name": f"Contato {number}"} for number in range(7)])
    fake.seen.clear()
    assert len(list(kommo.contacts(limit=3))) == 7
    assert len(fake.seen) == 3
    assert len(list(kommo.contacts(limit=3, pages=2))) == 6


def test_amounts_keep_their_digits_on_the_way_there_and_back(fake, kommo):
    for amount in ("197.90", "0.10", "12345678.91", "100"):
        (made,) = kommo.create(Kind.LEADS, [{"price": Decimal(amount)}])
        lead = kommo.lead(made.answer["id"])
        assert lead is not None
        assert lead.price == Decimal(amount)


def test_neither_token_nor_search_words_reach_a_log_or_a_repr(fake, caplog):
    kommo = client_of(fake)
    with caplog.at_level(logging.DEBUG):
        list(kommo.contacts((("query", "ana.lima@example.com"),)))
        kommo.create(Kind.CONTACTS, [{"name": "Ana Lima"}])
    assert caplog.records  # what was called is told, of whom is not
    told = caplog.text + repr(Connection(fake.origin, fake.account.token))
    for secret in (fake.account.token, "ana.lima", "Ana", "Bearer"):
        assert secret not in told
