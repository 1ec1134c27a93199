"""Two clients become one in a real browser, and two again; every page of it accessible and as wide as its window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from service.app import create_app
from service.samples import an_event
from service.samples.cast import AUDIO, COURSE, COURSE_ABROAD
from tests.browser.conftest import Person, Street
from tests.browser.test_wizard_looks import EMAIL, PASSWORD, living, somebody_of, violations
from tests.living import House

ANA, BIA = "ana.lima@example.com", "anabeatriz.lima.de.souza@example.com"
CPF = "52998224725"
NOON = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)


class Stage(NamedTuple):
    """A house with two clients who have the same document."""

    street: Street
    house: House
    ana: str
    bia: str

    def path(self, client_id: str, more: str = "") -> str:
        return f"/a/{self.house.account.key}/clients/{client_id}{more}"


@pytest.fixture(scope="module")
def stage(street: Street) -> Stage:
    house = House(create_app(street.settings), street.shop)
    somebody_of(house)
    sales = (
        (ANA, "HP1", "PURCHASE_APPROVED", COURSE, {"name": "Ana Lima", "document": CPF}),
        (ANA, "HP2", "PURCHASE_CANCELED", AUDIO, {"name": "Ana Lima", "document": CPF}),
        (BIA, "HP3", "PURCHASE_APPROVED", AUDIO, {"name": "Ana Beatriz Lima de Souza", "document": CPF}),
        (BIA, "HP4", "PURCHASE_REFUNDED", COURSE_ABROAD, {"name": "Ana Beatriz Lima de Souza", "document": CPF}),
    )
    for hours, (email, code, event, product, buyer) in enumerate(sales):
        told = an_event(event, email=email, transaction=code, product=product, at=NOON + timedelta(hours=hours))
        told["data"]["buyer"] |= buyer
        house.receives(json.dumps({**told, "id": code}))
    ids = {row["email"]: row["id"] for row in house.get("/clients")}
    return Stage(street, house, ids[ANA], ids[BIA])


@pytest.fixture
def visitor(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Person]:
    person = Person(browser, stage.street.url, **request.param)
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    yield person
    person.context.close()
    assert person.complaints == []


LOOKS = (("light", "pt-BR", 360), ("dark", "es-ES", 1280), ("dark", "en-US", 360))


@pytest.mark.parametrize(
    "visitor",
    [
        {"color_scheme": scheme, "locale": locale, "viewport": {"width": width, "height": 800}}
        for scheme, locale, width in LOOKS
    ],
    ids=["-".join(map(str, look)) for look in LOOKS],
    indirect=True,
)
def test_a_person_merges_two_clients_and_separates_them_again(visitor, stage, request):
    look, page = request.node.callspec.id, visitor.page

    def looks(name: str) -> None:
        assert not visitor.overflows(), name
        assert violations(visitor) == [], name
        visitor.shoots(f"merging-{name}-{look}")

    def is_worked_off() -> None:
        page.locator("main .card-plain[role=status]").wait_for()
        looks("waits")
        living(stage.street)
        stage.street.work()
        page.locator("main .card-plain .btn-primary").click()
        page.wait_for_url(f"**{stage.path(stage.ana)}")

    living(stage.street)
    page.goto(stage.path(stage.ana))
    looks("profile")
    page.goto(f"/a/{stage.house.account.key}/clients/duplicates")
    page.locator(".twins, .empty").wait_for()  # told apart in one look, they are not there in the next
    looks("duplicates")
    page.goto(stage.path(stage.ana, "/merge"))
    looks("asks")
    page.locator("#email").fill("nobody@example.com")
    page.locator("main .btn-primary").click()
    page.locator("#email-wrong").wait_for()
    looks("unknown")
    page.locator("#email").fill(BIA)
    page.locator("main .btn-primary").click()
    page.locator(".portrait.whole").wait_for()
    looks("preview")
    assert BIA in page.locator(".portrait.whole").inner_text()
    page.locator("main form .btn-primary").click()
    is_worked_off()
    assert BIA in page.locator("#same-person").inner_text()
    looks("merged")
    page.goto(stage.path(stage.bia))
    page.wait_for_url(f"**{stage.path(stage.ana)}")
    page.locator("#same-person .btn").first.click()
    page.locator(".portrait.whole").first.wait_for()
    looks("separate")
    page.locator("main form .btn-primary").click()
    is_worked_off()
    assert page.locator("#same-person .rows").count() == 0, "not suggested again"
    assert {row["id"] for row in stage.house.get("/clients")} == {stage.ana, stage.bia}
