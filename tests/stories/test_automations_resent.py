"""Trouble and its end: waits that grow, what is given up and why, mended and sent again, singly and in bulk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.domain.automation.triggers import Trigger
from tests.kommo.faults import Fault
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import (
    approved,
    attempts,
    automate,
    deliver_all,
    hurry,
    ours,
    outbox,
    switch,
    told,
)

BUYERS = [f"buyer{number}@example.com" for number in range(1, 4)]


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:
    return kommo_of_house


def states(house: House) -> list[str]:
    return [state for *_, state in outbox(house)]


def waits(house: House) -> timedelta:
    (row,) = house.rows("SELECT due_at FROM outbox WHERE account_id = :account")
    return row.due_at - datetime.now(UTC)


def test_trouble_of_kommos_own_is_waited_out_longer_each_time(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(Fault(500, "GET", "account", times=3))
    house.receives(approved())
    grown = []
    for _ in range(3):
        deliver_all(house)
        grown.append(waits(house))
        hurry(house)
    assert grown == sorted(grown)
    assert grown[0] < timedelta(seconds=11) < timedelta(seconds=100) < grown[2]
    deliver_all(house)
    assert attempts(house) == [("failed", "kommo_trouble")] * 3 + [("done", None)]


def test_after_a_day_of_trouble_it_is_given_up_with_its_cause_and_sent_again_by_hand(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(Fault(500, "GET", "account", times=10))
    house.receives(approved())
    for _ in range(12):
        deliver_all(house)
        hurry(house)
    assert states(house) == ["given_up"]
    assert len(attempts(house)) == 10
    (row,) = house.get("/automations/history", state="given_up")
    assert (row["cause"], row["told"]) == ("kommo_trouble", "Kommo has trouble of its own.")
    answer = house.client.post(f"/api/v1/automations/history/{row['id']}/resend", headers=house.bearer)
    assert answer.status_code == 202
    deliver_all(house)
    assert states(house) == ["done"]
    again = house.client.post(f"/api/v1/automations/history/{row['id']}/resend", headers=house.bearer)
    assert (again.status_code, again.get_json()["code"]) == (409, "not_resendable")
    assert len(ours(kommo)) == 1


def test_a_value_kommo_does_not_accept_is_given_up_mended_and_sent_again_in_bulk(
    house: House, kommo: FakeKommo
) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    bad: dict[str, object] = {
        "validation-errors": [
            {"request_id": "0", "errors": [{"code": "NotSupportedChoice", "path": "status_id", "detail": "no"}]}
        ],
        "title": "Bad Request",
        "status": 400,
    }
    kommo.faults.plan(Fault(400, "POST", "leads", times=6, body=bad))
    house.receives(*(approved(n, f"HP000000000{n}", email) for n, email in enumerate(BUYERS, 1)))
    deliver_all(house)
    hurry(house)
    deliver_all(house)
    hurry(house)
    deliver_all(house)
    assert states(house) == ["given_up"] * 3
    kommo.faults.clear()
    wanted = {"automation_id": made, "state": ["given_up"]}
    answer = house.client.post("/api/v1/automations/history/resend", json=wanted, headers=house.bearer)
    assert answer.get_json() == {"resent": 3}
    deliver_all(house)
    assert states(house) == ["done"] * 3


def test_a_refund_moves_the_lead_to_lost_though_its_automation_was_off_for_a_while(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED, mapping={"stage_id": 61000020})
    refund = automate(house, Trigger.SALE_REFUNDED, mapping={"stage_id": 143})
    house.receives(approved())
    house.receives(told("PURCHASE_REFUNDED", 10))
    switch(house, refund, "off")
    deliver_all(house)
    switch(house, refund, "on")
    deliver_all(house)
    (lead,) = ours(kommo)
    assert (lead["pipeline_id"], lead["status_id"]) == (7700100, 143)


def test_a_trial_shows_before_and_after_and_why_and_sends_nothing(house: House, kommo: FakeKommo) -> None:
    made = automate(house, Trigger.SALE_APPROVED, state="draft")
    house.receives(approved())
    told_of = tried(house, made)
    assert told_of["passed"]
    assert told_of["decision"]["contact"] == {"id": None, "why": None, "also": []}
    assert {"leads", "contacts"} == {one["kind"] for one in told_of["changes"]}
    assert kommo.writes() == []
    switch(house, made, "on")
    house.receives(approved(9, "HP0000000002"))
    deliver_all(house)
    again = tried(house, made, event="HP0000000002")
    assert again["decision"]["lead"]["why"] == "stored"
    assert again["decision"]["contact"]["why"] == "lead"
    assert again["changes"] == []


def tried(house: House, automation: int, **said: Any) -> Any:
    answer = house.client.post(f"/api/v1/automations/{automation}/test", json=said, headers=house.bearer)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


@pytest.mark.parametrize("words", ["ana.lima@example.com", "HP0000000001", "lead"])
def test_the_history_is_found_by_client_transaction_and_lead(house: House, kommo: FakeKommo, words: str) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved(), approved(1, "HP0000000002", BUYERS[0]))
    deliver_all(house)
    lead = house.rows("SELECT lead_id FROM outbox WHERE account_id = :account ORDER BY id")[0].lead_id
    (row,) = house.get("/automations/history", q=str(lead) if words == "lead" else words)
    assert (row["subject"], row["lead_id"]) == ("t:HP0000000001", lead)
    told_of = house.get(f"/automations/history/{row['id']}")
    assert [one["outcome"] for one in told_of["attempts"]] == ["done"]
    assert {"leads", "contacts"} <= {one["kind"] for one in told_of["attempts"][0]["changes"]}


def test_another_accounts_history_and_automations_are_not_there(
    house: House, another_house: House, kommo: FakeKommo
) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    (row,) = house.get("/automations/history")
    assert another_house.get("/automations/history") == another_house.get("/automations") == []
    for path in (f"history/{row['id']}", f"{made}"):
        answer = another_house.client.get(f"/api/v1/automations/{path}", headers=another_house.bearer)
        assert answer.status_code == 404
    for path in (f"history/{row['id']}/resend", f"{made}/test", f"{made}/switch"):
        said = {"state": "off"} if path.endswith("switch") else {}
        answer = another_house.client.post(f"/api/v1/automations/{path}", json=said, headers=another_house.bearer)
        assert answer.status_code == 404, path
    assert states(house) == ["waiting"]
