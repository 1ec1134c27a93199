"""How an account wants its sales told: days to answer, the line for chargebacks, what origins are called."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.errors import Conflict, NotFound, Unprocessable

ORIGINS = ("src", "sck", "affiliate", "coupon")
MOST_ALIASES = 1_000
LONGEST = 300


class Alias(NamedTuple):
    """A word of an origin, and what people call it."""

    origin: str
    word: str
    alias: str


def change(tx: Connection, account_id: int, refund_days: int, sck_separator: str, chargeback_line: Decimal) -> None:
    """Change how sales are told. Raises Unprocessable.

    Days to decide on a refund are 1 to 60, what parts an SCK has 1 to 5 signs, the share of chargebacks that is too
    many lies between 0 and 1.
    """
    if not 1 <= refund_days <= 60:
        raise Unprocessable("Give a number of days from 1 to 60.", code="refund_days_wrong")
    if not 1 <= len(sck_separator) <= 5 or "\x00" in sck_separator:
        raise Unprocessable("A separator has 1 to 5 signs.", code="separator_wrong")
    if not 0 < chargeback_line < 1:
        raise Unprocessable("Give a share between 0 % and 100 %.", code="line_wrong")
    tx.execute(
        text(
            "UPDATE accounts SET refund_days = :days, sck_separator = :separator, chargeback_line = :line"
            " WHERE id = :id"
        ),
        {"id": account_id, "days": refund_days, "separator": sck_separator, "line": chargeback_line},
    )


def aliases(tx: Connection, account_id: int) -> list[Alias]:
    """What the account calls values of its origins, by origin and name."""
    rows = tx.execute(
        text(
            "SELECT origin, value, alias FROM origin_aliases WHERE account_id = :account"
            " ORDER BY origin, lower(alias), value"
        ),
        {"account": account_id},
    )
    return [Alias(*row) for row in rows]


def call(tx: Connection, account_id: int, alias: Alias) -> None:
    """Call a value so from now on, whatever it was called. Raises Unprocessable, or Conflict for one too many."""
    if alias.origin not in ORIGINS or not _is_text(alias.word) or not _is_text(alias.alias):
        raise Unprocessable("Name the origin, a value and what to call it.", code="alias_wrong")
    number = tx.execute(
        text("SELECT count(*) FROM origin_aliases WHERE account_id = :account"), {"account": account_id}
    ).scalar_one()
    if number >= MOST_ALIASES:
        raise Conflict(f"There are {MOST_ALIASES} names already.", code="too_many_aliases")
    tx.execute(
        text(
            "INSERT INTO origin_aliases (account_id, origin, value, alias) VALUES (:account, :origin, :value, :alias)"
            " ON CONFLICT (account_id, origin, value) DO UPDATE SET alias = excluded.alias"
        ),
        {"account": account_id, "origin": alias.origin, "value": alias.word.strip(), "alias": alias.alias.strip()},
    )


def _is_text(word: str) -> bool:
    return 0 < len(word.strip()) <= LONGEST and "\x00" not in word


def uncall(tx: Connection, account_id: int, origin: str, value: str) -> None:
    """Show a value as it is again. Raises NotFound."""
    changed = tx.execute(
        text("DELETE FROM origin_aliases WHERE account_id = :account AND origin = :origin AND value = :value"),
        {"account": account_id, "origin": origin, "value": value},
    )
    if not changed.rowcount:
        raise NotFound("There is no such name.")
