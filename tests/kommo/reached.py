"""The way from what a person types to a fake Kommo: the address is judged as ever, then leads to loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from redis import Redis

from service import kommo_account, kommo_desk
from service.connectors.kommo.connection import Connection, connection_to
from service.connectors.limits import Pace
from tests.kommo.memory import Account
from tests.kommo.server import FakeKommo


@contextmanager
def reached(redis_url: str, monkeypatch: pytest.MonkeyPatch, *accounts: Account) -> Iterator[FakeKommo]:
    """A Kommo behind every address of Kommo, on a road wide enough not to be noticed."""
    monkeypatch.setattr(kommo_desk, "PACE", Pace(per_second=10_000))
    Redis.from_url(redis_url).delete("marco:road:kommo")
    with FakeKommo(*accounts).running() as fake:

        def there(typed: str, token: str) -> Connection:
            return replace(connection_to(typed, token), origin=fake.origin)

        monkeypatch.setattr(kommo_account, "connection_to", there)
        yield fake
    Redis.from_url(redis_url).delete("marco:road:kommo")
