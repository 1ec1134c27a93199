"""Promises: what the appearances of one write owe to the automations.

A promise is unique for ever by its key (automation, trigger, subject). An undone import does not take back what was
promised: imported once more it gives the same keys, and the outbox, which has them, keeps them as they are, so nobody
is told twice. What of an undone import was still waiting may be withdrawn there; it is for the outbox to wake it again.

Any order, repetition and batching of a buyer's postbacks gives the same keys, for automations that want even what is
overtaken; for the others, those of them that were not overtaken when they came. What remains of order:

- rows of spreadsheets: a step first seen in a row that starts nothing is no news any more when its postback comes;
- facts of one transaction that contradict each other about subscriber or charge, or that name no charge where the
  code carries several;
- a recovery whose sale turns out to have had a forerunner: it stays told of the sale that looked like it then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from service.domain.automation.appearances import Appearance, appearances
from service.domain.automation.triggers import Trigger
from service.domain.automation.writes import News, Rows


class Automation(NamedTuple):
    """What of an automation decides whether it is owed anything; a draft is not `on`."""

    id: int
    trigger: Trigger
    on: bool = True
    even_overtaken: bool = False

    def wants(self, seen: Appearance) -> bool:
        """Whether it is owed this appearance of its trigger."""
        return seen.overtaken is None or self.even_overtaken


class Promise(NamedTuple):
    """What an automation is owed: one row of the outbox."""

    automation: int
    appearance: Appearance

    @property
    def key(self) -> tuple[int, Trigger, str]:
        """(automation, trigger, subject), unique for ever."""
        return (self.automation, self.appearance.trigger, self.appearance.subject)


def promises(before: Rows, after: Rows, automations: Iterable[Automation], news: News) -> list[Promise]:
    """What these automations are owed after a write, in the order in which it happened; each key once."""
    return [Promise(one.id, seen) for one, seen in _matches(before, after, automations, news) if one.wants(seen)]


def passed_over(before: Rows, after: Rows, automations: Iterable[Automation], news: News) -> list[Promise]:
    """What they would be owed had it not been overtaken: for their history, never kept."""
    return [Promise(one.id, seen) for one, seen in _matches(before, after, automations, news) if not one.wants(seen)]


def _matches(
    before: Rows, after: Rows, automations: Iterable[Automation], news: News
) -> Iterator[tuple[Automation, Appearance]]:
    live = [one for one in automations if one.on]
    if live:
        for seen in appearances(before, after, news):
            yield from ((one, seen) for one in live if one.trigger is seen.trigger)
