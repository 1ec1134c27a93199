"""The pages for people. A new page is a module with a blueprint and one line in PAGES."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request, url_for

from service.store.users import THEMES
from service.web import locale, words
from service.web.pages import (
    accounts,
    assets,
    automations,
    clients,
    connect,
    connections,
    events,
    invitations,
    overview,
    people,
    profile,
    reporting,
    sales,
    session,
    settings,
    setup,
    tokens,
    wizard,
)
from service.web.pages.accounts import Entry, Page

PAGES: tuple[Page, ...] = (
    setup.PAGE,
    session.PAGE,
    invitations.PAGE,
    profile.PAGE,
    overview.PAGE,
    sales.PAGE,
    clients.PAGE,
    wizard.PAGE,
    automations.PAGE,
    events.PAGE,
    connections.PAGE,
    connect.PAGE,
    settings.PAGE,
    reporting.PAGE,
    tokens.PAGE,
    people.PAGE,
)
"""Every page there is; the navigation shows those with an entry, in this order."""


def install(app: Flask) -> None:
    """Register the pages and what their templates share."""
    accounts.install(app)
    assets.install(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    app.context_processor(_shared)
    app.jinja_env.globals |= {"words": words, "event_name": words.event_name, "field_name": words.field_name}
    app.jinja_env.tests["is_here"] = is_here
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _shared() -> dict[str, Any]:
    """What the layout shows; nothing of it asks the database again."""
    return {
        "person": g.get("person"),
        "account": g.get("account"),
        "role": g.get("role"),
        "memberships": g.get("memberships", []),
        "navigation": [page.entry for page in PAGES if page.entry is not None],
        "is_here": is_here,
        "language": locale.language(),
        "languages": locale.NAMES,
        "theme": theme(),
        "here": request.full_path.rstrip("?") if request.method == "GET" else url_for("session.home"),
    }


def is_here(entry: Entry) -> bool:
    """Whether the page shown is one of the entry's blueprint."""
    return request.blueprint == entry.endpoint.rpartition(".")[0]


def theme() -> str | None:
    """The chosen theme of this request: the user's, else the cookie's; None goes by the system."""
    person = g.get("person")
    chosen = person.theme if person else request.cookies.get(session.THEME_COOKIE)
    return chosen if chosen in THEMES else None
