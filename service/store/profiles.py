"""Reading one client's profile: who they are, their money, what they own, what can still be won, what they bought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.errors import NotFound
from service.store import identities
from service.store.opportunities import Part, Place

MOST_OPPORTUNITIES = 20


class Bought(NamedTuple):
    """Which purchases of a client. A currency is that of the gross amount, and leaves out those without one."""

    category: str | None = None
    status: str | None = None
    currency: str | None = None


def client(tx: Connection, account_id: int, client_id: UUID) -> RowMapping | None:
    """One client's row."""
    found = tx.execute(
        text("SELECT * FROM clients WHERE account_id = :account AND id = :id"), {"account": account_id, "id": client_id}
    )
    return found.mappings().one_or_none()


def now_known_as(tx: Connection, account_id: int, client_id: UUID) -> UUID | None:
    """The client an address belongs to since it was merged, by the id its own client had; None for no such id."""
    found: UUID | None = tx.execute(
        text("SELECT client_id FROM aliases WHERE account_id = :account AND id = :id"),
        {"account": account_id, "id": client_id},
    ).scalar()
    return found


def emails(tx: Connection, account_id: int, email: str) -> Sequence[str]:
    """Every e-mail of the client who is known by this one, that one first."""
    return identities.people(tx, account_id, [email]).emails_of(email)


def revenue(tx: Connection, account_id: int, client_id: UUID) -> Sequence[RowMapping]:
    """A client's money, one row per currency, the one with most sold first.

    `active`, `lost`, `disputed` and `pending` are gross; `purchases`, `first_at` and `last_at` are of active ones.
    """
    rows = tx.execute(
        text(
            "SELECT * FROM client_revenue WHERE account_id = :account AND client_id = :client"
            " ORDER BY purchases DESC, currency"
        ),
        {"account": account_id, "client": client_id},
    )
    return rows.mappings().all()


def open_opportunities(tx: Connection, account_id: int, client_id: UUID) -> Sequence[RowMapping]:
    """What this client could still buy: the last attempt at each product, the latest first, 20 at most."""
    rows = tx.execute(
        text(
            "SELECT * FROM opportunities WHERE account_id = :account AND client_id = :client AND state = 'open'"
            " ORDER BY last_at DESC, key LIMIT :most"
        ),
        {"account": account_id, "client": client_id, "most": MOST_OPPORTUNITIES},
    )
    return rows.mappings().all()


MOMENT = "coalesce(approved_at, ordered_at, as_of)"
CONDITIONS = {
    "category": " AND category = :category",
    "status": " AND status = :status",
    "currency": " AND gross_currency = :currency AND gross_value IS NOT NULL",
}


def purchases(
    tx: Connection, account_id: int, client_id: UUID, wanted: Bought, *, after: Place | None = None, size: int = 50
) -> Part:
    """Purchases of a client, the last first by the moment of approval, else of the order."""
    asked = {name: value for name, value in wanted._asdict().items() if value is not None}
    conditions = "".join(CONDITIONS[name] for name in asked)
    if after is not None:
        conditions += f" AND ({MOMENT}, key) < (:after_at, :after_key)"
        asked |= {"after_at": after.at, "after_key": after.key}
    rows = (
        tx.execute(
            text(
                f"SELECT *, {MOMENT} AS listed_at FROM purchases WHERE account_id = :account AND client_id = :client"
                f"{conditions} ORDER BY {MOMENT} DESC, key DESC LIMIT :size"
            ),
            {"account": account_id, "client": client_id, "size": size + 1, **asked},
        )
        .mappings()
        .all()
    )
    return Part(rows[:size], Place(rows[size - 1]["listed_at"], rows[size - 1]["key"]) if len(rows) > size else None)


def count_purchases(tx: Connection, account_id: int, client_id: UUID, wanted: Bought) -> int:
    """How many purchases of a client there are of that kind."""
    asked = {name: value for name, value in wanted._asdict().items() if value is not None}
    found = tx.execute(
        text(
            "SELECT count(*) FROM purchases WHERE account_id = :account AND client_id = :client"
            + "".join(CONDITIONS[name] for name in asked)
        ),
        {"account": account_id, "client": client_id, **asked},
    )
    return int(found.scalar_one())


def known(tx: Connection, account_id: int, client_id: UUID) -> RowMapping:
    """The client with this id, or the one an address with this id belongs to since it was merged. Raises NotFound."""
    found = client(tx, account_id, client_id)
    if found is None and (now := now_known_as(tx, account_id, client_id)) is not None:
        found = client(tx, account_id, now)
    if found is None:
        raise NotFound("There is no such client.")
    return found
