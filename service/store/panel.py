"""Figures of one account at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, text

REVENUE_DAYS = 30


class Arrivals(NamedTuple):
    """What Hotmart sent; `today` since midnight of the seller."""

    today: int
    week: int
    last_at: datetime | None
    last_event: str | None
    last_state: str | None
    waiting_since: datetime | None
    set_aside: int


ARRIVALS = """
SELECT counted.*, latest.*, waiting.*, aside.* FROM
    (SELECT count(*) FILTER (WHERE received_at >= :midnight) AS today, count(*) AS week FROM deliveries
        WHERE account_id = :account AND source = 'hotmart' AND received_at >= :week_ago) AS counted
    LEFT JOIN LATERAL (SELECT received_at AS last_at, event AS last_event, state AS last_state FROM deliveries
        WHERE account_id = :account AND import_id IS NULL ORDER BY id DESC LIMIT 1) AS latest ON true
    LEFT JOIN LATERAL (SELECT received_at AS waiting_since FROM deliveries WHERE account_id = :account
        AND state = 'pending' AND import_id IS NULL ORDER BY id LIMIT 1) AS waiting ON true
    CROSS JOIN (SELECT count(*) AS set_aside FROM deliveries
        WHERE account_id = :account AND state = 'set_aside') AS aside
"""

# What was approved and still stands, by the day of approval, else of the order; no currency is added to another.
SOLD = """
SELECT gross_currency AS currency, sum(gross_value) AS month, count(*) AS sales,
    coalesce(sum(gross_value) FILTER (WHERE counted_at >= :week_ago), 0) AS week,
    coalesce(sum(gross_value) FILTER (WHERE counted_at >= :midnight), 0) AS today
FROM purchases
WHERE account_id = :account AND counted_at >= :month_ago AND category = 'active'
    AND gross_value IS NOT NULL AND gross_currency IS NOT NULL
GROUP BY gross_currency ORDER BY sum(gross_value) DESC, gross_currency
"""


def arrivals(tx: Connection, account_id: int, now: datetime) -> Arrivals:
    """What arrived lately. `now` is in the seller's zone."""
    row = tx.execute(text(ARRIVALS), {"account": account_id, **_periods(now)}).mappings().one()
    return Arrivals(**row)


def sold(tx: Connection, account_id: int, now: datetime) -> Sequence[RowMapping]:
    """Gross of active purchases that count today, in 7 and in 30 days, by currency. `now` is in the seller's zone."""
    return tx.execute(text(SOLD), {"account": account_id, **_periods(now)}).mappings().all()


def _periods(now: datetime) -> dict[str, datetime]:
    # Days of the calendar there, not 24 hours: where clocks change, some have 23 or 25.
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "midnight": midnight,
        "week_ago": midnight - timedelta(days=6),
        "month_ago": midnight - timedelta(days=REVENUE_DAYS - 1),
    }


def totals(tx: Connection, account_id: int) -> RowMapping:
    """How many clients, purchases and imports there are."""
    return (
        tx.execute(
            text(
                "SELECT (SELECT count(*) FROM clients WHERE account_id = :account) AS clients,"
                " (SELECT count(*) FROM purchases WHERE account_id = :account) AS purchases,"
                " (SELECT count(*) FROM imports WHERE account_id = :account) AS imports"
            ),
            {"account": account_id},
        )
        .mappings()
        .one()
    )


def note_reveal(tx: Connection, account_id: int, delivery_id: int, user_id: int) -> None:
    """Somebody looked at the personal data of a delivery."""
    tx.execute(
        text("INSERT INTO reveals (account_id, delivery_id, user_id) VALUES (:account, :delivery, :user)"),
        {"account": account_id, "delivery": delivery_id, "user": user_id},
    )


def reveals(tx: Connection, account_id: int, delivery_id: int) -> Sequence[RowMapping]:
    """Who looked at the personal data of a delivery, newest first."""
    return (
        tx.execute(
            text(
                "SELECT u.name, r.revealed_at FROM reveals r JOIN users u ON u.id = r.user_id"
                " WHERE r.account_id = :account AND r.delivery_id = :delivery ORDER BY r.revealed_at DESC LIMIT 20"
            ),
            {"account": account_id, "delivery": delivery_id},
        )
        .mappings()
        .all()
    )


def event_names(tx: Connection, account_id: int) -> list[str]:
    """The events of the last 1,000 postbacks, for a filter."""
    return list(
        tx.execute(
            text(
                "SELECT DISTINCT event FROM (SELECT event FROM deliveries WHERE account_id = :account"
                " AND import_id IS NULL ORDER BY id DESC LIMIT 1000) lately WHERE event IS NOT NULL ORDER BY event"
            ),
            {"account": account_id},
        ).scalars()
    )
