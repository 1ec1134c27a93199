"""Templates: texts with fields in them, understood strictly and written as people write."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.automation import formats, templates
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.formats import FORMATS
from service.domain.automation.locales import MANNERS, Language, Setting, money_text
from service.domain.automation.templates import LONGEST_TEXT, LONGEST_VALUE, Rendered, TemplateError
from service.domain.automation.values import FieldType, Value
from service.domain.money import Money

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
SALE: dict[str, Value] = {
    "product_name": "Curso de Violão",
    "buyer_name": "MARIA DA SILVA-LIMA",
    "buyer_city": "da terra  e do MAR",
    "buyer_phone": "+55 (71) 90025-6042",
    "transaction": "HP1",
    "sale_paid": Money(Decimal("1997.00"), "BRL"),
    "fee": Money(Decimal("-0.5"), "USD"),
    "commission": Money(Decimal("1234567.891"), None),
    "installments": Decimal(12),
    "tickets": Decimal("1234.50"),
    "ordered_at": datetime(2026, 7, 2, 1, 5, 9, tzinfo=UTC),
    "ordered_on": datetime(2026, 7, 2, 1, 5, 9, tzinfo=UTC),
    "warranty_on": date(2026, 7, 9),
    "order_bump": True,
}


def written(text: str, language: Language = Language.PT) -> str:
    return rendered(text, language).text


def rendered(text: str, language: Language = Language.PT) -> Rendered:
    return templates.render(templates.parse(text), SALE, language, SAO_PAULO)


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(TemplateError) as refused:
        templates.parse(text)
    return [(one.at, one.code) for one in refused.value.faults]


def suggestions(text: str) -> list[str | None]:
    with pytest.raises(TemplateError) as refused:
        templates.parse(text)
    return [one.suggestion for one in refused.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Só texto }} e { chaves }", "Só texto }} e { chaves }"),
        (r"um \{{ comum", "um {{ comum"),
        ("{{Produto: Nome}}", "Curso de Violão"),
        ("{{ produto nome }}/{{product_name}}", "Curso de Violão/Curso de Violão"),
        ("{{Comprador: Nome completo | title}}", "Maria da Silva-Lima"),
        ("{{Comprador: Cidade | title}}", "Da Terra e do Mar"),
        ("{{Comprador: Nome completo | primeira palavra | minúsculas}}!", "maria!"),
        ("{{Comprador: Nome completo | first_word | upper}}", "MARIA"),
        ("{{Comprador: Telefone | só dígitos}}", "5571900256042"),
        ("{{Produto: Nome | limit: 5}}", "Curso"),
        ("{{Valor total da venda}}", "1997.00"),
        ("{{Valor total da venda | money}}", "R$ 1.997,00"),
        ("{{Valor total da venda | número}}", "1.997"),
        ("{{fee | dinheiro}}", "-US$ 0,50"),
        ("{{commission | money}}", "1.234.567,891"),
        ("{{Número de parcelas}}x", "12x"),
        ("{{tickets}} {{tickets | number}}", "1234.5 1.234,5"),
        ("{{Order Bump}}", "Sim"),
        ("{{ordered_at}}", "2026-07-02T01:05:09Z"),
        ("{{ordered_on}}", "01/07/2026"),
        ("{{warranty_on}} {{warranty_on | date}}", "2026-07-09 09/07/2026"),
        ("{{ordered_at | data}}", "01/07/2026"),
        ("{{ordered_at | date:DD/MM/AA HH:mm}}", "01/07/26 22:05"),
        ('{{ordered_at | date:"DD de MMMM, HH:mm:ss", UTC}}', "02 de julho, 01:05:09"),
        ("{{ordered_at | date:YYYY-MM-DD, Asia/Tokyo}}", "2026-07-02"),
        ("{{ordered_at | date:iso}} {{ordered_at | date:unix}}", "2026-07-02T01:05:09Z 1782954309"),
        ("{{Cupom de desconto | default:sem cupom}}", "sem cupom"),
        ('{{coupon | padrão:"a | b, }}"}}.', "a | b, }}."),
        ('{{coupon | default:" "}}.', " ."),
        ("{{approved_at | default:em aberto | date}}", "em aberto"),
        ("{{product_name | default:nada}}", "Curso de Violão"),
    ],
)
def test_fields_are_written_as_asked(text, expected):
    assert written(text) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (Language.PT, "R$ 1.997,00 Sim 02 julho"),
        (Language.EN, "R$1,997.00 Yes 02 July"),
        (Language.ES, "R$ 1.997,00 Sí 02 julio"),
    ],
)
def test_each_language_has_its_manner(language, expected):
    assert written("{{sale_paid|money}} {{order_bump}} {{ordered_at|date:DD MMMM,UTC}}", language) == expected


def test_a_currency_without_cents_is_written_without_them_unless_it_has_some():
    assert money_text(Money(Decimal("12990.00"), "CLP"), Setting()) == "CL$ 12.990"
    assert money_text(Money(Decimal("12990.5"), "CLP"), Setting()) == "CL$ 12.990,5"


def test_every_language_has_twelve_months():
    assert set(MANNERS) == set(Language)
    assert {len(manner.months) for manner in MANNERS.values()} == {12}


def test_missing_values_are_empty_and_told_of_once():
    found = rendered("[{{coupon}}{{coupon | upper}}{{Produto: SCK}}] {{transaction}}")
    assert found == Rendered("[] HP1", ("Cupom de desconto", "Produto: SCK"))


def test_a_default_makes_a_missing_value_nothing_to_tell_of():
    assert rendered('{{coupon | default:""}}').missing == ()


def test_what_is_inserted_is_never_read_again():
    values: dict[str, Value] = {"product_name": '{{transaction}} {{x | default:"y"}} \x00\x1b[31m\nfim'}
    text = templates.render(templates.parse("{{product_name}}"), values).text
    assert text == '{{transaction}} {{x | default:"y"}} [31m\nfim'


def test_lengths_are_bounded():
    long: dict[str, Value] = {"product_name": "x" * 9_000}
    assert len(templates.render(templates.parse("{{product_name}}"), long).text) == LONGEST_VALUE
    many = templates.render(templates.parse("{{product_name}}" * 6), long)
    assert (len(many.text), many.cut) == (LONGEST_TEXT, True)
    assert faults("x" * 10_001) == [(10_000, "too_long")]
    assert faults("{{product_name}}" * 101) == [(0, "too_many_fields")]
    assert faults("{{product_name" + " | upper" * 11 + "}}") == [(0, "too_many_formats")]


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("Olá {{Produto: Nome", 4, "never_closed"),
        ("{{}}", 2, "field_missing"),
        ("{{ | upper}}", 3, "field_missing"),
        ("ab {{  nada disso }}", 7, "unknown_field"),
        ("{{product_name | grita}}", 17, "unknown_format"),
        ("{{product_name |}}", 16, "unknown_format"),
        ("{{product_name | money}}", 17, "format_of_another_type"),
        ("{{sale_paid | upper | money}}", 22, "format_of_another_type"),
        ("{{sale_paid | date}}", 14, "format_of_another_type"),
        ("{{product_name | limit}}", 17, "wrong_number_of_arguments"),
        ("{{product_name | upper:x}}", 17, "wrong_number_of_arguments"),
        ("{{ordered_at | date:DD,UTC,UTC}}", 15, "wrong_number_of_arguments"),
        ("{{product_name | limit:0}}", 17, "not_a_length"),
        ("{{product_name | limit:5001}}", 17, "not_a_length"),
        ("{{product_name | limit:²}}", 17, "not_a_length"),
        ("{{ordered_at | date:amanhã}}", 15, "no_part_of_a_date"),
        ("{{ordered_at | date:DD,Brasil/Marte}}", 15, "unknown_zone"),
        ("{{ordered_at | date:DD,../../etc/passwd}}", 15, "unknown_zone"),
    ],
)
def test_a_fault_says_where_and_what(text, place, code):
    assert faults(text) == [(place, code)]


def test_every_fault_is_named_at_once():
    assert faults("{{nada | grita}} {{tampouco}}") == [
        (2, "unknown_field"),
        (9, "unknown_format"),
        (19, "unknown_field"),
    ]


def test_an_unknown_name_brings_the_one_that_was_probably_meant():
    assert suggestions("{{Nome do comprador}}") == ["Comprador: Nome completo"]
    assert suggestions("{{Email do Comprador}}") == ["Comprador: E-mail"]
    assert suggestions("{{buyer_nome}}") == ["buyer_name"]
    assert suggestions("{{product_name | uper}}") == ["upper"]
    assert suggestions("{{qwertyuiop}}") == [None]


def test_only_the_first_faults_bring_advice_for_looking_takes_a_while():
    assert suggestions("{{Email do Comprador}}" * 7) == ["Comprador: E-mail"] * 5 + [None] * 2


def test_every_format_has_names_of_its_own_that_find_it():
    names = [name for one in FORMATS for name in (one.name, *one.also)]
    assert len(names) == len(set(names))
    assert all(formats.find(name.replace("_", " ").upper()) is one for one in FORMATS for name in (one.name, *one.also))


def test_a_template_names_its_fields():
    assert [one.key for one in templates.parse("{{sck}}{{coupon}}{{sck|upper}}").fields()] == ["sck", "coupon"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{Valor total da venda}}", Money(Decimal("1997.00"), "BRL")),
        ("{{sale_paid | default:0}}", Money(Decimal("1997.00"), "BRL")),
        ("{{price | default:0}}", Money(Decimal(0), None)),
        ("{{tickets}}", Money(Decimal("1234.5"), None)),
        (" 10.50 ", Money(Decimal("10.50"), None)),
        ("{{sale_paid | money}}", None),
        ("{{price}}", None),
        ("10,50", None),
        ("1e9", None),
        ("", None),
    ],
)
def test_the_amount_of_a_template_is_exact_or_none(text, expected):
    assert templates.amount(templates.parse(text), SALE) == expected


@settings(deadline=None)
@given(st.text(alphabet='{}|:," \\abProduto: Nomeupper\n', max_size=60))
def test_any_text_is_understood_or_refused_with_places_inside_it(text):
    assert all(0 <= at <= len(text) for at in refused_at(text))


def refused_at(text: str) -> list[int]:
    """Where a text is no template; nowhere if it is one, and then it can be rendered."""
    try:
        found = templates.parse(text)
    except TemplateError as refused:
        return [fault.at for fault in refused.faults]
    return [] if templates.render(found, SALE).text is not None else [-1]


@settings(deadline=None)
@given(st.sampled_from(sorted(one.label for one in CATALOGUE)), st.text(max_size=20), st.text(max_size=20))
def test_every_label_is_a_placeholder_whatever_stands_around_it(label, before, after):
    before, after = before.replace("{", "").replace("\\", ""), after.replace("{", "")
    field = CATALOGUE.find(label)
    assert field is not None
    value: Value = {FieldType.MONEY: Money(Decimal(7), "BRL"), FieldType.NUMBER: Decimal(7)}.get(field.type, "7")
    found = templates.render(templates.parse(f"{before}{{{{{label}}}}}{after}"), {field.key: value})
    assert found.text in (f"{before}7{after}", f"{before}7.00{after}")
