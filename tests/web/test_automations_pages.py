"""The pages of automations: the list, the four steps, their faults; readers, two browsers, no Kommo."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from service.connectors.kommo.connection import Connection
from service.domain.automation.ready import READY
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.kommo_desk import connect
from service.store import automations, connections
from service.store.connections import Opening
from service.store.engine import transaction
from service.store.users import LANGUAGES
from service.store.vault import vault_of
from service.web import trigger_words
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import ANA, BRUNO, approved, automate, cart, deliver_all, outbox
from tests.web.visitors import Visitor, a_member
from workers.workshop import Workshop

CARD = {
    "destination": "kommo",
    "lead_name": "{{Produto: Nome}}",
    "lead_value": "{{Preço da compra}}",
    "name_policy": "only_if_empty",
    "price_policy": "always",
    "policy": "reuse_any_open",
}
STEPS = ("/when", "/only-if", "/then")


class Builder:
    """Somebody with a browser before the pages of automations."""

    def __init__(self, house: House, role: Role = Role.OWNER) -> None:
        self.house = house
        self.visitor: Visitor = a_member(house.app, house.account, role)
        self.path = f"/a/{house.account.key}/automations"

    def reads(self, path: str = "") -> str:
        """The words of a page, without marks."""
        return words_of(self.visitor.reads(self.path + path))

    def sends(self, path: str, /, **fields: str) -> Any:
        """A form, with the mark of the step as it is kept now unless another one is given."""
        if "seen" not in fields and not path.startswith(("/new", "/ready")) and path.endswith(STEPS):
            fields["seen"] = self.mark(path)
        return self.visitor.posts(self.path + path, **fields)

    def mark(self, path: str) -> str:
        """The mark a step's form carries."""
        found = re.search(r'name="seen" value="(\w+)"', self.visitor.reads(self.path + path))
        return found[1] if found else ""

    def begins(self, ready: str = "sale_approved") -> int:
        """A draft of a ready automation; its id."""
        answer = self.sends("/ready", ready=ready)
        return int(answer.location.split("/")[-2])

    def kept(self, automation: int) -> Any:
        """An automation as it is kept."""
        with transaction(self.house.shop.engine) as tx:
            return automations.find(tx, self.house.account.id, automation)


def words_of(page: str) -> str:
    """The words of a page, as people read them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def builder(house: House) -> Builder:
    return Builder(house)


@pytest.fixture(scope="module")
def settled(app: Flask, shop: Workshop) -> Builder:
    """Somebody of an account that many tests share: for what needs no sales and no empty list."""
    return Builder(House(app, shop))


@pytest.fixture(scope="module")
def kommo() -> Iterator[FakeKommo]:
    with FakeKommo().running() as running:
        running.account.add_field("leads", 880102, "Origem", "select", options=("Hotmart", "Indicação"))
        yield running


BOOKS: list[Any] = []
"""What is set up in that Kommo, read once: the road lets five requests a second pass."""


@pytest.fixture
def fake(house: House, kommo: FakeKommo) -> FakeKommo:
    """The house is connected to this Kommo."""
    engine, settings = house.shop.engine, house.shop.settings
    if not BOOKS:
        connect(engine, settings, house.account.id, Connection(kommo.origin, kommo.account.token))
        with transaction(engine) as tx:
            connected = connections.find(tx, house.account.id)
        BOOKS.append(connected and connected.book)
    opening = Opening(kommo.origin, kommo.account.token, None, kommo.account.id)
    with transaction(engine) as tx:
        connections.connect(tx, house.account.id, opening, vault_of(settings), datetime.now(UTC))
        connections.keep_book(tx, house.account.id, BOOKS[0], datetime.now(UTC))
    kommo.seen.clear()
    return kommo


# The list.


def test_an_account_without_automations_is_offered_the_eleven_ready_ones(builder: Builder) -> None:
    page = builder.visitor.reads(builder.path)
    assert page.count('name="ready"') == len(READY) == 11
    assert "Nenhuma automação ainda" in page
    assert "Venda aprovada" in page
    assert "/connections/kommo" in page, "and told that Kommo is not connected"


@pytest.mark.parametrize("one", READY, ids=[one.key for one in READY])
def test_every_ready_automation_is_a_draft_whose_steps_can_all_be_kept_as_they_are(settled: Builder, one: Any) -> None:
    automation = settled.begins(one.key)
    row = settled.kept(automation)
    assert (row["state"], row["trigger"], row["mapping"]["lead_name"]) == ("draft", one.trigger, one.lead_name)
    assert (
        settled.sends(f"/{automation}/when", trigger=str(one.trigger), name=row["name"], do="save").status_code == 302
    )
    assert settled.sends(f"/{automation}/only-if", do="save", **{"f.join": "all"}).status_code == 302
    texts = {name: value for name, value in row["mapping"].items() if isinstance(value, str)}
    contact = {f"contact_{name}": value for name, value in row["mapping"]["contact"].items()}
    tags = "\n".join(row["mapping"]["tags"])
    form = {**CARD, **texts, **contact, "tags": tags, "with_contact": "yes", "policy": row["policy"]}
    answer = settled.sends(f"/{automation}/then", do="save", **form)
    assert answer.status_code == 302, words_of(answer.get_data(as_text=True))
    again = settled.kept(automation)["mapping"]
    assert {name: again[name] for name in (*texts, "tags")} == {name: row["mapping"][name] for name in (*texts, "tags")}
    assert again["contact"] == row["mapping"]["contact"]


def test_the_list_counts_what_became_of_each_and_opens_its_history(builder: Builder, fake: FakeKommo) -> None:
    automation = automate(builder.house, Trigger.SALE_APPROVED)
    builder.house.receives(approved(), approved(5, "HP0000000002", BRUNO))
    deliver_all(builder.house)
    assert {state for _, _, state in outbox(builder.house)} == {"done"}
    page = builder.visitor.reads(builder.path)
    assert "<b>2</b>" in page
    address = re.search(r'href="([^"]*history[^"]*state=done[^"]*)"', page)
    assert address is not None
    assert f"automation_id={automation}" in html.unescape(address[1])
    assert builder.visitor.reads(html.unescape(address[1])).count("HP000000000") >= 2


def test_an_automation_is_switched_renamed_copied_and_deleted_without_javascript(
    builder: Builder, fake: FakeKommo
) -> None:
    automation = builder.begins()
    builder.sends(f"/{automation}/switch", state="on")
    assert builder.kept(automation)["state"] == "on"
    builder.sends(f"/{automation}/switch", state="off")
    builder.sends(f"/{automation}/rename", name="Aprovadas no funil")
    row = builder.kept(automation)
    assert (row["state"], row["name"]) == ("off", "Aprovadas no funil")
    copied = int(builder.sends(f"/{automation}/copy").location.split("/")[-2])
    assert builder.kept(copied)["name"] == "Aprovadas no funil (cópia)"
    assert (builder.kept(copied)["state"], builder.kept(copied)["mapping"]) == ("draft", row["mapping"])
    builder.sends(f"/{automation}/delete")
    assert "O histórico fica" in builder.reads()
    assert builder.visitor.get(f"{builder.path}/{automation}/when").status_code == 404


def test_nothing_is_switched_on_that_could_write_nowhere(builder: Builder) -> None:
    automation = builder.begins()
    builder.sends(f"/{automation}/switch", state="on")
    assert builder.kept(automation)["state"] == "draft"
    assert "Conecte primeiro uma conta do Kommo" in builder.reads()


def test_an_empty_or_endless_name_renames_nothing(settled: Builder) -> None:
    automation = settled.begins()
    before = settled.kept(automation)["name"]
    for name in ("  ", "x" * 201):
        settled.sends(f"/{automation}/rename", name=name)
    assert settled.kept(automation)["name"] == before


# When.


def test_every_trigger_is_offered_once_and_explained_in_every_language(builder: Builder) -> None:
    offered = [trigger for _, triggers in trigger_words.GROUPS for trigger in triggers]
    assert sorted(offered) == sorted(Trigger)
    assert set(trigger_words.MEANINGS) == set(Trigger)
    for language in LANGUAGES:
        builder.visitor.posts("/language", language=language)
        assert builder.visitor.reads(f"{builder.path}/new").count('name="trigger"') == len(Trigger)


def test_the_first_step_says_how_often_each_trigger_happened_lately(builder: Builder) -> None:
    now = datetime.now(UTC)
    minutes = (now - datetime(2026, 7, 2, 12, tzinfo=UTC)).total_seconds() / 60
    builder.house.receives(approved(minutes - 60), approved(minutes - 50, "HP0000000002"), cart(minutes - 40, BRUNO))
    page = builder.visitor.reads(f"{builder.path}/new")

    def often(trigger: str) -> str:
        return words_of(page.split(f'value="{trigger}"')[1].split("</label>")[0])

    assert "2 vezes nos últimos 30 dias" in often("sale_approved")
    assert "2 vezes nos últimos 30 dias" in often("sale_created")
    assert "1 vez nos últimos 30 dias" in often("cart_abandoned")
    assert "0 vezes nos últimos 30 dias" in often("sale_refunded")


def test_a_new_automation_is_a_draft_from_its_first_step_on(settled: Builder) -> None:
    answer = settled.sends("/new", trigger="chargeback", name="", even_overtaken="yes", do="next")
    assert answer.location.endswith("/only-if")
    row = settled.kept(int(answer.location.split("/")[-2]))
    assert (row["trigger"], row["name"], row["state"], row["even_overtaken"]) == (
        "chargeback",
        "Chargeback",
        "draft",
        True,
    )


def test_a_first_step_without_trigger_is_shown_again_with_what_was_written(builder: Builder) -> None:
    answer = builder.sends("/new", name="Meu gatilho", do="next")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Escolha o que inicia a automação" in page
    assert 'value="Meu gatilho"' in page
    assert "Nenhuma automação ainda" in builder.reads()


# Only if.

NESTED = {
    "f.join": "all",
    "f-0.field": "produto: nome",
    "f-0.operator": "contains",
    "f-0.value": "curso",
    "f-1.join": "any",
    "f-1-0.field": "Comprador: E-mail",
    "f-1-0.operator": "one_of",
    "f-1-0.value": f"{ANA}\r\n{BRUNO}",
    "f-1-1.join": "none",
    "f-1-1-0.field": "Preço da compra",
    "f-1-1-0.operator": "at_least",
    "f-1-1-0.value": "1.997,00",
    "f-1-1-0.currency": "BRL",
}
STORED = {
    "all": [
        {"field": "product_name", "operator": "contains", "value": "curso"},
        {
            "any": [
                {"field": "buyer_email", "operator": "one_of", "value": [ANA, BRUNO]},
                {
                    "not": {
                        "any": [
                            {
                                "field": "price",
                                "operator": "at_least",
                                "value": {"amount": "1997.00", "currency": "BRL"},
                            }
                        ]
                    }
                },
            ]
        },
    ]
}


def form_of(page: str) -> dict[str, str]:
    """The conditions a page shows, by the names of the form."""
    selected = re.findall(r'<select[^>]* name="(f[^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL)
    shown = {}
    for name, options in selected:
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        shown[name] = (chosen[1] or chosen[2]) if chosen else ""
    shown |= dict(re.findall(r'<input[^>]* name="(f[^"]*)" value="([^"]*)"', page))
    shown |= dict(re.findall(r'<textarea[^>]* name="(f[^"]*)"[^>]*>([^<]*)</textarea>', page))
    return {name: html.unescape(value) for name, value in shown.items()}


def test_groups_within_groups_are_kept_and_shown_as_they_were_written(settled: Builder) -> None:
    automation = settled.begins()
    answer = settled.sends(f"/{automation}/only-if", do="next", **NESTED)
    assert answer.location.endswith("/then")
    assert settled.kept(automation)["filter"] == STORED
    page = settled.visitor.reads(f"{settled.path}/{automation}/only-if")
    shown = form_of(page)
    assert shown["f-0.field"] == "Produto: Nome"
    assert shown["f-1-1-0.value"] == "1.997,00"
    assert shown["f-1-0.value"].split() == [ANA, BRUNO]
    settled.sends(f"/{automation}/only-if", do="save", **shown)
    assert settled.kept(automation)["filter"] == STORED, "and what is shown is what is kept"


@pytest.mark.parametrize(
    "stored",
    [
        {"field": "order_bump", "operator": "equals", "value": False},
        {"not": {"field": "coupon", "operator": "empty"}},
        {"not": {"not": {"field": "installments", "operator": "more", "value": "1.5"}}},
        {"not": {"all": [{"field": "ordered_at", "operator": "since", "value": "2026-07-02"}]}},
        {"any": [{"field": "ordered_at", "operator": "before", "value": "2026-07-02T12:00:00-03:00"}]},
        {"any": [{"field": "price", "operator": "less", "value": {"amount": "1.997", "currency": "USD"}}]},
    ],
    ids=["yes-or-no", "not", "not-not", "not-all", "moment", "three-decimals"],
)
def test_whatever_the_api_kept_is_shown_and_kept_again_with_the_same_meaning(settled: Builder, stored: Any) -> None:
    said = {"name": "x", "trigger": "sale_approved", "filter": stored, "mapping": {"lead_name": "x"}}
    made = settled.house.client.post("/api/v1/automations", json=said, headers=settled.house.bearer).get_json()["id"]
    shown = form_of(settled.visitor.reads(f"{settled.path}/{made}/only-if"))
    settled.sends(f"/{made}/only-if", do="save", **shown)
    once = settled.kept(made)["filter"]
    assert stripped(once) == stripped(stored)
    settled.sends(f"/{made}/only-if", do="save", **form_of(settled.visitor.reads(f"{settled.path}/{made}/only-if")))
    assert settled.kept(made)["filter"] == once


def stripped(one: Any) -> Any:
    """A filter without groups of one and doubled denials."""
    for join in ("all", "any"):
        if join in one:
            return stripped(one[join][0]) if len(one[join]) == 1 else {join: [stripped(part) for part in one[join]]}
    if "not" in one:
        within = stripped(one["not"])
        return within.get("not", {"not": within})
    return one


def test_conditions_and_groups_come_and_go_by_the_buttons_and_nothing_written_is_lost(settled: Builder) -> None:
    automation = settled.begins()

    def pressed(do: str, form: dict[str, str]) -> dict[str, str]:
        answer = settled.sends(f"/{automation}/only-if", do=do, **form)
        assert answer.status_code == 200
        return form_of(answer.get_data(as_text=True))

    form = pressed("add f", dict(NESTED))
    assert form["f-2.field"] == ""
    assert form["f-0.value"] == "curso"
    form = pressed("group f-1", form)
    assert "f-1-2-0.field" in form
    form = pressed("remove f-0", form)
    assert form["f-0.join"] == "any", "what stood behind it moved up"
    assert form["f-0-1-0.value"] == "1.997,00"
    assert settled.kept(automation)["filter"] == {}, "nothing of it is kept before it is saved"
    settled.sends(f"/{automation}/only-if", do="save", **form)
    assert settled.kept(automation)["filter"] == {"all": STORED["all"][1:]}, "what stayed blank is left out"


def test_a_field_of_another_type_gets_its_own_comparisons(settled: Builder) -> None:
    automation = settled.begins()
    form = {"f.join": "all", "f-0.field": "Data do acontecimento", "f-0.operator": "contains", "f-0.value": "x"}
    page = settled.sends(f"/{automation}/only-if", do="look", **form).get_data(as_text=True)
    offered = re.findall(r'<option value="(\w+)"', page.split('name="f-0.operator"')[1].split("</select>")[0])
    assert "before" in offered
    assert "contains" not in offered
    assert 'type="date"' in page


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("field", {"field": "Produto: Nomi", "operator": "equals", "value": "x"}, "Produto: Nome"),
        ("value", {"field": "Produto: Nome", "operator": "equals", "value": " "}, "Escreva com o que comparar"),
        ("value", {"field": "Número de parcelas", "operator": "more", "value": "dois"}, "Escreva um número"),
        (
            "value",
            {"field": "Preço da compra", "operator": "more", "value": "x", "currency": "BRL"},
            "Escreva um número",
        ),
        ("value", {"field": "Data do acontecimento", "operator": "after", "value": ""}, "Escreva com o que comparar"),
        ("value", {"field": "Produto: Nome", "operator": "one_of", "value": "\n"}, "ao menos um valor"),
    ],
    ids=["unknown-field", "no-value", "no-number", "no-amount", "no-day", "no-choice"],
)
def test_what_is_wrong_with_a_condition_stands_beside_it(
    settled: Builder, name: str, written: dict[str, str], said: str
) -> None:
    automation = settled.begins()
    form = {f"f-0.{part}": value for part, value in written.items()}
    answer = settled.sends(f"/{automation}/only-if", do="next", **{"f.join": "all"}, **form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    beside = page.split(f'id="f-0-{name}-wrong"')[1].split("</p>")[0]
    assert said in words_of("<p" + beside)
    assert html.escape(written["field"], quote=False) in page
    assert settled.kept(automation)["filter"] == {}


def test_the_last_events_are_tried_and_those_that_are_stopped_say_why(builder: Builder) -> None:
    builder.house.receives(approved(), approved(5, "HP0000000002", BRUNO))
    automation = builder.begins()
    form = {"f.join": "all", "f-0.field": "Comprador: E-mail", "f-0.operator": "equals", "f-0.value": ANA}
    page = words_of(builder.sends(f"/{automation}/only-if", do="look", **form).get_data(as_text=True))
    assert "Dos últimos 2, passariam 1" in page
    assert f"Comprador: E-mail: Tinha de ser “{ANA}”, mas é “{BRUNO}”." in page
    unfinished = {"f.join": "all", "f-0.field": "Comprador: E-mail", "f-0.operator": "equals", "f-0.value": ""}
    assert "Complete as condições" in words_of(
        builder.sends(f"/{automation}/only-if", do="look", **unfinished).get_data(as_text=True)
    )


def test_the_reason_of_a_document_does_not_show_the_document(builder: Builder) -> None:
    builder.house.receives(approved(document="52998224725"))
    automation = builder.begins()
    form = {"f.join": "all", "f-0.field": "Comprador: Documento (número)", "f-0.operator": "equals", "f-0.value": "1"}
    page = builder.sends(f"/{automation}/only-if", do="look", **form).get_data(as_text=True)
    assert "Dos últimos 1, passariam 0" in words_of(page)
    assert "52998224725" not in page
    assert "•••" in page


# Then.


def test_the_card_is_kept_whole(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    form = {
        **CARD,
        "stage": "7700100:61000020",
        "note": "Olá",
        "tags": "um\r\n\r\ndois {{Moeda}}",
        "responsible": "11220001",
        "with_contact": "yes",
        "contact_name": "{{Comprador: Nome completo}}",
        "contact_email": "{{Comprador: E-mail}}",
        "criterion-0": "email",
        "criterion-1": "email",
        "criterion-2": "phone",
        "with_company": "yes",
        "company": "{{Produtor: Nome}}",
        "hands_off": "48",
        "fingerprint": "880101",
        "field-0.target": "leads:880102",
        "field-0.value": "Hotmart",
        "field-0.policy": "only_if_empty",
        "field-3.target": "",
        "field-3.value": " ",
    }
    answer = builder.sends(f"/{automation}/then", do="next", **form)
    assert answer.status_code == 302, words_of(answer.get_data(as_text=True))
    row = builder.kept(automation)
    assert row["policy"] == "reuse_any_open"
    assert row["mapping"] == {
        "lead_name": "{{Produto: Nome}}",
        "lead_value": "{{Preço da compra}}",
        "note": "Olá",
        "tags": ["um", "dois {{Moeda}}"],
        "fields": [{"kind": "leads", "field": 880102, "value": "Hotmart", "policy": "only_if_empty"}],
        "name_policy": "only_if_empty",
        "price_policy": "always",
        "pipeline_id": 7700100,
        "stage_id": 61000020,
        "responsible_user_id": 11220001,
        "fingerprint_field": 880101,
        "hands_off_hours": 48,
        "contact": {
            "name": "{{Comprador: Nome completo}}",
            "email": "{{Comprador: E-mail}}",
            "criteria": ["email", "phone"],
        },
        "company": "{{Produtor: Nome}}",
    }
    page = builder.visitor.reads(f"{builder.path}/{automation}/then")
    assert '<option value="7700100:61000020" selected>Negociando' in page
    assert '<option value="leads:880102" selected>Origem' in page
    assert "Indicação" in page, "with the options the field has in Kommo"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("lead_name", "{{Produto: Nomi}}", "Você quis dizer “Produto: Nome”?"),
        ("lead_name", "", "Preencha este campo"),
        ("lead_value", "  ", "Preencha este campo"),
        ("note", "{{Produto: Nome | maiuscola}}", "Não há formato chamado “maiuscola”"),
        ("note", "Olá {{Produto: Nome", "não é fechado"),
        ("tags", "um\n{{", "não é fechado"),
        ("hands_off", "muitas", "número inteiro"),
    ],
)
def test_what_is_wrong_with_a_text_stands_beside_it_and_nothing_is_lost(
    settled: Builder, name: str, value: str, said: str
) -> None:
    automation = settled.begins()
    answer = settled.sends(f"/{automation}/then", do="next", **{**CARD, "company": "Fica", name: value})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in words_of("<p" + page.split(f'id="{name}-wrong"')[1].split("</p>")[0])
    assert 'value="Fica"' in page
    assert settled.kept(automation)["policy"] != CARD["policy"]


def test_a_row_that_is_wrong_says_so_itself(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    rows = {"field-0.target": "", "field-0.value": "x", "field-1.target": "leads:880102", "field-1.value": "{{Nada}}"}
    answer = builder.sends(f"/{automation}/then", do="save", **CARD, **rows)
    page = words_of(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert "Não há campo chamado “Nada”" in page


def test_rows_come_and_go_by_the_buttons(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    page = builder.sends(f"/{automation}/then", do="add field", **CARD, note="Fica").get_data(as_text=True)
    assert 'name="field-0.target"' in page
    assert "Fica</textarea>" in page
    rows = {"field-0.target": "leads:880102", "field-0.value": "um", "field-1.value": "dois"}
    page = builder.sends(f"/{automation}/then", do="remove field-0", **CARD, **rows).get_data(as_text=True)
    assert 'name="field-0.value" value="dois"' in page
    assert 'name="field-1.value"' not in page


def test_texts_are_shown_filled_and_documents_are_masked(builder: Builder) -> None:
    builder.house.receives(approved(document="52998224725"))
    automation = builder.begins()
    assert (
        "Ana" in builder.visitor.reads(f"{builder.path}/{automation}/then").split('data-says="contact_name"')[1][:200]
    )

    def says(template: str, name: str = "note") -> str:
        return words_of(builder.sends(f"/{automation}/says", template=template, name=name).get_data(as_text=True))

    assert says("Olá {{Comprador: Primeiro nome | upper}}") == "Olá ANA"
    assert says("{{Comprador: Documento (número)}}") == "•••"
    assert says("{{Preço da compra}}", "lead_value").startswith("R$")
    assert "não dá um valor" in says("{{Produto: Nome}}", "lead_value")
    assert "vazio neste acontecimento: Cupom de desconto" in says("[{{Cupom de desconto}}]")
    assert "Você quis dizer" in says("{{Produto: Nomi}}")


def test_what_kommo_no_longer_has_stays_chosen_and_is_marked(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    rows = {"stage": "1:2", "field-0.target": "leads:99", "field-0.value": "x"}
    builder.sends(f"/{automation}/then", do="save", **CARD, **rows)
    page = builder.visitor.reads(f"{builder.path}/{automation}/then")
    assert '<option value="1:2" selected>2 (o Kommo não conhece)' in page
    assert '<option value="leads:99" selected>99 (o Kommo não conhece)' in page


def test_a_webhook_says_names_and_texts_of_its_own(builder: Builder) -> None:
    automation = builder.begins()
    rows = {"pair-0.target": "email", "pair-0.value": "{{Comprador: E-mail}}"}
    answer = builder.sends(f"/{automation}/then", do="save", destination="webhook", **rows)
    assert answer.status_code == 302, words_of(answer.get_data(as_text=True))
    row = builder.kept(automation)
    assert (row["destination"], row["endpoint_id"]) == ("webhook", None)
    assert row["mapping"] == {"fields": [{"key": "email", "template": "{{Comprador: E-mail}}"}]}
    page = builder.visitor.reads(f"{builder.path}/{automation}/then")
    assert 'name="pair-0.target" value="email"' in page
    assert "{{Produto: Nome}} - " in page, "and the card has its usual texts, should it be chosen again"
    builder.sends(f"/{automation}/switch", state="on")
    assert "Escolha primeiro o endereço de webhook" in builder.reads()


def test_an_address_of_nobody_is_refused(settled: Builder) -> None:
    automation = settled.begins()
    answer = settled.sends(f"/{automation}/then", do="save", destination="webhook", endpoint="424242")
    assert answer.status_code == 422
    assert "Este endereço não existe mais" in words_of(answer.get_data(as_text=True))


def test_the_usual_stage_is_chosen_where_kommo_says_which_it_is(builder: Builder, fake: FakeKommo) -> None:
    assert builder.kept(builder.begins("sale_approved"))["mapping"]["stage_id"] == 142
    assert builder.kept(builder.begins("refund_requested"))["mapping"].get("stage_id") is None
    assert builder.kept(builder.begins("sale_overdue"))["mapping"]["stage_id"] == 61000010, "“Boleto gerado”"
    assert builder.kept(builder.begins("sale_created"))["mapping"]["stage_id"] == 61000010


# Test and switch on.


def test_a_trial_shows_card_decision_and_changes_and_sends_nothing(builder: Builder, fake: FakeKommo) -> None:
    builder.house.receives(approved(0, "HP0000000077", "nova@example.com"), approved(5, "HP0000000002", BRUNO))
    automation = builder.begins()
    page = builder.reads(f"/{automation}/test?event=HP0000000077")
    assert "O que o cartão diria" in page
    assert "nova@example.com" in page
    assert BRUNO not in page
    assert "então é criado um novo" in page
    latest = builder.reads(f"/{automation}/test/outcome")
    assert BRUNO in latest
    assert fake.sent("POST") + fake.sent("PATCH") == []
    assert "data-part" in builder.visitor.reads(f"{builder.path}/{automation}/test"), "a script fetches it"


def test_a_trial_says_in_words_what_stands_in_its_way(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    assert "Ainda não aconteceu nada deste tipo" in builder.reads(f"/{automation}/test?event=")
    builder.house.receives(approved())
    assert "Não se conhece nada deste tipo de “HP404”" in builder.reads(f"/{automation}/test?event=HP404")
    builder.sends(
        f"/{automation}/only-if",
        do="save",
        **{"f.join": "all", "f-0.field": "Moeda", "f-0.operator": "equals", "f-0.value": "USD"},
    )
    stopped = builder.reads(f"/{automation}/test?event=")
    assert "Moeda: Tinha de ser “USD”, mas é “BRL”." in stopped
    builder.sends(f"/{automation}/only-if", do="save", **{"f.join": "all"})
    known = dict(fake.accounts)
    fake.accounts.clear()
    refused = builder.reads(f"/{automation}/test?event=")
    fake.accounts.update(known)
    assert "não aceita mais o token" in refused


def test_without_kommo_a_trial_leads_to_the_connection(builder: Builder) -> None:
    builder.house.receives(approved())
    automation = builder.begins()
    page = builder.visitor.reads(f"{builder.path}/{automation}/test?event=")
    assert "/connections/kommo" in page.split("flash-warning")[1]


def test_the_last_step_switches_on_and_stays_there(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    answer = builder.sends(f"/{automation}/switch", state="on", back="trying")
    assert answer.location.endswith(f"/{automation}/test")
    assert "Está ligada" in builder.reads(f"/{automation}/test")
    assert "o que você salva vale na hora" in builder.reads(f"/{automation}/then")


# Others.


def test_two_browsers_change_different_steps_and_both_are_kept(builder: Builder, fake: FakeKommo) -> None:
    automation = builder.begins()
    mine, theirs = builder.mark(f"/{automation}/when"), builder.mark(f"/{automation}/then")
    builder.sends(f"/{automation}/then", do="save", seen=theirs, **CARD)
    builder.sends(f"/{automation}/switch", state="on")
    builder.sends(f"/{automation}/when", do="save", seen=mine, trigger="sale_complete", name="Minha")
    row = builder.kept(automation)
    assert (row["name"], row["trigger"], row["policy"]) == ("Minha", "sale_complete", "reuse_any_open")


@pytest.mark.parametrize(
    ("step", "first", "second"),
    [
        ("when", {"trigger": "sale_created", "name": "Primeira"}, {"trigger": "chargeback", "name": "Segunda"}),
        (
            "only-if",
            {"f.join": "all", "f-0.field": "Moeda", "f-0.operator": "equals", "f-0.value": "USD"},
            {"f.join": "all", "f-0.field": "Moeda", "f-0.operator": "equals", "f-0.value": "EUR"},
        ),
        ("then", {**CARD, "note": "Primeira"}, {**CARD, "note": "Segunda"}),
    ],
)
def test_the_second_of_two_browsers_is_told_and_keeps_what_was_written(
    settled: Builder, step: str, first: dict[str, str], second: dict[str, str]
) -> None:
    automation = settled.begins()
    seen = settled.mark(f"/{automation}/{step}")
    assert settled.sends(f"/{automation}/{step}", do="save", seen=seen, **first).status_code == 302
    kept = dict(settled.kept(automation))
    late = settled.sends(f"/{automation}/{step}", do="save", seen=seen, **second)
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "Alguém alterou este passo" in page
    assert [*second.values()][-1] in page, "what was written is still there"
    assert dict(settled.kept(automation)) == kept
    again = re.search(r'name="seen" value="(\w+)"', page)
    assert again is not None
    assert settled.sends(f"/{automation}/{step}", do="save", seen=again[1], **second).status_code == 302
    assert dict(settled.kept(automation)) != kept


def test_a_reader_sees_every_step_and_finds_nothing_to_press(builder: Builder) -> None:
    automation, reader = builder.begins(), Builder(builder.house, Role.READER)
    for path in ("", f"/{automation}/when", f"/{automation}/only-if", f"/{automation}/then", f"/{automation}/test"):
        page = reader.visitor.reads(reader.path + path).split("<main")[1]
        assert 'name="state"' not in page, path
        assert 'value="next"' not in page, path
        assert 'name="ready"' not in page, path
    for path in ("when", "only-if", "then", "says", "switch", "rename", "copy", "delete"):
        assert reader.visitor.posts(f"{reader.path}/{automation}/{path}").status_code == 403, path


def test_the_automations_of_another_account_are_not_there(builder: Builder, another_house: House) -> None:
    automation, stranger = builder.begins(), Builder(another_house)
    for step in ("when", "only-if", "then", "test", "test/outcome"):
        assert stranger.visitor.get(f"{stranger.path}/{automation}/{step}").status_code == 404, step
    assert "Venda aprovada" not in words_of(stranger.visitor.reads(stranger.path)).split("Prontas para usar")[0]
