"""Everybody who may be in the account twice: groups who share a document or telephone, to be looked at one by one."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import EXCLUDE
from sqlalchemy import RowMapping
from werkzeug import Response

from schemas.duplicates import DuplicatesPage, DuplicatesQuery
from service.errors import Conflict, NotFound, Unprocessable
from service.store import duplicates
from service.store.duplicates import FIELDS, Place
from service.store.engine import transaction
from service.web import client_lists, contacts, guards, merging
from service.web.pages.clients.merging import by_this_person
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms

QUERY = DuplicatesQuery(unknown=EXCLUDE, exclude=("page_size",))
PAGE_SIZE = 20


@blueprint.get("/duplicates")
def duplicate() -> str:
    """Clients who share a document or telephone, of whom nobody said yet that they are one person, or several."""
    asked = client_lists.understood(QUERY, request.args)
    same, place = asked.get("same"), asked.get("after")
    with transaction(rooms().engine) as tx:
        fields = (same,) if same else FIELDS
        part = duplicates.listed(tx, guards.current_account().id, fields, place and Place(*place), PAGE_SIZE)
    return render_template(
        "clients/duplicates.html",
        part=part,
        same=same,
        is_beginning=place is None,
        after=written(part.after),
        most_counted=duplicates.MOST_COUNTED,
        contacts=contacts,
        key=lambda: uuid4().hex,
    )


def written(place: Place | None) -> str | None:
    """A place as text for an address."""
    text: str | None = DuplicatesPage(only=("next",)).dump({"after": place})["next"]
    return text


@blueprint.post("/duplicates/strangers")
def tell_all_apart() -> Response:
    """Say that the clients of a group are all different people; back to the page that showed them."""
    ids = request.form.getlist("client", type=UUID)
    try:
        said = merging.tell_all_apart(guards.current_account(), ids, by_this_person())
        _flash(merging.settled(guards.current_account(), said["key"]))
    except (Conflict, NotFound, Unprocessable):
        flash(_("These clients have changed meanwhile. Look at them again."), "warning")
    asked = QUERY.dump(client_lists.understood(QUERY, request.form))
    return redirect(url_for("clients.duplicate", **{name: text for name, text in asked.items() if text}), 303)


def _flash(said: RowMapping) -> None:
    if said["state"] == "done":
        flash(_("Noted: they are different people, and will not be suggested as one again."), "success")
    elif said["state"] == "pending":
        flash(_("Noted: they are different people. In a moment they leave this page."), "info")
    else:
        flash(_("This could not be done. Look at it under Events, source “People”."), "danger")
