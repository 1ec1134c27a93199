"""Lists that go on after a place, however far down; and sums that give up in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import OperationalError

from service.errors import Unprocessable

ABSENT = "~"
"""As the value of a filter: rows that have none of it."""
PATIENCE_SECONDS = 8.0


class Place(NamedTuple):
    """Where a page ended: the moment and key of its last row."""

    at: datetime
    key: str


class Part(NamedTuple):
    """Rows of a list, and where it goes on; None at its end."""

    rows: Sequence[RowMapping]
    after: Place | None


class Total(NamedTuple):
    """How many rows have their amount in this currency, and its sum; None and no sum where the ledger knows none.

    `net` is the sum of the receiver's own commission in this currency, whatever the currency of the price.
    """

    currency: str | None
    number: int
    amount: Decimal | None = None
    net: Decimal | None = None


def part_of(rows: Sequence[RowMapping], size: int) -> Part:
    """A page of `size` out of rows that were asked for one more; each has `listed_at` and `key`."""
    if len(rows) <= size:
        return Part(rows, None)
    return Part(rows[:size], Place(rows[size - 1]["listed_at"], rows[size - 1]["key"]))


def totals_of(rows: Sequence[RowMapping]) -> list[Total]:
    """Rows (currency, number, amount) as totals: the most sold currency first, what is unknown last."""
    known = [Total(row["currency"], row["number"], row["amount"]) for row in rows if row["currency"] is not None]
    unknown = sum(row["number"] for row in rows if row["currency"] is None)
    known.sort(key=lambda total: (-(total.amount or 0), total.currency or ""))
    return [*known, *([Total(None, unknown)] if unknown else [])]


@contextmanager
def patience(tx: Connection, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Statements within may last so long each. Raises Unprocessable, code `period_too_long`, when one does not end.

    The transaction is of no use after that.
    """
    tx.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
    try:
        yield
    except OperationalError as fault:
        if not isinstance(fault.orig, psycopg.errors.QueryCanceled):
            raise
        raise Unprocessable(
            "This is too much to look through at once. Choose a shorter period.", code="period_too_long"
        ) from fault
