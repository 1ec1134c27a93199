"""What people write about a client: notes and tags."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Connection, RowMapping
from werkzeug import Response

from service.errors import Conflict, Unprocessable
from service.store import notes, profiles, tags
from service.store.engine import transaction
from service.store.notes import Edit, Writer
from service.web import guards, words
from service.web.faults import status_of
from service.web.pages.clients.profile import Draft, page
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms

Answer = Response | tuple[str, int]


def _writer() -> Writer:
    return Writer(guards.current_person().id, may_change_all=guards.current_role().may_manage)


def _known(tx: Connection, client_id: UUID) -> RowMapping:
    return profiles.known(tx, guards.current_account().id, client_id)


def _back(client_id: UUID, anchor: str) -> Response:
    return redirect(url_for("clients.show", client_id=client_id, _anchor=anchor))


def _shown_again(client_id: UUID, kind: str, fault: Conflict | Unprocessable, note_id: UUID | None = None) -> Answer:
    """The profile with what was written still in its field, and why it was not kept."""
    draft = Draft(kind, request.form.get(kind, "")[:20_000], str(words.FAULTS[fault.code]), note_id)
    with transaction(rooms().engine) as tx:
        return page(tx, _known(tx, client_id), draft), status_of(fault)


def _form_id() -> UUID:
    """The id the form gave its note, so that a form sent twice is one note; a new one where it gave none."""
    try:
        return UUID(request.form.get("note_id", ""))
    except ValueError:
        return uuid4()


@blueprint.post("/<uuid:client_id>/notes")
def add_note(client_id: UUID) -> Answer:
    """Write a note."""
    account_id, body = guards.current_account().id, request.form.get("note", "")
    try:
        with transaction(rooms().engine) as tx:
            client = _known(tx, client_id)
            notes.write(tx, account_id, client["email"], _form_id(), body, by=_writer(), now=datetime.now(UTC))
    except (Conflict, Unprocessable) as fault:
        return _shown_again(client_id, "note", fault)
    flash(_("The note is kept."), "success")
    return _back(client_id, "notes")


@blueprint.post("/<uuid:client_id>/notes/<uuid:note_id>")
def edit_note(client_id: UUID, note_id: UUID) -> Answer:
    """Give a note a new text; what was written is shown again where somebody else was faster."""
    account_id = guards.current_account().id
    made = Edit(request.form.get("note", ""), request.form.get("edition", 0, type=int))
    try:
        with transaction(rooms().engine) as tx:
            emails = profiles.emails(tx, account_id, _known(tx, client_id)["email"])
            notes.edit(tx, account_id, emails, note_id, made, by=_writer(), now=datetime.now(UTC))
    except (Conflict, Unprocessable) as fault:
        return _shown_again(client_id, "note", fault, note_id)
    flash(_("The note is changed."), "success")
    return _back(client_id, "notes")


@blueprint.post("/<uuid:client_id>/notes/<uuid:note_id>/delete")
def delete_note(client_id: UUID, note_id: UUID) -> Response:
    """Remove a note for good."""
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        emails = profiles.emails(tx, account_id, _known(tx, client_id)["email"])
        notes.delete(tx, account_id, emails, note_id, by=_writer())
    flash(_("The note is deleted."), "success")
    return _back(client_id, "notes")


@blueprint.post("/<uuid:client_id>/tags")
def add_tags(client_id: UUID) -> Answer:
    """Put one or more tags on the client."""
    account_id, line = guards.current_account().id, request.form.get("tags", "")
    try:
        with transaction(rooms().engine) as tx:
            client = _known(tx, client_id)
            tags.add(tx, account_id, client["email"], line, by=_writer(), now=datetime.now(UTC))
    except (Conflict, Unprocessable) as fault:
        return _shown_again(client_id, "tags", fault)
    return _back(client_id, "tags")


@blueprint.post("/<uuid:client_id>/tags/remove")
def remove_tag(client_id: UUID) -> Response:
    """Take a tag off the client."""
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        emails = profiles.emails(tx, account_id, _known(tx, client_id)["email"])
        tags.remove(tx, account_id, emails, request.form.get("tag", ""))
    return _back(client_id, "tags")
