"""Where a CRM lead stands and stood: its visits to stages, folded from what hooks and our own looking told.

A hook announces a change (from, to, when); looking only finds where a lead stands at some later moment. Both about one
visit are one milestone, whichever came first and whichever was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from service.domain.facts import Fact
from service.domain.ledger import Milestone

PREFIX = "l:"
"""Begins the subject of a fact about one lead: `l:<id>`."""
KIND = "lead_stage_reached"
OUTCOMES = {142: "won", 143: "lost"}
"""Kommo's stages of these meanings, the same in every pipeline."""
FOUND = "found"
"""What a fact says that nobody announced: we looked and found the lead there."""


class Pair(NamedTuple):
    """A stage of a pipeline. Won and lost have the same number in all of them, so only the pair names one."""

    pipeline: int
    stage: int


class Stand(NamedTuple):
    """Where we found a lead. `name` and `price` (exact text, without currency) as the CRM has them then."""

    lead_id: int
    at: Pair
    updated_at: datetime
    created_at: datetime
    name: str = ""
    price: str | None = None
    is_deleted: bool = False


class Visit(NamedTuple):
    """One stay of a lead in a stage, with the facts about it in the order of time; the first tells when it began."""

    at: Pair
    facts: tuple[Fact, ...]


def reached(fact: Fact) -> Pair:
    """The stage a fact puts its lead in."""
    return Pair(fact.fields["pipeline_id"], fact.fields["stage_id"])


def left(fact: Fact) -> Pair | None:
    """The stage a fact says its lead came from; None where it announces no change."""
    if "old_stage_id" not in fact.fields:
        return None
    before = Pair(fact.fields["old_pipeline_id"], fact.fields["old_stage_id"])
    return None if before == reached(fact) else before


def visits(facts: Iterable[Fact]) -> list[Visit]:
    """The visits of one lead in the order of time, from its facts in any order."""
    found: list[Visit] = []
    for fact in _in_order(facts):
        last = found[-1] if found else None
        if last is not None and last.at == reached(fact) and not _returns(last, fact):
            found[-1] = last._replace(facts=(*last.facts, fact))
        else:
            found.append(Visit(reached(fact), (fact,)))
    return found


def _returns(last: Visit, fact: Fact) -> bool:
    """Whether a fact tells of another visit to the stage where the lead stood: what was between was lost."""
    return left(fact) is not None and fact.occurred_at > last.facts[0].occurred_at


def _in_order(facts: Iterable[Fact]) -> Iterable[Fact]:
    """By time, what is said twice once.

    Kommo counts whole seconds: changes of one second follow each other from stage to stage.
    """
    told: dict[tuple[datetime, Pair, Pair | None], Fact] = {}
    for fact in sorted(facts, key=_place):
        told.setdefault((fact.occurred_at, reached(fact), left(fact)), fact)
    stands: Pair | None = None
    for _, tied in groupby(told.values(), key=lambda fact: fact.occurred_at):
        waiting = list(tied)
        while waiting:
            going_on = [one for one in waiting if stands is not None and left(one) == stands]
            staying = [one for one in waiting if reached(one) == stands]
            fact = [*going_on, *staying, _first_of_chain(waiting)][0]
            waiting.remove(fact)
            stands = reached(fact)
            yield fact


def _first_of_chain(tied: Sequence[Fact]) -> Fact:
    """Of changes in one second the one that no other leads to."""
    ends = {reached(one) for one in tied}
    return next((one for one in tied if left(one) not in ends), tied[0])


def _place(fact: Fact) -> tuple[datetime, bool, bytes, int]:
    return (fact.occurred_at, fact.said == FOUND, fact.digest, fact.delivery_id)


def of_lead(facts: Sequence[Fact]) -> tuple[Milestone, ...]:
    """The milestones of one lead: one for every visit, named by stage and number of the visit.

    Not by its moment: a late hook tells the moment of what looking had found already.
    """
    owner = max(((fact.rank(), fact.email) for fact in facts if fact.email), default=(None, None))[1]
    counted: dict[Pair, int] = {}
    made = []
    for visit in visits(facts):
        counted[visit.at] = counted.get(visit.at, 0) + 1
        made.append(_milestone(visit, counted[visit.at], owner))
    return tuple(sorted(made, key=lambda one: one.key))


def place_of(key: str) -> Pair | None:
    """The stage that a milestone with this key tells of; None for a key of another kind."""
    parts = key.split("|")
    pipeline, colon, stage = parts[1].partition(":") if len(parts) == 3 else ("", "", "")
    return Pair(int(pipeline), int(stage)) if colon and pipeline.isdecimal() and stage.isdecimal() else None


def _milestone(visit: Visit, number: int, owner: str | None) -> Milestone:
    fact = visit.facts[0]
    moment, lead = fact.occurred_at.isoformat(), fact.subject.removeprefix(PREFIX)
    return Milestone(
        kind=KIND,
        key=f"{lead}|{visit.at.pipeline}:{visit.at.stage}|{number}",
        subject=fact.subject,
        email=owner,
        occurred_at=moment,
        approximate=fact.said == FOUND,
        times=1,
        last_at=moment,
        product_id=None,
        product_name=None,
        transaction=None,
        amount_value=None,
        amount_currency=None,
        status=None,
        detail=OUTCOMES.get(visit.at.stage),
        source=fact.source,
        delivery_id=fact.delivery_id,
    )


def missed(stands: Iterable[Stand], known: Mapping[int, Sequence[Fact]]) -> list[Stand]:
    """Of leads as we found them those that stand where no fact of theirs has put them: their hooks were lost.

    `known` has the facts of every lead that belongs to a client; the others wait until theirs is known. A lead that was
    changed without leaving its stage was not missed, nor one whose newer hook overtook our looking.
    """
    return [one for one in stands if one.lead_id in known and _is_missed(one, known[one.lead_id])]


def _is_missed(stand: Stand, facts: Sequence[Fact]) -> bool:
    if stand.is_deleted:
        return False
    last = visits(facts)[-1:]
    return not last or (last[0].at != stand.at and last[0].facts[-1].occurred_at <= stand.updated_at)
