"""Imports that run, are stopped, undone and run again; the history and the plan."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest

from service.app import create_app
from service.store import accounts, heartbeats, imports
from service.store.engine import transaction
from service.store.imports import Ref
from tests.living import House
from tests.web.importers import MINE, WRONG, Importer, number_of, plain, set_plan, sum_on


@pytest.fixture
def ana(house: House) -> Importer:
    return Importer(house)


def poured_once(ana: Importer, rows: int = 700) -> str:
    """An import of several chunks of which one is done; its path."""
    lines = (f"HP{number};Aprovado;p{number}@example.com;BRL;10,00\n" for number in range(rows))
    path = ana.uploads("long.csv", (MINE + "".join(lines)).encode())
    ana.begins(path, "run")
    ana.house.files()
    ana.house.pour_once()
    return path


def test_the_processing_page_tells_chunk_counters_and_can_be_found_again(ana):
    path = poured_once(ana)
    words = ana.reads(f"{path}/processing")
    assert "Bloco 2 de 3" in words
    assert "300 de 700 linhas" in words
    assert "300 clientes criados" in words
    assert "<progress" in ana.visitor.reads(f"{path}/progress")
    assert 'value="300"' in ana.visitor.reads(f"{path}/progress")
    assert ana.lands(path) == f"/{number_of(path)}/processing"
    ana.house.rows(
        "UPDATE imports SET started_at = now() - interval '10 seconds' WHERE account_id = :account RETURNING 1"
    )
    words = ana.reads(f"{path}/progress")
    assert "30 linhas por segundo" in words
    assert "cerca de 13 segundos" in words


def test_while_a_file_is_read_the_page_counts_its_rows(ana):
    path = ana.uploads("sales-pt.csv")
    ref = Ref(ana.house.account.id, number_of(path))

    def becomes(**columns: Any) -> str:
        with transaction(ana.house.shop.engine) as tx:
            imports.change(tx, ref, **columns)
        return ana.reads(f"{path}/progress")

    words = becomes(status=imports.CHECKING, counts={"rows_read": {"done": 1200, "total": None}})
    assert "1.200 linhas lidas" in words
    words = becomes(status=imports.TRYING, counts={"rows_read": {"done": 10, "total": 40}})
    becomes(status=imports.CANCELED)  # nobody is to work on it
    assert "Preparando as linhas 25 %" in words


def test_the_history_shows_an_import_that_has_only_begun(ana):
    path = ana.uploads("sales-pt.csv")
    ana.begins(path, "run")
    assert "sales-pt.csv Importando" in ana.reads(ana.path)


def test_a_canceled_import_stops_after_its_chunk_and_says_what_was_done(ana):
    path = poured_once(ana)
    answer = ana.visitor.posts(f"{path}/cancel")
    assert answer.location == f"{path}/processing"
    assert "Parando depois das linhas atuais" in ana.reads(f"{path}/processing")
    ana.house.pours()
    words = ana.reads(f"{path}/results")
    assert "A importação foi interrompida" in words
    assert "300 criadas" in words
    assert "400 não trabalhadas = 700 linhas no arquivo" in words


def test_an_import_canceled_before_it_ran_did_nothing_and_can_do_nothing(ana):
    path = ana.uploads("sales-pt.csv")
    assert ana.visitor.posts(f"{path}/cancel").location == f"{path}/results"
    words = ana.reads(f"{path}/results")
    assert "Nada foi importado" in words
    assert "Desfazer" not in words
    assert ana.visitor.posts(f"{path}/undo").location == f"{path}/results"
    assert "Só dá para desfazer uma importação que rodou" in ana.reads(f"{path}/results")
    assert ana.house.rows("SELECT 1 FROM deliveries WHERE account_id = :account") == []


def test_an_undo_is_watched_and_an_undone_import_runs_again(ana):
    path = ana.uploads("sales-pt.csv")
    before = sum_on(ana.runs(path))
    ledger = ana.house.ledger()
    assert ana.visitor.posts(f"{path}/undo").location == f"{path}/processing"
    assert "Sendo desfeita" in ana.reads(f"{path}/processing")
    ana.house.pours()
    assert "A importação foi desfeita" in ana.reads(f"{path}/results")
    assert "Desfeita" in ana.reads(ana.path)
    assert ana.house.ledger()["purchases"] == []
    assert sum_on(ana.runs(path)) == before
    assert ana.house.ledger() == ledger


def test_an_undone_import_whose_file_is_gone_is_not_offered_to_run(ana):
    path = ana.uploads("sales-pt.csv")
    ana.runs(path)
    ana.visitor.posts(f"{path}/undo")
    ana.house.pours()
    ana.house.rows("UPDATE imports SET file_deleted_at = now() WHERE account_id = :account RETURNING 1")
    assert "Rodar mais uma vez" not in ana.reads(f"{path}/results")
    seen = ana.seen(path)
    answer = ana.visitor.posts(f"{path}/confirm", do="run", seen=seen)
    assert answer.location == f"{path}/results"
    assert "O arquivo foi apagado" in ana.reads(f"{path}/results")


def test_rows_that_were_not_taken_are_named_as_in_the_spreadsheet_and_come_back_corrected(ana):
    path = ana.uploads("mine.csv", WRONG.encode())
    words = ana.runs(path)
    assert "1 criadas + 0 atualizadas + 0 sem mudança + 0 puladas + 1 recusadas = 2 linhas no arquivo" in words
    assert "Linha 3 Valor da Venda muito Isto não é um número." in words
    told = ana.visitor.reads(f"{path}/problems.csv")
    assert told.splitlines()[0].endswith("Marco: linha;Marco: coluna;Marco: motivo;Marco: dica")
    assert "HP2;Aprovado;bia@example.com;BRL;muito;3;Valor da Venda;Isto não é um número." in told
    again = ana.uploads("problems.csv", told.replace("muito", "2,00").encode())
    assert "1 criadas" in ana.runs(again)
    assert ana.house.purchase("HP2")["gross"]["value"] == "2.00"


def test_a_problem_file_is_mapped_by_hand_only_once(ana):
    path = ana.uploads("list.csv", b"Coisa;Contato;Quanto;Status\nCurso;ana@example.com;muito;Aprovada\n")
    ana.maps(path, c1="product_name", c2="email", c3="paid", c4="status")
    assert "1 recusadas" in ana.runs(path, **{"answer:defaults.currency": "BRL"})
    told = ana.visitor.reads(f"{path}/problems.csv")
    again = ana.uploads("problems.csv", told.replace("muito", "12,00").encode())
    assert "mapeadas como você fez da última vez" in ana.reads(f"{again}/preview")
    assert "1 criadas" in ana.runs(again, **{"answer:defaults.currency": "BRL"})


def test_many_rows_that_were_not_taken_come_page_by_page_and_all_in_the_file(ana):
    lines = "".join(f"HP{number};Aprovado;p{number}@example.com;BRL;muito\n" for number in range(1120))
    path = ana.uploads("wrong.csv", (MINE + lines).encode())
    ana.runs(path)
    page = ana.visitor.reads(f"{path}/results?page=3")
    assert page.count("<code>muito</code>") == 50
    assert "Página 3 de 23" in plain(page)
    assert re.search(r"Linha </span>102<", page), "fifty on each of the two pages before, and the headers are row 1"
    answer = ana.visitor.get(f"{path}/problems.csv")
    assert answer.is_streamed
    told = answer.get_data(as_text=True).splitlines()
    assert [line.split(";")[5] for line in told[1:]] == [str(number) for number in range(2, 1122)]


def test_the_free_plan_ends_after_three_imports_and_says_when_it_begins_anew(ana):
    set_plan(ana.house, "free")
    paths = [ana.uploads("sales-en.csv") for _ in range(4)]
    assert "0 de 3 importações do seu plano" in ana.reads(f"{ana.path}/new")
    for path in paths[:3]:
        ana.runs(path)
    words = ana.reads(f"{ana.path}/new")
    assert "Seu plano permite 3 importações por mês, e todas já foram usadas." in words
    assert re.search(r"importar de novo a partir de 1 de \w+\. de \d{4}", words)
    assert "O que a importação vai fazer" in ana.tries(paths[3]), "a dry run does not count"
    refused = ana.begins(paths[3], "run")
    assert refused.status_code == 422
    assert "importações por mês" in plain(refused.get_data(as_text=True))
    ana.visitor.posts(f"{paths[0]}/undo")
    ana.house.pours()
    assert ana.begins(paths[3], "run").status_code == 422, "an undone import stays counted"


def test_the_settings_show_the_plan_to_everybody(ana):
    set_plan(ana.house, "free")
    words = plain(ana.visitor.reads(f"/a/{ana.house.account.key}/settings"))
    assert "Plano Gratuito Importações por mês 3 Começadas neste mês 0" in words
    set_plan(ana.house, "ultra")
    assert "quantas você quiser" in plain(ana.visitor.reads(f"/a/{ana.house.account.key}/settings"))


def test_without_workers_the_page_says_that_processing_waits(ana):
    answer = ana.visitor.posts(f"{ana.path}/new", file=(io.BytesIO(MINE.encode()), "mine.csv"))
    told = "O processamento está parado: nenhum worker está rodando."
    ana.house.rows("DELETE FROM heartbeats WHERE :account > 0 RETURNING 1")
    assert told in ana.reads(f"{answer.location}/preview")
    ana.house.rows("INSERT INTO heartbeats (name, beat_at) SELECT 'files@here:1', now() WHERE :account > 0 RETURNING 1")
    assert told not in ana.reads(f"{answer.location}/preview")
    ana.house.rows("DELETE FROM heartbeats WHERE :account > 0 RETURNING 1")


def test_an_empty_history_says_what_to_do(ana):
    words = ana.reads(ana.path)
    assert "Nenhuma importação ainda" in words
    assert "Baixe o histórico de vendas na Hotmart" in words


def test_the_history_has_pages(ana):
    with transaction(ana.house.shop.engine) as tx:
        account = accounts.with_id(tx, ana.house.account.id)
        for number in range(30):
            ref = imports.create(tx, account.id, imports.Upload(f"f{number}.csv", 1, b"", account.created_at))
            imports.change(tx, ref, status=imports.CANCELED)
    assert "f29.csv" in ana.reads(ana.path)
    assert "f4.csv" in ana.reads(f"{ana.path}?page=2")
    assert "f29.csv" not in ana.reads(f"{ana.path}?page=2")
    assert "Nenhuma importação nesta página" in ana.reads(f"{ana.path}?page=9")


def test_with_redis_away_the_page_says_so_and_the_work_goes_on(settings, shop):
    app = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0"))
    ana = Importer(House(app, shop))
    with transaction(shop.engine) as tx:
        heartbeats.beat(tx, "files@here:1")
    answer = ana.visitor.posts(f"{ana.path}/new", file=(io.BytesIO(MINE.encode()), "mine.csv"))
    assert "o Redis não responde" in ana.reads(f"{answer.location}/preview")
    assert ana.lands(ana.uploads("sales-pt.csv")).endswith("/preview")
    ana.house.rows("DELETE FROM heartbeats WHERE :account > 0 RETURNING 1")
    app.extensions["marco"].engine.dispose()


def test_an_undo_that_had_to_leave_rows_says_so_and_can_be_tried_again(ana):
    path = ana.uploads("sales-pt.csv")
    ana.runs(path)
    with transaction(ana.house.shop.engine) as tx:
        problem = {"code": "somebody_elses", "message": "Two rows could not be taken back.", "facts": {}}
        imports.change(tx, Ref(ana.house.account.id, number_of(path)), status=imports.CANCELED, problem=problem)
    assert "Two rows could not be taken back." in ana.reads(f"{path}/results")
    assert ana.visitor.posts(f"{path}/undo").location == f"{path}/processing"
