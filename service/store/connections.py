"""The Kommo account that a seller's automations write to, with its token sealed and what is set up there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

from service.store.vault import Vault

COLUMNS = "account_id, origin, token, state, cause, expires_at, kommo_id, connected_at, book, book_at"


class Connected(NamedTuple):
    """One connection. `token` is sealed; `state` is connected, refused (Kommo no longer takes the token), disconnected.

    `book` is JSON of what is set up there, as of `book_at`; None before it was read, or when it proved stale.
    """

    account_id: int
    origin: str
    token: bytes
    state: str
    cause: str | None
    expires_at: datetime | None
    kommo_id: int
    connected_at: datetime
    book: dict[str, Any] | None
    book_at: datetime | None

    def __repr__(self) -> str:
        return f"Connected({self.account_id}, {self.origin}, {self.state})"


class Opening(NamedTuple):
    """What opens an account of Kommo: its address, the token, when that ends, the account's own id there."""

    origin: str
    token: str
    expires_at: datetime | None
    kommo_id: int

    def __repr__(self) -> str:
        return f"Opening({self.origin})"


def find(tx: Connection, account_id: int) -> Connected | None:
    """The connection of an account, in whatever state; None where there never was one."""
    found = tx.execute(
        text(f"SELECT {COLUMNS} FROM kommo_connections WHERE account_id = :account"), {"account": account_id}
    ).one_or_none()
    return None if found is None else Connected(*found)


def connect(tx: Connection, account_id: int, opening: Opening, vault: Vault, now: datetime) -> None:
    """Keep a connection that was checked; it takes the place of the one before, and what waits for it goes on."""
    tx.execute(
        text(
            "INSERT INTO kommo_connections (account_id, origin, token, state, expires_at, kommo_id, connected_at)"
            " VALUES (:account, :origin, :token, 'connected', :expires_at, :kommo_id, :now)"
            " ON CONFLICT (account_id) DO UPDATE SET origin = excluded.origin, token = excluded.token,"
            " state = 'connected', cause = NULL, expires_at = excluded.expires_at, kommo_id = excluded.kommo_id,"
            " connected_at = excluded.connected_at, book = NULL, book_at = NULL"
        ),
        {"account": account_id, "now": now, **opening._asdict(), "token": vault.seal(opening.token)},
    )


def refuse(tx: Connection, connected: Connected, cause: str) -> None:
    """Kommo does not take this token any more: promises wait until somebody connects anew."""
    tx.execute(
        text(
            "UPDATE kommo_connections SET state = 'refused', cause = :cause"
            " WHERE account_id = :account AND state = 'connected' AND token = :token"
        ),
        {"account": connected.account_id, "token": connected.token, "cause": cause},
    )


def accept(tx: Connection, connected: Connected) -> None:
    """Kommo takes the token after all: what waited goes on."""
    tx.execute(
        text(
            "UPDATE kommo_connections SET state = 'connected', cause = NULL"
            " WHERE account_id = :account AND state = 'refused' AND token = :token"
        ),
        {"account": connected.account_id, "token": connected.token},
    )


def disconnect(tx: Connection, account_id: int) -> None:
    """Write no more; what is in Kommo stays there, and the token is forgotten."""
    tx.execute(
        text(
            "UPDATE kommo_connections SET state = 'disconnected', cause = NULL, token = '', book = NULL, book_at = NULL"
            " WHERE account_id = :account"
        ),
        {"account": account_id},
    )


def keep_book(tx: Connection, account_id: int, book: dict[str, Any], now: datetime) -> None:
    """Keep what is set up there."""
    tx.execute(
        text("UPDATE kommo_connections SET book = :book, book_at = :now WHERE account_id = :account"),
        {"account": account_id, "book": orjson.dumps(book).decode(), "now": now},
    )


def forget_book(tx: Connection, account_id: int) -> None:
    """What was kept proved stale: whoever needs it next reads it anew."""
    tx.execute(text("UPDATE kommo_connections SET book_at = NULL WHERE account_id = :account"), {"account": account_id})


def rotate(tx: Connection, vault: Vault) -> int:
    """Seal every token under the newest key; how many. Raises Misconfigured where one cannot be read."""
    rows = tx.execute(text("SELECT account_id, token FROM kommo_connections WHERE token <> '' FOR UPDATE")).all()
    for account_id, token in rows:
        tx.execute(
            text("UPDATE kommo_connections SET token = :token WHERE account_id = :account"),
            {"account": account_id, "token": vault.reseal(token)},
        )
    return len(rows)
