"""A client's profile and journey in a real browser: every look, two people at the notes, filters, no JavaScript."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from service.domain.ledger import client_id
from service.domain.roles import Role
from service.samples import an_event
from service.samples.cast import COURSE
from service.samples.stories import (
    boleto_expired,
    bought_abroad,
    cart_recovered,
    charged_back,
    left_the_club,
    paid_by_pix,
    refunded,
    renewed,
    shipped,
)
from service.store import accounts, memberships, users
from service.store.engine import transaction
from service.web import passwords
from tests.browser.conftest import Person, Street
from tests.browser.test_shell import HOTTOK, posts, violations

PASSWORD = "uma frase bem comprida"
PEOPLE = {"Ana Lima": Role.OWNER, "Bia Rocha": Role.OPERATOR, "Rui Prado": Role.READER}
ANA, BIA, RUI = "ana@example.com", "bia@example.com", "rui@example.com"
BUYER = "carla.exemplo@example.com"
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STORIES = (paid_by_pix, renewed, left_the_club, refunded, charged_back, shipped, cart_recovered, boleto_expired)


class Place(NamedTuple):
    """A house with one busy client, and where its pages are."""

    street: Street
    profile: str


def happened() -> list[dict[str, Any]]:
    """Everything that can happen to one buyer, in two currencies, and three refused cards at the end."""
    told = []
    for number, story in enumerate(STORIES):
        for event in story(BUYER, START + timedelta(days=9 * number)):
            purchase = event["data"].get("purchase", {})
            if "transaction" in purchase:  # every story of one buyer would have the same codes
                purchase["transaction"] += str(number)
            told.append(event)
    told += bought_abroad(BUYER, START + timedelta(days=80))
    for minutes, refusal in ((0, "Cartão vencido"), (12, "UNKNOWN"), (20, "Saldo insuficiente")):
        at = START + timedelta(days=120, minutes=minutes)
        card: Any = {"ordered_at": at, "transaction": f"HP77{minutes:03d}", "refusal": refusal}
        told.append(an_event("PURCHASE_CANCELED", email=BUYER, product=COURSE, at=at, **card))
    return told


@pytest.fixture(scope="module")
def place(street: Street) -> Place:
    with transaction(street.shop.engine) as tx:
        account = accounts.create(tx, "Escola Exemplo", "America/Sao_Paulo", "producer")
        accounts.add_hottok(tx, account.id, HOTTOK)
        hashed = passwords.hashed(PASSWORD)
        for (name, role), email in zip(PEOPLE.items(), (ANA, BIA, RUI), strict=True):
            memberships.join(tx, account.id, users.create(tx, email, name, hashed).id, role)
    for event in happened():
        posts(f"{street.url}/webhooks/hotmart/{account.key}", json.dumps(event).encode())
    street.work()
    return Place(street, f"/a/{account.key}/clients/{client_id(account.salt, BUYER)}")


Entering = Callable[..., Person]


@pytest.fixture
def enter(browser: Browser, place: Place) -> Iterator[Entering]:
    """Sign people in, each with a browser of their own; nothing may be wrong in a console at the end."""
    came: list[Person] = []

    def enters(email: str, **look: Any) -> Person:
        person = Person(browser, place.street.url, **look)
        came.append(person)
        person.page.goto("/login")
        person.page.locator("#email").fill(email)
        person.page.locator("#password").fill(PASSWORD)
        person.page.locator("main .btn-primary").click()
        person.page.wait_for_url("**/a/*/")
        return person

    yield enters
    for person in came:
        person.context.close()
    assert [complaint for person in came for complaint in person.complaints] == []


LOOKS = (("light", "pt-BR", 360), ("dark", "es-ES", 1280), ("dark", "en-US", 360))


@pytest.mark.parametrize(("scheme", "locale", "width"), LOOKS)
def test_every_page_of_a_client_is_accessible_and_fits_its_window(enter, place, scheme, locale, width):
    person = enter(ANA, color_scheme=scheme, locale=locale, viewport={"width": width, "height": 800})
    for path in ("", "/journey", "/journey?kind=canceled", "/journey?q=zzz", "/purchases", "/purchases?category=lost"):
        person.page.goto(place.profile + path)
        for closed in person.page.locator("main details.attempts:not([open]) > summary").all():
            closed.click()
        assert not person.overflows(), path
        assert violations(person) == [], path
        person.shoots(f"client-{scheme}-{locale}-{width}{path.replace('/', '-').replace('?', '-')}")


def test_two_people_write_notes_and_neither_loses_a_word(enter, place):
    ana, bia = enter(ANA), enter(BIA)
    for person in (ana, bia):
        person.page.goto(place.profile)
    ana.page.get_by_label("Nova observação").fill("Prefere ser chamada de Cá.")
    ana.page.get_by_role("button", name="Guardar a observação").click()
    expect(ana.page.get_by_text("A observação foi guardada.")).to_be_visible()
    bia.page.get_by_label("Nova observação").fill("Ligar na sexta.\nDepois das 9h.")
    bia.page.get_by_role("button", name="Guardar a observação").click()
    notes = bia.page.locator(".note-body")
    expect(notes).to_have_text(["Ligar na sexta.\nDepois das 9h.", "Prefere ser chamada de Cá."])
    expect(bia.page.locator(".note-edit")).to_have_count(1)  # Bia may change what she wrote, Ana both

    ana.page.goto(place.profile)
    for person in (ana, bia):
        person.page.locator(".note-edit > summary").first.click()
    ana.page.get_by_label("Texto da observação").first.fill("Ligar na segunda.")
    ana.page.locator(".note-edit[open] .btn-primary").click()
    expect(ana.page.locator(".note-body").first).to_have_text("Ligar na segunda.")
    bia.page.get_by_label("Texto da observação").first.fill("Ligar no sábado.")
    bia.page.locator(".note-edit[open] .btn-primary").click()
    expect(bia.page.get_by_text("Alguém alterou esta observação")).to_be_visible()
    expect(bia.page.locator(".note-body").first).to_have_text("Ligar na segunda.")
    expect(bia.page.get_by_label("Texto da observação").first).to_have_value("Ligar no sábado.")
    assert violations(bia) == []
    bia.shoots("client-note-changed-meanwhile")
    bia.page.locator(".note-edit[open] .btn-primary").click()
    expect(bia.page.locator(".note-body").first).to_have_text("Ligar no sábado.")


def test_tags_are_put_on_taken_off_and_offered(enter, place):
    page = enter(ANA).page
    page.goto(place.profile)
    page.get_by_label("Adicionar etiquetas").fill("VIP, aluna 2026")
    page.get_by_role("button", name="Adicionar", exact=True).click()
    expect(page.locator(".label > span:not(.visually-hidden)")).to_have_text(["aluna 2026", "VIP"])
    assert page.locator("#known-tags option").count() == 2
    page.get_by_role("button", name="Tirar a etiqueta VIP").click()
    expect(page.locator(".label > span:not(.visually-hidden)")).to_have_text(["aluna 2026"])


def test_contact_is_copied_with_one_click(enter, place):
    page = enter(ANA, permissions=["clipboard-read", "clipboard-write"]).page
    page.goto(place.profile)
    page.get_by_role("button", name="Copiar CPF").click()
    expect(page.get_by_role("button", name="Copiado CPF")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#document").inner_text()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_journey_is_filtered_by_its_address_and_attempts_open_on_demand(enter, place, script):
    page = enter(RUI, java_script_enabled=script).page
    page.goto(place.profile)
    page.get_by_role("link", name="Jornada inteira").click()
    group = page.locator("details.attempts")
    hidden = group.get_by_text("“Cartão vencido”")
    expect(page.get_by_text("3 tentativas em 20 minutos, última recusa: saldo insuficiente")).to_be_visible()
    expect(hidden).to_be_hidden()
    group.locator("summary").click()
    expect(hidden).to_be_visible()
    page.get_by_label("Buscar").fill("saldo")
    page.get_by_label("Passo", exact=True).select_option("canceled")
    page.get_by_role("button", name="Filtrar").click()
    assert "q=saldo" in page.url
    assert "kind=canceled" in page.url
    expect(page.locator(".step")).to_have_count(1)
    page.get_by_role("link", name="Hotmart", exact=True).click()
    assert "/events/" in page.url
    page.go_back()
    expect(page.get_by_label("Buscar")).to_have_value("saldo")
    page.get_by_role("link", name="Limpar").click()
    assert page.locator(".step").count() > 20


def test_without_javascript_notes_and_tags_work_and_no_dead_button_is_shown(enter, place):
    page = enter(BIA, java_script_enabled=False).page
    page.goto(place.profile)
    expect(page.get_by_role("button", name="Copiar", exact=False)).to_have_count(0)
    page.get_by_label("Nova observação").fill("Sem script.")
    page.get_by_role("button", name="Guardar a observação").click()
    note = page.locator(".note", has_text="Sem script.")
    note.locator(".sure > summary").click()
    note.get_by_role("button", name="Excluir").click()
    expect(page.get_by_text("A observação foi excluída.")).to_be_visible()
    expect(note).to_have_count(0)
    page.get_by_label("Adicionar etiquetas").fill("sem script")
    page.get_by_role("button", name="Adicionar", exact=True).click()
    expect(page.locator(".label", has_text="sem script")).to_be_visible()


def test_on_a_telephone_everything_can_be_hit_with_a_thumb(enter, place):
    person = enter(ANA, viewport={"width": 360, "height": 740})
    for path in ("", "/journey", "/purchases"):
        person.page.goto(place.profile + path)
        small = person.page.evaluate(
            """[...document.querySelectorAll('main :is(a, button, select, summary, textarea, input)')]
            .filter(one => one.checkVisibility() && !one.matches('.stretched, p a'))
            .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([_, box]) => box.width < 24 || box.height < 24).map(([html]) => html)"""
        )
        assert small == [], path
