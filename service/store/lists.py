"""Reading lists: clients, purchases, milestones, deliveries. Rows come back as mappings, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

MOST_PEOPLE = 200
"""A search for a part of a name looks at the events of this many people at most."""


class Page(NamedTuple):
    """Which part of a list is wanted; pages count from 1."""

    number: int = 1
    size: int = 50


class Listed(NamedTuple):
    """One page of rows, and how many there are in all."""

    rows: Sequence[RowMapping]
    total: int


class Wanted:
    """Conditions of one list, each with its own bound value."""

    def __init__(self, account_id: int, table: str) -> None:
        self.table = table
        self.conditions = [f"{table}.account_id = :account_id"]
        self.values: dict[str, Any] = {"account_id": account_id}

    def add(self, condition: str, **values: Any) -> Wanted:
        """Add a condition unless its value is None, which means "any"."""
        if all(value is not None for value in values.values()):
            self.conditions.append(condition)
            self.values |= values
        return self

    def where(self) -> str:
        """All conditions as one clause."""
        return " AND ".join(self.conditions)


def _page(tx: Connection, columns: str, wanted: Wanted, order: str, page: Page, joins: str = "") -> Listed:
    where = f"FROM {wanted.table} {joins} WHERE {wanted.where()}"
    total = tx.execute(text(f"SELECT count(*) {where}"), wanted.values).scalar_one()
    rows = tx.execute(
        text(f"SELECT {columns} {where} ORDER BY {order} LIMIT :size OFFSET :skipped"),
        wanted.values | {"size": page.size, "skipped": (page.number - 1) * page.size},
    )
    return Listed(rows.mappings().all(), int(total))


REVENUE = """coalesce((SELECT json_agg(json_build_object('currency', r.currency, 'active', r.active::text,
    'lost', r.lost::text, 'disputed', r.disputed::text, 'pending', r.pending::text, 'net', r.net::text)
    ORDER BY r.currency) FROM client_revenue r
    WHERE r.account_id = clients.account_id AND r.client_id = clients.id), '[]'::json) AS revenue"""


# Whoever is asked for by an address that was merged into another one is who has both.
KNOWN_BY = """clients.email = coalesce((SELECT a.client_email FROM aliases a
    WHERE a.account_id = :account_id AND a.email = :email), :email)"""


def escaped(pattern: str) -> str:
    """Text for LIKE with its own wildcards made literal."""
    return pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def clients(tx: Connection, account_id: int, page: Page, *, email: str | None = None, q: str | None = None) -> Listed:
    """Clients, the last seen first; `q` finds part of a name or e-mail, a phone or a document by its digits."""
    wanted = Wanted(account_id, "clients").add(KNOWN_BY, email=email.strip().lower() if email else None)
    if q and q.strip():
        digits = "".join(sign for sign in q if sign.isdigit())
        found = "clients.email ILIKE :part OR clients.name ILIKE :part"
        if len(digits) >= 4:
            found += " OR clients.phone LIKE :digits OR clients.document LIKE :digits"
        wanted.add(f"({found})", part=f"%{escaped(q.strip())}%")
        wanted.values["digits"] = f"%{digits}%"
    return _page(tx, f"clients.*, {REVENUE}", wanted, "clients.last_seen_at DESC, clients.id", page)


def client(tx: Connection, account_id: int, client_id: UUID) -> RowMapping | None:
    """One client with revenue."""
    return (
        tx.execute(
            text(f"SELECT clients.*, {REVENUE} FROM clients WHERE account_id = :account AND id = :id"),
            {"account": account_id, "id": client_id},
        )
        .mappings()
        .one_or_none()
    )


def products_of_client(tx: Connection, account_id: int, client_id: UUID) -> Sequence[RowMapping]:
    """Products a client bought and has (active or disputed), with the last purchase of each."""
    return (
        tx.execute(
            text(
                "SELECT product_id AS id, max(product_name) AS name, count(*) AS purchases,"
                " max(coalesce(approved_at, ordered_at)) AS last_bought_at FROM purchases"
                " WHERE account_id = :account AND client_id = :id AND category IN ('active', 'disputed')"
                " GROUP BY product_id, CASE WHEN product_id IS NULL THEN product_name END ORDER BY last_bought_at DESC"
            ),
            {"account": account_id, "id": client_id},
        )
        .mappings()
        .all()
    )


def subscriptions_of_client(tx: Connection, account_id: int, client_id: UUID) -> Sequence[RowMapping]:
    """Subscriptions of a client, the newest first."""
    return (
        tx.execute(
            text(
                "SELECT * FROM subscriptions WHERE account_id = :account AND client_id = :id"
                " ORDER BY first_at DESC, code"
            ),
            {"account": account_id, "id": client_id},
        )
        .mappings()
        .all()
    )


def milestones(
    tx: Connection,
    account_id: int,
    client_id: UUID,
    page: Page,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Listed:
    """A client's journey, newest first, with where each step was told: the delivery, or import and row."""
    wanted = (
        Wanted(account_id, "milestones")
        .add("milestones.client_id = :client", client=client_id)
        .add("milestones.kind = :kind", kind=kind)
        .add("milestones.occurred_at >= :since", since=since)
        .add("milestones.occurred_at < :until", until=until)
    )
    return _page(
        tx,
        "milestones.*, d.import_id, d.row_number, i.file_name",
        wanted,
        "milestones.occurred_at DESC, milestones.kind DESC, milestones.key DESC",
        page,
        "LEFT JOIN deliveries d ON d.account_id = milestones.account_id AND d.id = milestones.delivery_id"
        " LEFT JOIN imports i ON i.account_id = d.account_id AND i.id = d.import_id",
    )


def purchases(
    tx: Connection,
    account_id: int,
    page: Page,
    *,
    transaction: str | None = None,
    email: str | None = None,
    status: str | None = None,
    product: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Listed:
    """Purchases, the last first by the day of approval, else of the order; `product` is an id or a name."""
    wanted = (
        Wanted(account_id, "purchases")
        .add("purchases.transaction = :transaction", transaction=transaction)
        .add("purchases.email = :email", email=email.strip().lower() if email else None)
        .add("purchases.status = :status", status=status)
        .add("(purchases.product_id = :product OR purchases.product_name = :product)", product=product)
        .add("purchases.counted_at >= :since", since=since)
        .add("purchases.counted_at < :until", until=until)
    )
    return _page(tx, "purchases.*", wanted, "purchases.counted_at DESC, purchases.key DESC", page)


def deliveries(
    tx: Connection,
    account_id: int,
    page: Page,
    *,
    state: str | None = None,
    source: str | None = None,
    event: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    about: str | None = None,
) -> Listed:
    """The inbox, newest first, without bodies.

    `about` finds a person by part of name or e-mail, a purchase by its code, an event by its id.
    """
    wanted = (
        Wanted(account_id, "deliveries")
        .add("deliveries.state = :state", state=state)
        .add("deliveries.source = :source", source=source)
        .add("deliveries.event = :event", event=event)
        .add("deliveries.received_at >= :since", since=since)
        .add("deliveries.received_at < :until", until=until)
    )
    if about and about.strip():
        wanted.add(ABOUT, about=about.strip(), part=f"%{escaped(about.strip())}%")
    return _page(tx, DELIVERY, wanted, "deliveries.id DESC", page)


# From words to people, from people to their stories, from stories to facts: every step by an index.
ABOUT = f"""(deliveries.key = :about OR deliveries.id IN (
    SELECT f.delivery_id FROM facts f WHERE f.account_id = :account_id AND f.subject = 't:' || :about
    UNION SELECT f.delivery_id FROM facts f JOIN mentions m ON m.account_id = f.account_id AND m.subject = f.subject
    WHERE m.account_id = :account_id AND m.kind = 'client' AND m.about IN (
        WITH named AS (SELECT c.email FROM clients c WHERE c.account_id = :account_id
            AND (c.email ILIKE :part OR c.name ILIKE :part) LIMIT {MOST_PEOPLE})
        SELECT email FROM named
        UNION SELECT a.email FROM aliases a JOIN named ON a.client_email = named.email WHERE a.account_id = :account_id
        UNION (SELECT a.email FROM aliases a WHERE a.account_id = :account_id AND a.email ILIKE :part
            LIMIT {MOST_PEOPLE}))))"""


DELIVERY = """deliveries.id, deliveries.source, deliveries.key, deliveries.event, deliveries.received_at,
    deliveries.state, deliveries.reason, deliveries.notes, deliveries.attempts, deliveries.variant,
    deliveries.import_id, deliveries.row_number, deliveries.fate, deliveries.done_at,
    (SELECT count(*) FROM repeats WHERE repeats.account_id = deliveries.account_id
        AND repeats.source = deliveries.source AND repeats.key = deliveries.key) AS repeats"""


def delivery(tx: Connection, account_id: int, delivery_id: int) -> RowMapping | None:
    """One delivery with its body."""
    return (
        tx.execute(
            text(f"SELECT {DELIVERY}, deliveries.body FROM deliveries WHERE account_id = :account AND id = :id"),
            {"account": account_id, "id": delivery_id},
        )
        .mappings()
        .one_or_none()
    )


BALANCE = """
WITH counted AS (
    SELECT source, CASE state WHEN 'done' THEN 'applied' ELSE state END AS slot, count(*) AS number
    FROM deliveries d WHERE d.account_id = :account AND (d.import_id IS NULL OR EXISTS (
        SELECT 1 FROM imports i WHERE i.account_id = d.account_id AND i.id = d.import_id
        AND i.status NOT IN ('checking', 'ready', 'trying')))
    GROUP BY source, slot
    UNION ALL
    SELECT source, 'duplicate', count(*) FROM repeats WHERE account_id = :account GROUP BY source
)
SELECT source, sum(number)::bigint AS received,
    {slots}
FROM counted GROUP BY source ORDER BY source
""".format(
    slots=",\n    ".join(
        f"coalesce(sum(number) FILTER (WHERE slot = '{slot}'), 0)::bigint AS {slot}"
        for slot in ("applied", "duplicate", "set_aside", "kept", "test", "withdrawn", "pending")
    )
)


def balance(tx: Connection, account_id: int) -> Sequence[RowMapping]:
    """The books: what arrived by source, and what became of it. Rows of unconfirmed imports did not arrive yet."""
    return tx.execute(text(BALANCE), {"account": account_id}).mappings().all()
