"""Signing in and out, and the choices of people who are not signed in yet: language and theme."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug import Response

from service.errors import Unprocessable
from service.store import memberships, users
from service.store.engine import transaction
from service.store.users import LANGUAGES, THEMES, User
from service.web import guards, locale, passwords, security, sessions
from service.web.pages.accounts import Page
from service.web.pages.forms import ArrivalForm
from service.web.rooms import rooms
from service.web.sessions import is_https

blueprint = Blueprint("session", __name__)
blueprint.before_request(guards.visitor)
PAGE = Page(blueprint)
THEME_COOKIE = "theme"
COOKIE_SECONDS = 365 * 24 * 3600


@blueprint.get("/")
def home() -> Response:
    """On to where somebody belongs: setting up, signing in, or their account."""
    with transaction(rooms().engine) as tx:
        if users.setup_is_open(tx):
            return redirect(url_for("setup.found"))
        user = sessions.signed_in_user()
        belongs = memberships.of_user(tx, user.id) if user else []
    if user is None:
        return redirect(url_for("session.enter"))
    keys = [one.account.key for one in belongs]
    if not keys:
        return redirect(url_for("profile.show"))
    last = request.cookies.get(guards.ACCOUNT_COOKIE)
    return redirect(url_for("overview.show", account_key=last if last in keys else keys[0]))


@blueprint.route("/login", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    """Sign in. Unknown addresses and wrong passwords get the same answer after the same work."""
    form = ArrivalForm()
    if not form.validate_on_submit():
        return _sign_in_page(form)
    user = _recognised(form.email.data, form.password.data)
    if user is None:
        form.password.errors = [_("E-mail or password is wrong.")]
        return _sign_in_page(form), 401
    security.forgive()
    sessions.sign_in(user)
    return redirect(local_path(request.args.get("next")) or url_for("session.home"))


def _sign_in_page(form: ArrivalForm) -> Response | str:
    with transaction(rooms().engine) as tx:
        if users.setup_is_open(tx):
            return redirect(url_for("setup.found"))
    return render_template("session/enter.html", form=form)


def _recognised(email: str, password: str) -> User | None:
    with transaction(rooms().engine) as tx:
        user = users.with_email(tx, email)
    # Outside the transaction: a connection must not wait while a password is worked on.
    if not passwords.fits(password, user.password if user else None):
        return None
    if user is not None and passwords.is_outdated(user.password):
        newer = passwords.hashed(password)
        with transaction(rooms().engine) as tx:
            users.rehash(tx, user.id, newer)
    return user


@blueprint.post("/logout")
def leave() -> Response:
    """Sign out here."""
    sessions.sign_out()
    flash(_("You are signed out."), "success")
    return redirect(url_for("session.enter"))


@blueprint.post("/language")
def speak() -> Response:
    """Choose a language: remembered by the browser, and with the person where somebody is signed in."""
    chosen = _one_of(LANGUAGES, request.form.get("language"))
    if (user := sessions.signed_in_user()) is not None:
        with transaction(rooms().engine) as tx:
            users.speak(tx, user.id, chosen)
    return _back_with(locale.COOKIE, chosen)


@blueprint.post("/theme")
def dress() -> Response:
    """Choose light, dark, or what the system says."""
    wanted = request.form.get("theme")
    chosen = _one_of(THEMES, wanted) if wanted != "system" else None
    if (user := sessions.signed_in_user()) is not None:
        with transaction(rooms().engine) as tx:
            users.dress(tx, user.id, chosen)
    return _back_with(THEME_COOKIE, chosen)


def _one_of(choices: tuple[str, ...], wanted: str | None) -> str:
    if wanted not in choices:
        raise Unprocessable("There is no such choice.")
    return wanted


def _back_with(cookie: str, value: str | None) -> Response:
    answer = make_response(redirect(local_path(request.form.get("next")) or url_for("session.home")))
    remember(answer, cookie, value)
    return answer


def remember(answer: Response, cookie: str, value: str | None) -> None:
    """Have the browser remember a choice; None forgets it."""
    if value is None:
        answer.delete_cookie(cookie)
    else:
        answer.set_cookie(cookie, value, max_age=COOKIE_SECONDS, secure=is_https(), httponly=True, samesite="Lax")


def local_path(wanted: str | None) -> str | None:
    """The path, if it is one of ours: a link must not be able to lead a newly signed-in person elsewhere."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or not wanted.isprintable():
        return None
    parts = urlsplit(wanted)
    return wanted if not parts.netloc and not parts.scheme and "\\" not in wanted else None
