"""Houses nobody lives in yet, for what happens only once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from redis import Redis

from service.app import create_app
from service.settings import Settings
from service.store.migrate import upgrade
from tests.commands.conftest import database_beside


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
