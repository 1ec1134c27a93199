"""The acceptance cases of the automations that stand nowhere else as whole stories: from the postback to Kommo's cards.

The others: `test_automations_kommo` (twenty deliveries, order bump, adoption, switched off), `test_kommo_listening`
(a lost hook).
"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from redis import Redis

from service.domain.automation.triggers import Trigger
from service.kommo_account import address_of
from service.store import crm_hooks
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo import writing
from tests.kommo.faults import Fault
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import ANA, a_buyer, approved, attempts, automate, deliver_all, hurry, ours, outbox, told

BUYER = "buyer1@example.com"
HERS = "+5531980000001"


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:
    return kommo_of_house


def a_contact(kommo: FakeKommo, name: str, *phones: str, email: str | None = None) -> int:
    """Somebody Kommo knows."""
    filled = [{"field_code": "PHONE", "values": [{"value": phone, "enum_code": "MOB"} for phone in phones]}]
    filled += [{"field_code": "EMAIL", "values": [{"value": email}]}] if email else []
    made = writing.create(kommo.account, "contacts", {"name": name, "custom_fields_values": filled})
    return int(made["id"])


def values(kommo: FakeKommo, kind: str, row_id: int, code: str) -> list[str]:
    """What a field of a card holds."""
    filled = kommo.account.rows[kind][row_id]["custom_fields_values"] or []
    return [value["value"] for one in filled if one["field_code"] == code for value in one["values"]]


def contact_of(kommo: FakeKommo, lead: dict[str, Any]) -> int:
    (link,) = kommo.account.linked("leads", lead["id"], "contacts")
    return link.to_id


def test_two_contacts_with_the_same_last_seven_digits_stay_two_and_the_right_one_gets_the_lead(
    house: House, kommo: FakeKommo
) -> None:
    other = a_contact(kommo, "Outra Pessoa", "+5511980000001")
    hers = a_contact(kommo, "Compradora", HERS)
    automate(house, Trigger.SALE_APPROVED)
    house.receives(a_buyer(1))
    deliver_all(house)
    (lead,) = ours(kommo)
    assert contact_of(kommo, lead) == hers
    assert len(kommo.account.all("contacts")) == 2
    assert values(kommo, "contacts", other, "EMAIL") == []
    assert values(kommo, "contacts", hers, "EMAIL") == [BUYER]


def test_a_contact_with_three_phones_keeps_them_when_a_sale_brings_a_fourth(house: House, kommo: FakeKommo) -> None:
    phones = ["+5531911110001", "+5531911110002", "+551133334444"]
    known = a_contact(kommo, "Compradora", *phones, email=BUYER)
    automate(house, Trigger.SALE_APPROVED)
    house.receives(a_buyer(1))
    deliver_all(house)
    assert [contact_of(kommo, lead) for lead in ours(kommo)] == [known]
    assert values(kommo, "contacts", known, "PHONE") == [*phones, HERS]


def test_other_peoples_tags_survive_what_an_automation_adds(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    automate(house, Trigger.SALE_COMPLETE, mapping={"tags": ["completa"]})
    house.receives(approved())
    deliver_all(house)
    (lead,) = ours(kommo)
    writing.change(kommo.account, "leads", lead["id"], {"tags_to_add": [{"name": "VIP"}, {"name": "da Bia"}]})
    house.receives(told("PURCHASE_COMPLETE", 20))
    deliver_all(house)
    (lead,) = ours(kommo)
    assert {tag["name"] for tag in lead["tags"]} == {"hotmart", "VIP", "da Bia", "completa"}


@pytest.mark.parametrize(
    ("fault", "causes"),
    [
        (Fault(429, "POST", "complex"), ["kommo_slow_down"]),
        (Fault(403, "POST", "complex"), ["kommo_banned"]),
        (Fault(504, "POST", "complex"), ["kommo_too_much"]),
        (Fault(204, "GET", "contacts$", times=9, body=""), []),
    ],
    ids=["429 as a page", "403 as a page", "504 as a page", "204 for nothing found"],
)
def test_what_kommo_answers_in_html_or_not_at_all_costs_a_wait_and_never_a_second_lead(
    house: House, kommo: FakeKommo, fault: Fault, causes: list[str]
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(fault)
    house.receives(approved())
    for _ in range(3):
        deliver_all(house)
        hurry(house)
        forget_pauses(house)
    assert attempts(house) == [*(("failed", cause) for cause in causes), ("done", None)]
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == len(kommo.account.notes) == 1
    assert [values(kommo, "contacts", one["id"], "EMAIL") for one in kommo.account.all("contacts")] == [[ANA]]


def test_the_door_of_hooks_loses_none_of_a_hundred_that_come_at_once(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    automate(house, Trigger.LEAD_STAGE_REACHED, mapping={"stage_id": None, "pipeline_id": None, "tags": ["seguiu"]})
    house.receives(*(a_buyer(number) for number in range(20)))
    deliver_all(house)
    with transaction(house.shop.engine) as tx:
        secret = crm_hooks.add(tx, house.account.id, vault_of(house.shop.settings))
    house.app.extensions["marco"].directory.forget()
    address, answers = address_of("", house.account.key, secret), list[int]()
    leads = [lead["id"] for lead in ours(kommo)]

    def posts(hooks: list[dict[str, str]]) -> None:
        client = house.app.test_client()
        answers.extend(client.post(address, data=hook).status_code for hook in hooks)

    hooks = [a_hook(lead) for lead in leads for _ in range(5)]
    posting = [threading.Thread(target=posts, args=(hooks[start::10],)) for start in range(10)]
    for one in posting:
        one.start()
    for one in posting:
        one.join()
    assert answers == [200] * 100
    house.drain()
    reached = house.rows("SELECT key FROM milestones WHERE account_id = :account AND kind = 'lead_stage_reached'")
    assert len(reached) == 20
    owed = [subject for trigger, subject, _ in outbox(house) if trigger == "lead_stage_reached"]
    assert len(owed) == len(set(owed)) == 20


def forget_pauses(house: House) -> None:
    """A pause or a ban is over."""
    Redis.from_url(house.shop.settings.redis_url).delete("marco:road:kommo")


def a_hook(lead: int) -> dict[str, str]:
    """Kommo tells that a lead went on."""
    said = {"id": lead, "pipeline_id": 7700100, "status_id": 61000020, "old_status_id": 61000010}
    said["updated_at"] = int(time.time())
    return {f"leads[status][0][{name}]": str(value) for name, value in said.items()}
