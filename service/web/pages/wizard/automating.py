"""What automations would make of an import: asked before it runs, for usually history starts nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping

from service import desk
from service.domain import stages
from service.domain.automation.triggers import MEANING, Trigger
from service.domain.journey import KIND_OF_EVENT, KIND_OF_STATUS
from service.domain.statuses import STAGE, Status
from service.sources.sheet.words import status_of_label
from service.sources.spelling import plain
from service.store import automations
from service.web import guards
from service.web.rooms import rooms

REQUESTS_EACH = 5
"""A sale of a buyer Kommo does not know takes about so many."""
NEVER_IN_ROWS = frozenset({*KIND_OF_EVENT.values(), stages.KIND})
"""Milestones that only events tell of."""
STATUS_OF = {kind: status for status, kind in KIND_OF_STATUS.items() if status is not Status.APPROVED}
"""Milestones that only rows of this very status bring; rows paid and given back later tell of their approval too."""


class Owed(NamedTuple):
    """One automation that is on, and how many sales of the file it would be told of at most."""

    name: str
    trigger: str
    most: int


class Offer(NamedTuple):
    """What an import could start. `seconds` is how long Kommo takes for all of it at most, at its rate."""

    owed: tuple[Owed, ...]
    seconds: float
    rate: int


def offer(tx: Connection, row: RowMapping) -> Offer | None:
    """What automations that are on would be owed at most; None where none of them is about sales of a file."""
    by_status, rows = _rows_by_status(row), int(row["findings"]["study"]["rows"])
    live = [one for one in automations.every(tx, guards.current_account().id) if one["state"] == "on" and _in_rows(one)]
    owed = tuple(Owed(one["name"], one["trigger"], _most(one["trigger"], by_status, rows)) for one in live)
    cards = sum(sums.most for sums, one in zip(owed, live, strict=True) if one["destination"] == "kommo")
    rate = rooms().settings.kommo_rate
    return Offer(owed, cards * REQUESTS_EACH / rate, rate) if owed else None


def _in_rows(one: RowMapping) -> bool:
    return MEANING[Trigger(one["trigger"])].milestone not in NEVER_IN_ROWS


def _most(trigger: str, by_status: Mapping[Status, int] | None, rows: int) -> int:
    """How many sales a trigger may be about at most; all of them where it is not known how they stand."""
    milestone = MEANING[Trigger(trigger)].milestone
    if by_status is None or milestone is None:
        return rows
    if milestone in STATUS_OF:
        return by_status.get(STATUS_OF[milestone], 0)
    return sum(number for status, number in by_status.items() if STAGE[status] >= STAGE[Status.APPROVED])


def _rows_by_status(row: RowMapping) -> Mapping[Status, int] | None:
    """How many rows stand in each status; None while a word of the file is not understood."""
    study, answers = row["findings"]["study"], desk.answers_so_far(row)
    columns = (one for one in study["columns"] if answers.mapping.get(one["position"]) == "status")
    column = next(columns, None)
    if column is None or column["words"] is None:
        return None
    counted: Counter[Status] = Counter()
    for word, number in column["words"].items():
        status = status_of_label(word) or answers.words.get(plain(word))
        if status is None:
            return None
        counted[status] += number
    if (without := study["rows"] - sum(counted.values())) > 0:
        if answers.status is None:
            return None
        counted[answers.status] += without
    return counted
