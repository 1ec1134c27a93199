"""OpenAPI and its page; the page's assets come from an installed package and are served by us."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, send_from_directory
from flask_smorest import Api

from schemas.resources import Fault
from service.web.api import (
    alerts,
    automations,
    client_list,
    clients,
    endpoints,
    exports,
    inbox,
    kommo,
    ledger,
    merging,
    opportunities,
    panels,
    sales,
    uploads,
)

docs = Blueprint("docs", __name__, url_prefix="/api")


def _assets() -> Path:
    """Where Swagger UI lies; found without importing the package around it, which wants Django."""
    spec = find_spec("drf_spectacular_sidecar")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("drf-spectacular-sidecar is not installed: pip install -r requirements.txt")
    root = Path(spec.submodule_search_locations[0])
    return root / "static" / "drf_spectacular_sidecar" / "swagger-ui-dist"


def install(app: Flask) -> None:
    """Register the public interface and its description."""
    app.config |= {
        "API_TITLE": "Marco",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {
            "info": {"description": "Clients, journeys and honest money from Hotmart postbacks and spreadsheets."},
            "security": [{"token": []}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    }
    api = Api(app)
    api.ERROR_SCHEMA = Fault
    for blueprint in (
        ledger.blueprint,
        client_list.blueprint,
        clients.blueprint,
        opportunities.blueprint,
        sales.blueprint,
        panels.blueprint,
        inbox.blueprint,
        merging.blueprint,
        uploads.blueprint,
        exports.blueprint,
        automations.blueprint,
        kommo.blueprint,
        alerts.blueprint,
        endpoints.blueprint,
    ):
        api.register_blueprint(blueprint)
    app.extensions["openapi"] = api.spec
    app.register_blueprint(docs)


@docs.get("/openapi.json")
def openapi() -> Response:
    """The description of the interface, OpenAPI 3.1."""
    spec: Any = current_app.extensions["openapi"]
    return jsonify(spec.to_dict())


@docs.get("/docs")
def page() -> str:
    """The interface, to read and to try."""
    return render_template("api_docs.html")


@docs.get("/docs/assets/<path:name>")
def asset(name: str) -> Response:
    """One file of the page."""
    return send_from_directory(_assets(), name, max_age=86400)
