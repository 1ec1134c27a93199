"""Steps 3 and 4 of an automation: the card, the message, what every text says; tried out, switched on."""

from __future__ import annotations

import pytest

from service.connectors.webhook.signing import new_secret
from service.store import endpoints
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo.server import FakeKommo
from tests.stories.automating import BRUNO, approved
from tests.web.automation_pages import CARD, Builder, words_of


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
    assert '<option value="1:2" selected>2 (a Kommo não conhece)' in page
    assert '<option value="leads:99" selected>99 (a Kommo não conhece)' in page


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


def test_the_list_names_the_address_of_a_webhook_and_says_when_it_is_off(builder: Builder) -> None:
    engine, vault = builder.house.shop.engine, vault_of(builder.house.shop.settings)
    with transaction(engine) as tx:
        address = endpoints.create(
            tx, builder.house.account.id, "https://receiver.example.com/marco", new_secret(), vault
        )
    automation = builder.begins()
    builder.sends(f"/{automation}/then", do="save", destination="webhook", endpoint=str(address))
    builder.sends(f"/{automation}/switch", state="on")
    assert builder.kept(automation)["state"] == "on", "no Kommo is needed for it"
    page = builder.reads()
    assert "https://receiver.example.com/marco" in page
    assert "Nenhuma conta" not in page
    with transaction(engine) as tx:
        endpoints.switch(tx, builder.house.account.id, address, "disabled", "gone")
    assert "O endereço de webhook desta automação está desligado" in builder.reads()


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
