"""The connection to Kommo by the API: what the page does, for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.store import connections
from service.store.engine import transaction
from tests.kommo.faults import Fault
from tests.kommo.memory import Account
from tests.kommo.reached import reached
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.web.test_connections_kommo import WELL


@pytest.fixture
def fake(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKommo]:
    with reached(house.shop.settings.redis_url, monkeypatch, Account(token=WELL["token"])) as running:
        yield running
        with transaction(house.shop.engine) as tx:
            connections.disconnect(tx, house.account.id)


def asks(house: House, method: str, path: str = "", **said: Any) -> Any:
    return house.client.open(f"/api/v1/kommo{path}", method=method, headers=house.bearer, **said)


def test_connecting_tells_everything_but_the_token(house, fake):
    assert house.get("/kommo")["state"] == "none"
    answer = asks(house, "PUT", json=WELL)
    assert answer.status_code == 200
    assert WELL["token"] not in answer.get_data(as_text=True)
    told = answer.get_json()
    assert told == house.get("/kommo")
    assert (told["state"], told["setup"]["currency"]) == ("connected", "BRL")
    assert told["setup"]["fields"] == {"leads": 1, "contacts": 2, "companies": 0}
    (pipeline,) = told["setup"]["pipelines"]
    assert [stage["name"] for stage in pipeline["stages"]][1] == "Boleto gerado"
    assert (told["use"]["rate"], told["use"]["minute"]) == (5, len(fake.seen))
    assert told["hook"]["renewed"] == 0


def test_what_kommo_refuses_is_no_refusal_of_ours(house, fake):
    refused = asks(house, "PUT", json={**WELL, "token": "a-token-nobody-knows-1"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "kommo_token_refused")
    assert asks(house, "PUT", json={"address": "x"}).status_code == 422
    assert asks(house, "PUT", json={**WELL, "address": "example.com"}).get_json()["code"] == "bad_address"
    assert house.get("/kommo")["state"] == "none"
    for method, path in (("POST", "/check"), ("POST", "/refresh"), ("POST", "/fingerprint"), ("DELETE", "")):
        answer = asks(house, method, path)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "kommo_not_connected"), path


def test_checking_asks_once_and_refreshing_reads_everything(house, fake):
    asks(house, "PUT", json=WELL)
    fake.seen.clear()
    assert asks(house, "POST", "/check").get_json()["state"] == "connected"
    assert [seen.path for seen in fake.seen] == ["/api/v4/account"]
    fake.account.add_pipeline("Renovações", 7700200, {61000030: "A vencer"})
    pipelines = asks(house, "POST", "/refresh").get_json()["setup"]["pipelines"]
    assert [one["name"] for one in pipelines] == ["Vendas Hotmart", "Renovações"]
    fake.account.fields["leads"].clear()
    assert asks(house, "POST", "/fingerprint").get_json()["setup"]["has_fingerprint"] is True
    fake.faults.plan(Fault(status=429))
    slow = asks(house, "POST", "/check")
    assert (slow.status_code, slow.get_json()["code"]) == (503, "kommo_slow_down")


def test_disconnecting_says_whether_kommo_was_told(house, fake):
    asks(house, "PUT", json=WELL)
    assert asks(house, "DELETE").get_json() == {"told": True, "cause": None}
    assert house.get("/kommo")["state"] == "disconnected"
    asks(house, "PUT", json=WELL)
    fake.faults.plan(Fault(status=403, path="webhooks"))
    assert asks(house, "DELETE").get_json() == {"told": False, "cause": "kommo_banned"}


def test_without_a_token_nobody_asks(house, fake):
    assert house.client.get("/api/v1/kommo").status_code == 401
