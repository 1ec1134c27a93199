"""One client: how to reach them, their money, what they own, what can still be won, what was written about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import redirect, render_template, request, url_for
from sqlalchemy import Connection, RowMapping
from werkzeug import Response

from schemas.journeys import BoughtFilter
from service.domain.roles import Role
from service.store import connections, crm_links, journeys, lists, notes, profiles, tags
from service.store.engine import transaction
from service.store.journeys import Sought
from service.store.opportunities import Place
from service.store.profiles import Bought
from service.web import contacts, crm_places, guards, journey_words, words
from service.web.pages.clients.cursors import read, written
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms

RECENT_STEPS = 8
RECENT_PURCHASES = 5
RECENT_NOTES = 20
PAGE_SIZE = 50


class Draft(NamedTuple):
    """What somebody wrote that could not be kept, to be shown again with the reason; `note_id` None for a new note."""

    kind: str
    text: str
    fault: str
    note_id: UUID | None = None


@blueprint.get("/<uuid:client_id>")
def show(client_id: UUID) -> Response | str:
    """The profile."""
    with transaction(rooms().engine) as tx:
        client = profiles.known(tx, guards.current_account().id, client_id)
        return elsewhere(client, client_id) or page(tx, client)


def elsewhere(client: RowMapping, client_id: UUID) -> Response | None:
    """An answer for who comes by the id of an address that belongs to another client since they were merged."""
    if client["id"] == client_id or request.endpoint is None:
        return None
    address = url_for(request.endpoint, client_id=client["id"])
    return redirect(f"{address}?{urlencode(request.args)}" if request.args else address)


def page(tx: Connection, client: RowMapping, draft: Draft | None = None) -> str:
    """The profile, with a draft where one could not be kept."""
    account_id = guards.current_account().id
    emails = profiles.emails(tx, account_id, client["email"])
    return render_template(
        "clients/show.html",
        client=client,
        emails=emails,
        contacts=contacts,
        revenue=profiles.revenue(tx, account_id, client["id"]),
        products=lists.products_of_client(tx, account_id, client["id"]),
        subscriptions=lists.subscriptions_of_client(tx, account_id, client["id"]),
        opportunities=profiles.open_opportunities(tx, account_id, client["id"]),
        purchases=profiles.purchases(tx, account_id, client["id"], Bought(), size=RECENT_PURCHASES),
        number_of_purchases=profiles.count_purchases(tx, account_id, client["id"], Bought()),
        journey=journeys.of_client(tx, account_id, client["id"], Sought(), size=RECENT_STEPS),
        told=journey_words,
        draft=draft,
        **_in_kommo(tx, account_id, emails),
        **_remarks(tx, account_id, emails, draft),
    )


def _in_kommo(tx: Connection, account_id: int, emails: Sequence[str]) -> dict[str, Any]:
    """The client's leads in the connected Kommo, and what its stages are called."""
    connected = connections.find(tx, account_id)
    return {
        "crm": crm_places.of(connected),
        "leads": crm_links.of_client(tx, account_id, connected.kommo_id, emails) if connected else (),
        "stage_names": crm_places.stages_of(connected),
    }


def _remarks(tx: Connection, account_id: int, emails: Sequence[str], draft: Draft | None) -> dict[str, Any]:
    """Notes and tags, and what the forms for them need."""
    role, person = guards.current_role(), guards.current_person()
    every = request.args.get("notes") == "all" or (draft is not None and draft.note_id is not None)
    return {
        "notes": notes.of_client(tx, account_id, emails, most=None if every else RECENT_NOTES),
        "number_of_notes": notes.count(tx, account_id, emails),
        "tags": tags.of_client(tx, account_id, emails),
        "known_tags": tags.names(tx, account_id) if role.may_change else [],
        "new_note_id": uuid4(),
        "may_edit": lambda note: role is Role.OWNER or (role.may_change and note["author_id"] == person.id),
    }


@blueprint.get("/<uuid:client_id>/purchases")
def purchases(client_id: UUID) -> Response | str:
    """Every purchase, the last first; a number of the profile opens the purchases it counts."""
    account_id = guards.current_account().id
    asked = {name: request.args.get(name, "").strip()[:40].replace("\x00", "") for name in ("category", "currency")}
    wanted = Bought(
        category=asked["category"] if asked["category"] in words.CATEGORIES else None,
        currency=asked["currency"].upper() or None,
    )
    after = read(BoughtFilter(), request.args.get("after"))
    with transaction(rooms().engine) as tx:
        client = profiles.known(tx, account_id, client_id)
        found = profiles.purchases(
            tx, account_id, client["id"], wanted, after=Place(*after) if after else None, size=PAGE_SIZE
        )
        return elsewhere(client, client_id) or render_template(
            "clients/purchases.html",
            client=client,
            found=found,
            total=profiles.count_purchases(tx, account_id, client["id"], wanted),
            wanted=wanted,
            revenue=profiles.revenue(tx, account_id, client["id"]),
            older=_older(client["id"], wanted, found.after),
            is_first=after is None,
            told=journey_words,
        )


def _older(client_id: UUID, wanted: Bought, after: Place | None) -> str | None:
    """The address of the next page; None on the last."""
    if after is None:
        return None
    kept = {name: value for name, value in wanted._asdict().items() if value is not None}
    query = urlencode({**kept, "after": written(BoughtFilter(), after)})
    return f"{url_for('clients.purchases', client_id=client_id)}?{query}"
