"""Style sheets, scripts and pictures: all served by us, each under an address that changes with its content."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask_bootstrap import Bootstrap5
from werkzeug import Response

YEAR = 365 * 24 * 3600
ENDPOINTS = {"static", "bootstrap.static"}


def install(app: Flask) -> None:
    """Give the application Bootstrap's style sheet, and addresses with a fingerprint to all static files."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    app.url_defaults(_with_fingerprint)
    # Around these views and not after every request: a postback need not be asked whether it is a picture.
    for endpoint in ENDPOINTS:
        app.view_functions[endpoint] = _kept_for_long(app.view_functions[endpoint])


def _with_fingerprint(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint in ENDPOINTS and (name := values.get("filename")):
        owner = current_app if endpoint == "static" else current_app.blueprints["bootstrap"]
        values.setdefault("v", _fingerprint(Path(owner.static_folder or "") / name))


@cache
def _fingerprint(path: Path) -> str | None:
    return sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else None


def _kept_for_long(view: Callable[..., Any]) -> Callable[..., Response]:
    """The view of a static file; what was asked for by its fingerprint never changes."""

    @wraps(view)
    def kept(**values: Any) -> Response:
        response: Response = view(**values)
        if "v" in request.args and response.status_code == 200:
            response.cache_control.max_age = YEAR
            response.cache_control.public = True
            response.cache_control.immutable = True
            response.cache_control.no_cache = None
        return response

    return kept
