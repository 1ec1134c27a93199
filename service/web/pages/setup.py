"""The first run: an owner and an account. Closed for good once there is a user."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug import Response

from service.domain.roles import Role
from service.errors import Conflict, NotFound
from service.store import accounts, memberships, users
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.users import User
from service.web import guards, passwords, sessions
from service.web.pages.accounts import Page
from service.web.pages.forms import FoundingForm, OwnerForm
from service.web.rooms import rooms
from service.web.security import is_at_the_machine

blueprint = Blueprint("setup", __name__)
blueprint.before_request(guards.while_setup_is_open)
PAGE = Page(blueprint)


@blueprint.route("/setup", methods=["GET", "POST"])
def found() -> Response | str | tuple[str, int]:
    """Make the owner and the first account; accounts made by the command line become the owner's."""
    with transaction(rooms().engine) as tx:
        waiting = accounts.every(tx)
    if waiting and not is_at_the_machine(rooms().settings.public_url):
        # Whoever comes first would get accounts with people's data in them: only the host may say who that is.
        return render_template("setup/at_the_machine.html")
    form = OwnerForm() if waiting else FoundingForm()
    if not form.validate_on_submit():
        return render_template("setup/found.html", form=form, waiting=waiting), 422 if form.errors else 200
    password = passwords.hashed(form.password.data)
    with transaction(rooms().engine) as tx:
        owner = _created(tx, form, password)
        owned = _owned(tx, form, waiting=bool(waiting))
        for account in owned:
            memberships.join(tx, account.id, owner.id, Role.OWNER)
    rooms().directory.forget()
    sessions.sign_in(owner)
    return redirect(url_for("connect.show", account_key=owned[0].key))


def _created(tx: Connection, form: OwnerForm, password: str) -> User:
    try:
        return users.create_first(tx, form.email.data, form.name.data, password)
    except Conflict as closed:
        raise NotFound("This Marco is already set up.") from closed


def _owned(tx: Connection, form: OwnerForm, *, waiting: bool) -> list[Account]:
    """The accounts the owner gets: all there are, else a new one."""
    if waiting:
        return accounts.every(tx)
    if accounts.every(tx):
        raise Conflict("An account was made meanwhile. Load the page again.")
    return [accounts.create(tx, form.account_name.data, form.timezone.data, form.seller.data)]
