"""Every page of the import wizard in every state it can be in: accessible, and as wide as its window at most."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from service.app import create_app
from service.domain.roles import Role
from service.store import heartbeats, memberships, users
from service.store.engine import transaction
from service.web import passwords
from tests.browser.conftest import Person, Street
from tests.browser.test_shell import RULES
from tests.living import House

EMAIL, PASSWORD = "ana@example.com", "uma frase bem comprida"
MINE = "Transação;Status;Email;Comprador;Moeda;Valor da Venda;Data da Venda\n"
WRONG = (
    "HP1000000001;Aprovado;ana.lima@example.com;Ana Lima;BRL;497,00;02/07/2026\n"
    "HP1000000002;Aprovado;bruno@example.com;Bruno Reis;BRL;quatrocentos;03/07/2026\n"
    "HP1000000003;Completo;carla@example.com;Carla Dias;BRL;1.297,00;31/02/2026\n"
    "HP1000000004;Reembolsado;davi@example.com;Davi Melo;BRL;497,00;04/07/2026\n"
    "HP1000000005;Aprovado;elisa@example.com;Elisa Prado;USD;97,00;05/07/2026\n"
)
HAND = (
    "Curso,Contato do aluno,Valor,Situação,Quando\n"
    "Violão do zero,fabio@example.com,297,Aprovada,2026-04-01\n"
    "Violão do zero,gil@example.com,297,Combinado,2026-04-02\n"
)


def violations(person: Person) -> list[str]:
    found = Axe().run(person.page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@dataclass
class Stage:
    """A house with one import in every state; paths of pages by the name of what they show."""

    street: Street
    pages: dict[str, str]
    empty: str


def somebody_of(*houses: House) -> None:
    """Ana, who owns these accounts."""
    with transaction(houses[0].shop.engine) as tx:
        user = users.create(tx, EMAIL, "Ana Lima", passwords.hashed(PASSWORD))
        for house in houses:
            memberships.join(tx, house.account.id, user.id, Role.OWNER)
            tx.exec_driver_sql("UPDATE accounts SET name = 'Escola Exemplo' WHERE id = %s", (house.account.id,))


def living(street: Street) -> None:
    """As if workers ran."""
    with transaction(street.shop.engine) as tx:
        for lane in ("realtime", "bulk", "files", "deliver"):
            heartbeats.beat(tx, f"{lane}@here:1")


def long_file(rows: int) -> bytes:
    sold = (
        f"HP{number:010};Aprovado;p{number}@example.com;P {number};BRL;97,00;01/07/2026\n" for number in range(rows)
    )
    return (MINE + "".join(sold)).encode()


@pytest.fixture(scope="module")
def stage(street: Street) -> Stage:
    app = create_app(street.settings)
    house, other = House(app, street.shop), House(app, street.shop)
    somebody_of(house, other)
    path = f"/a/{house.account.key}/imports"
    pages = {"history": path, "upload": f"{path}/new"}

    def keeps(name: str, imported: Any, step: str) -> None:
        pages[name] = f"{path}/{imported['id']}/{step}"

    waiting = MINE + "HP1000000001;Aguardando pagamento;ana.lima@example.com;Ana Lima;BRL;397,00;02/07/2026\n"
    house.imports("junho.csv", waiting.encode(), exported_at="2026-07-02T12:00:00Z")
    done = house.imports("vendas_2026.csv", (MINE + WRONG).encode(), exported_at="2026-08-01T12:00:00Z")
    keeps("results", done, "results")
    undone = house.imports("sales-es.csv")
    house.undoes(undone["id"])
    keeps("undone", undone, "results")
    keeps("failed", house.uploads("subscriptions-pt.csv"), "preview")
    keeps("preview", house.uploads("sales-pt.csv"), "preview")
    keeps("by-hand", house.uploads("alunos.csv", HAND.encode()), "preview")
    keeps("questions", house.uploads("sales-en-minimal.csv"), "confirm")
    tried = house.uploads("julho.csv", (MINE + WRONG.replace("497,00", "547,00", 1)).encode())
    house.confirms(tried["id"], dry_run=True, exported_at="2026-08-02T12:00:00Z")
    keeps("tried", tried, "confirm")
    stopped = house.uploads("historico.csv", long_file(900))
    house.confirm_answer(stopped["id"])
    house.files()
    house.pour_once()
    keeps("processing", stopped, "processing")
    trying = house.uploads("sales-pt.xlsx")
    house.confirm_answer(trying["id"], dry_run=True)
    keeps("trying", trying, "confirm")
    keeps("checking", house.upload_answer("sales-pt-legacy.csv").get_json(), "preview")
    house.rows("UPDATE imports SET created_by = 'Ana Lima' WHERE account_id = :account RETURNING 1")
    return Stage(street, pages, f"/a/{other.account.key}/imports")


@pytest.fixture
def ana(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Person]:
    person = Person(browser, stage.street.url, **request.param)
    person.page.goto("/login")
    person.page.locator("#email").fill(EMAIL)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("main .btn-primary").click()
    person.page.wait_for_url("**/a/*/")
    yield person
    person.context.close()
    assert person.complaints == []


LOOKS = (
    ("light", "pt-BR", 360),
    ("dark", "es-ES", 1280),
    ("light", "pt-BR", 1280),
    ("dark", "pt-BR", 360),
    ("light", "en-US", 1280),
)
PICTURES = os.environ.get("DOCS_PICTURES")
"""The folder of the pictures in the docs, to draw them anew; none are drawn without it."""
DRAWN = {"light-pt-BR-1280": "pt-BR", "light-en-US-1280": "en"}
DRAWN_STATES = {
    "history": "",
    "upload": "",
    "preview": "",
    "by-hand": "#columns",
    "tried": "#tried",
    "processing": "",
    "results": "",
}
"""What is drawn, and which part of its page."""
CHECKED = 2
"""In so many of the looks axe looks too: each theme once, each width once."""


@pytest.mark.parametrize(
    "ana",
    [
        {"color_scheme": scheme, "locale": locale, "viewport": {"width": width, "height": 800}}
        for scheme, locale, width in LOOKS
    ],
    ids=["-".join(map(str, look)) for look in LOOKS],
    indirect=True,
)
def test_every_step_in_every_state_is_accessible_and_fits_its_window(ana, stage, request):
    look = request.node.callspec.id
    is_checked = look in ["-".join(map(str, one)) for one in LOOKS[:CHECKED]]
    for name, path in {"empty": stage.empty, **stage.pages}.items():
        living(stage.street)
        ana.page.goto(path)
        assert ana.page.url.endswith(path), name
        assert not ana.overflows(), name
        if is_checked:
            assert violations(ana) == [], name
        ana.shoots(f"{name}-{look}")
        if PICTURES and look in DRAWN and name in DRAWN_STATES:
            file, part = Path(PICTURES) / f"wizard-{name}.{DRAWN[look]}.png", DRAWN_STATES[name]
            (ana.page.locator(part) if part else ana.page).screenshot(path=file)
