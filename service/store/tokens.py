"""What a settings page shows of an account and its tokens, and changes by it. Token texts are never stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import available_timezones

from sqlalchemy import Connection, text

from service.errors import NotFound, Unprocessable


class Kind(StrEnum):
    """Which door a token opens; the value is its table."""

    HOTTOK = "hottoks"
    API = "api_tokens"


class Token(NamedTuple):
    """A valid token: `id` tells it from others and is no secret, `label` is what people know of it."""

    id: str
    label: str
    created_at: datetime
    used_at: datetime | None


LABEL = {Kind.HOTTOK: "hint", Kind.API: "label"}
BY_ID = "account_id = :account AND revoked_at IS NULL AND left(encode(digest, 'hex'), 16) = :id"


def valid(tx: Connection, account_id: int, kind: Kind) -> list[Token]:
    """The account's valid tokens of one kind, oldest first."""
    rows = tx.execute(
        text(
            f"SELECT left(encode(digest, 'hex'), 16), {LABEL[kind]}, created_at, used_at FROM {kind}"
            " WHERE account_id = :account AND revoked_at IS NULL ORDER BY created_at, digest"
        ),
        {"account": account_id},
    )
    return [Token(*row) for row in rows]


def revoke(tx: Connection, account_id: int, kind: Kind, token_id: str) -> None:
    """Let this token in no more. Raises NotFound."""
    changed = tx.execute(
        text(f"UPDATE {kind} SET revoked_at = now() WHERE {BY_ID}"), {"account": account_id, "id": token_id}
    )
    if not changed.rowcount:
        raise NotFound("There is no such token.")


def note_use(tx: Connection, account_id: int, kind: Kind, digest: bytes, now: datetime) -> None:
    """This token was used just now."""
    tx.execute(
        text(f"UPDATE {kind} SET used_at = greatest(used_at, :now) WHERE account_id = :account AND digest = :digest"),
        {"account": account_id, "digest": digest, "now": now},
    )


def describe_account(tx: Connection, account_id: int, name: str, timezone: str) -> None:
    """Change how an account is called and whose days are its days. Raises Unprocessable."""
    if not name.strip():
        raise Unprocessable("The account needs a name.", code="name_missing")
    if timezone not in available_timezones():
        raise Unprocessable("Choose a time zone such as America/Sao_Paulo.", code="timezone_unknown")
    tx.execute(
        text("UPDATE accounts SET name = :name, timezone = :timezone WHERE id = :id"),
        {"id": account_id, "name": name.strip(), "timezone": timezone},
    )
