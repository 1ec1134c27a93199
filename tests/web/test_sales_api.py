"""The lists of sales under /api/v1: the same filters as the pages, pages by `next`, totals, files."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from service.samples.cast import COURSE
from tests.living import House
from tests.web.test_sales_lists import NOW, fill, told
from tests.web.visitors import a_member

KINDS = {"/sales": "sales", "/opportunities": "opportunities", "/steps": "steps", "/subscriptions": "subscriptions"}


@pytest.fixture
def full(house: House) -> House:
    fill(house)
    return house


def test_a_sale_tells_of_its_buyer_and_of_the_moment_it_counts_at(full: House) -> None:
    (sale,) = full.get("/sales", q="HP1")["sales"]
    assert (sale["transaction"], sale["email"], sale["status"]) == ("HP1", "ana@example.com", "approved")
    assert sale["gross"] == {"value": "100.00", "currency": "BRL"}
    assert sale["counted_at"] == sale["approved_at"]
    assert sale["name"]
    assert sale["phone"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("sales", "category=active&period=30d"),
        ("sales", "status=refunded&status=chargeback&period=all"),
        ("sales", "src=~&period=all"),
        ("sales", "visited=no&first_charge=yes&category=active&period=all"),
        ("sales", "q=ana@example.com&period=all"),
        ("opportunities", "period=30d"),
        ("opportunities", "state=won_back&period=30d"),
        ("opportunities", "state=recovered&period=30d"),
        ("opportunities", "attempts=all&reason=any&period=30d"),
        ("opportunities", "kind=abandoned_cart&currency=~&period=30d"),
        ("steps", "kind=refunded&age=14&period=30d"),
        ("steps", "kind=refunded&age=8-14&period=30d"),
        ("steps", "kind=disputed&urgent=yes&period=all"),
        ("subscriptions", "status=active&period=all"),
        ("subscriptions", "of=canceled&period=30d"),
    ],
)
def test_the_api_finds_with_a_query_what_the_page_shows_with_it(full: House, path: str, query: str) -> None:
    page = a_member(full.app, full.account).reads(
        f"/a/{full.account.key}/sales/{'list' if path == 'sales' else path}?{query}"
    )
    asked = full.client.get(f"/api/v1/{path}?{query}&size=500", headers=full.bearer)
    assert asked.status_code == 200, asked.get_data(as_text=True)
    listed = asked.get_json()[path]
    assert page.count('<th scope="row">') == len(listed)
    totals = full.client.get(f"/api/v1/{path}/totals?{query}", headers=full.bearer).get_json()
    assert sum(total["number"] for total in totals) == len(listed)
    for total in totals:
        assert total["amount"] is None or total["amount"].replace(".", ",")[-3:] in page


@pytest.mark.parametrize("path", KINDS)
def test_pages_of_the_api_follow_each_other(full: House, path: str) -> None:
    query: dict[str, Any] = {"/steps": {"kind": "disputed"}}.get(path, {})
    name = KINDS[path]
    for more in range(4):
        known: Any = {"ordered_at": NOW, "approved_at": NOW}
        full.receives(told("PURCHASE_PROTEST", 1, f"HP9{more}", f"more{more}", **known))
    whole = full.get(path, size=500, **query)
    seen: list[Any] = []
    after: dict[str, str] | None = {}
    while after is not None:
        page = full.get(path, size=2, **query, **after)
        assert len(page[name]) <= 2
        seen += page[name]
        after = {"after": page["next"]} if page["next"] else None
    assert seen == whole[name]
    assert whole["next"] is None


def test_totals_are_text_and_of_one_currency_each(full: House) -> None:
    brl, usd = full.get("/sales/totals", category="active", period="30d")
    assert (brl["currency"], brl["number"], brl["amount"]) == ("BRL", 4, "439.90")
    assert (usd["currency"], usd["number"], usd["amount"]) == ("USD", 1, "97.00")
    assert Decimal(usd["net"]) < Decimal(usd["amount"])


@pytest.mark.parametrize(
    "query",
    [
        "sales?status=ascended",
        "sales?category=x",
        "sales?period=fortnight",
        "sales?recurrence=0",
        "sales?origin=moon:0:x",
        "sales?after=x",
        "sales?size=0",
        "sales?from=2026-02-31",
        "sales?client=x",
        "steps?kind=born",
        "steps?age=40",
        "subscriptions?status=frozen",
        "subscriptions?of=active",
        "sales/export?format=pdf",
        "steps/export?language=tlh",
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(full: House, query: str) -> None:
    answer = full.client.get(f"/api/v1/{query}", headers=full.bearer)
    assert (answer.status_code, bool(answer.get_json()["errors"])) == (422, True)


def test_a_day_is_the_accounts_and_a_moment_is_a_moment(full: House) -> None:
    day = (NOW.astimezone(full.account.zone)).date().isoformat()
    moment = NOW.isoformat()
    assert full.get("/sales", **{"from": day, "to": day})["sales"] == []
    assert len(full.get("/sales", to=moment)["sales"]) == 13
    assert full.get("/sales", **{"from": moment})["sales"] == []


@pytest.mark.parametrize("path", ["/sales", "/opportunities", "/steps", "/subscriptions"])
@pytest.mark.parametrize("language", ["pt", "en", "es"])
def test_files_of_the_api_have_the_rows_of_the_list(full: House, path: str, language: str) -> None:
    answer = full.client.get(f"/api/v1{path}/export?language={language}", headers=full.bearer)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="," if language == "en" else ";"))
    assert len(rows) - 1 == len(full.get(path, size=500)[KINDS[path]])
    assert rows[1:]


def test_a_file_leaves_out_what_a_filter_leaves_out(full: House) -> None:
    answer = full.client.get("/api/v1/opportunities/export?kind=abandoned_cart&language=en", headers=full.bearer)
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"), newline=""))
    assert (row["Email"], row["Product"], row["What failed"]) == ("gil@example.com", COURSE.name, "Cart abandoned")
    assert (row["Amount"], row["Currency"]) == ("", "")


def test_accounts_never_see_each_others_sales(full: House, another_house: House) -> None:
    for path, name in KINDS.items():
        assert another_house.get(path)[name] == []
        assert another_house.get(f"{path}/totals") == []
    assert another_house.get("/sales", q="ana@example.com")["sales"] == []


def test_the_lists_are_described(full: House) -> None:
    paths = full.client.get("/api/openapi.json").get_json()["paths"]
    for path in KINDS:
        for more in ("", "/totals", "/export"):
            assert "get" in paths[f"/api/v1{path}{more}"]
    asked = {parameter["name"] for parameter in paths["/api/v1/sales"]["get"]["parameters"]}
    assert asked >= {"period", "from", "to", "category", "status", "product", "q", "src", "sck", "visited", "after"}
