"""One running product for all tests that break it: each mends what it broke."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from service import kommo_desk
from service.connectors.limits import Pace
from service.store import connections
from service.store.engine import transaction
from tests.connectors.conftest import client_of
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import SOMEBODYS, connect
from tests.stories.running_house import RunningHouse, a_running_house


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
