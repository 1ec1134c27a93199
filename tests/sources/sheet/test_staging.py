"""The two questions a child process answers about an uploaded file: what is in it, and what are its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from service.errors import Unprocessable
from service.sources.sheet.child import run_in_child
from service.sources.sheet.entry import check, stage
from service.sources.sheet.faults import UnreadableFile
from tests.sources.sheet.files import EXPECTED, EXPORTS, a_row, an_xlsx, sheet_of, text_cell

HEADER = "Transação;Email;Produto;Valor;Data\n"
IDENTITY = {"email": 2, "transaction": 1, "others": [3, 4, 5]}


def staged(path: Path, identity: dict[str, Any] | None = None) -> list[tuple[int, int, dict[str, Any]]]:
    lines = [line.split(b"\t", 2) for line in stage(str(path), {}, identity or IDENTITY)]
    return [(int(number), int(chunk), orjson.loads(body)) for number, chunk, body in lines]


def a_csv(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "upload"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def chunks(rows: list[tuple[int, int, dict[str, Any]]]) -> list[int]:
    return [chunk for _, chunk, _ in rows]


def occurrences(rows: list[tuple[int, int, dict[str, Any]]]) -> list[int | None]:
    return [body.get("occurrence") for _, _, body in rows]


def checked(path: Path, **arguments: Any) -> dict[str, Any]:
    (report,) = check(str(path), {}, **arguments)
    return orjson.loads(report)


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"subscriptions-pt.csv"}))
def test_a_sample_export_is_checked_as_its_description_says(name: str):
    report = checked(EXPORTS / name)
    assert report["rows"] == EXPECTED[name]["data_rows"]
    assert len(report["columns"]) == EXPECTED[name]["columns"]
    assert [column["header"] for column in report["columns"]] == report["layout"]["headers"]
    assert report["surplus"] == {"rows": 0, "first": []}
    assert report["preview"][0]["row"] == 1
    assert report["preview"][0]["cells"] == report["layout"]["headers"]


def test_a_check_arrives_through_a_child_process_and_so_does_the_refusal_of_another_report():
    arguments = {"path": str(EXPORTS / "sales-pt.csv"), "choices": {"delimiter": ";"}}
    assert list(run_in_child("service.sources.sheet.entry.check", arguments)) == list(check(**arguments))
    arguments = {"path": str(EXPORTS / "subscriptions-pt.csv"), "choices": {}}
    with pytest.raises(Unprocessable) as refused:
        list(run_in_child("service.sources.sheet.entry.check", arguments))
    assert refused.value.code == "subscriptions_report"


def test_a_check_tells_the_rows_that_reach_beyond_the_header_and_what_stands_above_it(tmp_path: Path):
    path = tmp_path / "upload"
    path.write_text("Vendas de julho\n\n" + HEADER + "HP1;a@example.com;A;97;01/07/2026;slipped\n")
    report = checked(path)
    assert report["surplus"] == {"rows": 1, "first": [4]}
    assert (report["rows"], report["layout"]["header_row"]) == (1, 3)
    assert [row["cells"] for row in report["preview"]][:2] == [["Vendas de julho"], []]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_row_of_a_sample_export_is_staged_once_with_its_number(name: str):
    numbers = [number for number, _, _ in staged(EXPORTS / name, {"email": None, "transaction": 1})]
    assert numbers == list(range(2, EXPECTED[name]["data_rows"] + 2))


def test_a_body_holds_text_numbers_dates_and_no_nulls_at_its_end(tmp_path: Path):
    sheet = sheet_of(
        a_row(
            1, *(text_cell(f"{letter}1", name) for letter, name in zip("ABCDE", HEADER.strip().split(";"), strict=True))
        ),
        a_row(
            2,
            text_cell("A2", "HP1"),
            '<c r="C2"><v>97</v></c><c r="D2"><v>97.5</v></c><c r="E2" t="d"><v>2026-07-02T09:15:04</v></c>',
        ),
    )
    ((number, chunk, body),) = staged(an_xlsx(tmp_path / "a", sheet))
    assert (number, chunk) == (2, 1)
    assert body == {"cells": ["HP1", None, 97, 97.5, "2026-07-02T09:15:04"]}


def test_a_date_cell_at_midnight_is_written_with_its_time(tmp_path: Path):
    sheet = sheet_of(
        a_row(1, text_cell("A1", "Transação"), text_cell("B1", "Data")),
        a_row(2, text_cell("A2", "HP1"), '<c r="B2" t="d"><v>2026-07-02T00:00:00</v></c>'),
    )
    ((_, _, body),) = staged(an_xlsx(tmp_path / "a", sheet), {"email": None, "transaction": 1})
    assert body["cells"][1] == "2026-07-02T00:00:00"


def test_rows_of_one_buyer_or_one_code_share_a_chunk_however_they_are_written(tmp_path: Path):
    filler = [f"F{n};f{n}@example.com;A;1;x" for n in range(400)]
    rows = staged(
        a_csv(
            tmp_path,
            "HP1;ana@example.com;A;1;x",
            *filler,
            "HP2; ANA@example.com ;A;1;x",
            "HP2;other@example.com;A;1;x",
            "HP3;OTHER@EXAMPLE.COM;A;1;x",
        )
    )
    assert chunks(rows)[0] == chunks(rows)[-1] == chunks(rows)[-2] == chunks(rows)[-3] == 1
    assert set(chunks(rows)) == {1, 2}


@pytest.mark.parametrize("nothing", ["", "(none)", "(NONE)", "  "])
def test_missing_e_mails_and_codes_connect_nobody(tmp_path: Path, nothing: str):
    rows = staged(a_csv(tmp_path, *(f"{nothing};{nothing};A;{n};x" for n in range(900))))
    assert chunks(rows) == [1 + n // 300 for n in range(900)]


def test_rows_without_a_code_are_numbered_among_their_like(tmp_path: Path):
    rows = staged(
        a_csv(
            tmp_path,
            ";ana@example.com;A;97;01/07/2026",
            ";ANA@example.com ;A;97;01/07/2026",
            ";ana@example.com;A;98;01/07/2026",
            "(none);ana@example.com;A;97;01/07/2026",
            "HP1;ana@example.com;A;97;01/07/2026",
            ";;A;97;01/07/2026",
            ";(none);A;97;01/07/2026",
        )
    )
    assert occurrences(rows) == [1, 2, 1, 3, None, 1, 2]


def test_one_amount_written_in_several_ways_is_one_amount(tmp_path: Path):
    amounts = ("97", "97,00", "97.0", "970", "97,5", "97.50", "9.700", "97.000")
    rows = staged(a_csv(tmp_path, *(f";ana@example.com;A;{amount};x" for amount in amounts)))
    assert occurrences(rows) == [1, 2, 3, 1, 1, 2, 1, 1]


def test_cells_beyond_the_header_are_told_where_a_row_may_have_slipped(tmp_path: Path):
    rows = staged(a_csv(tmp_path, "HP1;a;A;1;x", "HP2;b;A;1;5;x;", "HP3;c;A;1;x;;;"))
    assert [body.get("surplus") for _, _, body in rows] == [None, 1, None]


def test_rows_arrive_through_a_child_process_and_so_does_its_refusal(tmp_path: Path):
    path = a_csv(tmp_path, "HP1;ana@example.com;A;97;x")
    arguments = {"path": str(path), "choices": {}, "identity": IDENTITY}
    assert list(run_in_child("service.sources.sheet.entry.stage", arguments)) == list(stage(**arguments))
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(UnreadableFile, match="PDF") as refused:
        list(run_in_child("service.sources.sheet.entry.stage", arguments))
    assert refused.value.code == "unknown_container"


def test_more_rows_than_allowed_are_refused(tmp_path: Path):
    path = a_csv(tmp_path, *(f"HP{n};;;;" for n in range(5)))
    with pytest.raises(UnreadableFile) as refused:
        list(stage(str(path), {}, IDENTITY, max_rows=4))
    assert refused.value.code == "too_many_rows"


def test_a_long_file_says_on_the_way_how_many_rows_were_seen(tmp_path: Path):
    path = a_csv(tmp_path, *(f"HP{number};a{number}@example.com;Curso;10,00;01/07/2026" for number in range(4_100)))
    told = list(check(str(path), {}))
    assert told[:-1] == [2000, 4000]
    assert orjson.loads(told[-1])["rows"] == 4_100
    told = list(stage(str(path), {}, IDENTITY))
    assert told[:2] == [2000, 4000]
    assert len(told) == 4_102
