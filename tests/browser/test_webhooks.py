"""One walk in a real browser: an address is refused with a remedy, added, its secret seen, tried, and seen failing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from service.app import create_app
from service.domain.automation.triggers import Trigger
from service.settings import Settings
from tests.browser.conftest import Person, Street
from tests.browser.test_wizard_looks import EMAIL, PASSWORD, somebody_of, violations
from tests.living import House
from tests.stories.automating import approved, automate, hurry
from tests.stories.conftest import receiver  # noqa: F401  # the fixture
from workers import deliver


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return replace(settings, webhooks_to_self=True)


@pytest.fixture(scope="module")
def house(street: Street) -> House:
    house = House(create_app(street.settings), street.shop)
    somebody_of(house)
    return house


@pytest.fixture(params=[("light", "pt-BR", 360), ("dark", "es-ES", 1280)], ids=["phone", "desk"])
def visitor(browser: Browser, house: House, street: Street, request: pytest.FixtureRequest) -> Iterator[Person]:
    scheme, locale, width = request.param
    person = Person(browser, street.url, color_scheme=scheme, locale=locale, viewport={"width": width, "height": 860})
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    yield person
    person.context.close()
    house.rows_changed("UPDATE webhook_endpoints SET state = 'disabled' WHERE account_id = :account AND state = 'on'")
    assert person.complaints == []


def is_right(visitor: Person, name: str, *, whole: bool = False) -> None:
    """No wider than the window; `whole` also asks for accessibility, which takes seconds."""
    visitor.shoots(f"webhooks-{visitor.page.viewport_size['width']}-{name}")
    assert not visitor.overflows()
    assert not whole or violations(visitor) == []


def test_an_address_is_added_tried_and_seen_failing(house: House, visitor: Person, receiver: Any) -> None:  # noqa: F811  # the fixture
    page = visitor.page
    page.goto(f"/a/{house.account.key}/connections/webhooks")
    page.locator("#url").fill("https://10.0.0.7/hook")
    page.locator("form[action$='/connections/webhooks'] .btn-primary").click()
    expect(page.locator("#refused")).to_be_visible()
    is_right(visitor, "refused")
    page.locator("#url").fill(f"http://127.0.0.1:{receiver.server_address[1]}/hooks?key=1")
    page.locator("form[action$='/connections/webhooks'] .btn-primary").click()
    expect(page.locator("#fresh-secret")).to_have_text(re.compile(r"^whsec_"))
    is_right(visitor, "secret", whole=True)
    address = page.locator("section.address").last
    address.locator("form[action$='/test'] button").click()
    expect(address.locator(".flash-success")).to_be_visible()
    assert b'"test": true' in receiver.got[0][2]
    expect(page.locator("#fresh-secret")).to_have_count(0)
    number = house.get("/webhook-endpoints")[-1]["id"]
    sends = {"destination": "webhook", "endpoint_id": number, "name": "Avisar o n8n"}
    automate(house, Trigger.SALE_APPROVED, **sends, mapping={})
    house.rows_changed("UPDATE automations SET mapping = '{}' WHERE account_id = :account")
    house.receives(approved(number, f"HP00000000{number:02}", f"buyer{number}@example.com"))
    receiver.answers = [(500, {}, b"<h1>Internal Server Error</h1>")]
    hurry(house)
    deliver.step(house.shop)
    page.goto(f"/a/{house.account.key}/connections/webhooks")
    expect(address.locator(".health-warning")).to_be_visible()
    is_right(visitor, "failing", whole=True)
    address.locator("details.sure summary").first.click()
    expect(address.locator("form[action$='/move']")).to_be_visible()
    is_right(visitor, "moving")
    address.locator("details.sure summary").first.click()
    address.locator("form[action$='/rotate'] button").click()
    expect(page.locator("#fresh-secret")).to_be_visible()
    address.locator("form[action$='/switch'] button").click()
    expect(address.locator(".health-quiet")).to_be_visible()
    is_right(visitor, "off")
