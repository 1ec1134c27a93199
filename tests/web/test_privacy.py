"""Canaries: a made-up person's particulars, and tokens, go through every path; none of them comes out anywhere else."""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import redis
import structlog
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import text

from service import logs
from service.app import create_app
from service.queues import Bell, Lane
from service.settings import Settings
from service.store import clients, inbox
from service.store.engine import engine_of
from tests.kommo.faults import Fault
from tests.kommo.memory import Account
from tests.kommo.reached import reached
from tests.living import HOTTOK, House, payload
from workers import ingest, listener, pouring, workshop
from workers.workshop import Workshop

EMAIL, NAME, WORDS = "zilda.canarinho@example.com", "Zilda Canarinho", "assobio amarelo"
DOCUMENT, PHONE = "98765432100", "11976543210"
WRONG_TOKEN = "canary-token-of-nobody"
SECRETS = ("canarinho", "assobio", DOCUMENT, "987.654.321", "976543210", "97654-3210", HOTTOK, WRONG_TOKEN)


def a_postback(**changes: Any) -> dict[str, Any]:
    """A sale to the canary, who says something wherever there is room for words."""
    body: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    body["data"]["buyer"] |= {
        "email": EMAIL,
        "name": NAME,
        "document": DOCUMENT,
        "checkout_phone": PHONE,
        "address": {"address": WORDS, "country_iso": "BR"},
    }
    body["data"]["purchase"]["origin"] = {"src": WORDS, "sck": EMAIL}
    body["data"]["purchase"]["transaction"] = f"HP{WORDS}"
    return body | {"id": f"id of {EMAIL}"} | changes


ROWS = f"""Transação;Status;Email;Nome;Documento;Telefone;Moeda;Valor da Venda;Data de Venda
HP1;Aprovado;{EMAIL};{NAME};{DOCUMENT};{PHONE};BRL;10,50;01/07/2026
HP2;Aprovado;{EMAIL};{NAME};987.654.321-00;(11) 97654-3210;BRL;{WORDS};01/07/2026
HP3;Aprovado;{EMAIL};{NAME};{DOCUMENT};{PHONE};BRL;12,50;{NAME}
""".encode()


class Ears:
    """Everything this process logs, as its lines would be written."""

    def __init__(self) -> None:
        self.output = io.StringIO()

    def heard(self) -> str:
        return self.output.getvalue()

    def assert_nothing_private(self, *also: str) -> None:
        said = self.heard()
        for secret in (*SECRETS, *also):
            found = said.lower().find(secret.lower())
            assert found < 0, f"{secret} in the log: …{said[max(found - 1500, 0) : found + 200]}"


@pytest.fixture(params=["INFO", "DEBUG"])
def ears(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ears]:
    """Logging as the running processes configure it, into memory; as before afterwards."""
    ears, root = Ears(), logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr(sys, "stdout", ears.output)
    logs.configure(request.param)
    yield ears
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def house(settings: Settings, shop: Workshop, ears: Ears) -> Iterator[House]:
    """A house whose every part was made after logging was configured, as in the running processes."""
    app, own = create_app(settings), replace(shop, engine=engine_of(settings.database_url))
    yield House(app, own)
    own.engine.dispose()
    app.extensions["marco"].engine.dispose()


def raises(fault: Exception) -> Callable[..., Any]:
    """Something that breaks, whatever it is called with, for a reason it had when it broke before."""

    def broken(*_: object, **__: object) -> Any:
        try:
            raise LookupError(f"{NAME} says {WORDS}")
        except LookupError as cause:
            raise fault from cause

    return broken


def test_postbacks_good_and_bad_leave_no_trace_in_the_log(house: House, ears: Ears) -> None:
    house.receives(a_postback(), a_postback(id="2", event="PURCHASE_OUT_OF_SHOPPING_CART"), a_postback(event="UNKNOWN"))
    house.receives(a_postback(data={WORDS: NAME}), a_postback(id="3", data={"buyer": NAME, "purchase": WORDS}))
    house.posts(a_postback(hottok=HOTTOK), token=None)
    house.posts(payload("v1-approved.form.txt").replace(b"EXAMPLE_HOTTOK", HOTTOK.encode()), token=None)
    for body in (WORDS, f'{{"{NAME}": "{EMAIL}', "[" * 5000, json.dumps({WORDS: "x" * 1100000}), '{"a": NaN}'):
        assert house.posts(body).status_code in (400, 413)
    for token in (WRONG_TOKEN, None, ""):
        assert house.posts(a_postback(hottok=WRONG_TOKEN), token=token).status_code == 401
    answer = house.client.post(f"/webhooks/hotmart/{WORDS}?email={EMAIL}", json=a_postback())
    assert answer.status_code == 404
    house.drain()
    ears.assert_nothing_private()


def test_questions_good_and_bad_leave_no_trace_in_the_log(house: House, ears: Ears) -> None:
    house.receives(a_postback())
    for path in (
        "clients?email=",
        "clients?q=",
        "clients?page=",
        "clients/",
        "purchases?product=",
        "deliveries?event=",
    ):
        for canary in (EMAIL, f"%00{NAME}", DOCUMENT):
            assert house.client.get(f"/api/v1/{path}{canary}", headers=house.bearer).status_code < 500
    (client,) = house.get("/clients", email=EMAIL)
    assert client["document"] == DOCUMENT
    refused = house.client.get(f"/api/v1/clients?q={EMAIL}", headers={"Authorization": f"Bearer {WRONG_TOKEN}"})
    assert refused.status_code == 401
    ears.assert_nothing_private(house.token)


def test_an_import_with_unreadable_rows_leaves_no_trace_in_the_log(house: House, ears: Ears) -> None:
    done = house.imports(f"{EMAIL} {WORDS}.csv", ROWS)
    assert (done["rows"]["created"], done["rows"]["failed"]) == (1, 2)
    house.uploads(f"{NAME}.xlsx", b"PK\x03\x04" + WORDS.encode())
    house.confirm_answer(done["id"], words={WORDS: EMAIL}, mapping={"1": NAME})
    problems = house.client.get(f"/api/v1/imports/{done['id']}/problems", headers=house.bearer)
    assert NAME in problems.get_data(as_text=True)
    ears.assert_nothing_private()


def test_a_translator_that_breaks_logs_where_and_nothing_of_what(
    house: House, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.postback, "translate", raises(ValueError(f"cannot read {json.dumps(a_postback())}")))
    house.receives(a_postback())
    assert house.balance()["hotmart"]["set_aside"] == 1
    ears.assert_nothing_private()
    assert "ValueError" in ears.heard()
    assert "ingest.py" in ears.heard(), "the place must be told, or nobody can mend it"


def test_a_row_that_breaks_its_reader_logs_where_and_nothing_of_what(
    house: House, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = house.uploads("vendas.csv", ROWS)
    monkeypatch.setattr(pouring, "facts_of_row", raises(KeyError(f"{NAME}: {WORDS}")))
    house.confirms(uploaded["id"])
    assert house.get(f"/imports/{uploaded['id']}")["rows"]["failed"] == 3
    ears.assert_nothing_private()
    assert "KeyError" in ears.heard()


FAULTS_OF_THE_DATABASE = {
    "a value": ("SELECT CAST(:said AS integer)", f"{NAME} {WORDS}"),
    "a row": ("INSERT INTO mappings SELECT account_id, :said, '{}', now() FROM mappings", NAME),
    "a check": ("UPDATE deliveries SET state = :said", WORDS),
    "a type": ("SELECT CAST(:said AS timestamptz)", f"{EMAIL} {WORDS}"),
}


@pytest.mark.parametrize("fault", FAULTS_OF_THE_DATABASE)
@pytest.mark.parametrize("past_sqlalchemy", [False, True])
def test_an_error_of_the_database_is_logged_without_the_row_it_quotes(
    house: House, ears: Ears, monkeypatch: pytest.MonkeyPatch, fault: str, past_sqlalchemy: bool
) -> None:
    statement, said = FAULTS_OF_THE_DATABASE[fault]
    house.rows("INSERT INTO mappings VALUES (:account, :said, '{}', now()) RETURNING 1", said=NAME)

    def broken(tx: Any, *_: object) -> None:
        if past_sqlalchemy:
            raw = tx.connection.driver_connection
            raw.execute(statement.replace(":said", "%(said)s"), {"said": said})
        else:
            tx.execute(text(statement), {"said": said})

    monkeypatch.setattr(ingest.inbox, "mark", broken)
    house.posts(a_postback())
    assert house.turn() == 1
    monkeypatch.undo()
    assert "batch failed" in ears.heard()
    ears.assert_nothing_private()


def test_a_page_that_breaks_tells_neither_log_nor_reader(
    house: House, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault in (RuntimeError(f"{NAME} {WORDS}"), psycopg.DataError(f'no "{WORDS}"'), OSError(f"{EMAIL} {PHONE}")):
        monkeypatch.setattr(clients, "listed", raises(fault))
        answer = house.client.get("/api/v1/clients", headers=house.bearer)
        assert answer.status_code in (422, 500)
        assert not any(secret in answer.get_data(as_text=True).lower() for secret in SECRETS)
    ears.assert_nothing_private()


def test_a_door_that_cannot_keep_tells_neither_log_nor_sender(
    house: House, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault in (psycopg.DataError(f'invalid: "{WORDS}"\nDETAIL: {NAME} {DOCUMENT}'), KeyError(NAME)):
        with monkeypatch.context() as patch:
            patch.setattr(inbox, "keep", raises(fault))
            answer = house.posts(a_postback())
        assert answer.status_code == 503
        assert not any(secret in answer.get_data(as_text=True).lower() for secret in SECRETS)
    assert house.posts(a_postback()).status_code == 200, "a bug must not shut the door for good"
    ears.assert_nothing_private()


def test_another_account_is_told_nothing(house: House, another_house: House) -> None:
    house.receives(a_postback())
    done = house.imports("vendas.csv", ROWS)
    (client, delivery) = house.get("/clients")[0], house.get("/deliveries", source="hotmart")[0]
    own = [f"/clients/{client['id']}", f"/clients/{client['id']}/milestones", f"/deliveries/{delivery['id']}"]
    own += [f"/imports/{done['id']}", f"/imports/{done['id']}/problems"]
    for path in [*own, "/clients", f"/clients?email={EMAIL}", "/purchases", "/deliveries", "/imports", "/balance"]:
        answer = another_house.client.get(f"/api/v1{path}", headers=another_house.bearer)
        assert answer.status_code == (404 if path in own else 200)
        assert not any(secret in answer.get_data(as_text=True).lower() for secret in SECRETS)
        assert house.client.get(f"/api/v1{path}", headers=house.bearer).status_code == 200
    for path in (f"{own[2]}/replay", f"{own[3]}/confirm", f"{own[3]}/undo"):
        answer = another_house.client.post(f"/api/v1{path}", json={}, headers=another_house.bearer)
        assert answer.status_code == 404
        assert not any(secret in answer.get_data(as_text=True).lower() for secret in SECRETS)


@pytest.fixture
def bench(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """A Redis in which nothing is, and jobs that find this session's servers as a worker does."""
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    workshop._of_process.cache_clear()
    client = redis.Redis.from_url(settings.redis_url)
    client.flushall()
    yield client
    workshop.workshop().engine.dispose()
    workshop._of_process.cache_clear()


def test_neither_jobs_nor_their_results_hold_anything_of_anybody(
    house: House, settings: Settings, bench: redis.Redis, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.posts(a_postback())
    answers_a_bell(settings, bench, Lane.REALTIME)
    assert house.get("/clients", email=EMAIL) != []
    monkeypatch.setattr(ingest, "_postbacks", raises(RuntimeError(f"{NAME} {EMAIL} {DOCUMENT} {WORDS} {HOTTOK}")))
    answers_a_bell(settings, bench, Lane.REALTIME)
    kept = everything_in(bench)
    assert "RuntimeError" in kept, "the failed job is there, with what broke and where"
    assert not [secret for secret in SECRETS if secret in kept.lower()]
    ears.assert_nothing_private()
    assert "RuntimeError" in ears.heard()


def answers_a_bell(settings: Settings, client: redis.Redis, lane: Lane) -> None:
    """Ring, and have the listener of the lane answer."""
    queue = Queue(lane, connection=client, serializer=JSONSerializer)
    Bell(settings)._enqueue(lane)
    listener.Listener([queue], connection=client, serializer=JSONSerializer).work(burst=True, logging_level=None)
    assert not queue.job_ids


def everything_in(client: redis.Redis) -> str:
    """Every key and every value, compressed ones unpacked by RQ itself."""
    found = []
    for key in client.scan_iter():
        found.append(key)
        match client.type(key):
            case b"string":
                found.append(client.get(key))
            case b"hash":
                found += [part for pair in client.hgetall(key).items() for part in pair]
            case b"list":
                found += client.lrange(key, 0, -1)
            case b"set":
                found += client.smembers(key)
            case b"zset":
                found += client.zrange(key, 0, -1)
            case b"stream":
                found += [part for _, entry in client.xrange(key) for pair in entry.items() for part in pair]
    return "\n".join(unpacked(one) for one in found)


def unpacked(value: bytes) -> str:
    """RQ packs tracebacks with zlib, results with base64 around it."""
    for unpack in (zlib.decompress, lambda packed: zlib.decompress(base64.b64decode(packed)), bytes):
        try:
            return unpack(value).decode("utf-8", "replace")
        except (zlib.error, ValueError):
            continue
    raise AssertionError("bytes are always bytes")


def test_the_token_of_kommo_is_in_no_log_and_on_no_page(
    house: House, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = "canary-token-that-opens-kommo", "canary-token-that-opens-nothing"
    with reached(house.shop.settings.redis_url, monkeypatch, Account(token=good)) as fake:
        for token, status in ((bad, 422), (good, 200)):
            said = {"address": "cursoexemplo", "token": token}
            answer = house.client.put("/api/v1/kommo", json=said, headers=house.bearer)
            assert answer.status_code == status
            assert token not in answer.get_data(as_text=True)
        fake.faults.plan(Fault(status=500), Fault(status=401))
        for _ in range(2):
            house.client.post("/api/v1/kommo/check", headers=house.bearer)
        house.client.delete("/api/v1/kommo", headers=house.bearer)
    ears.assert_nothing_private(good, bad)
