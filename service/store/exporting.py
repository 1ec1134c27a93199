"""Reading whole lists to write them into files: a cursor of the server, in a snapshot of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, text

from service.store import steps as steps_list
from service.store import subscribers
from service.store.engine import snapshot
from service.store.opportunities import Sought, select, wanted_of
from service.store.sales import ALL_SALES, SalesFilter, clause_of
from service.store.steps import StepFilter
from service.store.subscribers import SubscriptionFilter

__all__ = ["ALL_SALES", "CONTACT", "SalesFilter", "opportunities", "sales", "steps", "subscriptions"]

READ_ROWS = 1_000
PATIENCE = "1h"
"""One statement may last as long as somebody downloads; PostgreSQL only counts it while rows are fetched."""

CONTACT = (
    "name",
    "email_text",
    "phone",
    "phone_text",
    "document",
    "country",
    "state",
    "city",
    "postcode",
    "address",
    "address_number",
    "address_complement",
    "district",
    "instagram",
)
_CONTACT = ", ".join(f"c.{name} AS client_{name}" for name in CONTACT)
SALES = f"""
SELECT p.*, {_CONTACT}, m.layers AS said_of_client
FROM purchases p
LEFT JOIN clients c ON c.account_id = p.account_id AND c.id = p.client_id
LEFT JOIN mentions m
    ON m.account_id = p.account_id AND m.kind = 'client' AND m.about = p.email AND m.story = 't:' || p.key
WHERE {{conditions}}
ORDER BY p.counted_at DESC, p.key DESC
"""


def sales(engine: Engine, account_id: int, wanted: SalesFilter = ALL_SALES) -> Iterator[RowMapping]:
    """Purchases, the last first, with their client's contact (`client_...`), all as of one moment.

    `said_of_client` are the layers of the mention: which of that contact this very purchase told.
    """
    with snapshot(engine) as tx:
        clause = clause_of(tx, account_id, wanted)
        yield from _streamed(tx, SALES.format(conditions=clause.where), clause.values)


def opportunities(engine: Engine, account_id: int, sought: Sought) -> Iterator[RowMapping]:
    """Opportunities with their buyer's contact as of one moment, in the order of their list."""
    with snapshot(engine) as tx:
        wanted = wanted_of(tx, account_id, sought)
        yield from _streamed(tx, select(sought, wanted), wanted.values)


def steps(engine: Engine, account_id: int, wanted: StepFilter) -> Iterator[RowMapping]:
    """Steps after the sale as of one moment, in the order of their list."""
    with snapshot(engine) as tx:
        yield from _streamed(tx, *steps_list.whole(tx, account_id, wanted))


def subscriptions(engine: Engine, account_id: int, wanted: SubscriptionFilter) -> Iterator[RowMapping]:
    """Subscriptions as of one moment, in the order of their list."""
    with snapshot(engine) as tx:
        yield from _streamed(tx, *subscribers.whole(tx, account_id, wanted))


def _streamed(tx: Connection, statement: str, values: dict[str, Any]) -> Iterator[RowMapping]:
    tx.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
    yield from tx.execution_options(yield_per=READ_ROWS).execute(text(statement), values).mappings()
