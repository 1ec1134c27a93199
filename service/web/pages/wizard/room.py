"""What the steps of the wizard share: their addresses, which of them an import is at, and the frame around them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import RowMapping
from werkzeug import Response

from service import desk
from service.errors import MarcoError
from service.store import imports
from service.store.engine import transaction
from service.store.imports import Ref
from service.web import guards, import_words
from service.web.pages.accounts import Entry, Page, account_pages
from service.web.rooms import rooms

blueprint = account_pages("wizard", __name__, "/imports")
PAGE = Page(blueprint, Entry(_l("Imports"), "imports", "wizard.history"))


class Step(StrEnum):
    """The five steps; each value is the name of its view."""

    UPLOAD = "new"
    PREVIEW = "preview"
    CONFIRM = "confirm"
    PROCESSING = "processing"
    RESULTS = "results"


LABELS: dict[Step, LazyString] = {
    Step.UPLOAD: _l("Upload"),
    Step.PREVIEW: _l("Preview"),
    Step.CONFIRM: _l("Confirm"),
    Step.PROCESSING: _l("Processing"),
    Step.RESULTS: _l("Results"),
}
OPEN: dict[str, tuple[Step, ...]] = {
    imports.CHECKING: (Step.PREVIEW,),
    imports.READY: (Step.PREVIEW, Step.CONFIRM),
    imports.FAILED: (Step.PREVIEW,),
    imports.TRYING: (Step.CONFIRM,),
    imports.RUNNING: (Step.PROCESSING,),
    imports.UNDOING: (Step.PROCESSING,),
    imports.COMPLETED: (Step.RESULTS,),
    imports.CANCELED: (Step.RESULTS,),
    imports.UNDONE: (Step.RESULTS, Step.CONFIRM, Step.PREVIEW),
}
"""The steps an import can be looked at in each status; the first is where its link leads."""


class Milestone(NamedTuple):
    """One step as the list above the page shows it: `url` where it can be gone back to."""

    label: LazyString
    is_done: bool
    is_here: bool
    url: str | None


def ref_of(import_id: int) -> Ref:
    """Which import, of the account of the page."""
    return Ref(guards.current_account().id, import_id)


def opened(import_id: int) -> RowMapping:
    """The import with all that was found in its file. Raises NotFound."""
    with transaction(rooms().engine) as tx:
        return desk.found(tx, ref_of(import_id))


def right_step(row: RowMapping) -> Step:
    """Where somebody who opens this import is brought to."""
    tells_more = row["status"] == imports.READY and (row["dry_run"] or set(row["choices"] or {}) - {"layout"})
    return Step.CONFIRM if tells_more else OPEN[row["status"]][0]


def address(step: Step, row: RowMapping, **more: Any) -> str:
    """The address of a step of this import."""
    return url_for(f"wizard.{step}", import_id=row["id"], **more)


def elsewhere(row: RowMapping, step: Step) -> Response | None:
    """An answer for those who come to a step out of order."""
    return None if step in OPEN[row["status"]] else redirect(address(right_step(row), row))


def milestones(step: Step, row: RowMapping | None = None) -> list[Milestone]:
    """The five steps with the present one marked."""
    order = list(Step)
    here, reachable = order.index(step), OPEN[row["status"]] if row is not None else ()
    return [
        Milestone(
            LABELS[one],
            position < here or (one is step is Step.RESULTS),
            one is step,
            address(one, row) if row is not None and one in reachable and one is not step else None,
        )
        for position, one in enumerate(order)
    ]


def step_page(template: str, step: Step, row: RowMapping | None = None, **content: Any) -> str:
    """One step, in the frame all of them share."""
    return render_template(
        f"wizard/{template}.html", milestones=milestones(step, row), row=row, told=import_words, **content
    )


def refuse(fault: MarcoError, kind: str = "danger") -> None:
    """Say on the next page what the desk refused, and what to do about it."""
    flash(" ".join(filter(None, import_words.refusal(fault))), kind)
