"""What we export imports back as unchanged: every sale there is, told through the door."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given

from service.exports.sales import Asked, sales_file
from service.samples import an_event
from service.samples.cast import AUDIO, COURSE
from tests.living import EXPORTS, PAYLOADS, House
from tests.stories.test_properties import NOON, Export, Telling, bounded, houses, tell_plainly, tellings  # noqa: F401  # houses is a fixture

FORMS = [(form, language) for form in ("csv", "xlsx") for language in ("pt", "en", "es")]
TABLES = ("purchases", "milestones", "clients", "client_revenue", "subscriptions", "products")
"""Mentions are left out: they name the newest fact that says a thing, and a repetition is one."""


def seen(house: House) -> dict[str, list[Any]]:
    """The ledger as a person sees it, without the moment a purchase was last confirmed."""
    ledger = house.ledger()
    for purchase in ledger["purchases"]:
        moment = datetime.fromisoformat(purchase.pop("as_of"))
        assert moment.tzinfo is not None
    return {table: ledger[table] for table in TABLES}


def exported(house: House, form: str, language: str) -> tuple[str, bytes]:
    asked = Asked(form, language, house.account.zone, datetime.now(UTC) + timedelta(seconds=1))
    return asked.file_name(), b"".join(sales_file(house.shop.engine, house.account.id, asked))


def assert_comes_back_unchanged(house: House, form: str, language: str) -> None:
    before = seen(house)
    name, content = exported(house, form, language)
    shown = house.imports(name, content)
    assert shown["status"] == "completed", shown["problem"]
    after = seen(house)
    changed = {table: [row for row in after[table] if row not in before[table]] for table in TABLES}
    was = {table: [row for row in before[table] if row not in after[table]] for table in TABLES}
    assert changed == was == {table: [] for table in TABLES}
    assert shown["rows"]["total"] == shown["rows"]["unchanged"] == len(before["purchases"])


@pytest.fixture
def full_house(houses: Callable[[], House]) -> House:  # noqa: F811  # the fixture
    """Every sample postback and every sample export, in one house."""
    house = houses()
    for path in sorted(PAYLOADS.glob("v2-*.json")):
        assert house.posts(path.read_bytes()).status_code == 200
    house.drain()
    for path in sorted(EXPORTS.glob("sales*")):
        shown = house.uploads(path.name)
        if shown["status"] == "ready":
            answers = {"defaults": {"currency": None, "status": "approved"}, "words": {"Estornado": "chargeback"}}
            house.confirm_answer(shown["id"], **answers)
            house.files()
            house.pours()
    return house


@pytest.mark.parametrize(("form", "language"), FORMS)
def test_every_sample_comes_back_unchanged(full_house: House, form: str, language: str) -> None:
    assert len(full_house.ledger()["purchases"]) > 30
    assert_comes_back_unchanged(full_house, form, language)


@bounded(8)
@given(told=tellings(6))
@example(
    told=[
        Telling(Export(((3, "Completo"), (5, "Reembolsado"), (5, "Aguardando Pagto")), 4, False, "fill"), 1, 3),
        Telling(Export(((4, "Aguardando Pagto"), (5, "Completo")), 0, True, "fill"), 2, 3),
    ]
)
def test_any_story_comes_back_unchanged(houses: Callable[[], House], told: list[Any]) -> None:  # noqa: F811  # the fixture
    house = houses()
    tell_plainly(house, [telling.said for telling in told])
    if house.ledger()["purchases"]:
        assert_comes_back_unchanged(house, "csv", "pt")
        assert_comes_back_unchanged(house, "xlsx", "en")


def download(house: House, **query: Any) -> Any:
    return house.client.get("/api/v1/sales/export", query_string=query, headers=house.bearer)


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def test_the_download_holds_the_sales_that_match(house: House) -> None:
    house.receives(
        json.dumps(an_event("PURCHASE_APPROVED", transaction="HP1", email="ana@example.com", product=COURSE, at=NOON)),
        json.dumps(an_event("PURCHASE_REFUNDED", transaction="HP2", email="bia@example.com", product=AUDIO, at=NOON)),
    )
    every = rows_of(download(house, language="en"))
    assert {row["Transaction code"] for row in every} == {"HP1", "HP2"}
    (refunded,) = rows_of(download(house, language="en", status="refunded"))
    assert (refunded["Transaction code"], refunded["Buyer email"]) == ("HP2", "bia@example.com")
    (course,) = rows_of(download(house, language="en", product=COURSE.id))
    assert course["Transaction code"] == "HP1"
    assert rows_of(download(house, language="en", to=(NOON - timedelta(days=900)).isoformat())) == []
    for name in ("offer", "currency", "payment_type", "affiliate", "src", "sck", "coupon"):
        assert rows_of(download(house, language="en", **{name: "ZZZ"})) == [], name
    assert rows_of(download(house, language="en", recurrence=99, bump="true")) == []


def test_the_download_names_the_moment_and_is_not_kept_by_caches(house: House) -> None:
    answer = download(house, format="xlsx")
    assert re.fullmatch(r"attachment; filename=sales_history_\d{14}_marco\.xlsx", answer.headers["Content-Disposition"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_data()[:2] == b"PK"


def test_nobody_downloads_the_sales_of_another_account(house: House, another_house: House) -> None:
    body = an_event("PURCHASE_APPROVED", transaction="HP1", email="ana@example.com", product=COURSE, at=NOON)
    another_house.receives(json.dumps(body))
    assert rows_of(download(house)) == []
    assert house.client.get("/api/v1/sales/export").status_code == 401


def test_a_cell_that_a_person_changed_is_read_and_nothing_of_the_file_outranks_hotmart(house: House) -> None:
    body = an_event("PURCHASE_APPROVED", transaction="HP1", email="ana@example.com", product=COURSE, at=NOON)
    house.receives(json.dumps(body))
    name, content = exported(house, "csv", "pt")
    shown = house.imports(name, content.replace(b"Aprovado", b"Cancelado"))
    assert shown["rows"]["unchanged"] == 1
    assert house.purchase("HP1")["status"] == "approved"


def test_an_empty_house_gets_back_what_another_one_exported(full_house: House, another_house: House) -> None:
    name, content = exported(full_house, "xlsx", "pt")
    shown = another_house.imports(name, content)
    assert shown["rows"]["failed"] == 0
    told = ("key", "status", "email", "paid_value", "gross_value", "gross_currency", "net_value", "net_currency")
    more = ("ordered_at", "approved_at", "recurrence_number", "is_bump", "coupon", "src", "fee_value", "product_ucode")
    ledgers = [
        [{name: row[name] for name in (*told, *more)} for row in one.ledger()["purchases"]]
        for one in (full_house, another_house)
    ]
    missing = [row for row in ledgers[0] if row not in ledgers[1]]
    assert (missing, len(ledgers[1])) == ([], len(ledgers[0]))
