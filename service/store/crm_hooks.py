"""The address a CRM tells us things at: its secret, and how its subscription was when we looked."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.store.accounts import digest_of
from service.store.vault import Vault

FOUND = ("well", "missing", "disabled", "incomplete")
"""How a subscription was found when we looked; it was mended then. Any other state is the code of an error."""


class Listening(NamedTuple):
    """An address that is to be watched, of an account that is connected.

    `sealed` is its secret, `looked_until` the newest change of a lead that was seen there, `state` how the
    subscription was found the last time.
    """

    account_id: int
    account_key: str
    digest: bytes
    sealed: bytes
    looked_until: datetime
    state: str | None


class Standing(NamedTuple):
    """How an address stands: found how and when, heard of when (in 30 days), its subscription renewed how often."""

    state: str | None
    checked_at: datetime | None
    heard_at: datetime | None
    renewed: int


def add(tx: Connection, account_id: int, vault: Vault) -> str:
    """A new secret; older ones stay valid until they are revoked, so that one can be replaced without a gap.

    The door knows it by its digest. It is kept sealed besides, because watching a subscription takes its address.
    """
    secret = secrets.token_urlsafe(32)
    tx.execute(
        text("INSERT INTO crm_hooks (account_id, digest, sealed) VALUES (:account, :digest, :sealed)"),
        {"account": account_id, "digest": digest_of(secret), "sealed": vault.seal(secret)},
    )
    return secret


def provide(tx: Connection, account_id: int, vault: Vault) -> None:
    """See that the account has an address; the watcher then has Kommo told of it."""
    if state_of(tx, account_id) is None:
        add(tx, account_id, vault)


def rotate(tx: Connection, vault: Vault) -> int:
    """Seal the live secrets of all accounts under the newest key; how many."""
    rows = tx.execute(text("SELECT account_id, digest, sealed FROM crm_hooks WHERE revoked_at IS NULL FOR UPDATE"))
    resealed = [
        {"account": account_id, "digest": digest, "sealed": vault.reseal(sealed)} for account_id, digest, sealed in rows
    ]
    if resealed:
        tx.execute(
            text("UPDATE crm_hooks SET sealed = :sealed WHERE account_id = :account AND digest = :digest"), resealed
        )
    return len(resealed)


def revoke_others(tx: Connection, account_id: int, secret: str | None = None) -> int:
    """Let no other secret in than this one, or none at all; the number revoked."""
    changed = tx.execute(
        text(
            "UPDATE crm_hooks SET revoked_at = now() WHERE account_id = :account AND revoked_at IS NULL"
            " AND digest <> :kept"
        ),
        {"account": account_id, "kept": digest_of(secret) if secret is not None else b""},
    )
    return changed.rowcount


DUE = """
UPDATE crm_hooks h SET checked_at = :now FROM (
    SELECT DISTINCT ON (n.account_id) n.account_id, n.digest, a.key FROM crm_hooks n
    JOIN kommo_connections c ON c.account_id = n.account_id AND c.state = 'connected'
    JOIN accounts a ON a.id = n.account_id
    WHERE n.revoked_at IS NULL ORDER BY n.account_id, n.created_at DESC, n.digest
) newest
WHERE h.account_id = newest.account_id AND h.digest = newest.digest
    AND (h.checked_at IS NULL OR h.checked_at < :before)
RETURNING h.account_id, newest.key, h.digest, h.sealed, coalesce(h.looked_until, h.created_at), h.state
"""


def due(tx: Connection, before: datetime, now: datetime) -> list[Listening]:
    """The newest address of each connected account that was last watched before this; from now on it was at `now`."""
    return [Listening(*row) for row in tx.execute(text(DUE), {"before": before, "now": now})]


def note(tx: Connection, one: Listening, state: str, looked_until: datetime) -> None:
    """Keep how a subscription was found (a word of the connector, or the code of an error) and how far we looked."""
    tx.execute(
        text(
            "UPDATE crm_hooks SET state = :state, looked_until = :until"
            " WHERE account_id = :account AND digest = :digest"
        ),
        {"account": one.account_id, "digest": one.digest, "state": state, "until": looked_until},
    )


def live(tx: Connection, account_id: int) -> list[bytes]:
    """The sealed secrets of the addresses that are let in."""
    rows = tx.execute(
        text("SELECT sealed FROM crm_hooks WHERE account_id = :account AND revoked_at IS NULL"), {"account": account_id}
    )
    return [bytes(sealed) for sealed in rows.scalars()]


# What our own looking found is kept as a hook, too, but nobody told us.
HEARD = """
SELECT (SELECT max(received_at) FROM deliveries WHERE account_id = :account AND source = 'kommo' AND NOT variant
        AND import_id IS NULL AND event IS DISTINCT FROM 'lead_found'
        AND received_at > now() - interval '30 days') AS heard_at,
    coalesce((SELECT number FROM tallies WHERE account_id = :account AND name = :renewed), 0) AS renewed
"""
RENEWED = "kommo_hooks_renewed"


def standing(tx: Connection, account_id: int) -> Standing | None:
    """How the newest address of an account stands; None where it has none."""
    found = state_of(tx, account_id)
    if found is None:
        return None
    more = tx.execute(text(HEARD), {"account": account_id, "renewed": RENEWED}).one()
    return Standing(*found, more.heard_at, more.renewed)


def state_of(tx: Connection, account_id: int) -> tuple[str | None, datetime | None] | None:
    """(state, when it was looked at) of the newest address of an account; None where it has none."""
    found = tx.execute(
        text(
            "SELECT state, checked_at FROM crm_hooks WHERE account_id = :account AND revoked_at IS NULL"
            " ORDER BY created_at DESC, digest LIMIT 1"
        ),
        {"account": account_id},
    ).one_or_none()
    return None if found is None else (found.state, found.checked_at)
