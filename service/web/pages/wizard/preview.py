"""Step 2: what was found in the file, and what its columns are."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy import RowMapping
from werkzeug import Response

from service import desk
from service.errors import Conflict, Unprocessable
from service.queues import Lane
from service.sources.sheet.fields import FIELD_OF
from service.store import imports
from service.store.engine import transaction
from service.web import import_words
from service.web.pages.wizard import columns, waiting
from service.web.pages.wizard.room import (
    Step,
    address,
    blueprint,
    elsewhere,
    opened,
    ref_of,
    refuse,
    step_page,
)
from service.web.rooms import rooms

LAYOUT = ("encoding", "delimiter", "sheet", "header_row")
COLUMN = re.compile(r"column-(\d{1,4})")


@blueprint.get("/<int:import_id>/preview")
def preview(import_id: int) -> Response | str:
    """What the file holds; while a worker looks into it, that; where it could not be read, why."""
    row = opened(import_id)
    if (answer := elsewhere(row, Step.PREVIEW)) is not None:
        return answer
    if row["status"] == imports.CHECKING:
        return waiting.page(Step.PREVIEW, row)
    if row["status"] == imports.FAILED:
        return step_page("failed", Step.PREVIEW, row)
    return _page(row)


def _page(row: RowMapping, instead: dict[int, str | None] | None = None, refusal: Any = None) -> str:
    shown = columns.columns_of(row, instead)
    with transaction(rooms().engine) as tx:
        earlier = imports.earlier(tx, ref_of(row["id"]), row["digest"])
    unmapped = [column for column in shown if not column.field]
    lacking = columns.missing(shown)
    return step_page(
        "preview",
        Step.PREVIEW,
        row,
        study=row["findings"]["study"],
        layout=row["findings"]["layout"],
        preview=row["findings"]["preview"],
        surplus=row["findings"]["surplus"],
        columns=shown,
        unmapped=unmapped,
        # Nothing to look at: every name is Hotmart's or was confirmed before.
        is_known=not lacking and not refusal and all(_is_settled(column) for column in shown),
        is_remembered=any(column.told["reason_code"] == "remembered" for column in shown),
        lacking=lacking,
        switches=columns.switches(row),
        fields=columns.field_choices(),
        encodings=columns.ENCODINGS,
        earlier=earlier,
        refusal=refusal,
    )


def _is_settled(column: columns.Shown) -> bool:
    """Whether nobody needs to look at a column: its name is known, or tells that it is none of ours."""
    code = column.told["reason_code"]
    if not column.field:
        return column.told["suggestion"] is None and bool(code != "values_disagree")
    return code == "remembered" or bool(column.told["confidence"] == "certain")


@blueprint.post("/<int:import_id>/mapping")
def map_columns(import_id: int) -> Response | tuple[str, int]:
    """Keep what the columns are mapped to, and go on."""
    stated = {
        int(match[1]): field or None
        for name, field in request.form.items()
        if (match := COLUMN.fullmatch(name)) is not None
    }
    try:
        row = _mapped(import_id, stated)
    except Conflict as fault:
        refuse(fault)
        return redirect(address(Step.PREVIEW, opened(import_id)))
    except Unprocessable as fault:
        return _page(opened(import_id), stated, import_words.refusal(fault)), 422
    return redirect(address(Step.CONFIRM, row))


def _mapped(import_id: int, stated: dict[int, str | None]) -> RowMapping:
    with transaction(rooms().engine) as tx:
        row = desk.found(tx, ref_of(import_id), for_change=True)
        options = desk.chosen(row)
        if row["status"] in (imports.READY, imports.UNDONE) and stated != _mapping(row):
            options["mapping"] = stated
            options["formats"] = _still_fitting(options.get("formats") or {}, stated)
        return desk.settle(tx, ref_of(import_id), options)


def _mapping(row: RowMapping) -> dict[int, str | None]:
    return {column.position: column.field or None for column in columns.columns_of(row)}


def _still_fitting(formats: dict[int, str], stated: dict[int, str | None]) -> dict[int, str]:
    """Formats of columns that are still numbers or dates."""

    def fits(position: int, chosen: str) -> bool:
        field = FIELD_OF.get(stated.get(position) or "")
        kinds = columns.NUMBERS if chosen in ("dot", "comma") else columns.DATES
        return field is not None and field.type in kinds

    return {position: chosen for position, chosen in formats.items() if fits(position, chosen)}


@blueprint.post("/<int:import_id>/layout")
def read_again(import_id: int) -> Response:
    """Read the file as a person insists: the whole file for its layout, the samples for numbers and dates."""
    try:
        _read_as_told(import_id)
    except (Conflict, Unprocessable) as fault:
        refuse(fault)
    return redirect(address(Step.PREVIEW, opened(import_id)))


def _read_as_told(import_id: int) -> None:
    ref = ref_of(import_id)
    with transaction(rooms().engine) as tx:
        row = desk.found(tx, ref, for_change=True)
        if row["status"] != imports.READY or not (layout := _layout_told(row)):
            _formats_told(tx, row)
            return
        chosen = {**((row["choices"] or {}).get("layout") or {}), **layout}
        desk.read_again(tx, ref, chosen)
    rooms().bell.ring(Lane.FILES)
    flash(_("The file is being read again, as you said."), "success")


def _layout_told(row: RowMapping) -> dict[str, Any]:
    """The switches of the layout that were moved; None takes back what was insisted on before."""
    moved: dict[str, Any] = {}
    for switch in columns.switches(row):
        told = request.form.get(switch.name, switch.value)
        if switch.name in LAYOUT and told != switch.value:
            moved[switch.name] = told or None
    if moved.get("header_row") is not None:
        moved["header_row"] = int(moved["header_row"]) if moved["header_row"].isdecimal() else 0
    return moved


def _formats_told(tx: Any, row: RowMapping) -> None:
    options = desk.chosen(row)
    for switch in columns.format_switches(row) if row["findings"] else ():
        told = request.form.get(switch.name, switch.value)
        if told != switch.value and told in ("", *switch.options):
            options["formats"] = columns.formats_with(row, options.get("formats") or {}, switch.name, told)
    desk.settle(tx, ref_of(row["id"]), options)


@blueprint.post("/<int:import_id>/retry")
def retry(import_id: int) -> Response:
    """Look into a file once more that could not be read: the same way, or as Marco finds it."""
    try:
        with transaction(rooms().engine) as tx:
            row = desk.found(tx, ref_of(import_id), for_change=True)
            layout = {} if request.form.get("afresh") else (row["choices"] or {}).get("layout") or {}
            desk.read_again(tx, ref_of(import_id), layout)
    except Conflict as fault:
        refuse(fault)
    else:
        rooms().bell.ring(Lane.FILES)
    return redirect(address(Step.PREVIEW, opened(import_id)))
