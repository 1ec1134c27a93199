"""Rules of delivering: when to try again, what a mapping may say, what the history may keep."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.domain.automation.causes import CAUSES, said
from service.domain.automation.mapping import MappingError, read
from service.domain.automation.masking import MASK, masked
from service.domain.automation.ready import READY
from service.domain.automation.retrying import WAITS, Trouble, next_try

WHOLE: dict[str, Any] = {
    "lead_name": "{{Produto: Nome}}",
    "lead_value": "{{Preço da compra}}",
    "pipeline_id": 1,
    "stage_id": 2,
    "contact": {"name": "{{Comprador: Nome completo}}", "criteria": ["email", "phone"]},
    "fields": [{"kind": "contacts", "field": 7, "value": "{{Comprador: E-mail}}", "policy": "only_if_empty"}],
    "tags": ["hotmart"],
}


def faults_of(raw: Any) -> list[tuple[str, str]]:
    with pytest.raises(MappingError) as refused:
        read(raw)
    return [(one.place, one.code) for one in refused.value.faults]


def test_waits_grow_and_add_up_to_about_a_day():
    assert list(WAITS) == sorted(set(WAITS))
    assert timedelta(hours=20) < sum(WAITS, timedelta()) < timedelta(hours=30)


def test_trouble_is_waited_out_as_often_as_there_are_waits_and_then_given_up():
    tries = [next_try(Trouble.UNAVAILABLE, failures) for failures in range(len(WAITS) + 1)]
    assert [one.wait for one in tries] == [*WAITS, None]


def test_the_other_side_may_ask_for_a_longer_wait_but_not_for_a_shorter_one():
    assert next_try(Trouble.UNCONFIRMED, 0, 3600).wait == timedelta(hours=1)
    assert next_try(Trouble.UNCONFIRMED, 3, 1).wait == WAITS[3]


def test_a_turn_that_did_not_come_speaks_against_nobody():
    after = next_try(Trouble.NO_TURN, 99)
    assert after.wait is not None
    assert not after.counts


def test_stale_lists_are_read_again_once():
    assert next_try(Trouble.STALE, 0).wait is not None
    assert next_try(Trouble.STALE, 1).wait is None


def test_a_whole_mapping_is_understood():
    mapping = read(WHOLE)
    assert (mapping.pipeline_id, mapping.stage_id) == (1, 2)
    assert mapping.contact is not None
    assert mapping.contact.criteria == ("email", "phone")
    assert (mapping.fields[0].kind, mapping.fields[0].policy) == ("contacts", "only_if_empty")
    assert (mapping.name_policy, mapping.price_policy) == ("only_if_empty", "always")


def test_every_ready_automation_makes_a_mapping_that_is_understood():
    for one in READY:
        contact = {"name": one.contact_name, "email": one.contact_email, "phone": one.contact_phone}
        texts = {"lead_name": one.lead_name, "lead_value": one.lead_value, "note": one.note, "tags": [*one.tags]}
        assert read({**texts, "contact": contact}).lead_name.text == one.lead_name


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"lead_name": ""}, [("lead_name", "missing")]),
        ({"lead_name": "{{Nada disso}}"}, [("lead_name[2]", "unknown_field"), ("lead_name", "missing")]),
        ({"stage_id": None}, [("stage_id", "pipeline_and_stage_belong_together")]),
        ({"stage": 4}, [("stage", "unknown_member")]),
        (
            {"pipeline_id": "1"},
            [("pipeline_id", "not_a_whole_number"), ("stage_id", "pipeline_and_stage_belong_together")],
        ),
        ({"contact": {"mail": "x"}}, [("contact.mail", "unknown_member")]),
        ({"contact": {"criteria": ["telepathy"]}}, [("contact.criteria", "not_one_of")]),
        ({"fields": [{"value": "x"}]}, [("fields[0].field", "missing")]),
        ({"fields": {}}, [("fields", "not_a_list")]),
        ({"price_policy": "sometimes"}, [("price_policy", "not_one_of")]),
    ],
)
def test_what_is_wrong_with_a_mapping_is_told_with_its_place(change, faults):
    assert faults_of({**WHOLE, **change}) == faults


def test_a_mapping_that_is_no_object_is_refused():
    assert faults_of([]) == [("", "not_an_object")]


@pytest.mark.parametrize("document", ["529.982.247-25", "52998224725", "11.222.333/0001-81", "11222333000181"])
def test_documents_are_masked_wherever_they_stand(document):
    told = {"custom_fields_values": [{"values": [{"value": document}]}], "note": f"CPF {document}."}
    assert document not in str(masked(told))


def test_telephones_amounts_and_codes_stay():
    for text in ("+5531987654321", "1997.00", "HP0000000001", "Ana Lima"):
        assert masked([text]) == [text]


def test_a_named_secret_is_masked_whatever_it_looks_like():
    assert masked({"a": "passport AB-1", "b": 7}, ["AB-1"]) == {"a": f"passport {MASK}", "b": 7}


def test_every_cause_has_words_and_one_without_is_shown_as_it_is():
    assert all(text.endswith(".") for text in CAUSES.values())
    assert said("brand_new") == "brand new"
    assert said(None) is None
