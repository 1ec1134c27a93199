"""Batches that fail: smaller and smaller, until the one delivery at fault stands alone."""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg
import pytest

from service.sources.telling import Kept, Telling
from service.store import drains
from service.store.engine import transaction
from tests.living import House, payload
from workers import ingest


def events(count: int, poison: int | None = None) -> list[bytes]:
    body: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    made = []
    for number in range(count):
        body |= {"id": f"event-{number}"}
        body["data"]["purchase"]["transaction"] = "POISON" if number == poison else f"HP{number:010}"
        made.append(json.dumps(body).encode())
    return made


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """A translator with a bug: it fails on one transaction code."""
    translate = ingest.postback.translate

    def fails_on_poison(body: bytes, kept: Kept) -> Telling:
        if b"POISON" in body:
            raise ZeroDivisionError("a bug")
        return translate(body, kept)

    monkeypatch.setattr(ingest.postback, "translate", fails_on_poison)


def states(house: House) -> dict[str, int]:
    return dict(
        house.rows("SELECT state, count(*) FROM deliveries WHERE account_id = :account GROUP BY state")  # type: ignore[arg-type]  # rows of two
    )


@pytest.mark.usefixtures("poisonous")
def test_a_delivery_nobody_survives_is_set_aside_alone_and_its_neighbours_are_applied(house: House) -> None:
    house.receives(*events(60, poison=33))
    assert states(house) == {"done": 59, "set_aside": 1}
    (row,) = house.rows("SELECT reason FROM deliveries WHERE account_id = :account AND state = 'set_aside'")
    assert row.reason == "crashed"
    assert house.balance()["hotmart"]["set_aside"] == 1


@pytest.mark.usefixtures("poisonous")
def test_what_was_set_aside_can_be_replayed_after_the_fix(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.receives(*events(3, poison=1))
    monkeypatch.undo()
    (delivery,) = house.get("/deliveries", state="set_aside")
    assert house.client.post(f"/api/v1/deliveries/{delivery['id']}/replay", headers=house.bearer).status_code == 202
    house.drain()
    assert house.purchase("POISON")["status"] == "approved"
    assert states(house) == {"done": 3}


def test_faults_of_the_database_are_never_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for body in events(2):
        house.posts(body)
    for _ in range(10):
        with monkeypatch.context() as patch:

            def away(*_: Any, **__: Any) -> None:
                raise psycopg.OperationalError("the connection was closed")

            patch.setattr(ingest.pipeline, "apply", away)
            with pytest.raises(psycopg.OperationalError):
                house.turn()
    assert house.turn() == 2, "the batch is as large as ever"
    assert states(house) == {"done": 2}


def test_a_killed_worker_leaves_nothing_half_done_and_the_next_one_takes_less(house: House) -> None:
    for body in events(50):
        house.posts(body)
    child = os.fork()
    if child == 0:  # pragma: no cover  # dies in the middle of the work, its connections with it
        house.shop.engine.dispose(close=False)
        ingest.inbox.mark = lambda *_: os.kill(os.getpid(), 9)  # type: ignore[assignment]  # the last step never comes
        house.turn()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert states(house) == {"pending": 50}
    assert house.rows("SELECT 1 FROM purchases WHERE account_id = :account") == []
    assert house.turn() == drains.SMALL
    house.drain()
    assert states(house) == {"done": 50}


def test_three_deaths_alone_set_a_delivery_aside_and_two_do_not(house: House) -> None:
    for body in events(2):
        house.posts(body)
    (first, _) = house.rows("SELECT id FROM deliveries WHERE account_id = :account ORDER BY id")
    alone = drains.Turn(drains.ALONE, None, 0)
    for deaths in range(drains.CRASHES_ALONE):
        drains.note(house.shop.engine, house.account.id, "realtime", alone, first.id)
        with transaction(house.shop.engine) as tx:
            alone = drains.begin(tx, house.account.id, "realtime")
        assert alone.gives_up_on(first.id) == (deaths + 1 >= drains.CRASHES_ALONE)
    house.drain()
    assert states(house) == {"set_aside": 1, "done": 1}
