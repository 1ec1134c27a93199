"""Clients, their journeys, purchases, and the books."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, request
from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy import Connection
from werkzeug import Response

from schemas.resources import (
    BalanceOut,
    ClientDetail,
    MilestoneFilter,
    MilestoneOut,
    PurchaseFilter,
    PurchaseOut,
)
from service.errors import NotFound
from service.store import identities, lists
from service.store.engine import transaction
from service.web import guards
from service.web.api.pages import page_of, paged
from service.web.rooms import rooms

blueprint = Blueprint("ledger", __name__, url_prefix="/api/v1", description="Clients, journeys, purchases, balance")
blueprint.before_request(guards.api_account)


@blueprint.route("/clients/<uuid:client_id>")
class OneClient(MethodView):
    """One client."""

    @blueprint.response(200, ClientDetail)
    def get(self, client_id: UUID) -> Any:
        """One client with addresses, products and subscriptions."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            found = lists.client(tx, account_id, client_id)
            if found is None:
                return _where_merged(tx, account_id, client_id)
            return {
                **found,
                "emails": identities.emails_of(tx, account_id, client_id),
                "products": lists.products_of_client(tx, account_id, client_id),
                "subscriptions": lists.subscriptions_of_client(tx, account_id, client_id),
            }


def _where_merged(tx: Connection, account_id: int, client_id: UUID) -> Response:
    """The way to the client that one was merged into. Raises NotFound."""
    survivor = identities.survivor(tx, account_id, client_id)
    if survivor is None:
        raise NotFound("There is no such client.")
    return redirect(request.full_path.rstrip("?").replace(str(client_id), str(survivor), 1), 308)


@blueprint.route("/clients/<uuid:client_id>/milestones")
class Milestones(MethodView):
    """A client's journey."""

    @blueprint.arguments(MilestoneFilter, location="query")
    @blueprint.response(200, MilestoneOut(many=True))
    @blueprint.paginate()
    def get(self, wanted: dict[str, Any], client_id: UUID, pagination_parameters: Any) -> Any:
        """List milestones, newest first."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            if lists.client(tx, account_id, client_id) is None:
                pagination_parameters.item_count = 0
                return _where_merged(tx, account_id, client_id)
            listed = lists.milestones(tx, account_id, client_id, page_of(pagination_parameters), **wanted)
        return paged(listed, pagination_parameters)


@blueprint.route("/purchases")
class Purchases(MethodView):
    """The purchase list."""

    @blueprint.arguments(PurchaseFilter, location="query")
    @blueprint.response(200, PurchaseOut(many=True))
    @blueprint.paginate()
    def get(self, wanted: dict[str, Any], pagination_parameters: Any) -> Any:
        """List purchases, the last first by the day of approval, else of the order."""
        with transaction(rooms().engine) as tx:
            listed = lists.purchases(tx, guards.current_account().id, page_of(pagination_parameters), **wanted)
        return paged(listed, pagination_parameters)


@blueprint.route("/balance")
class Balance(MethodView):
    """The books."""

    @blueprint.response(200, BalanceOut(many=True))
    def get(self) -> Any:
        """What arrived by source, and what became of it."""
        with transaction(rooms().engine) as tx:
            return lists.balance(tx, guards.current_account().id)
