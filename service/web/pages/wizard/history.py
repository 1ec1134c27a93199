"""All imports of an account, and the way into each."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from service.store import imports
from service.store.engine import transaction
from service.store.lists import Page as Part
from service.web import guards, import_words
from service.web.pages.wizard.room import address, blueprint, opened, right_step
from service.web.rooms import rooms

PAGE_SIZE = 25
LAST_PAGE = 10_000


@blueprint.get("")
def history() -> str:
    """When, who, which file, how many rows, what became of them."""
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    with transaction(rooms().engine) as tx:
        listed = imports.summaries(tx, guards.current_account().id, Part(number, PAGE_SIZE))
    return render_template(
        "wizard/history.html",
        listed=listed,
        told=import_words,
        number=number,
        pages=max(-(-listed.total // PAGE_SIZE), 1),
        address=lambda page: url_for("wizard.history", page=page),
    )


@blueprint.get("/<int:import_id>")
def show(import_id: int) -> Response:
    """Brings to the step this import is at."""
    row = opened(import_id)
    # What was tried lies below what was chosen; somebody who waited for it is brought there.
    anchor = "tried" if row["dry_run"] and row["status"] == imports.READY else None
    return redirect(address(right_step(row), row, _anchor=anchor))
