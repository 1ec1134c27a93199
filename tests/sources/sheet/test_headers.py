"""Headers to fields: known names, the traps among them, and what is only suggested."""

from __future__ import annotations

import pytest

from service.errors import Unprocessable
from service.sources.sheet.aliases import KNOWN, LOOSE, STRONG, folded
from service.sources.sheet.fields import CURRENCIES_OF, FIELD_OF, FIELDS
from service.sources.sheet.headers import (
    Column,
    fingerprint,
    language_of,
    match,
    recognise,
    refuse_other_reports,
    score,
)

DETAILED = "Código da transação;Status da transação;Data da transação;Produtor(a);Código do produto;Produto;"
OLDER = "Nome do Produto;Transação;Meio de Pagamento;Tipo de Pagamento;Preço Total;Data de Venda;chave;Status;Email;"


def columns(headers: str, *rows: str, remembered: dict[object, str | None] | None = None) -> list[Column]:
    names = headers.strip(";").split(";")
    samples = [list(values) for values in zip(*(row.split(";") for row in rows), strict=True)] if rows else None
    return match(names, remembered, samples)


def fields(headers: str, *rows: str) -> list[str | None]:
    return [column.field for column in columns(headers, *rows)]


def test_every_alias_names_a_field_and_every_field_has_three_labels():
    assert set(STRONG) | set(LOOSE) <= set(FIELD_OF)
    assert all(field.pt and field.en and field.es for field in FIELDS)
    assert {code for codes in CURRENCIES_OF.values() for code in codes} <= set(FIELD_OF)


def test_no_header_is_a_known_name_of_two_fields():
    said: dict[str, set[str]] = {}
    for field in FIELDS:
        for name in (field.pt, field.en, field.es, *filter(None, STRONG.get(field.id, "").split("|"))):
            said.setdefault(folded(name), set()).add(field.id)
    assert {name: ids for name, ids in said.items() if len(ids) > 1} == {}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Nome do Comprador", "name"),
        ("nome_comprador", "name"),
        ("NOME DO COMPRADOR", "name"),
        ("Email do Comprador", "email"),
        ("E-mail do(a) Comprador(a)", "email"),
        ("\ufeffemail_comprador", "email"),
        ("buyerEmail", "email"),
        ("Valor da Venda", "paid"),
        ("Sale Amount", "paid"),
        ("Buyer Name", "name"),
        ("Data da Compra", "ordered_at"),
        ("Purchase Date", "ordered_at"),
        ("nome_produto", "product_name"),
        ("Moneda en la que recibirás los valores ", "receiving_currency"),
        ("Correo", "email"),
        ("Teléfono", "phone"),
        ("Faturación neta del Productor(a)", "net_producer"),
        ("utm_source", "src"),
        ("CPF", "document"),
        ("CEP", "postcode"),
    ],
)
def test_a_name_is_known_whatever_its_case_accents_and_little_words(header: str, field: str):
    (column,) = columns(header)
    assert (column.field, column.confidence) == (field, "certain")


@pytest.mark.parametrize(("header", "field"), [("valor", "paid"), ("data", "ordered_at"), ("Amount", "paid")])
def test_an_everyday_word_is_only_likely(header: str, field: str):
    (column,) = columns(header)
    assert (column.field, column.confidence) == (field, "likely")


def test_an_everyday_word_whose_values_say_otherwise_is_only_suggested():
    value = columns("Email;Valor", "ana@example.com;alto", "bia@example.com;baixo")[1]
    assert (value.field, value.suggestion, value.confidence) == (None, "paid", "unsure")


def test_the_product_is_not_its_producer_nor_its_code_nor_its_main_transaction():
    headers = DETAILED + "Transação do Produto Principal;Documento do Produtor;Documento"
    expected = "transaction status ordered_at producer product_id product_name parent_transaction producer_document"
    assert fields(headers) == [*expected.split(), "document"]


def test_the_names_of_buyer_product_producer_and_affiliate_stay_apart():
    headers = "Nome;Nome do Produto;Nome do Produtor;Nome do Afiliado;Comprador(a);Email do(a) Comprador(a)"
    assert fields(headers)[1:] == ["product_name", "producer", "affiliate", "name", "email"]


def test_the_more_telling_of_two_names_of_one_field_wins_and_the_other_says_so():
    loser, winner = columns("Nome;Nome do Comprador")
    assert (winner.field, loser.field, loser.reason_code) == ("name", None, "taken")


def test_the_house_number_is_not_the_number_of_instalments():
    assert fields(OLDER + "Número;Número da Parcela")[-2:] == ["address_number", "installments"]


def test_means_of_payment_is_the_processor_and_kind_of_payment_the_method():
    found = fields(OLDER)
    assert found[2:4] == ["processor", "payment_type"]


def test_paid_and_gross_are_told_apart_by_with_and_without():
    headers = "Valor de compra sem impostos;Valor de compra com impostos;Faturamento líquido"
    assert fields(headers + ";Faturamento líquido do(a) Produtor(a)") == ["gross", "paid", "net_sale", "net_producer"]


def test_the_offer_price_of_the_older_report_is_the_sellers_net_and_elsewhere_unknown():
    older = columns(OLDER + "Preço da Oferta")[-1]
    assert older.field == "net_offer"
    assert columns("Email;Status;Preço da Oferta", "ana@example.com;Aprovado;97,00")[-1].field is None


@pytest.mark.parametrize(
    ("headers", "row", "field"),
    [
        ("Transação;Nome;Estado;Email", "HP1;Ana;SP;ana@example.com", "state"),
        ("Transacción;Nombre;Estado;Email", "HP1;Ana;Aprobado;ana@example.com", "status"),
        ("Transacción;Nombre;Estado;Email", "HP1;Ana;Algo raro;ana@example.com", "status"),
        ("Transacción;Nombre;Estatus;Estado", "HP1;Ana;Aprobado;Puebla", "state"),
        ("Transação;Nome;Estado;Email", "HP1;Ana;Aprovado;ana@example.com", "status"),
        ("Transação;Nome;Estado;Status", "HP1;Ana;Bahia;Aprovado", "state"),
    ],
)
def test_estado_is_a_state_or_a_status_by_its_values_and_its_language(headers: str, row: str, field: str):
    found = fields(headers, row)
    assert found[headers.split(";").index("Estado")] == field


def test_every_bare_currency_goes_with_the_amount_beside_it():
    headers = OLDER.replace("Preço Total;", "") + (
        "Moeda;Preço do Produto;Moeda;Preço da Oferta;Taxa de Câmbio;Moeda;Preço Original;Preço Total;Moeda;"
        "Valor que você recebeu convertido;Moeda de recebimento;Faturamento líquido"
    )
    found = [column.field for column in columns(headers) if column.header == "Moeda"]
    assert found == ["currency", "net_currency", "original_currency", "net_home_currency"]


def test_the_only_currency_of_a_list_is_that_of_what_was_paid_wherever_it_stands():
    row = "ana@example.com;97,00;BRL;10,00;Aprovado"
    found = fields("Email;Valor;Moeda;Comissão;Status", row)
    assert found == ["email", "paid", "currency", "net_sale", "status"]


def test_a_remembered_mapping_fills_what_no_name_tells_and_never_takes_a_known_column():
    found = columns("Email;Coluna X;Status", remembered={"2": "coupon", "1": "name", "9": "city"})
    assert [column.field for column in found] == ["email", "coupon", "status"]
    assert (found[1].confidence, found[1].reason_code) == ("likely", "remembered")


def test_a_fingerprint_is_of_the_headers_in_one_spelling_and_in_their_order():
    assert fingerprint(["Email", "Valor "]) == fingerprint(["E-mail", "valor"])
    assert fingerprint(["Email", "Valor"]) != fingerprint(["Valor", "Email"])


def test_a_misspelt_name_is_likely_when_its_values_agree_but_never_certain():
    (column,) = columns("Telefone do compradr", "11900000001", "11900000002")
    assert (column.field, column.confidence, column.reason_code) == ("phone", "likely", "similar_name")


def test_a_misspelt_amount_is_only_suggested():
    (column,) = columns("Valor de compra com imposto", "97,00")
    assert (column.field, column.suggestion) == (None, "paid")


def test_columns_without_a_known_name_are_found_by_telling_values():
    found = fields("A;B;C;D", "HP2100000001;ana@example.com;Aprovado;x", "HP2100000002;bia@example.com;Completo;y")
    assert found == ["transaction", "email", "status", None]


def test_no_field_is_given_twice():
    found = [field for field in fields("Email;E-mail;Correo;Data;Data da venda;Valor;Total;Preço") if field]
    assert len(found) == len(set(found))


def test_the_columns_of_a_problems_file_are_left_alone():
    headers = "Email;Status;Marco: row;Marco: column;Marco: reason;Marco: hint"
    assert fields(headers, "ana@example.com;Pago;2;Data;is not a date;Write it") == ["email", "status", *[None] * 4]


@pytest.mark.parametrize(
    ("headers", "kind", "language"),
    [
        (DETAILED + "Confirmação do pagamento", "sales_detailed", "pt"),
        (OLDER, "sales_legacy", "pt"),
        ("Product Name;Amount;Status;Buyer Email;Date", "list", "en"),
        ("Nombre;Correo;Fecha;Importe", "list", "es"),
        ("Código;Cliente;Email;Produto;Plano;Valor;Adesão;Cancelamento;Status", "subscriptions", "pt"),
        ("Data;Descrição;Lançamento;Valor;Saldo", "wallet", "pt"),
    ],
)
def test_the_kind_of_a_report_is_told_by_its_headers(headers: str, kind: str, language: str):
    names = headers.strip(";").split(";")
    assert (recognise(names), language_of(names)) == (kind, language)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ("Código;Cliente;Email;Produto;Plano;Valor;Adesão;Cancelamento;Status", "subscriptions_report"),
        ("Data;Descrição;Lançamento;Valor;Saldo", "wallet_statement"),
    ],
)
def test_other_reports_are_refused_with_what_to_export_instead(headers: str, code: str):
    with pytest.raises(Unprocessable, match="sales history") as refused:
        refuse_other_reports(headers.split(";"))
    assert refused.value.code == code


def test_the_header_of_a_report_scores_above_any_row_of_values():
    header = DETAILED.strip(";").split(";")
    values = ["HP2100000001", "Aprovado", "02/07/2026 09:15:04", "Escola Exemplo", "4100001", "Produto"]
    assert score(header) == 6
    assert score(values) <= 1
    assert score(["", "", ""]) == 0
    assert score(["Data", "Descrição", "Valor", "Saldo"]) > 1


def test_every_known_name_is_already_in_its_one_spelling():
    assert all(folded(name) == name for name in KNOWN)
