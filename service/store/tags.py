"""Tags on clients: kept like notes, one tag however it is spelled, shown as it was first written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from service.domain.remarks import LONGEST_TAG, MOST_TAGS, MOST_TAGS_OF_ACCOUNT, folded, tag_names, too_long
from service.errors import Conflict, Unprocessable
from service.store.lists import escaped
from service.store.notes import Writer

LOCK = 6
"""Space of the advisory locks on the tags of one account."""


def of_client(tx: Connection, account_id: int, emails: Sequence[str]) -> list[str]:
    """The tags of a client who is known by these e-mails, in the order of the alphabet."""
    rows = tx.execute(
        text(
            "SELECT DISTINCT tags.folded, tags.name FROM client_tags JOIN tags USING (account_id, folded)"
            " WHERE account_id = :account AND client_tags.email = ANY(:emails) ORDER BY tags.folded"
        ),
        {"account": account_id, "emails": list(emails)},
    )
    return [row.name for row in rows]


def names(tx: Connection, account_id: int, *, most: int = 500) -> list[str]:
    """The tags of the account in the order of the alphabet, to choose from; nothing is counted."""
    rows = tx.execute(
        text("SELECT name FROM tags WHERE account_id = :account ORDER BY folded LIMIT :most"),
        {"account": account_id, "most": most},
    )
    return list(rows.scalars())


def of_account(tx: Connection, account_id: int, *, part: str = "", most: int = 200) -> Sequence[RowMapping]:
    """`name` and number of `clients` of the tags in use, the most used first; `part` finds a part of a name."""
    rows = tx.execute(
        text(
            "SELECT tags.name, used.clients FROM tags JOIN LATERAL (SELECT count(*) AS clients FROM client_tags c"
            " WHERE c.account_id = tags.account_id AND c.folded = tags.folded) used ON used.clients > 0"
            " WHERE tags.account_id = :account AND tags.folded LIKE :part"
            " ORDER BY used.clients DESC, tags.folded LIMIT :most"
        ),
        {"account": account_id, "part": f"%{escaped(folded(part))}%", "most": most},
    )
    return rows.mappings().all()


def add(tx: Connection, account_id: int, email: str, written: str, *, by: Writer, now: datetime) -> list[str]:
    """Put the tags of a line such as `VIP, aluna` on a client; their names as written.

    Raises Unprocessable (`tag_empty`, `tag_too_long`) and Conflict (`too_many_tags`, `too_many_account_tags`).
    """
    wanted = tag_names(written)
    if not wanted:
        raise Unprocessable("A tag needs a name.", code="tag_empty")
    if too_long(wanted):
        raise Unprocessable(f"A tag may have {LONGEST_TAG} signs at most.", code="tag_too_long")
    _lock(tx, account_id)
    values = {"account": account_id, "email": email, "by": by.user_id, "now": now}
    values |= {"folded": [folded(name) for name in wanted], "names": wanted}
    tx.execute(
        text(
            "INSERT INTO tags (account_id, folded, name)"
            " SELECT :account, t.folded, t.name FROM unnest(CAST(:folded AS text[]), CAST(:names AS text[]))"
            " AS t (folded, name) ON CONFLICT DO NOTHING"
        ),
        values,
    )
    tx.execute(
        text(
            "INSERT INTO client_tags (account_id, email, folded, added_by, added_at)"
            " SELECT :account, :email, folded, :by, :now FROM unnest(CAST(:folded AS text[])) AS t (folded)"
            " ON CONFLICT DO NOTHING"
        ),
        values,
    )
    _check_limits(tx, account_id, email)
    return wanted


def remove(tx: Connection, account_id: int, emails: Sequence[str], tag: str) -> None:
    """Take a tag off a client, however it is spelled; one that no client has is forgotten with its spelling."""
    _lock(tx, account_id)
    values = {"account": account_id, "emails": list(emails), "folded": folded(tag)}
    tx.execute(
        text("DELETE FROM client_tags WHERE account_id = :account AND email = ANY(:emails) AND folded = :folded"),
        values,
    )
    tx.execute(
        text(
            "DELETE FROM tags WHERE account_id = :account AND folded = :folded"
            " AND NOT EXISTS (SELECT FROM client_tags c WHERE c.account_id = :account AND c.folded = :folded)"
        ),
        values,
    )


def _check_limits(tx: Connection, account_id: int, email: str) -> None:
    """What went over a limit is undone with the transaction it raises in."""
    counted = tx.execute(
        text(
            "SELECT (SELECT count(*) FROM client_tags WHERE account_id = :account AND email = :email) AS here,"
            " (SELECT count(*) FROM tags WHERE account_id = :account) AS anywhere"
        ),
        {"account": account_id, "email": email},
    ).one()
    if counted.here > MOST_TAGS:
        raise Conflict(f"A client may have {MOST_TAGS} tags at most.", code="too_many_tags")
    if counted.anywhere > MOST_TAGS_OF_ACCOUNT:
        raise Conflict(
            f"An account may have {MOST_TAGS_OF_ACCOUNT} different tags at most.", code="too_many_account_tags"
        )


def _lock(tx: Connection, account_id: int) -> None:
    """Be the only one who makes and forgets tags of this account: one who forgets must see who adds."""
    tx.execute(text("SELECT pg_advisory_xact_lock(:space, :account)"), {"space": LOCK, "account": account_id % 2**31})
