"""How much there is to automate, and how much of it was done: events of a span by trigger, promises by automation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.domain.automation.triggers import TRIGGER_OF_MILESTONE, Trigger
from service.store import history
from service.store.history import OPEN, Wanted


class Kept(NamedTuple):
    """What became of the promises of one automation, each count up to `history.MOST_COUNTED` and one more.

    `open` waits, is under way or will be tried again.
    """

    open: int = 0
    done: int = 0
    given_up: int = 0
    passed_over: int = 0
    last_at: datetime | None = None


LAST_DONE = """
SELECT o.done_at FROM outbox o WHERE o.account_id = :account AND o.automation_id = :automation AND o.state = 'done'
ORDER BY o.id DESC LIMIT 1
"""
STEPS = """
SELECT kind, count(*) FROM milestones WHERE account_id = :account AND occurred_at >= :since GROUP BY kind
"""
SALES = """
SELECT count(*),
    count(*) FILTER (WHERE p.subscriber_code IS NOT NULL AND coalesce(p.recurrence_number, 1) = 1),
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM opportunities o
        WHERE o.account_id = p.account_id AND o.recovered_by = p.key AND o.state = 'recovered'))
FROM purchases p WHERE p.account_id = :account AND p.counted_at >= :since
"""


def promises(tx: Connection, account_id: int, automation_id: int) -> Kept:
    """What became of the promises of an automation."""
    counts = history.tallied(tx, account_id, Wanted(automation_id))
    last = tx.execute(text(LAST_DONE), {"account": account_id, "automation": automation_id}).scalar_one_or_none()
    waits = sum(counts[state] for state in OPEN)
    return Kept(waits, counts["done"], counts["given_up"], counts["passed_over"], last)


def events(tx: Connection, account_id: int, since: datetime) -> Mapping[Trigger, int]:
    """How often each trigger happened since then; one that never did is 0."""
    asked = {"account": account_id, "since": since}
    steps = {TRIGGER_OF_MILESTONE[kind]: number for kind, number in tx.execute(text(STEPS), asked) if _fires(kind)}
    sales: Sequence[int] = tuple(tx.execute(text(SALES), asked).one())
    named = zip((Trigger.SALE_CREATED, Trigger.SUBSCRIPTION_CREATED, Trigger.SALE_RECOVERED), sales, strict=True)
    return dict.fromkeys(Trigger, 0) | steps | dict(named)


def _fires(kind: str) -> bool:
    return kind in TRIGGER_OF_MILESTONE
