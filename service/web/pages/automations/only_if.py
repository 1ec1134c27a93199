"""Step 2, only if: conditions in groups, and which of the last events would have passed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import numbers
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import RowMapping
from werkzeug import Response

from service.domain.automation import filters
from service.domain.automation.filters import FilterError, Operator
from service.domain.automation.triggers import Trigger
from service.errors import Conflict
from service.web.faults import status_of
from service.web.pages.automations.faults import words_of
from service.web.pages.automations.field_lists import grouped
from service.web.pages.automations.filter_forms import (
    Box,
    Row,
    box_of,
    boxed,
    changed,
    told_of,
    understood,
    without_blanks,
)
from service.web.pages.automations.keeping import in_words, keep, mark_of
from service.web.pages.automations.past import Judged, Looked, examples, judged, last_events
from service.web.pages.automations.room import Step, blueprint, found, frame

Answer = str | Response | tuple[str, int]
PART = "X-Part"
"""Header of a script that asks for one part of the page: `filter` or `judged`."""
USUAL_CURRENCIES = ("BRL", "USD", "EUR")
JOINS: dict[str, LazyString] = {
    "all": _l("all of these are true"),
    "any": _l("at least one of these is true"),
    "none": _l("none of these is true"),
    "not_all": _l("not all of these are true"),
}
OPERATORS: dict[Operator, LazyString] = {
    Operator.EQUALS: _l("is"),
    Operator.NOT_EQUALS: _l("is not"),
    Operator.CONTAINS: _l("contains"),
    Operator.NOT_CONTAINS: _l("does not contain"),
    Operator.STARTS_WITH: _l("begins with"),
    Operator.ONE_OF: _l("is one of"),
    Operator.NONE_OF: _l("is none of"),
    Operator.EMPTY: _l("is empty"),
    Operator.NOT_EMPTY: _l("is filled"),
    Operator.LESS: _l("is less than"),
    Operator.AT_MOST: _l("is at most"),
    Operator.MORE: _l("is more than"),
    Operator.AT_LEAST: _l("is at least"),
    Operator.BEFORE: _l("is before"),
    Operator.UNTIL: _l("is on or before"),
    Operator.AFTER: _l("is after"),
    Operator.SINCE: _l("is on or after"),
}


@blueprint.get("/<int:automation_id>/only-if")
def only_if(automation_id: int) -> str:
    """The step as it is kept."""
    row = found(automation_id)
    return _page(row, boxed(row["filter"]), {})


@blueprint.post("/<int:automation_id>/only-if")
def keep_only_if(automation_id: int) -> Answer:
    """Keep the step; or show the form with a condition more or less, or tell what it would let pass."""
    row, do = found(automation_id), request.form.get("do", "")
    box = box_of(request.form)
    if do not in ("save", "next"):
        return _part(row, changed(box, do))
    try:
        told = understood(without_blanks(box))
    except FilterError as refused:
        return _page(row, box, _general(box, refused)), 422
    try:
        keep(automation_id, Step.ONLY_IF, request.form.get("seen", ""), {"filter": told})
    except Conflict as fault:
        return _page(found(automation_id), box, {"": in_words(fault)}, is_clash=True), status_of(fault)
    if do == "save":
        flash(_("Saved."), "success")
        return redirect(url_for("automations.only_if", automation_id=automation_id))
    return redirect(url_for("automations.then", automation_id=automation_id))


def _part(row: RowMapping, box: Box) -> str:
    """What a script asked for; the whole page for those without one."""
    asked = request.headers.get(PART)
    if asked == "judged":
        return render_template("automations/_judged.html", **_tried(box, last_events(Trigger(row["trigger"]))))
    if asked == "filter":
        return render_template("automations/_filter.html", **_shown(row, box))
    return _page(row, box, {}, mark=request.form.get("seen", ""))


def _general(box: Box, refused: FilterError) -> Mapping[str, str]:
    """What is said above the form: only what no condition says of itself."""
    if any(isinstance(one, Row) and one.wrong for one in box.walk()):
        return {"filter": ""}
    return {"": words_of(refused.faults[0].code, refused.faults[0].seen)}


def _page(row: RowMapping, box: Box, wrong: Mapping[str, str], *, is_clash: bool = False, mark: str = "") -> str:
    return render_template(
        "automations/only_if.html",
        wrong=wrong,
        is_clash=is_clash,
        seen=mark or mark_of(row, Step.ONLY_IF),
        **_shown(row, box),
        **frame(row, Step.ONLY_IF),
    )


def _shown(row: RowMapping, box: Box) -> dict[str, Any]:
    looked = last_events(Trigger(row["trigger"]))
    chosen = {one.path: one.chosen for one in box.walk() if isinstance(one, Row)}
    return {
        "box": box,
        "joins": JOINS,
        "operators": OPERATORS,
        "currencies": currencies(box),
        "groups": grouped(looked.latest and looked.latest.values),
        "examples": {path: examples(looked.events, field.key) for path, field in chosen.items() if field is not None},
        **_tried(box, looked),
    }


def _tried(box: Box, looked: Looked) -> dict[str, Any]:
    """The last events with what the form as it stands would do with them; nothing where it cannot be understood."""
    told, _places = told_of(_copied(box))
    try:
        outcome: list[Judged] | None = judged(filters.read(told), looked.events)
    except FilterError:
        outcome = None
    return {"judged": outcome, "looked": looked}


def _copied(box: Box) -> Box:
    """The form without what is not written yet; the form itself stays as it is."""
    parts = [_copied(part) if isinstance(part, Box) else part for part in box.parts]
    kept = [part for part in parts if (part.parts if isinstance(part, Box) else not part.is_blank)]
    return Box(box.join, kept, box.path)


def currencies(box: Box) -> list[str]:
    """Currencies to choose from, the usual ones first, and those already chosen."""
    used = [one.currency for one in box.walk() if isinstance(one, Row) and one.currency]
    return list(dict.fromkeys([*USUAL_CURRENCIES, *used, *sorted(numbers.list_currencies("pt_BR"))]))
