"""Undoing and canceling imports when workers fail in the middle of it, and in pieces that keep nobody waiting."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from service.store import drains
from tests.living import House, payload
from tests.stories.test_properties import batches_of, houses
from workers import pipeline, pouring

__all__ = ["houses"]

HEADER = "Transação;Status;Email;Moeda;Valor da Venda\n"


def a_file(rows: int) -> bytes:
    lines = "".join(f"HP{number:04};Aprovado;b{number}@example.com;BRL;10,50\n" for number in range(rows))
    return (HEADER + lines).encode()


def states(house: House) -> dict[str, int]:
    rows = house.rows("SELECT state, count(*) FROM deliveries WHERE account_id = :account GROUP BY state")
    return {row[0]: row[1] for row in rows}


def asks_for_an_undo(house: House, import_id: int) -> None:
    assert house.client.post(f"/api/v1/imports/{import_id}/undo", headers=house.bearer).status_code == 202


@pytest.fixture
def imported(house: House) -> Any:
    return house.imports("many.csv", a_file(60))


@pytest.fixture
def poisonous(house: House, imported: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """A bug that keeps one row from being taken out; its number in the file."""
    (poison,) = house.rows("SELECT id, row_number FROM deliveries WHERE account_id = :account AND row_number = 35")
    apply = pipeline.apply

    def fails_on_poison(tx: Any, account: Any, new: Any, withdrawn: Sequence[int] = ()) -> Any:
        if poison.id in withdrawn:
            raise ZeroDivisionError("a bug")
        return apply(tx, account, new, withdrawn)

    monkeypatch.setattr(pouring.pipeline, "apply", fails_on_poison)
    return int(poison.row_number)


def test_an_undo_takes_out_all_but_the_row_nobody_survives_and_says_so(
    house: House, imported: Any, poisonous: int
) -> None:
    undone = house.undoes(imported["id"])
    assert undone["status"] == "canceled"
    assert undone["problem"]["code"] == "undo_crashed"
    assert f"row {poisonous}" in undone["problem"]["message"]
    assert states(house) == {"withdrawn": 59, "done": 1}
    assert [purchase["transaction"] for purchase in house.get("/purchases")] == ["HP0033"]
    assert house.balance()["sheet"]["set_aside"] == 0


@pytest.mark.usefixtures("poisonous")
def test_an_undo_that_left_rows_in_is_finished_when_it_is_asked_for_again(
    house: House, imported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.undoes(imported["id"])
    monkeypatch.undo()
    again = house.undoes(imported["id"])
    assert (again["status"], again["problem"]) == ("undone", None)
    assert states(house) == {"withdrawn": 60}
    assert house.get("/clients") == []
    house.confirms(imported["id"])
    assert house.get(f"/imports/{imported['id']}")["rows"] == imported["rows"]


def test_a_killed_undo_leaves_nothing_half_done_and_takes_less_the_next_time(house: House, imported: Any) -> None:
    asks_for_an_undo(house, imported["id"])
    child = os.fork()
    if child == 0:  # pragma: no cover  # dies in the middle of the work, its connections with it
        house.shop.engine.dispose(close=False)
        pouring.withdrawals.withdraw = lambda *_: os.kill(os.getpid(), 9)  # type: ignore[assignment]  # never comes
        house.pour_once()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert states(house) == {"done": 60}
    assert house.pour_once() == drains.SMALL
    house.pours()
    assert states(house) == {"withdrawn": 60}
    assert house.get(f"/imports/{imported['id']}")["status"] == "undone"


def test_the_rest_of_a_canceled_import_is_withdrawn_in_pieces_between_which_postbacks_come_in(
    houses: Callable[[], House],
) -> None:
    house = houses()
    with batches_of(10):
        uploaded = house.uploads("many.csv", a_file(500))
        assert house.confirm_answer(uploaded["id"]).status_code == 202
        house.files()
        assert house.pour_once() == 10
    assert house.client.post(f"/api/v1/imports/{uploaded['id']}/cancel", headers=house.bearer).status_code == 202
    pieces = []
    while house.get(f"/imports/{uploaded['id']}")["status"] == "running":
        pieces.append(house.pour_once())
        if len(pieces) == 1:
            house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
            assert len(house.get("/purchases", page_size=100)) == 11
    assert pieces == [16, 16, 16, 1], "50 chunks, of which one was poured"
    assert states(house) == {"done": 11, "withdrawn": 490}
    canceled = house.get(f"/imports/{uploaded['id']}")
    assert (canceled["status"], canceled["chunk"]) == ("canceled", {"done": 1, "total": 50})
    assert canceled["rows"]["created"] == 10


def test_an_import_that_is_canceled_at_its_very_end_is_canceled_too(house: House) -> None:
    uploaded = house.uploads("few.csv", a_file(3))
    assert house.confirm_answer(uploaded["id"]).status_code == 202
    house.files()
    house.pour_once()
    assert house.client.post(f"/api/v1/imports/{uploaded['id']}/cancel", headers=house.bearer).status_code == 202
    house.pours()
    assert house.get(f"/imports/{uploaded['id']}")["status"] == "canceled"
    assert states(house) == {"done": 3}
