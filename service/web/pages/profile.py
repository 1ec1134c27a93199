"""What a person decides about themselves, whatever account they look at."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug import Response

from service.domain.roles import Role
from service.errors import Refused
from service.store import accounts, memberships, users
from service.store.engine import transaction
from service.web import guards, passwords, sessions
from service.web.pages.accounts import Page
from service.web.pages.forms import NameForm, NewAccountForm, PasswordForm
from service.web.rooms import rooms

blueprint = Blueprint("profile", __name__, url_prefix="/profile")
blueprint.before_request(guards.signed_in)
PAGE = Page(blueprint)


@blueprint.get("")
def show() -> str:
    """Name, language, theme, password, sessions."""
    return _page(NameForm(name=guards.current_person().name), PasswordForm())


def _page(name_form: NameForm, password_form: PasswordForm) -> str:
    return render_template("profile/show.html", name_form=name_form, password_form=password_form, owns_one=owns_one())


@blueprint.post("/name")
def rename() -> Response | tuple[str, int]:
    """Change the name."""
    form = NameForm()
    if not form.validate_on_submit():
        return _page(form, PasswordForm(formdata=None)), 422
    with transaction(rooms().engine) as tx:
        users.rename(tx, guards.current_person().id, form.name.data)
    flash(_("Your name is changed."), "success")
    return redirect(url_for("profile.show"))


@blueprint.post("/password")
def change_password() -> Response | tuple[str, int]:
    """Change the password; every other session ends, this one goes on."""
    form, person = PasswordForm(), guards.current_person()
    accepted = form.validate_on_submit()
    if accepted and not passwords.fits(form.password_now.data, person.password):
        form.password_now.errors = [_("This is not your password.")]
        accepted = False
    if not accepted:
        return _page(NameForm(formdata=None, name=person.name), form), 422
    newer = passwords.hashed(form.password_new.data)
    with transaction(rooms().engine) as tx:
        epoch = users.change_password(tx, person.id, newer)
    sessions.sign_in(person._replace(epoch=epoch))
    flash(_("Your password is changed, and you are signed out everywhere else."), "success")
    return redirect(url_for("profile.show"))


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def add_account() -> ResponseReturnValue:
    """Make one more account, as somebody who owns one already."""
    if not owns_one():
        raise Refused("Only owners of an account may make another one.", code="only_owners")
    form = NewAccountForm()
    if not form.validate_on_submit():
        return render_template("profile/new_account.html", form=form), 422 if form.errors else 200
    with transaction(rooms().engine) as tx:
        made = accounts.create(tx, form.account_name.data, form.timezone.data, form.seller.data)
        memberships.join(tx, made.id, guards.current_person().id, Role.OWNER)
    rooms().directory.forget()
    return redirect(url_for("connect.show", account_key=made.key))


def owns_one() -> bool:
    """Whether the person is an owner anywhere."""
    return any(one.role.may_manage for one in guards.current_memberships())


@blueprint.post("/everywhere")
def sign_out_everywhere() -> Response:
    """End every session, this one too."""
    with transaction(rooms().engine) as tx:
        users.sign_out_everywhere(tx, guards.current_person().id)
    sessions.sign_out()
    flash(_("You are signed out everywhere."), "success")
    return redirect(url_for("session.enter"))
