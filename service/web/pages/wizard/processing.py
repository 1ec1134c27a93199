"""Step 4: rows become clients and sales, or are taken out again. The page only looks on."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect
from flask_babel import gettext as _
from werkzeug import Response

from service import desk
from service.errors import Conflict
from service.queues import Lane
from service.store import imports
from service.store.engine import transaction
from service.web.pages.wizard import waiting
from service.web.pages.wizard.room import Step, address, blueprint, elsewhere, opened, ref_of, refuse, right_step
from service.web.rooms import rooms


@blueprint.get("/<int:import_id>/processing")
def processing(import_id: int) -> Response | str:
    """How far it is; can be left and found again."""
    row = opened(import_id)
    answer = elsewhere(row, Step.PROCESSING)
    return waiting.page(Step.PROCESSING, row) if answer is None else answer


@blueprint.post("/<int:import_id>/cancel")
def cancel(import_id: int) -> Response:
    """Stop: at once before rows were poured, else after the present chunk."""
    try:
        with transaction(rooms().engine) as tx:
            row = desk.cancel(tx, ref_of(import_id), now=datetime.now(UTC))
    except Conflict as fault:
        refuse(fault)
        row = opened(import_id)
    else:
        rooms().bell.ring(Lane.BULK)
        if row["status"] == imports.RUNNING:
            flash(_("It stops after the rows that are being worked on. What was imported by then stays."), "success")
    return redirect(address(right_step(row), row))


@blueprint.post("/<int:import_id>/undo")
def undo(import_id: int) -> Response:
    """Take an import back."""
    try:
        with transaction(rooms().engine) as tx:
            row = desk.undo(tx, ref_of(import_id))
    except Conflict as fault:
        refuse(fault)
        row = opened(import_id)
    else:
        rooms().bell.ring(Lane.BULK)
    return redirect(address(right_step(row), row))
