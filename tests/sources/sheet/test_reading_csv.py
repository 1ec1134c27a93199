"""Delimited text: encodings, delimiters, quotes, numbering, and what a person may insist on."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.sources.sheet.containers import open_grid
from service.sources.sheet.faults import UnreadableFile
from service.sources.sheet.grid import Bounds, Cell, Choices, Grid
from tests.sources.sheet.files import nothing_known, score

HEADER = "Produto;Valor;Status;Email"


def a_file(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def opened(tmp_path: Path, content: str | bytes, written_in: str = "utf-8", **choices: object) -> Grid:
    return open_grid(a_file(tmp_path, content, written_in), Choices(**choices), score)


def rows(grid: Grid) -> list[tuple[int, list[Cell]]]:
    return list(grid.rows())


def refusal(tmp_path: Path, content: str | bytes, **choices: object) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refused:
        rows(opened(tmp_path, content, **choices))
    return refused.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_unicode_encoding_is_recognised(tmp_path: Path, encoding: str):
    grid = opened(tmp_path, f"{HEADER}\nConversação;297,00;Concluído;ana@example.com\n", encoding)
    assert grid.layout.encoding == encoding
    assert rows(grid) == [(2, ["Conversação", "297,00", "Concluído", "ana@example.com"])]


def test_utf_16_with_the_big_end_first_and_a_mark_is_recognised(tmp_path: Path):
    content = b"\xfe\xff" + f"{HEADER}\nA;1;Aprovado;a@example.com\n".encode("utf-16-be")
    assert rows(opened(tmp_path, content))[0][1][0] == "A"


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp850"])
def test_the_old_encodings_are_told_apart_by_what_they_spell(tmp_path: Path, encoding: str):
    line = "Conversação avançada em espanhol é só começar;297,00;Concluído;ana@example.com"
    grid = opened(tmp_path, f"{HEADER}\n{line}\n", encoding)
    assert grid.layout.encoding == encoding
    assert rows(grid)[0][1] == line.split(";")


def test_a_single_accent_in_an_old_file_is_read_as_windows_wrote_it(tmp_path: Path):
    grid = opened(tmp_path, f"{HEADER}\nJoão;1;x;y\n", "cp1252")
    assert (grid.layout.encoding, rows(grid)[0][1][0]) == ("cp1252", "João")


def test_an_accent_after_the_first_megabyte_still_decides_the_encoding(tmp_path: Path):
    plain = "Curso;1;Aprovado;a@example.com\n" * 50_000
    grid = opened(tmp_path, f"{HEADER}\n{plain}Conversação;1;Aprovado;a@example.com\n", "cp1252")
    assert grid.layout.encoding == "cp1252"
    assert rows(grid)[-1] == (50_002, ["Conversação", "1", "Aprovado", "a@example.com"])


def test_one_broken_byte_in_a_unicode_file_is_refused_with_its_line_not_garbled(tmp_path: Path):
    good = "Conversação;1;Aprovado;a@example.com\n".encode()
    fault = refusal(tmp_path, HEADER.encode() + b"\n" + good * 3 + b"caf\xe9;1;x;y\n" + good)
    assert (fault.code, fault.facts) == ("unreadable_encoding", {"encoding": "utf-8", "line": "5"})


def test_a_chosen_encoding_is_obeyed_and_what_it_lacks_is_marked(tmp_path: Path):
    content = HEADER.encode() + b"\ncaf\xe9;1;x;y\nConversa\xc3\xa7\xc3\xa3o;1;x;y\n"
    assert [cells[0] for _, cells in rows(opened(tmp_path, content, encoding="utf-8"))] == ["caf\ufffd", "Conversação"]
    assert rows(opened(tmp_path, content, encoding="cp1252"))[0][1][0] == "café"


def test_an_encoding_that_does_not_exist_cannot_be_chosen(tmp_path: Path):
    assert refusal(tmp_path, HEADER, encoding="rot13").code == "unknown_choice"
    assert refusal(tmp_path, HEADER, encoding="klingon").code == "unknown_choice"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str):
    content = delimiter.join(HEADER.split(";")) + "\n" + delimiter.join(["A", "297.00", "Aprovado", "a@example.com"])
    grid = opened(tmp_path, content)
    assert grid.layout.delimiter == delimiter
    assert grid.layout.candidates["delimiter"][0] == delimiter
    assert rows(grid) == [(2, ["A", "297.00", "Aprovado", "a@example.com"])]


def test_other_delimiters_inside_quotes_and_amounts_do_not_mislead(tmp_path: Path):
    lines = [HEADER, *(f'"Curso, {n}, módulo | {n}";1.{n}97,50;Aprovado;a@example.com' for n in range(10, 40))]
    grid = opened(tmp_path, "\n".join(lines))
    assert grid.layout.delimiter == ";"
    assert rows(grid)[0][1][0] == "Curso, 10, módulo | 10"


def test_the_delimiter_is_found_where_no_header_is_known(tmp_path: Path):
    content = "Coluna um;Coluna dois\nAna Maria;1,50\nBia;2,75\n"
    grid = open_grid(a_file(tmp_path, content), Choices(), nothing_known)
    assert (grid.layout.delimiter, grid.layout.headers) == (";", ["Coluna um", "Coluna dois"])


@pytest.mark.parametrize("line", ["sep=|", "SEP=|", '"sep=|"'])
def test_a_separator_line_is_obeyed_and_not_counted(tmp_path: Path, line: str):
    grid = opened(tmp_path, f"{line}\r\nEmail|Status;Nome\r\na@example.com|x;y\r\n")
    assert (grid.layout.delimiter, grid.layout.header_row) == ("|", 1)
    assert rows(grid) == [(2, ["a@example.com", "x;y"])]


def test_a_chosen_delimiter_is_obeyed(tmp_path: Path):
    grid = opened(tmp_path, "Email;Nome,Status\na;b,c\n", delimiter=",")
    assert (grid.layout.headers, rows(grid)) == (["Email;Nome", "Status"], [(2, ["a;b", "c"])])
    assert refusal(tmp_path, HEADER, delimiter='"').code == "unknown_choice"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood_and_a_line_end_in_quotes_is_one_row(tmp_path: Path, end: str):
    grid = opened(tmp_path, end.join([HEADER, f'"Curso{end}A";1;x;a', "B;2;y;b", ""]))
    assert [(number, cells[0]) for number, cells in rows(grid)] == [(2, f"Curso{end}A"), (3, "B")]


def test_blank_rows_are_left_out_but_counted(tmp_path: Path):
    grid = opened(tmp_path, f"\n;;;\n{HEADER}\n\nA;1;x;a\n; ;\u00a0;\nB;2;y;b\n\n\n")
    assert grid.layout.header_row == 3
    assert [number for number, _ in rows(grid)] == [5, 7]


def test_a_title_above_the_header_is_passed_over(tmp_path: Path):
    grid = opened(tmp_path, f"Relatório de vendas\nDe 01/07/2026 a 31/07/2026\n\n{HEADER}\nA;1;x;a\n")
    assert (grid.layout.header_row, grid.layout.headers) == (4, HEADER.split(";"))


def test_a_title_above_an_unknown_header_is_passed_over(tmp_path: Path):
    content = "Relatório de vendas\n\nColuna um;Coluna dois;Coluna três\nAna;1,50;x\n"
    grid = open_grid(a_file(tmp_path, content), Choices(), nothing_known)
    assert grid.layout.header_row == 3


def test_an_everyday_word_among_the_values_does_not_make_a_row_the_header(tmp_path: Path):
    content = "Coluna um;Coluna dois\nAna;1,50\nNome;2,00\n"
    grid = open_grid(a_file(tmp_path, content), Choices(), lambda headers: 0.5 * score(headers))
    assert (grid.layout.header_row, grid.layout.candidates["header_row"]) == (1, [1, 3])


def test_a_chosen_header_row_is_obeyed(tmp_path: Path):
    grid = opened(tmp_path, f"{HEADER}\nA;B;C;D\n1;2;3;4\n", header_row=2)
    assert (grid.layout.headers, rows(grid)) == (["A", "B", "C", "D"], [(3, ["1", "2", "3", "4"])])
    assert refusal(tmp_path, f"{HEADER}\nA;B;C;D\n", header_row=9).code == "unknown_choice"


def test_short_rows_are_filled_up_and_cells_beyond_the_header_are_told(tmp_path: Path):
    grid = opened(tmp_path, f"{HEADER};;\nA;1\nB;2;x;b;;\nC;3;x;c;more;;and more\n")
    assert len(grid.layout.headers) == 4
    told = [(number, cells, grid.surplus) for number, cells in grid.rows()]
    assert told == [(2, ["A", "1", None, None], 0), (3, ["B", "2", "x", "b"], 0), (4, ["C", "3", "x", "c"], 2)]
    assert (grid.surplus_rows, grid.first_surplus_rows) == (1, [4])


def test_blanks_around_cells_go_and_zero_stays(tmp_path: Path):
    grid = opened(tmp_path, f"{HEADER}\n\u00a0 A \t;0;  ; a@example.com\u00a0\n")
    assert rows(grid) == [(2, ["A", "0", None, "a@example.com"])]


def test_nul_characters_are_taken_out(tmp_path: Path):
    assert rows(opened(tmp_path, f"{HEADER}\nA\0\0;\0;x;a@exa\0mple.com\n")) == [(2, ["A", None, "x", "a@example.com"])]


def test_a_second_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path):
    assert opened(tmp_path, f"\ufeff\ufeff{HEADER}\nA;1;x;a\n").layout.headers[0] == "Produto"


def test_quotes_in_the_middle_of_a_cell_are_ordinary_characters(tmp_path: Path):
    assert rows(opened(tmp_path, f'{HEADER}\nTela de 5";1;x;a\nB;2;y;b\n'))[0] == (2, ['Tela de 5"', "1", "x", "a"])


@pytest.mark.parametrize("tail", ["B;2;y;b\n" * 3, "B;2;y;b\n" * 300_000])
def test_a_quotation_mark_that_is_never_closed_is_refused_with_its_row(tmp_path: Path, tail: str):
    fault = refusal(tmp_path, f'{HEADER}\nA;1;x;a\n"A;1;x;a\n{tail}')
    assert (fault.code, fault.facts["row"]) == ("unclosed_quote", "3")


def test_a_file_may_have_a_single_column_with_a_known_name(tmp_path: Path):
    assert rows(opened(tmp_path, "Email\na@example.com\n")) == [(2, ["a@example.com"])]


def test_more_rows_than_the_limit_are_refused(tmp_path: Path):
    path = a_file(tmp_path, HEADER + "\n" + "A;1;x;a\n" * 11)
    assert len(rows(open_grid(path, Choices(), score, Bounds(rows=11)))) == 11
    with pytest.raises(UnreadableFile) as refused:
        rows(open_grid(path, Choices(), score, Bounds(rows=10)))
    assert (refused.value.code, refused.value.facts) == ("too_many_rows", {"limit": "10"})


def test_forty_thousand_columns_are_refused(tmp_path: Path):
    fault = refusal(tmp_path, ";".join(f"c{n}" for n in range(40_000)) + "\n1\n")
    assert (fault.code, fault.facts["columns"]) == ("too_many_columns", "40000")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("\ufeff", "empty_file"),
        (" \n\r\n \t \n", "empty_file"),
        (";;;\n;;;\n", "empty_file"),
        (" " * 100_000, "empty_file"),
        (HEADER, "no_rows"),
        (HEADER + "\n;;;\n\n", "no_rows"),
        ("297,00;2026-07-02;ana@example.com\n197,00;2026-07-03;bia@example.com\n", "no_header"),
        ("Dear seller,\nplease find attached nothing.\n", "no_header"),
    ],
)
def test_a_file_without_content_header_or_rows_is_refused_by_name(tmp_path: Path, content: str, code: str):
    assert refusal(tmp_path, content).code == code
