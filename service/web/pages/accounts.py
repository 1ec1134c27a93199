"""What the pages of an account share: their place in the URL, their guard, their entry in the navigation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, Flask, current_app, g
from flask_babel.speaklater import LazyString

from service.web import guards
from service.web.rooms import rooms

PREFIX = "/a/<account_key>"


class Entry(NamedTuple):
    """One line of the navigation. `icon` is the id of a symbol in `static/icons.svg`.

    A telephone shows those `at_hand` at once, four of them and with short names, the others below "More".
    """

    label: LazyString
    icon: str
    endpoint: str
    at_hand: bool = False


class Page(NamedTuple):
    """Pages under one blueprint; with an entry they are in the navigation, in the order of `pages.PAGES`."""

    blueprint: Blueprint
    entry: Entry | None = None


def account_pages(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint for pages of one account, under `/a/<account_key>` and behind `guards.member`.

    Its views do not take the key: the account is `guards.current_account()`, and `url_for` puts the key in.
    """
    blueprint = Blueprint(name, import_name, url_prefix=PREFIX + path)
    blueprint.url_value_preprocessor(_take_key)
    blueprint.before_request(guards.member)
    return blueprint


def install(app: Flask) -> None:
    """Let `url_for` know the account of the page."""
    app.url_defaults(_give_key)


def _take_key(_: str | None, values: dict[str, Any] | None) -> None:
    g.account_key = values.pop("account_key") if values else None


def _give_key(endpoint: str, values: dict[str, Any]) -> None:
    account = g.get("account")
    if account is not None and current_app.url_map.is_endpoint_expecting(endpoint, "account_key"):
        values.setdefault("account_key", account.key)


def local_now() -> datetime:
    """Now, in the zone of the page's account."""
    return datetime.now(guards.current_account().zone)


def webhook_url() -> str:
    """The address to paste into Hotmart's panel."""
    return f"{rooms().settings.public_url}/webhooks/hotmart/{guards.current_account().key}"
