"""Automations in a real browser: from a ready one through four steps to one that runs, seen as people see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from service.app import create_app
from service.connectors.kommo.connection import Connection
from service.kommo_desk import connect
from tests.browser.conftest import Person, Street
from tests.browser.test_wizard_looks import EMAIL, PASSWORD, somebody_of, violations
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import ANA, BRUNO, approved


@dataclass
class Office:
    """A house with sales and a Kommo."""

    street: Street
    path: str
    fake: FakeKommo


@pytest.fixture(scope="module")
def office(street: Street) -> Iterator[Office]:
    app = create_app(street.settings)
    house, other = House(app, street.shop), House(app, street.shop)
    somebody_of(house, other)
    house.receives(approved(), approved(5, "HP0000000002", BRUNO))
    with FakeKommo().running() as fake:
        fake.account.add_field("leads", 880102, "Origem", "select", options=("Hotmart", "Indicação"))
        fake.account.add_field("companies", 880103, "Segmento", "text")
        to = Connection(fake.origin, fake.account.token)
        connect(street.shop.engine, street.settings, house.account.id, to)
        yield Office(street, f"/a/{house.account.key}/automations", fake)


@pytest.fixture
def ana(browser: Browser, office: Office, request: pytest.FixtureRequest) -> Iterator[Person]:
    person = Person(browser, office.street.url, **getattr(request, "param", {}))
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    yield person
    person.context.close()
    assert person.complaints == []


LOOKS = (("light", "pt-BR", 360), ("dark", "es-ES", 1280))


def looked_at(person: Person, name: str) -> None:
    """The page fits its window and is accessible."""
    width = person.page.evaluate("innerWidth")
    person.shoots(f"automations-{name}-{width}")
    assert not person.overflows(), name
    assert violations(person) == [], name


def conditions(page: Page) -> None:
    """Two conditions, one of them in a group, made without a new page."""
    page.locator("[value='add f']").click()
    page.locator("[name='f-0.field']").fill("Produto: Nome")
    page.locator("[name='f-0.field']").press("Tab")
    page.locator("[name='f-0.operator']").select_option("contains")
    page.locator("[name='f-0.value']").fill("curso")
    page.locator("[value='group f']").click()
    page.locator("[name='f-1-0.field']").fill("comprador: e-mail")
    page.locator("[name='f-1-0.field']").press("Tab")
    page.locator("[name='f-1-0.operator']").select_option("one_of")
    page.locator("textarea[name='f-1-0.value']").fill(BRUNO)


def inserted(page: Page, name: str, sought: str) -> None:
    """A field, searched and inserted where the caret stands."""
    field = page.locator(f"[name='{name}']")
    field.press("End")
    page.locator(f".insert-here[aria-describedby='{name}']").click()
    page.locator("dialog input").fill(sought)
    page.locator("dialog input").press("Enter")
    expect(page.locator("dialog")).to_be_hidden()


@pytest.mark.parametrize(
    "ana",
    [
        {"color_scheme": theme, "locale": locale, "viewport": {"width": width, "height": 820}}
        for theme, locale, width in LOOKS
    ],
    indirect=True,
    ids=["-".join(map(str, look)) for look in LOOKS],
)
def test_a_ready_automation_goes_through_four_steps_and_runs(office: Office, ana: Person) -> None:
    page = ana.page
    page.goto(office.path)
    page.locator("[name='ready'][value='sale_approved']").click()

    expect(page.locator("[name='trigger']:checked")).to_have_value("sale_approved")
    looked_at(ana, "1-when")
    page.locator("#name").fill("Venda aprovada no Kommo")
    page.locator("main .btn-primary").click()

    page.wait_for_url("**/only-if")
    conditions(page)
    expect(page.locator("[data-part-of=judged] .passes")).to_have_count(1)
    expect(page.locator("[data-part-of=judged] .stopped")).to_contain_text("Comprador: E-mail")
    looked_at(ana, "2-only-if")
    page.locator("main .btn-primary").click()

    page.wait_for_url("**/then")
    page.locator("#stage").select_option(label="Negociando")
    inserted(page, "lead_name", "documento numero")
    expect(page.locator("[data-says='lead_name']")).to_contain_text("Bruno Modelo")
    page.locator("[value='add field']").click()
    page.locator("[name='field-0.target']").select_option(label="Origem")
    page.locator("[name='field-0.value']").fill("Hotmart")
    looked_at(ana, "3-then")
    page.locator("main .btn-primary").click()

    page.wait_for_url("**/test")
    expect(page.locator(".changes")).to_be_visible()
    expect(page.locator("[data-part]")).to_contain_text("Negociando")
    assert office.fake.sent("POST") == [], "only looked"
    looked_at(ana, "4-test")
    page.locator("[name=event]").fill(ANA)
    page.locator("form.inline button").click()
    expect(page.locator("[aria-live] .why")).to_contain_text("Comprador: E-mail")
    page.locator("[name=state][value=on]").click()

    page.wait_for_url("**/test")
    page.goto(office.path)
    expect(page.locator(".automation .switch-on").first).to_be_visible()
    page.locator(".automation .more-of summary").first.click()
    looked_at(ana, "list")
    page.reload()
    page.locator(".automation [value=off]").first.click()
    expect(page.locator(".flash")).to_contain_text(re.compile("Venda aprovada no Kommo"))
