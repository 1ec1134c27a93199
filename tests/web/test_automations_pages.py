"""The pages of automations: the list, the first step; readers, two browsers, other accounts."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain.automation.ready import READY
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.store.users import LANGUAGES
from service.web import trigger_words
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import BRUNO, approved, automate, cart, deliver_all, outbox
from tests.web.automation_pages import CARD, Builder, words_of

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
    assert "Conecte primeiro uma conta da Kommo" in builder.reads()


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
