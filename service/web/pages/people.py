"""Who belongs to an account: inviting, roles, removing."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from service.domain.roles import Role
from service.errors import Conflict, Unprocessable
from service.store import memberships
from service.store.engine import transaction
from service.web import guards, words
from service.web.guards import for_owners
from service.web.pages import settings
from service.web.pages.accounts import Page, account_pages
from service.web.pages.forms import InvitationForm
from service.web.rooms import rooms

blueprint = account_pages("people", __name__, "/settings/people")
PAGE = Page(blueprint)


@blueprint.post("/invite")
@for_owners
def invite() -> str | tuple[str, int]:
    """Make a one-time link for somebody and show it, this once."""
    form = InvitationForm()
    if not form.validate_on_submit():
        return settings.page(invitation_form=form), 422
    account_id, now = guards.current_account().id, datetime.now(UTC)
    try:
        with transaction(rooms().engine) as tx:
            token = memberships.invite(tx, account_id, form.email.data, Role(form.role.data), now)
    except Conflict as fault:
        form.email.errors = [words.FAULTS[fault.code]]
        return settings.page(invitation_form=form), 409
    link = rooms().settings.public_url + url_for("invitations.show", token=token)
    return settings.page(made_invitation={"link": link, "email": form.email.data})


@blueprint.post("/invitations/<invitation_id>/withdraw")
@for_owners
def withdraw(invitation_id: str) -> Response:
    """Take an invitation back."""
    with transaction(rooms().engine) as tx:
        memberships.withdraw(tx, guards.current_account().id, invitation_id)
    flash(_("The invitation is taken back."), "success")
    return _back()


@blueprint.post("/<int:user_id>/role")
@for_owners
def change_role(user_id: int) -> Response:
    """Change what somebody may do."""
    wanted = request.form.get("role", "")
    if wanted not in set(Role):
        raise Unprocessable("There is no such role.")
    return _changed(user_id, Role(wanted), _("The role is changed."))


@blueprint.post("/<int:user_id>/remove")
@for_owners
def remove(user_id: int) -> Response:
    """Take somebody out of the account; they stay a user of others."""
    return _changed(user_id, None, _("The person is removed from this account."))


def _changed(user_id: int, role: Role | None, done: str) -> Response:
    account_id = guards.current_account().id
    try:
        with transaction(rooms().engine) as tx:
            if role is None:
                memberships.leave(tx, account_id, user_id)
            else:
                memberships.change_role(tx, account_id, user_id, role)
    except Conflict as fault:
        flash(str(words.FAULTS[fault.code]), "danger")
    else:
        flash(done, "success")
    return _back()


def _back() -> Response:
    return redirect(url_for("settings.show", _anchor="people"))
