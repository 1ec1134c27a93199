"""Clients who are one person: suggestions, merging, separating. Nothing of it happens by itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.duplicates import DifferentPeople, DuplicatesPage, DuplicatesQuery
from schemas.merging import (
    Address,
    AddressSaid,
    MergeOut,
    Other,
    OtherSaid,
    SeparationOut,
    StatementOut,
    SuggestionOut,
)
from service.store import duplicates
from service.store.duplicates import FIELDS, Place
from service.store.engine import transaction
from service.web import guards, merging
from service.web.merging import By
from service.web.rooms import rooms

blueprint = Blueprint("merging", __name__, url_prefix="/api/v1", description="Clients who are one person")
blueprint.before_request(guards.api_account)


@blueprint.route("/clients/<uuid:client_id>/suggestions")
class Suggestions(MethodView):
    """Who may be the same person."""

    @blueprint.response(200, SuggestionOut(many=True))
    def get(self, client_id: UUID) -> Any:
        """List clients with the same document or telephone, five at most."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            return merging.suggested(tx, account, merging.client_row(tx, account, client_id))


@blueprint.route("/clients/duplicates")
class Duplicates(MethodView):
    """Everybody who may be in the account twice."""

    @blueprint.arguments(DuplicatesQuery, location="query")
    @blueprint.response(200, DuplicatesPage)
    def get(self, asked: dict[str, Any]) -> Any:
        """List groups of clients who share a document or telephone and were neither merged nor told apart.

        `next` of the answer is `after` of the next question. Of a large account only a part is looked through for a
        page, so one may be short or empty: go on until `next` is null.
        """
        fields, place = (asked["same"],) if "same" in asked else FIELDS, asked.get("after")
        with transaction(rooms().engine) as tx:
            account = guards.current_account()
            part = duplicates.listed(tx, account.id, fields, place and Place(*place), asked["page_size"])
        groups = [{**one._asdict(), "clients": [line.client for line in one.lines]} for one in part.groups]
        return {"groups": groups, "after": part.after}


@blueprint.route("/clients/duplicates/strangers")
class AllStrangers(MethodView):
    """Who are all different people."""

    @blueprint.arguments(DifferentPeople)
    @blueprint.response(202, StatementOut)
    def post(self, said: dict[str, Any]) -> Any:
        """Say that each of these clients is somebody else; no two of them are suggested any more."""
        return merging.tell_all_apart(guards.current_account(), said["client_ids"], By(None, said.get("key")))


@blueprint.route("/clients/<uuid:client_id>/strangers")
class Strangers(MethodView):
    """Who is not the same person."""

    @blueprint.arguments(OtherSaid)
    @blueprint.response(202, StatementOut)
    def post(self, said: dict[str, Any], client_id: UUID) -> Any:
        """Say that two clients are two people; they are suggested no more."""
        return merging.tell_apart(guards.current_account(), client_id, said["client_id"], By(None, said.get("key")))


@blueprint.route("/clients/<uuid:client_id>/merge")
class Merging(MethodView):
    """Two clients as one."""

    @blueprint.arguments(Other, location="query")
    @blueprint.response(200, MergeOut)
    def get(self, wanted: dict[str, Any], client_id: UUID) -> Any:
        """Look what this client and another one would be together; nothing changes."""
        return merging.look_at_merge(guards.current_account(), client_id, wanted["client_id"])

    @blueprint.arguments(OtherSaid)
    @blueprint.response(202, StatementOut)
    def post(self, said: dict[str, Any], client_id: UUID) -> Any:
        """Say that another client is the same person; it goes by this one's e-mail from then on."""
        return merging.merge(guards.current_account(), client_id, said["client_id"], By(None, said.get("key")))


@blueprint.route("/clients/<uuid:client_id>/unmerge")
class Separating(MethodView):
    """One client as two."""

    @blueprint.arguments(Address, location="query")
    @blueprint.response(200, SeparationOut)
    def get(self, wanted: dict[str, Any], client_id: UUID) -> Any:
        """Look what this client and the one with a merged address would be apart; nothing changes."""
        return merging.look_at_separation(guards.current_account(), client_id, wanted["email"])

    @blueprint.arguments(AddressSaid)
    @blueprint.response(202, StatementOut)
    def post(self, said: dict[str, Any], client_id: UUID) -> Any:
        """Say that a merged address is somebody else's: both clients are as they would be without the merge."""
        return merging.separate(guards.current_account(), client_id, said["email"], By(None, said.get("key")))
