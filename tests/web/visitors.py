"""People in front of a browser, without one: they follow links, fill forms, and carry the form's token."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from service.domain.roles import Role
from service.store import memberships, users
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.users import User
from service.web import passwords

PASSWORD = "uma frase bem comprida"
STORED = passwords.hashed(PASSWORD)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One browser: a cookie jar and the forms it was shown."""

    def __init__(self, app: Flask, *, base_url: str = "http://localhost") -> None:
        self.client = app.test_client()
        self.base_url = base_url

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=self.base_url, **more)

    def reads(self, path: str, **more: Any) -> str:
        """The text of a page that must open."""
        answer = self.get(path, **more)
        assert answer.status_code == 200, (path, answer.status_code, answer.location)
        return answer.get_data(as_text=True)

    def posts(self, path: str, /, **fields: Any) -> TestResponse:
        """Send a form, with the token that every page with a form carries."""
        headers = {"Referer": f"{self.base_url}/"}
        content = {"csrf_token": self.form_token(), **fields}
        return self.client.post(path, base_url=self.base_url, data=content, headers=headers)

    def form_token(self) -> str:
        """The token of the form for signing in, or for setting up where that is still open."""
        page = self.client.get("/login", base_url=self.base_url, follow_redirects=True).get_data(as_text=True)
        found = TOKEN.search(page)
        assert found is not None, page
        return found[1]

    def signs_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Fill in the form for signing in."""
        return self.posts("/login", email=email, password=password)


def an_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def a_user(app: Flask, name: str = "Ana Lima", email: str | None = None) -> User:
    """Somebody with the usual password, in no account yet."""
    with transaction(app.extensions["marco"].engine) as tx:
        return users.create(tx, email or an_email(), name, STORED)


def a_member(app: Flask, account: Account, role: Role = Role.OWNER, name: str = "Ana Lima") -> Visitor:
    """Somebody of an account who has signed in."""
    user = a_user(app, name)
    with transaction(app.extensions["marco"].engine) as tx:
        memberships.join(tx, account.id, user.id, role)
    visitor = Visitor(app)
    answer = visitor.signs_in(user.email)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    visitor.user = user  # type: ignore[attr-defined]
    return visitor
