"""Kommo tells the real door over HTTP, forgets some of it, switches the hook off; a watcher sees to both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from werkzeug.serving import make_server

from service import kommo_desk
from service.connectors.limits import Pace
from service.kommo_account import address_of
from service.store import connections, crm_hooks
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.connectors.conftest import client_of
from tests.kommo.hooks import Hooks
from tests.kommo.server import FakeKommo
from tests.living import House, payload
from tests.stories.automating import connect
from workers.reconciling import watch
from workers.workshop import Workshop

PIPELINE, FIRST, SECOND, WON = 7700100, 61000010, 61000020, 142
CODE = "HP9100000137"


@pytest.fixture
def fake(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKommo]:
    """A Kommo the house is connected to."""
    monkeypatch.setattr(kommo_desk, "PACE", Pace(per_second=10_000))
    Redis.from_url(house.shop.settings.redis_url).delete("marco:road:kommo")
    with FakeKommo().running() as running:
        connect(house, running)
        yield running
        with transaction(house.shop.engine) as tx:
            connections.disconnect(tx, house.account.id)


@pytest.fixture
def outdoors(house: House) -> Iterator[Workshop]:
    """The house's tools, its door open to the network."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield replace(house.shop, settings=replace(house.shop.settings, public_url=address))
    server.shutdown()
    thread.join()


@pytest.fixture
def address(house: House, outdoors: Workshop) -> str:
    """Where the house wants to be told."""
    with transaction(outdoors.engine) as tx:
        secret = crm_hooks.add(tx, house.account.id, vault_of(outdoors.settings))
    house.app.extensions["marco"].directory.forget()
    return address_of(outdoors.settings.public_url, house.account.key, secret)


@pytest.fixture
def lead(house: House, fake: FakeKommo) -> Any:
    """A lead of a client of the house, that can be moved."""
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    client = client_of(fake)
    (made,) = client.create("leads", [{"name": "Curso", "pipeline_id": PIPELINE, "status_id": FIRST}])
    lead_id = made.answer["id"]
    house.rows_changed(
        "INSERT INTO crm_links (account_id, kommo_id, kind, key, lead_id, email, linked_at)"
        " SELECT account_id, :kommo, 'transaction', key, :lead, email, now() FROM purchases"
        " WHERE account_id = :account AND key = :code",
        kommo=fake.account.id, lead=lead_id, code=CODE,
    )  # fmt: skip
    yield lambda stage: client.change("leads", lead_id, {"pipeline_id": PIPELINE, "status_id": stage})
    client.close()


def later(house: House) -> datetime:
    """A quarter of an hour passes; the moment it is then."""
    house.rows_changed(
        "UPDATE crm_hooks SET checked_at = checked_at - interval '16 minutes' WHERE account_id = :account"
    )
    return datetime.now(UTC)


def stages(house: House) -> list[int]:
    house.drain()
    rows = house.rows(
        "SELECT key FROM milestones WHERE account_id = :account AND kind = 'lead_stage_reached'"
        " ORDER BY occurred_at, key"
    )
    return [int(row.key.split(":")[1].split("|")[0]) for row in rows]


def state(house: House) -> str | None:
    with transaction(house.shop.engine) as tx:
        found = crm_hooks.state_of(tx, house.account.id)
    return found[0] if found else None


def test_a_watcher_subscribes_us_and_hooks_come_in_over_http(house, fake, outdoors, address, lead):
    watch(outdoors, datetime.now(UTC))
    assert list(fake.account.hooks) == [address]
    hooks = Hooks(fake.account)
    hooks.send()
    lead(SECOND)
    hooks.repeat(1)
    tried = hooks.send()
    assert [delivery.answers for delivery in tried] == [[200], [200]]
    assert stages(house)[-1] == SECOND
    assert stages(house).count(SECOND) == 1


def test_a_lost_hook_is_found_once(house, fake, outdoors, address, lead):
    watch(outdoors, datetime.now(UTC))
    hooks = Hooks(fake.account)
    hooks.send()
    before = stages(house)
    lead(WON)
    hooks.lose(1)
    hooks.send()
    assert stages(house) == before
    assert watch(outdoors, later(house)) == 1
    assert [stage for stage in stages(house) if stage == WON] == [WON]
    assert watch(outdoors, later(house)) == 0
    assert [stage for stage in stages(house) if stage == WON] == [WON]


def test_a_subscription_kommo_switched_off_is_made_again_and_shown(house, fake, outdoors, address):
    watch(outdoors, datetime.now(UTC))
    assert state(house) == "missing"
    fake.account.hooks[address]["disabled"] = True
    watch(outdoors, later(house))
    assert state(house) == "disabled"
    assert fake.account.hooks[address]["disabled"] is False
    watch(outdoors, later(house))
    assert state(house) == "well"


def test_an_account_is_looked_after_once_in_a_quarter_of_an_hour(house, fake, outdoors, address):
    now = datetime.now(UTC)
    watch(outdoors, now)
    fake.seen.clear()
    watch(outdoors, now + timedelta(minutes=1))
    assert fake.seen == []


def test_what_kommo_refuses_is_noted_and_stops_no_other_account(house, fake, outdoors, address):
    fake.account.allows_hooks = False
    assert watch(outdoors, datetime.now(UTC)) == 0
    assert state(house) == "kommo_unpaid"


def test_a_bug_met_in_one_account_stops_no_other_account(house, fake, outdoors, address, monkeypatch):
    due = crm_hooks.due

    def broken_one_first(tx, before, now):
        (one,) = due(tx, before, now)
        return [one._replace(looked_until=None), one]

    monkeypatch.setattr(crm_hooks, "due", broken_one_first)
    watch(outdoors, datetime.now(UTC))
    assert state(house) == "well"


def test_who_never_asked_for_hooks_or_is_not_connected_is_left_alone(house, fake, outdoors):
    fake.seen.clear()
    watch(outdoors, datetime.now(UTC))
    assert fake.seen == []
    assert state(house) is None
