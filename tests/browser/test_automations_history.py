"""The history of automations in a real browser: one sale fails, somebody reads why, mends it, sends it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect
from redis import Redis

from service import kommo_desk
from service.connectors.limits import Pace
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.store import accounts, automations, connections, memberships, users
from service.store.accounts import Account
from service.store.automations import Draft
from service.store.connections import Opening
from service.store.engine import transaction
from service.store.vault import vault_of
from service.web import passwords
from tests.browser.conftest import Person, Street
from tests.browser.test_shell import HOTTOK, posts, violations
from tests.kommo.faults import Fault
from tests.kommo.server import FakeKommo
from tests.stories.automating import MAPPING, approved
from workers import deliver

PASSWORD = "uma frase bem comprida"
EMAIL = "ana@example.com"
EMPTY_NAME = {**MAPPING, "lead_name": "{{Cupom de desconto}}"}
DARK = {"color_scheme": "dark", "locale": "es-ES", "viewport": {"width": 1280, "height": 860}}
PHONE = {"color_scheme": "light", "viewport": {"width": 360, "height": 780}}


class Place(NamedTuple):
    """A house whose automation is connected to a Kommo."""

    street: Street
    account: Account
    automation: int
    kommo: FakeKommo

    @property
    def history(self) -> str:
        return f"/a/{self.account.key}/automations/history"

    def sells(self, *buyers: str) -> None:
        """A sale to each, worked off, delivered as far as it can be."""
        for number, email in enumerate(buyers):
            body = approved(number, f"HP{abs(hash(email)) % 10**10:010d}", email)
            posts(f"{self.street.url}/webhooks/hotmart/{self.account.key}", json.dumps(body).encode())
        self.street.work()
        self.delivers()

    def delivers(self) -> None:
        """A worker keeps every promise that is due."""
        while deliver.step(self.street.shop):
            pass

    def names_leads(self, template: str) -> None:
        """Somebody gives the automation another template for the names of leads."""
        with transaction(self.street.shop.engine) as tx:
            row = automations.find(tx, self.account.id, self.automation)
            mapping = {**row["mapping"], "lead_name": template}
            draft = Draft(**{name: row[name] for name in Draft._fields})._replace(mapping=mapping)
            automations.change(tx, self.account.id, row["id"], draft, row["version"], datetime.now(UTC))


@pytest.fixture
def place(street: Street, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(kommo_desk, "PACE", Pace(per_second=10_000))
    Redis.from_url(street.settings.redis_url).delete("marco:road:kommo")
    with FakeKommo().running() as fake:
        yield a_place(street, fake)


def a_place(street: Street, fake: FakeKommo) -> Place:
    """An account with somebody in it, a connection, and an automation whose leads would have no name."""
    now = datetime.now(UTC)
    with transaction(street.shop.engine) as tx:
        account = accounts.create(tx, "Escola Exemplo", "America/Sao_Paulo", "producer")
        accounts.add_hottok(tx, account.id, HOTTOK)
        memberships.join(tx, account.id, users.create(tx, EMAIL, "Ana", passwords.hashed(PASSWORD)).id, Role.OPERATOR)
        opening = Opening(fake.origin, fake.account.token, None, fake.account.id)
        connections.connect(tx, account.id, opening, vault_of(street.shop.settings), now)
        draft = Draft("Vendas no funil", Trigger.SALE_APPROVED, {}, "kommo", EMPTY_NAME, "always_new")
        made = automations.create(tx, account.id, draft, now)
        automations.switch(tx, account.id, made, "on", now)
    return Place(street, account, made, fake)


def enters(browser: Browser, place: Place, **look: object) -> Person:
    person = Person(browser, place.street.url, **look)
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    return person


def looks_well(person: Person, name: str) -> None:
    for closed in person.page.locator("main details.exchange:not([open]) > summary").all()[:3]:
        closed.click()
    assert not person.overflows(), name
    assert violations(person) == [], name
    person.shoots(f"history-{name}")


def test_a_sale_that_failed_is_understood_mended_and_sent_again(browser: Browser, place: Place) -> None:
    place.sells("carla.exemplo@example.com", "davi.exemplo@example.com", "elis.exemplo@example.com")
    ana = enters(browser, place, **PHONE)
    page = ana.page
    page.goto(place.history)
    expect(page.locator(".state-tabs .tab-given_up")).to_have_text(re.compile(r"Precisa de você\s+3"))
    expect(page.locator(".why").first).to_contain_text("O modelo do nome do lead não dá nada para este evento.")
    looks_well(ana, "given-up-360")
    page.get_by_role("link", name="Venda aprovada").first.click()
    expect(page.get_by_text("Use no nome um campo que sempre vem preenchido e envie de novo.")).to_be_visible()
    ana.shoots("history-one-given-up-360")

    place.names_leads("{{Produto: Nome}}")
    page.get_by_role("main").get_by_role("button", name="Enviar de novo").click()
    expect(page.get_by_text("Vai ser enviado de novo.")).to_be_visible()
    place.delivers()
    page.reload()
    expect(page.locator(".page-head .pill")).to_have_text("Pronto")
    expect(page.get_by_text("Ninguém na Kommo corresponde exatamente, então é criado um contato novo.")).to_be_visible()
    expect(page.locator(".before-after")).to_contain_text("Lead: Nome")
    looks_well(ana, "one-done-360")

    page.goto(f"{place.history}?state=given_up")
    page.locator(".promises input[type=checkbox]").first.check()
    page.get_by_role("button", name="Enviar os marcados de novo").click()
    expect(page.get_by_role("heading", name="1 vai ser enviado de novo")).to_be_visible()
    page.get_by_role("link", name="Agora não").click()
    page.get_by_role("button", name="Enviar todos estes de novo (2)").click()
    expect(page.get_by_role("heading", name="2 vão ser enviados de novo")).to_be_visible()
    looks_well(ana, "sure-360")
    page.get_by_role("button", name="Enviar 2 de novo").click()
    place.kommo.faults.plan(Fault(500, "GET", "leads", times=1))
    place.delivers()
    page.goto(place.history)
    expect(page.locator(".state-tabs .tab-done b")).to_have_text("2")
    assert len([lead for lead in place.kommo.account.all("leads") if not lead["is_deleted"]]) == 2

    at_night = enters(browser, place, **DARK)
    at_night.page.goto(f"{place.history}?trigger=sale_approved")
    looks_well(at_night, "list-dark")
    at_night.page.locator(".promises a").first.click()
    looks_well(at_night, "one-dark")
    at_night.page.goto(f"{place.history}/resend?which=all&state=failed")
    at_night.shoots("history-sure-dark")
    for person in (ana, at_night):
        person.context.close()
        assert person.complaints == []
