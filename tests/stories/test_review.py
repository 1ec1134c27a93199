"""Traps found by reading the house with ill will; each was once a fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from service.store import ledger, upkeep
from service.store.engine import transaction
from service.store.keeper import Keeper
from service.web.postbacks import open_body
from tests.living import HOTTOK, House, payload
from workers import uploads
from workers.turns import each


def approved(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    body["data"]["purchase"] |= changes
    return body | {"id": f"{changes}"[:100]}


def test_a_code_too_long_for_an_index_stops_neither_its_account_nor_the_next(house: House) -> None:
    house.receives(approved(transaction="x" * 3900), approved(transaction="HP0000000001"))
    assert house.purchase("HP0000000001")["status"] == "approved"
    (aside,) = house.get("/deliveries", state="set_aside")
    assert aside["reason"] == "transaction_missing"
    assert "longer than" in aside["notes"]["purchase.transaction"]


def test_an_account_somebody_works_on_is_passed_over(house: House, another_house: House) -> None:
    house.posts(approved(transaction="HP1"))
    another_house.posts(approved(transaction="HP2"))
    with transaction(house.shop.engine) as held:
        ledger.lock(held, house.account.id)
        assert house.turn() == 0
        assert another_house.turn() == 1
    assert house.turn() == 1


def test_what_is_nobodys_fault_is_raised_after_the_last_job() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 1:
            raise psycopg.OperationalError("away")
        done.append(number)
        return 1

    with pytest.raises(Exception, match="away"):
        each([1, 2, 3], work)
    assert done == [2, 3]


def many(count: int, bad_row: int | None = None) -> bytes:
    rows = (
        f"HP{number};Aprovado;b{number}@example.com;BRL;{'muito' if number == bad_row else '10,50'}\n"
        for number in range(count)
    )
    return ("Transação;Status;Email;Moeda;Valor da Venda\n" + "".join(rows)).encode()


def test_an_undo_takes_everything_out_also_after_a_row_was_read_again_and_the_import_canceled(house: House) -> None:
    done = house.imports("many.csv", many(700, bad_row=5))
    (failed,) = house.get("/deliveries", state="set_aside")
    assert house.client.post(f"/api/v1/deliveries/{failed['id']}/replay", headers=house.bearer).status_code == 202
    assert house.client.post(f"/api/v1/imports/{done['id']}/cancel", headers=house.bearer).status_code == 202
    house.pours()
    assert house.undoes(done["id"])["status"] == "undone"
    assert all(rows == [] for rows in house.ledger().values())
    assert house.rows("SELECT 1 FROM facts WHERE account_id = :account") == []


def test_an_import_whose_file_was_deleted_is_refused_and_not_completed_empty(house: House) -> None:
    uploaded = house.uploads("sales-en.csv")
    house.confirms(uploaded["id"], dry_run=True)
    later = datetime.now(UTC) + timedelta(days=8)
    with transaction(house.shop.engine) as tx:
        assert upkeep.delete_files(tx, later - timedelta(days=7), later) >= 1
    refused = house.confirm_answer(uploaded["id"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "file_deleted")
    assert house.get("/balance") == []


def test_a_column_that_is_no_code_fails_its_rows_instead_of_folding_them_for_hours(house: House) -> None:
    rows = "".join(f"SAME;Aprovado;b@example.com;BRL;{number},50\n" for number in range(450))
    done = house.imports("same.csv", ("Transação;Status;Email;Moeda;Valor da Venda\n" + rows).encode())
    assert (done["status"], done["rows"]["failed"]) == ("completed", 350)
    (failed, *_) = house.get("/deliveries", state="set_aside")
    assert failed["reason"] == "code_repeats"


def test_the_keeper_lives_on_after_a_fault_nobody_foresaw(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> list[str]:
        raise ValueError("a bug")

    assert house.posts(approved(transaction="HP1")).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr("service.store.inbox.keep", broken)
        assert house.posts(approved(transaction="HP2")).status_code == 503
    assert house.posts(approved(transaction="HP2")).status_code == 200


def test_the_keeper_leaves_a_connection_that_only_reads(house: House) -> None:
    assert house.posts(approved(transaction="HP1")).status_code == 200
    keeper: Keeper = house.app.extensions["marco"].keeper
    assert keeper._raw is not None
    keeper._raw.execute("SET default_transaction_read_only = on")
    assert house.posts(approved(transaction="HP2")).status_code == 503
    assert house.posts(approved(transaction="HP2")).status_code == 200


def test_equal_sales_without_a_code_are_told_apart_however_they_are_written(house: House) -> None:
    header = "Produto;Valor;Status;Email;Data;Moeda\n"
    rows = (
        "Curso;R$ 97,00;Aprovada;ana@example.com;01/04/2026;BRL\n"
        "Curso;97,00;Aprovada;ana@example.com;1/4/2026;BRL\n"
        "Curso;97;Aprovada;ana@example.com;01/04/2026;BRL\n"
    )
    done = house.imports("three.csv", (header + rows).encode())
    assert (done["rows"]["created"], done["rows"]["unchanged"]) == (3, 0)
    again = house.imports("three-again.csv", (header + rows).encode(), timezone="UTC")
    assert again["rows"]["created"] == 0, "another zone makes no other sale of it"


@pytest.mark.parametrize("date", ["--5", "²", "0001-01-01T00:00:00+14:00", "99999-01-01"])
def test_an_odd_date_costs_the_field_and_not_the_sale(house: House, date: str) -> None:
    house.receives(approved(transaction="HP1", order_date=date))
    assert house.purchase("HP1")["status"] == "approved"
    assert house.purchase("HP1")["ordered_at"] is None


@pytest.mark.parametrize("number", ["1e99999999999999999999", "1e-99999999999999999999", "1E+99999999999999999999"])
def test_an_absurd_exponent_is_refused_at_the_door(house: House, number: str) -> None:
    body = json.dumps(approved(transaction="HP1")).replace("1497}", number + "}")
    assert number in body
    answer = house.posts(body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "absurd_number")


def test_every_step_of_a_subscription_has_a_client(house: House) -> None:
    canceled = json.loads(payload("v2-SUBSCRIPTION_CANCELLATION.real-2025-05.json"))
    switched = json.loads(payload("v2-SWITCH_PLAN.doc.json"))
    switched["data"]["subscription"]["subscriber_code"] = canceled["data"]["subscriber"]["code"]
    house.receives(canceled, switched)
    dangling = house.rows(
        "SELECT 1 FROM milestones m WHERE m.account_id = :account AND NOT EXISTS (SELECT 1 FROM clients c"
        " WHERE c.account_id = m.account_id AND c.id = m.client_id)"
    )
    assert dangling == []
    assert house.milestones_of("subscriber@example.com") == ["plan_switched"]


def test_two_ids_of_one_product_leave_the_same_products_in_any_batches(house: House, another_house: House) -> None:
    new = approved(transaction="HP1")
    old = {
        "transaction": "HP1", "status": "billet_printed", "prod": "0012345", "prod_name": "Curso",
        "email": "a@example.com",
        "price": "10.00", "currency": "BRL", "purchase_date": "2025-04-29T18:49:17Z",
    }  # fmt: skip
    house.receives(new, old)
    another_house.receives(new)
    another_house.receives(old)
    before = house.ledger()["products"]
    assert another_house.ledger()["products"] == before
    house.rebuild()
    assert house.ledger()["products"] == before


def test_purging_bodies_takes_no_facts_and_no_rows_of_files(house: House) -> None:
    house.receives(approved(transaction="HP1"))
    imported = house.imports("sales-en.csv")
    before = house.ledger()
    with transaction(house.shop.engine) as tx:
        assert upkeep.purge_bodies(tx, datetime.now(UTC) + timedelta(minutes=1)) >= 1
    (delivery,) = house.get("/deliveries", source="hotmart")
    assert house.get(f"/deliveries/{delivery['id']}")["body"] is None
    assert house.client.post(f"/api/v1/deliveries/{delivery['id']}/replay", headers=house.bearer).status_code == 409
    with transaction(house.shop.engine) as tx:
        tx.execute(text("UPDATE deliveries SET state = 'pending' WHERE id = :id"), {"id": delivery["id"]})
    house.drain()
    assert house.ledger() == before
    house.undoes(imported["id"])
    house.confirms(imported["id"])
    assert house.get(f"/imports/{imported['id']}")["rows"]["created"] == imported["rows"]["created"]


def test_a_trial_that_is_canceled_while_its_rows_are_staged_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = house.uploads("sales-en.csv")
    assert house.confirm_answer(uploaded["id"], dry_run=True).status_code == 202
    run_in_child = uploads.run_in_child

    def while_somebody_cancels(*told: Any, **limits: Any) -> Any:
        records = list(run_in_child(*told, **limits))
        assert house.client.post(f"/api/v1/imports/{uploaded['id']}/cancel", headers=house.bearer).status_code == 202
        return iter(records)

    monkeypatch.setattr(uploads, "run_in_child", while_somebody_cancels)
    house.files()
    assert house.get(f"/imports/{uploaded['id']}")["status"] == "canceled"
    assert house.get("/balance") == []


def test_events_a_little_ahead_of_our_clock_keep_their_order(house: House, another_house: House) -> None:
    soon = int((datetime.now(UTC) + timedelta(minutes=5)).timestamp() * 1000)
    first = approved(transaction="HP1") | {"creation_date": soon}
    then = json.loads(json.dumps(first)) | {
        "id": "then",
        "event": "PURCHASE_REFUNDED",
        "creation_date": soon + 5000,
    }
    house.receives(first, then)
    another_house.receives(then, first)
    assert house.purchase("HP1")["status"] == another_house.purchase("HP1")["status"] == "refunded"


def test_a_bump_belongs_to_the_order_of_its_main_sale(house: House) -> None:
    bump = approved(transaction="HP777C2", order_bump={"is_order_bump": True, "parent_purchase_transaction": "HP777C1"})
    house.receives(approved(transaction="HP777C1"), bump)
    assert house.purchase("HP777C1")["order_group"] == house.purchase("HP777C2")["order_group"] == "HP777"


def test_a_row_that_only_fills_gaps_adds_no_step_to_the_journey(house: House) -> None:
    house.receives(approved(transaction="HP1"))
    before = house.milestones_of("ana.comprador0@example.com")
    content = b"Transacao;Status;Email;Codigo SRC\nHP1;Cancelado;ana.comprador0@example.com;ad\n"
    house.imports("fill.csv", content, existing="fill")
    assert house.purchase("HP1")["src"] == "ad"
    assert house.milestones_of("ana.comprador0@example.com") == before


def test_a_shipment_alone_is_no_purchase_that_exists(house: House) -> None:
    house.receives(payload("v2-ORDER_FULFILLMENT.json"))
    content = b"Transacao;Status;Email\nHP17163000001234;Aprovado;comprador@example.com\n"
    done = house.imports("skip.csv", content, existing="skip")
    assert (done["rows"]["created"], done["rows"]["skipped"]) == (1, 0)


def test_an_empty_header_does_not_hide_the_token_in_the_body(house: House) -> None:
    assert house.posts(approved(transaction="HP1") | {"hottok": HOTTOK}, token="").status_code == 200


def test_the_same_cart_of_version_1_is_another_one_on_another_day() -> None:
    body = payload("v1-cart-abandonment.json")
    today = datetime(2026, 7, 2, tzinfo=UTC).date()
    assert open_body(body, today).key == open_body(body, today).key
    assert open_body(body, today).key != open_body(body, today + timedelta(days=7)).key
