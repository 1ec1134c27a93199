"""What every job needs: settings, the database, the bell. Made once per process, after the fork."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Engine

from service.queues import Bell
from service.settings import Settings, load
from service.store.engine import engine_of


@dataclass(frozen=True)
class Workshop:
    """The tools on the bench."""

    settings: Settings
    engine: Engine
    bell: Bell


@lru_cache(maxsize=2)
def _of_process(_pid: int) -> Workshop:
    settings = load()
    # All that workers do is found open in the database and done again, were it lost.
    engine = engine_of(settings.database_url, pool_size=2, application="marco-worker", redoable=True)
    return Workshop(settings, engine, Bell(settings))


def workshop() -> Workshop:
    """This process's tools: a forked child must never share its parent's connections."""
    return _of_process(os.getpid())
