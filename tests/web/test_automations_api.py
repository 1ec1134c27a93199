"""Automations through the API: made, refused with every fault, changed, switched, taken away, tried out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from service.store import connections
from service.store.connections import Opening
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.living import House

SAID: dict[str, Any] = {
    "name": "Venda aprovada",
    "trigger": "sale_approved",
    "filter": {"field": "Comprador: E-mail", "operator": "equals", "value": "ana.lima@example.com"},
    "mapping": {"lead_name": "{{Produto: Nome}}", "lead_value": "{{Preço da compra}}"},
}


def asks(house: House, method: str, path: str = "", **said: Any) -> Any:
    return house.client.open(f"/api/v1/automations{path}", method=method, headers=house.bearer, **said)


@pytest.fixture
def connected(house: House) -> Iterator[None]:
    """An account of Kommo that nobody calls in these tests."""
    opening = Opening("https://cursoexemplo.kommo.com", "token-of-the-tests", None, 1)
    with transaction(house.shop.engine) as tx:
        connections.connect(tx, house.account.id, opening, vault_of(house.shop.settings), datetime.now(UTC))
    yield
    with transaction(house.shop.engine) as tx:
        connections.disconnect(tx, house.account.id)


def made(house: House, **said: Any) -> Any:
    answer = asks(house, "POST", json={**SAID, **said})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()


def test_an_automation_begins_as_a_draft_and_keeps_its_filter_by_keys(house: House) -> None:
    one = made(house)
    assert (one["state"], one["version"], one["policy"]) == ("draft", 1, "always_new")
    assert one["filter"]["field"] == "buyer_email"
    assert house.get("/automations") == [one]


def test_what_cannot_be_understood_is_refused_with_every_place(house: House) -> None:
    bad = {"filter": {"field": "Comprador: Email!!x", "operator": "equals", "value": "x"}, "mapping": {"lead_nam": "x"}}
    answer = asks(house, "POST", json={**SAID, **bad})
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (422, "automation_unreadable")
    assert told["errors"]["filter"][0]["suggestion"]
    assert {one["place"] for one in told["errors"]["mapping"]} == {"lead_nam", "lead_name"}
    assert house.get("/automations") == []


def test_a_change_made_from_an_older_version_is_refused(house: House) -> None:
    one = made(house)
    answer = asks(house, "PUT", f"/{one['id']}", json={**SAID, "name": "Outra", "version": 1})
    assert (answer.status_code, answer.get_json()["version"], answer.get_json()["name"]) == (200, 2, "Outra")
    late = asks(house, "PUT", f"/{one['id']}", json={**SAID, "version": 1})
    assert (late.status_code, late.get_json()["code"]) == (409, "automation_changed")


def test_without_kommo_an_automation_is_neither_switched_on_nor_tried(house: House) -> None:
    one = made(house)
    answer = asks(house, "POST", f"/{one['id']}/switch", json={"state": "on"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "kommo_not_connected")
    nothing = asks(house, "POST", f"/{one['id']}/test", json={})
    assert (nothing.status_code, nothing.get_json()["code"]) == (404, "no_such_event")


@pytest.mark.usefixtures("connected")
def test_an_automation_is_switched_and_taken_away(house: House) -> None:
    one = made(house)
    assert asks(house, "POST", f"/{one['id']}/switch", json={"state": "on"}).get_json()["state"] == "on"
    assert asks(house, "POST", f"/{one['id']}/switch", json={"state": "sideways"}).status_code == 422
    assert asks(house, "POST", f"/{one['id']}/switch", json={"state": "off"}).get_json()["state"] == "off"
    assert asks(house, "DELETE", f"/{one['id']}").status_code == 204
    assert asks(house, "GET", f"/{one['id']}").status_code == 404
    assert house.get("/automations") == []


def test_nothing_is_resent_where_nothing_is(house: House) -> None:
    assert asks(house, "POST", "/history/resend", json={}).get_json() == {"resent": 0}
    assert asks(house, "POST", "/history/resend", json={"state": ["nonsense"]}).status_code == 422
    assert asks(house, "POST", "/history/999999/resend").status_code == 404
