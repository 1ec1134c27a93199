"""What every test may lean on: real servers, started once per session in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.local import servers, settings_with
from service.settings import Settings

pytest_plugins = ["tests.living"]


def settings_in(var: Path, **chosen: object) -> Settings:
    """Settings that owe nothing to the environment, with their servers under `var`."""
    usual: dict[str, object] = {
        "port": 8000,
        "public_url": "http://127.0.0.1:8000",
        "database_url": "",
        "redis_url": "",
        "secret_key": "a secret of the tests only",
        "secrets_keys": "",
        "metrics_token": "",
        "max_upload_mb": 10,
        "upload_keep_days": 7,
        "body_keep_days": 0,
        "log_level": "INFO",
        "web_processes": 2,
        "web_threads": 16,
        "web_pinned": True,
        "webhooks_to_self": False,
        "kommo_rate": 5,
        "var_dir": var,
    }
    return Settings(**{**usual, **chosen})  # type: ignore[arg-type]  # each key is a field's name


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Complete settings over an embedded PostgreSQL and Redis that live as long as the session.

    They run without flushing (`fast`): the tests kill processes, never the machine's power.
    """
    chosen = settings_in(tmp_path_factory.mktemp("var"))
    with servers(chosen, fast=True) as found:
        yield settings_with(chosen, found)


@pytest.fixture(scope="session")
def database_url(settings: Settings) -> str:
    """Address of the session's PostgreSQL; it has no tables yet."""
    return settings.database_url


@pytest.fixture(scope="session")
def redis_url(settings: Settings) -> str:
    """Address of the session's Redis."""
    return settings.redis_url
