"""Every error as JSON: `code`, `status`, `message`, `errors`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify, request
from sqlalchemy.exc import DBAPIError
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
log = structlog.get_logger()


def status_of(fault: MarcoError) -> int:
    """The HTTP code of an error of ours."""
    return next(status for kind, status in STATUS_OF if isinstance(fault, kind))


def answer(code: str, status: int, message: str, errors: Any = None, retry_after: int | None = None) -> Response:
    """One error, as every part of the API says it."""
    response = jsonify({"code": code, "status": status, "message": message, "errors": errors or {}})
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def install(app: Flask) -> None:
    """Answer every error of the application as JSON."""
    app.register_error_handler(MarcoError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _database)
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


def _database(fault: Exception) -> Response:
    log.warning("database fault", fault=type(fault).__name__)
    return answer("unavailable", 503, "The database is away. Try again soon.", retry_after=30)


def _unforeseen(fault: Exception) -> Response:
    log.error("unforeseen fault", fault=type(fault).__name__, exc_info=fault)
    return answer("internal", 500, "Something went wrong on our side. It is in the log under this request's id.")
