"""The ledger as it is stored: writes what a fold changed, and recomputes who it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from service.domain import mentions
from service.domain.ledger import Folded, Mention, Milestone, Purchase, client_id, milestone_id
from service.store import identities, pursuits
from service.store.accounts import Account
from service.store.client_rows import CLIENTS, REVENUE, REVENUE_GONE
from service.store.identities import Move, People
from service.store.rows import copy, delete, upsert

LOCK_NOT_AVAILABLE = "55P03"

Stories = Mapping[str, Folded]
"""Subject to its ledger rows."""

PURCHASE_COLUMNS = ("account_id", "client_id", *Purchase._fields)
MILESTONE_COLUMNS = ("account_id", "client_id", "id", *Milestone._fields)
MENTION_COLUMNS = ("account_id", *Mention._fields)
SUBSCRIPTION_COLUMNS = (
    "account_id",
    "code",
    "email",
    "client_id",
    "product_id",
    "product_name",
    "plan_name",
    "status",
    "next_charge_at",
    "canceled_at",
    "first_at",
    "last_at",
    "charges",
)


class Touched(NamedTuple):
    """Clients whose rows were recomputed, by e-mail: all of them, and those that had not been there before.

    Among all of them are addresses that were a client's until now and go by another one from now on.
    """

    clients: frozenset[str]
    created: frozenset[str]


def lock(tx: Connection, account_id: int) -> None:
    """Be the one writer of this account until the transaction ends; waits for the one before."""
    tx.execute(text("SELECT pg_advisory_xact_lock(:space, :account)"), {"space": 1, "account": account_id})


PATIENCE = "300ms"


def lock_soon(tx: Connection, account_id: int) -> bool:
    """Be the one writer of this account; False when the one before does not make room soon."""
    tx.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    try:
        with tx.begin_nested():
            lock(tx, account_id)
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    tx.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    return True


def existing_clients(tx: Connection, account_id: int, emails: Iterable[str]) -> frozenset[str]:
    """Which of these e-mails are clients already."""
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT email FROM clients WHERE account_id = %s AND email = ANY(%s)", (account_id, list(emails))
    )
    return frozenset(row[0] for row in rows)


def write(tx: Connection, account: Account, before: Stories, after: Stories) -> Touched:
    """Make the stored rows of these subjects those of `after`; `before` is what is stored now.

    Only what differs is written. Clients, revenue, subscriptions and products are then recomputed
    from stored rows for everyone who owned or owns anything that changed, and for those who are one person, or
    two, from now on.
    """
    changed = [subject for subject in before.keys() | after.keys() if before.get(subject) != after.get(subject)]
    old = [before[subject] for subject in changed if subject in before]
    new = [after[subject] for subject in changed if subject in after and subject in before]
    fresh = [after[subject] for subject in changed if subject in after and subject not in before]
    moves = identities.write(tx, account, old, (*new, *fresh))
    emails = {email for folded in (*old, *new, *fresh) for email in folded.owners()}
    people = identities.people(tx, account.id, emails | {email for move in moves for email in move})
    owners, named = _owners(people, emails, moves)
    _append(tx, account, people, fresh)
    raw: Any = tx.connection.driver_connection
    with raw.pipeline():  # while PostgreSQL writes one table, the rows of the next are made here
        _write_purchases(tx, account, people, old, new)
        _write_milestones(tx, account, people, old, new)
        _write_mentions(tx, account, old, new)
        identities.hand_over(tx, account, moves)
        created = named - existing_clients(tx, account.id, named)
        _recompute_revenue(tx, account, owners, may_shrink=bool(old) or bool(moves))
        codes = {code for told in (*old, *new, *fresh) for code in told.subscriptions()}
        _recompute_subscriptions(tx, account, people, codes)
        _recompute_products(tx, account, {*_products(old), *_products(new), *_products(fresh)}, may_vanish=bool(old))
        told = pursuits.Told((*old, *new, *fresh), people, owners, created - {move.new for move in moves})
        pursuits.recompute(tx, account, told)
        _recompute_clients(tx, account, people, owners)  # last: its marks are of purchases and opportunities
    return Touched(owners, created)


def _owners(people: People, emails: Iterable[str], moves: Sequence[Move]) -> tuple[frozenset[str], frozenset[str]]:
    """(clients to recompute by e-mail, those of them that are clients now)."""
    named = {people.client_of(email) for email in (*emails, *(email for move in moves for email in move))}
    return frozenset(named.union(move.old for move in moves)), frozenset(named)


def _append(tx: Connection, account: Account, people: People, fresh: list[Folded]) -> None:
    """Store the rows of subjects that had none, the usual case of an import. Every key belongs to one subject."""
    bought = [(account.id, _owner(account, people, row.email), *row) for folded in fresh for row in folded.purchases]
    steps = [
        (account.id, _owner(account, people, row.email), milestone_id(account.salt, row.kind, row.key), *row)
        for folded in fresh
        for row in folded.milestones
    ]
    said = [(account.id, *row[:-1], orjson.dumps(row.layers).decode()) for folded in fresh for row in folded.mentions]
    copy(tx, "purchases", PURCHASE_COLUMNS, bought)
    copy(tx, "milestones", MILESTONE_COLUMNS, steps)
    copy(tx, "mentions", MENTION_COLUMNS, said)


Row = TypeVar("Row", Purchase, Milestone, Mention)


def _difference(old: dict[Any, Row], new: dict[Any, Row]) -> tuple[list[Row], list[Any]]:
    """(rows to write, keys to delete)."""
    return [row for key, row in new.items() if old.get(key) != row], [key for key in old if key not in new]


def _write_purchases(tx: Connection, account: Account, people: People, old: list[Folded], new: list[Folded]) -> None:
    rows, gone = _difference(
        {row.key: row for folded in old for row in folded.purchases},
        {row.key: row for folded in new for row in folded.purchases},
    )
    delete(tx, account.id, "purchases", ("key",), [(key,) for key in gone])
    owned = [
        {"account_id": account.id, "client_id": _owner(account, people, row.email), **row._asdict()} for row in rows
    ]
    upsert(tx, "purchases", PURCHASE_COLUMNS, ("account_id", "key"), owned)


def _write_milestones(tx: Connection, account: Account, people: People, old: list[Folded], new: list[Folded]) -> None:
    rows, gone = _difference(
        {(row.kind, row.key): row for folded in old for row in folded.milestones},
        {(row.kind, row.key): row for folded in new for row in folded.milestones},
    )
    delete(tx, account.id, "milestones", ("kind", "key"), gone)
    owned = [
        {
            "account_id": account.id,
            "client_id": _owner(account, people, row.email),
            "id": milestone_id(account.salt, row.kind, row.key),
            **row._asdict(),
        }
        for row in rows
    ]
    upsert(tx, "milestones", MILESTONE_COLUMNS, ("account_id", "kind", "key"), owned)


def _write_mentions(tx: Connection, account: Account, old: list[Folded], new: list[Folded]) -> None:
    rows, gone = _difference(
        {(row.kind, row.about, row.story): row for folded in old for row in folded.mentions},
        {(row.kind, row.about, row.story): row for folded in new for row in folded.mentions},
    )
    delete(tx, account.id, "mentions", ("kind", "about", "story"), gone)
    owned = [{"account_id": account.id, **row._asdict()} for row in rows]
    upsert(tx, "mentions", MENTION_COLUMNS, ("account_id", "kind", "about", "story"), owned)


def _owner(account: Account, people: People, email: str | None) -> Any:
    return client_id(account.salt, people.client_of(email)) if email else None


def _mentions(tx: Connection, account_id: int, kind: str, about: Iterable[str]) -> dict[str, list[Mention]]:
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT kind, about, story, subject, first_at, last_at, layers FROM mentions"
        " WHERE account_id = %s AND kind = %s AND about = ANY(%s) ORDER BY about, story",
        (account_id, kind, list(about)),
    )
    read = (
        Mention(kind, name, story, subject, first_at.isoformat(), last_at.isoformat(), layers)
        for _, name, story, subject, first_at, last_at, layers in rows
    )
    return {name: list(group) for name, group in groupby(read, key=lambda mention: mention.about)}


def _recompute_clients(tx: Connection, account: Account, people: People, owners: Iterable[str]) -> None:
    said = _said_of(tx, account, people, owners)
    rows = [
        {
            "account_id": account.id,
            "id": client_id(account.salt, email),
            "email": email,
            "first_seen_at": client.first_seen_at,
            "last_seen_at": client.last_seen_at,
            **client.profile,
        }
        for email, spoken in said.items()
        for client in [mentions.client_of(spoken, email)]
    ]
    delete(tx, account.id, "clients", ("email",), [(email,) for email in owners if email not in said])
    if rows:
        raw: Any = tx.connection.driver_connection
        raw.execute(CLIENTS, (orjson.dumps(rows).decode(),))


def _said_of(tx: Connection, account: Account, people: People, owners: Iterable[str]) -> dict[str, list[Mention]]:
    """The mentions of each client, of all its addresses; none of an address that goes by another one."""
    own = {email: people.emails_of(email) for email in owners if people.client_of(email) == email}
    said = _mentions(tx, account.id, "client", [email for emails in own.values() for email in emails])
    spoken = {client: [one for email in emails for one in said.get(email, ())] for client, emails in own.items()}
    return {client: mentioned for client, mentioned in spoken.items() if mentioned}


def _recompute_revenue(tx: Connection, account: Account, emails: Iterable[str], *, may_shrink: bool) -> None:
    raw: Any = tx.connection.driver_connection
    wanted = {"account": account.id, "clients": [client_id(account.salt, email) for email in emails]}
    raw.execute(REVENUE, wanted)
    if may_shrink:
        raw.execute(REVENUE_GONE, wanted)


def _recompute_subscriptions(tx: Connection, account: Account, people: People, codes: set[str]) -> None:
    if not codes:
        return
    said = _mentions(tx, account.id, "subscription", codes)
    rows = [
        {
            "account_id": account.id,
            "code": code,
            "email": subscription.email,
            "client_id": _owner(account, people, subscription.email),
            "first_at": subscription.first_at,
            "last_at": subscription.last_at,
            "charges": subscription.charges,
            "status": subscription.terms.pop("subscription_status", None),
            **subscription.terms,
        }
        for code, spoken in said.items()
        for subscription in [mentions.subscription_of(spoken)]
    ]
    delete(tx, account.id, "subscriptions", ("code",), [(code,) for code in codes if code not in said])
    upsert(tx, "subscriptions", SUBSCRIPTION_COLUMNS, ("account_id", "code"), rows)


def _products(stories: list[Folded]) -> set[str]:
    """The products that purchases name, and carts and visits; a step of a purchase names none of its own."""
    bought = (purchase.product_id for folded in stories for purchase in folded.purchases)
    seen = (step.product_id for folded in stories for step in folded.milestones if step.transaction is None)
    return {product for product in (*bought, *seen) if product}


PRODUCTS = """
INSERT INTO products (account_id, id, name)
SELECT %(account)s, wanted.id, coalesce(
    (SELECT product_name FROM purchases p WHERE p.account_id = %(account)s AND p.product_id = wanted.id
        AND p.product_name IS NOT NULL ORDER BY p.as_of DESC, p.key LIMIT 1),
    (SELECT product_name FROM milestones m WHERE m.account_id = %(account)s AND m.product_id = wanted.id
        AND m.transaction IS NULL AND m.product_name IS NOT NULL ORDER BY m.occurred_at DESC, m.kind, m.key LIMIT 1))
FROM unnest(%(products)s::text[]) AS wanted (id)
ON CONFLICT (account_id, id) DO UPDATE SET name = excluded.name WHERE products.name IS DISTINCT FROM excluded.name
"""
PRODUCTS_GONE = """
DELETE FROM products WHERE account_id = %(account)s AND id = ANY(%(products)s)
    AND NOT EXISTS (SELECT 1 FROM purchases p WHERE p.account_id = products.account_id AND p.product_id = products.id)
    AND NOT EXISTS (SELECT 1 FROM milestones m WHERE m.account_id = products.account_id AND m.product_id = products.id
        AND m.transaction IS NULL)
"""


def _recompute_products(tx: Connection, account: Account, products: set[str], *, may_vanish: bool) -> None:
    if not products:
        return
    raw: Any = tx.connection.driver_connection
    wanted = {"account": account.id, "products": list(products)}
    raw.execute(PRODUCTS, wanted)
    if may_vanish:
        raw.execute(PRODUCTS_GONE, wanted)


LEDGER_TABLES = (
    *("aliases", "strangers", "purchases", "milestones", "mentions"),
    *("clients", "client_revenue", "subscriptions", "products", "opportunities"),
)


def clear(tx: Connection, account_id: int) -> None:
    """Take away the whole ledger of an account, for a rebuild in the same transaction."""
    for table in LEDGER_TABLES:
        tx.execute(text(f"DELETE FROM {table} WHERE account_id = :account"), {"account": account_id})


def remember(tx: Connection, account_id: int) -> None:
    """Copy the ledger aside until the transaction ends, for `differences`."""
    for table in LEDGER_TABLES:
        tx.execute(
            text(f"CREATE TEMP TABLE kept_{table} ON COMMIT DROP AS SELECT * FROM {table} WHERE account_id = :account"),
            {"account": account_id},
        )


def differences(tx: Connection, account_id: int) -> dict[str, int]:
    """Rows that differ from those remembered, by table; empty when all are the same."""
    counted = {}
    for table in LEDGER_TABLES:
        now = f"SELECT to_jsonb(t) FROM {table} t WHERE account_id = :account"
        kept = f"SELECT to_jsonb(t) FROM kept_{table} t"
        number = tx.execute(
            text(f"SELECT count(*) FROM (({now} EXCEPT ALL {kept}) UNION ALL ({kept} EXCEPT ALL {now})) d"),
            {"account": account_id},
        ).scalar_one()
        if number:
            counted[table] = int(number)
    return counted
