"""Houses nobody lives in yet, for what happens only once; somebody before the pages of automations, and a Kommo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from service.app import create_app
from service.connectors.kommo.connection import Connection
from service.kommo_desk import connect
from service.settings import Settings
from service.store import connections
from service.store.connections import Opening
from service.store.engine import transaction
from service.store.migrate import upgrade
from service.store.vault import vault_of
from tests.commands.conftest import database_beside
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.web.automation_pages import Builder
from workers.workshop import Workshop


@pytest.fixture
def new_settings(settings: Settings) -> Settings:
    """A database with tables and nothing in them."""
    chosen = replace(settings, database_url=database_beside(settings))
    upgrade(chosen.database_url)
    return chosen


@pytest.fixture
def new_app(new_settings: Settings) -> Iterator[Flask]:
    """An application nobody has set up yet."""
    app = create_app(new_settings)
    yield app
    app.extensions["marco"].engine.dispose()


@pytest.fixture(autouse=True)
def nobody_tried_yet(redis_url: str) -> None:
    """Every test begins with all attempts at signing in forgotten."""
    redis = Redis.from_url(redis_url)
    for key in redis.scan_iter("LIMITS*"):
        redis.delete(key)


@pytest.fixture
def builder(house: House) -> Builder:
    return Builder(house)


@pytest.fixture(scope="module")
def settled(app: Flask, shop: Workshop) -> Builder:
    """Somebody of an account that many tests share: for what needs no sales and no empty list."""
    return Builder(House(app, shop))


@pytest.fixture(scope="module")
def kommo() -> Iterator[FakeKommo]:
    with FakeKommo().running() as running:
        running.account.add_field("leads", 880102, "Origem", "select", options=("Hotmart", "Indicação"))
        yield running


BOOKS: list[Any] = []
"""What is set up in that Kommo, read once: the road lets five requests a second pass."""


@pytest.fixture
def fake(house: House, kommo: FakeKommo) -> FakeKommo:
    """The house is connected to this Kommo."""
    engine, settings = house.shop.engine, house.shop.settings
    if not BOOKS:
        connect(engine, settings, house.account.id, Connection(kommo.origin, kommo.account.token))
        with transaction(engine) as tx:
            connected = connections.find(tx, house.account.id)
        BOOKS.append(connected and connected.book)
    opening = Opening(kommo.origin, kommo.account.token, None, kommo.account.id)
    with transaction(engine) as tx:
        connections.connect(tx, house.account.id, opening, vault_of(settings), datetime.now(UTC))
        connections.keep_book(tx, house.account.id, BOOKS[0], datetime.now(UTC))
    kommo.seen.clear()
    return kommo
