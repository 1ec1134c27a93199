"""What the views reach through Flask: the parts that `create_app` put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import Engine

from service.queues import Bell
from service.settings import Settings
from service.store.keeper import Keeper
from service.web.directory import Directory

EXTENSION = "marco"


@dataclass(frozen=True)
class Rooms:
    """The parts of one web process."""

    settings: Settings
    engine: Engine
    keeper: Keeper
    bell: Bell
    directory: Directory


def rooms() -> Rooms:
    """The parts of the application that serves this request."""
    return cast(Rooms, current_app.extensions[EXTENSION])
