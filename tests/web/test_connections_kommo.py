"""The connection to Kommo, by its page and by the API: made, refused with a remedy, looked after, left."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from service import kommo_account, kommo_desk
from service.connectors.kommo.connection import Connection
from service.connectors.limits import Pace
from service.connectors.redis_road import RedisRoad
from service.domain.roles import Role
from service.store import connections
from service.store.connections import Connected
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo.faults import Fault
from tests.kommo.memory import Account
from tests.kommo.reached import reached
from tests.kommo.server import FakeKommo
from tests.living import House, payload
from tests.web.visitors import Visitor, a_member
from workers.reconciling import watch

WELL = {"address": "cursoexemplo", "token": "token-of-the-tests-000"}


def token_that_ends(ends: datetime) -> str:
    """A token as Kommo makes them: a JWT that says when it ends."""
    parts = ({"alg": "none"}, {"exp": int(ends.timestamp())})
    head, claims = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{claims}.signature"


@pytest.fixture
def fake(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKommo]:
    """A Kommo that can be connected, with one account and one of somebody else."""
    mine = Account(token=WELL["token"])
    other = Account(id=30119999, subdomain="outraescola", name="Outra Escola", token="token-of-another-school")
    with reached(house.shop.settings.redis_url, monkeypatch, mine, other) as running:
        yield running
        with transaction(house.shop.engine) as tx:
            connections.disconnect(tx, house.account.id)


@pytest.fixture
def path(house: House) -> str:
    return f"/a/{house.account.key}/connections/kommo"


def kept(house: House) -> Connected | None:
    with transaction(house.shop.engine) as tx:
        return connections.find(tx, house.account.id)


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())


def connects(visitor: Visitor, path: str, **more: str) -> str:
    answer = visitor.posts(path, **{**WELL, **more})
    assert answer.status_code == 302, words_of(answer.get_data(as_text=True))
    return words_of(visitor.reads(path))


def test_connecting_shows_what_is_set_up_there_and_never_the_token(house, fake, path):
    visitor = a_member(house.app, house.account)
    assert "Chaves e escopos" in visitor.reads(path)
    told = connects(visitor, path, address="https://CursoExemplo.kommo.com/leads/pipeline/")
    for wanted in ("Curso Exemplo", "BRL", "Bia Souza", "Vendas Hotmart principal", "Boleto gerado", "Contatos: 2"):
        assert wanted in told
    found = kept(house)
    assert found.state == "connected"
    assert WELL["token"].encode() not in found.token
    assert vault_of(house.shop.settings).open(found.token) == WELL["token"]
    assert WELL["token"] not in visitor.reads(path)


def html(status: int) -> Callable[[FakeKommo], None]:
    return lambda fake: fake.faults.plan(Fault(status=status))


def problem(status: int, body: Any = None) -> Callable[[FakeKommo], None]:
    return lambda fake: fake.faults.plan(Fault(status=status, body=body or {"status": status}))


FAULTS: list[tuple[dict[str, str], Callable[[FakeKommo], None] | None, int, str, str]] = [
    ({"address": "www.example.com"}, None, 422, "Este não é o endereço de uma conta da Kommo", "antes de .kommo.com"),
    ({"token": "ção" * 9}, None, 422, "Isto não é um token da Kommo", "Copie de novo"),
    ({"token": "a-token-nobody-knows-1"}, None, 422, "A Kommo não aceita este token", "Crie um novo"),
    (
        {"token": token_that_ends(datetime(2026, 1, 1, tzinfo=UTC))},
        None, 422, "Este token terminou", "com uma data final mais distante",
    ),
    ({"token": "token-of-another-school"}, None, 422, "é de outra conta da Kommo", "outraescola.kommo.com"),
    ({}, html(403), 503, "A Kommo bloqueou o endereço", "suporte da Kommo"),
    ({}, problem(403), 422, "não tem permissão para isto", "administrador"),
    ({}, problem(402), 422, "O plano da conta da Kommo não permite isto", "está paga"),
    ({}, problem(404), 422, "Não existe conta da Kommo neste endereço", "no navegador"),
    ({}, problem(301), 422, "tem outro endereço agora", "conecte com ele"),
    ({}, html(429), 503, "pediu chamadas mais lentas", "em um minuto"),
    ({}, html(502), 503, "A Kommo está com problemas", "alguns minutos"),
    ({}, html(200), 503, "não é uma resposta da API", "endereço está certo"),
    ({}, lambda fake: fake.faults.plan(Fault(status=0)), 503, "A resposta da Kommo se interrompeu", "alguns minutos"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "trouble", "status", "says", "remedy"), FAULTS, ids=[one[3] for one in FAULTS])
def test_every_fault_is_said_with_its_remedy_and_nothing_is_kept(
    house, fake, path, typed, trouble, status, says, remedy
):
    visitor = a_member(house.app, house.account)
    if trouble is not None:
        trouble(fake)
    answer = visitor.posts(path, **{**WELL, **typed})
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert says in words_of(page)
    assert remedy in words_of(page)
    assert {**WELL, **typed}["token"] not in page
    assert kept(house) is None


def test_a_server_that_cannot_be_reached_is_said_so(house, fake, path, monkeypatch):
    monkeypatch.setattr(kommo_account, "connection_to", lambda typed, token: Connection("http://127.0.0.1:9", token))
    answer = a_member(house.app, house.account).posts(path, **WELL)
    assert answer.status_code == 503
    assert "Sem conexão com a Kommo" in words_of(answer.get_data(as_text=True))


def test_a_failed_connecting_leaves_the_connection_before_as_it_was(house, fake, path):
    visitor = a_member(house.app, house.account)
    connects(visitor, path)
    before = kept(house)
    assert visitor.posts(path, **{**WELL, "token": "a-token-nobody-knows-1"}).status_code == 422
    assert kept(house) == before


def test_refreshing_sees_new_stages_and_makes_the_missing_field(house, fake, path):
    visitor = a_member(house.app, house.account)
    fake.account.fields["leads"].clear()
    assert "Está faltando" in connects(visitor, path)
    fake.account.add_pipeline("Renovações", 7700200, {61000030: "A vencer"})
    assert "A vencer" not in words_of(visitor.reads(path))
    assert visitor.posts(f"{path}/refresh").status_code == 302
    assert "A vencer" in words_of(visitor.reads(path))
    assert visitor.posts(f"{path}/fingerprint").status_code == 302
    told = words_of(visitor.reads(path))
    assert "Está faltando" not in told
    assert [(one["name"], one["type"]) for one in fake.account.fields["leads"]] == [("Transação Hotmart", "text")]
    visitor.posts(f"{path}/fingerprint")
    assert "O campo já existia" in words_of(visitor.reads(path))
    assert len(fake.account.fields["leads"]) == 1


def test_who_is_no_administrator_there_is_told_that_the_field_needs_one(house, fake, path):
    visitor = a_member(house.app, house.account)
    fake.account.fields["leads"].clear()
    fake.account.is_administrators = False
    connects(visitor, path)
    answer = visitor.posts(f"{path}/fingerprint")
    assert answer.status_code == 422
    assert "administrador" in words_of(answer.get_data(as_text=True))


def test_a_token_that_was_revoked_stops_the_connection_until_it_works_again(house, fake, path):
    visitor = a_member(house.app, house.account)
    connects(visitor, path)
    fake.faults.plan(Fault(status=401, body={"status": 401}))
    answer = visitor.posts(f"{path}/refresh")
    assert answer.status_code == 422
    assert kept(house).state == "refused"
    assert "Parado" in words_of(visitor.reads(path))
    visitor.posts(f"{path}/refresh")
    assert kept(house).state == "connected"
    assert "A conexão funciona" in words_of(visitor.reads(path))


def test_the_end_of_the_token_is_told_from_two_weeks_before(house, fake, path):
    visitor = a_member(house.app, house.account)
    for days, warned in ((15, False), (13, True)):
        token = token_that_ends(datetime.now(UTC) + timedelta(days=days))
        fake.accounts = {token: fake.account}
        told = connects(visitor, path, token=token)
        assert ("Conecte com um novo antes" in told) is warned


def test_disconnecting_ends_the_subscription_and_leaves_what_is_there(house, fake, path):
    visitor = a_member(house.app, house.account)
    connects(visitor, path)
    watch(house.shop, datetime.now(UTC))
    (address,) = fake.account.hooks
    assert "Inscrito" in words_of(visitor.reads(path))
    hook = address.removeprefix(house.shop.settings.public_url)
    assert "nada em 30 dias" in words_of(visitor.reads(path))
    assert house.client.post(hook, data="account[id]=1").status_code == 200
    assert "Último aviso recebido há" in words_of(visitor.reads(path))
    leads = fake.account.all("leads")
    assert visitor.posts(f"{path}/disconnect").status_code == 302
    told = words_of(visitor.reads(path))
    assert "Desconectado" in told
    assert "não pôde ser avisada" not in told
    assert fake.account.hooks == {}
    assert fake.account.all("leads") == leads
    assert house.client.post(hook, data="account[id]=1").status_code == 404
    assert (kept(house).state, bytes(kept(house).token)) == ("disconnected", b"")
    assert visitor.posts(f"{path}/disconnect").status_code == 409
    connects(visitor, path)
    watch(house.shop, datetime.now(UTC))
    assert list(fake.account.hooks) != [address]


def test_disconnecting_while_kommo_is_away_is_done_and_says_what_is_left(house, fake, path):
    visitor = a_member(house.app, house.account)
    connects(visitor, path)
    watch(house.shop, datetime.now(UTC))
    (address,) = fake.account.hooks
    fake.faults.plan(Fault(status=502, method="GET", path="webhooks"))
    assert visitor.posts(f"{path}/disconnect").status_code == 302
    told = words_of(visitor.reads(path))
    assert "não pôde ser avisada" in told
    assert kept(house).state == "disconnected"
    hook = address.removeprefix(house.shop.settings.public_url)
    assert house.client.post(hook, data="account[id]=1").status_code == 404


def test_another_account_of_kommo_ends_the_subscription_of_the_one_before(house, fake, path):
    visitor = a_member(house.app, house.account)
    connects(visitor, path)
    watch(house.shop, datetime.now(UTC))
    assert fake.account.hooks
    told = connects(visitor, path, address="outraescola", token="token-of-another-school")
    assert "outra conta da Kommo" in told
    assert fake.account.hooks == {}
    house.rows_changed("UPDATE crm_hooks SET checked_at = NULL WHERE account_id = :account")
    watch(house.shop, datetime.now(UTC))
    assert len(fake.accounts["token-of-another-school"].hooks) == 1


def test_readers_look_and_operators_only_refresh(house, fake, path):
    connects(a_member(house.app, house.account), path)
    reader, operator = (a_member(house.app, house.account, role) for role in (Role.READER, Role.OPERATOR))
    assert "Vendas Hotmart" in reader.reads(path)
    assert "<form" not in reader.reads(path).split("<main", 1)[1]
    assert reader.posts(f"{path}/refresh").status_code == 403
    assert operator.posts(f"{path}/refresh").status_code == 302
    for forbidden in ("", "/fingerprint", "/disconnect"):
        assert operator.posts(f"{path}{forbidden}", **WELL).status_code == 403
    assert kept(house).state == "connected"


def test_the_connection_of_another_account_is_neither_shown_nor_touched(house, another_house, fake, path):
    connects(a_member(house.app, house.account), path)
    stranger = a_member(another_house.app, another_house.account)
    assert stranger.get(path).status_code == 404
    assert stranger.posts(f"{path}/disconnect").status_code == 404
    assert "Curso Exemplo" not in stranger.reads(f"/a/{another_house.account.key}/connections/kommo")
    assert kept(house).state == "connected"


def test_the_meter_shows_what_was_asked_and_that_calls_rest(house, fake, path):
    visitor = a_member(house.app, house.account)
    connects(visitor, path)
    asked = len(fake.seen)
    told = words_of(visitor.reads(path))
    assert f"{asked} de 300 requisições" in told
    assert f"{asked} de 18.000 requisições" in told
    road = RedisRoad(Redis.from_url(house.shop.settings.redis_url), pace=Pace())
    road.slow_down(40)
    assert "pediu chamadas mais lentas" in words_of(visitor.reads(path))
    road.close()
    assert "chamadas à Kommo descansam" in words_of(visitor.reads(path))
    assert len(fake.seen) == asked, "looking calls nobody"


def test_the_rate_is_honoured_by_all_who_call(settings):
    slower = replace(settings, kommo_rate=2)
    assert kommo_desk.pace_of(slower).per_second == 2
    assert kommo_desk.pace_of(settings) == kommo_desk.PACE
    found = Connected(1, "http://127.0.0.1:9", vault_of(slower).seal("t"), "connected", None, None, 1, None, None, None)
    assert kommo_desk.desk_of(slower, found).gate.road._pace.per_second == 2


def test_all_connections_are_seen_at_a_glance(house, fake, path):
    visitor, index = a_member(house.app, house.account), path.removesuffix("/kommo")
    assert "Não conectado" in words_of(visitor.reads(index))
    connects(visitor, path)
    told = words_of(visitor.reads(index))
    assert "Kommo Conectado 127.0.0.1" in told
    assert "Hotmart Esperando o primeiro evento" in told


def test_hotmart_at_a_glance_is_told_by_its_own_events(house, fake, path):
    visitor, index = a_member(house.app, house.account), path.removesuffix("/kommo")
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    assert "Hotmart Conectado 1 evento em 7 dias" in words_of(visitor.reads(index))
    house.rows_changed("UPDATE deliveries SET received_at = now() - interval '8 days' WHERE account_id = :account")
    assert "Hotmart Quieto Último evento há" in words_of(visitor.reads(index))
    house.rows_changed("UPDATE deliveries SET event = 'lead_status', source = 'kommo' WHERE account_id = :account")
    assert "Hotmart Esperando o primeiro evento" in words_of(visitor.reads(index))
