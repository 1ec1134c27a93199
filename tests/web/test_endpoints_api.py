"""Webhook addresses through the API: added with their secret, tried, rotated, switched, refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service.app import create_app
from service.settings import Settings
from tests.living import House
from tests.stories.conftest import receiver  # noqa: F401  # the fixture
from workers.workshop import Workshop

SENDING: dict[str, Any] = {
    "name": "Avisar o n8n",
    "trigger": "sale_approved",
    "destination": "webhook",
    "mapping": {"fields": [{"key": "quem", "template": "{{Comprador: E-mail}}"}]},
}


@pytest.fixture(scope="module")
def open_app(settings: Settings, shop: Workshop) -> Flask:
    """The application, allowed to send to this machine."""
    assert shop.engine
    return create_app(replace(settings, webhooks_to_self=True))


@pytest.fixture
def open_house(open_app: Flask, shop: Workshop) -> Iterator[House]:
    house = House(open_app, shop)
    yield house
    house.rows_changed("UPDATE webhook_endpoints SET state = 'disabled' WHERE account_id = :account AND state = 'on'")


def asks(house: House, method: str, path: str = "", *, at: str = "webhook-endpoints", **said: Any) -> Any:
    return house.client.open(f"/api/v1/{at}{path}", method=method, headers=house.bearer, **said)


@pytest.fixture
def address(receiver: Any) -> str:  # noqa: F811  # a fixture is asked for by its name
    return f"http://127.0.0.1:{receiver.server_address[1]}/hooks?key=1"


def added(house: House, address: str) -> Any:
    answer = asks(house, "POST", json={"url": f" {address} "})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()


def test_an_address_is_added_and_its_secret_is_told_this_once(open_house: House, address: str) -> None:
    made = added(open_house, address)
    assert made["secret"].startswith("whsec_")
    (listed,) = open_house.get("/webhook-endpoints")
    assert {name: listed[name] for name in ("id", "url", "state", "secrets")} == {
        "id": made["id"],
        "url": address,
        "state": "on",
        "secrets": 1,
    }
    assert "secret" not in listed
    assert "secret" not in open_house.get(f"/webhook-endpoints/{made['id']}")


REFUSED = {
    "http://example.com/hook": "unencrypted",
    "https://127.0.0.1/hook": "forbidden_address",
    "https://[::1]/hook": "forbidden_address",
    "https://169.254.169.254/latest/meta-data": "forbidden_address",
    "https://10.0.0.1/hook": "forbidden_address",
    "https://0x7f000001/hook": "bad_url",
    "https://user:password@example.com/": "bad_url",
    "ftp://example.com/": "bad_url",
    "https://no-such-host.invalid/": "unknown_host",
}


@pytest.mark.parametrize(("url", "code"), REFUSED.items())
def test_an_address_nothing_may_be_sent_to_is_refused_when_it_is_saved(
    house: House, monkeypatch: pytest.MonkeyPatch, url: str, code: str
) -> None:
    def resolved(host: str, _: int) -> list[str]:
        if host.endswith(".invalid"):
            raise OSError
        return ["93.184.215.14"] if host == "example.com" else [host]

    monkeypatch.setattr("service.endpoint_desk.resolved", resolved)  # tests ask no name server
    answer = asks(house, "POST", json={"url": url})
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert house.get("/webhook-endpoints") == []


def test_a_test_message_really_goes_out_signed_and_marked(open_house: House, address: str, receiver: Any) -> None:  # noqa: F811  # the fixture
    made = added(open_house, address)
    sent = asks(open_house, "POST", f"/{made['id']}/test").get_json()
    ((path, headers, body),) = receiver.got
    assert (sent["status"], sent["answer"], sent["cause"], path) == (200, "ok", None, "/hooks?key=1")
    assert {name.lower(): value for name, value in headers.items()}["webhook-id"] == sent["message_id"]
    assert b'"test": true' in body
    receiver.answers = [(500, {}, b"no")]
    failed = asks(open_house, "POST", f"/{made['id']}/test").get_json()
    assert (failed["status"], failed["answer"], failed["cause"]) == (500, "no", "not_taken")
    assert open_house.get(f"/webhook-endpoints/{made['id']}")["failures"] == 0


def test_a_secret_is_rotated_and_the_older_one_retired(open_house: House, address: str) -> None:
    made = added(open_house, address)
    rotated = asks(open_house, "POST", f"/{made['id']}/rotate").get_json()
    assert (rotated["secrets"], rotated["secret"] == made["secret"]) == (2, False)
    assert rotated["rotated_at"]
    assert asks(open_house, "POST", f"/{made['id']}/retire").get_json()["secrets"] == 1


def test_an_address_moves_with_its_secrets_and_only_where_messages_may_go(open_house: House, address: str) -> None:
    made = added(open_house, address)
    moved = asks(open_house, "PUT", f"/{made['id']}", json={"url": address + "2"})
    assert (moved.status_code, moved.get_json()["url"], moved.get_json()["secrets"]) == (200, address + "2", 1)
    refused = asks(open_house, "PUT", f"/{made['id']}", json={"url": "https://10.0.0.1/"})
    assert refused.get_json()["code"] == "forbidden_address"
    assert open_house.get(f"/webhook-endpoints/{made['id']}")["url"] == address + "2"


def test_an_automation_to_a_webhook_needs_an_address_that_is_on(open_house: House, address: str) -> None:
    def switched_on(one: Any) -> Any:
        return asks(open_house, "POST", f"/{one['id']}/switch", at="automations", json={"state": "on"})

    draft = asks(open_house, "POST", at="automations", json=SENDING).get_json()
    assert switched_on(draft).get_json()["code"] == "endpoint_needed"
    made = added(open_house, address)
    chosen = {**SENDING, "endpoint_id": made["id"], "version": draft["version"]}
    assert asks(open_house, "PUT", f"/{draft['id']}", at="automations", json=chosen).status_code == 200
    asks(open_house, "POST", f"/{made['id']}/switch", json={"state": "off"})
    assert switched_on(draft).get_json()["code"] == "endpoint_not_on"
    assert asks(open_house, "POST", f"/{made['id']}/switch", json={"state": "on"}).get_json()["cause"] is None
    now = switched_on(draft).get_json()
    assert (now["state"], now["endpoint_id"]) == ("on", made["id"])
    assert asks(open_house, "DELETE", f"/{made['id']}").get_json()["code"] == "endpoint_in_use"
    without = {**SENDING, "version": now["version"]}
    lost = asks(open_house, "PUT", f"/{draft['id']}", at="automations", json=without)
    assert (lost.status_code, lost.get_json()["code"]) == (409, "endpoint_needed")
    asks(open_house, "POST", f"/{draft['id']}/switch", at="automations", json={"state": "off"})
    assert asks(open_house, "DELETE", f"/{made['id']}").status_code == 204
    assert switched_on(draft).get_json()["code"] == "endpoint_removed"


def test_addresses_of_another_account_are_not_there(open_house: House, another_house: House, address: str) -> None:
    made = added(open_house, address)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/retire"), ("POST", "/test")):
        assert asks(another_house, method, f"/{made['id']}{path}").status_code == 404
    switch = asks(another_house, "POST", f"/{made['id']}/switch", json={"state": "off"})
    strange = asks(another_house, "POST", at="automations", json={**SENDING, "endpoint_id": made["id"]})
    assert (switch.status_code, strange.status_code) == (404, 404)


def test_a_mapping_that_cannot_be_read_is_refused_with_every_place(house: House) -> None:
    pairs = [
        {"key": "a b", "template": "x"},
        {"key": "ok", "template": "{{Nada}}"},
        {"key": "ok", "template": ""},
        {"keey": "x"},
    ]
    answer = asks(house, "POST", at="automations", json={**SENDING, "mapping": {"fields": pairs, "note": "x"}})
    faults = {(one["place"], one["code"]) for one in answer.get_json()["errors"]["mapping"]}
    assert answer.get_json()["code"] == "automation_unreadable"
    assert {("fields[0].key", "not_a_name"), ("fields[2].key", "named_twice"), ("note", "unknown_member")} <= faults
    assert {
        ("fields[2].template", "missing"),
        ("fields[3].key", "missing"),
        ("fields[3].keey", "unknown_member"),
    } <= faults
    assert ("fields[1].template[2]", "unknown_field") in faults


def test_a_trial_shows_the_message_and_sends_nothing(open_house: House, address: str, receiver: Any) -> None:  # noqa: F811  # the fixture
    from tests.stories.automating import approved  # noqa: PLC0415  # the words of stories, for one postback

    made = added(open_house, address)
    open_house.receives(approved())
    said = {**SENDING, "endpoint_id": made["id"], "event": None}
    trial = asks(open_house, "POST", "/test", at="automations", json=said).get_json()
    assert trial["passed"]
    assert trial["message"]["body"]["data"] == {"quem": "ana.lima@example.com"}
    assert trial["message"]["url"] == address.replace("key=1", "…")
    assert trial["message"]["headers"]["webhook-signature"] == "v1,•••"
    assert receiver.got == []
    stopped = {**said, "filter": {"field": "buyer_email", "operator": "equals", "value": "outra@example.com"}}
    assert not asks(open_house, "POST", "/test", at="automations", json=stopped).get_json()["passed"]


def test_commands_do_the_same(open_house: House, address: str, receiver: Any) -> None:  # noqa: F811  # the fixture
    def runs(*words: str) -> str:
        runner = open_house.app.test_cli_runner()
        done = runner.invoke(args=["webhook", *words, "--account", open_house.account.name])
        assert done.exit_code == 0, done.output
        return str(done.output)

    assert "Secret: whsec_" in runs("add", address)
    (one,) = open_house.get("/webhook-endpoints")
    number = str(one["id"])
    assert address in runs("list")
    assert "Taken: answered 200" in runs("test", number)
    assert "Secret: whsec_" in runs("rotate", number)
    assert "Moved" in runs("move", number, address + "2")
    runs("retire", number)
    runs("disable", number)
    assert open_house.get(f"/webhook-endpoints/{number}")["cause"] == "switched_off"
    assert "Sent again: 0" in runs("enable", number, "--resend")
    runs("remove", number)
    assert open_house.get("/webhook-endpoints") == []
    assert len(receiver.got) == 1
