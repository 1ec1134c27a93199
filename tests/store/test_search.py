"""Words are folded by Python where somebody asks and by PostgreSQL where clients are kept: both must fold alike."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from service.domain.search import Term, folded, spaced, terms
from service.store.engine import transaction
from tests.living import House

LETTERS = [chr(code) for code in range(0x20, 0x2000) if chr(code).isprintable()]


@pytest.mark.parametrize("around", ["{}", "ñ{}", "A{}\u0301b"])
def test_every_letter_is_folded_alike_on_both_sides(house: House, around: str) -> None:
    written = [around.format(letter) for letter in LETTERS]
    with transaction(house.shop.engine) as tx:
        statement = text("SELECT folded(w), spaced(folded(w)) FROM unnest(CAST(:w AS text[])) WITH ORDINALITY u (w, n)")
        there = [tuple(row) for row in tx.execute(statement, {"w": written})]
    assert there == [(folded(one), spaced(folded(one))) for one in written]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("José D'Ávila", "jose d'avila"),
        ("CONCEIÇÃO", "conceicao"),
        ("Jose\u0301", "jose"),
        ("Łukasz Ørsted", "lukasz orsted"),
        ("ΔΙΩΞΗ Привет", "διωξη привет"),
    ],
)
def test_accents_and_capitals_make_no_difference(written: str, plain: str) -> None:
    assert folded(written) == plain


def test_a_telephone_typed_with_its_signs_is_one_number() -> None:
    assert terms("+55 (11) 98765-4321") == (Term("5511987654321", ("5511987654321",), "5511987654321"),)


def test_a_word_with_signs_is_looked_for_whole_and_in_its_parts() -> None:
    assert terms("Ana.Lima") == (Term("ana.lima", ("ana", "lima"), None),)


def test_an_address_is_looked_for_whole() -> None:
    (term,) = terms("Ana.Lima@Example")
    assert (term.whole, term.is_address) == ("ana.lima@example", True)
    (domain,) = terms("@example.com")
    assert (domain.whole, domain.is_address) == ("example.com", False)


def test_signs_alone_ask_for_nothing() -> None:
    assert terms(" % _ ' ") == ()


def test_no_more_words_are_looked_for_than_anybody_types() -> None:
    assert len(terms(" ".join(f"word{number}" for number in range(50)))) == 8
