"""Everything the fields of a promise are read from: the rows of the ledger as they are now, and the newest facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from service.domain.automation.fields import Known
from service.domain.automation.triggers import MEANING, Subject, SubjectKind, Trigger
from service.domain.automation.writes import charge_name
from service.domain.fold import merge
from service.store import facts, pursuits
from service.store.accounts import Account


class Event(NamedTuple):
    """What happened, as a promise or a past event tells it."""

    trigger: Trigger
    subject: str
    about: Subject
    email: str | None
    product_id: str | None
    purchase_key: str | None
    occurred_at: datetime


Row = Mapping[str, Any]
NOTHING: Row = {}


def known_of(tx: Connection, account: Account, event: Event) -> Known | None:
    """What is known about an event; None where the ledger no longer has it (its import was undone)."""
    purchase = _one(tx, "purchases", account.id, key=event.purchase_key) if event.purchase_key else NOTHING
    milestone = _milestone(tx, account.id, event)
    if not purchase and not milestone:
        return None
    code = purchase.get("subscriber_code") or _subscriber(event)
    email = purchase.get("email") or milestone.get("email") or event.email
    newest = _newest(tx, account.id, purchase.get("subject") or milestone.get("subject"))
    return Known(
        purchase=purchase,
        client=_client(tx, account.id, email),
        subscription=_one(tx, "subscriptions", account.id, code=code) if code else NOTHING,
        milestone=milestone,
        newest=newest,
        recovery=_recovery(tx, account, event, email),
        lead=newest.get("lead", NOTHING) if event.about.kind is SubjectKind.LEAD else NOTHING,
    )


def _one(tx: Connection, table: str, account_id: int, **key: Any) -> Row:
    (column,) = key
    found = tx.execute(
        text(f"SELECT * FROM {table} WHERE account_id = :account AND {column} = :wanted"),
        {"account": account_id, "wanted": key[column]},
    )
    return dict(found.mappings().one_or_none() or {})


def _milestone(tx: Connection, account_id: int, event: Event) -> Row:
    """The step that fired the trigger; by the purchase's key, which may differ from the name of its charge."""
    kind = MEANING[event.trigger].milestone
    if kind is None:
        return NOTHING
    keys = [key for key in (event.purchase_key, event.subject[2:], event.about.key) if key]
    found = tx.execute(
        text(
            "SELECT * FROM milestones WHERE account_id = :account AND kind = :kind AND key = ANY(:keys)"
            " ORDER BY array_position(:keys, key) LIMIT 1"
        ),
        {"account": account_id, "kind": kind, "keys": keys},
    )
    return dict(found.mappings().one_or_none() or {})


def _client(tx: Connection, account_id: int, email: str | None) -> Row:
    """The client an address belongs to, also where it goes by another one."""
    if email is None:
        return NOTHING
    alias = _one(tx, "aliases", account_id, email=email)
    return _one(tx, "clients", account_id, email=alias.get("client_email", email))


def _newest(tx: Connection, account_id: int, subject: str | None) -> Row:
    if subject is None:
        return NOTHING
    told = facts.of_subjects(tx, account_id, [subject]).get(subject, [])
    return merge(sorted(told, key=lambda fact: fact.rank()))


def _subscriber(event: Event) -> str | None:
    return event.about.key if event.about.kind is SubjectKind.SUBSCRIPTION else None


def _recovery(tx: Connection, account: Account, event: Event, email: str | None) -> Row:
    if event.trigger is not Trigger.SALE_RECOVERED or email is None:
        return NOTHING
    alias = _one(tx, "aliases", account.id, email=email)
    closed = pursuits.closed(tx, account, [alias.get("client_email", email)])
    return next((one.told() for one in closed if one.charge == event.about.key), NOTHING)


LATEST_STEP = """
SELECT m.key, m.subject, m.email, m.occurred_at, coalesce(m.product_id, p.product_id) AS product_id,
    p.key AS purchase_key, p.subscriber_code, p.recurrence_number
FROM milestones m LEFT JOIN purchases p ON p.account_id = m.account_id AND p.key = m.key
WHERE m.account_id = :account AND m.kind = :kind
    AND (CAST(:wanted AS text) IS NULL OR m.key = :wanted OR m.transaction = :wanted OR m.email = lower(:wanted))
ORDER BY m.occurred_at DESC, m.key LIMIT :size
"""
NEWEST_SALES = 2000
LATEST_STEP_OF_NEWEST_SALES = """
SELECT m.key, m.subject, m.email, m.occurred_at, coalesce(m.product_id, p.product_id) AS product_id,
    p.key AS purchase_key, p.subscriber_code, p.recurrence_number
FROM (SELECT account_id, key, product_id, subscriber_code, recurrence_number FROM purchases
    WHERE account_id = :account ORDER BY counted_at DESC, key DESC LIMIT :newest) p
JOIN milestones m ON m.account_id = p.account_id AND m.kind = :kind AND m.key = p.key
ORDER BY m.occurred_at DESC, m.key LIMIT :size
"""
LATEST_SALE = """
SELECT p.key, p.subject, p.email, p.counted_at AS occurred_at, p.product_id, p.key AS purchase_key, p.subscriber_code,
    p.recurrence_number
FROM purchases p
WHERE p.account_id = :account AND (NOT :subscribed OR p.subscriber_code IS NOT NULL)
    AND (NOT :recovering OR EXISTS (SELECT 1 FROM opportunities o
        WHERE o.account_id = p.account_id AND o.recovered_by = p.key AND o.state = 'recovered'))
    AND (CAST(:wanted AS text) IS NULL OR p.key = :wanted OR p.transaction = :wanted OR p.email = lower(:wanted))
ORDER BY p.counted_at DESC, p.key LIMIT :size
"""


def past_event(tx: Connection, account_id: int, trigger: Trigger, wanted: str | None = None) -> Event | None:
    """The latest event of a trigger, of this transaction or e-mail where one is wanted; None where there is none."""
    return next(iter(past_events(tx, account_id, trigger, wanted, size=1)), None)


def past_events(
    tx: Connection, account_id: int, trigger: Trigger, wanted: str | None = None, *, size: int
) -> list[Event]:
    """The latest events of a trigger, the newest first; of sales those of the newest 2000 where these had enough."""
    meaning = MEANING[trigger]
    asked = {
        "account": account_id,
        "kind": meaning.milestone,
        "wanted": wanted,
        "subscribed": trigger is Trigger.SUBSCRIPTION_CREATED,
        "recovering": trigger is Trigger.SALE_RECOVERED,
        "size": size,
        "newest": NEWEST_SALES,
    }
    found: Sequence[Any] = ()
    if meaning.subject is SubjectKind.TRANSACTION and meaning.milestone and wanted is None:
        found = tx.execute(text(LATEST_STEP_OF_NEWEST_SALES), asked).all()
    if len(found) < size:
        found = tx.execute(text(LATEST_STEP if meaning.milestone else LATEST_SALE), asked).all()
    return [
        Event(trigger, *_names(meaning.subject, row), row.email, row.product_id, row.purchase_key, row.occurred_at)
        for row in found
    ]


def _names(kind: SubjectKind, row: Any) -> tuple[str, Subject]:
    """(what the promise would be about in its trigger, what its lead would stand for), as `appearances` names them."""
    if kind is SubjectKind.TRANSACTION:
        charge = charge_name(row.key, row.recurrence_number)
        return f"t:{charge}", Subject(kind, charge)
    if row.subscriber_code:
        return f"s:{row.subscriber_code}", Subject(kind, row.subscriber_code)
    prefix, key = row.subject[:2], row.subject[2:]
    return f"{prefix}{row.key}", Subject(kind, row.key if kind is SubjectKind.CART else key)
