"""Sessions: a signed cookie that names a user and an epoch, checked against the database on every page."""

from __future__ import annotations

import time
from hashlib import sha256

from flask import Flask, Request, has_request_context, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from service.store import users
from service.store.engine import transaction
from service.store.users import User
from service.web.rooms import rooms

IDLE_SECONDS = 14 * 24 * 3600
LONGEST_SECONDS = 60 * 24 * 3600
SINCE = "since"
WITHOUT_SESSION = ("/webhooks/", "/api/v1/")


class Person(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A signed-in user, as Flask-Login wants to see one."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        """What the cookie says: a new epoch makes every earlier cookie worthless."""
        return f"{self.user.id}.{self.user.epoch}"


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie; where the page came by https it is `Secure` and carries the `__Host-` prefix."""

    digest_method = staticmethod(sha256)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the request: none at the doors for machines, and no signature worked on without a cookie."""
        if request.path.startswith(WITHOUT_SESSION):
            return self.make_null_session(app)
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002  # Flask's signature
        """`__Host-` promises the browser: from this very host, for all of it, by https only."""
        return "__Host-marco" if is_https() else "marco"

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002  # Flask's signature
        """Whether the browser may send it by https only."""
        return is_https()


def install(app: Flask) -> None:
    """Give the application sessions."""
    app.config |= {
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": IDLE_SECONDS,
    }
    app.session_interface = Cookies()
    manager = LoginManager()
    # Tied to address and browser a session would end whenever a telephone changes its network.
    manager.session_protection = None
    manager.user_loader(_person_of)
    manager.init_app(app, add_context_processor=False)
    # Flask-Login looks at every answer's session for a "remember me" that this house does not have; that look
    # alone would mark the answers of webhooks and API as depending on cookies.
    app.after_request_funcs[None].pop()


def is_https() -> bool:
    """Whether people reach us by https: as the proxy said of this request, or as PUBLIC_URL says of all."""
    return (has_request_context() and request.is_secure) or rooms().settings.public_url.startswith("https://")


def sign_in(user: User) -> None:
    """Begin a session; nothing of what was in the cookie before stays."""
    session.clear()
    login_user(Person(user))
    session.permanent = True
    session[SINCE] = int(time.time())


def sign_out() -> None:
    """End this session."""
    logout_user()
    session.clear()


def signed_in_user() -> User | None:
    """The user whose valid session the request carries."""
    return current_user.user if current_user.is_authenticated else None


def _person_of(session_id: str) -> Person | None:
    user_id, _, epoch = session_id.partition(".")
    if not (user_id.isdecimal() and epoch.isdecimal()) or time.time() - session.get(SINCE, 0) > LONGEST_SECONDS:
        return None
    with transaction(rooms().engine) as tx:
        user = users.in_session(tx, int(user_id), int(epoch))
    return Person(user) if user else None
