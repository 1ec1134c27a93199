"""`import`: spreadsheets at the command line, with no worker running."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.domain.automation.triggers import Trigger
from service.store import accounts, automations
from service.store.automations import Draft
from service.store.engine import transaction
from tests.commands.conftest import Terminal

EXPORTS = Path(__file__).parents[1] / "reference" / "exports"
SALES = str(EXPORTS / "sales-pt.csv")
MANUAL = str(EXPORTS / "sales-manual-pt.csv")


def rows_line(said: str) -> dict[str, int]:
    """The printed sum, read back; asserts that it is one."""
    (line,) = (line for line in said.splitlines() if re.match(r"Rows +\d", line))
    total, _, parts = line.removeprefix("Rows").partition("=")
    fates = {part.split()[-1]: int(part.split()[0].replace(",", "")) for part in parts.split("+")}
    assert int(total) == sum(fates.values()), line
    return {"total": int(total), **fates}


def statuses(school: Terminal) -> list[str]:
    with transaction(school.app.extensions["marco"].engine) as tx:
        return list(tx.execute(text("SELECT status FROM imports ORDER BY id")).scalars())


@pytest.fixture
def empty(school: Terminal) -> Terminal:
    """A school nobody bought from yet."""
    tables = "mappings import_starts import_clients import_parts"
    tables += " imports deliveries facts purchases milestones mentions clients"
    with transaction(school.app.extensions["marco"].engine) as tx:
        for table in [*tables.split(), "client_revenue", "subscriptions", "products"]:
            tx.execute(text(f"DELETE FROM {table}"))
    return school


def written(tmp_path: Path, content: str) -> str:
    path = tmp_path / "list.csv"
    path.write_text(content, "utf-8")
    return str(path)


def test_an_export_is_imported_and_its_result_adds_up(empty):
    said = empty.says("import", SALES, "--yes")
    expected: dict[str, Any] = json.loads((EXPORTS / "expected.json").read_text("utf-8"))["sales-pt.csv"]
    fates = {"created": expected["rows_kept"], "unchanged": expected["repeated_transaction_rows"]}
    assert rows_line(said) == {"total": expected["data_rows"], "updated": 0, "skipped": 0, "failed": 0, **fates}
    assert f"Clients   {expected['distinct_clients']} new, 0 changed" in said
    assert re.search(r"^Revenue .*EUR", said, re.MULTILINE)
    assert statuses(empty) == ["completed"]
    assert "bruno.modelo@example.com" in empty.says("clients")
    assert "sales-pt.csv, row 4" in empty.says("journey", "bruno.modelo@example.com")
    assert "every row as it was" in empty.says("ledger", "verify")


def test_a_dry_run_has_the_numbers_of_the_run_and_changes_nothing(empty):
    tried = empty.says("import", SALES, "--dry-run").replace("would be ", "")
    assert "No clients yet" in empty.says("clients")
    done = empty.says("import", SALES, "--yes")
    assert rows_line(tried) == rows_line(done)
    money = [[line for line in said.splitlines() if line.startswith("Revenue")] for said in (tried, done)]
    assert money[0] == money[1]
    assert money[0]


def test_the_same_file_twice_doubles_nothing(empty):
    empty.says("import", SALES, "--yes")
    before = empty.says("clients")
    said = empty.says("import", SALES, "--yes")
    assert "uploaded before, as import" in said
    assert rows_line(said)["unchanged"] == 20
    assert empty.says("clients") == before


def test_existing_purchases_can_be_skipped(empty):
    empty.says("import", SALES, "--yes")
    assert rows_line(empty.says("import", SALES, "--yes", "--existing", "skip"))["skipped"] == 20


def test_columns_that_are_certain_are_counted_and_shown_when_asked_for(empty):
    assert "63 columns understood for certain" in empty.says("import", SALES, "--dry-run")
    said = empty.says("import", SALES, "--dry-run", "--columns")
    assert "Código da transação" in said
    assert "certain" in said


def test_the_moment_the_file_speaks_for_can_be_stated(empty):
    said = empty.says("import", SALES, "--dry-run", "--exported-at", "2026-07-15T12:00")
    assert "2026-07-15 15:00 UTC (as you stated" in said


def test_what_only_a_person_can_know_is_named_with_the_option_that_answers_it(empty):
    said = empty.complains("import", MANUAL, "--yes")
    assert "currency" in said
    assert "--currency" in said
    assert statuses(empty) == ["canceled"]
    assert rows_line(empty.says("import", MANUAL, "--yes", "--currency", "BRL"))["created"] == 7


def test_an_unknown_currency_may_be_the_answer(empty):
    said = empty.says("import", MANUAL, "--yes", "--currency", "unknown")
    assert rows_line(said)["created"] == 7
    assert "Revenue" not in said


def test_an_unknown_status_word_is_asked_for_once_and_given_as_an_option(empty, tmp_path):
    lines = ["HP1;Meio pago;a@example.com", "HP2;Meio pago;b@example.com", "HP3;Aprovado;c@example.com"]
    file = written(tmp_path, "\n".join(["Transação;Status;Email", *lines]))
    said = empty.complains("import", file, "--yes")
    assert said.count("--word 'Meio pago=STATUS'") == 1
    assert rows_line(empty.says("import", file, "--yes", "--word", "Meio pago=approved"))["created"] == 3
    assert "'paid' is no status" in empty.complains("import", file, "--yes", "--word", "Meio pago=paid")


def test_a_missing_status_is_given_for_all_rows(empty, tmp_path):
    file = written(tmp_path, "Transação;Email\nHP1;a@example.com\n")
    assert "--status" in empty.complains("import", file, "--yes")
    empty.says("import", file, "--yes", "--status", "complete")
    assert " complete " in empty.says("journey", "a@example.com")


def test_a_column_is_mapped_by_its_header_or_number(empty, tmp_path):
    file = written(tmp_path, "Transação;Status;Contato\nHP1;Aprovado;a@example.com\n")
    empty.says("import", file, "--yes", "--map", "contato=email")
    assert "a@example.com" in empty.says("clients")
    assert "names 0 columns" in empty.complains("import", file, "--yes", "--map", "Nada=email")
    assert "There is no field mail" in empty.complains("import", file, "--yes", "--map", "3=mail")
    assert "There is no column 9" in empty.complains("import", file, "--yes", "--map", "9=email")


def test_rows_that_cannot_be_read_are_shown_with_their_numbers_and_the_others_go_on(empty, tmp_path):
    lines = [f"HP{number};Aprovado;a{number}@example.com;BRL;10,00;02/07/2026" for number in range(30)]
    lines[4] = lines[4].replace("02/07/2026", "31/02/2026")
    file = written(tmp_path, "\n".join(["Transação;Status;Email;Moeda;Valor;Data", *lines]))
    said = empty.says("import", file, "--yes")
    assert rows_line(said) == {"total": 30, "created": 29, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1}
    (problem,) = (line for line in said.splitlines() if line.startswith("  row "))
    assert problem.startswith("  row 6  Data: ")
    assert "31/02/2026" in problem


def test_nobody_to_ask_means_nothing_is_uploaded(empty):
    assert "add --yes" in empty.complains("import", MANUAL, input="")
    assert statuses(empty) == []


def test_a_no_cancels_the_import(empty, monkeypatch):
    monkeypatch.setattr("service.commands.imports.at_a_terminal", lambda: True)
    empty.complains("import", SALES, input="n\n")
    assert statuses(empty) == ["canceled"]
    assert "No clients yet" in empty.says("clients")


def test_questions_are_asked_at_a_terminal_and_answered_there(empty, monkeypatch):
    monkeypatch.setattr("service.commands.imports.at_a_terminal", lambda: True)
    said = empty.says("import", MANUAL, input="BRL\ny\n")
    assert "In which currency" in said
    assert rows_line(said)["created"] == 7


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty"),
        (b"%PDF-1.7 nothing here", "not a spreadsheet"),
        (b"Transa\xc3\xa7\xc3\xa3o;Status\n", "no rows below"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(empty, tmp_path, content, told):
    (tmp_path / "bad.csv").write_bytes(content)
    assert told in empty.complains("import", str(tmp_path / "bad.csv"), "--yes")


def test_another_report_of_hotmart_is_recognised_and_refused_kindly(empty):
    assert "subscriptions" in empty.complains("import", str(EXPORTS / "subscriptions-pt.csv"), "--yes")
    assert statuses(empty) == ["failed"]


def test_a_file_that_is_not_there_is_a_usage_error(empty):
    assert "does not exist" in empty.complains("import", "no-such-file.csv", "--yes", code=2)


def test_automations_are_told_of_an_import_only_where_it_is_said(empty, tmp_path):
    with transaction(empty.app.extensions["marco"].engine) as tx:
        account = accounts.named(tx, None)
        draft = Draft("Todas", Trigger.SALE_CREATED, {}, "kommo", {"lead_name": "x"}, "always_new")
        made = automations.create(tx, account.id, draft, account.created_at)
        automations.switch(tx, account.id, made, "on", account.created_at)
    owed = text("SELECT subject FROM outbox WHERE automation_id = :made AND priority = 1 ORDER BY id")
    sold = []
    for code, options in (("HP1", []), ("HP2", ["--run-automations"])):
        line = f"Transação;Status;Email;Moeda;Valor da Venda\n{code};Aprovado;ana@example.com;BRL;1,00\n"
        empty.says("import", written(tmp_path, line), "--yes", *options)
        with transaction(empty.app.extensions["marco"].engine) as tx:
            sold.append(list(tx.execute(owed, {"made": made}).scalars()))
    with transaction(empty.app.extensions["marco"].engine) as tx:
        automations.switch(tx, account.id, made, "deleted", account.created_at)
    assert sold == [[], ["t:HP2"]]
