"""Accounts, their webhook tokens and their API tokens. Only digests of tokens are stored."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, text

from service.domain.plans import MONTHLY_IMPORTS
from service.errors import Conflict, NotFound, Unprocessable

ROLES = ("producer", "coproducer", "affiliate")
TOKEN_MARK = "marco"  # noqa: S105  # what every token begins with, no secret


class Account(NamedTuple):
    """One Hotmart seller.

    `refund_days` are given to decide on a refund asked for; `sck_separator` parts the words of an SCK; a share of
    chargebacks above `chargeback_line` is too many; `automated` tells that there may be automations that are on.
    """

    id: int
    key: str
    name: str
    timezone: str
    role: str
    salt: bytes
    created_at: datetime
    plan: str
    refund_days: int
    sck_separator: str
    chargeback_line: Decimal
    automated: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days are this seller's days."""
        return ZoneInfo(self.timezone)


class Admission(NamedTuple):
    """What the doors need to know of one account."""

    account: Account
    hottoks: frozenset[bytes]
    api_tokens: frozenset[bytes]
    crm_hooks: frozenset[bytes] = frozenset()


COLUMNS = (
    "id, key, name, timezone, role, salt, created_at, plan, refund_days, sck_separator, chargeback_line, automated"
)


def digest_of(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def create(tx: Connection, name: str, timezone: str, role: str = "producer") -> Account:
    """A new account with a random key, salt and no tokens yet."""
    if not name.strip():
        raise Unprocessable("The account needs a name.", code="name_missing")
    if timezone not in available_timezones():
        raise Unprocessable(
            f"'{timezone}' is no time zone. Use a name such as America/Sao_Paulo.", code="timezone_unknown"
        )
    if role not in ROLES:
        raise Unprocessable(f"'{role}' is no role. Use one of {', '.join(ROLES)}.", code="role_unknown")
    row = tx.execute(
        text(
            f"INSERT INTO accounts (key, name, timezone, role, salt) VALUES (:key, :name, :timezone, :role, :salt)"
            f" RETURNING {COLUMNS}"
        ),
        {
            "key": secrets.token_hex(8),
            "name": name.strip(),
            "timezone": timezone,
            "role": role,
            "salt": secrets.token_bytes(16),
        },
    ).one()
    return Account(*row)


def every(tx: Connection) -> list[Account]:
    """All accounts, oldest first."""
    return [Account(*row) for row in tx.execute(text(f"SELECT {COLUMNS} FROM accounts ORDER BY id"))]


def named(tx: Connection, name_or_key: str | None) -> Account:
    """The account with this key or name; the only one when none is named. Raises NotFound, or Conflict when unclear."""
    accounts = every(tx)
    if name_or_key is None:
        if len(accounts) > 1:
            raise Conflict("There are several accounts: say which with --account NAME-OR-KEY.", code="account_unclear")
        found = accounts
    else:
        found = [account for account in accounts if name_or_key in (account.key, account.name)]
    if not found:
        raise NotFound("No such account. Make one with: flask --app wsgi account create NAME --hottok TOKEN")
    if len(found) > 1:
        raise Conflict(f"Several accounts are called '{name_or_key}': use the key.", code="account_unclear")
    return found[0]


def with_id(tx: Connection, account_id: int) -> Account:
    """The account with this id."""
    row = tx.execute(text(f"SELECT {COLUMNS} FROM accounts WHERE id = :id"), {"id": account_id}).one_or_none()
    if row is None:
        raise NotFound("No such account.")
    return Account(*row)


def lock(tx: Connection, account_id: int) -> Account:
    """The account as it is now, held until the transaction ends: for decisions that count what it has."""
    row = tx.execute(
        text(f"SELECT {COLUMNS} FROM accounts WHERE id = :id FOR NO KEY UPDATE"), {"id": account_id}
    ).one_or_none()
    if row is None:
        raise NotFound("No such account.")
    return Account(*row)


def set_plan(tx: Connection, account_id: int, plan: str) -> None:
    """Put an account on another plan. Raises Unprocessable for one that does not exist."""
    if plan not in MONTHLY_IMPORTS:
        raise Unprocessable(f"'{plan}' is no plan. Use one of {', '.join(MONTHLY_IMPORTS)}.", code="plan_unknown")
    tx.execute(text("UPDATE accounts SET plan = :plan WHERE id = :id"), {"plan": plan, "id": account_id})


def add_hottok(tx: Connection, account_id: int, hottok: str) -> None:
    """Let this webhook token in; several may be valid at once, so that one can be replaced without a gap."""
    token = hottok.strip()
    if not token:
        raise Unprocessable("The hottok is empty. Copy it from Hotmart: Tools, Webhook, Authentication.")
    tx.execute(
        text(
            "INSERT INTO hottoks (account_id, digest, hint) VALUES (:account, :digest, :hint)"
            " ON CONFLICT (account_id, digest) DO UPDATE SET revoked_at = NULL"
        ),
        {"account": account_id, "digest": digest_of(token), "hint": token[-4:] if len(token) >= 16 else ""},
    )


def revoke_hottok(tx: Connection, account_id: int, hottok: str) -> bool:
    """Let this webhook token in no more; False when it was not valid."""
    changed = tx.execute(
        text(
            "UPDATE hottoks SET revoked_at = now()"
            " WHERE account_id = :account AND digest = :digest AND revoked_at IS NULL"
        ),
        {"account": account_id, "digest": digest_of(hottok.strip())},
    )
    return changed.rowcount > 0


def add_api_token(tx: Connection, account_id: int, label: str) -> str:
    """A new API token, shown this once: only its digest is kept."""
    key = tx.execute(text("SELECT key FROM accounts WHERE id = :id"), {"id": account_id}).scalar_one()
    token = f"{TOKEN_MARK}_{key}_{secrets.token_urlsafe(32)}"
    tx.execute(
        text("INSERT INTO api_tokens (account_id, digest, label) VALUES (:account, :digest, :label)"),
        {"account": account_id, "digest": digest_of(token), "label": label},
    )
    return token


def revoke_api_token(tx: Connection, account_id: int, token_or_label: str) -> int:
    """Revoke API tokens by the token itself or by label; the number revoked."""
    changed = tx.execute(
        text(
            "UPDATE api_tokens SET revoked_at = now() WHERE account_id = :account AND revoked_at IS NULL"
            " AND (digest = :digest OR label = :label)"
        ),
        {"account": account_id, "digest": digest_of(token_or_label), "label": token_or_label},
    )
    return changed.rowcount


def admissions(tx: Connection) -> dict[str, Admission]:
    """Every account by key with the digests of its valid tokens."""
    hottoks = _digests(tx, "hottoks")
    api_tokens = _digests(tx, "api_tokens")
    crm_hooks = _digests(tx, "crm_hooks")
    none: frozenset[bytes] = frozenset()
    return {
        account.key: Admission(account, *(kind.get(account.id, none) for kind in (hottoks, api_tokens, crm_hooks)))
        for account in every(tx)
    }


def _digests(tx: Connection, table: str) -> dict[int, frozenset[bytes]]:
    rows = tx.execute(
        text(f"SELECT account_id, array_agg(digest) FROM {table} WHERE revoked_at IS NULL GROUP BY account_id")
    )
    return {account_id: frozenset(bytes(digest) for digest in digests) for account_id, digests in rows}
