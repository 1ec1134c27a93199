"""Reading whole lists to write them into files: a cursor of the server, in a snapshot of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine, RowMapping, text

from service.store.engine import snapshot

READ_ROWS = 1_000
PATIENCE = "1h"
"""One statement may last as long as somebody downloads; PostgreSQL only counts it while rows are fetched."""


class SalesFilter(NamedTuple):
    """Which purchases are wanted; None and () mean any. Moments are aware: `since` is in, `until` is out.

    `product` is an id, or a name where a product has none; `bump` tells order bumps from main purchases.
    """

    since: datetime | None = None
    until: datetime | None = None
    statuses: tuple[str, ...] = ()
    product: str | None = None
    offer: str | None = None
    currency: str | None = None
    payment_type: str | None = None
    affiliate: str | None = None
    src: str | None = None
    sck: str | None = None
    coupon: str | None = None
    recurrence: int | None = None
    bump: bool | None = None


ALL_SALES = SalesFilter()

CONDITIONS = {
    "since": "p.ordered_at >= :since",
    "until": "p.ordered_at < :until",
    "statuses": "p.status = ANY(:statuses)",
    "product": "(p.product_id = :product OR (p.product_id IS NULL AND p.product_name = :product))",
    "offer": "p.offer_code = :offer",
    "currency": "p.gross_currency = :currency",
    "payment_type": "p.payment_type = :payment_type",
    "affiliate": "(p.affiliate = :affiliate OR p.affiliate_code = :affiliate)",
    "src": "p.src = :src",
    "sck": "p.sck = :sck",
    "coupon": "p.coupon = :coupon",
    "recurrence": "p.recurrence_number = :recurrence",
    "bump": "p.is_bump = :bump",
}
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
LEFT JOIN clients c ON c.account_id = p.account_id AND c.email = p.email
LEFT JOIN mentions m
    ON m.account_id = p.account_id AND m.kind = 'client' AND m.about = p.email AND m.story = 't:' || p.key
WHERE p.account_id = :account {{conditions}}
ORDER BY p.ordered_at DESC NULLS LAST, p.key
"""


def sales(engine: Engine, account_id: int, wanted: SalesFilter = ALL_SALES) -> Iterator[RowMapping]:
    """Purchases, the last ordered first, with their client's contact (`client_...`) as of one moment.

    `said_of_client` are the layers of the mention: which of that contact this very purchase told.
    """
    chosen = {name: value for name, value in wanted._asdict().items() if value is not None and value != ()}
    values: dict[str, Any] = {**chosen, "account": account_id}
    if "statuses" in values:
        values["statuses"] = list(values["statuses"])
    conditions = "".join(f" AND {CONDITIONS[name]}" for name in chosen)
    with snapshot(engine) as tx:
        tx.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
        streamed = tx.execution_options(yield_per=READ_ROWS)
        yield from streamed.execute(text(SALES.format(conditions=conditions)), values).mappings()
