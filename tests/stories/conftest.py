"""One running product for all tests that break it: each mends what it broke."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from redis import Redis

from service import kommo_desk
from service.connectors.limits import Pace
from service.connectors.webhook.signing import new_secret
from service.store import connections, endpoints
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.connectors.conftest import client_of
from tests.connectors.test_webhook_sending import Receiver
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import SOMEBODYS, connect
from tests.stories.running_house import RunningHouse, a_running_house
from workers.workshop import Workshop


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """Web and workers as processes, with servers of their own."""
    with a_running_house(tmp_path_factory.mktemp("running")) as house:
        yield house


@pytest.fixture
def kommo_of_house(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKommo]:
    """A Kommo the house is connected to; it has a lead of somebody else, as every real one."""
    monkeypatch.setattr(kommo_desk, "PACE", Pace(per_second=10_000))
    Redis.from_url(house.shop.settings.redis_url).delete("marco:road:kommo")
    with FakeKommo().running() as fake:
        connect(house, fake)
        client = client_of(fake)
        client.create("leads", [{"name": SOMEBODYS, "price": 10}])
        client.close()
        fake.seen.clear()
        yield fake
        with transaction(house.shop.engine) as tx:
            connections.disconnect(tx, house.account.id)


@pytest.fixture
def receiver() -> Iterator[Any]:
    """Whoever gets the messages: `got` is what came, `answers` what it answers first."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def outward(house: House) -> Workshop:
    """The house's tools, allowed to send to this machine."""
    return replace(house.shop, settings=replace(house.shop.settings, webhooks_to_self=True))


@pytest.fixture
def secret() -> str:
    """What the house's address signs with."""
    return new_secret()


@pytest.fixture
def endpoint(house: House, receiver: Any, secret: str) -> Iterator[int]:
    """An address of the house, at the receiver."""
    url = f"http://127.0.0.1:{receiver.server_address[1]}/marco"
    with transaction(house.shop.engine) as tx:
        made = endpoints.create(tx, house.account.id, url, secret, vault_of(house.shop.settings))
    yield made
    # Its receiver is gone: nobody else's test should call there.
    house.rows_changed("UPDATE webhook_endpoints SET state = 'disabled' WHERE account_id = :account AND state = 'on'")
