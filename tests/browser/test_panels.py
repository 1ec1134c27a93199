"""The panels of Sales Management as people meet them: each of them, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from service.panels.every import PANELS
from service.store import ledger
from service.store.engine import transaction
from service.store.sums import keeping
from tests.benchmarks import crowd
from tests.browser.conftest import Person, Street
from tests.browser.test_shell import EMAIL, PASSWORD, signs_in, violations

NARROW = {"viewport": {"width": 360, "height": 740}}
DARK_SPANISH: dict[str, Any] = {**NARROW, "color_scheme": "dark", "locale": "es-MX"}


@pytest.fixture(scope="module")
def busy(browser: Browser, street: Street) -> Street:
    """A house with 400 clients, half of whose days are added up."""
    person = Person(browser, street.url)
    page = person.page
    page.goto("/setup")
    page.get_by_label("Seu nome").fill("Ana Lima")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_label("Nome da conta").fill("Escola Exemplo")
    page.get_by_role("button", name="Continuar").click()
    page.wait_for_url("**/connect")
    person.context.close()
    with transaction(street.shop.engine) as tx:
        (account,) = crowd.accounts.every(tx)
    crowd.populate(street.shop.engine, account.id, 400)
    with transaction(street.shop.engine) as tx:
        ledger.lock(tx, account.id)
        keeping.keep_some(tx, account, 0.5)
    return street


def somebody(browser: Browser, street: Street, **more: Any) -> Iterator[tuple[Person, str]]:
    person = Person(browser, street.url, **more)
    yield person, signs_in(person)
    person.context.close()
    assert person.complaints == []


@pytest.fixture(scope="module")
def at_a_desk(browser: Browser, busy: Street) -> Iterator[tuple[Person, str]]:
    yield from somebody(browser, busy)


@pytest.fixture(scope="module")
def on_a_phone(browser: Browser, busy: Street) -> Iterator[tuple[Person, str]]:
    yield from somebody(browser, busy, **DARK_SPANISH)


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_reads_well_at_a_desk(at_a_desk: tuple[Person, str], name: str) -> None:
    person, path = at_a_desk
    person.page.goto(f"{path}/sales/panel/{name}?period=all")
    assert person.page.locator(".figures").count() > 0
    person.shoots(f"panel-{name}")
    assert not person.overflows()
    assert violations(person) == []


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_reads_well_on_a_phone_in_the_dark(on_a_phone: tuple[Person, str], name: str) -> None:
    person, path = on_a_phone
    person.page.goto(f"{path}/sales/panel/{name}?period=all")
    assert person.page.locator(".figures").count() > 0
    person.shoots(f"panel-{name}-phone")
    assert not person.overflows()
    assert violations(person) == []


def test_a_number_opens_the_list_it_counts(at_a_desk: tuple[Person, str]) -> None:
    person, path = at_a_desk
    person.page.goto(f"{path}/sales/panel/refunds?period=all")
    tile = person.page.locator(".figures .tile a").first
    number = tile.locator("b").inner_text()
    tile.click()
    person.page.wait_for_load_state()
    assert number in person.page.locator("main").inner_text()


def test_an_empty_panel_says_which_events_it_needs(at_a_desk: tuple[Person, str]) -> None:
    person, path = at_a_desk
    person.page.goto(f"{path}/sales/panel/carts?period=range&from=2001-01-01&to=2001-01-02")
    assert "PURCHASE_OUT_OF_SHOPPING_CART" in person.page.locator(".empty").inner_text()
    person.shoots("panel-empty")
    assert violations(person) == []
