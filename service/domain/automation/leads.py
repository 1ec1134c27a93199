"""Leads: which lead a promise is about, and whether its stage may be moved; decided over what is known already.

One transaction, subscription or cart is one lead: what a subject once got it keeps, whatever the policy, open or not. A
policy only says where a *new* subject goes. Every decision carries the rule that made it and what the rule saw, as
data for the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from service.domain.automation.triggers import Subject, SubjectKind

WON, LOST = 142, 143
"""Kommo's stages of these meanings, the same in every pipeline: only the pair with its pipeline names one."""


class Policy(StrEnum):
    """Where a subject goes that has no lead yet."""

    ALWAYS_NEW = "always_new"
    REUSE_OPEN_OF_PRODUCT = "reuse_open_of_product"
    REUSE_ANY_OPEN = "reuse_any_open"


class Stage(NamedTuple):
    """One stage of one pipeline."""

    pipeline: int
    status: int

    @property
    def is_open(self) -> bool:
        """Whether a lead that stands here is neither won nor lost."""
        return self.status not in (WON, LOST)


class Lead(NamedTuple):
    """A lead of the client. `subjects` are what it stands for: none of ours where somebody else made it."""

    id: int
    stage: Stage
    created_at: datetime
    subjects: frozenset[Subject] = frozenset()
    products: frozenset[str] = frozenset()
    is_deleted: bool = False

    def stands_for(self, subject: Subject) -> bool:
        """Whether this is the subject's lead, or the subject itself."""
        return subject in self.subjects or subject == Subject(SubjectKind.LEAD, str(self.id))


class Why(StrEnum):
    """Which rule chose a lead, or that a new one is made."""

    ITS_OWN = "its_own"
    OPEN_OF_PRODUCT = "open_of_product"
    ANY_OPEN = "any_open"
    NEW_BY_POLICY = "new_by_policy"
    NEW_NONE_OPEN = "new_none_open"
    NEW_PRODUCT_UNKNOWN = "new_product_unknown"


class Choice(NamedTuple):
    """The lead to update, None for a new one; `deleted` are leads the subject had before they were deleted."""

    lead: int | None
    why: Why
    candidates: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()

    def explained(self) -> dict[str, Any]:
        """The decision as data for the history."""
        return {"lead": self.lead, "rule": str(self.why), "candidates": [*self.candidates], "deleted": [*self.deleted]}


def choose(
    subject: Subject, product: str | None, leads: Iterable[Lead], policy: Policy, pipeline: int | None = None
) -> Choice:
    """The lead of a subject among those of its client, in any order.

    `product` is the id of what the subject is about; `pipeline` keeps to open leads of that one. Of several the newest
    is taken, one of the same product first.
    """
    known = sorted(leads, key=lambda lead: (lead.created_at, lead.id), reverse=True)
    deleted = tuple(lead.id for lead in known if lead.is_deleted and lead.stands_for(subject))
    present = [lead for lead in known if not lead.is_deleted]
    own = [lead.id for lead in present if lead.stands_for(subject)]
    if own:
        return Choice(own[0], Why.ITS_OWN, tuple(own), deleted)
    if policy is Policy.ALWAYS_NEW:
        return Choice(None, Why.NEW_BY_POLICY, (), deleted)
    if policy is Policy.REUSE_OPEN_OF_PRODUCT and product is None:
        return Choice(None, Why.NEW_PRODUCT_UNKNOWN, (), deleted)
    candidates = [lead for lead in present if lead.stage.is_open and pipeline in (None, lead.stage.pipeline)]
    of_product = [lead.id for lead in candidates if product in lead.products]
    if of_product:
        return Choice(of_product[0], Why.OPEN_OF_PRODUCT, tuple(of_product), deleted)
    if policy is Policy.REUSE_ANY_OPEN and candidates:
        return Choice(candidates[0].id, Why.ANY_OPEN, tuple(lead.id for lead in candidates), deleted)
    return Choice(None, Why.NEW_NONE_OPEN, (), deleted)


class Rule(StrEnum):
    """Which rule moved a stage or left it."""

    NEW_LEAD = "new_lead"
    FORWARD = "forward"
    NOT_ASKED = "not_asked"
    ALREADY_THERE = "already_there"
    UNKNOWN_STAGE = "unknown_stage"
    OTHER_PIPELINE = "other_pipeline"
    BACKWARDS = "backwards"
    MOVED_BY_PERSON = "moved_by_person"


MOVES = frozenset({Rule.NEW_LEAD, Rule.FORWARD})


class Standing(NamedTuple):
    """Where a lead stands, and when a person last put it there; None where none did."""

    stage: Stage
    moved_by_person_at: datetime | None = None


class Move(NamedTuple):
    """The stage to go to, None where it stays; which rule said so, and until when a person's move holds."""

    to: Stage | None
    rule: Rule
    current: Stage | None
    wanted: Stage | None
    left_alone_until: datetime | None = None

    def explained(self) -> dict[str, Any]:
        """The decision as data for the history."""
        return {
            "rule": str(self.rule),
            "current": self.current and [*self.current],
            "wanted": self.wanted and [*self.wanted],
            "left_alone_until": self.left_alone_until and self.left_alone_until.isoformat(),
        }


def move(
    standing: Standing | None,
    wanted: Stage | None,
    order: Sequence[Stage],
    *,
    now: datetime,
    patience: timedelta = timedelta(0),
) -> Move:
    """Whether a lead goes to the stage an automation wants; `standing` is None for one that is only made now.

    `order` are all stages as their pipelines have them. A stage never moves backwards, and a lead that a person moved
    less than `patience` ago stays where that person put it. A lost lead goes forward by being won, and in no other
    way; a won one may still be lost. Between pipelines there is no forward: a lead in another one stays.
    """
    current = standing and standing.stage
    until = standing and standing.moved_by_person_at and standing.moved_by_person_at + patience
    rule = _rule(current, wanted, order)
    if rule is Rule.FORWARD and until is not None and now < until:
        return Move(None, Rule.MOVED_BY_PERSON, current, wanted, until)
    return Move(wanted if rule in MOVES else None, rule, current, wanted)


def _rule(current: Stage | None, wanted: Stage | None, order: Sequence[Stage]) -> Rule:
    if wanted is None:
        return Rule.NOT_ASKED
    if current == wanted:
        return Rule.ALREADY_THERE
    if wanted not in order or (current is not None and current not in order):
        return Rule.UNKNOWN_STAGE
    if current is None:
        return Rule.NEW_LEAD
    if current.pipeline != wanted.pipeline:
        return Rule.OTHER_PIPELINE
    if current.status == LOST:
        return Rule.FORWARD if wanted.status == WON else Rule.BACKWARDS
    return Rule.FORWARD if order.index(wanted) > order.index(current) else Rule.BACKWARDS
