"""What the wizard says of files: those it takes, those it reads otherwise, and those nobody can read."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from tests.living import House
from tests.web.importers import MINE, Importer, plain, sum_on


@pytest.fixture
def ana(house: House) -> Importer:
    return Importer(house)


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
