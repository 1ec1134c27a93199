"""Troubles that stay the trouble of one promise: lost keys, answers that cannot be kept, deletions midway."""

from __future__ import annotations

import pytest

from service.domain.automation.triggers import Trigger
from tests.kommo.faults import Fault
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import (
    a_buyer,
    approved,
    attempts,
    automate,
    deliver_all,
    hurry,
    ours,
    outbox,
    poured,
    switch,
)


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:
    return kommo_of_house


def states(house: House) -> list[str]:
    return [state for *_, state in outbox(house)]


def test_history_whose_token_cannot_be_opened_waits_for_the_key_and_nothing_of_it_is_unclear(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(3)))
    (kept,) = house.rows("SELECT token FROM kommo_connections WHERE account_id = :account")
    house.rows_changed("UPDATE kommo_connections SET token = 'sealed by nobody' WHERE account_id = :account")
    deliver_all(house)
    assert attempts(house) == [("failed", "secret_unreadable")] * 3
    unclear = house.rows("SELECT id FROM outbox WHERE account_id = :account AND unclear_since IS NOT NULL")
    assert (unclear, list(kommo.seen)) == ([], [])
    house.rows_changed("UPDATE kommo_connections SET token = :token WHERE account_id = :account", token=kept.token)
    hurry(house)
    deliver_all(house)
    assert (states(house), len(ours(kommo))) == (["done"] * 3, 3)


def test_what_fails_while_its_automation_is_deleted_is_withdrawn(house: House, kommo: FakeKommo) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    arrive = kommo.rates.arrive

    def arriving(account_id: int | None) -> int | None:
        kommo.rates.arrive = arrive  # type: ignore[method-assign]  # of this one fake
        switch(house, made, "deleted")
        return arrive(account_id)

    kommo.rates.arrive = arriving  # type: ignore[method-assign]  # of this one fake
    kommo.faults.plan(Fault(502, "GET", "leads"))
    deliver_all(house)
    assert (states(house), attempts(house)) == (["withdrawn"], [("failed", "kommo_trouble")])


@pytest.mark.parametrize("body", ["<html>\0</html>", {"title": "half a pair: \ud83d", "detail": "a NUL: \0"}])
def test_an_answer_with_signs_nobody_can_keep_is_kept_without_them(
    house: House, kommo: FakeKommo, body: str | dict[str, object]
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(Fault(402, "POST", "complex", body=body))
    house.receives(approved())
    deliver_all(house)
    assert (states(house), attempts(house)) == (["given_up"], [("given_up", "kommo_unpaid")])


def test_names_in_kommo_that_nobody_can_keep_are_read_without_those_signs(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    there = {"id": kommo.account.id, "name": "Loja \ud83d\0", "subdomain": "cursoexemplo", "currency": "BRL"}
    kommo.faults.plan(Fault(200, "GET", "account", body=there))
    house.receives(approved())
    deliver_all(house)
    assert states(house) == ["done"]
    (kept,) = house.rows(
        "SELECT book -> 'account' ->> 'name' AS name FROM kommo_connections WHERE account_id = :account"
    )
    assert kept.name == "Loja "


@pytest.mark.parametrize(("number", "priority"), [(50, 0), (51, 1)])
def test_more_than_fifty_that_are_sent_again_go_behind_the_sales_of_this_minute(
    house: House, number: int, priority: int
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(*(a_buyer(one) for one in range(number)))
    house.rows_changed("UPDATE outbox SET state = 'given_up' WHERE account_id = :account")
    answer = house.client.post("/api/v1/automations/history/resend", json={}, headers=house.bearer)
    assert answer.get_json() == {"resent": number}
    rows = house.rows("SELECT DISTINCT state, priority FROM outbox WHERE account_id = :account")
    assert [tuple(row) for row in rows] == [("waiting", priority)]
