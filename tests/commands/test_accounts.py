"""`account`, `token` and `hottok`."""

from __future__ import annotations

import json

from service.web.guards import API_TOKEN
from tests.commands.conftest import HOTTOK, Terminal


def made(door: Terminal, name: str) -> dict[str, str]:
    account: dict[str, str] = json.loads(door.says("account", "create", name, "--hottok", HOTTOK, "--json"))
    door.app.extensions["marco"].directory.forget()
    return account


def lets_in(door: Terminal, token: str) -> bool:
    door.app.extensions["marco"].directory.forget()
    answer = door.app.test_client().get("/api/v1/clients", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def takes_postbacks(door: Terminal, key: str, hottok: str) -> bool:
    door.app.extensions["marco"].directory.forget()
    headers = {"X-HOTMART-HOTTOK": hottok}
    answer = door.app.test_client().post(f"/webhooks/hotmart/{key}", data=b'{"event": "X", "id": "1"}', headers=headers)
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def test_nobody_is_there_at_first(door):
    assert "No accounts yet" in door.says("account", "list")
    assert "No such account" in door.complains("clients")


def test_a_new_account_is_told_with_its_key_address_and_token(door):
    said = door.says("account", "create", "My school", "--hottok", HOTTOK)
    key = said.split("account key")[1].split()[0]
    assert f"{door.settings.public_url}/webhooks/hotmart/{key}" in said
    token = API_TOKEN.search(said)
    assert token is not None
    assert lets_in(door, token[0])
    assert takes_postbacks(door, key, HOTTOK)
    assert "My school" in door.says("account", "list")


def test_an_account_as_json_holds_all_of_it(door):
    account = made(door, "As JSON")
    assert set(account) == {"account_key", "name", "timezone", "role", "webhook_url", "api_token"}
    assert lets_in(door, account["api_token"])
    assert account["account_key"] in {one["account_key"] for one in json.loads(door.says("account", "list", "--json"))}


def test_a_token_is_never_stored_in_plain_text_nor_told_again(door):
    account = made(door, "Secretive")
    listed = door.says("account", "list", "--json") + door.says("account", "list")
    assert account["api_token"] not in listed
    assert HOTTOK not in listed


def test_an_unknown_time_zone_names_a_right_one(door):
    said = door.complains("account", "create", "X", "--hottok", "t", "--timezone", "Mars/Base")
    assert "'Mars/Base' is no time zone" in said
    assert "America/Sao_Paulo" in said


def test_an_empty_hottok_and_an_empty_name_are_refused(door):
    assert "The hottok is empty" in door.complains("account", "create", "X", "--hottok", " ")
    assert "needs a name" in door.complains("account", "create", " ", "--hottok", "t")
    assert "'X'" not in door.says("account", "list")


def test_a_hottok_can_come_from_standard_input(door):
    said = door.says("account", "create", "Piped", "--hottok", "-", "--json", input="from-a-pipe-0123456\n")
    account = json.loads(said)
    assert takes_postbacks(door, account["account_key"], "from-a-pipe-0123456")


def test_with_several_accounts_one_must_be_named(door):
    made(door, "One of several")
    assert "say which with --account" in door.complains("clients")
    assert "No clients yet" in door.says("clients", "--account", "One of several")
    assert "No such account" in door.complains("clients", "--account", "nobody")


def test_two_accounts_of_one_name_are_told_apart_by_key(door):
    first, _ = made(door, "Twin"), made(door, "Twin")
    assert "use the key" in door.complains("clients", "--account", "Twin")
    assert "No clients yet" in door.says("clients", "--account", first["account_key"])


def test_a_second_api_token_works_until_it_is_revoked_by_its_label(door):
    account = made(door, "Tokens")
    token = door.says("token", "add", "--label", "zapier", "--account", account["account_key"]).strip()
    assert lets_in(door, token)
    assert "Revoked 1 API token" in door.says("token", "revoke", "zapier", "--account", account["account_key"])
    assert not lets_in(door, token)
    assert lets_in(door, account["api_token"])
    assert "no valid API token" in door.complains("token", "revoke", "zapier", "--account", account["account_key"])


def test_a_hottok_is_replaced_without_a_gap(door):
    account = made(door, "Rotating")
    about = ("--account", account["account_key"])
    door.says("hottok", "add", "the-next-hottok-0001", *about)
    assert takes_postbacks(door, account["account_key"], "the-next-hottok-0001")
    assert takes_postbacks(door, account["account_key"], HOTTOK)
    door.says("hottok", "revoke", HOTTOK, *about)
    assert not takes_postbacks(door, account["account_key"], HOTTOK)
    assert "no valid hottok" in door.complains("hottok", "revoke", HOTTOK, *about)
    door.says("hottok", "add", HOTTOK, *about)
    assert takes_postbacks(door, account["account_key"], HOTTOK)
