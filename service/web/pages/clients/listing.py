"""The list of clients."""

from __future__ import annotations

from flask import render_template

from service.store import lists
from service.store.engine import transaction
from service.web import guards
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms


@blueprint.get("")
def index() -> str:
    """Clients, the last seen first."""
    with transaction(rooms().engine) as tx:
        listed = lists.clients(tx, guards.current_account().id, lists.Page())
    return render_template("clients/index.html", listed=listed)
