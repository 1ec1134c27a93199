"""What a study of all rows tells, and what it asks before anything is imported."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.domain.facts import Certainty
from service.domain.statuses import Status
from service.errors import Unprocessable
from service.sources.sheet.columns import Study
from service.sources.sheet.moments import exported_at, exported_at_from_name
from service.sources.sheet.reading import OpenQuestions, Reading, identity
from tests.sources.sheet.lists import BRL, RECEIVED, SAO_PAULO, a_reading, studied

ZONE = ZoneInfo(SAO_PAULO)
LIST = "Transação;Email;Status;Moeda;Valor;Data"


def sale(code: int, *, status: str = "Aprovado", value: str = "97,00", currency: str = "BRL", day: str = "02/07/2026"):
    return f"HP{code:010d};c{code}@example.com;{status};{currency};{value};{day}"


def asked(report: dict[str, Any]) -> list[str]:
    return [question["code"] for question in report["questions"]]


def question(report: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [one for one in report["questions"] if one["code"] == code]
    return found


def test_a_plain_list_raises_no_question_and_its_report_is_json():
    report = studied(LIST, sale(1), sale(2, status="Completo", value="1.234,50"))
    assert report["questions"] == []
    assert report["missing_fields"] == []
    assert json.loads(json.dumps(report)) == report


def test_samples_are_few_distinct_and_filled():
    report = studied("Email;Produto", *[f"c{n}@example.com;{'(none)' if n % 2 else 'Curso'}" for n in range(20)])
    assert report["columns"][0]["samples"] == [f"c{n}@example.com" for n in range(5)]
    assert report["columns"][1]["samples"] == ["Curso"]
    assert report["columns"][1]["filled"] == 10


def test_rows_are_counted_over_all_blocks_and_none_is_no_email():
    study = Study(["Transação", "Email"])
    study.add([["HP1", "ana@example.com"], ["HP2", "(none)"]])
    study.add([])
    study.add([["HP3", None], [None, "bia@example.com"]])
    report = study.report()
    assert (report["rows"], report["without_email"], report["without_transaction"]) == (4, 2, 1)


def test_statuses_are_counted_with_what_they_mean():
    report = studied(LIST, sale(1), sale(2), sale(3, status="Reembolsado"))
    assert report["statuses"] == [
        {"word": "Aprovado", "rows": 2, "status": Status.APPROVED},
        {"word": "Reembolsado", "rows": 1, "status": Status.REFUNDED},
    ]


def test_every_unknown_status_word_is_asked_for_once_with_its_rows_and_a_suggestion():
    report = studied(LIST, sale(1, status="Estornado"), sale(2, status="Estornado"), sale(3, status="Curioso"))
    words = {one["word"]: one for one in report["questions"]}
    assert set(words) == {"Estornado", "Curioso"}
    assert (words["Estornado"]["rows"], words["Estornado"]["suggestion"]) == (2, Status.CHARGEBACK)
    assert words["Curioso"]["suggestion"] is None
    assert words["Curioso"]["key"] == "words.Curioso"


def test_two_spellings_of_an_unknown_word_are_one_question_and_one_answer():
    report = studied(LIST, sale(1, status="Estornado"), sale(2, status="ESTORNADO"))
    assert asked(report) == ["unknown_status"]
    reading = a_reading(report, {"words": {"estornado": "refunded"}})
    assert reading.words == {"estornado": Status.REFUNDED}


def test_a_file_without_status_asks_for_one_and_suggests_approved():
    report = studied("Email;Valor;Moeda", "ana@example.com;97,00;BRL")
    assert report["missing_fields"] == ["status"]
    assert question(report, "missing_status")["suggestion"] is Status.APPROVED
    assert a_reading(report, {"defaults": {"status": "approved"}}).status is Status.APPROVED


def test_blank_statuses_are_asked_for_but_a_total_line_is_not():
    total = ";;;;194,00;"
    assert asked(studied(LIST, sale(1), sale(2), total)) == []
    report = studied(LIST, sale(1), sale(2, status=""), total)
    assert question(report, "missing_status")["rows"] == 1


def test_a_file_with_neither_code_nor_email_names_what_it_needs():
    report = studied("Nome;Status", "Ana;Aprovado")
    assert report["missing_fields"] == ["transaction", "email"]
    with pytest.raises(Unprocessable) as refused:
        a_reading(report)
    assert refused.value.code == "missing_fields"


def test_amounts_without_a_currency_column_are_asked_for_once():
    report = studied("Email;Status;Valor;Valor líquido", "ana@example.com;Aprovado;97,00;90,00")
    assert asked(report) == ["missing_currency"]
    assert question(report, "missing_currency")["columns"] == [3, 4]
    with pytest.raises(OpenQuestions) as refused:
        a_reading(report)
    assert [one["code"] for one in refused.value.questions] == ["missing_currency"]
    assert a_reading(report, BRL).currency == "BRL"


def test_an_unknown_currency_is_an_answer_too():
    report = studied("Email;Status;Valor", "ana@example.com;Aprovado;97,00")
    assert a_reading(report, {"defaults": {"currency": None}}).currency is None


def test_amounts_that_carry_their_currency_raise_no_question():
    assert asked(studied("Email;Status;Valor", "ana@example.com;Aprovado;R$ 97,00")) == []


def test_a_currency_missing_in_some_rows_is_asked_for_with_how_many():
    report = studied(LIST, sale(1), sale(2, currency=""), sale(3, currency="", value="0,00"))
    assert question(report, "missing_currency")["rows"] == 1


def test_a_fee_without_currency_is_nobodys_question():
    report = studied(LIST + ";Taxa Hotmart", sale(1) + ";9,90")
    assert asked(report) == []


def test_numbers_that_read_both_ways_are_asked_for_with_both_readings():
    report = studied(LIST, sale(1, value="1.234"), sale(2, value="5.678"))
    found = question(report, "ambiguous_numbers")
    assert found["examples"] == {"1.234": {"dot": "1.234", "comma": "1234"}, "5.678": {"dot": "5.678", "comma": "5678"}}
    assert found["key"] == "formats.5"
    reading = a_reading(report, {"formats": {5: "comma"}})
    assert reading.marks[5] == "comma"


def test_an_unclear_column_follows_the_other_amounts_of_its_file():
    report = studied(LIST + ";Valor líquido;Moeda de recebimento", sale(1, value="1.234") + ";99,90;BRL")
    assert asked(report) == []
    assert a_reading(report).marks[5] == "comma"


def test_dates_proven_in_two_orders_are_asked_for():
    report = studied(LIST, sale(1, day="13/07/2026"), sale(2, day="07/14/2026"))
    assert question(report, "ambiguous_dates")["options"] == ["day_first", "month_first"]
    assert a_reading(report, {"formats": {6: "month_first"}}).orders[6] == "month_first"


def test_dates_are_day_first_unless_a_day_above_twelve_proves_otherwise():
    assert a_reading(studied(LIST, sale(1, day="02/07/2026"))).orders[6] == "day_first"
    assert a_reading(studied(LIST, sale(1, day="07/02/2026"), sale(2, day="07/14/2026"))).orders[6] == "month_first"


def test_a_date_column_that_proves_nothing_follows_the_one_that_does():
    report = studied(LIST + ";Data de vencimento", sale(1, day="07/14/2026") + ";08/02/2026")
    assert a_reading(report).orders == {6: "month_first", 7: "month_first"}


def test_numeric_and_date_cells_of_a_workbook_prove_themselves():
    study = Study(["Email", "Status", "Moeda", "Valor", "Data"])
    study.add([["ana@example.com", "Aprovado", "BRL", 59.426, datetime(2026, 7, 2, 9, 15)]])  # noqa: DTZ001  # local
    study.add([["bia@example.com", "Aprovado", "BRL", 297, date(2026, 7, 3)]])
    report = study.report()
    assert report["questions"] == []
    assert report["newest"] == ["2026-07-03T00:00:00", "2026-07-02T09:15:00"]


def test_another_mapping_raises_its_own_questions():
    report = studied("Email;Nota;Outra", "ana@example.com;Estranho;97,00")
    with pytest.raises(OpenQuestions) as refused:
        a_reading(report, {"mapping": {2: "status", 3: "paid"}})
    assert [one["code"] for one in refused.value.questions] == ["unknown_status", "missing_currency"]


def test_a_column_of_too_many_words_is_no_status():
    report = studied("Email;Status", *[f"c{n}@example.com;palavra {n}" for n in range(70)])
    assert asked(report) == ["not_statuses"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"mapping": {9: "name"}}, "unknown_column"),
        ({"mapping": {2: "nonsense"}}, "unknown_field"),
        ({"mapping": {1: "name", 2: "name"}}, "field_twice"),
        ({"mapping": {1: None, 2: None}}, "missing_fields"),
        ({"timezone": "Mars/Base"}, "unknown_timezone"),
        ({"timezone": "../../etc/passwd"}, "unknown_timezone"),
        ({"formats": {5: "day_first"}}, "unknown_format"),
        ({"formats": {6: "comma"}}, "unknown_format"),
    ],
)
def test_an_impossible_confirmation_is_refused_by_name(options: dict[str, Any], code: str):
    with pytest.raises(Unprocessable) as refused:
        a_reading(studied(LIST, sale(1)), options)
    assert refused.value.code == code


def test_a_field_given_to_another_column_leaves_the_one_it_was_proposed_for():
    report = studied(LIST + ";Outro valor", sale(1) + ";88,00")
    mapping = a_reading(report, {"mapping": {7: "paid"}}).mapping
    assert mapping[7] == "paid"
    assert 5 not in mapping


def test_a_reading_survives_its_way_through_json():
    options = {"words": {"Estornado": "chargeback"}, "defaults": {"currency": "brl", "status": "approved"}}
    reading = a_reading(studied(LIST, sale(1, status="Estornado")), options | {"existing": "fill"})
    again = Reading.from_json(json.loads(json.dumps(reading.to_json())))
    assert again.to_json() == reading.to_json()
    assert (again.currency, again.status, again.certainty) == ("BRL", Status.APPROVED, Certainty.FILLER)


def test_identity_names_the_columns_that_tell_rows_apart():
    reading = a_reading(studied(LIST + ";Produto", sale(1) + ";Curso"))
    assert identity(reading) == {"email": 2, "transaction": 1, "others": [7, 6, 5]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sales_history_20260729181500_1a2b3c.csv", "2026-07-29T21:15:00+00:00"),
        ("sales_history_20260729181500_1a2b3c (1).csv", "2026-07-29T21:15:00+00:00"),
        ("Sales_History_20260729181500_77.XLS", "2026-07-29T21:15:00+00:00"),
        ("sales_history_20261329181500_1a2b3c.csv", None),
        ("sales_history_ julho.xls", None),
        ("vendas_20260729181500.csv", None),
    ],
)
def test_the_file_name_tells_when_hotmart_made_the_file(name: str, expected: str | None):
    found = exported_at_from_name(name, ZONE)
    assert (found and found.isoformat()) == expected


def test_the_best_source_of_the_export_time_wins_and_none_lies_after_the_upload():
    report = studied(LIST, sale(1, day="02/07/2026"), sale(2, day="02/07/2062"))
    stated, saved = datetime(2026, 7, 20, tzinfo=UTC), datetime(2026, 7, 25, tzinfo=UTC)
    name = "sales_history_20260729181500_1a2b3c.csv"

    def told(file_name: str = "list.csv", **more: Any) -> tuple[str, datetime, Certainty]:
        value, source, certainty = exported_at(report, file_name, ZONE, received_at=RECEIVED, **more)
        return source, value, certainty

    assert told(name, stated=stated, last_modified=saved) == ("stated", stated, Certainty.KNOWN)
    assert told(name, last_modified=saved)[::2] == ("file_name", Certainty.KNOWN)
    assert told(last_modified=saved) == ("last_modified", saved, Certainty.GUESSED)
    # The year 2062 is somebody's slip: not a moment a file can speak for.
    assert told() == ("newest_date", datetime(2026, 7, 2, 3, tzinfo=UTC), Certainty.GUESSED)
    assert told(stated=datetime(2027, 1, 1, tzinfo=UTC)) == ("stated", RECEIVED, Certainty.KNOWN)
    assert told(last_modified=datetime(1970, 1, 1, tzinfo=UTC))[0] == "newest_date"


def test_a_file_without_any_date_speaks_for_its_upload():
    report = studied("Email;Status", "ana@example.com;Aprovado")
    assert exported_at(report, "x.csv", ZONE, received_at=RECEIVED) == (RECEIVED, "received", Certainty.GUESSED)


def test_the_subscriptions_report_is_refused_before_any_row_is_read():
    with pytest.raises(Unprocessable) as refused:
        Study("Código;Cliente;Email;Produto;Plano;Valor;Adesão;Cancelamento;Status".split(";"))
    assert refused.value.code == "subscriptions_report"


@pytest.mark.parametrize(("values", "field"), [(["297", "1.297,00"], None), (["Pix", "Boleto"], "payment_type")])
def test_what_was_paid_is_not_taken_for_a_way_of_paying(values: list[str], field: str | None):
    report = studied("Email;Pago", *[f"c{number}@example.com;{value}" for number, value in enumerate(values)])
    assert report["columns"][1]["field"] == field
