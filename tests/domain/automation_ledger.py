"""A ledger in memory, told batch by batch, that says what each write owes to the automations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from service.domain import recovery
from service.domain.automation import promises as owed
from service.domain.automation.promises import Automation, Promise
from service.domain.automation.triggers import Trigger
from service.domain.automation.writes import Closed, News, Rows, begins, closed_of
from service.domain.facts import Fact
from service.domain.fold import fold
from service.domain.ledger import Folded, Milestone, Purchase
from service.domain.recovery import Bought, Cart
from service.domain.statuses import Status

EVERY_TRIGGER = [Automation(number, trigger, even_overtaken=True) for number, trigger in enumerate(Trigger, 1)]
CAREFUL = [one._replace(even_overtaken=False) for one in EVERY_TRIGGER]
FAILURES = {"canceled": Status.CANCELED, "expired": Status.EXPIRED, "overdue": Status.OVERDUE}


class LittleLedger:
    """Everything it was told, folded; each write answers with what is owed for it."""

    def __init__(self, automations: Sequence[Automation] = EVERY_TRIGGER) -> None:
        self.automations = automations
        self.facts: list[Fact] = []
        self.stories: dict[str, Folded] = {}
        self.passed_over: list[Promise] = []

    def told(self, *facts: Fact, confirmed: Iterable[int] = ()) -> list[Promise]:
        return self.written([*self.facts, *facts], News(facts, frozenset(confirmed)))

    def written(self, facts: list[Fact], news: News) -> list[Promise]:
        """Make the ledger that of these facts; what is owed for it."""
        same = len(list(takewhile(lambda pair: pair[0] is pair[1], zip(self.facts, facts, strict=False))))
        touched = {fact.subject for fact in (*self.facts[same:], *facts[same:])}
        before = self.rows(touched)
        self.facts = facts
        self.stories = {subject: told for subject, told in self.stories.items() if subject not in touched}
        self.stories |= stories_of(fact for fact in facts if fact.subject in touched)
        after = self.rows(touched)
        self.passed_over += owed.passed_over(before, after, self.automations, news)
        return owed.promises(before, after, self.automations, news)

    def rows(self, touched: Iterable[str]) -> Rows:
        begun = {one.subscriber_code for story in self.stories.values() for one in story.purchases if begins(one)}
        return Rows(
            {subject: self.stories[subject] for subject in touched if subject in self.stories},
            frozenset(code for code in begun if code),
            closed_by_sales(self.stories.values()),
        )


def stories_of(facts: Iterable[Fact]) -> dict[str, Folded]:
    told: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        told[fact.subject].append(fact)
    return {subject: fold(story) for subject, story in told.items()}


def closed_by_sales(stories: Iterable[Folded]) -> list[Closed]:
    purchases = [one for story in stories for one in story.purchases if one.email]
    steps = [one for story in stories for one in story.milestones if one.email]
    pursuits: dict[Any, tuple[list[Bought], list[Cart]]] = defaultdict(lambda: ([], []))
    for one in purchases:
        product = recovery.product_key(one.product_id, one.product_name, one.offer_code)
        pursuits[one.email, product or f"t:{one.key}"][0].append(bought(one, steps))
    for step in steps:
        if step.kind == "cart_abandoned":
            cart = Cart(step.key, moment(step.occurred_at), step.product_id, step.product_name, step.detail)
            product = recovery.product_key(step.product_id, step.product_name, step.detail)
            pursuits[step.email, product or f"c:{step.key}"][1].append(cart)
    return [
        one
        for (email, _), (tried, carts) in pursuits.items()
        for one in closed_of(recovery.pursue(tried, carts), tried, email)
    ]


def bought(one: Purchase, steps: Iterable[Milestone]) -> Bought:
    failures = [
        (moment(step.occurred_at), step.kind) for step in steps if step.key == one.key and step.kind in FAILURES
    ]
    failed_at, kind = min(failures, default=(None, None))
    told = {name: getattr(one, name) for name in Bought._fields if name in Purchase._fields}
    times = {name: moment(told[name]) for name in ("ordered_at", "approved_at", "due_at", "as_of") if told[name]}
    return Bought(
        **(told | times),
        amount_value=one.gross_value,
        amount_currency=one.gross_currency,
        failed_as=FAILURES[kind] if kind else None,
        failed_at=failed_at,
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def fired(promises: Iterable[Promise]) -> list[tuple[str, str]]:
    """(trigger, subject) of each promise, in order."""
    return [(str(one.appearance.trigger), one.appearance.subject) for one in promises]


def triggers(promises: Iterable[Promise]) -> list[str]:
    return [str(one.appearance.trigger) for one in promises]
