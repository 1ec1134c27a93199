"""Contacts in one spelling each, whoever wrote them."""

from __future__ import annotations

import pytest

from service.sources.contact import country_of, document_of, email_of, phone_of, postcode_of


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Ana.Lima@Example.com ", "ana.lima@example.com"),
        ("ana+curso@example.com", "ana+curso@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("José@exämple.com", "josé@exämple.com"),
        ("ana@xn--exmple-cua.com", "ana@exämple.com"),
        ("\u200bana@example.com\ufeff", "ana@example.com"),
    ],
)
def test_an_address_is_trimmed_and_lower_case_and_readable(text: str, email: str):
    assert email_of(text) == email


@pytest.mark.parametrize(
    "text",
    ["", "(none)", "ana", "ana@", "@example.com", "ana@example", "a..b@example.com", "ana@example.com; bia@example.com",
     "ana@exa mple.com", "ana@-example.com", "x" * 250 + "@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_none(text: str):
    assert email_of(text) is None


@pytest.mark.parametrize(
    ("text", "area", "country", "phone"),
    [
        ("11900000001", None, "Brasil", "+5511900000001"),
        ("11900000001", None, "BR", "+5511900000001"),
        ("900000101", "21", "Brasil", "+5521900000101"),
        ("900000101", "021", None, "+5521900000101"),
        ("21900000101", "21", None, "+5521900000101"),
        ("(11) 90000-0001", None, "BR", "+5511900000001"),
        ("32654321", "11", None, "+551132654321"),
        ("5511900000001", None, "BR", "+5511900000001"),
        ("+55 11 90000-0001", None, None, "+5511900000001"),
        ("005511900000001", None, None, "+5511900000001"),
        ("11900000001", None, None, "+5511900000001"),
        ("12025550101", None, "United States", "+12025550101"),
        ("442070000102", None, "Reino Unido", "+442070000102"),
        ("34600000201", None, "España", "+34600000201"),
        ("912345678", None, "Portugal", "+351912345678"),
        ("11999990000", "999999999", "BR", "+5511999990000"),
    ],
)
def test_a_phone_is_e164_whether_or_not_it_repeats_its_area_code(text: str, area: str, country: str, phone: str):
    assert phone_of(text, area, country) == phone


@pytest.mark.parametrize(
    ("text", "area", "country"),
    [
        ("8765-4321", "11", "BR"),
        ("1132654321", None, None),
        ("14070000002", None, None),
        ("34987654321", None, None),
        ("999999999", None, "BR"),
        ("not a phone", None, "BR"),
        ("", None, None),
    ],
)
def test_a_phone_that_is_not_certain_is_none(text: str, area: str, country: str):
    assert phone_of(text, area, country) is None


@pytest.mark.parametrize(
    ("text", "country", "document"),
    [
        ("529.982.247-25", "BR", "52998224725"),
        ("52998224725", None, "52998224725"),
        ("11.222.333/0001-81", "BR", "11222333000181"),
        ("191", "BR", "191"),
        ("987654321", "BR", "987654321"),
        ("X-123 4", "ES", "X-123 4"),
        ("12.345.678", "AR", "12345678"),
    ],
)
def test_a_document_is_in_one_spelling(text: str, country: str | None, document: str):
    assert document_of(text, country) == document


def test_lost_leading_zeros_come_back_only_where_check_digits_prove_them():
    assert document_of("1234567890", "BR") == "01234567890"
    assert document_of("1234567890", None) == "01234567890"
    assert document_of("1234567890", "PT") == "1234567890"
    assert document_of("1234567891", "BR") == "1234567891"
    assert document_of("191000001", "BR") == "191000001"


def test_a_lost_zero_of_a_company_number_comes_back_too():
    assert document_of("394460005887", "BR") == "00394460005887"


def test_no_document_is_none():
    assert document_of(None) is None
    assert document_of("  ") is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Brasil", "BR"),
        ("brazil", "BR"),
        ("br", "BR"),
        ("México", "MX"),
        ("Estados Unidos", "US"),
        ("United States", "US"),
        ("EUA", "US"),
        ("Alemanha", "DE"),
        ("Japón", "JP"),
        ("Moçambique", "MZ"),
        ("Reino Unido", "GB"),
        ("Terra do Nunca", None),
        ("XX", None),
        ("", None),
    ],
)
def test_a_country_is_known_by_code_and_by_name_in_three_languages(name: str, code: str | None):
    assert country_of(name) == code


def test_a_brazilian_postcode_gets_its_zero_back_and_others_stay_as_they_are():
    assert postcode_of("1000000", "Brasil") == "01000000"
    assert postcode_of("01000-000", "BR") == "01000000"
    assert postcode_of("76.800-000", None) == "76800000"
    assert postcode_of("1000000", None) == "1000000"
    assert postcode_of("SW1A 1AA", "GB") == "SW1A 1AA"
    assert postcode_of("90210", "US") == "90210"
