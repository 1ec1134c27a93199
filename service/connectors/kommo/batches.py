"""Many things in one request: fifty at a time, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from service.connectors.kommo.answers import FieldFault, Rejected, TooMuch
from service.errors import MarcoError, Unconfirmed

BATCH = 50
"""Recommended by Kommo; 250 is what it takes at most, 50 for complex (reference 4.1)."""

Body = Mapping[str, Any]
Send = Callable[[list[Body]], list[Mapping[str, Any]]]


class Written(NamedTuple):
    """Done: what Kommo answered for it."""

    answer: Mapping[str, Any]


class Wrong(NamedTuple):
    """Not done: what Kommo did not take."""

    faults: tuple[FieldFault, ...]


class Unclear(NamedTuple):
    """Perhaps done: look for it before sending it again."""

    error: Unconfirmed


class Unsent(NamedTuple):
    """Not sent: the error that stopped the batches before it."""

    error: MarcoError


Outcome = Written | Wrong | Unclear | Unsent
Numbered = list[tuple[int, Body]]


def write_all(send: Send, bodies: Sequence[Body], *, may_repeat: bool) -> list[Outcome]:
    """Send all bodies in batches; one outcome for each, in their order.

    `send` takes one batch and returns its answers or raises. One wrong body makes Kommo refuse its whole batch, so
    the others are sent again without it. After a 504 the batch is halved; what is no absolute change
    (`may_repeat` false: creating) stays Unclear instead, because it may have been done. Any other error (401, a ban,
    a pause) is raised while nothing is known to be written, else it is told as Unsent for the rest.
    """
    outcomes: dict[int, Outcome] = {}
    numbered = list(enumerate(bodies))
    try:
        for start in range(0, len(numbered), BATCH):
            _write(send, numbered[start : start + BATCH], outcomes, may_repeat=may_repeat)
    except MarcoError as stopped:
        if not any(isinstance(outcome, Written | Unclear) for outcome in outcomes.values()):
            raise
        for place, _ in numbered:
            outcomes.setdefault(place, Unsent(stopped))
    return [outcomes[place] for place, _ in numbered]


def _write(send: Send, batch: Numbered, outcomes: dict[int, Outcome], *, may_repeat: bool) -> None:
    if not batch:
        return
    try:
        outcomes |= _matched(send([{**body, "request_id": str(place)} for place, body in batch]), batch)
    except Rejected as rejected:
        outcomes |= (wrong := _named(rejected, batch))
        _write(send, [pair for pair in batch if pair[0] not in wrong], outcomes, may_repeat=may_repeat)
    except TooMuch as too_much:
        if not may_repeat or len(batch) == 1:
            outcomes |= {place: Unclear(too_much) for place, _ in batch}
            return
        half = len(batch) // 2
        _write(send, batch[:half], outcomes, may_repeat=may_repeat)
        _write(send, batch[half:], outcomes, may_repeat=may_repeat)
    except Unconfirmed as unclear:
        outcomes |= {place: Unclear(unclear) for place, _ in batch}


def _named(rejected: Rejected, batch: Numbered) -> dict[int, Outcome]:
    """Which of the batch were wrong. A refusal that names none of them is one of all."""
    named: dict[int, Outcome] = {
        place: Wrong(rejected.faults[str(place)]) for place, _ in batch if str(place) in rejected.faults
    }
    if named:
        return named
    said = FieldFault("", "", rejected.message)
    return {place: Wrong((said,)) for place, _ in batch}


def _matched(answers: list[Mapping[str, Any]], batch: Numbered) -> dict[int, Outcome]:
    """Answers by their request_id, which a complex create gives as a list; their order says nothing."""
    by_id: dict[str, Mapping[str, Any]] = {}
    for answer in answers:
        said = answer.get("request_id")
        for request_id in said if isinstance(said, list) else [said]:
            by_id[str(request_id)] = answer
    lost = Unconfirmed("Kommo's answer does not mention this one", code="kommo_unreadable")
    return {place: Written(by_id[str(place)]) if str(place) in by_id else Unclear(lost) for place, _ in batch}
