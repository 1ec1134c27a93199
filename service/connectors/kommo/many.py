"""Carry out many plans at once, fifty things to a request: for history, where each sale alone would take days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from service.connectors.kommo import reading
from service.connectors.kommo.batches import Outcome
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.planning import Alter, Body, Make, MakeTogether, Plan, PutNote, Step, Tie
from service.connectors.kommo.shapes import Kind
from service.connectors.kommo.upsert import (
    Ids,
    answer_of,
    ids_of,
    lead_body,
    note_body,
    stored_of,
    tie,
    together_body,
)
from service.connectors.kommo.wishes import Stored
from service.errors import MarcoError, Unconfirmed

KeepOne = Callable[[int, Stored], None]
"""Told the place of a plan and its ids, whenever something of it was made."""


class Result(NamedTuple):
    """What became of one plan: its ids by then, and the error that ended it before its end.

    `merged`: Kommo answered with a lead that was there; bring that wish alone.
    """

    stored: Stored
    error: MarcoError | None
    merged: bool


class _Course:
    """One plan under way."""

    def __init__(self, place: int, planned: Plan) -> None:
        self.place, self.steps, self.ids = place, planned.steps, ids_of(planned)
        self.error: MarcoError | None = None
        self.merged = False

    @property
    def is_over(self) -> bool:
        return self.error is not None or self.merged


Sent = list[tuple[_Course, Step]]


def carry_out_many(kommo: Kommo, plans: Sequence[Plan], keep: KeepOne) -> list[Result]:
    """Send the requests of all plans, the same kind of step together; one result for each, in order.

    No two plans may be about the same person, lead or company: none sees what another makes. One that fails leaves
    the others alone; what a refused token or a ban kept from being sent carries that error.
    """
    courses = [_Course(place, planned) for place, planned in enumerate(plans)]
    _make_together(kommo, courses, keep)
    for kind in (Kind.CONTACTS, Kind.COMPANIES, Kind.LEADS):
        _make(kommo, kind, courses, keep)
        _alter(kommo, kind, courses)
    _tie(kommo, courses)
    _put_notes(kommo, courses)
    return [Result(stored_of(course.ids), course.error, course.merged) for course in courses]


def _open_steps(courses: list[_Course], wanted: type[Step], kind: Kind | None = None) -> Sent:
    return [
        (course, step)
        for course in courses
        if not course.is_over
        for step in course.steps
        if isinstance(step, wanted) and (kind is None or getattr(step, "kind", None) is kind)
    ]


def _send(sent: Sent, send: Callable[[list[Body]], list[Outcome]], bodies: list[Body]) -> list[tuple[_Course, Body]]:
    """Send bodies of courses; those that were written with their answers. The others are over."""
    if not sent:
        return []
    try:
        outcomes = send(bodies)
    except MarcoError as stopped:
        for course, _ in sent:
            course.error = stopped
        return []
    written = []
    for (course, _), outcome in zip(sent, outcomes, strict=True):
        try:
            written.append((course, answer_of(outcome)))
        except MarcoError as failed:
            course.error = failed
    return written


def _make_together(kommo: Kommo, courses: list[_Course], keep: KeepOne) -> None:
    sent = _open_steps(courses, MakeTogether)
    bodies = [together_body(step) for _, step in sent if isinstance(step, MakeTogether)]
    for course, answer in _send(sent, kommo.create_together, bodies):
        try:
            made = reading.together(answer)
        except (KeyError, TypeError, ValueError):
            course.error = Unconfirmed("Kommo made it, but its answer cannot be read", code="kommo_unreadable")
            continue
        ids: Ids = {Kind.LEADS: made.lead_id, Kind.CONTACTS: made.contact_id, Kind.COMPANIES: made.company_id}
        course.ids, course.merged = ids, made.merged
        keep(course.place, stored_of(ids))


def _make(kommo: Kommo, kind: Kind, courses: list[_Course], keep: KeepOne) -> None:
    sent = _open_steps(courses, Make, kind)
    bodies = [lead_body(step, course.ids) for course, step in sent if isinstance(step, Make)]
    for course, answer in _send(sent, lambda batch: kommo.create(kind, batch), bodies):
        course.ids[kind] = int(answer["id"])
        keep(course.place, stored_of(course.ids))


def _alter(kommo: Kommo, kind: Kind, courses: list[_Course]) -> None:
    sent = _open_steps(courses, Alter, kind)
    bodies = [{**step.body, "id": step.id} for _, step in sent if isinstance(step, Alter)]
    _send(sent, lambda batch: kommo.change_many(kind, batch), bodies)


def _tie(kommo: Kommo, courses: list[_Course]) -> None:
    for course, step in _open_steps(courses, Tie):
        if course.error is None and isinstance(step, Tie):
            try:
                tie(kommo, step, course.ids)
            except MarcoError as failed:
                course.error = failed


def _put_notes(kommo: Kommo, courses: list[_Course]) -> None:
    sent = _open_steps(courses, PutNote)
    bodies = [note_body(step, course.ids) for course, step in sent if isinstance(step, PutNote)]
    _send(sent, lambda batch: kommo.add_notes(Kind.LEADS, batch), bodies)
