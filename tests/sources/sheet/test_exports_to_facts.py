"""Every sample export, from its bytes to facts, against the numbers of its description."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson
import pytest

from service.domain.facts import Certainty, Fact
from service.domain.statuses import CATEGORY_OF, Status, status_of_word
from service.sources.sheet.entry import check, stage
from service.sources.sheet.reading import Reading, identity
from service.sources.sheet.rows import RowFacts, facts_of_row
from tests.sources.sheet.files import EXPECTED, EXPORTS
from tests.sources.sheet.lists import a_reading

SALES = sorted(set(EXPECTED) - {"subscriptions-pt.csv"})
WITHOUT_CURRENCY = {"sales-en-minimal.csv", "sales-manual-pt.csv"}
WITHOUT_PURCHASE_AMOUNT = {"sales-pt-resaved.csv"}


def checked(name: str) -> dict[str, Any]:
    (report,) = check(str(EXPORTS / name), {})
    return orjson.loads(report)


def reading_for(name: str) -> Reading:
    return a_reading(checked(name), {"defaults": {"currency": None}} if name in WITHOUT_CURRENCY else None)


def rows_of(name: str) -> list[RowFacts]:
    """The rows as they come out of the inbox: staged as JSON, read with the confirmed reading."""
    reading = reading_for(name)
    lines = (line.split(b"\t", 2) for line in stage(str(EXPORTS / name), {}, identity(reading)))
    return [facts_of_row(reading, "acc", int(number), orjson.loads(body)) for number, _, body in lines]


def facts_of(name: str) -> dict[str, Fact]:
    """One fact per sale: repeats of a code count once."""
    return {row.fact.subject: row.fact for row in rows_of(name) if row.fact is not None}


def totals(facts: Iterable[Fact], amount: str) -> dict[str, dict[str, str]]:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for fact in facts:
        value, currency = fact.fields[amount]
        sums[currency or "none"][CATEGORY_OF[fact.status]] += Decimal(value)
    return {currency: {str(name): cents(total) for name, total in named.items()} for currency, named in sums.items()}


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


@pytest.mark.parametrize("name", SALES)
def test_every_row_of_a_sample_export_becomes_a_fact_without_problems_or_questions(name: str):
    rows = rows_of(name)
    assert len(rows) == EXPECTED[name]["data_rows"]
    assert [(row.problems, row.notes) for row in rows if row.problems or row.notes] == []
    assert len({row.fact.subject for row in rows}) == EXPECTED[name]["rows_kept"]
    asked = {question["code"] for question in checked(name)["questions"]}
    assert asked == ({"missing_currency"} if name in WITHOUT_CURRENCY else set())


@pytest.mark.parametrize("name", SALES)
def test_clients_and_statuses_are_those_of_the_description(name: str):
    facts = facts_of(name).values()
    assert len({fact.email for fact in facts if fact.email}) == EXPECTED[name]["distinct_clients"]
    assert sum(fact.email is None for fact in facts) == EXPECTED[name]["rows_without_email"]
    expected: Counter[Status] = Counter()
    for word, count in EXPECTED[name]["statuses"].items():
        expected[status_of_word(word)] += count
    assert Counter(fact.status for fact in facts) == expected


@pytest.mark.parametrize("name", SALES)
def test_totals_by_category_and_currency_are_those_of_the_description(name: str):
    amount = "gross_receiving" if name in WITHOUT_PURCHASE_AMOUNT else "paid"
    assert totals(facts_of(name).values(), amount) == EXPECTED[name]["totals"]


@pytest.mark.parametrize("name", SALES)
def test_the_active_net_is_that_of_the_description(name: str):
    priced = [fact for fact in facts_of(name).values() if "net" in fact.fields]
    active = {currency: sums["active"] for currency, sums in totals(priced, "net").items() if "active" in sums}
    assert active == EXPECTED[name]["active_net"]


@pytest.mark.parametrize("name", SALES)
def test_all_columns_of_hotmarts_own_reports_are_known(name: str):
    unknown = [column["header"] for column in checked(name)["columns"] if column["field"] is None]
    assert unknown == []


def one(name: str, transaction: str) -> Fact:
    return facts_of(name)[f"t:{transaction}"]


def test_an_order_bump_names_its_main_transaction():
    bump, main = one("sales-pt.csv", "HP2100000002"), one("sales-pt.csv", "HP2100000001")
    assert bump.fields["parent_transaction"] == "HP2100000001"
    assert bump.fields["is_bump"] is True
    assert "is_bump" not in main.fields
    assert bump.email == main.email


def test_recovery_charges_keep_their_own_codes_and_their_charge_count_is_no_recurrence():
    first, second = one("sales-pt.csv", "HP2100000011C1"), one("sales-pt.csv", "HP2100000011C2")
    assert [fact.fields["charge_count"] for fact in (first, second)] == [1, 2]
    assert [fact.status for fact in (first, second)] == [Status.APPROVED, Status.OVERDUE]
    assert "recurrence_number" not in second.fields


def test_a_renewal_names_its_subscriber_and_the_padded_upper_case_address_is_the_same_client():
    first, second = one("sales-pt.csv", "HP2100000013"), one("sales-pt.csv", "HP2100000014")
    assert first.email == second.email == "lucas.prototipo@example.com"
    assert second.fields["email_text"] == "LUCAS.Prototipo@Example.com"
    assert "email_text" not in first.fields
    assert first.fields["subscriber_code"] == second.fields["subscriber_code"] == "AB12CD34"
    assert second.fields["product_name"] == "Clube Mensal; Conversação"


def test_times_are_of_the_account_and_kept_in_utc_with_the_day_first():
    assert one("sales-pt.csv", "HP2100000001").fields["ordered_at"] == "2026-07-02T12:15:04+00:00"
    late = one("sales-pt.csv", "HP2100000008")
    assert late.fields["ordered_at"] == "2026-07-15T02:58:59+00:00"
    assert late.occurred_at == datetime.fromisoformat("2026-07-15T02:58:59+00:00")
    assert late.fields["due_at"] == "2026-07-15T03:00:00+00:00"


def test_a_row_whose_buyer_is_none_is_a_purchase_without_client():
    nobody = one("sales-pt.csv", "HP2100000018")
    assert nobody.email is None
    assert {"name", "email_text", "phone_text"}.isdisjoint(nobody.fields)


def test_who_sells_and_through_which_processor_is_told_for_automations():
    assert one("sales-pt.csv", "HP2100000001").fields["producer"] == "Escola Exemplo"
    first = next(iter(facts_of("sales-pt-legacy.csv").values()))
    assert first.fields["producer"] == "Escola Exemplo"
    assert first.fields["producer_document"] == "09999999000108"
    assert first.fields["processor"] == "HotPay"


def test_the_net_is_the_producers_own_share_and_not_that_of_the_whole_sale():
    fields = one("sales-pt.csv", "HP2100000005").fields
    assert fields["net"] == ["161.30", "BRL"]
    assert fields["net_sale"] == ["269.30", "BRL"]
    assert fields["coproducer_commission"] == ["108.00", "BRL"]
    assert fields["fee"] == ["27.70", "BRL"]


def test_three_decimals_and_three_currencies_of_one_sale_stay_apart():
    fields = one("sales-pt.csv", "HP2100000015").fields
    assert fields["paid"] == ["55.00", "EUR"]
    assert fields["gross"] == ["44.72", "EUR"]
    assert fields["gross_receiving"] == ["51.426", "USD"]
    assert fields["net"] == ["46.301", "USD"]
    assert fields["payment_type"] == "MB WAY"


def test_parcelado_hotmart_is_flagged_as_financed_and_keeps_its_charges():
    fields = one("sales-pt.csv", "HP2100000012").fields
    assert (fields["payment_type"], fields["financed"], fields["charge_count"]) == ("FINANCED_INSTALLMENT", True, 3)


def test_the_older_report_keeps_interest_in_paid_and_takes_no_interest_into_gross():
    fields = one("sales-pt-legacy.csv", "HP1100000002").fields
    assert fields["paid"] == ["49.04", "BRL"]
    assert fields["gross"] == ["47.00", "BRL"]
    assert fields["net"] == ["21.02", "BRL"]
    assert fields["processor"] == "HotPay"
    assert fields["payment_type"] == "CREDIT_CARD"


def test_the_older_reports_four_currencies_go_with_their_amounts():
    fields = one("sales-pt-legacy.csv", "HP1100000011").fields
    assert fields["paid"] == ["9.00", "EUR"]
    assert fields["net"] == ["8.06", "USD"]
    assert fields["gross_receiving"] == ["10.55", "USD"]
    assert fields["country"] == "PT"


def test_recurrence_of_the_older_report_is_the_number_of_the_charge():
    assert one("sales-pt-legacy.csv", "HP1100000004").fields["recurrence_number"] == 2
    assert "recurrence_number" not in one("sales-pt-legacy.csv", "HP1100000001").fields


def test_the_sellers_own_affiliation_code_makes_no_affiliate():
    assert "affiliate_code" not in one("sales-pt-legacy.csv", "HP1100000001").fields
    assert one("sales-pt-legacy.csv", "HP1100000010").fields["affiliate_code"] == "J90000001D"


def test_floating_point_phone_cells_and_postcodes_come_back_whole():
    fields = next(fact.fields for fact in facts_of("sales-pt-legacy.xls").values() if fact.fields.get("postcode"))
    assert fields["phone"] == "+5521900000101"
    assert fields["phone_text"] == "21 900000101"
    assert len(fields["postcode"]) == 8


def test_the_resaved_file_reads_decimal_commas_and_bare_integers():
    assert one("sales-pt-resaved.csv", "HP2300000004").fields["gross_receiving"] == ["1497.50", "BRL"]
    assert one("sales-pt-resaved.csv", "HP2300000001").fields["gross_receiving"] == ["297.00", "BRL"]
    assert "paid" not in one("sales-pt-resaved.csv", "HP2300000001").fields


def test_the_older_spanish_report_takes_the_currency_to_the_left_of_each_amount():
    fields = one("sales-es-legacy.csv", "HP2600000002").fields
    assert fields["paid"] == ["520000.00", "COP"]
    assert fields["gross_receiving"] == ["114.92", "EUR"]
    assert fields["net"] == ["88.10", "EUR"]


def test_a_list_without_codes_gets_keys_that_hold_when_the_status_changes():
    before = {fact.subject for fact in facts_of("sales-manual-pt.csv").values()}
    assert len(before) == 7
    assert all(subject.startswith("t:row-") for subject in before)
    reading = reading_for("sales-manual-pt.csv")
    lines = (line.split(b"\t", 2) for line in stage(str(EXPORTS / "sales-manual-pt.csv"), {}, identity(reading)))
    after = set()
    for number, _, body in lines:
        cells = orjson.loads(body)
        cells["cells"][2] = "Reembolsada"
        fact = facts_of_row(reading, "acc", int(number), cells).fact
        assert fact is not None
        assert fact.status is Status.REFUNDED
        after.add(fact.subject)
    assert after == before


def test_without_a_stated_time_a_file_speaks_for_its_newest_date_and_that_is_a_guess():
    reading = reading_for("sales-manual-pt.csv")
    assert reading.as_of == datetime.fromisoformat("2026-04-07T03:00:00+00:00")
    assert reading.certainty is Certainty.GUESSED
