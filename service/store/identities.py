"""Which addresses are one client: written with the ledger, asked whenever something is given its owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.domain import identity
from service.domain.ledger import Alias, Folded, client_id
from service.store.accounts import Account


class People(NamedTuple):
    """Whose some addresses are: those that go by another one, and all addresses of whoever has more than one."""

    known_by: Mapping[str, str]
    addresses: Mapping[str, Sequence[str]]

    def client_of(self, email: str) -> str:
        """The address its client is known by."""
        return self.known_by.get(email, email)

    def emails_of(self, client_email: str) -> Sequence[str]:
        """All addresses of a client."""
        return self.addresses.get(client_email, (client_email,))


class Move(NamedTuple):
    """One address whose things change hands: from the client known by the one address to that by the other."""

    email: str
    old: str
    new: str


# Each half by an index, however many aliases there are: joined to the list of e-mails it would read them all.
OF_ADDRESSES = """
WITH own AS MATERIALIZED (
    SELECT client_email FROM aliases WHERE account_id = %(account)s AND email = ANY(%(emails)s))
SELECT email, client_email FROM aliases WHERE account_id = %(account)s AND client_email = ANY(%(emails)s)
UNION SELECT a.email, a.client_email FROM own
JOIN aliases a ON a.account_id = %(account)s AND a.client_email = own.client_email
"""


def people(tx: Connection, account_id: int, emails: Iterable[str]) -> People:
    """Whose these addresses are, with every other address of the same clients."""
    raw: Any = tx.connection.driver_connection
    known_by: dict[str, str] = dict(
        raw.execute(OF_ADDRESSES, {"account": account_id, "emails": list(emails)}).fetchall()
    )
    addresses: dict[str, list[str]] = defaultdict(list)
    for email, client_email in sorted(known_by.items()):
        if email != client_email:
            addresses[client_email].append(email)
    return People(known_by, {client: [client, *others] for client, others in addresses.items()})


NEAR = """
WITH RECURSIVE near (email) AS (
    SELECT unnest(%(emails)s::text[])
    UNION SELECT CASE WHEN a.email = near.email THEN a.into_email ELSE a.email END FROM near
    JOIN aliases a ON a.account_id = %(account)s AND (a.email = near.email OR a.into_email = near.email))
SELECT email, into_email, client_email FROM aliases WHERE account_id = %(account)s AND email IN (SELECT email FROM near)
"""
WRITE = """
INSERT INTO aliases (account_id, email, id, into_email, client_email, client_id, since, delivery_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (account_id, email) DO UPDATE SET into_email = excluded.into_email, client_email = excluded.client_email,
    client_id = excluded.client_id, since = excluded.since, delivery_id = excluded.delivery_id
"""
RESOLVE = "UPDATE aliases SET client_email = %s, client_id = %s WHERE account_id = %s AND email = %s"


def write(tx: Connection, account: Account, old: Sequence[Folded], new: Sequence[Folded]) -> list[Move]:
    """Make the stored aliases and strangers of these stories those of `new`; the addresses that change hands by it."""
    was = {alias.email: alias for folded in old for alias in folded.aliases}
    now = {alias.email: alias for folded in new for alias in folded.aliases}
    _write_strangers(tx, account.id, old, new)
    changed = {email for email in was.keys() | now.keys() if was.get(email) != now.get(email)}
    return _write_aliases(tx, account, changed, now) if changed else []


def _write_aliases(tx: Connection, account: Account, changed: set[str], now: Mapping[str, Alias]) -> list[Move]:
    raw: Any = tx.connection.driver_connection
    around = [*changed, *(now[email].into_email for email in changed if email in now)]
    stored = raw.execute(NEAR, {"account": account.id, "emails": around}).fetchall()
    known_by = {email: client_email for email, _, client_email in stored}
    into = {email: into_email for email, into_email, _ in stored if email not in changed}
    into |= {email: now[email].into_email for email in changed if email in now}
    ends = identity.resolved(into)
    gone = sorted(changed - now.keys())
    raw.execute("DELETE FROM aliases WHERE account_id = %s AND email = ANY(%s)", (account.id, gone))
    for email, end in sorted(ends.items()):
        owner = client_id(account.salt, end)
        if email in changed:
            row = (email, client_id(account.salt, email), now[email].into_email, end, owner, *now[email][2:])
            raw.execute(WRITE, (account.id, *row))
        elif known_by[email] != end:
            raw.execute(RESOLVE, (end, owner, account.id, email))
    hands = {email: (known_by.get(email, email), ends.get(email, email)) for email in {*known_by, *ends, *gone}}
    return [Move(email, *hand) for email, hand in sorted(hands.items()) if hand[0] != hand[1]]


def _write_strangers(tx: Connection, account_id: int, old: Sequence[Folded], new: Sequence[Folded]) -> None:
    was = {stranger for folded in old for stranger in folded.strangers}
    now = {stranger for folded in new for stranger in folded.strangers}
    raw: Any = tx.connection.driver_connection
    for stranger in sorted(was - now):
        raw.execute(
            "DELETE FROM strangers WHERE account_id = %s AND email = %s AND other = %s", (account_id, *stranger)
        )
    for stranger in sorted(now - was):
        raw.execute(
            "INSERT INTO strangers (account_id, email, other) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (account_id, *stranger),
        )


def hand_over(tx: Connection, account: Account, moves: Sequence[Move]) -> None:
    """Give everything of these addresses to their new clients: purchases, milestones, subscriptions."""
    if not moves:
        return
    raw: Any = tx.connection.driver_connection
    columns = (
        [move.email for move in moves],
        [client_id(account.salt, move.old) for move in moves],
        [client_id(account.salt, move.new) for move in moves],
    )
    for table in ("purchases", "milestones", "subscriptions"):
        raw.execute(
            f"UPDATE {table} t SET client_id = move.new FROM unnest(%s::text[], %s::uuid[], %s::uuid[])"
            " AS move (email, old, new) WHERE t.account_id = %s AND t.client_id = move.old AND t.email = move.email",
            (*columns, account.id),
        )


def emails_of(tx: Connection, account_id: int, client_id: UUID) -> list[str]:
    """All addresses of a client, the one it is known by first; none where there is no such client."""
    rows = tx.execute(
        text(
            "SELECT email FROM clients WHERE account_id = :account AND id = :id UNION ALL"
            " SELECT * FROM (SELECT a.email FROM clients c JOIN aliases a ON a.account_id = c.account_id"
            " AND a.client_email = c.email AND a.email <> c.email WHERE c.account_id = :account AND c.id = :id"
            " ORDER BY a.email) others"
        ),
        {"account": account_id, "id": client_id},
    )
    return list(rows.scalars())


def client_with(tx: Connection, account_id: int, email: str) -> UUID | None:
    """The client who has this address, by whichever one it is known; None where there is none."""
    found: UUID | None = tx.execute(
        text(
            "SELECT id FROM clients WHERE account_id = :account AND email = coalesce((SELECT client_email FROM aliases"
            " WHERE account_id = :account AND email = :email), :email)"
        ),
        {"account": account_id, "email": email},
    ).scalar_one_or_none()
    return found


def survivor(tx: Connection, account_id: int, client_id: UUID) -> UUID | None:
    """The client that one was merged into, by the id it had before; None where it is no client's old id."""
    found: UUID | None = tx.execute(
        text("SELECT client_id FROM aliases WHERE account_id = :account AND id = :id AND client_id <> id"),
        {"account": account_id, "id": client_id},
    ).scalar_one_or_none()
    return found


def bonds(tx: Connection, account_id: int, client_email: str) -> dict[str, str]:
    """Whose each address of this client is said to be: address to address."""
    rows = tx.execute(
        text("SELECT email, into_email FROM aliases WHERE account_id = :account AND client_email = :email"),
        {"account": account_id, "email": client_email},
    )
    return {row.email: row.into_email for row in rows}


def merges(tx: Connection, account_id: int, client_id: UUID) -> Sequence[RowMapping]:
    """The addresses merged into this client: email, into_email, since, delivery_id, and `by`, a user's name or None."""
    return (
        tx.execute(
            text(
                "SELECT a.email, a.into_email, a.since, a.delivery_id, u.name AS by FROM aliases a"
                " LEFT JOIN facts f ON f.account_id = a.account_id AND f.subject = 'i:' || a.email"
                " AND f.delivery_id = a.delivery_id"
                " LEFT JOIN users u ON u.id = (f.fields ->> 'by')::bigint"
                " WHERE a.account_id = :account AND a.client_id = :id AND a.id <> :id ORDER BY a.since, a.email"
            ),
            {"account": account_id, "id": client_id},
        )
        .mappings()
        .all()
    )
