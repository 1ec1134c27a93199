"""The list of clients at the browser: found while typing, by forms alone, on a telephone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from service.app import create_app
from service.domain.roles import Role
from service.store import memberships, users
from service.store.engine import transaction
from service.web import passwords
from service.web.pages.clients import listing
from tests.browser.conftest import Person, Street
from tests.browser.test_shell import RULES
from tests.living import House
from tests.web.test_clients_list import SALES, Sale, sold

EMAIL, PASSWORD = "ana@example.com", "uma frase bem comprida"
CROWD = tuple(Sale(f"HP9{number:03}", f"pessoa{number}@example.com", f"Pessoa {number:03}") for number in range(60))


@pytest.fixture(scope="module")
def crowd(street: Street) -> str:
    """The path of the list of an account with some clients; Ana may look at it."""
    house = House(create_app(street.settings), street.shop)
    sold(house, *SALES, *CROWD)
    with transaction(house.shop.engine) as tx:
        user = users.create(tx, EMAIL, "Ana Lima", passwords.hashed(PASSWORD))
        memberships.join(tx, house.account.id, user.id, Role.READER)
        tx.exec_driver_sql("UPDATE accounts SET name = 'Escola Exemplo' WHERE id = %s", (house.account.id,))
    return f"/a/{house.account.key}/clients"


@pytest.fixture
def ana(browser: Browser, street: Street, crowd: str, request: pytest.FixtureRequest) -> Iterator[Person]:
    """A reader who has signed in and opened the list; nothing may be wrong in the console at the end."""
    person = Person(browser, street.url, **getattr(request, "param", {}))
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    person.page.goto(crowd)
    yield person
    person.context.close()
    assert person.complaints == []


def names(person: Person) -> list[str]:
    return person.page.locator(".clients .stretched").all_inner_texts()


def violations(person: Person) -> list[str]:
    found = Axe().run(person.page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def test_people_are_found_while_one_types_and_the_address_follows(ana: Person) -> None:
    search = ana.page.get_by_label("Buscar")
    search.press_sequentially("conceicao", delay=30)
    expect(ana.page.locator(".clients .stretched")).to_have_text(["Bruno Conceição"])
    assert ana.page.url.endswith("/clients?q=conceicao")
    expect(search).to_be_focused()
    expect(ana.page.locator("[data-said]")).to_have_text("1 cliente")
    ana.page.reload()
    assert names(ana) == ["Bruno Conceição"]
    search.fill("zzz")
    expect(ana.page.get_by_role("heading", name="Ninguém encontrado")).to_be_visible()
    expect(ana.page.locator("[data-said]")).to_have_text("Ninguém encontrado")


def test_only_the_last_of_several_searches_is_shown(ana: Person) -> None:
    search = ana.page.get_by_label("Buscar")
    for words in ("carla", "davi", "elisa"):
        search.fill(words)
        ana.page.wait_for_timeout(210)  # so that the search before is already under way
    expect(ana.page.locator(".clients .stretched")).to_have_text(["=Elisa Prado"])
    assert ana.page.url.endswith("q=elisa")


def test_filters_are_chosen_and_taken_away_one_by_one(ana: Person, crowd: str) -> None:
    ana.page.get_by_label("Produto").select_option("7002")
    ana.page.get_by_label("Alguma compra está").select_option("canceled")
    expect(ana.page.locator(".clients .stretched")).to_have_text(["Davi Melo"])
    ana.page.get_by_role("link", name="Cancelada").click()
    ana.page.wait_for_url("**/clients?product=7002")
    assert set(names(ana)) == {"Ana Lima", "Davi Melo"}
    ana.page.get_by_role("link", name="Comprou: Curso 7002").click()
    ana.page.wait_for_url(f"**{crowd}")
    assert len(names(ana)) == listing.PAGE_SIZE


def test_money_and_days_are_behind_a_fold_that_is_open_while_they_count(ana: Person) -> None:
    ana.page.get_by_text("Mais filtros").click()
    ana.page.get_by_label("Moeda").select_option("BRL")
    ana.page.get_by_label("No mínimo").fill("300")
    expect(ana.page.locator(".clients .stretched")).to_have_text(["Ana Lima"])
    ana.page.reload()
    expect(ana.page.get_by_label("No mínimo")).to_be_visible()
    expect(ana.page.get_by_label("No mínimo")).to_have_value("300")


def test_one_goes_on_and_back_through_the_pages(ana: Person) -> None:
    first = names(ana)
    ana.page.get_by_role("link", name="Próxima").click()
    ana.page.wait_for_url("**after=**")
    second = names(ana)
    assert not set(first) & set(second)
    assert len(first) + len(second) == 66
    ana.page.get_by_role("link", name="Anterior").click()
    ana.page.wait_for_url("**before=**")
    assert names(ana) == first


def test_a_client_opens_at_a_click_and_the_list_is_there_again_at_a_step_back(ana: Person) -> None:
    ana.page.get_by_label("Buscar").fill("carla")
    ana.page.get_by_role("link", name="Carla D'Ávila").click()
    ana.page.wait_for_url("**/clients/*-*")
    ana.page.go_back()
    expect(ana.page.locator(".clients .stretched")).to_have_text(["Carla D'Ávila"])
    expect(ana.page.get_by_label("Buscar")).to_have_value("carla")


def test_the_filtered_list_is_taken_along(ana: Person) -> None:
    ana.page.get_by_label("Buscar").fill("bruno")
    expect(ana.page.locator(".clients .stretched")).to_have_count(1)
    with ana.page.expect_download() as download:
        ana.page.get_by_role("link", name="CSV").click()
    content = download.value.path().read_text("utf-8-sig")
    assert "Bruno Conceição" in content
    assert "Carla" not in content


@pytest.mark.parametrize("ana", [{"java_script_enabled": False}], indirect=True)
def test_without_javascript_the_form_finds_the_same(ana: Person) -> None:
    ana.page.get_by_label("Buscar").fill("avila")
    ana.page.get_by_role("button", name="Filtrar").click()
    assert names(ana) == ["Carla D'Ávila"]
    ana.page.get_by_role("link", name="Busca: avila").click()
    assert len(names(ana)) == listing.PAGE_SIZE


LOOKS = (("light", "pt-BR", 360), ("dark", "es-ES", 1280), ("dark", "en-US", 360))
ASKED = {
    "all": "",
    "filtered": "?q=a&product=7001&status=approved&currency=BRL&least=1&last_from=2026-01-01&sort=revenue-BRL",
    "nobody": "?q=zzz",
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
def test_the_list_is_accessible_and_fits_its_window(ana: Person, crowd: str, request: pytest.FixtureRequest) -> None:
    for name, query in ASKED.items():
        ana.page.goto(f"{crowd}{query}")
        assert not ana.overflows(), name
        assert violations(ana) == [], name
        ana.shoots(f"clients-{name}-{request.node.callspec.id}")
