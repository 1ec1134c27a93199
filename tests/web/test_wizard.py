"""The import wizard, step by step, without a browser: what each page says, and where it leads."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest

from service.domain.roles import Role
from service.store import accounts, imports
from service.store.engine import transaction
from service.store.imports import Ref
from tests.living import EXPORTS, House, payload
from tests.web.visitors import Visitor, a_member

SALES = sorted(path.name for path in EXPORTS.glob("sales*"))
MINE = "Transação;Status;Email;Moeda;Valor da Venda\n"
SEEN = re.compile(r'name="seen" value="([^"]+)"')
TAG = re.compile(r"<[^>]+>")


def plain(page: str) -> str:
    """The words of a page, with single spaces."""
    return " ".join(html.unescape(TAG.sub(" ", page)).split())


class Importer:
    """Somebody of a house who imports files, and the workers of that house."""

    def __init__(self, house: House, role: Role = Role.OPERATOR) -> None:
        self.house, self.visitor = house, a_member(house.app, house.account, role)
        self.path = f"/a/{house.account.key}/imports"

    def uploads(self, name: str, content: bytes | None = None) -> str:
        """Upload a file; the path of its import, once a worker has looked into it."""
        content = (EXPORTS / name).read_bytes() if content is None else content
        answer = self.visitor.posts(f"{self.path}/new", file=(io.BytesIO(content), name))
        assert answer.status_code == 302, plain(answer.get_data(as_text=True))
        self.house.files()
        return str(answer.location)

    def reads(self, path: str) -> str:
        return plain(self.visitor.reads(path))

    def lands(self, path: str) -> str:
        """Where somebody who goes to this address ends up."""
        return str(self.visitor.get(path, follow_redirects=True).request.path).removeprefix(self.path)

    def maps(self, path: str, **columns: str) -> Any:
        """Send the form of the columns; `c2="paid"` maps the second column."""
        return self.visitor.posts(f"{path}/mapping", **{f"column-{name[1:]}": field for name, field in columns.items()})

    def seen(self, path: str) -> str:
        found = SEEN.search(self.visitor.reads(f"{path}/confirm"))
        assert found is not None
        return found[1]

    def begins(self, path: str, do: str, **answers: str) -> Any:
        """Press one of the buttons of step 3; the answer."""
        return self.visitor.posts(f"{path}/confirm", **{"do": do, "seen": self.seen(path), **answers})

    def tries(self, path: str, **answers: str) -> str:
        """A dry run, worked off; the words of step 3 afterwards."""
        answer = self.begins(path, "try", **answers)
        assert answer.status_code == 302, plain(answer.get_data(as_text=True))
        self.house.files()
        return self.reads(f"{path}/confirm")

    def runs(self, path: str, **answers: str) -> str:
        """The import, worked off; the words of step 5."""
        answer = self.begins(path, "run", **answers)
        assert answer.status_code == 302, plain(answer.get_data(as_text=True))
        self.house.files()
        self.house.pours()
        return self.reads(f"{path}/results")


@pytest.fixture
def ana(house: House) -> Importer:
    return Importer(house)


def number_of(path: str) -> int:
    return int(path.rpartition("/")[2])


def sum_on(words: str) -> str:
    """The sum of the rows as a page prints it."""
    found = re.search(r"\d+ criadas .*? linhas no arquivo", words)
    assert found is not None, words
    return found[0]


def set_plan(house: House, plan: str) -> None:
    house.rows("UPDATE accounts SET plan = :plan WHERE id = :account RETURNING id", plan=plan)


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


def test_no_file_an_empty_one_and_a_too_large_one_are_refused_in_words_of_step_one(ana):
    for file, status, words in (
        ("", 422, "Nenhum arquivo"),
        ((io.BytesIO(b""), "empty.csv"), 422, "O arquivo está vazio"),
        ((io.BytesIO(b"x" * (10 * 2**20 + 1)), "large.csv"), 413, "O arquivo tem mais de 10 MB"),
        ((io.BytesIO(b"x" * (11 * 2**20)), "larger.csv"), 413, "O arquivo tem mais de 10 MB"),
    ):
        answer = ana.visitor.posts(f"{ana.path}/new", file=file)
        assert answer.status_code == status
        assert words in plain(answer.get_data(as_text=True))
        assert 'aria-current="step"' in answer.get_data(as_text=True)
    assert ana.house.rows("SELECT 1 FROM imports WHERE account_id = :account") == []


def test_a_script_gets_the_next_address_or_the_reason_as_json(ana):
    def sends(content: bytes) -> Any:
        form = {"csrf_token": ana.visitor.form_token(), "file": (io.BytesIO(content), "mine.csv")}
        headers = {"Accept": "application/json", "Referer": "http://localhost/"}
        return ana.visitor.client.post(f"{ana.path}/new", data=form, headers=headers)

    assert sends((MINE + "HP1;Aprovado;ana@example.com;BRL;1,00\n").encode()).get_json()["next"].startswith(ana.path)
    refused = sends(b"")
    assert (refused.status_code, refused.get_json().keys()) == (422, {"message"})


def test_of_an_upload_that_is_cut_off_nothing_is_kept(ana):
    token = ana.visitor.form_token()
    body = (
        f'--line\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--line\r\n'
        'Content-Disposition: form-data; name="file"; filename="cut.csv"\r\nContent-Type: text/csv\r\n\r\nTransação;Sta'
    ).encode()
    answer = ana.visitor.client.post(
        f"{ana.path}/new",
        input_stream=io.BytesIO(body),
        content_type="multipart/form-data; boundary=line",
        content_length=len(body) + 5000,
        headers={"Referer": "http://localhost/"},
    )
    assert answer.status_code == 400
    assert ana.house.rows("SELECT 1 FROM imports WHERE account_id = :account") == []
    assert ana.house.rows("SELECT 1 FROM import_parts WHERE account_id = :account") == []


def test_the_same_file_again_is_announced_with_a_link_and_allowed(ana):
    first = ana.uploads("sales-en.csv")
    ana.runs(first)
    again = ana.uploads("sales-en.csv")
    page = ana.visitor.reads(f"{again}/preview")
    assert "Este mesmo arquivo já foi enviado." in plain(page)
    assert f'href="{first}"' in page
    assert "Este mesmo arquivo" not in ana.reads(f"{ana.uploads('sales-es.csv')}/preview")
    assert " 0 criadas " in f" {sum_on(ana.runs(again))}"


def test_every_column_shows_samples_field_confidence_and_reason(ana):
    content = "Transação;Situação da venda;Email;Anotação\nHP1;Aprovado;ana@example.com;ligar\nHP2;Aprovado;;\n"
    path = ana.uploads("mine.csv", content.encode())
    words = ana.reads(f"{path}/preview")
    assert "Com certeza Um nome conhecido deste campo" in words
    assert "Colunas que não são mapeadas ficam guardadas com a linha" in words
    assert "ligar" in words
    page = ana.visitor.reads(f"{path}/preview")
    assert page.count('aria-describedby="why-') == 4


def test_a_field_given_to_two_columns_is_refused_and_the_choice_stays_on_the_page(ana):
    path = ana.uploads("mine.csv", (MINE + "HP1;Aprovado;ana@example.com;BRL;1,00\n").encode())
    answer = ana.maps(path, c1="email", c2="status", c3="email", c4="", c5="paid")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Duas colunas" in plain(page)
    assert re.search(r'name="column-1"[^>]*>.*?<option value="email" selected>', page, re.DOTALL)


def test_a_file_without_identity_says_so_and_goes_on_once_a_column_gives_it(ana):
    path = ana.uploads("list.csv", b"Produto,Contato,Valor\nCurso,ana@x,10\nCurso,bia@x,12\n")
    words = ana.reads(f"{path}/preview")
    assert "Nenhuma coluna traz o código da transação nem o e-mail" in words
    assert "Nenhuma coluna traz o status" in words
    assert ana.maps(path, c1="product_name", c2="", c3="paid").status_code == 422
    assert ana.maps(path, c1="product_name", c2="email", c3="paid").location == f"{path}/confirm"


def test_a_mapping_made_by_hand_is_remembered_for_the_next_file_with_these_headers(ana):
    content = "Produto;Quem;Quanto\nCurso;ana@example.com;10,00\n"
    path = ana.uploads("a.csv", content.encode())
    ana.maps(path, c1="product_name", c2="email", c3="paid")
    answers = {"answer:defaults.status": "approved", "answer:defaults.currency": "BRL"}
    assert "1 criadas" in ana.runs(path, **answers)
    again = ana.uploads("b.csv", content.replace("ana@", "bia@").encode())
    assert "mapeadas como você fez da última vez" in ana.reads(f"{again}/preview")


def test_the_layout_is_shown_with_switches_that_read_the_file_again(ana):
    content = "Transação;Status;Email\nCódigo;Status;Email\nHP1;Aprovado;ana@example.com\n".encode("cp1252")
    path = ana.uploads("mine.csv", content)
    assert "Código" in ana.reads(f"{path}/preview")
    answer = ana.visitor.posts(f"{path}/layout", encoding="cp850", header_row="2", delimiter="")
    assert answer.location == f"{path}/preview"
    ana.house.files()
    page = ana.visitor.reads(f"{path}/preview")
    assert '<option value="cp850" selected>' in page
    assert "1 linha ·" in plain(page)
    ana.visitor.posts(f"{path}/layout", encoding="", header_row="")
    ana.house.files()
    page = ana.visitor.reads(f"{path}/preview")
    assert "selected" not in re.findall(r'<select[^>]*name="encoding".*?</select>', page, re.DOTALL)[0]


def test_decimal_and_date_format_are_shown_and_can_be_changed_for_all_columns(ana):
    content = MINE.replace("\n", ";Data da Venda\n") + "HP1;Aprovado;ana@example.com;BRL;1.234;02/03/2026\n"
    path = ana.uploads("mine.csv", content.encode())
    assert "lido como 2 de mar. de 2026" in ana.reads(f"{path}/preview")
    ana.visitor.posts(f"{path}/layout", numbers="comma", dates="month_first")
    words = ana.reads(f"{path}/preview")
    assert "lido como 3 de fev. de 2026" in words
    assert "lido como 1.234 " in words
    ana.visitor.posts(f"{path}/layout", numbers="dot", dates="")
    words = ana.reads(f"{path}/preview")
    assert "lido como 1,234 " in words
    assert "lido como 2 de mar. de 2026" in words
    ana.runs(path)
    assert ana.house.purchase("HP1")["gross"]["value"] == "1.234"


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
    assert "Só uma importação" in ana.reads(f"{path}/results") or ana.house.ledger()["purchases"] == []


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


WRONG = MINE + "HP1;Aprovado;ana@example.com;BRL;1,00\nHP2;Aprovado;bia@example.com;BRL;muito\n"


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
    path = ana.uploads("list.csv", "Coisa;Contato;Quanto;Status\nCurso;ana@example.com;muito;Aprovada\n".encode())
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


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("subscriptions-pt.csv", None, "relatório de assinaturas"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "imagem PNG"),
        ("header.csv", "Transação;Status;Email\n".encode(), "nenhuma linha"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_offers_two_ways_on(ana, name, content, words):
    path = ana.uploads(name, content)
    page = ana.visitor.reads(f"{path}/preview")
    assert words in plain(page)
    assert "Traceback" not in page
    assert f'action="{path}/retry"' in page
    assert ana.visitor.posts(f"{path}/retry").location == f"{path}/preview"
    ana.house.files()
    assert words in ana.reads(f"{path}/preview")
    assert "Falhou" in ana.reads(ana.path)


def test_a_layout_nobody_can_read_is_taken_back_with_one_click(ana):
    path = ana.uploads("sales-pt.csv")
    ana.visitor.posts(f"{path}/layout", header_row="999")
    ana.house.files()
    assert "Deixar o Marco descobrir" in ana.reads(f"{path}/preview")
    ana.visitor.posts(f"{path}/retry", afresh="1")
    ana.house.files()
    assert "20 linhas" in ana.reads(f"{path}/preview")


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


def test_what_is_in_a_file_is_text_on_every_page(ana):
    content = 'Transação;<b>Nome</b>;Status;Email;Moeda;Valor da Venda\nHP1;"<script>x</script>";<i>Talvez</i>;'
    path = ana.uploads("<img src=x>.csv", (content + "ana@example.com;BRL;<u>1</u>\n").encode())
    pages = [ana.visitor.reads(f"{path}/preview")]
    answer = {"answer:words.<i>Talvez</i>": "approved"}
    ana.tries(path, **answer)
    pages.append(ana.visitor.reads(f"{path}/confirm"))
    ana.runs(path, **answer)
    pages += [ana.visitor.reads(f"{path}/results"), ana.visitor.reads(ana.path)]
    for page in pages:
        assert not re.search(r"<(script>x|i>Talvez|u>1|img src=x|b>Nome)", page)


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
