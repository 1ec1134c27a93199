"""What every request gets, around the whole application: an id for the log and the answer, and safe headers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import structlog
from flask import Flask, request

from service.web.rooms import Rooms

REQUEST_ID = "marco.request_id"
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
INSIST = ("Strict-Transport-Security", "max-age=31536000")
# Pages hold personal data, and forms a token: neither belongs into a cache, nor behind the back button of
# somebody who signed out.
KEEP_NOT = ("Cache-Control", "no-store")

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def install(app: Flask, rooms: Rooms) -> None:
    """Name every request, and send safe headers with every answer.

    Below Flask and not as its hooks: a header set through a response object costs a postback as much as its key.
    """
    is_https = rooms.settings.public_url.startswith("https://")
    app.wsgi_app = _Around(app.wsgi_app, is_https=is_https)  # type: ignore[method-assign]  # Flask's way to wrap it


def current_id() -> str:
    """The id of this request, in the log and in the answer."""
    return cast(str, request.environ.get(REQUEST_ID, ""))


class _Around:
    def __init__(self, application: Application, *, is_https: bool) -> None:
        self._application = application
        self._is_https = is_https
        self._lower = {name.lower(): (name, value) for name, value in HEADERS.items()}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = environ[REQUEST_ID] = _id_for(environ.get("HTTP_X_REQUEST_ID", ""))
        insists = self._is_https or environ["wsgi.url_scheme"] == "https"

        def start(status: str, headers: Headers, *fault: Any) -> Any:
            headers.append(("X-Request-Id", request_id))
            return start_response(status, self._with_safe_ones(headers, insists=insists), *fault)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            return self._application(environ, start)
        finally:  # a thread's next lines must not carry the id of a request that is over
            structlog.contextvars.clear_contextvars()

    def _with_safe_ones(self, headers: Headers, *, insists: bool) -> Headers:
        """The headers of an answer, and those every answer has unless it has its own."""
        own = {name.lower(): value for name, value in headers}
        headers += [header for name, header in self._lower.items() if name not in own]
        if insists:
            headers.append(INSIST)
        if own.get("content-type", "").startswith("text/html") and "cache-control" not in own:
            headers.append(KEEP_NOT)
        return headers


def _id_for(sent: str) -> str:
    # Nothing secret: it only tells one request's lines from another's.
    return sent if sent and USABLE_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"
