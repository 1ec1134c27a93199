"""What a write to the ledger owes to the automations, written in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from service.domain.automation.promises import Automation, passed_over, promises
from service.domain.automation.triggers import Trigger
from service.domain.automation.writes import Closed, News, Rows
from service.domain.ledger import Folded
from service.store import automations, identities, outbox, pursuits
from service.store.accounts import Account

ASK_FOR_CLOSED = frozenset(
    {
        *(Trigger.SALE_RECOVERED, Trigger.CART_ABANDONED, Trigger.PAYMENT_ISSUED),
        *(Trigger.SALE_CANCELED, Trigger.SALE_EXPIRED, Trigger.SALE_OVERDUE),
    }
)
"""Triggers that depend on which attempts a sale closed."""
Stories = Mapping[str, Folded]


@contextmanager
def owed(
    tx: Connection, account: Account, stories: tuple[Stories, Stories], news: News, gone: Collection[int] = ()
) -> Iterator[None]:
    """Around a write of the ledger: what its news owe to the automations is kept with it.

    `stories` are those of the write, before and after it. Without automations there is no statement at all.
    Promises of deliveries that are `gone` are taken back, unless they were begun. The caller holds the account's lock.
    """
    live = automations.live(tx, account.id) if account.automated and news.facts else []
    before = _rows(tx, account, stories[0], stories, live) if live else None
    yield
    if account.automated and gone:
        outbox.withdraw(tx, account.id, gone)
    if before is not None:
        after = _rows(tx, account, stories[1], stories, live)
        told = before, after, live, news
        outbox.owe(tx, account.id, promises(*told), passed_over(*told))


def _rows(
    tx: Connection, account: Account, at_the_time: Stories, stories: tuple[Stories, Stories], live: Sequence[Automation]
) -> Rows:
    triggers = {one.trigger for one in live}
    folded = [one for side in stories for one in side.values()]
    begun = _begun(tx, account.id, folded) if Trigger.SUBSCRIPTION_CREATED in triggers else frozenset()
    closed = _closed(tx, account, folded) if triggers & ASK_FOR_CLOSED else []
    return Rows(at_the_time, begun, closed)


def _begun(tx: Connection, account_id: int, stories: Iterable[Folded]) -> frozenset[str]:
    """Of the subscriber codes these stories speak of, those with a first purchase in the ledger now."""
    codes = {one.subscriber_code for story in stories for one in story.purchases if one.subscriber_code}
    if not codes:
        return frozenset()
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT DISTINCT subscriber_code FROM purchases WHERE account_id = %s AND subscriber_code = ANY(%s)"
        " AND coalesce(recurrence_number, 1) = 1",
        (account_id, list(codes)),
    )
    return frozenset(row[0] for row in rows)


def _closed(tx: Connection, account: Account, stories: Iterable[Folded]) -> list[Closed]:
    emails = {email for story in stories for email in story.owners()}
    people = identities.people(tx, account.id, emails)
    return pursuits.closed(tx, account, {people.client_of(email) for email in emails})
