"""Step 5: what an import did, and the rows that were not taken."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import RowMapping
from werkzeug import Response

from service import desk
from service.domain import fates
from service.problem_files import Wording
from service.store import imports
from service.store.engine import transaction
from service.store.lists import Page as Part
from service.web import downloads, import_words
from service.web.pages.wizard.room import Step, blueprint, elsewhere, opened, ref_of, step_page
from service.web.rooms import rooms

PAGE_SIZE = 50
LAST_PAGE = 10_000


@blueprint.get("/<int:import_id>/results")
def results(import_id: int) -> Response | str:
    """The rows as a sum, the revenue, what was not taken and why."""
    row = opened(import_id)
    if (answer := elsewhere(row, Step.RESULTS)) is not None:
        return answer
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    with transaction(rooms().engine) as tx:
        failed = imports.problems_page(tx, ref_of(import_id), Part(number, PAGE_SIZE))
    study = (row["findings"] or {}).get("study") or {}
    sums = desk.counted(study.get("rows", 0), row["counts"])
    return step_page(
        "results",
        Step.RESULTS,
        row,
        sums=sums,
        fates=fates.FATES,
        left_over=sums["rows"]["total"] - sum(sums["rows"][fate] for fate in fates.FATES),
        failed=failed,
        lines=[
            line
            for one in failed.rows
            for line in lines_of(one["row_number"], one["notes"] or [{"code": one["reason"]}])
        ],
        ran=row["started_at"] is not None,
        may_undo=row["started_at"] is not None and row["status"] in (imports.COMPLETED, imports.CANCELED),
        may_run_again=row["status"] == imports.UNDONE and row["file_deleted_at"] is None,
        number=number,
        pages=max(-(-failed.total // PAGE_SIZE), 1),
        address=lambda page: url_for("wizard.results", import_id=import_id, page=page, _anchor="failed"),
    )


def _problems(failed: RowMapping) -> list[dict[str, Any]]:
    """What is wrong with a row; one that crashed has only the reason for which it was set aside."""
    return list(failed["notes"] or [{"code": str(failed["reason"])}])


def lines_of(row_number: int, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each thing that is wrong with a row."""
    return [
        {
            "row": row_number,
            "header": problem.get("header"),
            "found": problem.get("value"),
            "reason": import_words.problem_text(problem),
            "hint": import_words.problem_hint(problem),
        }
        for problem in problems
    ]


@blueprint.get("/<int:import_id>/problems.csv")
def problems(import_id: int) -> FlaskResponse:
    """The rows that were not taken, to be corrected and uploaded as they are, in the reader's language."""
    wording = Wording(
        _("row"), _("column"), _("reason"), _("hint"), import_words.problem_text, import_words.problem_hint
    )
    return downloads.problems(ref_of(import_id), wording)
