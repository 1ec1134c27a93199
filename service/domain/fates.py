"""What each spreadsheet row changes, decided row by row so that batches cannot change the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from service.domain import revenue
from service.domain.facts import Fact, Kind
from service.domain.fold import fold
from service.domain.ledger import Folded

CREATED, UPDATED, UNCHANGED, SKIPPED, FAILED = "created", "updated", "unchanged", "skipped", "failed"
FATES = (CREATED, UPDATED, UNCHANGED, SKIPPED, FAILED)
UPDATE, FILL, SKIP = "update", "fill", "skip"
POLICIES = (UPDATE, FILL, SKIP)


MOST_OF_ONE_SALE = 100
"""Rows of one file about one transaction code. More of them mean that the column is no code, and would be folded
again and again."""


class Change(NamedTuple):
    """One purchase, or one client as one story tells of them, before and after: field to (before, after)."""

    key: str
    email: str | None
    fields: dict[str, tuple[Any, Any]]


class Judged(NamedTuple):
    """The fate of each row in order, the facts that are kept, and the ledger rows of every subject after them.

    `owners` are the e-mails of the clients for whom any row changed what a person would call a change; `revenue` is
    what the kept rows of this file add up to more than before, by (currency, category).
    """

    fates: list[str]
    kept: list[Fact]
    before: dict[str, Folded]
    after: dict[str, Folded]
    owners: set[str]
    revenue: revenue.Totals

    def changes(self) -> list[Change]:
        """What these rows change of purchases that were there before, field by field."""
        return [
            change
            for subject, now in self.after.items()
            if (was := self.before.get(subject)) is not None and was.tells() != now.tells()
            for change in _changes(was, now)
        ]


def judge(
    stories: Mapping[str, Sequence[Fact]],
    rows: Sequence[Fact],
    own: frozenset[int],
    policy: str,
    alone: Mapping[int, Folded] = MappingProxyType({}),
) -> Judged:
    """Fold row after row onto what is known.

    `stories` are the facts known so far, by subject; `own` the deliveries of the same file, whose facts
    do not make a purchase one that "exists already" for the policy `skip`. A row beyond MOST_OF_ONE_SALE fails.
    `alone` may hold what the fact of a delivery folds to by itself, where somebody had the time to work that out.
    """
    known = {subject: list(facts) for subject, facts in stories.items()}
    before = {subject: fold(facts) for subject, facts in known.items()}
    after, fates, kept = dict(before), [], []
    owners: set[str] = set()
    for fact in rows:
        story = known.setdefault(fact.subject, [])
        if policy == SKIP and any(one.kind is Kind.PURCHASE and one.delivery_id not in own for one in story):
            fates.append(SKIPPED)
            continue
        if len(story) >= MOST_OF_ONE_SALE and sum(one.delivery_id in own for one in story) >= MOST_OF_ONE_SALE:
            fates.append(FAILED)
            continue
        story.append(fact)
        kept.append(fact)
        first = alone.get(fact.delivery_id) if len(story) == 1 else None
        was, now = after.get(fact.subject, Folded()), first or fold(story)
        fates.append(_fate(was, now))
        if fates[-1] != UNCHANGED:
            owners |= was.owners() | now.owners()
        after[fact.subject] = now
    return Judged(fates, kept, before, after, owners, _own_revenue(known, after, kept, own))


def _fate(was: Folded, now: Folded) -> str:
    if len(now.purchases) > len(was.purchases):
        return CREATED
    return UNCHANGED if was.tells() == now.tells() else UPDATED


UNTOLD = {"key", "subject", "as_of", "order_group"}


def _changes(was: Folded, now: Folded) -> Iterator[Change]:
    earlier = {purchase.key: purchase._asdict() for purchase in was.purchases}
    said_before = {mention.about: mention.says() for mention in was.mentions if mention.kind == "client"}
    said_now = {mention.about: mention.says() for mention in now.mentions if mention.kind == "client"}
    for purchase in now.purchases:
        if purchase.key in earlier:
            fields = _differences(earlier[purchase.key], purchase._asdict())
            if purchase.email is not None:
                fields |= _differences(said_before.get(purchase.email, {}), said_now.get(purchase.email, {}))
            if fields:
                yield Change(purchase.key, purchase.email, fields)


def _differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field to (before, after). An amount and its currency are one: where the one changed, the other is told too."""
    changed = {name for name, value in now.items() if name not in UNTOLD and was.get(name) != value}
    changed |= {f"{name.removesuffix('_value')}_currency" for name in changed if name.endswith("_value")}
    return {name: (was.get(name), value) for name, value in now.items() if name in changed}


def _own_revenue(
    known: Mapping[str, Sequence[Fact]], after: Mapping[str, Folded], kept: Sequence[Fact], own: frozenset[int]
) -> revenue.Totals:
    """What the file's own facts add up to now, less what those of them added up to that were known before."""
    new = {id(fact) for fact in kept}
    totals: revenue.Totals = {}
    for subject in {fact.subject for fact in kept}:
        mine = [fact for fact in known[subject] if fact.delivery_id in own]
        earlier = [fact for fact in mine if id(fact) not in new]
        now = after[subject] if len(mine) == len(known[subject]) else fold(mine)
        totals = revenue.added(totals, revenue.totals_of(now.purchases))
        if earlier:
            totals = revenue.added(totals, revenue.totals_of(fold(earlier).purchases), sign=-1)
    return totals
