"""Kommo connected, looked after and left by somebody at a telephone; its page and the alerts in every state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from service.app import create_app
from service.store import endpoints
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.browser.conftest import Person, Street
from tests.browser.test_wizard_looks import EMAIL, PASSWORD, living, somebody_of, violations
from tests.kommo.memory import Account
from tests.kommo.reached import reached
from tests.kommo.server import FakeKommo
from tests.living import House, payload

TOKEN = "token-of-the-tests-000"


@dataclass
class Desk:
    """A house, the Kommo it may be connected to, and Ana in front of it."""

    house: House
    fake: FakeKommo
    ana: Person
    path: str

    def opens(self, path: str = "/connections/kommo") -> None:
        """Open a page: it fits, it is accessible."""
        self.ana.page.goto(self.path + path)
        self.fits(path)

    def fits(self, what: str) -> None:
        assert not self.ana.overflows(), what
        assert violations(self.ana) == [], what

    def types(self, address: str, token: str) -> None:
        """Fill in the form and send it."""
        self.ana.page.locator("#address").fill(address)
        self.ana.page.locator("#token").fill(token)
        self.ana.page.get_by_role("button", name="Verificar e conectar").click()


@pytest.fixture(scope="module")
def house(street: Street) -> House:
    made = House(create_app(street.settings), street.shop)
    somebody_of(made)
    made.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    return made


@pytest.fixture
def desk(
    browser: Browser, street: Street, house: House, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    living(street)
    person = Person(browser, street.url, **request.param)
    with reached(street.settings.redis_url, monkeypatch, Account(token=TOKEN)) as fake:
        fake.account.fields["leads"].clear()
        person.page.goto("/login")
        person.page.locator("#email").fill(EMAIL)
        person.page.locator("#password").fill(PASSWORD)
        person.page.locator("main .btn-primary").click()
        person.page.wait_for_url("**/a/*/")
        yield Desk(house, fake, person, f"/a/{house.account.key}")
        person.context.close()
    assert person.complaints == []


PHONE = {"color_scheme": "light", "locale": "pt-BR", "viewport": {"width": 360, "height": 800}}
DESKTOP = {"color_scheme": "dark", "locale": "es-ES", "viewport": {"width": 1280, "height": 860}}


@pytest.mark.parametrize("desk", [PHONE], indirect=True, ids=["phone"])
def test_kommo_is_connected_refreshed_and_left_on_a_telephone(desk: Desk) -> None:
    page = desk.ana.page
    desk.opens("/connections")
    desk.ana.shoots("connections-none")
    page.get_by_role("link", name="Ver a Kommo").click()
    desk.fits("not connected")
    desk.ana.shoots("kommo-none")
    desk.types("cursoexemplo", "a-token-nobody-knows-1")
    expect(page.get_by_role("alert")).to_contain_text("A Kommo não aceita este token")
    expect(page.locator("#token")).to_have_value("")
    assert not desk.ana.overflows()
    desk.ana.shoots("kommo-refused")
    desk.types("https://cursoexemplo.kommo.com/leads/", TOKEN)
    expect(page.get_by_text("Conectado a Curso Exemplo.")).to_be_visible()
    expect(page.locator(".stages li")).to_have_text(["Entrada", "Boleto gerado", "Negociando", "Ganho", "Perdido"])
    desk.fits("connected")
    desk.ana.shoots("kommo-connected")
    page.get_by_role("button", name="Criar o campo na Kommo").click()
    expect(page.get_by_text("O campo foi criado.")).to_be_visible()
    desk.fake.account.add_pipeline("Renovações", 7700200, {61000030: "A vencer"})
    page.get_by_role("button", name="Verificar e ler de novo").click()
    expect(page.get_by_role("heading", name="Renovações")).to_be_visible()
    page.locator("details.sure summary").click()
    desk.ana.shoots("kommo-leaving")
    page.locator("details.sure form button").click()
    expect(page.get_by_text("Desconectado. O que está na Kommo fica como está")).to_be_visible()
    assert not desk.ana.overflows()


@pytest.mark.parametrize("desk", [DESKTOP], indirect=True, ids=["desktop"])
def test_alerts_and_every_state_of_the_connection_look_well(desk: Desk) -> None:
    account, page = desk.house, desk.ana.page
    page.goto(f"{desk.path}/connections/kommo")
    page.locator("#address").fill("cursoexemplo")
    page.locator("#token").fill(TOKEN)
    page.get_by_role("button", name="Comprobar y conectar").click()
    expect(page.get_by_text("Conectado a Curso Exemplo.")).to_be_visible()
    now = datetime.now(UTC)
    with transaction(account.shop.engine) as tx:
        endpoints.create(
            tx, account.account.id, "https://hooks.example.com/in", "whsec_x", vault_of(account.shop.settings)
        )
    account.rows_changed(
        "UPDATE webhook_endpoints SET failing_since = :since, failures = 3 WHERE account_id = :account",
        since=now - timedelta(hours=5),
    )
    account.rows_changed(
        "UPDATE kommo_connections SET expires_at = :ends WHERE account_id = :account", ends=now + timedelta(days=6)
    )
    account.rows_changed("UPDATE crm_hooks SET state = 'kommo_unpaid', checked_at = now() WHERE account_id = :account")
    desk.opens("/")
    expect(page.locator(".alerts li")).to_have_count(3)
    desk.ana.shoots("alerts")
    desk.opens()
    desk.ana.shoots("kommo-ends")
    account.rows_changed(
        "UPDATE kommo_connections SET state = 'refused', cause = 'kommo_token_refused', expires_at = NULL"
        " WHERE account_id = :account"
    )
    desk.opens()
    desk.ana.shoots("kommo-stopped")
    desk.opens("/connections")
    desk.ana.shoots("connections")
