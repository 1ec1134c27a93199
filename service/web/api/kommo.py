"""The connection to Kommo: read, made, checked, read anew, left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.kommo import KommoOut, KommoSaid, LeftOut
from service import kommo_account
from service.errors import Conflict, Refused, Unavailable, Unprocessable
from service.queues import Lane
from service.store import connections, crm_hooks
from service.store.engine import transaction
from service.web import guards
from service.web.rooms import rooms

blueprint = Blueprint("kommo_api", __name__, url_prefix="/api/v1/kommo", description="The connection to Kommo")
blueprint.before_request(guards.api_account)


@contextmanager
def _refused_there() -> Iterator[None]:
    """What Kommo refuses is no refusal of ours: a 401 would say that the caller's own token is wrong."""
    try:
        yield
    except Conflict:
        raise
    except Refused as refused:
        raise Unprocessable(refused.message, code=refused.code, facts=refused.facts) from refused


def _told() -> dict[str, Any]:
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        connected, hook = connections.find(tx, account.id), crm_hooks.standing(tx, account.id)
    if connected is None or connected.state == "disconnected":
        return {"state": "none" if connected is None else connected.state}
    return {
        "state": connected.state,
        "address": urlsplit(connected.origin).netloc,
        "cause": connected.cause,
        "connected_at": connected.connected_at,
        "token_ends_at": connected.expires_at,
        "read_at": connected.book_at,
        "setup": kommo_account.setup_of(connected),
        "hook": hook,
        "use": _use(),
    }


def _use() -> dict[str, Any] | None:
    """None while Redis, which counts, does not answer."""
    try:
        use = kommo_account.use(rooms().settings)
    except Unavailable:
        return None
    waits = {"paused_seconds": round(use.paused), "closed_seconds": round(use.closed), "trying": use.trying}
    return {"rate": rooms().settings.kommo_rate, "minute": use.minute, "hour": use.hour, **waits}


@blueprint.route("")
class Connection(MethodView):
    """The one of the account."""

    @blueprint.response(200, KommoOut)
    def get(self) -> Any:
        """Read the connection and what is set up there; calls nobody."""
        return _told()

    @blueprint.arguments(KommoSaid)
    @blueprint.response(200, KommoOut)
    def put(self, said: dict[str, str]) -> Any:
        """Connect, or connect anew: the token is checked at once, then kept sealed."""
        with _refused_there():
            kommo_account.connect(
                rooms().engine, rooms().settings, guards.current_account(), said["address"], said["token"]
            )
        rooms().directory.forget()
        rooms().bell.ring(Lane.DELIVER)
        return _told()

    @blueprint.response(200, LeftOut)
    def delete(self) -> Any:
        """Disconnect: the token is forgotten, what is in Kommo stays, what automations owe waits."""
        cause = kommo_account.leave(rooms().engine, rooms().settings, guards.current_account())
        rooms().directory.forget()
        return {"told": cause is None, "cause": cause}


@blueprint.route("/check")
class Check(MethodView):
    """Whether it works."""

    @blueprint.response(200, KommoOut)
    def post(self) -> Any:
        """Ask Kommo who we are, in one request."""
        with _refused_there():
            kommo_account.recheck(rooms().engine, rooms().settings, guards.current_account())
        rooms().bell.ring(Lane.DELIVER)
        return _told()


@blueprint.route("/refresh")
class Refresh(MethodView):
    """What is set up there."""

    @blueprint.response(200, KommoOut)
    def post(self) -> Any:
        """Read pipelines, stages, users and fields anew."""
        with _refused_there():
            kommo_account.refresh(rooms().engine, rooms().settings, guards.current_account())
        return _told()


@blueprint.route("/fingerprint")
class Fingerprint(MethodView):
    """The field by which leads are found again."""

    @blueprint.response(200, KommoOut)
    def post(self) -> Any:
        """Make the text field “Transação Hotmart” of leads, where it is missing."""
        with _refused_there():
            kommo_account.add_fingerprint(rooms().engine, rooms().settings, guards.current_account())
        return _told()
