"""Remembers when a token was last used: at most once an hour each, and only after the answer has gone out."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import structlog
from flask import Flask, Response, g
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.store import tokens
from service.store.engine import transaction
from service.store.tokens import Kind
from service.web.rooms import Rooms, rooms

SELDOM = 3600.0
Use = tuple[int, Kind, bytes]
log = structlog.get_logger()


def install(app: Flask) -> None:
    """Note the token a guard let in, for every request that went well."""
    noted: dict[Use, float] = {}

    def remember(response: Response) -> Response:
        used: Use | None = g.get("used_token")
        now = time.monotonic()
        if used is not None and response.status_code < 400 and now - noted.get(used, -SELDOM) >= SELDOM:
            noted[used] = now
            house = rooms()
            response.call_on_close(lambda: _note(house, used))
        return response

    app.after_request(remember)


def _note(house: Rooms, used: Use) -> None:
    """Written late and seldom: nobody's answer waits for it, and losing one does no harm."""
    try:
        with transaction(house.engine) as tx:
            tokens.note_use(tx, *used, datetime.now(UTC))
    except (DBAPIError, PoolTimeout) as fault:
        log.warning("use of a token not noted", fault=type(fault).__name__)
