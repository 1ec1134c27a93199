"""People who import files in a real browser, from the file to the undo, with workers that work beside them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from service.app import create_app
from service.domain.roles import Role
from service.store import heartbeats, memberships, users
from service.store.engine import transaction
from service.web import passwords
from tests.browser.conftest import Person, Street
from tests.living import EXPORTS, House
from workers import pouring, uploads

EMAIL, PASSWORD = "ana@example.com", "uma frase bem comprida"
MINE = "Transação;Status;Email;Moeda;Valor da Venda\n"


class Workers:
    """Both lanes of imports at work in a thread, as long as the block lasts."""

    def __init__(self, street: Street) -> None:
        self.shop, self.stopping = street.shop, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        while not self.stopping.wait(0.05):
            with transaction(self.shop.engine) as tx:
                for lane in ("realtime", "bulk", "files", "deliver"):
                    heartbeats.beat(tx, f"{lane}@here:1")
            uploads.step(self.shop)
            pouring.step(self.shop)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join()


@pytest.fixture(scope="module")
def app(street: Street) -> Flask:
    return create_app(street.settings)


class Importer(Person):
    """Somebody with an account of their own who is signed in."""

    def __init__(self, browser: Browser, street: Street, house: House, **more: Any) -> None:
        super().__init__(browser, street.url, **more)
        self.house, self.street = house, street
        email = f"{house.account.key}@example.com"
        with transaction(street.shop.engine) as tx:
            user = users.create(tx, email, "Ana Lima", passwords.hashed(PASSWORD))
            memberships.join(tx, house.account.id, user.id, Role.OWNER)
        self.page.goto("/login")
        self.page.locator("#email").fill(email)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("main .btn-primary").click()
        self.page.wait_for_url("**/a/*/")
        self.path = f"/a/{house.account.key}/imports"

    def chooses(self, name: str, content: str | None = None) -> None:
        """Choose a file; with scripts the upload begins at once."""
        chosen: Any = EXPORTS / name
        if content is not None:
            chosen = {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
        self.page.goto(f"{self.path}/new")
        self.page.locator("#file").set_input_files(chosen)

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=20_000)


@pytest.fixture
def ana(browser: Browser, street: Street, app: Flask, request: pytest.FixtureRequest) -> Iterator[Importer]:
    person = Importer(browser, street, House(app, street.shop), **getattr(request, "param", {}))
    yield person
    person.context.close()
    assert person.complaints == []


def looks(**more: Any) -> Any:
    return pytest.mark.parametrize("ana", [more], indirect=True)


def test_all_five_steps_and_the_undo_without_one_reload_by_hand(ana, street):
    with Workers(street):
        ana.chooses("sales-pt.csv")
        ana.sees("O Marco conhece todas as colunas deste arquivo.")
        assert ana.page.url.endswith("/preview")
        ana.presses("Continuar")
        ana.presses("Mostrar o que mudaria")
        ana.sees("O que a importação vai fazer")
        tried = ana.page.locator("#sum").inner_text()
        ana.presses("Importar 20 linhas")
        ana.sees("A importação terminou")
        assert ana.page.url.endswith("/results")
        assert ana.page.locator("#sum").inner_text() == tried
        ana.page.get_by_text("Desfazer esta importação").first.click()
        ana.page.locator(".sheet").get_by_role("button", name="Desfazer esta importação").click()
        ana.sees("A importação foi desfeita")
    ana.page.get_by_role("link", name="Todas as importações").click()
    expect(ana.page.locator("tbody tr")).to_have_count(1)
    expect(ana.page.locator("tbody tr")).to_contain_text("Ana Lima")
    assert ana.house.get("/purchases") == []


@looks(locale="es-ES", viewport={"width": 360, "height": 740}, color_scheme="dark")
def test_a_workbook_on_a_telephone_in_spanish_and_dark(ana, street):
    with Workers(street):
        ana.chooses("sales-pt.xlsx")
        ana.sees("Marco conoce todas las columnas de este archivo.")
        assert not ana.overflows()
        ana.presses("Continuar")
        ana.presses("Importar 9 filas")
        ana.sees("La importación terminó")
    assert not ana.overflows()
    assert len(ana.house.get("/purchases")) == 9


@looks(locale="en-US")
def test_a_web_page_called_xls_in_english(ana, street):
    with Workers(street):
        ana.chooses("sales-pt-legacy-html.xls")
        ana.sees("Hotmart sales report (older model)")
        ana.sees("Web page saved as a spreadsheet (HTML)")
        ana.presses("Continue")
        ana.presses("Show me what would change")
        ana.sees("What the import will do")
        ana.presses("Import 6 rows")
        ana.sees("The import is done")
    assert len(ana.house.get("/purchases")) == 6


def test_a_list_of_ones_own_is_mapped_by_hand_corrected_and_uploaded_again(ana, street, tmp_path):
    with Workers(street):
        ana.chooses(
            "alunos.csv", "Coisa;Contato;Quanto;Status\nCurso;ana@example.com;10,00;Pago já\nCurso;;12,00;Pago já\n"
        )
        ana.sees("Colunas que não são mapeadas ficam guardadas")
        for header, field in (
            ("Coisa", "product_name"),
            ("Contato", "email"),
            ("Quanto", "paid"),
            ("Status", "status"),
        ):
            ana.page.get_by_role("combobox", name=header, exact=True).select_option(field)
        ana.presses("Continuar")
        ana.presses("Mostrar o que mudaria")
        ana.sees("Isto precisa de uma resposta.")
        ana.page.get_by_label("O que significa o status “Pago já”?").select_option("approved")
        ana.page.get_by_label("Em que moeda estão os valores").select_option("BRL")
        ana.presses("Importar 2 linhas")
        ana.sees("A importação terminou")
        row = ana.page.locator(".failures tbody tr")
        expect(row).to_have_count(1)
        expect(row.locator("th")).to_contain_text("3")
        with ana.page.expect_download() as download:
            ana.page.get_by_role("link", name="Baixar estas linhas").click()
        problems = Path(download.value.path()).read_text("utf-8-sig")
        ana.chooses("corrigido.csv", problems.replace("Curso;;", "Curso;bia@example.com;"))
        ana.sees("mapeadas como você fez da última vez")
        ana.presses("Continuar")
        ana.page.get_by_label("O que significa o status “Pago já”?").select_option("approved")
        ana.page.get_by_label("Em que moeda estão os valores").select_option("BRL")
        ana.presses("Importar 1 linha")
        ana.sees("A importação terminou")
    assert {client["email"] for client in ana.house.get("/clients")} == {"ana@example.com", "bia@example.com"}


def begun(ana: Importer) -> None:
    """A long import of which one chunk is poured, and nobody works on."""
    ana.house.rows("DELETE FROM heartbeats WHERE :account > 0 RETURNING 1")
    rows = "".join(f"HP{number};Aprovado;p{number}@example.com;BRL;10,00\n" for number in range(900))
    ana.chooses("long.csv", MINE + rows)
    ana.page.wait_for_url("**/preview")
    ana.house.files()
    ana.sees("900 linhas")
    ana.presses("Continuar")
    ana.presses("Importar 900 linhas")
    ana.page.wait_for_url("**/processing")
    ana.house.files()
    ana.house.pour_once()


def test_progress_moves_by_itself_and_a_canceled_import_says_what_was_done(ana):
    begun(ana)
    ana.sees("Bloco 2 de 3")
    expect(ana.page.locator("progress")).to_have_attribute("value", "300")
    ana.sees("nenhum worker está rodando")
    ana.house.pour_once()
    expect(ana.page.locator("progress")).to_have_attribute("value", "600")
    expect(ana.page.locator("[data-said]")).to_contain_text("%")
    ana.page.get_by_text("Cancelar a importação").first.click()
    ana.page.locator(".sheet").get_by_role("button", name="Cancelar a importação").click()
    ana.sees("Parando depois das linhas atuais")
    ana.house.pours()
    ana.sees("A importação foi interrompida")
    expect(ana.page.locator("#sum")).to_contain_text("300 não trabalhadas")


def test_a_page_left_behind_leads_on_when_it_is_found_again(ana):
    begun(ana)
    place = ana.page.url
    ana.page.goto("/profile")
    ana.house.pours()
    ana.page.goto(place)
    ana.sees("A importação terminou")
    ana.page.go_back()
    assert ana.page.url.endswith("/profile")


@looks(java_script_enabled=False)
def test_without_javascript_every_step_can_be_done(ana):
    ana.chooses("sales-pt-legacy.xls")
    ana.presses("Enviar e ver")
    assert ana.page.url.endswith("/preview")
    ana.house.files()
    ana.page.reload()
    ana.presses("Continuar")
    ana.presses("Mostrar o que mudaria")
    ana.house.files()
    ana.page.reload()
    ana.sees("O que a importação vai fazer")
    ana.presses("Importar")
    ana.house.files()
    ana.house.pours()
    ana.page.wait_for_url("**/results", timeout=10_000)  # the page looks by itself
    ana.page.locator("summary", has_text="Desfazer esta importação").click()
    ana.page.locator(".sheet").get_by_role("button", name="Desfazer esta importação").click()
    ana.house.pours()
    ana.page.reload()
    ana.sees("A importação foi desfeita")


def test_a_file_is_dropped_and_one_that_is_too_large_never_leaves_the_browser(ana, street):
    ana.page.goto(f"{ana.path}/new")
    drop = """([name, size]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([new Uint8Array(size)], name));
        document.querySelector(".drop").dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true}));
    }"""
    asked: list[str] = []
    ana.page.on("request", lambda request: asked.append(request.method))
    ana.page.evaluate(drop, ["large.csv", 10 * 2**20 + 1])
    ana.sees("Este arquivo é maior que 10 MB.")
    ana.page.evaluate(drop, ["empty.csv", 0])
    ana.sees("Este arquivo está vazio.")
    assert "POST" not in asked
    with Workers(street):
        ana.page.evaluate(drop, ["picture.png", 5000])
        ana.sees("Não foi possível ler este arquivo")


def test_a_connection_that_breaks_says_so_and_keeps_nothing(ana):
    ana.page.goto(f"{ana.path}/new")
    ana.page.route("**/imports/new", lambda route: route.abort("connectionreset"))
    ana.page.locator("#file").set_input_files(EXPORTS / "sales-pt.csv")
    ana.sees("A conexão caiu antes de o arquivo chegar.")
    expect(ana.page.locator(".drop")).to_be_visible()
    assert ana.house.get("/imports") == []
    ana.complaints.clear()  # the browser tells the broken connection too


def test_the_limit_of_the_free_plan_is_told_before_the_upload(ana, street):
    ana.house.rows("UPDATE accounts SET plan = 'free' WHERE id = :account RETURNING 1")
    for _ in range(3):
        ana.house.imports("sales-en.csv")
    ana.page.goto(f"{ana.path}/new")
    ana.sees("Seu plano permite 3 importações por mês, e todas já foram usadas.")
    ana.shoots("limit")
    with Workers(street):
        ana.chooses("sales-es.csv")
        ana.presses("Continuar")
        ana.presses("Mostrar o que mudaria")
        ana.sees("O que a importação vai fazer")
    expect(ana.page.get_by_role("button", name="Importar 12 linhas").first).to_be_disabled()
