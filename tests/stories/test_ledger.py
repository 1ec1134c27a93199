"""Postbacks told through the door, read back through the API."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.living import PAYLOADS, House, payload

STORY = sorted(path.name for path in PAYLOADS.glob("*.real*"))


def test_a_pix_that_is_issued_and_paid_is_one_purchase_with_its_journey(house: House) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"), payload("v2-PURCHASE_BILLET_PRINTED.real-pix.json"))
    assert house.milestones_of("ana.comprador0@example.com") == ["payment_issued", "approved", "subscription_started"]
    purchase = house.purchase("HP9100000137")
    assert (purchase["status"], purchase["category"]) == ("approved", "active")
    assert purchase["gross"] == {"value": "1497.00", "currency": "BRL"}
    (client,) = house.get("/clients", email="ANA.comprador0@example.com ")
    assert client["phone"] == "+5511999990000"
    assert client["revenue"] == [
        {
            "currency": "BRL",
            "active": "1497.00",
            "lost": "0.00",
            "disputed": "0.00",
            "pending": "0.00",
            "net": "1385.22",
        }
    ]


def test_a_refund_before_its_protest_leaves_the_money_lost_once(house: House) -> None:
    house.receives(payload("v2-PURCHASE_REFUNDED.real.json"), payload("v2-PURCHASE_PROTEST.real.json"))
    (client,) = house.get("/clients", email="fabio.comprador5@example.com")
    (revenue,) = client["revenue"]
    assert (revenue["lost"], revenue["disputed"], revenue["active"]) == ("997.00", "0.00", "0.00")
    assert house.milestones_of("fabio.comprador5@example.com") == [
        "approved",
        "subscription_renewed",
        "disputed",
        "refunded",
    ]


def test_panel_tests_stay_out_of_the_ledger(house: House) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.json"), payload("v2-PURCHASE_CHARGEBACK.json"))
    assert house.get("/clients") == []
    assert house.balance()["hotmart"]["test"] == 2


@pytest.mark.parametrize("seed", range(4))
def test_any_order_any_repetition_and_any_batching_give_the_same_ledger(
    house: House, another_house: House, seed: int
) -> None:
    order = random.Random(seed)
    bodies = [payload(name) for name in STORY]
    house.receives(*bodies)
    shuffled = bodies + order.sample(bodies, 5)
    order.shuffle(shuffled)
    while shuffled:
        count = order.randint(1, 6)
        another_house.receives(*shuffled[:count])
        del shuffled[:count]
    assert another_house.ledger() == house.ledger()


def test_a_rebuild_changes_nothing(house: House) -> None:
    house.receives(*(payload(name) for name in STORY))
    before = house.ledger()
    assert all(before[table] for table in ("purchases", "clients", "subscriptions", "products"))
    house.rebuild()
    assert house.ledger() == before


def test_a_replay_replaces_the_facts_and_changes_nothing(house: House) -> None:
    house.receives(*(payload(name) for name in STORY))
    before = house.ledger()
    for delivery in house.get("/deliveries", page_size=100):
        answer = house.client.post(f"/api/v1/deliveries/{delivery['id']}/replay", headers=house.bearer)
        assert answer.status_code == 202
    assert house.drain() == len(STORY)
    assert house.ledger() == before
    house.balance()


def test_a_purchase_that_moves_to_another_email_leaves_no_empty_client(house: House) -> None:
    house.receives(payload("v2-PURCHASE_BILLET_PRINTED.real-pix.json"))
    assert len(house.get("/clients")) == 1
    moved: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    moved["data"]["buyer"]["email"] = "Corrected@Example.com"
    house.receives(moved)
    (client,) = house.get("/clients")
    assert client["email"] == "corrected@example.com"
    assert house.rows("SELECT 1 FROM client_revenue WHERE account_id = :account") != []
    assert len(house.rows("SELECT DISTINCT client_id FROM client_revenue WHERE account_id = :account")) == 1


def test_accounts_never_mix(house: House, another_house: House) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    another_house.receives(payload("v2-PURCHASE_REFUNDED.real.json"))
    (mine,) = house.get("/clients")
    foreign = another_house.client.get(f"/api/v1/clients/{mine['id']}", headers=another_house.bearer)
    assert foreign.status_code == 404
    assert another_house.get("/purchases", transaction="HP9100000137") == []


def test_the_inbox_shows_what_a_delivery_says_and_became(house: House) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    (listed,) = house.get("/deliveries", event="PURCHASE_APPROVED")
    delivery = house.get(f"/deliveries/{listed['id']}")
    assert (delivery["state"], delivery["attempts"]) == ("done", 1)
    assert delivery["body"]["event"] == "PURCHASE_APPROVED"
    (fact,) = delivery["facts"]
    assert (fact["status"], fact["certainty"]) == ("approved", "known")


def test_a_code_that_looks_like_the_second_charge_of_another_is_a_purchase_of_its_own(house: House) -> None:
    first, second, lookalike = (json.loads(payload("v2-PURCHASE_APPROVED.json")) for _ in range(3))
    for number, (event, code, charge) in enumerate(
        ((first, "HP77", 1), (second, "HP77", 2), (lookalike, "HP77#2", None)), start=1
    ):
        event["id"] = f"00000000-0000-4000-8000-00000000000{number}"
        event["data"]["purchase"]["transaction"] = code
        event["data"]["purchase"].pop("recurrence_number", None)
        if charge:
            event["data"]["purchase"]["recurrence_number"] = charge
    house.receives(*map(json.dumps, (first, second, lookalike)))
    bought = {(one["transaction"], one["recurrence_number"]) for one in house.get("/purchases")}
    assert bought == {("HP77", 1), ("HP77", 2), ("HP77#2", None)}
    kept = house.ledger()
    house.rebuild()
    assert house.ledger() == kept
