"""Clients who may be one person: they have the same document or telephone, and nobody said that they are two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.domain import identity

MOST = 5
SHARED_BY_MANY = 10
"""A document or telephone that more clients have (a shop's own, an agency's) suggests nothing."""


class Suggestion(NamedTuple):
    """A client who may be the same person, and why: `document`, `phone`, or both."""

    client: RowMapping
    reasons: tuple[str, ...]


# Written out per field, and put in order only outside: so that the planner takes the index of the field, and never
# walks all clients in the order of the list to find the few.
ALIKE = """
SELECT id, email, name, phone, document, last_seen_at, EXISTS (SELECT 1 FROM strangers s
    WHERE s.account_id = c.account_id AND s.email = ANY(:emails) AND s.other IN (SELECT c.email UNION ALL
        SELECT a.email FROM aliases a WHERE a.account_id = c.account_id AND a.client_email = c.email)) AS is_stranger
FROM (SELECT * FROM clients WHERE account_id = :account AND {field} = :value AND length({field}) <= 40 AND id <> :id
    LIMIT :most) c
ORDER BY last_seen_at DESC, id
"""


def suggestions(tx: Connection, account_id: int, client: RowMapping, emails: Sequence[str]) -> list[Suggestion]:
    """Who may be the same person as this client (a row of `clients`, all its addresses): the last seen first."""
    found: dict[UUID, Suggestion] = {}
    for field in ("document", "phone"):
        for row in _alike(tx, account_id, client, emails, field):
            reasons = found[row["id"]].reasons if row["id"] in found else ()
            found[row["id"]] = Suggestion(row, (*reasons, field))
    # Who shares both comes first; the sort keeps the order of the rest.
    return sorted(found.values(), key=lambda one: -len(one.reasons))[:MOST]


def _alike(
    tx: Connection, account_id: int, client: RowMapping, emails: Sequence[str], field: str
) -> Sequence[RowMapping]:
    if not identity.tells(client[field]):
        return ()
    values = {"account": account_id, "id": client["id"], "value": client[field], "emails": list(emails)}
    rows = tx.execute(text(ALIKE.format(field=field)), {**values, "most": SHARED_BY_MANY + 1}).mappings().all()
    return () if len(rows) > SHARED_BY_MANY else [row for row in rows if not row["is_stranger"]]
