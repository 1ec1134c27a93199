"""What there is about one client beside the ledger's own lists: journey, purchases, chances, notes and tags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.journeys import BoughtFilter, BoughtPage, JourneyFilter, JourneyPage
from schemas.recovery import OpportunityOut
from schemas.remarks import NoteEdit, NoteIn, NoteOut, TagFilter, TagOut, TagsIn, TagsOut
from service.errors import NotFound
from service.store import journeys, notes, profiles, tags
from service.store.engine import transaction
from service.store.journeys import Spot
from service.store.notes import Edit, Writer
from service.store.opportunities import Place
from service.store.profiles import Bought
from service.web import guards
from service.web.journeys import sought
from service.web.rooms import rooms

blueprint = Blueprint("clients_api", __name__, url_prefix="/api/v1", description="Journeys, notes and tags of clients")
blueprint.before_request(guards.api_account)
TOKEN = Writer(None, may_change_all=True)
"""Who holds a token of the account may do what its owners may."""


@blueprint.route("/clients/<uuid:client_id>/journey")
class Journey(MethodView):
    """A client's journey."""

    @blueprint.arguments(JourneyFilter, location="query")
    @blueprint.response(200, JourneyPage)
    def get(self, wanted: dict[str, Any], client_id: UUID) -> Any:
        """The journey, newest first; `next` of the answer is `after` of the next question."""
        account_id = guards.current_account().id
        after, size = wanted.pop("after", None), wanted.pop("size")
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            chosen = sought(journeys.contents(tx, account_id, client["id"]), wanted)
            spot = Spot(*after) if after else None
            return journeys.of_client(tx, account_id, client["id"], chosen, after=spot, size=size)


@blueprint.route("/clients/<uuid:client_id>/purchases")
class Purchases(MethodView):
    """What a client bought."""

    @blueprint.arguments(BoughtFilter, location="query")
    @blueprint.response(200, BoughtPage)
    def get(self, wanted: dict[str, Any], client_id: UUID) -> Any:
        """List purchases of a client, the last first."""
        account_id = guards.current_account().id
        after, size = wanted.pop("after", None), wanted.pop("size")
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            place = Place(*after) if after else None
            return profiles.purchases(tx, account_id, client["id"], Bought(**wanted), after=place, size=size)


@blueprint.route("/clients/<uuid:client_id>/opportunities")
class Opportunities(MethodView):
    """What a client could still buy."""

    @blueprint.response(200, OpportunityOut(many=True))
    def get(self, client_id: UUID) -> Any:
        """List open opportunities of a client, the last first."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            contact = {"email": client["email"], "client_name": client["name"], "phone": client["phone"]}
            rows = profiles.open_opportunities(tx, account_id, client["id"])
        return [{**row, **contact, "seconds_to_recover": None} for row in rows]


@blueprint.route("/clients/<uuid:client_id>/notes")
class Notes(MethodView):
    """The notes on a client."""

    @blueprint.response(200, NoteOut(many=True))
    def get(self, client_id: UUID) -> Any:
        """List notes, the newest first."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            return notes.of_client(tx, account_id, profiles.emails(tx, account_id, client["email"]))

    @blueprint.arguments(NoteIn)
    @blueprint.response(201, NoteOut)
    def post(self, said: dict[str, Any], client_id: UUID) -> Any:
        """Write a note; one with an id that is kept already changes nothing."""
        account_id, note_id = guards.current_account().id, said.get("id") or uuid4()
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            notes.write(tx, account_id, client["email"], note_id, said["body"], by=TOKEN, now=datetime.now(UTC))
            return _note(tx, account_id, client["email"], note_id)


@blueprint.route("/clients/<uuid:client_id>/notes/<uuid:note_id>")
class OneNote(MethodView):
    """One note."""

    @blueprint.arguments(NoteEdit)
    @blueprint.response(200, NoteOut)
    def put(self, said: dict[str, Any], client_id: UUID, note_id: UUID) -> Any:
        """Give a note a new text; 409 where somebody else changed it meanwhile."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            emails = profiles.emails(tx, account_id, client["email"])
            notes.edit(tx, account_id, emails, note_id, Edit(**said), by=TOKEN, now=datetime.now(UTC))
            return _note(tx, account_id, client["email"], note_id)

    @blueprint.response(204)
    def delete(self, client_id: UUID, note_id: UUID) -> None:
        """Delete a note."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            notes.delete(tx, account_id, profiles.emails(tx, account_id, client["email"]), note_id, by=TOKEN)


def _note(tx: Any, account_id: int, email: str, note_id: UUID) -> Any:
    """The note as it is kept now. Raises NotFound where the id is that of a note on somebody else."""
    every = notes.of_client(tx, account_id, profiles.emails(tx, account_id, email))
    found = next((note for note in every if note["id"] == note_id), None)
    if found is None:
        raise NotFound("This id is that of a note on another client.")
    return found


@blueprint.route("/clients/<uuid:client_id>/tags")
class ClientTags(MethodView):
    """The tags of a client."""

    @blueprint.response(200, TagsOut)
    def get(self, client_id: UUID) -> Any:
        """The tags of a client, as they were first written."""
        return self._answer(client_id)

    @blueprint.arguments(TagsIn)
    @blueprint.response(200, TagsOut)
    def post(self, said: dict[str, Any], client_id: UUID) -> Any:
        """Put tags on a client; those it has already, however spelled, stay as they are."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            tags.add(tx, account_id, client["email"], ",".join(said["tags"]), by=TOKEN, now=datetime.now(UTC))
        return self._answer(client_id)

    def _answer(self, client_id: UUID) -> dict[str, list[str]]:
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            return {"tags": tags.of_client(tx, account_id, profiles.emails(tx, account_id, client["email"]))}


@blueprint.route("/clients/<uuid:client_id>/tags/<path:tag>")
class ClientTag(MethodView):
    """One tag of a client."""

    @blueprint.response(204)
    def delete(self, client_id: UUID, tag: str) -> None:
        """Take a tag off a client, however it is spelled; nothing happens where it has none such."""
        account_id = guards.current_account().id
        with transaction(rooms().engine) as tx:
            client = profiles.known(tx, account_id, client_id)
            tags.remove(tx, account_id, profiles.emails(tx, account_id, client["email"]), tag)


@blueprint.route("/tags")
class Tags(MethodView):
    """The tags of the account."""

    @blueprint.arguments(TagFilter, location="query")
    @blueprint.response(200, TagOut(many=True))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List tags in use, the most used first."""
        with transaction(rooms().engine) as tx:
            return tags.of_account(tx, guards.current_account().id, part=wanted["q"], most=wanted["size"])
