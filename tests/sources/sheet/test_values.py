"""Numbers, dates, text and words: strict, and never guessed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.statuses import STATUS_OF_WORD, Status
from service.sources.sheet import dates, numbers
from service.sources.sheet.currencies import currency_of
from service.sources.sheet.dates import Order, instant_of_cell, shows
from service.sources.sheet.numbers import Mark, evidence, number_of, number_of_cell, readings, written
from service.sources.sheet.problems import Unreadable
from service.sources.sheet.values import text_of
from service.sources.sheet.words import (
    is_order_bump,
    payment_type_of,
    sold_as_of,
    status_of_label,
    suggested_status,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def mark_of(*texts: str) -> Mark | None:
    """What a column of these numbers is decided to be."""
    return numbers.decide(Counter(mark for text in texts if (mark := evidence(written(text)))))


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["297.00", "49.9"], Mark.DOT),
        (["297", "243,04", "118,8"], Mark.COMMA),
        (["1.234,56"], Mark.COMMA),
        (["1,234.56"], Mark.DOT),
        (["1.234.567"], Mark.COMMA),
        (["1,234,567"], Mark.DOT),
        (["1.234", "99,90"], Mark.COMMA),
        (["59.426", "97.00"], Mark.DOT),
        (["0.123"], Mark.DOT),
        (["1234.567"], Mark.DOT),
        (["1 234,50"], Mark.COMMA),
        (["1'234.567"], Mark.DOT),
        (["R$ 1.497,50"], Mark.COMMA),
        (["1.234", "5.678"], Mark.UNCLEAR),
        (["297.00", "497,50"], Mark.MIXED),
        (["297", "12"], None),
    ],
)
def test_the_format_of_a_column_is_decided_over_all_its_numbers(texts: list[str], mark: Mark | None):
    assert mark_of(*texts) == mark


@pytest.mark.parametrize(
    ("text", "mark", "value", "currency"),
    [
        ("297.00", Mark.DOT, "297.00", None),
        ("59.426", Mark.DOT, "59.426", None),
        ("1,234.5", Mark.DOT, "1234.5", None),
        ("1.234", Mark.COMMA, "1234", None),
        ("R$ 1.497,50", Mark.COMMA, "1497.50", "BRL"),
        ("1.497,50 €", Mark.COMMA, "1497.50", "EUR"),
        ("US$97.00", Mark.DOT, "97.00", "USD"),
        ("-R$ 10,00", Mark.COMMA, "-10.00", "BRL"),
        ("R$ -10,00", Mark.COMMA, "-10.00", "BRL"),
        ("(10,00)", Mark.COMMA, "-10.00", None),
        ("\u221210.5", Mark.DOT, "-10.5", None),
        ("MXN 999.00", Mark.DOT, "999.00", "MXN"),
        ("$ 97.00", Mark.DOT, "97.00", None),
        ("1\u00a0234,50", Mark.COMMA, "1234.50", None),
        (".5", Mark.DOT, "0.5", None),
        ("297", Mark.COMMA, "297", None),
        ("497,50", Mark.MIXED, "497.50", None),
        ("297.00", Mark.MIXED, "297.00", None),
        ("297", Mark.MIXED, "297", None),
    ],
)
def test_a_number_is_read_exactly_in_the_format_of_its_column(text: str, mark: Mark, value: str, currency: str | None):
    assert number_of(text, mark) == (Decimal(value), currency)


@pytest.mark.parametrize(
    ("text", "mark", "code"),
    [
        ("497,50", Mark.DOT, "other_number_format"),
        ("297.00", Mark.COMMA, "other_number_format"),
        ("1.23.4", Mark.DOT, "other_number_format"),
        ("1.234", Mark.MIXED, "unclear_number"),
        ("1.234", Mark.UNCLEAR, "unclear_number"),
        ("abc", Mark.DOT, "not_a_number"),
        ("12abc", Mark.DOT, "not_a_number"),
        ("1e9", Mark.DOT, "not_a_number"),
        ("10%", Mark.DOT, "not_a_number"),
        ("(10", Mark.DOT, "not_a_number"),
        ("1 23", Mark.DOT, "not_a_number"),
        ("\u0661\u0662", Mark.DOT, "not_a_number"),
        ("9" * 16, Mark.DOT, "number_out_of_range"),
        ("0." + "1" * 20, Mark.DOT, "number_out_of_range"),
        ("1" * 100, Mark.DOT, "not_a_number"),
    ],
)
def test_what_is_no_number_of_its_column_is_refused_with_a_hint(text: str, mark: Mark, code: str):
    with pytest.raises(Unreadable) as refused:
        number_of(text, mark)
    assert refused.value.code == code
    assert refused.value.hint


def test_both_readings_of_an_unclear_number_are_shown():
    assert readings("1.234") == {"dot": "1.234", "comma": "1234"}
    assert readings("1,234") == {"dot": "1234", "comma": "1.234"}


def test_a_numeric_cell_is_what_the_spreadsheet_shows():
    assert number_of_cell(59.426) == Decimal("59.426")
    assert number_of_cell(0.1 + 0.2) == Decimal("0.3")
    assert number_of_cell(Decimal("0.30000000000000004")) == Decimal("0.3")
    assert number_of_cell(297) == 297


@pytest.mark.parametrize("cell", [float("nan"), float("inf"), 1e20])
def test_a_numeric_cell_that_no_sale_can_have_is_refused(cell: float):
    with pytest.raises(Unreadable):
        number_of_cell(cell)


def as_written(value: Decimal, mark: str, *, grouped: bool) -> str:
    text = f"{value:,f}" if grouped else f"{value:f}"
    return text if mark == "." else text.translate(str.maketrans(".,", ",."))


@given(
    values=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=20),
    mark=st.sampled_from(".,"),
    grouped=st.booleans(),
)
def test_a_column_of_amounts_in_any_one_format_is_read_back_exactly(values: list[Decimal], mark: str, grouped: bool):
    texts = [as_written(value, mark, grouped=grouped) for value in values]
    decided = mark_of(*texts)
    assert decided is not None
    assert [number_of(text, decided)[0] for text in texts] == values


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)).map(lambda moment: moment.replace(microsecond=0)),  # noqa: DTZ001  # local
    st.sampled_from(["America/Sao_Paulo", "Europe/Lisbon", "America/Mexico_City", "UTC", "Asia/Kathmandu"]),
    st.sampled_from([("%d/%m/%Y %H:%M:%S", Order.DAY_FIRST), ("%m/%d/%Y %H:%M:%S", Order.MONTH_FIRST),
                     ("%Y-%m-%d %H:%M:%S", Order.DAY_FIRST), ("%Y-%m-%dT%H:%M:%S", Order.DAY_FIRST),
                     ("%m/%d/%Y %I:%M:%S %p", Order.MONTH_FIRST)]),
)  # fmt: skip
def test_a_date_in_any_known_format_is_read_back_as_the_same_instant(
    moment: datetime, zone: str, spelled: tuple[str, Order]
):
    pattern, order = spelled
    expected = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert instant_of_cell(moment.strftime(pattern), order, ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("02/07/2026 09:15:04", Order.DAY_FIRST, "2026-07-02T12:15:04"),
        ("02/07/2026 09:15", Order.DAY_FIRST, "2026-07-02T12:15:00"),
        ("2/7/2026", Order.DAY_FIRST, "2026-07-02T03:00:00"),
        ("02.07.2026", Order.DAY_FIRST, "2026-07-02T03:00:00"),
        ("07/02/2026", Order.MONTH_FIRST, "2026-07-02T03:00:00"),
        ("7/2/2026 12:05 AM", Order.MONTH_FIRST, "2026-07-02T03:05:00"),
        ("2026-07-02", Order.MONTH_FIRST, "2026-07-02T03:00:00"),
        ("2026-07-02T09:15:04", Order.DAY_FIRST, "2026-07-02T12:15:04"),
        ("2026-07-02T09:15:04.123Z", Order.DAY_FIRST, "2026-07-02T09:15:04"),
        ("2026-07-02 09:15:04 UTC", Order.DAY_FIRST, "2026-07-02T09:15:04"),
        ("2026-07-02T09:15:04-05:00", Order.DAY_FIRST, "2026-07-02T14:15:04"),
        ("15/01/2019 12:00:00", Order.DAY_FIRST, "2019-01-15T14:00:00"),
    ],
)
def test_a_date_is_read_in_the_order_of_its_column_and_the_zone_of_the_account(text: str, order: Order, expected: str):
    assert instant_of_cell(text, order, SAO_PAULO) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_hour_that_summer_time_skips_moves_on_and_one_that_comes_twice_is_the_first():
    skipped = instant_of_cell("04/11/2018 00:30:00", Order.DAY_FIRST, SAO_PAULO)
    assert skipped.astimezone(SAO_PAULO).isoformat() == "2018-11-04T01:30:00-02:00"
    twice = instant_of_cell("17/02/2018 23:30:00", Order.DAY_FIRST, SAO_PAULO)
    assert twice == datetime(2018, 2, 18, 1, 30, tzinfo=UTC)


def test_typed_date_cells_need_no_format():
    assert instant_of_cell(datetime(2026, 7, 2, 9, 15, 4, 600), Order.DAY_FIRST, SAO_PAULO) == datetime(  # noqa: DTZ001  # local
        2026, 7, 2, 12, 15, 4, tzinfo=UTC
    )
    assert instant_of_cell(date(2026, 7, 2), Order.DAY_FIRST, SAO_PAULO) == datetime(2026, 7, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    ["31/02/2026", "13/13/2026", "02/07/26", "tomorrow", "02/07/0206", "02-07/2026", "02/07/2026 25:00", 46205.4, True],
)
def test_what_is_no_date_is_refused_with_a_hint(cell: object):
    with pytest.raises(Unreadable) as refused:
        instant_of_cell(cell, Order.DAY_FIRST, SAO_PAULO)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["02/07/2026", "13/07/2026"], Order.DAY_FIRST),
        (["02/07/2026", "07/13/2026"], Order.MONTH_FIRST),
        (["13/07/2026", "07/13/2026"], Order.MIXED),
        (["02/07/2026", "03/07/2026"], None),
        (["2026-07-02"], None),
    ],
)
def test_the_order_of_dates_is_only_proven_by_a_day_above_twelve(texts: list[str], order: Order | None):
    assert dates.decide(Counter(shown for text in texts if (shown := shows(text)))) == order


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (21.0, "21"),
        (900000101.0, "900000101"),
        (4100001, "4100001"),
        (1.5, "1.5"),
        (Decimal("10.50"), "10.5"),
        ("00123", "00123"),
        (" Ana ", "Ana"),
        ("(none)", ""),
        ("-", ""),
        (None, ""),
        ("A\x00B", "AB"),
        (True, "true"),
    ],
)
def test_text_is_what_a_person_sees_in_the_cell(cell: object, text: str):
    assert text_of(cell) == text


STATUS_LABELS = {
    Status.APPROVED: "Aprovado|Aprovada|APROVADA|Aprobado|approved|Approved",
    Status.COMPLETE: "Completo|Completa|Concluído|Completado|Complete|completed",
    Status.CANCELED: "Cancelado|Cancelada|Canceled|Cancelled|Recusado|Sem Fundos|Sem saldo|Bloqueado|No funds",
    Status.REFUNDED: "Reembolsado|Reembolsada|Refunded",
    Status.PARTIALLY_REFUNDED: "Parcialmente Reembolsada|Reembolsado parcialmente|Partially refunded",
    Status.CHARGEBACK: "Chargeback|Contestação|Estornada (Chargeback)",
    Status.DISPUTED: "Reclamado|Reclamada|Em disputa|Disputa|Disputada|Protesto|Protestada|Dispute|Claimed",
    Status.EXPIRED: "Expirado|Expirada|Expired",
    Status.OVERDUE: "Atrasado|Atrasada|Vencido|Overdue|Delayed",
    Status.WAITING_PAYMENT: "Aguardando Pagto|Aguardando pagamento|Pendente|Boleto impresso|Boleto Gerado|"
    "Solicitud de pago generada|Waiting payment|Pending|Billet printed",
    Status.IN_REVIEW: "Em análise|Em Análise|En análisis|Under analysis|Em processamento|Processando|"
    "Processando Transação|Processing|Pré-venda|Pre-order",
    Status.STARTED: "Iniciado|Iniciada|Started",
}


@pytest.mark.parametrize(("label", "status"), [(w, s) for s, words in STATUS_LABELS.items() for w in words.split("|")])
def test_every_status_label_of_the_reports_is_known(label: str, status: Status):
    assert status_of_label(label) is status


@pytest.mark.parametrize(("word", "status"), STATUS_OF_WORD.items())
def test_hotmarts_own_words_are_known_in_a_spreadsheet_too(word: str, status: Status):
    assert status_of_label(word.lower()) is status


@pytest.mark.parametrize(
    "label",
    ["Estornado", "Estorno", "Pago", "Não aprovado", "Incompleto", "Cancelada pelo cliente", "Ativo", "", "xyz"],
)
def test_an_unknown_status_is_never_guessed(label: str):
    assert status_of_label(label) is None


def test_an_unknown_status_comes_with_what_it_probably_means():
    assert suggested_status("Estornado") is Status.CHARGEBACK
    assert suggested_status("Pago") is Status.APPROVED
    assert suggested_status("xyz") is None


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("Pix", "PIX"),
        ("Cartão de Crédito", "CREDIT_CARD"),
        ("Dois Cartões de Crédito", "CREDIT_CARD"),
        ("credit_card", "CREDIT_CARD"),
        ("Tarjeta de Crédito", "CREDIT_CARD"),
        ("Boleto Bancário", "BILLET"),
        ("Parcelado Hotmart", "FINANCED_INSTALLMENT"),
        ("PayPal", "PAYPAL"),
        ("Conta Hotmart (Saldo Hotmart)", "WALLET"),
        ("Conta Hotmart (Cartão)", "Conta Hotmart (Cartão)"),
        ("MB WAY", "MB WAY"),
        ("Cash Payment", "CASH_PAYMENT"),
    ],
)
def test_a_payment_label_is_hotmarts_own_value_or_stays_as_it_is(label: str, value: str):
    assert payment_type_of(label) == value


def test_roles_and_sales_tools_are_known_in_three_languages():
    assert [
        sold_as_of(label) for label in ("Produtor", "Producer", "Coprodutor(a)", "Co-producer", "Afiliado", "x")
    ] == [*("producer", "producer", "coproducer", "coproducer", "affiliate", None)]
    labels = ("Produto order bump", "Order bump product", "Produto principal", "Oferta de upgrade")
    assert [is_order_bump(label) for label in labels] == [True, True, None, False]


def test_a_currency_is_a_code_an_unmistakable_sign_or_a_name():
    assert [currency_of(label) for label in ("brl", "R$", "US$", "€", "Real", "$", "Reau", "XX")] == [
        *("BRL", "BRL", "USD", "EUR", "BRL", None, None, None)
    ]
