"""What every request gets: an id for the log and the answer, and safe headers."""

from __future__ import annotations

import re
import secrets

import structlog
from flask import Flask, Response, g, request

from service.web.sessions import is_https

USABLE_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


def install(app: Flask) -> None:
    """Name every request, and send safe headers with every answer."""
    app.before_request(_name)
    app.after_request(_finish)
    app.teardown_request(_forget)


def _name() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if USABLE_ID.fullmatch(sent) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _forget(_: BaseException | None) -> None:
    """A thread's next lines must not carry the id of a request that is over."""
    structlog.contextvars.clear_contextvars()


def _finish(response: Response) -> Response:
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if is_https():
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        # Pages hold personal data, and forms a token: neither belongs into a cache, nor behind the back button of
        # somebody who signed out.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
