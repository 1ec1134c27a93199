"""Puts the parts of the web process together; the only place that does."""

from __future__ import annotations

from typing import Any

import psycopg
from flask import Flask
from sqlalchemy.engine import make_url

from service import cli
from service.queues import Bell
from service.settings import Settings
from service.store import accounts
from service.store.engine import engine_of, transaction
from service.store.keeper import Keeper
from service.web import faults, locale, pages, requests, security, sessions, uses
from service.web.api import docs
from service.web.directory import Directory
from service.web.health import health
from service.web.rooms import EXTENSION, Rooms
from service.web.webhooks import webhooks


def create_app(settings: Settings) -> Flask:
    """The web application over an addressed database and Redis."""
    app = Flask("service", static_folder="static", template_folder="templates")
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + 64 * 1024
    engine = engine_of(settings.database_url, application="marco-web")

    def admissions() -> dict[str, accounts.Admission]:
        with transaction(engine) as tx:
            return accounts.admissions(tx)

    rooms = app.extensions[EXTENSION] = Rooms(
        settings=settings,
        engine=engine,
        keeper=Keeper(lambda: _keeper_connection(settings.database_url)),
        bell=Bell(settings),
        directory=Directory(admissions),
    )
    app.register_blueprint(webhooks)
    app.register_blueprint(health)
    docs.install(app)
    sessions.install(app)
    locale.install(app)
    security.install(app)
    pages.install(app)
    security.count_attempts(app, "session.enter", settings.redis_url)
    uses.install(app)
    requests.install(app, rooms)
    faults.install(app)
    cli.install(app)
    return app


def _keeper_connection(database_url: str) -> psycopg.Connection[Any]:
    """A connection of the keeper's own. Its commits are always flushed, whatever the server's default."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=3,
        application_name="marco-keeper",
        options="-c timezone=UTC -c synchronous_commit=on -c lock_timeout=3000 -c statement_timeout=4000",
    )
