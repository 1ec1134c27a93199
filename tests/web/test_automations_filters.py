"""Step 2 of an automation, only if: groups and conditions as forms, their faults, the events they would let pass."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from service.domain.automation import filters
from service.store.engine import transaction
from service.store.users import LANGUAGES
from service.web.pages.automations import past
from service.web.pages.automations.filter_forms import Box, box_of, boxed, told_of, without_blanks
from tests.stories.automating import ANA, BRUNO, approved
from tests.web.automation_pages import Builder, words_of

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


DECIMALS = st.decimals(-(10**9), 10**9, allow_nan=False, places=3).map(lambda number: format(number.normalize(), "f"))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
CONDITIONS = st.one_of(
    st.builds(lambda value: {"field": "coupon", "operator": "contains", "value": value}, TEXTS),
    st.builds(
        lambda values: {"field": "product_code", "operator": "none_of", "value": values},
        st.lists(TEXTS, min_size=1, max_size=4),
    ),
    st.builds(
        lambda amount, code: {
            "field": "price",
            "operator": "at_most",
            "value": {"amount": amount, "currency": code},
        },
        DECIMALS,
        st.sampled_from(("BRL", "JPY")),
    ),
    st.builds(lambda value: {"field": "installments", "operator": "more", "value": value}, DECIMALS),
    st.builds(lambda value: {"field": "ordered_at", "operator": "since", "value": value.isoformat()}, st.dates()),
    st.builds(lambda value: {"field": "order_bump", "operator": "equals", "value": value}, st.booleans()),
    st.sampled_from(("empty", "not_empty")).map(lambda operator: {"field": "buyer_phone", "operator": operator}),
)
FILTERS = st.recursive(
    CONDITIONS,
    lambda parts: st.one_of(
        parts.map(lambda part: {"not": part}),
        st.lists(parts, min_size=1, max_size=3).map(lambda some: {"all": some}),
        st.lists(parts, min_size=1, max_size=3).map(lambda some: {"any": some}),
    ),
    max_leaves=8,
)


def sent(box: Box) -> dict[str, str]:
    """What a browser sends of the form of a filter."""
    form: dict[str, str] = {}
    for one in box.walk():
        if isinstance(one, Box):
            form[f"{one.path}.join"] = one.join
        else:
            told = {"field": one.label, "operator": one.operator, "value": one.text, "currency": one.currency}
            form |= {f"{one.path}.{name}": value for name, value in told.items()}
    return form


@given(stored=FILTERS, language=st.sampled_from(LANGUAGES))
@settings(max_examples=150, deadline=None)
def test_a_form_gives_any_filter_back_with_the_same_meaning_in_every_language(
    app: Flask, stored: Any, language: str
) -> None:
    stored = filters.stored(filters.read(stored))
    with app.test_request_context(headers={"Accept-Language": language}):
        told, _ = told_of(without_blanks(box_of(sent(boxed(stored)))))
    assert stripped(filters.stored(filters.read(told))) == stripped(stored)


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


def test_an_account_too_large_to_look_back_in_is_told_so_and_can_go_on(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation = builder.begins()
    monkeypatch.setattr(past, "SECONDS", 0.05)
    with transaction(builder.house.shop.engine) as tx:
        tx.execute(text("LOCK TABLE milestones"))
        page = builder.reads(f"/{automation}/only-if")
    assert "olhar para trás demora demais" in page
    assert "Salvar e continuar" in page
    assert "Ainda não aconteceu nada deste tipo" in builder.reads(f"/{automation}/only-if")


def test_a_script_is_given_the_part_it_asks_for(builder: Builder) -> None:
    automation = builder.begins()
    token, path = builder.visitor.form_token(), f"{builder.path}/{automation}/only-if"
    for part, has, lacks in (("filter", 'name="f-0.field"', "<main"), ("judged", "<p", 'name="f-0.field"')):
        form = {"csrf_token": token, "f.join": "all", "do": "add f"}
        page = builder.visitor.client.post(path, data=form, headers={"X-Part": part}).get_data(as_text=True)
        assert has in page
        assert lacks not in page


def test_the_reason_of_a_document_does_not_show_the_document(builder: Builder) -> None:
    builder.house.receives(approved(document="52998224725"))
    automation = builder.begins()
    form = {"f.join": "all", "f-0.field": "Comprador: Documento (número)", "f-0.operator": "equals", "f-0.value": "1"}
    page = builder.sends(f"/{automation}/only-if", do="look", **form).get_data(as_text=True)
    assert "Dos últimos 1, passariam 0" in words_of(page)
    assert "52998224725" not in page
    assert "•••" in page
