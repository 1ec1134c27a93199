"""Keeping sums: the days that changed are added up anew, a few at a time, by the account's one writer."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from service.store.accounts import Account
from service.store.sums.figures import FIGURES, GATHERED
from service.store.sums.reading import Days

MOST_AT_ONCE = 16
"""Days of one statement: at first one, then twice as many each time that was quick."""
DUE_SECONDS = 10
"""A day that changes all the while is added up this often; until then whoever looks adds it up."""

# An import touches the same days again and again, and holds the lock that is needed here.
DUE = f"""
SELECT account_id FROM stale_days s WHERE since < clock_timestamp() - interval '{DUE_SECONDS} seconds'
    AND NOT EXISTS (SELECT 1 FROM imports i WHERE i.account_id = s.account_id AND i.status IN ('running', 'undoing'))
GROUP BY account_id ORDER BY min(since) LIMIT 1
"""
KEEP = """
INSERT INTO day_sums (account_id, figure, day, a, b, currency, number, amount)
WITH days AS MATERIALIZED (
    SELECT day, day::timestamp AT TIME ZONE %(zone)s AS starts, (day + 1)::timestamp AT TIME ZONE %(zone)s AS ends
    FROM unnest(%(days)s::date[]) AS day
)
"""
_ALL = (
    KEEP
    + "".join(f", {one.name} AS MATERIALIZED ({one.select()})" for one in GATHERED)
    + " UNION ALL ".join(
        f" SELECT %(account)s, '{name}', made.* FROM ({figure.select_from_gathered()}) made"
        for name, figure in FIGURES.items()
    )
)


def account_due(tx: Connection) -> int | None:
    """An account with days to add up, the one that waits longest; None when nobody waits."""
    found = tx.execute(text(DUE)).scalar()
    return None if found is None else int(found)


def keep_some(tx: Connection, account: Account, seconds: float) -> int:
    """Add up stale days, the longest stale first, for about so long; how many. The caller holds the account's lock."""
    kept, at_once, begun = 0, 1, time.monotonic()
    while days := _taken(tx, account.id, at_once):
        before = time.monotonic()
        _keep(tx, account, days)
        kept += len(days)
        took = time.monotonic() - before
        if time.monotonic() - begun + took >= seconds:
            break
        at_once = min(at_once * 2, MOST_AT_ONCE) if took * 3 < seconds else at_once
    return kept


def _taken(tx: Connection, account_id: int, most: int) -> list[date]:
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "DELETE FROM stale_days WHERE account_id = %(account)s AND day IN (SELECT day FROM stale_days"
        " WHERE account_id = %(account)s ORDER BY since, day LIMIT %(most)s) RETURNING day",
        {"account": account_id, "most": most},
    )
    return [row[0] for row in rows]


# What a month loses with its day, and gains with the day added up anew: so it stays the sum of its kept days.
TAKE_AWAY = """
WITH gone AS (
    DELETE FROM day_sums WHERE account_id = %(account)s AND day = ANY(%(days)s)
    RETURNING figure, day, a, b, currency, number, amount
)
INSERT INTO month_sums (account_id, figure, month, a, b, currency, number, amount)
SELECT %(account)s, figure, date_trunc('month', day)::date, a, b, currency, -sum(number), -sum(amount) FROM gone
GROUP BY 2, 3, 4, 5, 6
"""
ADD = """
INSERT INTO month_sums (account_id, figure, month, a, b, currency, number, amount)
SELECT account_id, figure, date_trunc('month', day)::date, a, b, currency, sum(number), sum(amount) FROM day_sums
WHERE account_id = %(account)s AND day = ANY(%(days)s)
GROUP BY 1, 2, 3, 4, 5, 6
"""
ONTO = """
ON CONFLICT (account_id, figure, month, a, b, currency) DO UPDATE
SET number = month_sums.number + excluded.number, amount = month_sums.amount + excluded.amount
"""


def _keep(tx: Connection, account: Account, days: list[date]) -> None:
    raw: Any = tx.connection.driver_connection
    told = {"account": account.id, "zone": account.timezone, "days": days}
    raw.execute(TAKE_AWAY + ONTO, told)
    raw.execute(_ALL, told)
    raw.execute(ADD + ONTO, told)


WRONG = """
WITH kept_days AS (
    SELECT day::date FROM generate_series(%(first)s::timestamp, %(last)s, '1 day') AS day
    EXCEPT SELECT day FROM stale_days WHERE account_id = %(account)s
), days AS MATERIALIZED (
    SELECT day, day::timestamp AT TIME ZONE %(zone)s AS starts, (day + 1)::timestamp AT TIME ZONE %(zone)s AS ends
    FROM kept_days
), kept AS (
    SELECT day, a, b, currency, number, amount FROM day_sums WHERE account_id = %(account)s AND figure = %(figure)s
        AND day IN (SELECT day FROM kept_days)
), made AS ({definition})
SELECT count(*) FROM ((TABLE kept EXCEPT ALL TABLE made) UNION ALL (TABLE made EXCEPT ALL TABLE kept)) differing
"""


WRONG_MONTHS = """
WITH months AS (
    SELECT figure, month, a, b, currency, number, amount FROM month_sums WHERE account_id = %(account)s AND number <> 0
), days AS (
    SELECT figure, date_trunc('month', day)::date, a, b, currency, sum(number)::bigint, sum(amount) FROM day_sums
    WHERE account_id = %(account)s GROUP BY 1, 2, 3, 4, 5
)
SELECT count(*) FROM ((TABLE months EXCEPT ALL TABLE days) UNION ALL (TABLE days EXCEPT ALL TABLE months)) differing
"""


def differences(tx: Connection, account: Account, within: Days) -> dict[str, int]:
    """Kept sums of these days that are not what the ledger says, by figure; empty when all are right.

    `months` are those that are not the sum of their days. A day that is not stale and has no sums must have no rows.
    """
    raw: Any = tx.connection.driver_connection
    told = {"account": account.id, "zone": account.timezone, "first": within.first, "last": within.last}
    counted = {
        name: raw.execute(WRONG.format(definition=figure.select()), told | {"figure": name}).fetchone()[0]
        for name, figure in FIGURES.items()
    }
    counted["months"] = raw.execute(WRONG_MONTHS, told).fetchone()[0]
    return {name: number for name, number in counted.items() if number}
