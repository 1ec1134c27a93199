"""The shell as people meet it: first run, pages in both themes and three languages, a telephone, no JavaScript."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Person, Street
from tests.living import payload

EMAIL, PASSWORD = "ana@example.com", "uma frase bem comprida"
HOTTOK = "canary-hottok-of-the-browser-01"
PAGES = ("", "events", "events?q=zzz", "settings", "connect")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def posts(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, data=body, headers={"X-HOTMART-HOTTOK": HOTTOK})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def violations(person: Person) -> list[str]:
    found = Axe().run(person.page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def signs_in(person: Person) -> str:
    """Sign in; the path of the account."""
    person.page.goto("/login")
    person.page.get_by_label("E-mail").or_(person.page.get_by_label("Correo")).fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    return "/" + "/".join(person.page.url.split("/")[3:5])


@pytest.fixture(scope="module")
def lived_in(browser: Browser, street: Street) -> Street:
    """The house after its first run, done in the browser, with a few events."""
    person = Person(browser, street.url)
    page = person.page
    page.goto("/")
    assert page.url.endswith("/setup")
    assert violations(person) == []
    page.get_by_label("Seu nome").fill("Ana Lima")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_label("Nome da conta").fill("Escola Exemplo")
    person.shoots("setup")
    page.get_by_role("button", name="Continuar").click()
    page.wait_for_url("**/connect")
    address = page.locator("#webhook-url").inner_text()
    page.get_by_label("Hottok", exact=True).fill(HOTTOK)
    page.get_by_role("button", name="Salvar o hottok").click()
    expect(page.get_by_text("Esperando o primeiro evento")).to_be_visible()
    person.shoots("connect-waiting")
    posts(address, payload("v2-PURCHASE_APPROVED.json"))
    expect(page.get_by_text("O primeiro evento chegou")).to_be_visible(timeout=15_000)
    person.shoots("connect-arrived")
    for name in ("v2-PURCHASE_APPROVED.real-pix.json", "v2-PURCHASE_REFUNDED.real.json"):
        posts(address, payload(name))
    posts(address, json.dumps({"id": "b", "event": "PURCHASE_APPROVED", "data": {"purchase": {}}}).encode())
    street.work()
    assert person.complaints == []
    person.context.close()
    return street


@pytest.fixture
def ana(browser: Browser, lived_in: Street, request: pytest.FixtureRequest) -> Iterator[Person]:
    somebody = Person(browser, lived_in.url, **getattr(request, "param", {}))
    yield somebody
    somebody.context.close()
    assert somebody.complaints == []


def looks(**more: Any) -> Any:
    return pytest.mark.parametrize("ana", [more], indirect=True)


@pytest.mark.parametrize(
    "ana",
    [
        {"color_scheme": scheme, "locale": locale, "viewport": {"width": width, "height": 800}}
        for scheme, locale, width in (
            ("light", "pt-BR", 360),
            ("light", "pt-BR", 1280),
            ("dark", "es-ES", 1280),
            ("dark", "en-US", 360),
        )
    ],
    ids=lambda look: f"{look['color_scheme']}-{look['locale']}-{look['viewport']['width']}",
    indirect=True,
)
def test_every_page_is_accessible_and_fits_its_window(ana, request):
    look = request.node.callspec.id
    account = signs_in(ana)
    for path in (*(f"{account}/{page}" for page in PAGES), "/profile", "/profile/accounts/new", "/nothing"):
        ana.page.goto(path)
        assert not ana.overflows(), path
        assert violations(ana) == [], path
        ana.shoots(f"{look}-{path.strip('/').replace('/', '-').replace('?', '-') or 'start'}")
    ana.page.goto(f"{account}/events")
    ana.page.locator("table a").first.click()
    assert violations(ana) == []
    ana.page.locator(".card-head button").click()
    expect(ana.page.locator(".flash-warning").last).to_be_visible()
    assert violations(ana) == []
    assert not ana.overflows()


@looks(color_scheme="dark")
def test_without_a_choice_the_page_wears_what_the_system_wears(ana):
    ana.page.goto("/login")
    assert ana.page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    ana.page.emulate_media(color_scheme="light")
    expect(ana.page.locator("html")).to_have_attribute("data-bs-theme", "light")


@looks(color_scheme="light")
def test_a_chosen_theme_is_there_before_any_script_runs(ana):
    ana.page.goto("/login")
    ana.page.get_by_role("button", name="Escuro").click()
    ana.page.wait_for_load_state()
    assert 'data-bs-theme="dark"' in ana.page.request.get("/login").text()
    assert ana.page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


@looks(java_script_enabled=False)
def test_without_javascript_everything_can_be_done(ana):
    account = signs_in(ana)
    page = ana.page
    page.goto(f"{account}/connect")
    page.get_by_role("link", name="Ver o evento").click()
    assert page.url.endswith("/events")
    page.get_by_label("Situação").select_option("set_aside")
    page.get_by_role("button", name="Filtrar").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("table a").click()
    expect(page.get_by_text("não traz código da transação")).to_be_visible()
    page.goto(f"{account}/settings")
    page.get_by_label("Para que serve?").fill("sem script")
    page.get_by_role("button", name="Criar token").click()
    expect(page.locator("#made-token")).to_contain_text("marco_")
    page.goto(f"{account}/settings")
    row = page.locator("#api li", has_text="sem script")
    row.locator("summary").click()
    row.get_by_role("button", name="Revogar").click()
    expect(page.get_by_text("O token da API foi revogado.")).to_be_visible()
    page.locator(".person summary").click()
    page.get_by_role("button", name="Sair", exact=True).click()
    assert page.url.endswith("/login")


def test_the_keyboard_alone_reaches_the_content_and_closes_a_menu(ana):
    account = signs_in(ana)
    page = ana.page
    page.goto(f"{account}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Pular para o conteúdo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.locator(".person summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Seu perfil")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Seu perfil")).to_be_hidden()
    expect(page.locator(".person summary")).to_be_focused()


@looks(permissions=["clipboard-read", "clipboard-write"])
def test_the_webhook_address_is_copied_with_one_click(ana):
    account = signs_in(ana)
    ana.page.goto(f"{account}/connect")
    ana.page.get_by_role("button", name="Copiar").click()
    expect(ana.page.get_by_role("button", name="Copiado")).to_be_visible()
    assert ana.page.evaluate("navigator.clipboard.readText()") == ana.page.locator("#webhook-url").inner_text()


def test_the_page_of_the_api_works_under_the_same_strict_policy(ana):
    ana.page.goto("/api/docs")
    ana.page.locator(".opblock-summary").first.click()
    expect(ana.page.get_by_role("button", name="Try it out")).to_be_visible()


@looks(viewport={"width": 360, "height": 740})
def test_on_a_telephone_targets_are_large_enough_and_the_bar_is_at_the_bottom(ana):
    account = signs_in(ana)
    ana.page.goto(f"{account}/events")
    bar = ana.page.locator("nav.rail").bounding_box()
    assert bar is not None
    assert round(bar["y"] + bar["height"]) == 740
    ana.shoots("bar-360")
    few = ana.page.locator(".rail-few")
    cut = "bar => [...bar.querySelectorAll('.clip')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert few.evaluate(cut) == 0
    few.get_by_text("Mais").click()
    ana.shoots("bar-more-360")
    few.get_by_role("link", name="Ajustes").click()
    expect(ana.page).to_have_url(re.compile(r"/settings$"))
    ana.page.goto(f"{account}/events")
    small = ana.page.evaluate(
        """[...document.querySelectorAll('a, button, select, input:not([type=hidden]), summary')]
        .filter(one => one.checkVisibility() && !one.matches('.skip, .stretched, p a'))
        .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([_, box]) => box.width < 24 || box.height < 24).map(([html]) => html)"""
    )
    assert small == []
