"""Following a one-time invitation into an account."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug import Response

from service.errors import NotFound
from service.store import accounts, memberships, users
from service.store.engine import transaction
from service.store.memberships import Invitation
from service.store.users import User
from service.web import guards, passwords, sessions
from service.web.pages.accounts import Page
from service.web.pages.forms import NewcomerForm
from service.web.rooms import rooms

blueprint = Blueprint("invitations", __name__, url_prefix="/invitation")
blueprint.before_request(guards.visitor)
PAGE = Page(blueprint)


@blueprint.get("/<token>")
def show(token: str) -> str:
    """What the invitation is for, and the way in for newcomers, for users, and for users who are signed in."""
    return _page(token, NewcomerForm())


def _page(token: str, form: NewcomerForm) -> str:
    with transaction(rooms().engine) as tx:
        invitation = memberships.invitation(tx, token, datetime.now(UTC))
        account = accounts.with_id(tx, invitation.account_id)
        known = users.with_email(tx, invitation.email) is not None
    user = sessions.signed_in_user()
    return render_template(
        "invitations/show.html",
        token=token,
        form=form,
        invitation=invitation,
        account_name=account.name,
        known=known,
        invited_is_here=user is not None and user.email == invitation.email,
        somebody_else=user if user is not None and user.email != invitation.email else None,
    )


@blueprint.post("/<token>/join")
def join(token: str) -> Response:
    """Become a member, as somebody who is a user already and signed in."""
    user = sessions.signed_in_user()
    if user is None:
        return redirect(url_for("session.enter", next=url_for("invitations.show", token=token)))
    with transaction(rooms().engine) as tx:
        return _joined(tx, _taken(tx, token, user.email), user)


@blueprint.post("/<token>/newcomer")
def begin(token: str) -> Response | tuple[str, int]:
    """Become a user and a member at once. Raises Conflict when the address belongs to a user by now."""
    form = NewcomerForm()
    if not form.validate_on_submit():
        return _page(token, form), 422
    password = passwords.hashed(form.password.data)
    with transaction(rooms().engine) as tx:
        invitation = _taken(tx, token)
        user = users.create(tx, invitation.email, form.name.data, password)
        answer = _joined(tx, invitation, user)
    sessions.sign_in(user)
    return answer


def _taken(tx: Connection, token: str, email: str | None = None) -> Invitation:
    invitation = memberships.invitation(tx, token, datetime.now(UTC), take=True)
    if email is not None and invitation.email != email:
        raise NotFound("This invitation is for somebody else.")
    return invitation


def _joined(tx: Connection, invitation: Invitation, user: User) -> Response:
    memberships.join(tx, invitation.account_id, user.id, invitation.role)
    key = accounts.with_id(tx, invitation.account_id).key
    return redirect(url_for("overview.show", account_key=key))
