"""The door for Kommo's hooks: who gets in, what is kept, and how fast."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from service.store import crm_hooks
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.living import House
from tests.sources.test_kommo import a_hook


@pytest.fixture
def secret(house: House) -> str:
    with transaction(house.shop.engine) as tx:
        made = crm_hooks.add(tx, house.account.id, vault_of(house.shop.settings))
    house.app.extensions["marco"].directory.forget()
    return made


def posts(house: House, secret: str, body: bytes = a_hook()) -> Any:
    form = "application/x-www-form-urlencoded"
    return house.client.post(f"/webhooks/kommo/{house.account.key}/{secret}", data=body, content_type=form)


def kept(house: House) -> list[Any]:
    return house.rows("SELECT key, event, source, state, body FROM deliveries WHERE account_id = :account ORDER BY id")


def test_a_hook_is_kept_as_it_came_and_answered_once_it_is(house, secret):
    answer = posts(house, secret)
    assert (answer.status_code, answer.get_json()) == (200, {"status": "accepted"})
    (row,) = kept(house)
    assert (row.source, row.event, row.state, bytes(row.body)) == ("kommo", "lead_status", "pending", a_hook())


def test_the_same_hook_again_is_a_repeat_and_counted(house, secret):
    posts(house, secret)
    assert posts(house, secret).get_json() == {"status": "duplicate"}
    assert len(kept(house)) == 1
    house.drain()
    book = house.balance()["kommo"]
    assert (book["received"], book["duplicate"], book["kept"]) == (2, 1, 1)


def test_hooks_of_other_things_are_answered_well_too(house, secret):
    assert posts(house, secret, b"contacts[add][0][id]=5").status_code == 200
    house.drain()
    assert [row.state for row in kept(house)] == ["kept"]


@pytest.mark.parametrize("body", [b"", b"{}", b"no form", b"\xff\x00", b"a[" * 30 + b"=1"])
def test_rubbish_is_turned_away_and_nothing_is_kept(house, secret, body):
    answer = posts(house, secret, body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed")
    assert kept(house) == []


def test_a_hook_over_one_megabyte_is_turned_away(house, secret):
    assert posts(house, secret, b"a=" + b"x" * (1024 * 1024)).status_code == 413
    assert kept(house) == []


def test_a_wrong_secret_and_a_wrong_account_are_not_found_alike(house, another_house, secret):
    wrong = posts(house, "wrong")
    nobody = house.client.post(f"/webhooks/kommo/nobody/{secret}", data=a_hook())
    others = house.client.post(f"/webhooks/kommo/{another_house.account.key}/{secret}", data=a_hook())
    assert [answer.status_code for answer in (wrong, nobody, others)] == [404, 404, 404]
    assert wrong.get_json() == nobody.get_json() == others.get_json()
    assert kept(house) == []


def test_a_flood_of_wrong_secrets_asks_the_database_once_a_second_at_most(house, secret):
    posts(house, "wrong")
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = house.app.extensions["marco"].engine
    event.listen(engine, "before_cursor_execute", note)
    began = time.monotonic()
    try:
        assert {posts(house, f"wrong-{number}").status_code for number in range(200)} == {404}
    finally:
        event.remove(engine, "before_cursor_execute", note)
    readings = [statement for statement in asked if "FROM accounts" in statement]
    assert len(readings) <= time.monotonic() - began + 1
    assert not any("deliveries" in statement for statement in asked)


def test_a_secret_that_was_replaced_lets_in_until_it_is_revoked(house, secret):
    with transaction(house.shop.engine) as tx:
        newer = crm_hooks.add(tx, house.account.id, vault_of(house.shop.settings))
    house.app.extensions["marco"].directory.forget()
    assert posts(house, secret, a_hook(name="1")).status_code == 200
    assert posts(house, newer, a_hook(name="2")).status_code == 200
    with transaction(house.shop.engine) as tx:
        assert crm_hooks.revoke_others(tx, house.account.id, newer) == 1
    house.app.extensions["marco"].directory.forget()
    assert posts(house, secret, a_hook(name="3")).status_code == 404
    assert posts(house, newer, a_hook(name="4")).status_code == 200


def test_the_secret_of_the_address_is_written_nowhere(house, secret, caplog):
    with caplog.at_level(logging.DEBUG):
        posts(house, secret)
        posts(house, secret, b"rubbish")
    assert secret not in caplog.text
    (stored,) = house.rows("SELECT digest::text || encode(sealed, 'escape') FROM crm_hooks WHERE account_id = :account")
    assert secret not in stored[0]


def test_hundreds_of_hooks_at_once_are_all_kept(house, secret):
    def one(number: int) -> int:
        return int(posts(house, secret, a_hook(name=str(number))).status_code)

    with ThreadPoolExecutor(8) as many:
        assert set(many.map(one, range(200))) == {200}
    assert len(kept(house)) == 200
