"""The import wizard, step by step, without a browser: what each page says, and where it leads."""

from __future__ import annotations

import io
import re

import pytest

from service.domain.roles import Role
from service.store import imports
from service.store.engine import transaction
from service.store.imports import Ref
from tests.living import EXPORTS, House, payload
from tests.web.importers import MINE, WRONG, Importer, number_of, plain, sum_on
from tests.web.visitors import Visitor

SALES = sorted(path.name for path in EXPORTS.glob("sales*"))


@pytest.fixture
def ana(house: House) -> Importer:
    return Importer(house)


def test_all_five_steps_with_a_file_of_hotmart(ana):
    path = ana.uploads("sales-pt.csv")
    preview = ana.reads(f"{path}/preview")
    assert "Relatório de vendas da Hotmart (modelo detalhado)" in preview
    assert "O Marco conhece todas as colunas deste arquivo." in preview
    assert ana.maps(path).location == f"{path}/confirm"
    tried = ana.tries(path)
    results = ana.runs(path)
    assert sum_on(tried) == sum_on(results) == (
        "19 criadas + 0 atualizadas + 1 sem mudança + 0 puladas + 0 recusadas = 20 linhas no arquivo"
    )  # fmt: skip
    assert "A importação terminou" in results
    assert ana.lands(path) == f"/{number_of(path)}/results"
    listed = ana.reads(ana.path)
    assert all(word in listed for word in ("sales-pt.csv", "Concluída", "Ana Lima"))


@pytest.mark.parametrize("name", SALES)
def test_the_numbers_that_were_tried_are_those_of_the_run(ana, name):
    ana.house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    path = ana.uploads(name)
    answers = {"answer:defaults.currency": "BRL"} if "defaults.currency" in ana.visitor.reads(f"{path}/confirm") else {}
    tried, results = ana.tries(path, **answers), ana.runs(path, **answers)
    assert sum_on(tried) == sum_on(results)
    revenue = re.compile(r"Moeda Ativo .*? Bruto, antes")
    assert revenue.findall(tried) == revenue.findall(results) != []


def test_a_file_is_looked_into_before_anything_else_and_the_page_waits_for_it(ana):
    answer = ana.visitor.posts(f"{ana.path}/new", file=(io.BytesIO(MINE.encode()), "mine.csv"))
    page = ana.visitor.reads(f"{answer.location}/preview")
    assert f'data-poll="{answer.location}/progress"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "data-next" not in ana.visitor.reads(f"{answer.location}/progress")
    ana.house.files()
    assert f'data-next="{answer.location}"' in ana.visitor.reads(f"{answer.location}/progress")


def test_the_present_step_is_marked_and_those_that_can_be_gone_back_to_are_links(ana):
    path = ana.uploads("sales-pt.csv")
    page = ana.visitor.reads(f"{path}/confirm")
    assert page.count('aria-current="step"') == 1
    assert f'href="{path}/preview"' in page
    assert f'href="{path}/results"' not in page


def test_steps_out_of_order_lead_to_the_right_one(ana):
    path = ana.uploads("sales-pt.csv")
    number = number_of(path)
    assert ana.lands(path) == ana.lands(f"{path}/processing") == ana.lands(f"{path}/results") == f"/{number}/preview"
    ana.begins(path, "run")
    for step in ("preview", "confirm", "results"):
        assert ana.lands(f"{path}/{step}") == f"/{number}/processing"
    ana.house.files()
    ana.house.pours()
    for step in ("preview", "confirm", "processing"):
        assert ana.lands(f"{path}/{step}") == f"/{number}/results"


def test_what_was_chosen_survives_another_browser(ana):
    path = ana.uploads("sales-en-minimal.csv")
    ana.maps(path, c1="offer_name")
    other = Importer(ana.house)
    assert ana.lands(path) == other.lands(path) == f"/{number_of(path)}/confirm"
    page = other.visitor.reads(f"{path}/preview")
    assert re.search(r'name="column-1"[^>]*>.*?<option value="offer_name" selected>', page, re.DOTALL)


def test_questions_are_asked_once_and_an_answer_can_be_changed(ana):
    content = MINE + "HP1;Talvez;ana@example.com;BRL;1,00\n"
    path = ana.uploads("mine.csv", content.encode())
    assert "O que significa o status “Talvez”?" in ana.reads(f"{path}/confirm")
    refused = ana.begins(path, "run", existing="skip")
    assert refused.status_code == 422
    assert "Isto precisa de uma resposta." in plain(refused.get_data(as_text=True))
    assert re.search(r'value="skip" checked', ana.visitor.reads(f"{path}/confirm")), "what was chosen stays"
    assert "O que a importação vai fazer" in ana.tries(path, **{"answer:words.Talvez": "canceled"})
    page = ana.visitor.reads(f"{path}/confirm")
    assert '<option value="canceled" selected>' in page
    ana.runs(path, **{"answer:words.Talvez": "approved"})
    assert ana.house.purchase("HP1")["status"] == "approved"


def test_an_unknown_currency_is_an_answer(ana):
    path = ana.uploads("sales-en-minimal.csv")
    results = ana.runs(path, **{"answer:defaults.currency": "unknown"})
    assert "Nenhuma linha deste arquivo tem valor com moeda conhecida." in results
    assert {row["gross"]["currency"] for row in ana.house.get("/purchases")} == {None}


def test_what_a_dry_run_said_is_forgotten_when_something_else_is_chosen(ana):
    path = ana.uploads("sales-pt.csv")
    assert "O que a importação vai fazer" in ana.tries(path, existing="update")
    assert "O que a importação vai fazer" in ana.reads(f"{path}/confirm")
    ana.maps(path, c31="")
    assert "O que a importação vai fazer" not in ana.reads(f"{path}/confirm")


def test_a_dry_run_shows_before_and_after_and_the_reason_of_every_failure(ana):
    first = MINE + "HP1;Aguardando pagamento;ana@example.com;BRL;10,00\n"
    ana.runs(ana.uploads("a.csv", first.encode()), exported_at="2026-08-01T00:00:00")
    then = first.replace("Aguardando pagamento", "Aprovado").replace("10,00", "12,50")
    path = ana.uploads("b.csv", (then + "HP2;Aprovado;bia@example.com;BRL;muito\n").encode())
    words = ana.tries(path, exported_at="2026-08-02T00:00:00")
    assert "HP1 ana@example.com" in words
    assert "Aguardando pagamento → passa a ser Aprovada" in words
    assert "R$ 10,00 → passa a ser R$ 12,50" in words.replace("\xa0", " ")
    assert "Linha 3 Valor da Venda muito Isto não é um número." in words
    assert ana.house.purchase("HP1")["status"] == "waiting_payment", "nothing was written"


def test_the_export_time_is_shown_with_its_source_and_can_be_stated(ana):
    path = ana.uploads("sales_history_20260820101500_ab12.csv", (EXPORTS / "sales-pt.csv").read_bytes())
    words = ana.reads(f"{path}/confirm")
    assert 'value="2026-08-20T10:15:00"' in ana.visitor.reads(f"{path}/confirm")
    assert "Pelo nome do arquivo" in words
    found = {"exported_at": "2026-08-20T10:15:00", "exported_found": "2026-08-20T10:15:00"}
    ana.begins(path, "try", **found, timezone="America/Manaus")
    ana.house.files()
    assert "Pelo nome do arquivo" in ana.reads(f"{path}/confirm"), "left as found, it stays found"
    assert ana.house.get(f"/imports/{number_of(path)}")["exported_at"]["value"] == "2026-08-20T14:15:00Z"
    ana.begins(path, "try", exported_at="2026-08-21T08:00:00", timezone="America/Sao_Paulo")
    told = ana.house.get(f"/imports/{number_of(path)}")["exported_at"]
    assert (told["value"], told["from"]) == ("2026-08-21T11:00:00Z", "stated")


def test_nonsense_in_the_form_is_refused_in_words(ana):
    path = ana.uploads("sales-pt.csv")
    for wrong in ({"timezone": "Mars/Olympus"}, {"existing": "erase"}, {"exported_at": "yesterday"}):
        assert ana.begins(path, "run", **wrong).status_code == 422
    assert ana.lands(path) == f"/{number_of(path)}/preview", "nothing of it was kept"


def test_two_people_who_confirm_at_once_run_it_once(ana):
    bia, path = Importer(ana.house), ana.uploads("sales-pt.csv")
    seen = ana.seen(path)
    ana.visitor.posts(f"{path}/confirm", do="run", seen=seen)
    second = bia.visitor.posts(f"{path}/confirm", do="run", seen=seen)
    assert second.location == f"{path}/processing"
    assert "Outra pessoa já começou esta importação." in bia.reads(f"{path}/processing")
    ana.house.files()
    ana.house.pours()
    assert ana.house.rows("SELECT count(*) FROM import_starts WHERE account_id = :account")[0][0] == 1


def test_who_confirms_what_somebody_else_has_changed_meanwhile_is_told(ana):
    bia, path = Importer(ana.house), ana.uploads("sales-pt.csv")
    seen = ana.seen(path)
    bia.maps(path, c31="")
    answer = ana.visitor.posts(f"{path}/confirm", do="run", seen=seen)
    assert answer.location == f"{path}/confirm"
    assert "Alguém mudou como este arquivo é importado" in ana.reads(f"{path}/confirm")


def test_another_accounts_import_is_not_there(ana, another_house):
    path = ana.uploads("sales-pt.csv")
    stranger = Importer(another_house)
    for step in ("", "/preview", "/confirm", "/processing", "/results", "/progress", "/problems.csv"):
        assert stranger.visitor.get(f"{stranger.path}/{number_of(path)}{step}").status_code == 404


def test_a_reader_looks_at_everything_and_finds_no_button(ana):
    path = ana.uploads("mine.csv", WRONG.encode())
    rui = Importer(ana.house, Role.READER)
    for step in ("preview", "confirm"):
        page = rui.visitor.reads(f"{path}/{step}")
        assert not re.findall(rf'action="{rui.path}[^"]*/(?:cancel|undo|retry)"', page)
        assert '<button class="btn btn-primary"' not in page
    ana.runs(path)
    page = rui.visitor.reads(f"{path}/results")
    assert "/undo" not in page
    assert "Você pode ver tudo nesta conta" in rui.reads(f"{rui.path}/new")
    assert rui.visitor.posts(f"{rui.path}/new", file=(io.BytesIO(b"x"), "x.csv")).status_code == 403


def test_the_summary_of_an_import_is_that_of_its_account_only(ana, another_house):
    path = ana.uploads("sales-pt.csv")
    with transaction(ana.house.shop.engine) as tx:
        assert imports.summary(tx, Ref(ana.house.account.id, number_of(path)))["rows"] == 20
        assert imports.summary(tx, Ref(another_house.account.id, number_of(path))) is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_step_speaks_every_language(ana, language):
    ana.visitor.posts("/language", language=language)
    path = ana.uploads("mine.csv", WRONG.encode())
    told = {
        "en": ("What is in the file", "This is not a number."),
        "es": ("Qué hay en el archivo", "Esto no es un número."),
    }
    assert told[language][0] in ana.reads(f"{path}/preview")
    assert told[language][1] in ana.runs(path)


def test_a_visitor_who_is_signed_out_in_the_middle_comes_back_to_the_same_step(ana):
    path = ana.uploads("sales-pt.csv")
    stranger = Visitor(ana.house.app)
    answer = stranger.get(f"{path}/confirm")
    assert answer.location.startswith("/login?next=")
    answer = stranger.posts(answer.location, email=ana.visitor.user.email, password="uma frase bem comprida")
    assert answer.location == f"{path}/confirm"


def test_an_estimated_export_time_stays_an_estimate_when_the_browser_drops_its_zero_seconds(ana):
    path = ana.uploads("sales-en-minimal.csv")
    found = {"exported_at": "2026-04-06T00:00", "exported_found": "2026-04-06T00:00:00"}
    ana.runs(path, **found, **{"answer:defaults.currency": "BRL"})
    told = ana.house.get(f"/imports/{number_of(path)}")["exported_at"]
    assert (told["from"], told["certainty"]) == ("newest_date", "guessed")


def test_a_time_zone_nobody_is_offered_stays_that_of_the_account(ana):
    ana.house.rows("UPDATE accounts SET timezone = 'UTC' WHERE id = :account RETURNING id")
    path = ana.uploads("sales-pt.csv")
    assert '<option value="UTC" selected>' in ana.visitor.reads(f"{path}/confirm")
