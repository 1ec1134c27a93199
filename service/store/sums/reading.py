"""Reading figures: kept sums where they hold, the definition itself for the days that changed since."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection

from service.domain.periods import next_month
from service.store.accounts import Account
from service.store.sums.figures import FIGURES

KEYS = ("day", "a", "b", "currency")
ONE_DAY = timedelta(days=1)


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


# All of it in one statement, so in one snapshot: a day is either kept or fresh, never both, never neither. A month in
# which a day is stale is read day by day.
READ = """
WITH stale AS MATERIALIZED (
    SELECT day FROM stale_days WHERE account_id = %(account)s AND day BETWEEN %(first)s AND %(last)s
), days AS MATERIALIZED (
    SELECT day, day::timestamp AT TIME ZONE %(zone)s AS starts, (day + 1)::timestamp AT TIME ZONE %(zone)s AS ends
    FROM stale
), stale_months AS MATERIALIZED (
    SELECT DISTINCT date_trunc('month', day)::date AS month FROM stale WHERE day BETWEEN %(begins)s AND %(ends)s
), pieces AS MATERIALIZED (
    SELECT * FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) AS piece (first, last)
    UNION ALL SELECT month, (month + interval '1 month - 1 day')::date FROM stale_months
), told AS (
    SELECT month AS day, a, b, currency, number, amount FROM month_sums
    WHERE account_id = %(account)s AND figure = %(figure)s AND month BETWEEN %(begins)s AND %(ends)s
        AND month NOT IN (SELECT month FROM stale_months)
    UNION ALL
    SELECT kept.* FROM pieces CROSS JOIN LATERAL (
        SELECT day, a, b, currency, number, amount FROM day_sums
        WHERE account_id = %(account)s AND figure = %(figure)s AND day BETWEEN pieces.first AND pieces.last
            AND day NOT IN (SELECT day FROM stale) OFFSET 0
    ) kept
    UNION ALL {definition}
)
SELECT {keys}, sum(number)::bigint, sum(amount) FROM told {grouped} HAVING sum(number) <> 0
"""
ABSENT = {"day": "NULL::date", "a": "''", "b": "''", "currency": "''"}
NEVER = date(1, 1, 1)


def sums(tx: Connection, account: Account, figure: str, days: Days, *by: str, monthly: bool = False) -> list[Sum]:
    """A figure over these days, told apart by some of day, a, b, currency.

    With `monthly` the day may be the first of a whole month instead of each of its days.
    """
    keys = ", ".join(key if key in by else ABSENT[key] for key in KEYS)
    whole = _whole_months(days) if monthly or "day" not in by else None
    pieces = _around(days, whole)
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        READ.format(definition=FIGURES[figure].select(), keys=keys, grouped=f"GROUP BY {', '.join(by)}" if by else ""),
        {
            "account": account.id,
            "zone": account.timezone,
            "figure": figure,
            "first": days.first,
            "last": days.last,
            "begins": whole.first if whole else NEVER,
            "ends": whole.last if whole else NEVER,
            "firsts": [piece.first for piece in pieces],
            "lasts": [piece.last for piece in pieces],
        },
    )
    return [Sum._make(row) for row in rows]


def _whole_months(days: Days) -> Days | None:
    """The whole months within these days, from the first day of the first to the last day of the last."""
    first = days.first if days.first.day == 1 else next_month(days.first)
    last = next_month(days.last) - ONE_DAY
    if last > days.last:
        last = days.last.replace(day=1) - ONE_DAY
    return Days(first, last) if first <= last else None


def _around(days: Days, whole: Days | None) -> list[Days]:
    """What whole months leave of these days."""
    if whole is None:
        return [days]
    ends = (Days(days.first, whole.first - ONE_DAY), Days(whole.last + ONE_DAY, days.last))
    return [piece for piece in ends if piece.first <= piece.last]


def product_names(tx: Connection, account_id: int) -> dict[str, str]:
    """Names of the account's products by id."""
    raw: Any = tx.connection.driver_connection
    return dict(
        raw.execute(
            "SELECT id, name FROM products WHERE account_id = %s AND name IS NOT NULL", (account_id,)
        ).fetchall()
    )


def aliases(tx: Connection, account_id: int, origin: str) -> dict[str, str]:
    """What the account calls values of an origin (src, sck, affiliate, coupon)."""
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT value, alias FROM origin_aliases WHERE account_id = %s AND origin = %s", (account_id, origin)
    )
    return dict(rows.fetchall())


def first_day(tx: Connection, account: Account) -> date | None:
    """The first day on which anything was sold or tried; None where nothing was."""
    raw: Any = tx.connection.driver_connection
    (found,) = raw.execute(
        "SELECT (min(moment) AT TIME ZONE %(zone)s)::date FROM ("
        " SELECT min(counted_at) AS moment FROM purchases WHERE account_id = %(account)s"
        " UNION ALL SELECT min(last_at) FROM opportunities WHERE account_id = %(account)s"
        " UNION ALL SELECT min(first_at) FROM subscriptions WHERE account_id = %(account)s) told",
        {"account": account.id, "zone": account.timezone},
    ).fetchone()
    day: date | None = found
    return day
