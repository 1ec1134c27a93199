"""Webhook addresses: where automations send messages, the secrets that sign them, trying one out."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.endpoints import (
    EndpointMade,
    EndpointOut,
    EndpointSaid,
    EndpointSwitch,
    EndpointSwitched,
    SentOut,
)
from service import endpoint_desk
from service.endpoint_desk import told_of
from service.queues import Lane
from service.store import endpoints
from service.store.engine import transaction
from service.web import guards
from service.web.rooms import rooms

blueprint = Blueprint(
    "endpoints_api", __name__, url_prefix="/api/v1/webhook-endpoints", description="Addresses for messages"
)
blueprint.before_request(guards.api_account)


def _told(endpoint_id: int) -> dict[str, Any]:
    with transaction(rooms().engine) as tx:
        return told_of(endpoints.find(tx, guards.current_account().id, endpoint_id))


@blueprint.route("")
class Endpoints(MethodView):
    """All of them."""

    @blueprint.response(200, EndpointOut(many=True))
    def get(self) -> Any:
        """List webhook addresses, the first made first."""
        with transaction(rooms().engine) as tx:
            return [told_of(one) for one in endpoints.every(tx, guards.current_account().id)]

    @blueprint.arguments(EndpointSaid)
    @blueprint.response(201, EndpointMade)
    def post(self, said: dict[str, Any]) -> Any:
        """Add an address. Its signing secret is told this once."""
        made, secret = endpoint_desk.add(rooms().engine, rooms().settings, guards.current_account().id, said["url"])
        return _told(made) | {"secret": secret}


@blueprint.route("/<int:endpoint_id>")
class OneEndpoint(MethodView):
    """One of them."""

    @blueprint.response(200, EndpointOut)
    def get(self, endpoint_id: int) -> Any:
        """Read an address."""
        return _told(endpoint_id)

    @blueprint.arguments(EndpointSaid)
    @blueprint.response(200, EndpointOut)
    def put(self, said: dict[str, Any], endpoint_id: int) -> Any:
        """Send to another URL, what waits too, with the same secrets; switched off it stays so."""
        account_id = guards.current_account().id
        endpoint_desk.move(rooms().engine, rooms().settings, account_id, endpoint_id, said["url"])
        return _told(endpoint_id)

    @blueprint.response(204)
    def delete(self, endpoint_id: int) -> None:
        """Remove an address that no automation sends to which is on."""
        with transaction(rooms().engine) as tx:
            endpoints.remove(tx, guards.current_account().id, endpoint_id)


@blueprint.route("/<int:endpoint_id>/rotate")
class Rotate(MethodView):
    """A new secret."""

    @blueprint.response(200, EndpointMade)
    def post(self, endpoint_id: int) -> Any:
        """Make a new secret, told this once; the one before signs too until it is retired."""
        secret = endpoint_desk.rotate(rooms().engine, rooms().settings, guards.current_account().id, endpoint_id)
        return _told(endpoint_id) | {"secret": secret}


@blueprint.route("/<int:endpoint_id>/retire")
class Retire(MethodView):
    """The end of the older secret."""

    @blueprint.response(200, EndpointOut)
    def post(self, endpoint_id: int) -> Any:
        """Sign with the newer secret alone."""
        with transaction(rooms().engine) as tx:
            endpoints.retire(tx, guards.current_account().id, endpoint_id)
        return _told(endpoint_id)


@blueprint.route("/<int:endpoint_id>/switch")
class Switch(MethodView):
    """Whether messages are sent there."""

    @blueprint.arguments(EndpointSwitch)
    @blueprint.response(200, EndpointSwitched)
    def post(self, said: dict[str, Any], endpoint_id: int) -> Any:
        """Switch an address on or off; off, what its automations are owed waits."""
        account, resent = guards.current_account(), 0
        if said["state"] == "on":
            resent = endpoint_desk.switch_on(rooms().engine, account.id, endpoint_id, resend=said["resend"])
        else:
            endpoint_desk.switch_off(rooms().engine, account.id, endpoint_id)
        rooms().bell.ring(Lane.DELIVER)
        return _told(endpoint_id) | {"resent": resent}


@blueprint.route("/<int:endpoint_id>/test")
class Test(MethodView):
    """One real message."""

    @blueprint.response(200, SentOut)
    def post(self, endpoint_id: int) -> Any:
        """Send a message of type `test` and tell what the receiver answered."""
        return endpoint_desk.try_out(rooms().engine, rooms().settings, guards.current_account().id, endpoint_id)
