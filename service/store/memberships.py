"""What people are in an account, and invitations to become something there."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.domain.roles import Role
from service.errors import Conflict, NotFound
from service.store import accounts
from service.store.accounts import Account, digest_of
from service.store.users import folded

VALID_FOR = timedelta(days=7)


class Membership(NamedTuple):
    """An account, and what somebody is in it."""

    account: Account
    role: Role


class Person(NamedTuple):
    """Somebody in an account."""

    id: int
    name: str
    email: str
    role: Role
    since: datetime


class Invitation(NamedTuple):
    """An open invitation; `id` tells it from others in forms and is no secret."""

    id: str
    account_id: int
    email: str
    role: Role
    expires_at: datetime


ACCOUNT = ", ".join(f"a.{column.strip()}" for column in accounts.COLUMNS.split(","))
INVITATION = "left(encode(digest, 'hex'), 16) AS id, account_id, email, role, expires_at"


def of_user(tx: Connection, user_id: int) -> list[Membership]:
    """The accounts somebody belongs to, by name."""
    rows = tx.execute(
        text(
            f"SELECT {ACCOUNT}, m.role AS part FROM memberships m JOIN accounts a ON a.id = m.account_id"
            " WHERE m.user_id = :user ORDER BY lower(a.name), a.id"
        ),
        {"user": user_id},
    )
    return [Membership(Account(*row[:-1]), Role(row.part)) for row in rows]


def people(tx: Connection, account_id: int) -> list[Person]:
    """Everybody in an account, the longest there first."""
    rows = tx.execute(
        text(
            "SELECT u.id, u.name, u.email, m.role, m.created_at FROM memberships m JOIN users u ON u.id = m.user_id"
            " WHERE m.account_id = :account ORDER BY m.created_at, u.id"
        ),
        {"account": account_id},
    )
    return [Person(row.id, row.name, row.email, Role(row.role), row.created_at) for row in rows]


def join(tx: Connection, account_id: int, user_id: int, role: Role) -> None:
    """Make somebody a member, or change what they are. Raises Conflict where nobody would own the account."""
    _keep_an_owner(tx, account_id, user_id, role)
    tx.execute(
        text(
            "INSERT INTO memberships (account_id, user_id, role) VALUES (:account, :user, :role)"
            " ON CONFLICT (account_id, user_id) DO UPDATE SET role = excluded.role"
        ),
        {"account": account_id, "user": user_id, "role": role},
    )


def change_role(tx: Connection, account_id: int, user_id: int, role: Role) -> None:
    """Change what a member is. Raises NotFound, Conflict where nobody would own the account."""
    _keep_an_owner(tx, account_id, user_id, role)
    changed = tx.execute(
        text("UPDATE memberships SET role = :role WHERE account_id = :account AND user_id = :user"),
        {"account": account_id, "user": user_id, "role": role},
    )
    if not changed.rowcount:
        raise NotFound("There is nobody like that in this account.")


def leave(tx: Connection, account_id: int, user_id: int) -> None:
    """Take somebody out of an account. Raises NotFound, Conflict where nobody would own it."""
    _keep_an_owner(tx, account_id, user_id, None)
    gone = tx.execute(
        text("DELETE FROM memberships WHERE account_id = :account AND user_id = :user"),
        {"account": account_id, "user": user_id},
    )
    if not gone.rowcount:
        raise NotFound("There is nobody like that in this account.")


def _keep_an_owner(tx: Connection, account_id: int, user_id: int, becomes: Role | None) -> None:
    # The account's row is locked: two owners who demote each other at once must not both succeed.
    tx.execute(text("SELECT 1 FROM accounts WHERE id = :account FOR UPDATE"), {"account": account_id})
    owners = tx.execute(
        text("SELECT user_id FROM memberships WHERE account_id = :account AND role = 'owner'"), {"account": account_id}
    ).scalars()
    if set(owners) == {user_id} and becomes is not Role.OWNER:
        raise Conflict("An account needs an owner. Make somebody else an owner first.", code="last_owner")


def invite(tx: Connection, account_id: int, email: str, role: Role, now: datetime) -> str:
    """The secret of a one-time invitation, shown this once; it replaces an earlier one to the same address.

    Raises Conflict when that person is in the account already.
    """
    if any(person.email == folded(email) for person in people(tx, account_id)):
        raise Conflict("This person is already in the account.", code="already_there")
    token = secrets.token_urlsafe(32)
    tx.execute(
        text("DELETE FROM invitations WHERE account_id = :account AND (email = :email OR expires_at < :now)"),
        {"account": account_id, "email": folded(email), "now": now},
    )
    tx.execute(
        text(
            "INSERT INTO invitations (account_id, digest, email, role, expires_at)"
            " VALUES (:account, :digest, :email, :role, :expires_at)"
        ),
        {
            "account": account_id,
            "digest": digest_of(token),
            "email": folded(email),
            "role": role,
            "expires_at": now + VALID_FOR,
        },
    )
    return token


def invitations(tx: Connection, account_id: int, now: datetime) -> list[Invitation]:
    """Open invitations of an account, newest first."""
    rows = tx.execute(
        text(
            f"SELECT {INVITATION} FROM invitations WHERE account_id = :account AND expires_at > :now"
            " ORDER BY created_at DESC, digest"
        ),
        {"account": account_id, "now": now},
    )
    return [Invitation(row.id, row.account_id, row.email, Role(row.role), row.expires_at) for row in rows]


def withdraw(tx: Connection, account_id: int, invitation_id: str) -> None:
    """Take an invitation back. Raises NotFound."""
    gone = tx.execute(
        text("DELETE FROM invitations WHERE account_id = :account AND left(encode(digest, 'hex'), 16) = :id"),
        {"account": account_id, "id": invitation_id},
    )
    if not gone.rowcount:
        raise NotFound("There is no such invitation.")


def invitation(tx: Connection, token: str, now: datetime, *, take: bool = False) -> Invitation:
    """The open invitation with this secret; with `take` it is used up. Raises NotFound."""
    # One statement takes it: of two who follow the link at once only one finds it.
    statement = "DELETE FROM invitations {} RETURNING {}" if take else "SELECT {1} FROM invitations {0}"
    row = tx.execute(
        text(statement.format("WHERE digest = :digest AND expires_at > :now", INVITATION)),
        {"digest": digest_of(token), "now": now},
    ).one_or_none()
    if row is None:
        raise NotFound("This invitation was used, taken back or is too old. Ask for a new one.")
    return Invitation(row.id, row.account_id, row.email, Role(row.role), row.expires_at)
