"""Prices, stages, phones and field values: the rules that need nobody at the other end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from service.connectors.kommo.phones import phone_key, searches
from service.connectors.kommo.prices import Prices, Rounding, price_in
from service.connectors.kommo.shapes import LOST, WON, Field, Filled, Option, Pipeline, Stage, Value
from service.connectors.kommo.stages import Freedom, Move, Pair, move
from service.connectors.kommo.values import Policy, Unfit, encoded, setting
from service.domain.money import Money


def reais(text: str) -> Money:
    return Money(Decimal(text), "BRL")


def test_a_price_keeps_its_cents_where_the_account_has_them():
    assert price_in(Prices("BRL", minor_units=True), reais("197.90")) == (Decimal("197.90"), "exact")


@pytest.mark.parametrize("known", [False, None])
def test_a_price_is_rounded_half_up_where_it_has_not_or_nobody_knows(known):
    prices = Prices("BRL", known)
    assert price_in(prices, reais("197.50")) == (Decimal(198), "rounded")
    assert price_in(prices, reais("196.50")) == (Decimal(197), "rounded")
    assert price_in(prices, reais("197.00")) == (Decimal(197), "exact")
    assert price_in(prices._replace(rounding=Rounding.DOWN), reais("197.90")).value == Decimal(197)


def test_another_currency_is_left_out_unless_a_person_gave_a_rate():
    prices = Prices("BRL", minor_units=True)
    dollars = Money(Decimal("10.00"), "USD")
    assert price_in(prices, dollars) == (None, "in USD, the account is in BRL")
    converted = price_in(prices._replace(rates={"USD": Decimal("5.4321")}), dollars)
    assert converted == (Decimal("54.32"), "converted from USD at 5.4321")
    assert price_in(prices, Money(Decimal(10), None)).value is None
    assert price_in(prices, None).value is None


def pipeline(number: int) -> Pipeline:
    stages = ((number * 10, 10), (number * 10 + 1, 20), (number * 10 + 2, 30), (WON, 10000), (LOST, 11000))
    return Pipeline(
        number,
        f"P{number}",
        number == 1,
        False,
        tuple(Stage(one, f"S{one}", sort, number, False) for one, sort in stages),
    )


HOUSE = (pipeline(1), pipeline(2))


@pytest.mark.parametrize(
    ("now", "wanted", "expected"),
    [
        ((1, 10), (1, 12), Move.FORWARD),
        ((1, 12), (1, 10), Move.BACKWARDS),
        ((1, 12), (1, 12), Move.SAME),
        ((1, 12), (1, WON), Move.FORWARD),
        ((1, 12), (1, LOST), Move.FORWARD),
        ((1, LOST), (1, WON), Move.FORWARD),
        ((1, WON), (1, LOST), Move.FORWARD),
        ((1, WON), (1, 12), Move.REOPENS),
        ((1, LOST), (1, 12), Move.REOPENS),
        ((1, WON), (2, WON), Move.OTHER_PIPELINE),
        ((1, 10), (2, 22), Move.OTHER_PIPELINE),
        ((1, 10), (1, 22), Move.NO_SUCH_STAGE),
        ((1, 777), (1, 11), Move.FORWARD),
    ],
)
def test_a_lead_moves_forward_and_by_itself_nowhere_else(now, wanted, expected):
    assert move(HOUSE, Pair(*now), Pair(*wanted), Freedom()) is expected


def test_an_automation_may_be_allowed_more_but_a_hand_is_never_overruled():
    assert move(HOUSE, Pair(1, 12), Pair(1, 10), Freedom(backwards=True)) is Move.FORWARD
    assert move(HOUSE, Pair(1, WON), Pair(1, 10), Freedom(reopen=True)) is Move.FORWARD
    assert move(HOUSE, Pair(1, 12), Pair(2, 20), Freedom(change_pipeline=True)) is Move.FORWARD
    assert move(HOUSE, Pair(1, WON), Pair(2, WON), Freedom(change_pipeline=True)) is Move.FORWARD
    everything = Freedom(backwards=True, reopen=True, change_pipeline=True, hands_off=True)
    assert move(HOUSE, Pair(1, 10), Pair(1, 12), everything) is Move.LEFT_ALONE


@pytest.mark.parametrize(
    "written",
    [
        "+5531987654321",
        "31987654321",
        "(31) 98765-4321",
        "3187654321",
        "+55 31 8765-4321",
        "5531987654321",
        "031987654321",
    ],
)
def test_a_brazilian_mobile_is_one_line_however_it_is_written(written):
    assert phone_key(written, "BR") == "+553187654321"


def test_other_lines_stay_other_lines():
    keys = [
        phone_key(written, "BR")
        for written in ("+5531987654321", "+5511987654321", "+553133334444", "+5531933334444", "+351912345678")
    ]
    assert len(set(keys)) == 5
    assert phone_key("no number", "BR") is None
    assert phone_key("123", "BR") is None


def test_kommo_is_asked_for_the_last_eight_national_digits():
    assert searches("+5531987654321", "BR") == ("87654321",)
    assert searches("912345678", "PT") == ("12345678",)
    assert searches("?", "BR") == ()


def a_field(type_: str, *options: str, code: str | None = None) -> Field:
    return Field(1, "F", type_, code, tuple(Option(100 + n, text) for n, text in enumerate(options)), False)


def holding(field: Field, *values: Value) -> Filled:
    return Filled(field.id, field.code, field.type, values)


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        ("text", "HP1", "HP1"),
        ("textarea", Decimal("197.90"), "197.90"),
        ("url", "https://example.com", "https://example.com"),
        ("numeric", 3, "3"),
        ("monetary", Decimal("197.90"), "197.90"),
        ("checkbox", "Sim", True),
        ("checkbox", False, False),
        ("date", date(2026, 11, 22), 1795348800),
        ("date_time", datetime(2026, 11, 22, tzinfo=UTC), 1795305600),
        ("date_time", "2026-11-22T00:00:00+00:00", 1795305600),
    ],
)
def test_each_type_of_field_gets_the_form_it_asks_for(type_, value, sent):
    assert encoded(a_field(type_), value).value == sent


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("numeric", "many"),
        ("monetary", "NaN"),
        ("numeric", True),
        ("checkbox", "perhaps"),
        ("date", "tomorrow"),
        ("date_time", "2026-11-22T10:00:00"),
        ("select", "no such option"),
        ("legal_entity", "x"),
    ],
)
def test_a_value_that_does_not_fit_says_so_and_is_not_guessed(type_, value):
    with pytest.raises(Unfit):
        encoded(a_field(type_, "Pix", "Boleto"), value)


def test_an_option_is_sent_by_its_number_and_found_in_any_case():
    field = a_field("select", "pix", "Pix", "Boleto")
    assert encoded(field, "Pix").enum_id == 101
    assert encoded(field, " boleto ").enum_id == 102


PHONE = a_field("multitext", "WORK", "MOB", "HOME", code="PHONE")
THREE = holding(
    PHONE,
    Value("(31) 8765-4321", 101, "MOB"),
    Value("+553133334444", 102, "HOME"),
    Value("recado com a mae", 100, "WORK"),
)


def test_three_phones_stay_when_a_fourth_comes_and_keep_their_kinds():
    new = setting(PHONE, THREE, (Value("+5511912345678", None, "WORK"),), Policy.APPEND, "BR")
    assert new is not None
    assert new.values == (
        {"value": "(31) 8765-4321", "enum_code": "MOB"},
        {"value": "+553133334444", "enum_code": "HOME"},
        {"value": "recado com a mae", "enum_code": "WORK"},
        {"value": "+5511912345678", "enum_code": "WORK"},
    )


def test_a_phone_that_is_there_without_its_ninth_digit_changes_nothing():
    assert setting(PHONE, THREE, (Value("+5531987654321", None, "WORK"),), Policy.APPEND, "BR") is None


def test_policies_decide_about_what_is_there():
    field = a_field("text")
    there, new = holding(field, Value("antes", None, None)), (Value("depois", None, None),)
    results = {policy: setting(field, there, new, policy, "BR") for policy in Policy}
    assert results[Policy.NEVER] is None
    assert results[Policy.ONLY_IF_EMPTY] is None
    assert results[Policy.ALWAYS] == (({"value": "depois"},), ("antes",), ("depois",))
    assert results[Policy.APPEND] == (({"value": "antes\ndepois"},), ("antes",), ("antes\ndepois",))
    for policy in set(Policy) - {Policy.NEVER}:
        assert setting(field, None, new, policy, "BR") == (({"value": "depois"},), (), ("depois",))
        assert setting(field, holding(field, *new), new, policy, "BR") is None


def test_choices_are_added_to_choices_and_to_a_number_nothing_is():
    field = a_field("multiselect", "A", "B", "C")
    new = setting(field, holding(field, Value("A", 100, None)), (encoded(field, "c"),), Policy.APPEND, "BR")
    assert new is not None
    assert new.values == ({"enum_id": 100}, {"enum_id": 102})
    number = a_field("numeric")
    with pytest.raises(Unfit):
        setting(number, holding(number, Value("1", None, None)), (encoded(number, 2),), Policy.APPEND, "BR")


def test_the_same_value_in_another_spelling_is_no_change():
    number, moment = a_field("monetary"), a_field("date_time")
    assert (
        setting(
            number,
            holding(number, Value("197.9", None, None)),
            (encoded(number, Decimal("197.90")),),
            Policy.ALWAYS,
            "BR",
        )
        is None
    )
    there = holding(moment, Value("2026-11-22T00:00:00+00:00", None, None))
    same = (encoded(moment, datetime(2026, 11, 22, tzinfo=UTC)),)
    assert setting(moment, there, same, Policy.ALWAYS, "BR") is None
