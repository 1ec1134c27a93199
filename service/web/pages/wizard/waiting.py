"""Work that goes on while somebody looks: how far it is, how fast, and whether anybody works on it at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import render_template, url_for
from redis import RedisError
from sqlalchemy import RowMapping

from service.domain import fates
from service.errors import NotFound
from service.queues import Lane, impatient
from service.store import heartbeats, imports
from service.store.engine import transaction
from service.web import import_words
from service.web.pages.wizard.room import Step, blueprint, ref_of, step_page
from service.web.rooms import rooms

AT_WORK = (imports.CHECKING, imports.TRYING, imports.RUNNING, imports.UNDOING)
SOON = 2.0
"""Seconds of running before its speed says anything."""


class Progress(NamedTuple):
    """How far an import is: `done` of `total` steps (rows, or chunks where rows are not counted); `total` 0 is unknown.

    `per_second` (rows) and `seconds_left` are None until they can be told.
    """

    done: int
    total: int
    per_second: float | None = None
    seconds_left: float | None = None

    @property
    def percent(self) -> int | None:
        """Whole percent, of work whose end is known."""
        return 100 * self.done // self.total if self.total else None


def progress_of(row: RowMapping, now: datetime) -> Progress:
    """How far an import is, told from its summary."""
    if row["status"] == imports.UNDOING:
        return Progress(row["chunk_total"] - row["chunk_done"], row["chunk_total"])
    if row["status"] == imports.CHECKING or not row["staged"]:
        read = row["counts"].get("rows_read") or {}
        return Progress(read.get("done", 0), read.get("total") or 0)
    if row["status"] != imports.RUNNING:
        return Progress(row["chunk_done"], row["chunk_total"])
    done, total = sum(row["counts"].get(fate, 0) for fate in fates.FATES), row["rows"]
    seconds = (now - row["started_at"]).total_seconds()
    if seconds < SOON or not done:
        return Progress(done, total)
    return Progress(done, total, done / seconds, max(total - done, 0) * seconds / done)


def lane_of(row: RowMapping) -> Lane:
    """Whose workers an import waits for."""
    on_files = row["status"] in (imports.CHECKING, imports.TRYING) or not row["staged"]
    return Lane.FILES if on_files and row["status"] != imports.UNDOING else Lane.BULK


def page(step: Step, row: RowMapping) -> str:
    """A step whose work is going on."""
    with transaction(rooms().engine) as tx:
        summary = imports.summary(tx, ref_of(row["id"]))
    return step_page("waiting", step, row, **_told(summary or row))


@blueprint.get("/<int:import_id>/progress")
def progress(import_id: int) -> str:
    """Only the part of the page that moves, to be fetched every second; it names the next page once there is one."""
    with transaction(rooms().engine) as tx:
        row = imports.summary(tx, ref_of(import_id))
        if row is None:
            raise NotFound("There is no such import.")
    return render_template("wizard/_progress.html", row=row, told=import_words, **_told(row))


def _told(row: RowMapping) -> dict[str, Any]:
    at_work = row["status"] in AT_WORK
    return {
        "summary": row,
        "progress": progress_of(row, datetime.now(UTC)),
        "waits_for": waits_for(lane_of(row)) if at_work else None,
        "next": None if at_work else url_for("wizard.show", import_id=row["id"]),
    }


def waits_for(lane: Lane) -> str | None:
    """What keeps work from going on at its usual speed: `workers`, `redis`, or nothing."""
    with transaction(rooms().engine) as tx:
        lanes = {name.partition("@")[0] for name in heartbeats.living(tx)}
    if lane not in lanes:
        return "workers"
    try:
        with impatient(rooms().settings.redis_url) as redis:
            redis.ping()
    except (RedisError, OSError):
        return "redis"
    return None
