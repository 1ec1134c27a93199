"""Two clients who are one person: suggested, compared, merged, separated. Nothing of it happens by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Connection, RowMapping
from werkzeug import Response

from service.domain.mentions import CLIENT_FIELDS
from service.errors import Conflict, NotFound, Unprocessable
from service.sources import person
from service.sources.contact import email_of
from service.store import identities, lists
from service.store.engine import transaction
from service.store.portraits import Portrait
from service.store.suggestions import Suggestion
from service.web import contacts, guards, merging
from service.web.merging import By
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms

LONGEST_WORDS = 254


class Kin(NamedTuple):
    """What the profile shows of who a client is: addresses merged into it, and who may be the same person."""

    merges: list[RowMapping]
    suggestions: list[Suggestion]


@blueprint.context_processor
def _for_the_profile() -> dict[str, Any]:
    return {"kin_of": kin_of}


def kin_of(client: Mapping[str, Any]) -> Kin:
    """The addresses merged into the client of a profile, and who may be the same person."""
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        row = merging.client_row(tx, account, client["id"])
        return Kin(list(identities.merges(tx, account.id, row["id"])), merging.suggested(tx, account, row))


@blueprint.get("/<uuid:client_id>/merge")
def compare(client_id: UUID) -> Response | str:
    """Two clients side by side and as one, or the question who the other one is; nothing changes yet."""
    account, asked = guards.current_account(), request.args.get("email", "").strip()[:LONGEST_WORDS]
    with transaction(rooms().engine) as tx:
        client = merging.client_row(tx, account, client_id)
        other = _other(tx, account.id) if not asked else _with_email(tx, account.id, asked)
    if other is not None and other != client["id"]:
        return _comparison(client_id, other)
    wrong = None
    if asked or "other" in request.args:
        wrong = _("This e-mail is already one of this client.") if other else _("No client has this e-mail.")
    return render_template("clients/merge.html", client=client, asked=asked, wrong=wrong, looked=None)


def _comparison(client_id: UUID, other: UUID) -> str:
    looked = merging.look_at_merge(guards.current_account(), client_id, other)
    return render_template(
        "clients/merge.html",
        client={"id": client_id, "email": looked.stays.email, "name": looked.stays.profile.get("name")},
        other=other,
        looked=looked,
        key=uuid4().hex,
        **_shown(),
    )


def _other(tx: Connection, account_id: int) -> UUID | None:
    """The client the address of the page names by id, under the id it has now."""
    wanted = request.args.get("other", type=UUID)
    if wanted is None:
        return None
    found = identities.survivor(tx, account_id, wanted) or wanted
    return found if lists.client(tx, account_id, found) is not None else None


def _with_email(tx: Connection, account_id: int, written: str) -> UUID | None:
    email = email_of(written.replace("\x00", ""))
    return identities.client_with(tx, account_id, email) if email else None


def _shown() -> dict[str, Any]:
    """What the side-by-side view needs: how contacts are written."""
    return {"contacts": contacts, "contact_of": contact_of, "told_by": told_by}


def contact_of(one: Portrait) -> dict[str, Any]:
    """All contact fields of a client as it would be; None where nobody told it."""
    return dict.fromkeys(CLIENT_FIELDS) | dict(one.profile)


def told_by(field: str, together: Portrait, parts: Iterable[Portrait | None]) -> str | None:
    """By which address the value that stands was told; None where the others say nothing else."""
    values = {one.email: one.profile.get(field) for one in parts if one is not None}
    stands = together.profile.get(field)
    if len({value for value in values.values() if value is not None}) < 2:
        return None
    return next((email for email, value in values.items() if value == stands), None)


@blueprint.post("/<uuid:client_id>/merge")
def merge(client_id: UUID) -> Response:
    """Say that the other client is the same person."""
    account = guards.current_account()
    try:
        said = merging.merge(account, client_id, _named(client_id), by_this_person())
    except (Conflict, Unprocessable):
        flash(_("These two are one client already."), "info")
        return redirect(url_for("clients.show", client_id=client_id))
    return _after(client_id, said)


@blueprint.post("/<uuid:client_id>/strangers")
def tell_apart(client_id: UUID) -> Response:
    """Say that a suggested client is somebody else."""
    account = guards.current_account()
    try:
        said = merging.tell_apart(account, client_id, _named(client_id), by_this_person())
    except (Conflict, Unprocessable):
        flash(_("These two are one client already."), "info")
        return redirect(url_for("clients.show", client_id=client_id))
    return _after(client_id, said)


@blueprint.get("/<uuid:client_id>/separate")
def preview_separation(client_id: UUID) -> Response | str:
    """One client and the two it would be; nothing changes yet."""
    email = request.args.get("email", "")[:LONGEST_WORDS]
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        client = merging.client_row(tx, account, client_id)
    try:
        looked = merging.look_at_separation(account, client_id, email)
    except NotFound:
        flash(_("This e-mail is not merged into this client (any more)."), "info")
        return redirect(url_for("clients.show", client_id=client["id"]))
    return render_template(
        "clients/separate.html", client=client, email=email, looked=looked, key=uuid4().hex, **_shown()
    )


@blueprint.post("/<uuid:client_id>/separate")
def separate(client_id: UUID) -> Response:
    """Say that a merged address is somebody else's."""
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        client = merging.client_row(tx, account, client_id)
    try:
        said = merging.separate(account, client_id, request.form.get("email", ""), by_this_person())
    except (NotFound, Unprocessable):
        flash(_("This e-mail is not merged into this client (any more)."), "info")
        return redirect(url_for("clients.show", client_id=client["id"]))
    return _after(client_id, said)


def _named(client_id: UUID) -> UUID:
    """The other client of a form. Raises NotFound where either is none of the account."""
    with transaction(rooms().engine) as tx:
        merging.client_row(tx, guards.current_account(), client_id)
    other = request.form.get("other", type=UUID)
    if other is None:
        raise NotFound("There is no such client.")
    return other


def by_this_person() -> By:
    """Whoever sends this form, and the key that tells a double click from a second thought."""
    key = request.form.get("key", "")
    return By(guards.current_person().id, key if key.isalnum() and len(key) == 32 else None)


def _after(client_id: UUID, said: RowMapping) -> Response:
    """To the page that says what became of it."""
    return redirect(url_for("clients.said", client_id=client_id, key=said["key"]), 303)


@blueprint.get("/<uuid:client_id>/said")
def said(client_id: UUID) -> Response | str:
    """What became of a statement: the client as it is now, or a page that waits for the workers."""
    account, key = guards.current_account(), request.args.get("key", "")[:64]
    with transaction(rooms().engine) as tx:
        client = merging.client_row(tx, account, client_id)
    try:
        row = merging.settled(account, key)
    except NotFound:
        return redirect(url_for("clients.show", client_id=client["id"]))
    if row["state"] == "pending":
        return render_template("clients/merge_waits.html", client=client, address=request.full_path)
    _flash(row)
    with transaction(rooms().engine) as tx:
        client = merging.client_row(tx, account, client_id)
    return redirect(url_for("clients.show", client_id=client["id"]))


def _flash(row: RowMapping) -> None:
    if row["state"] != "done":
        flash(_("This could not be done. Look at it under Events, source “People”."), "danger")
    elif row["event"] == person.ONE_PERSON:
        flash(_("They are one client now. You can separate them again at any time."), "success")
    else:
        flash(_("They are two clients, and will not be suggested as one person again."), "success")
