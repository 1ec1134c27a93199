"""Opportunities as they are stored: recomputed for every buyer of whom a purchase or cart changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Connection

from service.domain import recovery, refusals
from service.domain.automation.writes import Closed, closed_of
from service.domain.ledger import Folded, client_id
from service.domain.recovery import UNSOLD, Attempt, Bought, Cart, Episode, State
from service.domain.statuses import Status
from service.store.accounts import Account
from service.store.identities import People

FAILURE_OF_STEP = {"canceled": Status.CANCELED, "expired": Status.EXPIRED, "overdue": Status.OVERDUE}
STEPS = frozenset({"cart_abandoned", *FAILURE_OF_STEP})
COLUMNS = (
    "account_id",
    "key",
    "client_id",
    "product_id",
    "product_name",
    "offer_code",
    "offer_name",
    "kind",
    "state",
    "attempts",
    "purchase_key",
    "amount_value",
    "amount_currency",
    "payment_type",
    "payment_link",
    "due_at",
    "reason",
    "refusal",
    "opened_at",
    "last_at",
    "recovered_by",
    "recovered_at",
    "recovered_value",
    "recovered_currency",
)
BOUGHT = (
    "key, status, product_id, product_name, offer_code, offer_name, gross_value::text, gross_currency, payment_type,"
    " payment_link, refusal_reason, recurrence_number, subscriber_code, order_group, is_bump, ordered_at, approved_at,"
    " due_at, as_of"
)


class Wanted(NamedTuple):
    """Whose opportunities to recompute: buyers by id, and purchases that have no buyer by key.

    `stored` are those of the buyers who may have rows already.
    """

    buyers: list[UUID]
    stored: list[UUID]
    alone: list[str]


class Told(NamedTuple):
    """Of whom something changed: the stories as they were and as they are, whose their addresses are, all buyers.

    `created` are those buyers of whom everything is in the stories, so the many who bought at once cost no query.
    """

    changed: Sequence[Folded]
    people: People
    owners: frozenset[str]
    created: frozenset[str]


def recompute(tx: Connection, account: Account, told: Told) -> None:
    """Make the stored opportunities of everyone these stories speak of those of `recovery.pursue`."""
    wanted = _wanted(account, told)
    rows = _rows(tx, account, wanted) if wanted.buyers or wanted.alone else []
    if wanted.stored or wanted.alone:
        known = {*wanted.stored, None}
        _forget(tx, account.id, wanted, [row["key"] for row in rows if row["client_id"] in known])
    _write(tx, rows)


def _wanted(account: Account, told: Told) -> Wanted:
    troubled = {told.people.client_of(email) for folded in told.changed for email in _troubled(folded)}
    alone = {one.key for folded in told.changed for one in folded.purchases if one.email is None}
    stored = [client_id(account.salt, email) for email in told.owners - told.created]
    fresh = [client_id(account.salt, email) for email in told.created & troubled]
    return Wanted([*stored, *fresh], stored, sorted(alone))


def _troubled(folded: Folded) -> Iterator[str]:
    """Buyers of whom this story tells an attempt that did not become a sale at once."""
    yield from (one.email for one in folded.purchases if one.email and one.status in UNSOLD)
    yield from (one.email for one in folded.milestones if one.email and one.kind in STEPS)


def _rows(tx: Connection, account: Account, wanted: Wanted) -> list[dict[str, Any]]:
    pursued = _pursued(*_read(tx, account.id, wanted))
    return [row for buyer, episode in pursued for row in _rows_of(account.id, buyer, episode)]


def _pursued(
    steps: Iterable[tuple[Any, ...]], bought: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[UUID | None, Episode]]:
    """(buyer, episode) of all buyers these steps and purchases speak of."""
    failed: dict[str, tuple[Any, Status]] = {}
    pursuits: dict[Any, tuple[list[Bought], list[Cart]]] = defaultdict(lambda: ([], []))
    for buyer, kind, key, moment, product_id, name, offer in steps:
        if kind == "cart_abandoned":
            pursuit = (buyer, recovery.product_key(product_id, name, offer) or f"c:{key}")
            pursuits[pursuit][1].append(Cart(key, moment, product_id, name, offer))
        else:
            failed[key] = min(failed.get(key, (moment, FAILURE_OF_STEP[kind])), (moment, FAILURE_OF_STEP[kind]))
    for buyer, key, status, *told in bought:
        failed_at, failed_as = failed.get(key, (None, None))
        one = Bought._make((key, Status(status), *told, failed_as, failed_at))
        product = recovery.product_key(one.product_id, one.product_name, one.offer_code) if buyer else None
        pursuits[buyer, product or f"t:{key}"][0].append(one)
    for (buyer, _), (purchases, carts) in pursuits.items():
        if carts or any(one.status in UNSOLD or one.failed_as for one in purchases):
            yield from ((buyer, episode) for episode in recovery.pursue(purchases, carts))


AS_ONE = "account_id = %(account)s AND client_id = ANY(%(buyers)s) AND email = ANY(%(emails)s)"
STEPS_AS_ONE = f"""
SELECT %(buyer)s::uuid, kind, key, occurred_at, product_id, product_name, detail FROM milestones
WHERE {AS_ONE} AND kind = ANY(%(steps)s)
"""
BOUGHT_AS_ONE = f"SELECT %(buyer)s::uuid, {BOUGHT} FROM purchases WHERE {AS_ONE}"


def open_as_one(tx: Connection, account_id: int, buyers: Sequence[UUID], emails: Sequence[str]) -> int:
    """How many opportunities would be open if everything these buyers did under these addresses were one person's."""
    raw: Any = tx.connection.driver_connection
    values = {
        "account": account_id,
        "buyer": buyers[0],
        "buyers": list(buyers),
        "emails": list(emails),
        "steps": list(STEPS),
    }
    steps, bought = raw.execute(STEPS_AS_ONE, values).fetchall(), raw.execute(BOUGHT_AS_ONE, values).fetchall()
    return sum(episode.state is State.OPEN for _, episode in _pursued(steps, bought))


# Whoever bought everything at once has no opportunity: of these no purchase is read.
TROUBLED = """
SELECT client_id FROM purchases WHERE account_id = %(account)s AND client_id = ANY(%(buyers)s)
    AND status = ANY(%(unsold)s)
UNION
SELECT client_id FROM milestones WHERE account_id = %(account)s AND client_id = ANY(%(buyers)s)
    AND kind = ANY(%(steps)s)
"""
READ_BOUGHT = f"""
SELECT client_id, {BOUGHT} FROM purchases WHERE account_id = %(account)s AND client_id IN ({TROUBLED})
UNION ALL
SELECT client_id, {BOUGHT} FROM purchases WHERE account_id = %(account)s AND key = ANY(%(alone)s) AND client_id IS NULL
"""
READ_STEPS = """
SELECT client_id, kind, key, occurred_at, product_id, product_name, detail FROM milestones
    WHERE account_id = %(account)s AND client_id = ANY(%(buyers)s) AND kind = ANY(%(steps)s)
UNION ALL
SELECT client_id, kind, key, occurred_at, product_id, product_name, detail FROM milestones
    WHERE account_id = %(account)s AND kind = ANY(%(steps)s) AND key = ANY(%(alone)s) AND client_id IS NULL
"""


def _read(tx: Connection, account_id: int, wanted: Wanted) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """(failed steps and carts, purchases); both statements are under way before the first answer is waited for."""
    raw: Any = tx.connection.driver_connection
    values = {
        "account": account_id,
        "buyers": wanted.buyers,
        "alone": wanted.alone,
        "steps": list(STEPS),
        "unsold": list(UNSOLD),
    }
    steps, bought = raw.execute(READ_STEPS, values), raw.execute(READ_BOUGHT, values)
    return steps.fetchall(), bought.fetchall()


def _rows_of(account_id: int, buyer: UUID | None, episode: Episode) -> Iterator[dict[str, Any]]:
    """One row per attempt; the last one says what became of the episode."""
    for number, attempt in enumerate(episode.attempts, 1):
        told = {"account_id": account_id, "client_id": buyer, "attempts": number, "opened_at": episode.attempts[0].at}
        state = episode.state if attempt is episode.last else State.SUPERSEDED
        yield told | _row(attempt) | _recovery_of(episode, state)


def _row(attempt: Attempt) -> dict[str, Any]:
    source, refusal = attempt.source, attempt.refusal
    bought = source if isinstance(source, Bought) else None
    return {
        "key": attempt.key,
        "kind": attempt.kind,
        "last_at": attempt.at,
        "product_id": source.product_id,
        "product_name": source.product_name,
        "offer_code": source.offer_code,
        "offer_name": bought and bought.offer_name,
        "purchase_key": bought and bought.key,
        "payment_type": bought and bought.payment_type,
        "payment_link": bought and bought.payment_link,
        "due_at": bought and bought.due_at,
        "amount_value": attempt.amount_value,
        "amount_currency": attempt.amount_currency,
        "reason": refusals.reason_of(refusal),
        "refusal": refusal,
    }


def _recovery_of(episode: Episode, state: State) -> dict[str, Any]:
    """Which sale closed the episode; the earlier attempts are linked to it too, its amount stands on the last alone."""
    sale = episode.sale
    amount = sale if state is State.RECOVERED else None
    return {
        "state": state,
        "recovered_by": sale and sale.key,
        "recovered_at": sale and sale.at,
        "recovered_value": amount and amount.amount_value,
        "recovered_currency": amount and amount.amount_currency,
    }


def _forget(tx: Connection, account_id: int, wanted: Wanted, present: list[str]) -> None:
    raw: Any = tx.connection.driver_connection
    raw.execute(
        "DELETE FROM opportunities WHERE account_id = %s AND (client_id = ANY(%s) OR key = ANY(%s))"
        " AND NOT key = ANY(%s)",
        (account_id, wanted.stored, [f"t:{key}" for key in wanted.alone], present),
    )


NAMED = ", ".join(COLUMNS)
VALUES = COLUMNS[2:]
WRITE = (
    f"INSERT INTO opportunities ({NAMED}) SELECT {NAMED} FROM json_populate_recordset(NULL::opportunities, %s::json)"
    f" ON CONFLICT (account_id, key) DO UPDATE SET {', '.join(f'{one} = excluded.{one}' for one in VALUES)}"
    f" WHERE ROW({', '.join(f'opportunities.{one}' for one in VALUES)})"
    f" IS DISTINCT FROM ROW({', '.join(f'excluded.{one}' for one in VALUES)})"
)


def _write(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or replace; a row that stands as it is stays unwritten."""
    raw: Any = tx.connection.driver_connection
    if rows:
        raw.execute(WRITE, (orjson.dumps(rows).decode(),))


def closed(tx: Connection, account: Account, clients: Iterable[str]) -> list[Closed]:
    """The attempts of these clients, named by the e-mail they are known by, that a sale closed."""
    names = {client_id(account.salt, email): email for email in clients}
    steps, bought = _read(tx, account.id, Wanted([*names], [*names], []))
    pursued: dict[Any, list[Episode]] = defaultdict(list)
    for buyer, episode in _pursued(steps, bought):
        pursued[buyer].append(episode)
    sales = [Bought._make((key, Status(status), *told, None, None)) for _, key, status, *told in bought]
    return [one for buyer, episodes in pursued.items() for one in closed_of(episodes, sales, names.get(buyer))]
