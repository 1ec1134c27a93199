"""Spreadsheets through the same pipeline: uploaded, tried, run, undone; read back through the API."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from service.domain.statuses import CATEGORY_OF, status_of_word
from service.sources.sheet.problems import Problem
from service.sources.sheet.rows import RowFacts
from service.store import accounts
from service.store.engine import transaction
from tests.living import EXPORTS, House, payload
from workers import pouring

EXPECTED: dict[str, Any] = json.loads((EXPORTS / "expected.json").read_text())
SALES = sorted(name for name in EXPECTED if name.startswith("sales"))
STATED = {"exported_at": "2026-08-15T12:00:00Z"}
UNKNOWN_CURRENCY = {"defaults": {"currency": None}}


def sums(rows: dict[str, int]) -> int:
    return sum(number for fate, number in rows.items() if fate != "total")


@pytest.mark.parametrize("name", SALES)
def test_every_sample_export_gives_what_is_expected(house: House, name: str) -> None:
    expected = EXPECTED[name]
    imported = house.imports(name, **STATED, **UNKNOWN_CURRENCY)
    assert imported["status"] == "completed", imported["problem"]
    assert imported["rows"]["total"] == expected["data_rows"] == sums(imported["rows"])
    assert imported["rows"]["created"] == expected["rows_kept"]
    assert imported["rows"]["failed"] == 0
    assert imported["clients"] == {"created": expected["distinct_clients"], "updated": 0}
    purchases = house.get("/purchases", page_size=100)
    assert len(purchases) == expected["rows_kept"]
    assert sum(row["client_id"] is None for row in purchases) == expected["rows_without_email"]
    assert statuses_of(purchases) == {
        str(status_of_word(word)): count for word, count in ours(expected["statuses"]).items()
    }
    assert paid_totals(purchases) == {
        (currency, category): Decimal(amount)
        for currency, categories in expected["totals"].items()
        for category, amount in categories.items()
    }
    assert net_of_active(purchases) == {
        currency: Decimal(amount) for currency, amount in expected["active_net"].items()
    }


def ours(counted: dict[str, int]) -> dict[str, int]:
    """The expected counts with words that mean one status of ours put together."""
    together: dict[str, int] = {}
    first: dict[Any, str] = {}
    for word, count in counted.items():
        name = first.setdefault(status_of_word(word), word)
        together[name] = together.get(name, 0) + count
    return together


def statuses_of(purchases: list[Any]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for row in purchases:
        counted[row["status"]] = counted.get(row["status"], 0) + 1
    return counted


def paid_totals(purchases: list[Any]) -> dict[tuple[str, str], Decimal]:
    """What expected.json adds up: the amount paid, else the one price there is."""
    totals: dict[tuple[str, str], Decimal] = {}
    for row in purchases:
        amount = row["paid"] or row["gross"]
        slot = (amount["currency"] or "none", str(CATEGORY_OF[row["status"]]))
        totals[slot] = totals.get(slot, Decimal(0)) + Decimal(amount["value"])
    return totals


def net_of_active(purchases: list[Any]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in purchases:
        if row["category"] == "active" and row["net"]:
            currency = row["net"]["currency"]
            totals[currency] = totals.get(currency, Decimal(0)) + Decimal(row["net"]["value"])
    return {currency: total.quantize(Decimal("0.01")) for currency, total in totals.items()}


@pytest.mark.parametrize("name", SALES)
def test_a_dry_run_gives_the_numbers_of_the_run_and_writes_nothing(house: House, name: str) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    before = house.ledger()
    tried = house.uploads(name, **STATED)
    house.confirms(tried["id"], dry_run=True, **UNKNOWN_CURRENCY)
    tried = house.get(f"/imports/{tried['id']}")
    assert tried["status"] == "ready"
    assert house.ledger() == before
    assert "sheet" not in house.balance()
    house.confirms(tried["id"], **UNKNOWN_CURRENCY)
    run = house.get(f"/imports/{tried['id']}")
    for part in ("rows", "clients", "revenue"):
        assert run[part] == tried["dry_run"][part]


@pytest.mark.parametrize("name", SALES)
def test_the_same_file_again_changes_nothing(house: House, name: str) -> None:
    house.imports(name, **STATED, **UNKNOWN_CURRENCY)
    before = house.ledger()
    again = house.imports(name, **STATED, **UNKNOWN_CURRENCY)
    assert again["rows"]["unchanged"] == again["rows"]["total"]
    assert again["clients"] == {"created": 0, "updated": 0}
    assert house.ledger() == before
    assert again["same_file_as"] is not None


@pytest.mark.parametrize("name", SALES)
def test_an_undone_import_leaves_what_was_there_before(house: House, name: str) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    before = house.ledger()
    imported = house.imports(name, **STATED, **UNKNOWN_CURRENCY)
    assert house.ledger() != before
    assert house.undoes(imported["id"])["status"] == "undone"
    assert house.ledger() == before
    assert house.balance()["sheet"]["withdrawn"] == imported["rows"]["total"]


def test_an_undone_import_can_be_run_again(house: House) -> None:
    imported = house.imports("sales-pt.csv", **STATED)
    after = house.ledger()
    house.undoes(imported["id"])
    house.confirms(imported["id"])
    again = house.get(f"/imports/{imported['id']}")
    assert (again["status"], again["rows"], again["clients"]) == ("completed", imported["rows"], imported["clients"])
    assert house.ledger() == after


def test_what_newer_information_says_survives_an_undo(house: House) -> None:
    story = json.loads(payload("v2-PURCHASE_REFUNDED.real.json"))
    story["data"]["purchase"]["transaction"] = "HP2100000001"
    story["data"]["buyer"]["email"] = "ana.lima@example.com"
    imported = house.imports("sales-pt.csv", exported_at="2025-01-01T00:00:00Z")
    house.receives(story)
    assert house.purchase("HP2100000001")["status"] == "refunded"
    house.undoes(imported["id"])
    purchase = house.purchase("HP2100000001")
    assert (purchase["status"], purchase["src"]) == ("refunded", None)
    assert len(house.get("/clients")) == 1


def test_an_older_export_never_lowers_what_a_newer_postback_said(house: House) -> None:
    story = json.loads(payload("v2-PURCHASE_REFUNDED.real.json"))
    story["data"]["purchase"]["transaction"] = "HP2100000001"
    house.receives(story)
    house.imports("sales-pt.csv", exported_at="2025-01-01T00:00:00Z")
    assert house.purchase("HP2100000001")["status"] == "refunded"
    assert house.purchase("HP2100000001")["src"] == "ig_bio", "but it adds what the postback did not know"


def test_existing_purchases_can_be_left_alone_or_only_filled(house: House) -> None:
    story = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    story["data"]["purchase"]["transaction"] = "HP2100000003"
    house.receives(story)
    skipped = house.imports("sales-pt.csv", **STATED, existing="skip")
    assert (skipped["rows"]["skipped"], skipped["rows"]["created"]) == (1, 18)
    assert house.purchase("HP2100000003")["status"] == "approved"
    house.undoes(skipped["id"])
    filled = house.imports("sales-pt.csv", **STATED, existing="fill")
    assert filled["rows"]["updated"] >= 1
    purchase = house.purchase("HP2100000003")
    assert (purchase["status"], purchase["gross"]["value"]) == ("approved", "1497.00")


def test_spot_checks_of_the_detailed_report(house: House) -> None:
    house.imports("sales-pt.csv", **STATED)
    bump = house.purchase("HP2100000002")
    assert (bump["order_group"], bump["parent_transaction"], bump["is_bump"]) == (
        "HP2100000001",
        "HP2100000001",
        True,
    )
    assert house.purchase("HP2100000018")["client_id"] is None
    assert house.purchase("HP2100000008")["ordered_at"] == "2026-07-15T02:58:59Z"
    (lucas,) = house.get("/clients", email="lucas.prototipo@example.com")
    detail = house.get(f"/clients/{lucas['id']}")
    assert [row["subscriber_code"] for row in detail["subscriptions"]] == ["AB12CD34"]
    assert {house.purchase(code)["recurrence_number"] for code in ("HP2100000013", "HP2100000014")} == {1, 2}
    assert house.purchase("HP2100000011C1")["category"] == "active"
    assert house.purchase("HP2100000011C2")["category"] == "lost"


def test_a_row_links_its_milestone_to_file_and_row(house: House) -> None:
    imported = house.imports("sales-pt.csv", **STATED)
    (ana,) = house.get("/clients", email="ana.lima@example.com")
    steps = house.get(f"/clients/{ana['id']}/milestones")
    approved = next(step for step in steps if step["transaction"] == "HP2100000001")
    assert approved["source"]["kind"] == "sheet"
    assert (approved["source"]["import_id"], approved["source"]["row"]) == (imported["id"], 2)
    assert approved["source"]["file_name"] == "sales-pt.csv"


def test_open_questions_stop_a_confirmation_until_they_are_answered(house: House) -> None:
    content = "Transação;Status;Email;Valor\nHP1;Ascendido;ana@example.com;10,00\nHP2;Aprovado;bia@example.com;20,00\n"
    uploaded = house.uploads("mine.csv", content.encode())
    assert {question["code"] for question in uploaded["questions"]} == {"unknown_status", "missing_currency"}
    refused = house.confirm_answer(uploaded["id"])
    assert refused.status_code == 422
    assert {question["code"] for question in refused.get_json()["errors"]["questions"]} == {
        "unknown_status",
        "missing_currency",
    }
    house.confirms(uploaded["id"], words={"Ascendido": "complete"}, defaults={"currency": "BRL"})
    done = house.get(f"/imports/{uploaded['id']}")
    assert (done["status"], done["rows"]["created"]) == ("completed", 2)
    assert house.purchase("HP1")["status"] == "complete"
    assert house.purchase("HP2")["gross"] == {"value": "20.00", "currency": "BRL"}


def test_rows_that_cannot_be_read_are_told_with_row_column_value_and_reason(house: House) -> None:
    content = (
        "Transação;Status;Email;Moeda;Valor da Venda;Data de Venda\n"
        "HP1;Aprovado;ana@example.com;BRL;10,50;01/07/2026\n"
        "\n"
        "HP2;Aprovado;bia@example.com;BRL;muito;01/07/2026\n"
        "HP3;Aprovado;caio@example.com;BRL;12,50;32/07/2026\n"
        "HP4;Aprovado;=cmd@example.com;BRL;12,50;31/07/2026\n"
    )
    done = house.imports("mine.csv", content.encode())
    assert done["status"] == "completed"
    assert (done["rows"]["created"], done["rows"]["failed"], done["rows"]["total"]) == (2, 2, 4)
    answer = house.client.get(f"/api/v1/imports/{done['id']}/problems", headers=house.bearer)
    lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
    assert lines[0].startswith("Transação;Status;Email;Moeda;Valor da Venda;Data de Venda;Marco: row")
    assert [line.split(";")[6] for line in lines[1:]] == ["4", "5"]
    assert "Valor da Venda" in lines[1].split(";")[7]
    assert "Data de Venda" in lines[2].split(";")[7]
    corrected = "\n".join(lines).replace("muito", "11,00").replace("32/07/2026", "30/07/2026")
    again = house.imports("corrected.csv", corrected.encode())
    assert (again["rows"]["created"], again["rows"]["failed"]) == (2, 0)
    assert house.balance()["sheet"] == {
        "received": 6, "applied": 4, "duplicate": 0, "set_aside": 2, "kept": 0, "test": 0, "withdrawn": 0, "pending": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("subscriptions-pt.csv", None, "subscriptions_report"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "unknown_container"),
        ("header.csv", "Transação;Status;Email\n".encode(), "no_rows"),
        ("broken.xlsx", b"PK\x03\x04" + b"\0" * 64, "truncated"),
        ("numbers.csv", b"1;2\n3;4\n", "no_header"),
    ],
)
def test_a_file_that_cannot_be_understood_fails_with_cause_and_remedy(
    house: House, name: str, content: bytes | None, code: str
) -> None:
    failed = house.uploads(name, content)
    assert failed["status"] == "failed"
    assert failed["problem"]["code"] == code
    assert len(failed["problem"]["message"]) > 30


def test_an_empty_and_a_too_large_file_are_refused_at_once(house: House) -> None:
    assert house.upload_answer("empty.csv", b"").status_code == 422
    answer = house.upload_answer("large.csv", b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "file_too_large"
    assert house.get("/imports") == []


def test_the_problems_file_is_harmless_to_a_spreadsheet_program_and_comes_back_as_it_was(house: House) -> None:
    content = (
        "Transação;Status;Email;Telefone;Comprador;Moeda;Valor da Venda\n"
        "HP1;Aprovado;ana@example.com;+5511999990000;=HYPERLINK(1);BRL;muito\n"
    )
    done = house.imports("mine.csv", content.encode())
    answer = house.client.get(f"/api/v1/imports/{done['id']}/problems", headers=house.bearer)
    told = answer.get_data(as_text=True)
    assert ";'+5511999990000;'=HYPERLINK(1);" in told
    again = house.imports("corrected.csv", told.replace("muito", "11,00").encode())
    assert again["rows"]["created"] == 1
    (client,) = house.get("/clients")
    assert (client["phone"], client["name"]) == ("+5511999990000", "=HYPERLINK(1)")


def test_a_file_without_identity_or_status_names_what_is_missing(house: House) -> None:
    uploaded = house.uploads("list.csv", b"Produto,Valor\nCurso,10\n")
    assert set(uploaded["missing_fields"]) >= {"status"}
    refused = house.confirm_answer(uploaded["id"], defaults={"status": "approved", "currency": "BRL"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "missing_fields")


def test_only_a_ready_import_can_be_confirmed_and_only_one_that_ran_undone(house: House) -> None:
    done = house.imports("sales-en.csv", **STATED)
    assert house.confirm_answer(done["id"]).status_code == 409
    assert house.client.post(f"/api/v1/imports/{done['id']}/cancel", headers=house.bearer).status_code == 409
    uploaded = house.uploads("sales-en.csv", **STATED)
    assert house.client.post(f"/api/v1/imports/{uploaded['id']}/undo", headers=house.bearer).status_code == 409
    assert house.confirm_answer(999999).status_code == 404


def test_a_cancel_stops_after_the_present_chunk_and_the_rest_is_withdrawn(house: House) -> None:
    header = "Transação;Status;Email;Moeda;Valor da Venda\n"
    rows = "".join(f"HP{number};Aprovado;b{number}@example.com;BRL;10,50\n" for number in range(900))
    uploaded = house.uploads("many.csv", (header + rows).encode())
    assert house.confirm_answer(uploaded["id"]).status_code == 202
    house.files()
    house.pour_once()
    assert house.client.post(f"/api/v1/imports/{uploaded['id']}/cancel", headers=house.bearer).status_code == 202
    house.pours()
    canceled = house.get(f"/imports/{uploaded['id']}")
    assert (canceled["status"], canceled["chunk"]) == ("canceled", {"done": 1, "total": 3})
    assert canceled["rows"]["created"] == 300
    assert house.balance()["sheet"]["withdrawn"] == 600
    assert house.undoes(uploaded["id"])["status"] == "undone"
    assert house.get("/clients") == []


def test_a_canceled_trial_leaves_nothing_in_the_books(house: House) -> None:
    uploaded = house.uploads("sales-en.csv", **STATED)
    house.confirms(uploaded["id"], dry_run=True)
    assert house.client.post(f"/api/v1/imports/{uploaded['id']}/cancel", headers=house.bearer).status_code == 202
    assert house.get(f"/imports/{uploaded['id']}")["status"] == "canceled"
    assert house.get("/balance") == []
    assert house.client.post(f"/api/v1/imports/{uploaded['id']}/undo", headers=house.bearer).status_code == 409


def test_a_mapping_made_by_hand_is_used_and_remembered(house: House) -> None:
    content = b"Codigo X;Estado da venda;Contato\nHP1;Aprovado;ana@example.com\n"
    uploaded = house.uploads("mine.csv", content)
    assert uploaded["columns"][0]["field"] is None
    house.confirms(uploaded["id"], mapping={"1": "transaction", "2": "status", "3": "email"})
    assert house.purchase("HP1")["email"] == "ana@example.com"
    again = house.uploads("mine2.csv", content)
    assert [column["field"] for column in again["columns"]] == ["transaction", "status", "email"]


def test_the_fields_have_labels_in_three_languages(house: House) -> None:
    listed = house.get("/imports/fields")
    assert {"transaction", "status", "email", "paid", "currency"} <= {field["id"] for field in listed}
    assert all(set(field["labels"]) == {"pt", "en", "es"} and all(field["labels"].values()) for field in listed)
    assert [field["id"] for field in listed if field["required"]] == ["status"]


def test_rows_without_a_code_keep_their_key_over_imports_and_changes_of_status(house: House) -> None:
    first = b"Produto,Valor,Status,Email,Data,Moeda\nCurso,10,Aprovada,ana@example.com,2026-04-01,BRL\n" * 1
    twice = first + b"Curso,10,Aprovada,ana@example.com,2026-04-01,BRL\n"
    done = house.imports("a.csv", twice)
    assert done["rows"]["created"] == 2, "two equal rows are two sales"
    refunded = twice.replace(b"Aprovada", b"Reembolsada")
    again = house.imports("b.csv", refunded)
    assert (again["rows"]["created"], again["rows"]["updated"]) == (0, 2)
    assert {row["status"] for row in house.get("/purchases")} == {"refunded"}


def test_uploads_are_files_of_one_account_only(house: House, another_house: House) -> None:
    done = house.imports("sales-en.csv", **STATED)
    for path in ("", "/problems"):
        answer = another_house.client.get(f"/api/v1/imports/{done['id']}{path}", headers=another_house.bearer)
        assert answer.status_code == 404
    for path in ("confirm", "cancel", "undo"):
        answer = another_house.client.post(
            f"/api/v1/imports/{done['id']}/{path}", headers=another_house.bearer, json={}
        )
        assert answer.status_code == 404


def test_a_row_that_was_not_taken_can_be_read_again_after_a_fix(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"Transacao;Status;Email\nHP1;Aprovado;ana@example.com\nHP2;Aprovado;bia@example.com\n"
    facts_of_row = pouring.facts_of_row

    def with_a_bug(reading: Any, key: str, number: int, body: Any) -> RowFacts:
        if number == 3:
            return RowFacts(None, [Problem(3, 1, "Transacao", "transaction", "HP2", "bug", "is a bug", "wait", {})], [])
        return facts_of_row(reading, key, number, body)

    monkeypatch.setattr(pouring, "facts_of_row", with_a_bug)
    done = house.imports("mine.csv", content)
    assert (done["rows"]["created"], done["rows"]["failed"]) == (1, 1)
    monkeypatch.undo()
    (failed,) = house.get("/deliveries", state="set_aside")
    answer = house.client.post(f"/api/v1/deliveries/{failed['id']}/replay", headers=house.bearer)
    assert answer.status_code == 202
    house.pours()
    again = house.get(f"/imports/{done['id']}")
    assert (again["status"], again["rows"]["created"], again["rows"]["failed"]) == ("completed", 2, 0)
    assert house.purchase("HP2")["status"] == "approved"


def test_a_dry_run_tells_changes_field_by_field_and_failures_row_by_row(house: House) -> None:
    first = "Transação;Status;Email;Moeda;Valor da Venda\nHP1;Aguardando pagamento;ana@example.com;BRL;10,00\n"
    house.imports("a.csv", first.encode(), exported_at="2026-08-01T00:00:00Z")
    then = first.replace("Aguardando pagamento", "Aprovado") + "HP2;Aprovado;bia@example.com;BRL;muito\n"
    uploaded = house.uploads("b.csv", then.encode(), exported_at="2026-08-02T00:00:00Z")
    house.confirms(uploaded["id"], dry_run=True)
    tried = house.get(f"/imports/{uploaded['id']}")["dry_run"]
    (change,) = tried["changes"]
    assert (change["key"], change["email"]) == ("HP1", "ana@example.com")
    assert change["fields"]["status"] == ["waiting_payment", "approved"]
    assert change["fields"]["category"] == ["pending", "active"]
    (failure,) = tried["failures"]
    assert (failure["row"], failure["problems"][0]["value"]) == (3, "muito")


def test_a_file_can_be_read_again_with_another_header_row_or_encoding(house: House) -> None:
    content = "Transação;Status;Email\nCódigo;Status;Email\nHP1;Aprovado;ana@example.com\n".encode("cp1252")
    uploaded = house.uploads("mine.csv", content)
    assert uploaded["layout"]["header_row"] == 1
    again = house.client.post(
        f"/api/v1/imports/{uploaded['id']}/reread", json={"header_row": 2, "encoding": "cp1252"}, headers=house.bearer
    )
    assert again.status_code == 202
    house.files()
    reread = house.get(f"/imports/{uploaded['id']}")
    assert (reread["status"], reread["layout"]["header_row"], reread["rows"]["total"]) == ("ready", 2, 1)


def test_a_plan_counts_imports_that_were_started_undone_ones_too(house: House) -> None:
    with transaction(house.shop.engine) as tx:
        accounts.set_plan(tx, house.account.id, "free")
    for number in range(3):
        done = house.imports(f"{number}.csv", f"Transacao;Status\nHP{number};Aprovado\n".encode())
        house.undoes(done["id"])
    fourth = house.uploads("4.csv", b"Transacao;Status\nHP4;Aprovado\n")
    house.confirms(fourth["id"], dry_run=True)
    refused = house.confirm_answer(fourth["id"])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "plan_limit")
    assert refused.get_json()["errors"]["limit"] == 3
    with transaction(house.shop.engine) as tx:
        accounts.set_plan(tx, house.account.id, "ultra")
    assert house.confirm_answer(fourth["id"]).status_code == 202


def test_concurrent_starts_cannot_pass_the_limit(house: House) -> None:
    with transaction(house.shop.engine) as tx:
        accounts.set_plan(tx, house.account.id, "free")
    ready = [house.uploads(f"{number}.csv", f"Transacao;Status\nHP{number};Aprovado\n".encode()) for number in range(6)]

    def start(import_id: int) -> int:
        client = house.app.test_client()
        return client.post(f"/api/v1/imports/{import_id}/confirm", json={}, headers=house.bearer).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(start, [one["id"] for one in ready]))
    assert answers == [202, 202, 202, 403, 403, 403]
