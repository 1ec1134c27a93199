"""Promises kept in Kommo: once, in order, adopted after lost answers, stopped when switched off."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain.automation.triggers import Trigger
from service.store import crm_hooks, leases
from service.store.engine import transaction
from service.store.leases import Settled
from service.store.vault import vault_of
from tests.kommo.faults import Fault, When
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import (
    ANA,
    approved,
    attempts,
    automate,
    cart,
    connect,
    deliver_all,
    expire,
    hurry,
    ours,
    outbox,
    switch,
    told,
)
from workers import deliver
from workers.reconciling import address_of


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:
    return kommo_of_house


def states(house: House) -> list[str]:
    return [state for *_, state in outbox(house)]


def test_one_event_delivered_twenty_times_by_four_workers_is_one_lead_one_contact_one_note(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    body = approved()
    posting = [threading.Thread(target=house.posts, args=(body,)) for _ in range(20)]
    for one in posting:
        one.start()
    for one in posting:
        one.join()
    workers = [threading.Thread(target=lambda: (house.drain(), deliver_all(house))) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    deliver_all(house)
    assert states(house) == ["done"]
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == len(kommo.account.notes) == 1


def test_nothing_is_sent_again_for_duplicates_resends_replays_and_rebuilds(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    deliver_all(house)
    sent = len(kommo.seen)
    house.receives(approved(), approved(3))
    house.rebuild()
    assert deliver_all(house) == 0
    assert len(kommo.seen) == sent


def test_an_order_bump_is_a_second_lead_of_the_same_contact(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved(), approved(0, "HP0000000002", parent="HP0000000001"))
    deliver_all(house)
    assert len(ours(kommo)) == 2
    assert len(kommo.account.all("contacts")) == 1


def test_an_order_bump_goes_to_the_open_lead_where_the_policy_says_so(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED, policy="reuse_any_open")
    house.receives(approved(), approved(0, "HP0000000002", parent="HP0000000001"))
    deliver_all(house)
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == 1


def test_a_create_that_was_done_before_its_answer_was_lost_is_adopted(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(Fault(504, "POST", "leads/complex", When.AFTER))
    house.receives(approved())
    deliver_all(house)
    assert states(house) == ["failed"]
    hurry(house)
    deliver_all(house)
    assert states(house) == ["done"]
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == len(kommo.account.notes) == 1
    assert [one[0] for one in attempts(house)] == ["failed", "done"]


def test_an_automation_switched_off_in_the_middle_of_a_batch_stops_and_goes_on_later(
    house: House, kommo: FakeKommo
) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    house.receives(*(approved(n, f"HP000000000{n}", f"buyer{n}@example.com") for n in range(1, 5)))
    deliver.step(house.shop)
    switch(house, made, "off")
    assert deliver_all(house) == 0
    assert states(house) == ["done", "waiting", "waiting", "waiting"]
    assert len(ours(kommo)) == 1
    switch(house, made, "on")
    assert deliver_all(house) == 3
    assert states(house) == ["done"] * 4


def test_the_lease_of_a_killed_worker_comes_back_and_what_it_made_is_adopted(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    with transaction(house.shop.engine) as tx:
        killed = leases.take(tx)
    assert killed is not None
    assert deliver_all(house) == 0
    expire(house)
    assert deliver_all(house) == 1
    assert states(house) == ["done"]
    assert attempts(house) == [("lost", "worker_lost"), ("done", None)]
    with transaction(house.shop.engine) as tx:
        assert not leases.settle(tx, killed, Settled("given_up"), datetime.now(UTC))
    assert states(house) == ["done"]


def test_one_who_lost_the_lease_may_neither_send_nor_hold(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    with transaction(house.shop.engine) as tx:
        slow = leases.take(tx)
    expire(house)
    deliver_all(house)
    assert slow is not None
    with pytest.raises(leases.Lost), transaction(house.shop.engine) as tx:
        leases.hold(tx, slow)


def test_what_one_client_is_owed_is_kept_in_order_and_others_do_not_wait(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    automate(house, Trigger.SALE_COMPLETE)
    kommo.faults.plan(Fault(500, "POST", "leads/complex"))
    house.receives(approved(0))
    house.receives(told("PURCHASE_COMPLETE", 5))
    house.receives(approved(6, "HP0000000009", "bruno.modelo@example.com"))
    deliver_all(house)
    assert states(house) == ["failed", "waiting", "done"]
    hurry(house)
    deliver_all(house)
    assert states(house) == ["done", "done", "done"]
    assert len(ours(kommo)) == 2


def test_a_filter_that_does_not_pass_sends_nothing_and_says_why(house: House, kommo: FakeKommo) -> None:
    automate(
        house,
        Trigger.SALE_APPROVED,
        filter={"field": "buyer_email", "operator": "equals", "value": "somebody.else@example.com"},
    )
    house.receives(approved())
    deliver_all(house)
    assert states(house) == ["passed_over"]
    assert kommo.seen == []
    (row,) = house.rows("SELECT decision FROM outbox_attempts WHERE account_id = :account")
    assert row.decision["filter"][0]["field"] == "buyer_email"
    assert row.decision["filter"][0]["reason"] == "differs"


def test_what_was_undone_before_it_was_told_is_withdrawn(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    house.rows_changed("DELETE FROM purchases WHERE account_id = :account")
    house.rows_changed("DELETE FROM milestones WHERE account_id = :account")
    deliver_all(house)
    assert states(house) == ["withdrawn"]
    assert kommo.writes() == []


def test_a_refused_token_stops_everything_and_connecting_anew_goes_on(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    token, account = next(iter(kommo.accounts.items()))
    kommo.accounts.clear()
    house.receives(approved())
    deliver_all(house)
    (row,) = house.rows("SELECT state, cause FROM kommo_connections WHERE account_id = :account")
    assert tuple(row) == ("refused", "kommo_token_refused")
    assert states(house) == ["failed"]
    kommo.accounts[token] = account
    hurry(house)
    assert deliver_all(house) == 0
    connect(house, kommo)
    deliver_all(house)
    assert states(house) == ["done"]


def test_the_history_keeps_before_and_after_and_no_token(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.CART_ABANDONED)
    house.receives(cart())
    deliver_all(house)
    (row,) = house.rows("SELECT * FROM outbox_attempts WHERE account_id = :account")
    changed: dict[tuple[str, str], Any] = {(one["kind"], one["field"]): one["after"] for one in row.changes}
    assert changed[("contacts", "E-mail")] == ANA
    assert ("leads", "name") in changed
    assert any(one["method"] == "POST" and one["status"] == "200" for one in row.exchanges)
    assert kommo.account.token not in str(row.exchanges)


def test_a_lead_that_reached_a_stage_gets_what_its_automation_says_and_is_no_new_lead(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    automate(house, Trigger.LEAD_STAGE_REACHED, mapping={"stage_id": None, "pipeline_id": None, "tags": ["negociando"]})
    house.receives(approved())
    deliver_all(house)
    (lead,) = ours(kommo)
    with transaction(house.shop.engine) as tx:
        secret = crm_hooks.add(tx, house.account.id, vault_of(house.shop.settings))
    house.app.extensions["marco"].directory.forget()
    said = {"id": lead["id"], "pipeline_id": 7700100, "status_id": 61000020, "old_status_id": 61000010}
    moved = {f"leads[status][0][{name}]": value for name, value in {**said, "updated_at": int(time.time())}.items()}
    for _ in range(3):
        answer = house.client.post(address_of("", house.account.key, secret), data=moved)
        assert answer.status_code == 200, answer.get_data(as_text=True)
    house.drain()
    deliver_all(house)
    assert outbox(house)[1][0] == "lead_stage_reached"
    assert states(house) == ["done", "done"]
    (same,) = ours(kommo)
    assert same["id"] == lead["id"]
    assert {tag["name"] for tag in same["tags"]} == {"hotmart", "negociando"}
