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


def first_day(tx: Connection, account: Account) -> date | None:
    """The first day of which anything was sold or tried; None where nothing was."""
    raw: Any = tx.connection.driver_connection
    found = raw.execute(
        "SELECT min(day) FROM (SELECT min(counted_at AT TIME ZONE %(zone)s)::date AS day FROM ("
        " SELECT counted_at FROM purchases WHERE account_id = %(account)s ORDER BY counted_at LIMIT 1) p"
        " UNION ALL SELECT (last_at AT TIME ZONE %(zone)s)::date FROM ("
        " SELECT last_at FROM opportunities WHERE account_id = %(account)s ORDER BY last_at LIMIT 1) o) t",
        {"account": account.id, "zone": account.timezone},
    ).fetchone()
    return found[0] if found else None
