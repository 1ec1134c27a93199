"""The lists of sales in a real browser: every list fits its window, is accessible, and gives what its filters say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from service.app import create_app
from service.samples import an_event
from service.samples.cast import CLUB, COURSE
from tests.browser.conftest import Person, Street
from tests.browser.test_wizard_looks import EMAIL, PASSWORD, somebody_of, violations
from tests.living import House

DAY = timedelta(days=1)


@dataclass
class Shop:
    """A house with something in every list, and one with nothing."""

    street: Street
    path: str
    empty: str


def told(event: str, days: float, code: str, who: str, **more: Any) -> dict[str, Any]:
    """A postback so many days ago."""
    moment = datetime.now(UTC).replace(microsecond=0) - days * DAY
    known: Any = {"email": f"{who}@example.com", "product": COURSE, "at": moment, "transaction": code}
    return an_event(event, **{**known, "ordered_at": moment, **more})


def fill(house: House) -> None:
    """Something in every list."""
    now = datetime.now(UTC)
    house.receives(
        told(
            "PURCHASE_APPROVED", 3, "HP1000000001", "ana.lima", approved_at=now - 3 * DAY, src="ig_bio", coupon="VERAO"
        ),
        told(
            "PURCHASE_APPROVED", 2, "HP1000000002", "bruno.reis", approved_at=now - 2 * DAY, affiliate="Parceira Ponte"
        ),
        told(
            "PURCHASE_APPROVED", 1, "HP1000000003", "carla.dias", approved_at=now - DAY, currency="USD", price="97.00"
        ),
        told(
            "PURCHASE_APPROVED", 20, "HP1000000004", "davi.melo", product=CLUB, approved_at=now - 20 * DAY, recurrence=1
        ),
        told("PURCHASE_CANCELED", 4, "HP1000000005", "elisa.prado", refusal="Saldo insuficiente no cartão informado"),
        told("PURCHASE_CANCELED", 3.9, "HP1000000006", "elisa.prado", refusal="Cartão bloqueado"),
        told("PURCHASE_BILLET_PRINTED", 1, "HP1000000007", "fabio.cruz", payment="BILLET"),
        told("PURCHASE_OUT_OF_SHOPPING_CART", 2, "", "gil.rocha"),
        told("PURCHASE_CANCELED", 6, "HP1000000008", "helena.sa", refusal="Transação negada"),
        told("PURCHASE_APPROVED", 5.5, "HP1000000009", "helena.sa", approved_at=now - 5.5 * DAY),
        told("PURCHASE_REFUNDED", 1, "HP1000000010", "ivo.leal", ordered_at=now - 6 * DAY, approved_at=now - 6 * DAY),
        told("PURCHASE_PROTEST", 3, "HP1000000011", "julia.nunes", ordered_at=now - 8 * DAY, approved_at=now - 8 * DAY),
        told("PURCHASE_PROTEST", 7, "HP1000000012", "kaio.pires", ordered_at=now - 9 * DAY, approved_at=now - 9 * DAY),
        told(
            "PURCHASE_CHARGEBACK", 2, "HP1000000013", "lia.braga", ordered_at=now - 40 * DAY, approved_at=now - 40 * DAY
        ),
        told("CLUB_FIRST_ACCESS", 2, "", "ana.lima"),
    )


@pytest.fixture(scope="module")
def shop_of_lists(street: Street) -> Shop:
    app = create_app(street.settings)
    house, other = House(app, street.shop), House(app, street.shop)
    somebody_of(house, other)
    fill(house)
    return Shop(street, f"/a/{house.account.key}/sales", f"/a/{other.account.key}/sales")


@pytest.fixture
def ana(browser: Browser, shop_of_lists: Shop, request: pytest.FixtureRequest) -> Iterator[Person]:
    person = Person(browser, shop_of_lists.street.url, **getattr(request, "param", {}))
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    yield person
    person.context.close()
    assert person.complaints == []


LOOKS = (("light", "pt-BR", 360), ("dark", "es-ES", 1280), ("dark", "en-US", 360))
PAGES = {
    "transactions": "/list",
    "transactions-filtered": "/list?status=approved&coupon=VERAO&src=~&recurrence=x&period=90d",
    "transactions-year": "/list?period=year",
    "opportunities": "/opportunities",
    "recovered": "/opportunities?state=recovered",
    "attempts": "/opportunities?attempts=all",
    "refunded": "/steps",
    "disputed": "/steps?kind=disputed&urgent=yes",
    "chargebacks": "/steps?kind=chargeback",
    "entered": "/steps?kind=first_access",
    "subscriptions": "/subscriptions",
}


@pytest.mark.parametrize(
    "ana",
    [
        {"color_scheme": scheme, "locale": locale, "viewport": {"width": width, "height": 800}}
        for scheme, locale, width in LOOKS
    ],
    ids=["-".join(map(str, look)) for look in LOOKS],
    indirect=True,
)
def test_every_list_is_accessible_and_fits_its_window(ana: Person, shop_of_lists: Shop, request: Any) -> None:
    look = request.node.callspec.id
    pages = {name: shop_of_lists.path + path for name, path in PAGES.items()}
    for name, path in {**pages, "empty": f"{shop_of_lists.empty}/list"}.items():
        ana.page.goto(path)
        ana.page.wait_for_load_state("networkidle")
        for details in ana.page.locator("details.more-filters").all():
            if name == "transactions":
                details.locator("summary").click()
        ana.page.evaluate("scrollTo(0, 0)")  # what lies below the masthead is no fault of the page
        assert not ana.overflows(), name
        assert violations(ana) == [], name
        ana.shoots(f"list-{name}-{look}")


def rows(person: Person) -> list[str]:
    """The buyers of the list that is shown."""
    return [re.sub(r"\s+", " ", text).strip() for text in person.page.locator("table th[scope=row]").all_inner_texts()]


def test_filters_are_set_by_the_form_and_taken_away_by_their_chips(ana: Person, shop_of_lists: Shop) -> None:
    ana.page.goto(f"{shop_of_lists.path}/list")
    everybody = len(rows(ana))
    ana.page.locator("#f-category").select_option("active")
    ana.page.locator("details.more-filters summary").click()
    ana.page.locator("#f-coupon").fill("VERAO")
    ana.page.locator("form.listing .buttons button").first.click()
    assert len(rows(ana)) == 1
    chips = ana.page.locator(".chips li a")
    expect(chips).to_have_count(3)
    chips.nth(1).click()
    assert 1 < len(rows(ana)) < everybody
    expect(ana.page.locator(".chips li a")).to_have_count(2)


def test_the_totals_of_a_long_period_come_after_the_page(ana: Person, shop_of_lists: Shop) -> None:
    ana.page.goto(f"{shop_of_lists.path}/list?period=year&category=active")
    expect(ana.page.locator(".list-totals .tile")).to_have_count(2)


def test_any_range_of_days_can_be_asked_for(ana: Person, shop_of_lists: Shop) -> None:
    ana.page.goto(f"{shop_of_lists.path}/list?category=active")
    ana.page.locator(".periods summary").click()
    ana.page.locator("#period-from").fill("2020-01-01")
    ana.page.locator("#period-to").fill("2020-01-31")
    ana.page.locator(".periods form button").click()
    assert rows(ana) == []
    assert "category=active" in ana.page.url
    assert "period=range" in ana.page.url


@pytest.mark.parametrize("path", ["list", "opportunities", "steps?kind=disputed", "subscriptions"])
def test_what_is_exported_is_what_is_listed(ana: Person, shop_of_lists: Shop, path: str, tmp_path: Path) -> None:
    ana.page.goto(f"{shop_of_lists.path}/{path}")
    shown = len(rows(ana))
    assert shown
    for form in ("xlsx", "csv"):
        ana.page.locator(".taking summary").click()
        with ana.page.expect_download() as download:
            ana.page.locator(f".taking a[href*='format={form}']").click()
        file = tmp_path / f"{download.value.suggested_filename}"
        download.value.save_as(file)
        assert file.suffix == f".{form}"
        assert rows_of(file) == shown
        ana.page.keyboard.press("Escape")


def rows_of(file: Path) -> int:
    """How many rows a file has below its header."""
    if file.suffix == ".xlsx":
        return int(openpyxl.load_workbook(file).worksheets[0].max_row) - 1
    return len(list(csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""), delimiter=";"))) - 1


@pytest.mark.parametrize("ana", [{"java_script_enabled": False}], indirect=True)
def test_lists_work_without_javascript(ana: Person, shop_of_lists: Shop) -> None:
    ana.page.goto(f"{shop_of_lists.path}/list?period=year")
    ana.page.locator("a[href*='totals=yes']").click()
    expect(ana.page.locator(".list-totals .tile")).to_have_count(2)
    ana.page.locator("#f-q").fill("ana.lima@example.com")
    ana.page.locator("form.listing .buttons button").first.click()
    assert len(rows(ana)) == 1
