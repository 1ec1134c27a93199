"""The twelve fields of a lead that reached a stage: what no hook carries is read again, where it is used only."""

from __future__ import annotations

import time
from typing import Any

import pytest

from service.domain.automation.triggers import Trigger
from service.kommo_account import address_of
from service.store import crm_hooks
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo import writing
from tests.kommo.faults import Fault
from tests.kommo.memory import Link
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import approved, attempts, automate, deliver_all, hurry, ours, outbox

NOTE = "{{Lead: Nome}}|{{Lead: Pontuação}}|{{Lead: Custo do trabalho}}|{{Lead: Preço foi computado?}}|"
NOTE += "{{Lead: Nome inteiro do contato}}|{{Lead: Primeiro nome do contato}}|{{Lead: Sobrenome do contato}}|"
NOTE += "{{Lead: Nome da empresa do contato}}"
QUIET: dict[str, Any] = {"stage_id": None, "pipeline_id": None, "contact": None, "lead_name": "Lead", "lead_value": ""}
QUIET |= {"note": "", "tags": ["seguiu"]}


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:
    return kommo_of_house


@pytest.fixture
def lead(house: House, kommo: FakeKommo) -> dict[str, Any]:
    """A lead of ours that a person rated and gave a company."""
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    deliver_all(house)
    (made,) = ours(kommo)
    row = kommo.account.rows["leads"][made["id"]]
    row |= {"score": 7, "labor_cost": 12, "is_price_computed": True}
    company = writing.create(kommo.account, "companies", {"name": "Estúdio Lima"})
    (contact,) = kommo.account.linked("leads", made["id"], "contacts")
    writing.link(kommo.account, Link("contacts", contact.to_id, "companies", company["id"]))
    return row


def goes_on(house: House, lead: dict[str, Any]) -> None:
    """Kommo tells that it reached the next stage."""
    with transaction(house.shop.engine) as tx:
        secret = crm_hooks.add(tx, house.account.id, vault_of(house.shop.settings))
    house.app.extensions["marco"].directory.forget()
    said = {"id": lead["id"], "name": lead["name"], "pipeline_id": 7700100, "status_id": 61000020}
    said |= {"old_status_id": 61000010, "updated_at": int(time.time())}
    hook = {f"leads[status][0][{name}]": str(value) for name, value in said.items()}
    assert house.client.post(address_of("", house.account.key, secret), data=hook).status_code == 200
    house.drain()


def reads(kommo: FakeKommo) -> list[str]:
    return [seen.path.removeprefix("/api/v4/").partition("/")[0] for seen in kommo.sent("GET")]


def test_all_twelve_fields_of_a_lead_fill_the_texts_of_an_automation(
    house: House, kommo: FakeKommo, lead: dict[str, Any]
) -> None:
    wanted = {"field": "lead_score", "operator": "more", "value": 5}
    automate(house, Trigger.LEAD_STAGE_REACHED, filter=wanted, mapping={**QUIET, "note": NOTE})
    goes_on(house, lead)
    deliver_all(house)
    assert [state for *_, state in outbox(house)] == ["done", "done"]
    told = kommo.account.notes[-1]["params"]["text"]
    assert told.startswith(f"{lead['name']}|7|12|Sim|Ana Lima|Ana|Lima|Estúdio Lima #"), told


def test_a_filter_over_what_only_the_lead_knows_passes_over_and_says_why(
    house: House, kommo: FakeKommo, lead: dict[str, Any]
) -> None:
    wanted = {"field": "lead_score", "operator": "more", "value": 8}
    automate(house, Trigger.LEAD_STAGE_REACHED, filter=wanted, mapping=QUIET)
    goes_on(house, lead)
    kommo.seen.clear()
    deliver_all(house)
    assert [state for *_, state in outbox(house)] == ["done", "passed_over"]
    assert reads(kommo) == ["leads"]


def test_an_automation_that_uses_none_of_them_asks_nothing_for_them(
    house: House, kommo: FakeKommo, lead: dict[str, Any]
) -> None:
    wanted = {"field": "lead_name", "operator": "equals", "value": "outro"}
    automate(house, Trigger.LEAD_STAGE_REACHED, filter=wanted, mapping={**QUIET, "note": "{{Lead: Nome}}"})
    goes_on(house, lead)
    kommo.seen.clear()
    deliver_all(house)
    assert outbox(house)[-1][2] == "passed_over"
    assert reads(kommo) == []


def test_trouble_while_reading_the_lead_again_is_waited_out(
    house: House, kommo: FakeKommo, lead: dict[str, Any]
) -> None:
    automate(house, Trigger.LEAD_STAGE_REACHED, mapping={**QUIET, "note": "{{Lead: Pontuação}}"})
    goes_on(house, lead)
    kommo.faults.plan(Fault(500, "GET", "leads"))
    deliver_all(house)
    assert outbox(house)[-1][2] == "failed"
    hurry(house)
    deliver_all(house)
    assert attempts(house)[1:] == [("failed", "kommo_trouble"), ("done", None)]
