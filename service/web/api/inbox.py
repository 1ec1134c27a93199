"""The inbox: what arrived, what became of it, and doing it again."""

from __future__ import annotations

from typing import Any

import orjson
from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.resources import DeliveryDetail, DeliveryFilter, DeliveryOut
from service.errors import NotFound
from service.store import facts, lists
from service.store.engine import transaction
from service.web import guards
from service.web.api.pages import page_of, paged
from service.web.replays import replay
from service.web.rooms import rooms

blueprint = Blueprint("inbox", __name__, url_prefix="/api/v1/deliveries", description="The inbox")
blueprint.before_request(guards.api_account)


@blueprint.route("")
class Deliveries(MethodView):
    """The inbox list."""

    @blueprint.arguments(DeliveryFilter, location="query")
    @blueprint.response(200, DeliveryOut(many=True))
    @blueprint.paginate()
    def get(self, wanted: dict[str, Any], pagination_parameters: Any) -> Any:
        """List deliveries, newest first."""
        with transaction(rooms().engine) as tx:
            listed = lists.deliveries(tx, guards.current_account().id, page_of(pagination_parameters), **wanted)
        return paged(listed, pagination_parameters)


@blueprint.route("/<int:delivery_id>")
class OneDelivery(MethodView):
    """One delivery."""

    @blueprint.response(200, DeliveryDetail)
    def get(self, delivery_id: int) -> Any:
        """One delivery with its body and facts."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            found = lists.delivery(tx, account_id, delivery_id)
            if found is None:
                raise NotFound("There is no such delivery.")
            return {
                **found,
                "body": _shown(found["body"]),
                "facts": facts.of_deliveries(tx, account_id, [delivery_id]),
            }


@blueprint.route("/<int:delivery_id>/replay")
class Replay(MethodView):
    """Working a delivery again."""

    @blueprint.response(202, DeliveryOut)
    def post(self, delivery_id: int) -> Any:
        """Translate a kept delivery again; its facts are replaced."""
        return replay(guards.current_account().id, delivery_id)


def _shown(body: bytes | None) -> Any:
    """The body as JSON where it is JSON, else as text."""
    if body is None:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return bytes(body).decode("utf-8", "replace")
