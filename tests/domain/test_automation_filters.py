"""Filters: read strictly, judged surely, and a filter that does not let pass says why."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.automation import filters
from service.domain.automation.filters import OPERATORS, VALUELESS, FilterError, Operator
from service.domain.automation.judging import Failure, Verdict, judge
from service.domain.automation.values import FieldType
from service.domain.money import Money

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
SALE = {
    "product_code": "4100001",
    "product_name": "Curso de Violão — Básico",
    "buyer_email": "ana.lima@example.com",
    "buyer_phone": "+5571900256042",
    "buyer_number": "(71) 90025-6042",
    "buyer_document": "37825604262",
    "paid": Money(Decimal("97.00"), "BRL"),
    "fee": Money(Decimal("9.70"), None),
    "installments": Decimal(3),
    "ordered_at": datetime(2026, 7, 2, 1, 30, tzinfo=UTC),
    "warranty_on": date(2026, 7, 9),
    "order_bump": False,
}
EXAMPLE: dict[FieldType, tuple[str, Any]] = {
    FieldType.TEXT: ("product_code", "4100001"),
    FieldType.EMAIL: ("buyer_email", "ana.lima@example.com"),
    FieldType.PHONE: ("buyer_phone", "+5571900256042"),
    FieldType.DOCUMENT: ("buyer_document", "378.256.042-62"),
    FieldType.NUMBER: ("installments", 3),
    FieldType.MONEY: ("paid", {"amount": "97.00", "currency": "BRL"}),
    FieldType.DATE: ("ordered_at", "2026-07-02"),
    FieldType.BOOL: ("order_bump", False),
}


def a_condition(field: str, operator: str, *value: Any) -> dict[str, Any]:
    told = {"field": field, "operator": operator}
    return told | {"value": value[0]} if value else told


def judged(raw: Any) -> Verdict:
    return judge(filters.read(raw), SALE, SAO_PAULO)


def passes(field: str, operator: str, *value: Any) -> bool:
    return judged(a_condition(field, operator, *value)).passed


def reason(raw: Any) -> list[tuple[str, str]]:
    return [(one.field, one.reason) for one in judged(raw).why]


def faults(raw: Any) -> list[tuple[str, str]]:
    with pytest.raises(FilterError) as refused:
        filters.read(raw)
    return [(one.place, one.code) for one in refused.value.faults]


def test_an_empty_filter_lets_everything_pass():
    assert judged({}) == judged({"all": []}) == Verdict(passed=True)


# Comparisons


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("product_name", "equals", "curso de violao — basico"),
        ("product_name", "equals", "  CURSO  DE VIOLÃO — BÁSICO "),
        ("product_name", "contains", "VIOLAO"),
        ("product_name", "starts_with", "curso"),
        ("product_name", "not_contains", "piano"),
        ("product_code", "one_of", ["1", "4100001"]),
        ("product_code", "none_of", ["1", "2"]),
        ("product_code", "not_equals", "04100001"),
        ("buyer_email", "equals", "Ana.Lima@Example.com"),
        ("buyer_phone", "equals", "(71) 90025-6042"),
        ("buyer_phone", "equals", "+55 71 90025 6042"),
        ("buyer_number", "equals", "+55 71 90025-6042"),
        ("buyer_phone", "contains", "6042"),
        ("buyer_document", "equals", "378.256.042-62"),
        ("installments", "equals", 3),
        ("installments", "one_of", ["3", 12]),
        ("installments", "at_least", "3"),
        ("installments", "less", 3.5),
        ("paid", "equals", {"amount": "97", "currency": "brl"}),
        ("paid", "more", {"amount": 96.99, "currency": "BRL"}),
        ("paid", "at_most", {"amount": "97.00", "currency": "BRL"}),
        ("order_bump", "equals", False),
        ("coupon", "empty", None),
        ("product_code", "not_empty", None),
        ("coupon", "not_equals", "X"),
        ("coupon", "not_contains", "X"),
    ],
)
def test_values_compare_as_people_expect(field, operator, value):
    assert passes(field, operator, *([] if value is None else [value]))


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("product_name", "equals", "Curso"),
        ("product_code", "equals", "04100001"),
        ("buyer_phone", "equals", "90025-6042"),
        ("buyer_phone", "contains", "abc"),
        ("installments", "less", 3),
        ("paid", "less", {"amount": "97.00", "currency": "BRL"}),
        ("coupon", "equals", "X"),
        ("coupon", "contains", "X"),
        ("coupon", "one_of", ["X"]),
    ],
)
def test_what_differs_does_not_pass(field, operator, value):
    assert not passes(field, operator, value)


def test_a_day_is_a_day_of_the_account():
    # 1:30 in the morning of the 2nd in UTC is the evening of the 1st in São Paulo.
    assert passes("ordered_at", "equals", "2026-07-01")
    assert passes("ordered_at", "until", "2026-07-01")
    assert passes("ordered_at", "before", "2026-07-02")
    assert not passes("ordered_at", "since", "2026-07-02")
    assert judge(filters.read(a_condition("ordered_at", "equals", "2026-07-02")), SALE).passed


def test_a_moment_compares_with_moments_whatever_their_zone():
    assert passes("ordered_at", "equals", "2026-07-01T22:30:00-03:00")
    assert passes("ordered_at", "after", "2026-07-02T01:29:59+00:00")
    assert not passes("ordered_at", "before", "2026-07-02T01:30:00+00:00")


def test_where_only_the_day_is_known_no_moment_can_be_told():
    assert passes("warranty_on", "equals", "2026-07-09")
    raw = a_condition("warranty_on", "after", "2026-07-08T12:00:00+00:00")
    assert reason(raw) == [("warranty_on", "only_day_known")]


@pytest.mark.parametrize("operator", ["equals", "not_equals", "less", "more", "at_least"])
def test_money_in_another_currency_is_neither_more_nor_less_nor_different(operator):
    raw = a_condition("paid", operator, {"amount": "50.00", "currency": "USD"})
    assert reason(raw) == [("paid", "other_currency")]
    assert reason({"not": raw}) == [("paid", "other_currency")]


def test_money_without_currency_compares_with_nothing():
    assert reason(a_condition("fee", "more", {"amount": "1", "currency": "BRL"})) == [("fee", "currency_unknown")]


def test_no_value_is_neither_before_nor_after_and_neither_is_its_opposite():
    raw = a_condition("approved_at", "before", "2026-07-02")
    assert reason(raw) == reason({"not": raw}) == [("approved_at", "empty")]


# Groups and their reasons


PIANO = a_condition("product_name", "contains", "piano")
GUITAR = a_condition("product_name", "contains", "violão")
BUMP = a_condition("order_bump", "equals", True)
DOLLARS = a_condition("paid", "more", {"amount": "1", "currency": "USD"})


def test_all_names_the_first_condition_that_failed():
    assert reason({"all": [GUITAR, PIANO, BUMP]}) == [("product_name", "differs")]
    assert judged({"all": [GUITAR, {"not": BUMP}]}).passed


def test_any_names_every_condition_that_failed():
    assert reason({"any": [PIANO, BUMP]}) == [("product_name", "differs"), ("order_bump", "differs")]
    assert judged({"any": [PIANO, GUITAR]}).passed


def test_not_names_what_was_met():
    assert reason({"not": GUITAR}) == [("product_name", "met")]
    assert reason({"not": {"any": [PIANO, GUITAR]}}) == [("product_name", "met")]
    assert judged({"not": {"all": [GUITAR, PIANO]}}).passed


def test_what_cannot_be_told_decides_nothing_where_another_condition_does():
    assert judged({"any": [DOLLARS, GUITAR]}).passed
    assert reason({"all": [DOLLARS, PIANO]}) == [("product_name", "differs")]
    assert reason({"all": [GUITAR, DOLLARS]}) == [("paid", "other_currency")]
    assert reason({"any": [PIANO, DOLLARS]}) == [("product_name", "differs"), ("paid", "other_currency")]


def test_a_reason_holds_what_was_wanted_and_what_was_seen():
    raw = a_condition("paid", "less", {"amount": "50", "currency": "BRL"})
    wanted, seen = {"amount": "50.00", "currency": "BRL"}, {"amount": "97.00", "currency": "BRL"}
    assert judged(raw).why == (Failure("paid", "less", wanted, seen, "differs"),)
    assert judged(a_condition("product_code", "one_of", ["1", "2"])).why[0].wanted == ["1", "2"]
    assert judged(a_condition("coupon", "equals", "X")).why == (Failure("coupon", "equals", "X", None, "empty"),)
    assert judged(a_condition("product_code", "empty")).why[0].reason == "not_empty"
    assert judged(a_condition("coupon", "not_empty")).why[0].reason == "empty"
    assert judged(a_condition("product_code", "not_equals", "4100001")).why[0].reason == "same"


# Reading


def test_a_field_goes_by_its_key_or_its_label_and_is_stored_by_its_key():
    by_label = filters.read(a_condition("produto: codigo", "equals", "1"))
    assert filters.stored(by_label) == a_condition("product_code", "equals", "1")


@pytest.mark.parametrize(
    ("raw", "place", "code"),
    [
        (None, "", "not_an_object"),
        ([], "", "not_an_object"),
        ({"all": {}}, "all", "not_a_list"),
        ({"any": []}, "any", "nothing_to_choose_from"),
        ({"not": []}, "not", "not_an_object"),
        ({"not": {"all": []}}, "not.all", "nothing_to_choose_from"),
        ({"all": [], "any": []}, "", "more_than_one_thing"),
        ({"all": ["x"]}, "all[0]", "not_an_object"),
        (a_condition("nome do compradro", "equals", "x"), "field", "unknown_field"),
        (a_condition(7, "equals", "x"), "field", "unknown_field"),
        (a_condition("paid", "is", "x"), "operator", "unknown_operator"),
        (a_condition("paid", ["equals"], "x"), "operator", "unknown_operator"),
        (a_condition("paid", "contains", "9"), "operator", "operator_of_another_type"),
        (a_condition("product_code", "less", "9"), "operator", "operator_of_another_type"),
        (a_condition("product_code", "equals", 9), "value", "not_a_text"),
        (a_condition("product_code", "equals", " "), "value", "value_missing"),
        (a_condition("product_code", "equals"), "value", "not_a_text"),
        (a_condition("product_code", "equals", "x" * 1001), "value", "too_long"),
        (a_condition("product_code", "one_of", "x"), "value", "not_a_list"),
        (a_condition("product_code", "one_of", []), "value", "not_a_list"),
        (a_condition("product_code", "one_of", ["x"] * 201), "value", "too_many_choices"),
        (a_condition("product_code", "empty", "x"), "value", "value_not_needed"),
        (a_condition("installments", "equals", "três"), "value", "not_a_number"),
        (a_condition("installments", "equals", "1,5"), "value", "not_a_number"),
        (a_condition("installments", "equals", "NaN"), "value", "not_a_number"),
        (a_condition("installments", "equals", "1e999999"), "value", "not_a_number"),
        (a_condition("installments", "equals", True), "value", "not_a_number"),
        (a_condition("paid", "equals", "97.00"), "value", "not_an_amount_with_currency"),
        (a_condition("paid", "equals", {"amount": "97", "currency": "R$"}), "value", "not_a_currency"),
        (a_condition("ordered_at", "equals", "02/07/2026"), "value", "not_a_date"),
        (a_condition("ordered_at", "equals", "2026-07-02T10:00:00"), "value", "time_without_zone"),
        (a_condition("order_bump", "equals", "yes"), "value", "not_true_or_false"),
        ({**a_condition("paid", "empty"), "values": 1}, "values", "unknown_member"),
    ],
)
def test_a_fault_says_where_and_what(raw, place, code):
    assert faults(raw) == [(place, code)]


def test_every_fault_is_named_at_once_and_names_what_was_probably_meant():
    raw = {"all": [a_condition("Nome do comprador", "equal", "x"), {"not": a_condition("paid", "contains", "9")}]}
    assert faults(raw) == [
        ("all[0].field", "unknown_field"),
        ("all[0].operator", "unknown_operator"),
        ("all[1].not.operator", "operator_of_another_type"),
    ]
    with pytest.raises(FilterError) as refused:
        filters.read(raw)
    assert [one.suggestion for one in refused.value.faults] == ["Comprador: Nome completo", "equals", None]


def test_depth_and_number_of_conditions_are_bounded():
    deep: Any = GUITAR
    for _ in range(9):
        deep = {"not": deep}
    assert faults(deep) == [("", "too_deep")]
    endless: Any = []
    for _ in range(5000):
        endless = {"all": [endless]}
    assert faults(endless) == [("", "too_deep")]
    nested: Any = []
    for _ in range(5000):
        nested = [nested]
    assert faults({"all": nested}) == [("all[0]", "not_an_object")]
    assert faults({"not": nested}) == [("not", "not_an_object")]
    assert faults(a_condition("product_code", "equals", nested)) == [("value", "not_a_text")]
    assert faults(a_condition(nested, "equals", "x")) == [("field", "unknown_field")]
    assert faults({"all": [GUITAR] * 101}) == [("", "too_many_conditions")]
    assert judged({"all": [GUITAR] * 100}).passed


@pytest.mark.parametrize("kind", FieldType)
def test_every_operator_of_every_type_is_read_stored_and_judged(kind):
    field, value = EXAMPLE[kind]
    for operator in OPERATORS[kind]:
        wanted = [] if operator in VALUELESS else [[value] if operator in filters.CHOICES else value]
        one = filters.read(a_condition(field, operator, *wanted))
        assert filters.read(filters.stored(one)) == one
        told = judge(one, SALE, SAO_PAULO)
        assert told.passed != bool(told.why)


def test_every_operator_belongs_to_some_type():
    assert set().union(*OPERATORS.values()) == set(Operator)


CONDITIONS = st.sampled_from([PIANO, GUITAR, BUMP, DOLLARS])
FILTERS = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
).filter(lambda raw: str(raw).count("'not'") + str(raw).count("'all'") + str(raw).count("'any'") < 8)


def surely(raw: Any) -> bool | None:
    """Kleene's tables, written down once more."""
    if "not" in raw:
        inner = surely(raw["not"])
        return None if inner is None else not inner
    parts = [surely(part) for part in raw.get("all") or raw.get("any") or []]
    if "all" in raw:
        return False if False in parts else None if None in parts else True
    if "any" in raw:
        return True if True in parts else None if None in parts else False
    return {"piano": False, "violão": True, True: False}.get(raw["value"]) if raw is not DOLLARS else None


@settings(deadline=None)
@given(FILTERS)
def test_groups_follow_the_three_valued_tables_and_explain_every_stop(raw):
    verdict = judged(raw)
    assert verdict.passed is (surely(raw) is True)
    assert bool(verdict.why) is not verdict.passed
    assert filters.read(filters.stored(filters.read(raw))) == filters.read(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["paid", "equals"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "not", "field", "operator", "value", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(JSON)
def test_whatever_is_sent_is_a_filter_or_is_refused_with_its_faults(raw):
    assert is_a_filter(raw) or faults(raw)


def is_a_filter(raw: Any) -> bool:
    try:
        one = filters.read(raw)
    except FilterError:
        return False
    return judge(one, SALE).passed in (True, False)
