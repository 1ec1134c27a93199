"""Carry out many plans at once, fifty things to a request: for history, where each sale alone would take days."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from service.connectors.http import as_json
from service.connectors.kommo import reading
from service.connectors.kommo.batches import Outcome, Unclear, Unsent, Written, Wrong
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.planning import Alter, Body, Make, MakeTogether, Plan, PutNote, Step, Tie
from service.connectors.kommo.shapes import Kind
from service.connectors.kommo.upsert import (
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

KeepMade = Callable[[Mapping[int, Stored]], None]
"""Told the ids of the plans, by their place, of which something was made just now."""


class Result(NamedTuple):
    """What became of one plan: its ids by then, and the error that ended it before its end.

    `merged`: Kommo answered with a lead that was there; bring that wish alone. `exchanges` are what was sent for this
    plan and answered, as `Exchanged` keeps them: nothing of the other plans' that went in the same requests.
    """

    stored: Stored
    error: MarcoError | None
    merged: bool
    exchanges: tuple[dict[str, Any], ...] = ()


class _Course:
    """One plan under way."""

    def __init__(self, place: int, planned: Plan) -> None:
        self.place, self.steps, self.ids = place, planned.steps, ids_of(planned)
        self.error: MarcoError | None = None
        self.merged = False
        self.exchanges: list[dict[str, Any]] = []

    @property
    def is_over(self) -> bool:
        return self.error is not None or self.merged


Sent = list[tuple[_Course, Step]]


class _Road(NamedTuple):
    """One kind of request that takes many things."""

    method: str
    path: str
    send: Callable[[list[Body]], list[Outcome]]


def carry_out_many(kommo: Kommo, plans: Sequence[Plan], keep: KeepMade) -> list[Result]:
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
    return [_result(course) for course in courses]


def _result(course: _Course) -> Result:
    return Result(stored_of(course.ids), course.error, course.merged, tuple(course.exchanges))


def _open_steps(courses: list[_Course], wanted: type[Step], kind: Kind | None = None) -> Sent:
    return [
        (course, step)
        for course in courses
        if not course.is_over
        for step in course.steps
        if isinstance(step, wanted) and (kind is None or getattr(step, "kind", None) is kind)
    ]


def _send(sent: Sent, road: _Road, bodies: list[Body]) -> list[tuple[_Course, Body]]:
    """Send bodies of courses; those that were written with their answers. The others are over."""
    if not sent:
        return []
    began = time.monotonic()
    try:
        outcomes = road.send(bodies)
    except MarcoError as stopped:
        outcomes = [Unsent(stopped)] * len(bodies)
    seconds = round(time.monotonic() - began, 3)
    written = []
    for (course, _), body, outcome in zip(sent, bodies, outcomes, strict=True):
        course.exchanges.append(_exchange(road, body, outcome, seconds))
        try:
            written.append((course, answer_of(outcome)))
        except MarcoError as failed:
            course.error = failed
    return written


def _exchange(road: _Road, body: Body, outcome: Outcome, seconds: float) -> dict[str, Any]:
    """What the history keeps of one thing among many: its own part of the request and of the answer."""
    error = outcome.error if isinstance(outcome, Unclear | Unsent) else None
    status, answer = (error.facts.get("status"), None) if error else _answered(outcome)
    return {
        "method": road.method,
        "path": road.path,
        "status": status,
        "cause": error.code if error else None,
        "seconds": seconds,
        "body": json.loads(as_json(body)),
        "answer": answer,
    }


def _answered(outcome: Outcome) -> tuple[str, str | None]:
    if isinstance(outcome, Wrong):
        return "400", as_json([fault._asdict() for fault in outcome.faults]).decode()
    return "200", as_json(outcome.answer).decode() if isinstance(outcome, Written) else None


def _make_together(kommo: Kommo, courses: list[_Course], keep: KeepMade) -> None:
    sent = _open_steps(courses, MakeTogether)
    bodies = [together_body(step) for _, step in sent if isinstance(step, MakeTogether)]
    kept: dict[int, Stored] = {}
    for course, answer in _send(sent, _Road("POST", "leads/complex", kommo.create_together), bodies):
        try:
            made = reading.together(answer)
        except (KeyError, TypeError, ValueError):
            course.error = _unreadable()
            continue
        course.ids = {Kind.LEADS: made.lead_id, Kind.CONTACTS: made.contact_id, Kind.COMPANIES: made.company_id}
        course.merged = made.merged
        kept[course.place] = stored_of(course.ids)
    _keep(kept, keep)


def _make(kommo: Kommo, kind: Kind, courses: list[_Course], keep: KeepMade) -> None:
    sent = _open_steps(courses, Make, kind)
    bodies = [lead_body(step, course.ids) for course, step in sent if isinstance(step, Make)]
    kept: dict[int, Stored] = {}
    for course, answer in _send(sent, _Road("POST", kind, lambda batch: kommo.create(kind, batch)), bodies):
        try:
            course.ids[kind] = int(answer["id"])
        except (KeyError, TypeError, ValueError):
            course.error = _unreadable()
            continue
        kept[course.place] = stored_of(course.ids)
    _keep(kept, keep)


def _unreadable() -> Unconfirmed:
    return Unconfirmed("Kommo made it, but its answer cannot be read", code="kommo_unreadable")


def _keep(kept: Mapping[int, Stored], keep: KeepMade) -> None:
    if kept:
        keep(kept)


def _alter(kommo: Kommo, kind: Kind, courses: list[_Course]) -> None:
    sent = _open_steps(courses, Alter, kind)
    bodies = [{**step.body, "id": step.id} for _, step in sent if isinstance(step, Alter)]
    _send(sent, _Road("PATCH", kind, lambda batch: kommo.change_many(kind, batch)), bodies)


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
    _send(sent, _Road("POST", "leads/notes", lambda batch: kommo.add_notes(Kind.LEADS, batch)), bodies)
