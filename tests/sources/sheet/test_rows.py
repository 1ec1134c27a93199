"""Rows to facts: what a row says, what costs only a field, and what fails it."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.facts import Certainty, Fact
from service.domain.statuses import Status
from service.sources.sheet.columns import Study
from service.sources.sheet.fields import FIELDS
from service.sources.sheet.rows import RowFacts, facts_of_row
from tests.sources.sheet.lists import BRL, RECEIVED, a_reading, cells_of, read, read_one, studied

HEADERS = "Transação;Email;Status;Produto;Moeda;Valor;Data da venda;Data de Confirmação"
ROW = "HP2100000001;Ana@Example.com;Aprovado;Curso;BRL;97,00;02/07/2026 09:15:04;02/07/2026 09:15:31"


def fact_of(row: RowFacts) -> Fact:
    assert row.problems == []
    assert row.fact is not None
    return row.fact


def with_(**changes: str) -> str:
    """The usual row with some cells changed, by the place of their header."""
    places = ("transaction", "email", "status", "product", "currency", "value", "ordered", "approved")
    cells = ROW.split(";")
    for name, value in changes.items():
        cells[places.index(name)] = value
    return ";".join(cells)


def only_problem(row: RowFacts) -> Any:
    assert row.fact is None
    (problem,) = row.problems
    return problem


def test_a_row_is_a_sealed_fact_about_one_sale():
    fact = fact_of(read_one(HEADERS, ROW))
    assert (fact.subject, fact.source, fact.said, fact.email) == ("t:HP2100000001", "sheet", "row", "ana@example.com")
    assert fact.status is Status.APPROVED
    assert fact.occurred_at == datetime(2026, 7, 2, 12, 15, 31, tzinfo=UTC)
    assert (fact.as_of, fact.certainty) == (datetime(2026, 7, 2, 12, 15, 31, tzinfo=UTC), Certainty.GUESSED)
    assert fact.fields == {
        "transaction": "HP2100000001",
        "email_text": "Ana@Example.com",
        "product_name": "Curso",
        "paid": ["97.00", "BRL"],
        "ordered_at": "2026-07-02T12:15:04+00:00",
        "approved_at": "2026-07-02T12:15:31+00:00",
    }
    assert len(fact.digest) == 16


def test_equal_rows_give_equal_facts_whatever_their_row_number():
    first, second = read(HEADERS, ROW, ROW)
    assert fact_of(first).digest == fact_of(second).digest


def test_a_sale_that_was_never_approved_happened_when_it_was_ordered():
    fact = fact_of(read_one(HEADERS, with_(status="Cancelado")))
    assert fact.occurred_at == datetime(2026, 7, 2, 12, 15, 4, tzinfo=UTC)


def test_a_row_without_dates_happened_when_its_file_was_made():
    fact = fact_of(read_one("Email;Status", "ana@example.com;Aprovado"))
    assert fact.occurred_at == RECEIVED


def test_none_means_nothing_in_every_column():
    row = with_(product="(none)", value="(none)", approved="(none)", email="(none)")
    assert set(fact_of(read_one(HEADERS, row)).fields) == {"transaction", "ordered_at"}


@pytest.mark.parametrize(
    ("change", "code", "header"),
    [
        ({"value": "97.00.00"}, "other_number_format", "Valor"),
        ({"value": "noventa"}, "not_a_number", "Valor"),
        ({"ordered": "31/02/2026"}, "no_such_date", "Data da venda"),
        ({"ordered": "ontem"}, "not_a_date", "Data da venda"),
        ({"transaction": "9" * 201}, "too_long", "Transação"),
    ],
)
def test_an_unreadable_cell_fails_its_row_with_place_value_reason_and_hint(
    change: dict[str, str], code: str, header: str
):
    *good, bad = read(HEADERS, *[ROW] * 9, with_(**change))
    assert all(row.fact for row in good)
    problem = only_problem(bad)
    assert (problem.row, problem.code, problem.header) == (11, code, header)
    assert problem.value == next(iter(change.values()))[:200]
    assert problem.reason
    assert problem.hint
    assert problem.as_json()["column"] == HEADERS.split(";").index(header) + 1


def test_all_problems_of_a_row_are_told_at_once():
    row = read(HEADERS, *[ROW] * 9, with_(value="x", ordered="y"))[-1]
    assert sorted(problem.header for problem in row.problems) == ["Data da venda", "Valor"]


def test_a_bad_address_costs_the_client_but_not_a_sale_with_a_code():
    row = read_one(HEADERS, with_(email="ana at example"))
    fact = fact_of(row)
    assert fact.email is None
    assert fact.fields["email_text"] == "ana at example"
    assert [note.code for note in row.notes] == ["not_an_email"]


def test_a_bad_address_fails_a_row_that_has_nothing_else_to_be_known_by():
    row = read("Email;Status", "ana@example.com;Aprovado", "ana at example;Aprovado")[1]
    assert only_problem(row).code == "not_an_email"


def test_a_total_line_fails_because_nothing_tells_its_sale():
    row = read(HEADERS, ROW, ";;Aprovado;;BRL;97,00;;")[1]
    assert only_problem(row).code == "no_identity"


def test_a_row_with_more_cells_than_headers_has_slipped_and_fails():
    reading = a_reading(studied(HEADERS, ROW))
    row = facts_of_row(reading, "acc", 2, {"cells": cells_of(ROW), "surplus": 1})
    assert only_problem(row).code == "shifted_row"


def test_a_row_cut_short_is_blank_at_its_end():
    reading = a_reading(studied(HEADERS, ROW))
    fact = fact_of(facts_of_row(reading, "acc", 2, {"cells": cells_of(ROW)[:4]}))
    assert "paid" not in fact.fields


def test_an_unreadable_contact_is_kept_as_text_and_fails_nothing():
    headers = "Transação;Email;Status;Telefone;Documento;País"
    row = read_one(headers, "HP2100000001;ana@example.com;Aprovado;8765-4321;X 12;Terra do Nunca")
    fields = fact_of(row).fields
    assert "phone" not in fields
    assert (fields["phone_text"], fields["document"], fields["country"]) == ("8765-4321", "X 12", "Terra do Nunca")


def test_an_unknown_status_takes_the_answer_that_was_given_for_its_word():
    words = {"words": {"Estornado": "refunded"}}
    assert fact_of(read_one(HEADERS, with_(status="ESTORNADO"), words)).status is Status.REFUNDED


def test_a_status_word_nobody_answered_fails_its_row():
    reading = a_reading(studied(HEADERS, ROW))
    row = facts_of_row(reading, "acc", 7, {"cells": cells_of(with_(status="Curioso"))})
    assert only_problem(row).code == "unknown_status"


def test_a_default_status_is_only_for_rows_without_one():
    answers = {"defaults": {"status": "approved"}}
    blank, told = read(HEADERS, with_(status=""), with_(status="Cancelado"), options=answers)
    assert (fact_of(blank).status, fact_of(told).status) == (Status.APPROVED, Status.CANCELED)


def test_a_default_currency_is_only_for_amounts_whose_row_has_none():
    rows = (with_(currency=""), with_(currency="EUR"), with_(currency="", value="US$ 10,00"))
    facts = [fact_of(row) for row in read(HEADERS, *rows, options=BRL)]
    assert [fact.fields["paid"] for fact in facts] == [["97.00", "BRL"], ["97.00", "EUR"], ["10.00", "USD"]]


def test_a_word_that_is_no_currency_is_noted_and_never_replaced_by_the_default():
    row = read_one(HEADERS, with_(currency="Patacas"), BRL)
    assert fact_of(row).fields["paid"] == ["97.00", None]
    assert [note.code for note in row.notes] == ["unknown_currency"]


def test_an_amount_is_one_text_however_it_was_written():
    rows = read(HEADERS, *[with_(value=text) for text in ("97,00", "97", "97,0", "R$ 97,00")])
    assert {fact_of(row).fields["paid"][0] for row in rows} == {"97.00"}


SHARES = (
    "Transação;Status;Venda feita como;Moeda de recebimento;Faturamento líquido;"
    "Faturamento líquido do(a) Produtor(a);Comissão do(a) Afiliado(a);Faturamento do(a) Coprodutor(a)"
)


@pytest.mark.parametrize(
    ("sold_as", "net"),
    [("Produtor", "60.00"), ("Coprodutor", "10.00"), ("Afiliado", "20.00"), ("", "60.00")],
)
def test_the_net_is_the_share_of_the_role_the_sale_was_made_in(sold_as: str, net: str):
    fields = fact_of(read_one(SHARES, f"HP1;Aprovado;{sold_as};BRL;90.00;60.00;20.00;10.00")).fields
    assert fields["net"] == [net, "BRL"]
    assert fields["net_sale"] == ["90.00", "BRL"]


def test_the_net_of_the_whole_sale_never_stands_in_for_a_share_that_is_blank():
    fields = fact_of(read_one(SHARES, "HP1;Aprovado;Coprodutor;BRL;90.00;60.00;20.00;(none)")).fields
    assert "net" not in fields


def test_the_net_of_a_list_without_shares_is_its_only_net():
    fields = fact_of(read_one("Email;Status;Faturamento líquido", "ana@example.com;Aprovado;90,00", BRL)).fields
    assert fields["net"] == ["90.00", "BRL"]


def test_the_fee_is_the_sum_of_its_parts_in_the_currency_of_fees():
    headers = "Transação;Status;Moeda das taxas;Taxa de processamento;Taxa de streaming;Outras Taxas"
    assert fact_of(read_one(headers, "HP1;Aprovado;USD;5.12;1.00;0.50")).fields["fee"] == ["6.62", "USD"]


def test_a_fee_without_currency_takes_no_default_where_the_file_has_currencies():
    row = read_one(HEADERS + ";Taxa Hotmart", with_(currency="") + ";9,90", BRL)
    assert fact_of(row).fields["fee"] == ["9.90", None]


ORDER = (
    "Transação;Status;Ferramenta de Venda;Transação do Produto Principal;Código do assinante;Quantidade de cobranças"
)


@pytest.mark.parametrize(
    ("row", "parent", "bump"),
    [
        ("HP2;Aprovado;Produto order bump;HP1;;1", "HP1", True),
        ("HP2;Aprovado;;HP1;;1", "HP1", True),
        ("HP2;Aprovado;Oferta de upgrade;HP1;;1", "HP1", False),
        ("HP1;Aprovado;Produto principal;HP1;;1", None, None),
        ("HP1;Aprovado;Produto principal;(none);;1", None, None),
        ("HP9;Aprovado;Produto principal;HP1;AB12;2", None, None),
        ("HP9;Aprovado;Produto order bump;HP1;AB12;2", None, None),
    ],
)
def test_bumps_hang_on_their_main_transaction_and_renewals_on_none(row: str, parent: str | None, bump: bool | None):
    fields = fact_of(read_one(ORDER, row)).fields
    assert (fields.get("parent_transaction"), fields.get("is_bump")) == (parent, bump)


def test_counts_may_be_written_as_numbers_as_decimals_and_as_times():
    headers = "Transação;Status;Parcelas;Quantidade"
    fields = [fact_of(row).fields for row in read(headers, "HP1;Aprovado;12x;1", "HP2;Aprovado;12.0;2")]
    assert [field["installments"] for field in fields] == [12, 12]


@pytest.mark.parametrize("count", ["1.5", "-1", "9999999", "doze"])
def test_a_count_that_is_no_whole_number_fails_its_row(count: str):
    headers = "Transação;Status;Quantidade total de parcelas"
    row = read(headers, "HP1;Aprovado;1", f"HP2;Aprovado;{count}")[1]
    assert only_problem(row).header == "Quantidade total de parcelas"


LIST = "Email;Status;Produto;Moeda;Valor;Data"
LISTED = "ana@example.com;Aprovado;Curso;BRL;97,00;02/07/2026"


def key_of(row: str, *, account: str = "acc", occurrence: int = 1) -> str:
    reading = a_reading(studied(LIST, LISTED))
    body = {"cells": cells_of(row), "occurrence": occurrence}
    return fact_of(facts_of_row(reading, account, 2, body)).subject


def test_a_row_without_code_keeps_its_key_whatever_becomes_of_its_status():
    assert key_of(LISTED) == key_of(LISTED.replace("Aprovado", "Reembolsado"))
    assert key_of(LISTED) == key_of(LISTED.replace("ana@", " ANA@").replace("97,00", "97"))
    assert key_of(LISTED).startswith("t:row-")


@pytest.mark.parametrize(
    "other",
    [
        LISTED.replace("ana@", "bia@"),
        LISTED.replace("Curso", "Livro"),
        LISTED.replace("97,00", "98,00"),
        LISTED.replace("02/07", "03/07"),
    ],
)
def test_another_buyer_product_amount_or_day_is_another_sale(other: str):
    assert key_of(LISTED) != key_of(other)


def test_a_repeated_row_without_code_and_another_account_have_keys_of_their_own():
    assert len({key_of(LISTED), key_of(LISTED, occurrence=2), key_of(LISTED, account="other")}) == 3


def test_a_row_without_code_claims_no_transaction():
    assert "transaction" not in fact_of(read_one(LIST, LISTED)).fields


def test_cells_of_a_workbook_are_read_as_they_are_shown():
    headers = "Transação;Email;Status;Moeda;Valor;Data;CEP;País;Código do Produto;Parcelas"
    reading = a_reading(studied(headers, "HP1;ana@example.com;Aprovado;BRL;1.5;2026-07-02;x;Brasil;1;1"))
    cells = ["HP1", "ana@example.com", "Aprovado", "BRL", 59.426, "2026-07-02T09:15:04", 1e6, "Brasil", 41.0, 12.0]
    fields = fact_of(facts_of_row(reading, "acc", 2, {"cells": cells})).fields
    assert fields["paid"] == ["59.426", "BRL"]
    assert fields["ordered_at"] == "2026-07-02T12:15:04+00:00"
    assert (fields["postcode"], fields["product_id"], fields["installments"]) == ("01000000", "41", 12)


def test_a_truth_value_is_no_amount():
    reading = a_reading(studied(HEADERS, ROW))
    cells = cells_of(ROW)
    cells[5] = True
    assert only_problem(facts_of_row(reading, "acc", 2, {"cells": cells})).code == "not_a_number"


def test_the_zone_of_the_confirmation_goes_before_that_of_the_account():
    fact = fact_of(read_one(HEADERS, ROW, {"timezone": "Europe/Lisbon"}))
    assert fact.fields["ordered_at"] == "2026-07-02T08:15:04+00:00"


def test_rows_that_only_fill_are_fillers():
    assert fact_of(read_one(HEADERS, ROW, {"existing": "fill"})).certainty is Certainty.FILLER


def test_a_new_reading_in_the_place_of_an_old_one_is_not_mistaken_for_it():
    paid = []
    for mark in ("dot", "comma"):
        reading = a_reading(studied(HEADERS, with_(value="1.234")), {"formats": {6: mark}})
        row = facts_of_row(reading, "acc", 2, {"cells": cells_of(with_(value="1.234"))})
        paid.append(fact_of(row).fields["paid"][0])
        del reading
        gc.collect()
    assert paid == ["1.234", "1234.00"]


EVERY_FIELD = ";".join(field.pt for field in FIELDS)
ANY_CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.sampled_from(["(none)", "97,00", "1.234", "R$ 1", "31/12/2026", "2026-02-30", "ana@example.com", "+5511", "%s"]),
)


@given(st.dictionaries(st.integers(2, len(FIELDS) - 1), ANY_CELL, max_size=6))
@settings(max_examples=500, deadline=None)
def test_whatever_its_cells_a_row_is_a_fact_or_says_why_not(strange: dict[int, Any]):
    cells: list[Any] = ["HP1", "Aprovado", *[None] * (len(FIELDS) - 2)]
    for index, cell in strange.items():
        cells[index] = cell
    row = facts_of_row(EVERYTHING, "acc", 2, {"cells": cells})
    assert (row.fact is None) == bool(row.problems)
    assert all(problem.header == FIELDS[problem.column - 1].pt for problem in row.problems + row.notes)
    told = [problem.as_json() for problem in row.problems + row.notes]
    assert json.loads(json.dumps(told)) == told
    if row.fact is not None:
        assert json.loads(json.dumps(row.fact.fields, allow_nan=False)) == row.fact.fields
        assert all(value != "" for value in row.fact.fields.values())


@given(st.lists(st.lists(ANY_CELL, min_size=4, max_size=4), max_size=30))
@settings(max_examples=200, deadline=None)
def test_whatever_its_cells_a_study_makes_a_report(rows: list[list[Any]]):
    study = Study(["Email", "Valor", "Data", "Coisa"])
    study.add(rows)
    report = study.report()
    assert report["rows"] == len(rows)
    assert json.loads(json.dumps(report)) == report


EVERYTHING = a_reading(
    studied(EVERY_FIELD, ";".join("x" for _ in FIELDS)), {"defaults": {"currency": "BRL"}, "words": {"x": "approved"}}
)
