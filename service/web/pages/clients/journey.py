"""A client's journey: every milestone, newest first, filtered by the address."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from werkzeug import Response

from schemas.journeys import JourneyFilter
from service.domain.journey import KINDS
from service.store import connections, journeys, profiles
from service.store.engine import transaction
from service.store.journeys import Spot
from service.web import crm_places, guards, journey_words
from service.web.days import midnight
from service.web.journeys import sought
from service.web.pages.clients.cursors import read, written
from service.web.pages.clients.profile import elsewhere
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms

PAGE_SIZE = 30
LONGEST_WORDS = 200
FILTERS = ("kind", "product", "q", "from", "to")


@blueprint.get("/<uuid:client_id>/journey")
def journey(client_id: UUID) -> Response | str:
    """The milestones that match, repeated attempts as one entry."""
    account = guards.current_account()
    asked = {name: request.args.get(name, "").strip()[:LONGEST_WORDS].replace("\x00", "") for name in FILTERS}
    after = read(JourneyFilter(), request.args.get("after"))
    with transaction(rooms().engine) as tx:
        client = profiles.known(tx, account.id, client_id)
        contents = journeys.contents(tx, account.id, client["id"])
        chosen = sought(contents, _wanted(asked, account.zone))
        found = journeys.of_client(
            tx, account.id, client["id"], chosen, after=Spot(*after) if after else None, size=PAGE_SIZE
        )
        stage_names = crm_places.stages_of(connections.find(tx, account.id))
    return elsewhere(client, client_id) or render_template(
        "clients/journey.html",
        client=client,
        contents=contents,
        found=found,
        asked=asked,
        filtered=any(asked.values()),
        is_first=after is None,
        older=_older(client["id"], asked, found.after),
        told=journey_words,
        stage_names=stage_names,
    )


def _wanted(asked: dict[str, str], zone: ZoneInfo) -> dict[str, str | datetime | None]:
    """What is looked for; days are those of the account, both in the period."""
    return {
        "kind": asked["kind"] if asked["kind"] in KINDS else None,
        "product": asked["product"],
        "q": asked["q"],
        "since": midnight(asked["from"], zone),
        "until": midnight(asked["to"], zone, after=1),
    }


def _older(client_id: UUID, asked: dict[str, str], after: Spot | None) -> str | None:
    """The address of the next page; None on the last."""
    if after is None:
        return None
    kept = {name: value for name, value in asked.items() if value}
    query = urlencode({**kept, "after": written(JourneyFilter(), after)})
    return f"{url_for('clients.journey', client_id=client_id)}?{query}"
