"""Many things in one request: errors by index, halves after a 504, nothing created twice."""

from __future__ import annotations

import pytest

from service.connectors.kommo.batches import BATCH, Unclear, Unsent, Written, Wrong
from service.connectors.kommo.shapes import Kind
from service.errors import Unauthorized
from tests.kommo.faults import Fault, When


def bodies(number: int) -> list[dict]:
    return [{"name": f"Venda {place}"} for place in range(number)]


def names(fake) -> list[str]:
    return sorted(lead["name"] for lead in fake.account.all("leads"))


def test_a_hundred_and_twenty_leads_go_in_fifties_and_come_back_in_order(fake, kommo):
    fake.account.shuffles_answers = True
    outcomes = kommo.create(Kind.LEADS, bodies(120))
    assert [len(seen.body) for seen in fake.seen] == [BATCH, BATCH, 20]
    for place, outcome in enumerate(outcomes):
        assert fake.account.rows["leads"][outcome.answer["id"]]["name"] == f"Venda {place}"


def test_one_wrong_lead_of_a_batch_is_named_and_the_others_are_made_once(fake, kommo):
    wanted = bodies(60)
    wanted[3] = {"name": "errada", "custom_fields_values": [{"field_id": 5, "values": [{"value": "x"}]}]}
    wanted[55] = {"name": "errada", "status_id": 5}
    outcomes = kommo.create(Kind.LEADS, wanted)
    assert {place for place, outcome in enumerate(outcomes) if isinstance(outcome, Wrong)} == {3, 55}
    assert outcomes[3].faults[0].path == "custom_fields_values.0.field_id"
    assert outcomes[55].faults[0].path == "status_id"
    assert names(fake) == sorted({body["name"] for body in wanted} - {"errada"})
    assert len(fake.account.all("leads")) == 58


def test_a_refusal_that_names_nobody_is_one_of_everybody(fake, kommo):
    fake.faults.plan(Fault(400, body={"title": "Bad Request", "status": 400}))
    assert all(isinstance(outcome, Wrong) for outcome in kommo.create(Kind.LEADS, bodies(3)))
    assert len(fake.seen) == 1


def test_a_504_after_creating_is_unclear_and_nothing_is_sent_again(fake, kommo):
    fake.faults.plan(Fault(504, "POST", when=When.AFTER))
    outcomes = kommo.create(Kind.LEADS, bodies(60))
    assert [isinstance(outcome, Unclear) for outcome in outcomes] == [True] * 50 + [False] * 10
    assert len(fake.account.all("leads")) == 60


def test_a_504_after_changing_is_sent_again_in_halves(fake, kommo):
    made = [outcome.answer["id"] for outcome in kommo.create(Kind.LEADS, bodies(40))]
    fake.seen.clear()
    fake.faults.plan(Fault(504, "PATCH", when=When.AFTER, times=9, at_least=15))
    outcomes = kommo.change_many(Kind.LEADS, [{"id": lead, "name": "mudada"} for lead in made])
    assert all(isinstance(outcome, Written) for outcome in outcomes)
    assert [len(seen.body) for seen in fake.seen] == [40, 20, 10, 10, 20, 10, 10]
    assert set(names(fake)) == {"mudada"}


def test_a_refused_token_in_the_middle_forgets_nothing_already_made(fake, kommo):
    fake.faults.plan(Fault(401, "POST", body={"status": 401}, skip=1))
    outcomes = kommo.create(Kind.LEADS, bodies(60))
    assert [type(outcome) for outcome in outcomes] == [Written] * 50 + [Unsent] * 10
    assert isinstance(outcomes[55].error, Unauthorized)
    fake.faults.plan(Fault(401, "POST", body={"status": 401}))
    with pytest.raises(Unauthorized):
        kommo.create(Kind.LEADS, bodies(60))


def test_complex_answers_are_told_apart_by_their_lists_of_request_ids(fake, kommo):
    wanted = [{"name": f"L{n}", "_embedded": {"contacts": [{"name": f"C{n}"}]}} for n in range(3)]
    outcomes = kommo.create_together(wanted)
    for place, outcome in enumerate(outcomes):
        assert fake.account.rows["leads"][outcome.answer["id"]]["name"] == f"L{place}"
        assert fake.account.rows["contacts"][outcome.answer["contact_id"]]["name"] == f"C{place}"


def test_notes_go_in_batches_too(fake, kommo):
    (lead,) = kommo.create(Kind.LEADS, bodies(1))
    note = {"note_type": "common", "params": {"text": "x"}}
    outcomes = kommo.add_notes(Kind.LEADS, [{**note, "entity_id": lead.answer["id"]}, {**note, "entity_id": 5}])
    assert [type(outcome) for outcome in outcomes] == [Written, Wrong]
    assert len(fake.account.notes) == 1
