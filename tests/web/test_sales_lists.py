"""The lists behind the numbers of the panels, as pages: what filters find, pages, totals, files, settings."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from flask import g
from sqlalchemy import text

from service.domain.after_sale import AGES, StepKind
from service.domain.roles import Role
from service.errors import Unprocessable
from service.samples import an_event
from service.samples.cast import CLUB, COURSE
from service.store import opportunities, parts, sales, steps, subscribers
from service.store.engine import transaction
from service.store.opportunities import Sought
from service.store.sales import SalesFilter
from service.store.steps import StepFilter
from service.store.subscribers import SubscriptionFilter
from service.web.pages.sales import lists
from tests.living import House
from tests.web.visitors import Visitor, a_member

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def told(event: str, days: float, code: str, who: str, **more: Any) -> dict[str, Any]:
    """A postback so many days ago; an approval of that moment unless one is told."""
    moment = NOW - days * DAY
    known: Any = {"email": f"{who}@example.com", "product": COURSE, "at": moment, "transaction": code}
    known["ordered_at"] = moment
    if event == "PURCHASE_APPROVED":
        known["approved_at"] = moment
    return an_event(event, **{**known, **more})


def fill(house: House) -> None:
    """Thirteen purchases of ten buyers in two currencies, a cart, a visit, a subscription."""
    past: Any = {"ordered_at": NOW - 9 * DAY, "approved_at": NOW - 9 * DAY}
    house.receives(
        told("PURCHASE_APPROVED", 3, "HP1", "ana", src="ig_bio", coupon="VERAO", price="100.00"),
        told("PURCHASE_APPROVED", 2, "HP2", "bruno", affiliate="Ponte", price="200.00", payment="PIX"),
        told("PURCHASE_APPROVED", 1, "HP3", "carla", currency="USD", price="97.00"),
        told("PURCHASE_APPROVED", 20, "HP4", "davi", product=CLUB, recurrence=1, price="49.90"),
        told("PURCHASE_CANCELED", 4, "HP5", "elisa", refusal="Saldo insuficiente"),
        told("PURCHASE_CANCELED", 3.9, "HP6", "elisa", refusal="Cartão bloqueado"),
        told("PURCHASE_BILLET_PRINTED", 1, "HP7", "fabio", payment="BILLET"),
        told("PURCHASE_OUT_OF_SHOPPING_CART", 2, "", "gil"),
        told("PURCHASE_CANCELED", 6, "HP8", "helena", refusal="Transação negada", price="80.00"),
        told("PURCHASE_APPROVED", 5.5, "HP9", "helena", price="90.00"),
        told("PURCHASE_REFUNDED", 1, "HP10", "ivo", **past),
        told("PURCHASE_PROTEST", 3, "HP11", "julia", **past),
        told("PURCHASE_CHARGEBACK", 2, "HP12", "ana", **past),
        told("PURCHASE_APPROVED", 60, "HP13", "ana", price="10.00"),
        told("CLUB_FIRST_ACCESS", 2, "", "bruno"),
    )


@pytest.fixture
def full(house: House) -> House:
    fill(house)
    return house


@pytest.fixture
def ana(full: House) -> Visitor:
    return a_member(full.app, full.account)


def codes(house: House, wanted: SalesFilter) -> set[str]:
    """The transactions a filter finds; as many as its count says."""
    with transaction(house.shop.engine) as tx:
        found = [row["key"] for row in sales.listed(tx, house.account.id, wanted, size=500).rows]
        assert sales.number(tx, house.account.id, wanted) == len(found)
        assert sum(total.number for total in sales.total(tx, house.account.id, wanted)) == len(found)
    return set(found)


EVERY = {f"HP{number}" for number in range(1, 14)}
ACTIVE = {"HP1", "HP2", "HP3", "HP4", "HP9", "HP13"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (SalesFilter(), EVERY),
        (SalesFilter(since=NOW - 30 * DAY), EVERY - {"HP13"}),
        (SalesFilter(until=NOW - 30 * DAY), {"HP13"}),
        (SalesFilter(category="active"), ACTIVE),
        (SalesFilter(category="lost"), {"HP5", "HP6", "HP8", "HP10", "HP12"}),
        (SalesFilter(statuses=("refunded", "chargeback")), {"HP10", "HP12"}),
        (SalesFilter(product=str(CLUB.id)), {"HP4"}),
        (SalesFilter(product=COURSE.name), set()),
        (SalesFilter(product="~"), set()),
        (SalesFilter(currency="USD"), {"HP3"}),
        (SalesFilter(currency="~"), set()),
        (SalesFilter(payment_type="PIX"), {"HP2"}),
        (SalesFilter(affiliate="Ponte"), {"HP2"}),
        (SalesFilter(affiliate="~"), EVERY - {"HP2"}),
        (SalesFilter(src="ig_bio"), {"HP1"}),
        (SalesFilter(src="~", category="active"), ACTIVE - {"HP1"}),
        (SalesFilter(origin="src:0:ig_bio"), {"HP1"}),
        (SalesFilter(coupon="VERAO"), {"HP1"}),
        (SalesFilter(recurrence=1), {"HP4"}),
        (SalesFilter(recurrence="~", category="active"), ACTIVE - {"HP4"}),
        (SalesFilter(subscription=True), {"HP4"}),
        (SalesFilter(first_charge=True, category="active"), ACTIVE),
        (SalesFilter(renewal=True), set()),
        (SalesFilter(paid=True), ACTIVE | {"HP10", "HP11", "HP12"}),
        (SalesFilter(bump=True), set()),
        (SalesFilter(visited=True), {"HP2"}),
        (SalesFilter(visited=False, category="active"), ACTIVE - {"HP2"}),
        (SalesFilter(text="hp4"), {"HP4"}),
        (SalesFilter(text="ana@example.com"), {"HP1", "HP12", "HP13"}),
        (SalesFilter(text="bruno ex"), {"HP2"}),
        (SalesFilter(text="nobody at all"), set()),
        (SalesFilter(text="'; \\ %"), set()),
    ],
)
def test_a_filter_finds_what_it_says_and_its_numbers_are_those_of_its_list(
    full: House, wanted: Any, found: Any
) -> None:
    assert codes(full, wanted) == found


def test_totals_are_added_by_currency_and_never_mixed(full: House) -> None:
    with transaction(full.shop.engine) as tx:
        found = sales.total(tx, full.account.id, SalesFilter(category="active", since=NOW - 30 * DAY))
    assert [(total.currency, total.number, total.amount) for total in found] == [
        ("BRL", 4, Decimal("100.00") + Decimal("200.00") + Decimal("49.90") + Decimal("90.00")),
        ("USD", 1, Decimal("97.00")),
    ]
    net = full.rows(
        "SELECT net_currency, sum(net_value) FROM purchases WHERE account_id = :account AND category = 'active'"
        " AND counted_at >= :since GROUP BY 1 ORDER BY 1",
        since=NOW - 30 * DAY,
    )
    assert sorted((total.currency, total.net) for total in found) == [tuple(row) for row in net]


def test_a_sale_of_unknown_amount_is_counted_apart(full: House) -> None:
    full.rows("UPDATE purchases SET gross_currency = NULL WHERE account_id = :account AND key = 'HP1' RETURNING 1")
    with transaction(full.shop.engine) as tx:
        found = sales.total(tx, full.account.id, SalesFilter(category="active"))
    assert found[-1] == parts.Total(None, 1)
    assert codes(full, SalesFilter(category="active", currency="~")) == {"HP1"}
    assert codes(full, SalesFilter(category="active", currency="BRL")) == ACTIVE - {"HP1", "HP3"}


def test_pages_follow_each_other_without_gap_or_repetition(full: House) -> None:
    full.rows("UPDATE purchases SET approved_at = :now WHERE account_id = :account RETURNING 1", now=NOW)
    for name, ask in LISTS.items():
        with transaction(full.shop.engine) as tx:
            whole = [row["key"] for row in ask(tx, full.account.id, None, 500).rows]
            paged, after = [], None
            while True:
                part = ask(tx, full.account.id, after, 2)
                paged += [row["key"] for row in part.rows]
                if part.after is None:
                    break
                after = part.after
        assert paged == whole, name
        assert len(set(whole)) == len(whole), name


LISTS = {
    "sales": lambda tx, account, after, size: sales.listed(tx, account, SalesFilter(), after=after, size=size),
    "opportunities": lambda tx, account, after, size: opportunities.listed(
        tx, account, Sought(all_attempts=True), after=after, size=size
    ),
    "disputed": lambda tx, account, after, size: steps.listed(
        tx, account, StepFilter(kind=StepKind.DISPUTED, urgent=True), after=after, size=size
    ),
    "subscriptions": lambda tx, account, after, size: subscribers.listed(
        tx, account, SubscriptionFilter(), after=after, size=size
    ),
}


def attempted(house: House, sought: Sought) -> tuple[int, dict[str | None, Decimal | None]]:
    with transaction(house.shop.engine) as tx:
        rows = opportunities.listed(tx, house.account.id, sought, size=500).rows
        found = opportunities.total(tx, house.account.id, sought)
        assert opportunities.number(tx, house.account.id, sought) == len(rows) == sum(one.number for one in found)
    return len(rows), {total.currency: total.amount for total in found}


def test_opportunities_are_counted_and_added_as_they_are_listed(full: House) -> None:
    price = Decimal(str(COURSE.price))
    assert attempted(full, Sought(state="open")) == (3, {"BRL": 2 * price, None: None})
    assert attempted(full, Sought(all_attempts=True))[0] == 5
    assert attempted(full, Sought(state="recovered")) == (1, {"BRL": Decimal("90.00")})
    assert attempted(full, Sought(state="recovered", by_attempt=True)) == (1, {"BRL": Decimal("80.00")})
    assert attempted(full, Sought(reason="any"))[0] == 2
    assert attempted(full, Sought(reason="~"))[0] == 2
    assert attempted(full, Sought(currency="~")) == (1, {None: None})
    assert attempted(full, Sought(buyer="elisa@example.com", all_attempts=True))[0] == 2
    assert attempted(full, Sought(product_key=str(COURSE.id), kind="abandoned_cart"))[0] == 1
    assert attempted(full, Sought(product_key=COURSE.name))[0] == 0


def stepped(house: House, wanted: StepFilter) -> list[str]:
    with transaction(house.shop.engine) as tx:
        rows = steps.listed(tx, house.account.id, wanted, size=500).rows
        assert steps.number(tx, house.account.id, wanted) == len(rows)
        assert sum(one.number for one in steps.total(tx, house.account.id, wanted)) == len(rows)
    return [row["purchase_key"] for row in rows]


def test_steps_are_those_of_purchases_that_have_that_status_today(full: House) -> None:
    assert stepped(full, StepFilter(kind=StepKind.REFUNDED)) == ["HP10"]
    assert stepped(full, StepFilter(kind=StepKind.CHARGEBACK)) == ["HP12"]
    assert stepped(full, StepFilter(kind=StepKind.DISPUTED)) == ["HP11"]
    assert stepped(full, StepFilter(kind=StepKind.FIRST_ACCESS)) == ["HP2"]
    past: Any = {"ordered_at": NOW - 9 * DAY, "approved_at": NOW - 9 * DAY}
    full.receives(told("PURCHASE_CHARGEBACK", 0.1, "HP10", "ivo", **past))
    assert stepped(full, StepFilter(kind=StepKind.REFUNDED)) == []
    assert stepped(full, StepFilter(kind=StepKind.CHARGEBACK)) == ["HP10", "HP12"]


def test_every_step_is_of_one_age(full: House) -> None:
    for kind in StepKind:
        everything = stepped(full, StepFilter(kind=kind))
        by_age = [key for age in (*AGES, "~") for key in stepped(full, StepFilter(kind=kind, age=age))]
        assert sorted(by_age, key=str) == sorted(everything, key=str), kind
    assert stepped(full, StepFilter(kind=StepKind.REFUNDED, age="8-14")) == ["HP10"]
    assert stepped(full, StepFilter(kind=StepKind.DISPUTED, age="2-7")) == ["HP11"]


def test_the_most_urgent_dispute_comes_first_where_that_is_asked_for(full: House) -> None:
    past: Any = {"ordered_at": NOW - 30 * DAY, "approved_at": NOW - 30 * DAY}
    full.receives(told("PURCHASE_PROTEST", 7, "HP14", "kaio", **past))
    assert stepped(full, StepFilter(kind=StepKind.DISPUTED)) == ["HP11", "HP14"]
    assert stepped(full, StepFilter(kind=StepKind.DISPUTED, urgent=True)) == ["HP14", "HP11"]


def subscribed(house: House, wanted: SubscriptionFilter) -> int:
    with transaction(house.shop.engine) as tx:
        rows = subscribers.listed(tx, house.account.id, wanted, size=500).rows
        assert subscribers.number(tx, house.account.id, wanted) == len(rows)
        assert sum(one.number for one in subscribers.total(tx, house.account.id, wanted)) == len(rows)
    return len(rows)


def test_subscriptions_are_found_by_state_plan_and_dates(full: House) -> None:
    full.receives(told("SUBSCRIPTION_CANCELLATION", 1, "", "mara", product=CLUB))
    plan = full.rows("SELECT plan_name FROM subscriptions WHERE account_id = :account AND status = 'active'")[0][0]
    for wanted, number in (
        (SubscriptionFilter(), 2),
        (SubscriptionFilter(statuses=("active",)), 1),
        (SubscriptionFilter(statuses=("canceled", "active")), 2),
        (SubscriptionFilter(statuses=("unknown",)), 0),
        (SubscriptionFilter(plan=plan, statuses=("active",)), 1),
        (SubscriptionFilter(plan="~"), 0),
        (SubscriptionFilter(since=NOW - 30 * DAY, until=NOW - 10 * DAY), 1),
        (SubscriptionFilter(of="canceled", since=NOW - 2 * DAY), 1),
        (SubscriptionFilter(of="canceled", since=NOW), 0),
        (SubscriptionFilter(canceled_since=NOW - 2 * DAY), 1),
        (SubscriptionFilter(canceled_until=NOW - 2 * DAY), 0),
        (SubscriptionFilter(charge_since=NOW - 400 * DAY, statuses=("active",)), 1),
        (SubscriptionFilter(dated=True), 2),
        (SubscriptionFilter(buyer="davi@example.com"), 1),
        (SubscriptionFilter(currency="BRL"), 1),
        (SubscriptionFilter(currency="~"), 1),
        (SubscriptionFilter(product=str(CLUB.id)), 2),
    ):
        assert subscribed(full, wanted) == number, wanted


def test_a_status_of_a_subscription_nobody_knows_is_unknown(full: House) -> None:
    full.rows("UPDATE subscriptions SET status = 'frozen' WHERE account_id = :account RETURNING 1")
    assert subscribed(full, SubscriptionFilter(statuses=("unknown",))) == 1
    full.rows("UPDATE subscriptions SET status = 'canceled_by_customer' WHERE account_id = :account RETURNING 1")
    assert subscribed(full, SubscriptionFilter(statuses=("canceled",))) == 1


def test_origins_are_found_by_alias_and_by_part(full: House) -> None:
    full.rows("UPDATE purchases SET sck = 'Meta|Reels' WHERE account_id = :account AND key = 'HP1' RETURNING 1")
    full.rows("UPDATE purchases SET sck = 'meta|Feed' WHERE account_id = :account AND key = 'HP2' RETURNING 1")
    full.rows("UPDATE purchases SET sck = 'Outra' WHERE account_id = :account AND key = 'HP9' RETURNING 1")
    full.rows(
        "INSERT INTO origin_aliases (account_id, origin, value, alias)"
        " VALUES (:account, 'sck', 'meta', 'Meta'), (:account, 'sck', 'Outra', 'Meta') RETURNING 1"
    )
    assert codes(full, SalesFilter(origin="sck:1:Meta")) == {"HP1", "HP2", "HP9"}
    assert codes(full, SalesFilter(origin="sck:2:Reels")) == {"HP1"}
    assert codes(full, SalesFilter(origin="sck:0:Meta")) == {"HP9"}
    assert codes(full, SalesFilter(origin="sck:0:Outra")) == set()


def test_what_takes_too_long_is_said_and_not_waited_for(full: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(tx: Any, *_: Any, **__: Any) -> Any:
        tx.execute(text("SELECT pg_sleep(30)"))

    with pytest.raises(Unprocessable) as fault, transaction(full.shop.engine) as tx, parts.patience(tx, 0.05):
        slow(tx)
    assert fault.value.code == "period_too_long"
    monkeypatch.setattr(lists, "ASKED_SECONDS", 0.05)
    shown = {one.name: one for one in lists.LISTS}["transactions"]._replace(total=slow)
    with full.app.test_request_context(f"/a/{full.account.key}/sales/list/totals?period=all"):
        g.account = full.account
        assert "flash-warning" in lists.totals(shown)


def address(house: House, path: str) -> str:
    return f"/a/{house.account.key}/sales/{path}"


def buyers(page: str) -> list[str]:
    """The e-mails of the rows of a page."""
    return re.findall(r"<small class=\"clip\">([^<]+)</small>", page)


def test_the_url_is_the_filter_and_every_chip_leads_to_the_list_without_it(full: House, ana: Visitor) -> None:
    page = ana.reads(address(full, "list?category=active&coupon=VERAO&status=approved"))
    assert buyers(page) == ["ana@example.com"]
    links = [link.replace("&amp;", "&") for link in re.findall(r'<li><a href="([^"]+)"><span>', page)]
    assert len(links) == 3
    assert {"coupon=" in link for link in links} == {True, False}
    without_coupon = next(link for link in links if "coupon=" not in link)
    assert len(buyers(ana.reads(without_coupon))) == 5


def test_a_value_that_is_none_is_left_out_and_named(full: House, ana: Visitor) -> None:
    asked = address(full, "list?recurrence=many&category=active&status=ascended")
    page = ana.reads(asked, headers={"Accept-Language": "en"})
    assert "Number of the charge, Status" in page
    assert len(buyers(page)) == 5


def test_somebody_who_is_searched_for_is_found_in_any_time(full: House, ana: Visitor) -> None:
    assert "HP13" not in ana.reads(address(full, "list"))
    assert "HP13" in ana.reads(address(full, "list?q=ana@example.com"))
    assert "HP13" not in ana.reads(address(full, "list?q=ana@example.com&period=30d"))


def test_a_name_of_too_many_people_is_said_to_be_one(full: House, ana: Visitor, monkeypatch: Any) -> None:
    said, english = "Only 3 of them are looked at", {"Accept-Language": "en"}
    assert said not in ana.reads(address(full, "list?q=exemplo"), headers=english)
    monkeypatch.setattr(sales, "MOST_PEOPLE", 3)
    page = ana.reads(address(full, "list?q=exemplo"), headers=english)
    assert said in page
    assert 0 < len(set(buyers(page))) <= 3


def test_what_buyers_and_banks_write_stays_text(house: House) -> None:
    house.receives(told("PURCHASE_CANCELED", 1, "HP1", "x", refusal="<script>alert(1)</script>"))
    house.rows("UPDATE opportunities SET payment_link = 'javascript:alert(1)' WHERE account_id = :account RETURNING 1")
    page = a_member(house.app, house.account).reads(address(house, "opportunities"))
    assert "<script>alert" not in page
    assert "javascript:" not in page


def test_totals_are_a_part_of_the_page_and_one_of_their_own(full: House, ana: Visitor) -> None:
    assert 'class="tiles tiles-wide list-totals"' in ana.reads(address(full, "list?period=30d"))
    page = ana.reads(address(full, "list?period=year&category=active"))
    assert "list-totals" not in page
    (part,) = re.findall(r'data-part="([^"]+)"', page)
    assert "list-totals" in ana.reads(part.replace("&amp;", "&"))
    assert "<html" not in ana.reads(part.replace("&amp;", "&"))
    assert "list-totals" in ana.reads(address(full, "list?period=year&category=active&totals=yes"))


def test_totals_of_a_period_crowded_with_sales_come_beside_the_page(
    full: House, ana: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "CROWD", 3)
    page = ana.reads(address(full, "list?period=30d"))
    assert "list-totals" not in page
    assert "data-part" in page
    assert "list-totals" in ana.reads(address(full, "list?period=30d&totals=yes"))
    assert 'class="tiles tiles-wide list-totals"' in ana.reads(address(full, "list?q=HP1"))


@pytest.mark.parametrize("path", ["list", "opportunities", "steps", "steps?kind=disputed", "subscriptions"])
def test_a_file_has_the_rows_of_its_list_in_the_readers_language(full: House, ana: Visitor, path: str) -> None:
    where, _, query = path.partition("?")
    shown = ana.reads(address(full, path)).count('<th scope="row">')
    assert shown
    for language, delimiter in (("pt", ";"), ("en", ",")):
        content = ana.reads(address(full, f"{where}/export?{query}&format=csv"), headers={"Accept-Language": language})
        rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
        assert len(rows) - 1 == shown
        assert len({len(row) for row in rows}) == 1
    book = openpyxl.load_workbook(io.BytesIO(ana.get(address(full, f"{where}/export?{query}&format=xlsx")).data))
    assert book.worksheets[0].max_row - 1 == shown


def cells(content: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a workbook by their header."""
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows()
    for row in rows:
        yield {str(name.value): cell for name, cell in zip(header, row, strict=True)}


def test_money_and_dates_of_a_workbook_are_real_and_text_stays_text(full: House) -> None:
    full.rows(
        "UPDATE clients SET name = '=1+1' WHERE account_id = :account AND email = 'elisa@example.com' RETURNING 1"
    )
    answer = full.client.get(
        "/api/v1/opportunities/export?format=xlsx&language=en&q=elisa@example.com", headers=full.bearer
    )
    (row,) = cells(answer.data)
    assert (row["Name"].value, row["Name"].data_type) == ("=1+1", "s")
    assert (row["Phone"].data_type, row["Product code"].data_type) == ("s", "s")
    assert row["Amount"].data_type == "n"
    assert (row["Amount"].value, row["Currency"].value) == (float(COURSE.price), "BRL")
    local = (NOW - 3.9 * DAY).astimezone(full.account.zone).replace(tzinfo=None)
    assert (row["Last attempt"].value, row["Last attempt"].is_date) == (local, True)
    assert (row["Reason"].value, row["Attempts"].value) == ("Card blocked", 2)


def test_a_file_of_open_disputes_says_until_when_to_answer(full: House) -> None:
    answer = full.client.get("/api/v1/steps/export?kind=disputed&format=xlsx&language=en", headers=full.bearer)
    (row,) = cells(answer.data)
    due = (NOW - 3 * DAY + 5 * DAY).astimezone(full.account.zone).replace(tzinfo=None)
    assert row["Answer until"].value == due


def test_a_period_is_of_the_accounts_days(house: House) -> None:
    zone = house.account.zone
    late = datetime(2026, 7, 2, 23, 30, tzinfo=zone)
    house.receives(
        an_event("PURCHASE_APPROVED", email="ana@example.com", product=COURSE, at=late, transaction="HP1",
                 ordered_at=late, approved_at=late)
    )  # fmt: skip
    visitor = a_member(house.app, house.account)
    assert buyers(visitor.reads(address(house, "list?from=2026-07-02&to=2026-07-02")))
    assert not buyers(visitor.reads(address(house, "list?period=range&from=2026-07-03&to=2026-07-03")))
    assert buyers(visitor.reads(address(house, "list?period=range&from=2026-07-03&to=2026-07-01")))


def test_another_account_finds_nothing_of_it(full: House, another_house: House) -> None:
    stranger = a_member(another_house.app, another_house.account)
    for path in ("list?period=all", "list?q=HP1", "opportunities?period=all", "steps?period=all", "subscriptions"):
        assert '<th scope="row">' not in stranger.reads(address(another_house, path)), path
    assert stranger.get(address(full, "list")).status_code == 404


SETTINGS = {"refund_days": "7", "sck_separator": "-", "chargeback_line": "1,5"}


def test_an_owner_changes_how_sales_are_told(full: House, ana: Visitor) -> None:
    path = f"/a/{full.account.key}/settings"
    assert ana.posts(f"{path}/reporting", **SETTINGS).status_code == 302
    row = full.rows("SELECT refund_days, sck_separator, chargeback_line FROM accounts WHERE id = :account")[0]
    assert tuple(row) == (7, "-", Decimal("0.015"))
    assert 'value="1.5"' in ana.reads(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"refund_days": "0"},
        {"refund_days": "61"},
        {"refund_days": "x"},
        {"sck_separator": ""},
        {"sck_separator": "------"},
        {"chargeback_line": "0"},
        {"chargeback_line": "100"},
        {"chargeback_line": "NaN"},
        {"chargeback_line": "um"},
    ],
)
def test_a_wrong_setting_is_refused_and_said(full: House, ana: Visitor, wrong: dict[str, str]) -> None:
    answer = ana.posts(f"/a/{full.account.key}/settings/reporting", **(SETTINGS | wrong))
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    row = full.rows("SELECT refund_days, sck_separator, chargeback_line FROM accounts WHERE id = :account")[0]
    assert tuple(row) == (5, "|", Decimal("0.01"))


def test_values_of_origins_are_given_names_and_lose_them(full: House, ana: Visitor) -> None:
    path = f"/a/{full.account.key}/settings"
    for name in ("Instagram", "Instagram (bio)"):
        assert ana.posts(f"{path}/reporting/aliases", origin="src", value="ig_bio", alias=name).status_code == 302
    assert codes(full, SalesFilter(origin="src:0:Instagram (bio)")) == {"HP1"}
    assert "Instagram (bio)" in ana.reads(path)
    assert ana.posts(f"{path}/reporting/aliases", origin="src", value="", alias="x").status_code == 422
    assert ana.posts(f"{path}/reporting/aliases", origin="moon", value="x", alias="x").status_code == 422
    assert ana.posts(f"{path}/reporting/aliases/remove", origin="src", value="ig_bio").status_code == 302
    assert ana.posts(f"{path}/reporting/aliases/remove", origin="src", value="ig_bio").status_code == 404
    assert full.rows("SELECT 1 FROM origin_aliases WHERE account_id = :account") == []


def test_readers_see_the_settings_and_change_nothing(full: House) -> None:
    reader = a_member(full.app, full.account, Role.READER)
    path = f"/a/{full.account.key}/settings"
    assert 'name="refund_days"' not in reader.reads(path)
    assert reader.posts(f"{path}/reporting", **SETTINGS).status_code == 403
    assert reader.posts(f"{path}/reporting/aliases", origin="src", value="a", alias="b").status_code == 403


def test_days_to_answer_are_those_of_the_setting(full: House, ana: Visitor) -> None:
    english = {"Accept-Language": "en"}
    assert "2 days left" in ana.reads(address(full, "steps?kind=disputed"), headers=english)
    ana.posts(f"/a/{full.account.key}/settings/reporting", **SETTINGS)
    assert "4 days left" in ana.reads(address(full, "steps?kind=disputed"), headers=english)


def test_the_overview_counts_a_sale_on_the_day_it_was_approved(house: House) -> None:
    house.receives(
        told("PURCHASE_APPROVED", 0, "HP1", "ana", ordered_at=NOW - 5 * DAY, approved_at=NOW, price="123.45")
    )
    page = a_member(house.app, house.account).reads(f"/a/{house.account.key}/", headers={"Accept-Language": "en"})
    assert re.search(r"<dt>Today</dt><dd>R\$123\.45</dd>", page)
