"""Reading opportunities: a page after a key, however far down the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, text

from service.domain.recovery import State
from service.store.lists import Wanted


class Place(NamedTuple):
    """Where a page ended: the moment and key of its last row."""

    at: datetime
    key: str


class Part(NamedTuple):
    """Rows of a list, and where it goes on; None at its end."""

    rows: Sequence[RowMapping]
    after: Place | None


COLUMNS = """opportunities.*, clients.email, clients.name AS client_name, clients.phone,
    CASE WHEN opportunities.state = 'recovered'
        THEN extract(epoch FROM recovered_at - last_at)::bigint END AS seconds_to_recover"""


class Sought(NamedTuple):
    """Which opportunities: `product` is an id or a name, the period that of the attempt (`listed`)."""

    state: str | None = None
    kind: str | None = None
    reason: str | None = None
    product: str | None = None
    currency: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    all_attempts: bool = False


def listed(tx: Connection, account_id: int, sought: Sought, *, after: Place | None = None, size: int = 50) -> Part:
    """Opportunities with their buyer's contact, the last first.

    Order and period are those of the attempt, or of the sale where the recovered ones are asked for. Without
    `all_attempts` only the last attempt of each episode is listed, so no episode counts twice.
    """
    moment = "opportunities." + ("recovered_at" if sought.state == State.RECOVERED else "last_at")
    wanted = _wanted(account_id, sought, moment)
    if after is not None:
        wanted.add(f"({moment}, opportunities.key) < (:after_at, :after_key)", after_at=after.at, after_key=after.key)
    found = tx.execute(
        text(
            f"SELECT {COLUMNS}, {moment} AS listed_at FROM opportunities LEFT JOIN clients"
            " ON clients.account_id = opportunities.account_id AND clients.id = opportunities.client_id"
            f" WHERE {wanted.where()} ORDER BY {moment} DESC, opportunities.key DESC LIMIT :size"
        ),
        wanted.values | {"size": size + 1},
    )
    rows = found.mappings().all()
    return Part(rows[:size], Place(rows[size - 1]["listed_at"], rows[size - 1]["key"]) if len(rows) > size else None)


def _wanted(account_id: int, sought: Sought, moment: str) -> Wanted:
    wanted = (
        Wanted(account_id, "opportunities")
        .add("opportunities.kind = :kind", kind=sought.kind)
        .add("opportunities.reason = :reason", reason=sought.reason)
        .add("(opportunities.product_id = :product OR opportunities.product_name = :product)", product=sought.product)
        .add("opportunities.amount_currency = :currency", currency=sought.currency)
        .add(f"{moment} >= :since", since=sought.since)
        .add(f"{moment} < :until", until=sought.until)
    )
    if sought.state is not None:
        # Written out, for the planner to know the index of this state.
        return wanted.add(f"opportunities.state = '{State(sought.state)}'")
    return wanted if sought.all_attempts else wanted.add("opportunities.state <> 'superseded'")
