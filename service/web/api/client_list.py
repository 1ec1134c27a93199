"""The list of clients: every filter and order of the page, a page after or before a place, and as a file."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request, url_for
from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.clients import ClientFile, ClientListQuery, ListPlace
from schemas.resources import ClientOut
from service.store import clients
from service.store.clients import Count, Part, Place
from service.store.engine import transaction
from service.web import client_lists, downloads, guards
from service.web.rooms import rooms

blueprint = Blueprint("client_list", __name__, url_prefix="/api/v1", description="The list of clients")
blueprint.before_request(guards.api_account)


@blueprint.route("/clients")
class Clients(MethodView):
    """The client list."""

    @blueprint.arguments(ClientListQuery, location="query")
    @blueprint.response(200, ClientOut(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """List clients, the last seen first.

        `X-Pagination` tells how many there are (`total`, which is a lower bound unless `total_is_exact`) and the places
        to go on from (`next`, `previous`); `Link` has the addresses.
        """
        account, size = guards.current_account(), asked["page_size"]
        sought, wanted = client_lists.sought(asked, account), client_lists.wanted(asked, size)
        with transaction(rooms().engine) as tx:
            part = clients.listed(tx, account.id, sought, wanted)
            count = part.all_of_them or clients.counted(tx, account.id, sought)
        return part.rows, 200, _headers(part, count, asked)


@blueprint.route("/clients/export")
class ClientsExport(MethodView):
    """The client list as a file."""

    @blueprint.arguments(ClientFile, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(200, content_type=downloads.XLSX)
    def get(self, asked: dict[str, Any]) -> Response:
        """CSV or XLSX of all clients that match."""
        account = guards.current_account()
        order, sought = client_lists.order(asked), client_lists.sought(asked, account)
        return downloads.clients(account, asked["format"], asked["language"], sought, order)


def _headers(part: Part, count: Count, asked: dict[str, Any]) -> dict[str, str]:
    places = {"next": _written(part.after), "previous": _written(part.before)}
    told: dict[str, Any] = {"total": count.number, "total_is_exact": count.is_exact, **places}
    if "after" not in asked and "before" not in asked:
        told |= {"page": asked.get("page", 1), "total_pages": -(-count.number // asked["page_size"])}
    ways = (("next", "after", places["next"]), ("prev", "before", places["previous"]))
    links = ", ".join(f'<{_address(name, place)}>; rel="{rel}"' for rel, name, place in ways if place)
    return {"X-Pagination": orjson.dumps(told).decode()} | ({"Link": links} if links else {})


def _written(place: Place | None) -> str | None:
    return str(ListPlace().serialize("place", {"place": tuple(place)})) if place else None


def _address(name: str, place: str) -> str:
    """The same question at another place."""
    known = {field.data_key or name for name, field in ClientListQuery().fields.items()}
    kept = {key: value for key, value in request.args.items() if key in known - {"after", "before", "page"}}
    return url_for("client_list.Clients", **kept, **{name: place}, _external=True)
