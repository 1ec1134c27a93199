"""What a client is, or would be, with some addresses and no others: shown before clients are merged or separated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from service.domain import mentions
from service.domain.ledger import Mention
from service.domain.revenue import Revenue
from service.store import pursuits


class Portrait(NamedTuple):
    """One client, by the addresses it has: `email` is the one it is known by, the first of `emails`.

    `profile` holds the newest value of each contact field; `purchases` counts all of them, whatever became of them;
    `opportunities` are those still open.
    """

    email: str
    emails: Sequence[str]
    first_seen_at: datetime
    last_seen_at: datetime
    profile: Mapping[str, Any]
    revenue: Sequence[Revenue]
    purchases: int
    products: Sequence[str]
    subscriptions: int
    opportunities: int


OF_ADDRESSES = "account_id = :account AND client_id = ANY(:ids) AND email = ANY(:emails)"
MENTIONS = """
SELECT kind, about, story, subject, first_at, last_at, layers FROM mentions
WHERE account_id = :account AND kind = 'client' AND about = ANY(:emails) ORDER BY about, story
"""
COUNTS = f"""
SELECT (SELECT count(*) FROM purchases WHERE {OF_ADDRESSES}) AS purchases,
    (SELECT count(*) FROM subscriptions WHERE {OF_ADDRESSES}) AS subscriptions,
    ARRAY(SELECT coalesce(max(product_name), product_id) FROM purchases
        WHERE {OF_ADDRESSES} AND category IN ('active', 'disputed') AND coalesce(product_id, product_name) IS NOT NULL
        GROUP BY product_id, CASE WHEN product_id IS NULL THEN product_name END ORDER BY 1) AS products
"""
REVENUE = f"""
SELECT currency, coalesce(sum(amount) FILTER (WHERE slot = 'active'), 0) AS active,
    coalesce(sum(amount) FILTER (WHERE slot = 'lost'), 0) AS lost,
    coalesce(sum(amount) FILTER (WHERE slot = 'disputed'), 0) AS disputed,
    coalesce(sum(amount) FILTER (WHERE slot = 'pending'), 0) AS pending,
    coalesce(sum(amount) FILTER (WHERE slot = 'net'), 0) AS net
FROM (
    SELECT gross_currency AS currency, category AS slot, gross_value AS amount FROM purchases
    WHERE {OF_ADDRESSES} AND gross_currency IS NOT NULL AND gross_value IS NOT NULL
    UNION ALL SELECT net_currency, 'net', net_value FROM purchases
    WHERE {OF_ADDRESSES} AND category = 'active' AND net_currency IS NOT NULL AND net_value IS NOT NULL
) sums GROUP BY currency ORDER BY currency
"""


def portrait(tx: Connection, account_id: int, ids: Sequence[UUID], emails: Sequence[str]) -> Portrait | None:
    """Who would be known by the first of `emails` and have all of them; `ids` are the clients that have them now.

    None where nothing was ever told of any of these addresses (any more): then there would be no client.
    """
    wanted = {"account": account_id, "ids": list(ids), "emails": list(emails)}
    said = _said(tx, wanted)
    if not said:
        return None
    counted = tx.execute(text(COUNTS), wanted).one()
    client = mentions.client_of(said, emails[0])
    return Portrait(
        email=client.email,
        emails=tuple(emails),
        first_seen_at=datetime.fromisoformat(client.first_seen_at),
        last_seen_at=datetime.fromisoformat(client.last_seen_at),
        profile=client.profile,
        revenue=[Revenue(row.currency, *map(Decimal, row[1:])) for row in tx.execute(text(REVENUE), wanted)],
        purchases=counted.purchases,
        products=counted.products,
        subscriptions=counted.subscriptions,
        opportunities=pursuits.open_as_one(tx, account_id, ids, emails),
    )


def _said(tx: Connection, wanted: dict[str, Any]) -> list[Mention]:
    return [
        Mention(kind, about, story, subject, first_at.isoformat(), last_at.isoformat(), layers)
        for kind, about, story, subject, first_at, last_at, layers in tx.execute(text(MENTIONS), wanted)
    ]
