"""Every error as JSON: `code`, `status`, `message`, `errors`; on the pages for people as a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, jsonify, request
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from service.errors import (
    Conflict,
    Malformed,
    MarcoError,
    NotFound,
    Refused,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unprocessable,
)
from service.web import fault_pages
from service.web.metrics import count_refused

STATUS_OF: tuple[tuple[type[MarcoError], int], ...] = (
    (Malformed, 400),
    (TooLarge, 413),
    (Unprocessable, 422),
    (Unauthorized, 401),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 403),
    (Unavailable, 503),
    (MarcoError, 500),
)
AWAY: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
"""What SQLAlchemy raises when the database is away, and the driver where it is used past SQLAlchemy."""
NOT_A_VALUE: tuple[type[Exception], ...] = (DataError, psycopg.DataError)
"""A NUL in a text, a number out of range: such values only come from outside."""
log = structlog.get_logger()


def status_of(fault: MarcoError) -> int:
    """The HTTP code of an error of ours."""
    return next(status for kind, status in STATUS_OF if isinstance(fault, kind))


def answer(code: str, status: int, message: str, errors: Any = None, retry_after: int | None = None) -> Response:
    """One error, as every part of the API says it; people who look at pages get a page."""
    if fault_pages.is_for_a_person():
        response = fault_pages.page(code, status)
    else:
        response = jsonify({"code": code, "status": status, "message": message, "errors": errors or {}})
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def install(app: Flask) -> None:
    """Answer every error of the application."""
    app.register_error_handler(MarcoError, _ours)
    app.register_error_handler(HTTPException, _http)
    for kind in AWAY:
        app.register_error_handler(kind, _away)
    for kind in NOT_A_VALUE:
        app.register_error_handler(kind, _not_a_value)
    app.register_error_handler(Exception, _unforeseen)


def _ours(fault: MarcoError) -> Response:
    if request.blueprint == "webhooks":
        count_refused(fault.code)
    return answer(fault.code, status_of(fault), fault.message, fault.errors, retry_after=fault.retry_after)


def _http(fault: HTTPException) -> Response:
    status = fault.code or 500
    details = getattr(fault, "data", None) or {}
    code = HTTPStatus(status).phrase.lower().replace(" ", "_")
    faults = details.get("messages")
    message = "Some values are not as they should be; 'errors' says which and why." if faults else fault.description
    return answer(code, status, str(details.get("message") or message), faults)


def _not_a_value(fault: Exception) -> Response:
    log.info("value refused", fault=type(fault).__name__)
    return answer("unprocessable", 422, "A value of this request is none the database knows. Correct it.")


def _away(fault: Exception) -> Response:
    log.warning("database away", part="web", fault=type(fault).__name__)
    return answer("unavailable", 503, "The database is away. Try again soon.", retry_after=30)


def _unforeseen(fault: Exception) -> Response:
    log.error("unforeseen fault", fault=type(fault).__name__, exc_info=fault)
    return answer("internal", 500, "Something went wrong on our side. It is in the log under this request's id.")
