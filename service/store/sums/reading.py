"""Reading figures: kept sums where they hold, the definition itself for the days that changed since."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection

from service.store.accounts import Account
from service.store.sums.figures import FIGURES

KEYS = ("day", "a", "b", "currency")


class Days(NamedTuple):
    """Local days of an account, both in it."""

    first: date
    last: date


class Sum(NamedTuple):
    """A count and an amount; '' where rows were not told apart by this, or where the ledger does not say."""

    day: date | None
    a: str
    b: str
    currency: str
    number: int
    amount: Decimal


# All of it in one statement, so in one snapshot: a day is either kept or fresh, never both, never neither.
READ = """
WITH stale AS MATERIALIZED (
    SELECT day FROM stale_days WHERE account_id = %(account)s AND day BETWEEN %(first)s AND %(last)s
), days AS MATERIALIZED (
    SELECT day, day::timestamp AT TIME ZONE %(zone)s AS starts, (day + 1)::timestamp AT TIME ZONE %(zone)s AS ends
    FROM stale
), told AS (
    SELECT day, a, b, currency, number, amount FROM day_sums
    WHERE account_id = %(account)s AND figure = %(figure)s AND day BETWEEN %(first)s AND %(last)s
        AND day NOT IN (SELECT day FROM stale)
    UNION ALL {definition}
)
SELECT {keys}, sum(number)::bigint, sum(amount) FROM told {grouped}
"""
ABSENT = {"day": "NULL::date", "a": "''", "b": "''", "currency": "''"}


def sums(tx: Connection, account: Account, figure: str, days: Days, *by: str) -> list[Sum]:
    """A figure over these days, told apart by some of day, a, b, currency."""
    keys = ", ".join(key if key in by else ABSENT[key] for key in KEYS)
    grouped = f"GROUP BY {', '.join(by)}" if by else "HAVING count(*) > 0"
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        READ.format(definition=FIGURES[figure].select(), keys=keys, grouped=grouped),
        {"account": account.id, "zone": account.timezone, "figure": figure, "first": days.first, "last": days.last},
    )
    return [Sum._make(row) for row in rows]


def product_names(tx: Connection, account_id: int) -> dict[str, str]:
    """Names of the account's products by id."""
    raw: Any = tx.connection.driver_connection
    return dict(
        raw.execute(
            "SELECT id, name FROM products WHERE account_id = %s AND name IS NOT NULL", (account_id,)
        ).fetchall()
    )


REQUESTS = """
SELECT NULL::date, coalesce(p.product_id, p.product_name, ''), '',
    CASE WHEN p.gross_value IS NOT NULL THEN coalesce(p.gross_currency, '') ELSE '' END AS currency, count(*),
    coalesce(sum(p.gross_value) FILTER (WHERE p.gross_currency IS NOT NULL), 0)
FROM purchases p WHERE p.account_id = %s AND p.status = 'disputed' GROUP BY 2, 4
"""


def refund_requests(tx: Connection, account_id: int) -> list[Sum]:
    """Refunds asked for and not decided, as of now; `a` is the product."""
    raw: Any = tx.connection.driver_connection
    return [Sum._make(row) for row in raw.execute(REQUESTS, (account_id,))]


def aliases(tx: Connection, account_id: int, origin: str) -> dict[str, str]:
    """What the account calls values of an origin (src, sck, affiliate, coupon)."""
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT value, alias FROM origin_aliases WHERE account_id = %s AND origin = %s", (account_id, origin)
    )
    return dict(rows.fetchall())
