"""The fake Kommo against the examples of the reference: what our connector is proven with must itself be right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.kommo.conftest import created, talk_to
from tests.kommo.faults import Fault, When
from tests.kommo.memory import LOST, WON, Account
from tests.kommo.rates import Rates
from tests.kommo.server import FakeKommo

ANA = {
    "first_name": "Ana",
    "last_name": "Lima",
    "request_id": "hotmart:HP0000000001:contact",
    "custom_fields_values": [
        {"field_code": "EMAIL", "values": [{"value": "ana.lima@example.com", "enum_code": "WORK"}]},
        {"field_code": "PHONE", "values": [{"value": "+5531987654321", "enum_code": "WORK"}]},
    ],
}
TOGETHER = {
    "name": "Curso de Python - Ana Lima",
    "price": 197.90,
    "pipeline_id": 7700100,
    "status_id": 61000010,
    "request_id": "hotmart:HP0000000001:lead",
    "_embedded": {"contacts": [ANA], "companies": [{"name": "Estudio Lima LTDA"}], "tags": [{"name": "hotmart"}]},
}


def phones(kommo, contact_id: int) -> list[str]:
    entries = kommo.get(f"contacts/{contact_id}").json()["custom_fields_values"]
    return [value["value"] for entry in entries if entry["field_code"] == "PHONE" for value in entry["values"]]


def test_the_account_says_who_it_is_and_a_wrong_token_is_a_401_problem(fake, kommo):
    answer = kommo.get("account")
    assert answer.headers["content-type"] == "application/hal+json"
    assert {name: answer.json()[name] for name in ("id", "subdomain", "currency")} == {
        "id": 30112233,
        "subdomain": "cursoexemplo",
        "currency": "BRL",
    }
    refused = kommo.get("account", headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401
    assert refused.json()["title"] == "Unauthorized"


def test_every_pipeline_has_won_and_lost_under_the_same_numbers(fake, kommo):
    fake.account.add_pipeline("Pós-venda", 7700200, {62000010: "Bem-vindo"})
    found = kommo.get("leads/pipelines").json()["_embedded"]["pipelines"]
    for pipeline in found:
        assert {WON, LOST} <= {stage["id"] for stage in pipeline["_embedded"]["statuses"]}
        assert pipeline["_embedded"]["statuses"][0]["type"] == 1


def test_nothing_found_is_a_204_without_body_for_lists_and_for_an_unknown_id(kommo):
    for path in ("contacts", "contacts?query=nobody@example.com", "contacts/1", "leads/1", "webhooks"):
        answer = kommo.get(path)
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_created_contact_is_answered_by_ids_only_and_reads_back_as_the_example(kommo):
    answer = kommo.post("contacts", json=[ANA])
    (said,) = answer.json()["_embedded"]["contacts"]
    assert said["request_id"] == "hotmart:HP0000000001:contact"
    assert "custom_fields_values" not in said
    row = kommo.get(f"contacts/{said['id']}", params={"with": "leads"}).json()
    assert (row["name"], row["first_name"], row["last_name"]) == ("Ana Lima", "Ana", "Lima")
    phone = next(entry for entry in row["custom_fields_values"] if entry["field_code"] == "PHONE")
    assert phone["field_type"] == "multitext"
    assert (phone["values"][0]["value"], phone["values"][0]["enum_code"]) == ("+5531987654321", "WORK")
    assert row["_embedded"]["leads"] == []


def test_asking_twice_makes_two(fake, kommo):
    kommo.post("contacts", json=[ANA])
    kommo.post("contacts", json=[ANA])
    assert len(fake.account.all("contacts")) == 2


def test_a_field_that_is_sent_is_replaced_whole_and_the_others_stay(kommo):
    contact = created(kommo.post("contacts", json=[ANA]), "contacts")
    change = [{"field_code": "PHONE", "values": [{"value": "+553133334444", "enum_code": "HOME"}]}]
    assert kommo.patch(f"contacts/{contact}", json={"custom_fields_values": change}).status_code == 200
    assert phones(kommo, contact) == ["+553133334444"]
    assert len(kommo.get(f"contacts/{contact}").json()["custom_fields_values"]) == 2


def test_a_query_finds_a_phone_by_its_last_seven_digits_whoever_has_them(kommo):
    kommo.post("contacts", json=[ANA])
    other = [{"field_code": "PHONE", "values": [{"value": "+5511967654321"}]}]
    kommo.post("contacts", json=[{"name": "Outra Pessoa", "custom_fields_values": other}])
    found = kommo.get("contacts", params={"query": "87654321"}).json()["_embedded"]["contacts"]
    assert [row["name"] for row in found] == ["Ana Lima", "Outra Pessoa"]


def test_a_query_looks_at_every_field_and_not_only_at_the_one_meant(kommo):
    kommo.post("contacts", json=[{"name": "indicada por ana.lima@example.com"}, ANA])
    found = kommo.get("contacts", params={"query": "ana.lima@example.com"}).json()["_embedded"]["contacts"]
    assert len(found) == 2


def test_the_search_knows_new_things_only_after_a_while(fake, kommo):
    fake.account.index_delay = 600
    kommo.post("contacts", json=[ANA])
    assert kommo.get("contacts", params={"query": "ana.lima@example.com"}).status_code == 204
    assert kommo.get("contacts").status_code == 200
    fake.account.index.catch_up()
    assert kommo.get("contacts", params={"query": "ana.lima@example.com"}).status_code == 200


def test_the_filter_by_custom_field_is_ignored_and_returns_everybody(fake, kommo):
    kommo.post("contacts", json=[ANA, {"name": "Outra"}])
    wanted = {"filter[custom_fields_values][880002][]": "ana.lima@example.com"}
    assert len(kommo.get("contacts", params=wanted).json()["_embedded"]["contacts"]) == 2
    fake.account.api_filter_enabled = True
    assert len(kommo.get("contacts", params=wanted).json()["_embedded"]["contacts"]) == 1


def test_pages_are_followed_by_next_and_end_without_it(kommo):
    kommo.post("contacts", json=[{"name": f"Contato {n}"} for n in range(7)])
    first = kommo.get("contacts", params={"limit": 3}).json()
    second = kommo.get(first["_links"]["next"]["href"]).json()
    third = kommo.get(second["_links"]["next"]["href"]).json()
    assert [len(page["_embedded"]["contacts"]) for page in (first, second, third)] == [3, 3, 1]
    assert "next" not in third["_links"]
    assert kommo.get("contacts", params={"limit": 251}).status_code == 400


def test_leads_contact_and_company_made_together_are_tied_to_each_other(fake, kommo):
    (said,) = kommo.post("leads/complex", json=[TOGETHER]).json()
    assert said["request_id"] == ["hotmart:HP0000000001:lead"]
    assert said["merged"] is False
    lead = kommo.get(f"leads/{said['id']}", params={"with": "contacts"}).json()
    assert lead["_embedded"]["contacts"] == [{"id": said["contact_id"], "is_main": True}]
    assert lead["_embedded"]["companies"] == [{"id": said["company_id"]}]
    assert lead["_embedded"]["tags"][0]["name"] == "hotmart"
    contact = kommo.get(f"contacts/{said['contact_id']}", params={"with": "leads"}).json()
    assert contact["_embedded"] == {
        "tags": [],
        "companies": [{"id": said["company_id"]}],
        "leads": [{"id": said["id"]}],
    }


def test_a_known_company_inside_complex_is_not_linked(kommo):
    company = created(kommo.post("companies", json=[{"name": "Estudio"}]), "companies")
    (said,) = kommo.post("leads/complex", json=[{"name": "x", "_embedded": {"companies": [{"id": company}]}}]).json()
    assert said["company_id"] is None


def test_metadata_makes_an_incoming_lead_whatever_stage_was_asked_for(kommo):
    incoming = {**TOGETHER, "_embedded": {"metadata": {"category": "forms"}}}
    (said,) = kommo.post("leads/complex", json=[incoming]).json()
    assert kommo.get(f"leads/{said['id']}").json()["status_id"] == 77001001


def test_complex_takes_fifty_leads_and_forty_fields(fake, kommo):
    assert kommo.post("leads/complex", json=[{"name": "x"}] * 51).status_code == 400
    for number in range(41):
        fake.account.add_field("leads", 890000 + number, f"F{number}", "text")
    many = [{"field_id": 890000 + number, "values": [{"value": "x"}]} for number in range(41)]
    assert kommo.post("leads/complex", json=[{"name": "x", "custom_fields_values": many}]).status_code == 400
    assert kommo.post("leads", json=[{"name": "x", "custom_fields_values": many}]).status_code == 200


def test_duplicate_control_answers_with_the_lead_that_was_there(fake, kommo):
    fake.account.duplicate_control = True
    phone = [{"field_id": 880001, "field_code": "PHONE", "values": [{"value": "+5531987654321"}]}]
    again = {**TOGETHER, "_embedded": {"contacts": [{"name": "Ana", "custom_fields_values": phone}]}}
    (first,), (second,) = (kommo.post("leads/complex", json=[again]).json() for _ in range(2))
    assert second["merged"] is True
    assert second["id"] == first["id"]


def test_one_wrong_item_refuses_the_whole_array_and_says_which(fake, kommo):
    wrong = {"name": "y", "request_id": "two", "custom_fields_values": [{"field_id": 5, "values": [{"value": "x"}]}]}
    answer = kommo.post("leads", json=[{"name": "x"}, wrong])
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    (said,) = answer.json()["validation-errors"]
    assert said["request_id"] == "two"
    assert said["errors"][0]["code"] == "NotSupportedChoice"
    assert said["errors"][0]["path"] == "custom_fields_values.0.field_id"
    assert fake.account.all("leads") == []


def test_a_removed_user_sent_back_is_an_invalid_choice(kommo):
    lead = created(kommo.post("leads", json=[{"name": "x"}]), "leads")
    answer = kommo.patch(f"leads/{lead}", json={"name": "y", "created_by": 999})
    assert answer.json()["validation-errors"][0]["errors"][0]["path"] == "created_by"


def test_a_price_with_cents_is_shown_twice_or_refused_by_an_old_account(fake, kommo):
    lead = kommo.get(f"leads/{created(kommo.post('leads', json=[{'price': 197.9}]), 'leads')}").json()
    assert (lead["price"], lead["price_with_minor_units"]) == (197, 197.9)
    fake.account.minor_units = False
    assert kommo.post("leads", json=[{"price": 197.9}]).status_code == 400
    lead = kommo.get(f"leads/{created(kommo.post('leads', json=[{'price': 198}]), 'leads')}").json()
    assert lead["price"] == 198
    assert "price_with_minor_units" not in lead


def test_tags_in_embedded_replace_and_tags_to_add_add(kommo):
    lead = created(kommo.post("leads", json=[{"_embedded": {"tags": [{"name": "vip"}]}}]), "leads")

    def tags() -> list[str]:
        return [tag["name"] for tag in kommo.get(f"leads/{lead}").json()["_embedded"]["tags"]]

    kommo.patch(f"leads/{lead}", json={"tags_to_add": [{"name": "hotmart"}]})
    assert tags() == ["vip", "hotmart"]
    kommo.patch(f"leads/{lead}", json={"_embedded": {"tags": [{"name": "a"}]}, "tags_to_add": [{"name": "b"}]})
    assert tags() == ["a"]
    kommo.patch(f"leads/{lead}", json={"_embedded": {"tags": None}})
    assert tags() == []


def test_a_stage_belongs_to_its_pipeline(fake, kommo):
    fake.account.add_pipeline("Pós-venda", 7700200, {62000010: "Bem-vindo"})
    lead = created(kommo.post("leads", json=[{}]), "leads")
    assert kommo.get(f"leads/{lead}").json()["status_id"] == 61000010  # the first of the main one
    assert kommo.patch(f"leads/{lead}", json={"status_id": 62000010}).status_code == 400
    assert kommo.patch(f"leads/{lead}", json={"status_id": 142, "pipeline_id": 7700200}).status_code == 200
    pair = {"filter[statuses][0][pipeline_id]": 7700200, "filter[statuses][0][status_id]": 142}
    assert kommo.get("leads", params=pair).json()["_embedded"]["leads"][0]["id"] == lead


def test_linking_what_is_linked_is_a_500_and_links_read_with_another_word(kommo):
    contact = created(kommo.post("contacts", json=[ANA]), "contacts")
    lead = created(kommo.post("leads", json=[{}]), "leads")
    tie = [{"to_entity_id": contact, "to_entity_type": "contacts", "metadata": {"is_main": True}}]
    assert kommo.post(f"leads/{lead}/link", json=tie).status_code == 200
    (link,) = kommo.get(f"leads/{lead}/links").json()["_embedded"]["links"]
    assert link["metadata"] == {"main_contact": True}
    assert kommo.post(f"leads/{lead}/link", json=tie).status_code == 500
    assert kommo.post(f"leads/{lead}/unlink", json=tie).status_code == 204
    assert kommo.get(f"leads/{lead}/links").json()["_embedded"]["links"] == []


def test_notes_hang_on_leads_and_nowhere_else(kommo):
    lead = created(kommo.post("leads", json=[{}]), "leads")
    note = {"note_type": "service_message", "params": {"service": "Marco", "text": "Compra aprovada"}}
    assert kommo.post("notes", json=[note]).status_code == 404
    assert kommo.post("leads/notes", json=[{**note, "entity_id": lead}]).status_code == 200
    assert kommo.post(f"leads/{lead}/notes", json=[{**note, "params": {}}]).status_code == 400
    wanted = {"filter[note_type][]": "service_message"}
    found = kommo.get(f"leads/{lead}/notes", params=wanted).json()["_embedded"]["notes"]
    assert [one["params"]["text"] for one in found] == ["Compra aprovada"]
    assert kommo.get(f"leads/{lead}/notes", params={"filter[note_type][]": "common"}).status_code == 204


def test_a_tag_made_twice_has_one_number(kommo):
    first, second = (kommo.post("leads/tags", json=[{"name": "hotmart"}]).json() for _ in range(2))
    assert first == second


def test_the_eighth_request_of_a_second_is_refused_in_html_and_abuse_is_banned_for_good():
    now = [100.0]
    with FakeKommo(rates=Rates(ban_after=3, clock=lambda: now[0])).running() as fake, talk_to(fake) as kommo:
        statuses = [kommo.get("account").status_code for _ in range(12)]
        assert statuses == [200] * 7 + [429] * 2 + [403] * 3
        now[0] += 1.1
        banned = kommo.get("account")
        assert banned.status_code == 403
        assert banned.headers["content-type"] == "text/html"
        assert "<html>" in banned.text
        fake.rates.lift_ban()
        assert kommo.get("account").status_code == 200
        assert fake.rates.busiest() == 12


def test_faults_come_before_or_after_the_work(fake, kommo):
    fake.faults.plan(Fault(504, "POST", "leads$", When.AFTER), Fault(0, "POST", "contacts$", When.AFTER))
    assert kommo.post("leads", json=[{"name": "done"}]).status_code == 504
    with pytest.raises(httpx2.RemoteProtocolError):
        kommo.post("contacts", json=[ANA])
    fake.faults.plan(Fault(503, "POST", "leads$"), Fault(429, headers={"Retry-After": "7"}, body={"retry_after": 300}))
    assert kommo.post("leads", json=[{"name": "not done"}]).status_code == 503
    slow_down = kommo.get("account")
    assert (slow_down.headers["Retry-After"], slow_down.json()) == ("7", {"retry_after": 300})
    assert [lead["name"] for lead in fake.account.all("leads")] == ["done"]
    assert len(fake.account.all("contacts")) == 1


def test_many_at_once_lose_nothing(fake):
    def make(number: int) -> int:
        with talk_to(fake) as own:
            return created(own.post("leads", json=[{"name": f"{number}"}]), "leads")

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(make, range(40)))
    assert len(set(ids)) == 40
    assert len(fake.account.all("leads")) == 40


def test_two_accounts_are_told_apart_by_their_tokens():
    with FakeKommo(Account(), Account(id=7, token="another")).running() as fake:  # a made-up token
        answer = httpx2.get(f"{fake.origin}/api/v4/account", headers={"Authorization": "Bearer another"})
        assert answer.json()["id"] == 7


def test_an_administrator_makes_a_field_and_nobody_else(fake, kommo):
    asked = [{"name": "Transação Hotmart 2", "type": "text"}]
    answer = kommo.post("leads/custom_fields", json=asked)
    assert answer.status_code == 201
    (made,) = answer.json()["_embedded"]["custom_fields"]
    assert (made["name"], made["type"], made["code"]) == ("Transação Hotmart 2", "text", None)
    listed = kommo.get("leads/custom_fields", params={"limit": 250}).json()["_embedded"]["custom_fields"]
    assert made["id"] in [one["id"] for one in listed]
    assert kommo.post("leads/custom_fields", json=[{"name": "x"}]).status_code == 400
    fake.account.is_administrators = False
    assert kommo.post("leads/custom_fields", json=asked).status_code == 403
