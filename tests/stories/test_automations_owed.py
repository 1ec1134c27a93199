"""What an automation is owed: once for ever, in the transaction of the ledger, and nothing for what is no news."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from service.domain.automation.triggers import Trigger
from service.samples.cast import CLUB
from service.store import inbox
from service.store.engine import transaction
from tests.living import House
from tests.stories.automating import approved, automate, cart, outbox, refresh, switch, told
from workers import pipeline

SALE = "t:HP0000000001"


def test_a_sale_owes_its_automation_once_whatever_is_resent_replayed_or_rebuilt(house: House) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved(), approved(), approved(1))
    assert outbox(house) == [("sale_approved", SALE, "waiting")]
    ids = [row.id for row in house.rows("SELECT id FROM deliveries WHERE account_id = :account")]
    with transaction(house.shop.engine) as tx:
        assert inbox.reopen(tx, house.account.id, ids) == len(ids)
    house.drain()
    house.rebuild()
    assert outbox(house) == [("sale_approved", SALE, "waiting")]


def test_what_happened_before_an_automation_was_on_is_not_told(house: House) -> None:
    house.receives(approved())
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved(5), approved(7, "HP0000000002"))
    assert outbox(house) == [("sale_approved", "t:HP0000000002", "waiting")]


@pytest.mark.parametrize("state", ["draft", "off", "deleted"])
def test_an_automation_that_is_not_on_is_owed_nothing(house: House, state: str) -> None:
    automate(house, Trigger.SALE_APPROVED, state=state)
    house.receives(approved())
    assert outbox(house) == []


def test_an_approval_that_comes_after_its_refund_is_passed_over_and_says_so(house: House) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(told("PURCHASE_REFUNDED", 10), approved(0))
    assert [(one[0], one[2]) for one in outbox(house)] == [("sale_approved", "passed_over")]


def test_a_cart_owes_and_so_does_the_sale_that_recovers_it(house: House) -> None:
    automate(house, Trigger.CART_ABANDONED)
    automate(house, Trigger.SALE_RECOVERED)
    house.receives(cart(0))
    house.receives(approved(10))
    assert [(one[0], one[2]) for one in outbox(house)] == [("cart_abandoned", "waiting"), ("sale_recovered", "waiting")]


def test_the_second_charge_of_a_subscription_creates_none(house: House) -> None:
    automate(house, Trigger.SUBSCRIPTION_CREATED)
    house.receives(approved(0, product=CLUB, recurrence=1))
    house.receives(approved(9, "HP0000000002", product=CLUB, recurrence=2))
    (begun,) = outbox(house)
    assert begun[0] == "subscription_created"


def test_spreadsheet_rows_owe_nothing(house: House) -> None:
    automate(house, Trigger.SALE_APPROVED)
    automate(house, Trigger.SALE_CREATED)
    house.imports("sales-pt-legacy.csv")
    assert house.get("/purchases")
    assert outbox(house) == []


def test_rows_confirmed_with_automations_owe_behind_live_sales_and_an_undo_takes_back_what_waits(house: House) -> None:
    automate(house, Trigger.SALE_CREATED)
    done = house.imports("sales-pt-legacy.csv", run_automations=True)
    owed = outbox(house)
    assert len(owed) == len({one[1] for one in owed}) == len(house.ledger()["purchases"]) > 0
    (row,) = house.rows("SELECT DISTINCT priority, state FROM outbox WHERE account_id = :account")
    assert tuple(row) == (1, "waiting")
    house.undoes(done["id"])
    assert {one[2] for one in outbox(house)} == {"withdrawn"}
    house.confirms(done["id"], run_automations=True)
    assert outbox(house) == owed


def test_what_waits_is_taken_back_with_its_delivery_and_woken_when_it_comes_again(house: House) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    (delivery,) = house.rows("SELECT id FROM deliveries WHERE account_id = :account")
    with transaction(house.shop.engine) as tx:
        pipeline.apply(tx, house.account, [], withdrawn=[delivery.id])
    assert outbox(house) == [("sale_approved", SALE, "withdrawn")]
    house.receives(approved(3))
    assert outbox(house) == [("sale_approved", SALE, "waiting")]


def statements_of(house: House, *bodies: object) -> list[str]:
    """Every statement it takes to work these postbacks off."""
    for body in bodies:
        house.posts(body)  # type: ignore[arg-type]  # what `receives` takes
    seen: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(house.shop.engine, "before_cursor_execute", hear)
    try:
        house.drain()
    finally:
        event.remove(house.shop.engine, "before_cursor_execute", hear)
    return seen


def test_an_account_without_automations_is_not_asked_about_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("asked for automations")

    monkeypatch.setattr("service.store.owing.automations.live", never)
    monkeypatch.setattr("service.store.owing.outbox.owe", never)
    assert not [one for one in statements_of(house, approved(), cart()) if "outbox" in one or "automations" in one]
    assert house.purchase("HP0000000001")["status"] == "approved"


def test_switched_off_for_good_an_account_costs_nothing_again(house: House) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    assert house.account.automated
    switch(house, made, "deleted")
    refresh(house)
    assert not house.account.automated
