"""Reading one client's journey: milestones newest first, attempts that belong together as one entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.domain.timeline import ATTEMPTS, NEIGHBOURS, ORDER, SALES
from service.store.lists import escaped

MOST_MEMBERS = 50
"""Milestones of one entry that are read; it says how many there are."""


class Sought(NamedTuple):
    """Which milestones. `product` is an id or a name.

    `words` is a part of a product, transaction code, or of what was said about the step (refusal reason, plan,
    module); `details` are such sayings that match as a whole.
    """

    kinds: Sequence[str] | None = None
    product: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None
    details: Sequence[str] = ()


class Spot(NamedTuple):
    """Where a page ended: the moment, kind and id of its last milestone."""

    at: datetime
    kind: str
    id: UUID


class Entry(NamedTuple):
    """One line of the journey, a milestone or several attempts that belong together, newest first.

    `size` counts its milestones, `attempts` the purchases they are of; `first_at` is that of the oldest.
    """

    milestones: Sequence[RowMapping]
    size: int
    attempts: int
    first_at: datetime

    @property
    def head(self) -> RowMapping:
        """The newest milestone: where the entry stands in the journey."""
        return self.milestones[0]

    @property
    def is_group(self) -> bool:
        """Whether these are several attempts."""
        return self.attempts > 1


class Part(NamedTuple):
    """Entries of a journey, and where it goes on; None at its end."""

    entries: Sequence[Entry]
    after: Spot | None


RANK = "array_position(CAST(:order AS text[]), m.kind)"
PRODUCT = """coalesce('p:' || m.product_id, 'n:' || lower(btrim(m.product_name)), 'm:' || m.id) COLLATE "C\""""

# Only windows before the page is cut, and then rows by where they lie: while an account is new the planner takes any
# index that begins with it for as good as the key, and reads the whole account for every row.
# A boleto that was paid is no attempt. A run of attempts at a product ends at a gap and at a sale of the product; an
# entry is a run of several purchases, or one milestone. It stands where its newest milestone stands, so it is never
# on two pages.
PAGE = """
WITH steps AS (
    SELECT m.ctid AS place_of, m.id, m.kind, m.key, m.occurred_at, m.product_id, m.product_name, m.transaction,
        m.detail, {rank} AS rank, {product} AS product, m.kind = ANY(CAST(:sales AS text[])) AS is_sale,
        m.kind = ANY(CAST(:attempts AS text[])) AND NOT (m.kind = 'payment_issued'
            AND bool_or(m.kind = 'approved') OVER (PARTITION BY m.key COLLATE "C")) AS is_attempt
    FROM milestones m WHERE m.account_id = :account AND m.client_id = :client
), marked AS (
    SELECT *, NOT is_attempt OR NOT lag(is_attempt, 1, false) OVER told
        OR occurred_at - lag(occurred_at) OVER told > :apart AS begins
    FROM steps WINDOW told AS (PARTITION BY is_attempt OR is_sale, product ORDER BY occurred_at, rank, id)
), numbered AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER told AS run
    FROM marked WINDOW told AS (PARTITION BY is_attempt OR is_sale, product ORDER BY occurred_at, rank, id)
), entered AS (
    SELECT m.*, CASE WHEN min(key) OVER whole <> max(key) OVER whole THEN first_value(id) OVER whole ELSE id END
        AS entry
    FROM numbered m WINDOW whole AS (PARTITION BY is_attempt OR is_sale, product, run ORDER BY occurred_at, rank, id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), chosen AS (
    SELECT place_of, id, kind, key, occurred_at, rank, entry FROM entered m WHERE true{conditions}
), headed AS (
    SELECT *, first_value(occurred_at) OVER told AS head_at, first_value(rank) OVER told AS head_rank,
        first_value(id) OVER told AS head_id, row_number() OVER told AS place
    FROM chosen WINDOW told AS (PARTITION BY entry ORDER BY occurred_at DESC, rank DESC, id DESC)
), page AS MATERIALIZED (
    SELECT * FROM (
        SELECT *, dense_rank() OVER (ORDER BY head_at DESC, head_rank DESC, head_id DESC) AS turn
        FROM headed{beyond}) ranked WHERE turn <= :size
), members AS (
    SELECT place_of, entry, turn, place, count(*) OVER whole AS entry_size,
        min(occurred_at) OVER whole AS entry_first_at,
        dense_rank() OVER (PARTITION BY entry ORDER BY key)
            + dense_rank() OVER (PARTITION BY entry ORDER BY key DESC) - 1 AS entry_attempts
    FROM page WINDOW whole AS (PARTITION BY entry)
)
SELECT m.*, members.entry, members.entry_size, members.entry_attempts, members.entry_first_at,
    d.import_id, d.row_number, i.file_name, p.status AS purchase_status, p.payment_type, p.recurrence_number, p.is_bump
FROM members JOIN milestones m ON m.ctid = members.place_of
    LEFT JOIN deliveries d ON d.account_id = m.account_id AND d.id = m.delivery_id
    LEFT JOIN imports i ON i.account_id = d.account_id AND i.id = d.import_id
    LEFT JOIN purchases p ON p.account_id = m.account_id AND p.key = m.key
WHERE members.place <= :members
ORDER BY members.turn, members.place
"""

CONDITIONS = {
    "kinds": " AND m.kind = ANY(CAST(:kinds AS text[]))",
    "product": " AND (m.product_id = :product OR m.product_name = :product)",
    "since": " AND m.occurred_at >= :since",
    "until": " AND m.occurred_at < :until",
    "words": (
        " AND (m.product_name ILIKE :part OR m.transaction ILIKE :part OR m.detail ILIKE :part"
        " OR m.detail = ANY(CAST(:details AS text[])))"
    ),
}
BEYOND = (
    " WHERE head_at <= :after_at AND (head_at < :after_at OR (head_rank, head_id)"
    " < (array_position(CAST(:order AS text[]), :after_kind), CAST(:after_id AS uuid)))"
)


def of_client(
    tx: Connection, account_id: int, client_id: UUID, sought: Sought, *, after: Spot | None = None, size: int = 50
) -> Part:
    """The journey, newest first; with where each step was told: the delivery, or import and row.

    Which attempts belong together is decided over the whole journey; the filter then leaves out milestones, so that
    a filtered entry may hold fewer of them.
    """
    conditions = "".join(clause for name, clause in CONDITIONS.items() if getattr(sought, name) is not None)
    rows = tx.execute(
        text(PAGE.format(rank=RANK, product=PRODUCT, conditions=conditions, beyond=BEYOND if after else "")),
        _values(account_id, client_id, sought, after) | {"size": size + 1, "members": MOST_MEMBERS},
    ).mappings()
    entries = [_entry(list(told)) for _, told in groupby(rows, key=lambda row: row["entry"])]
    last = entries[size - 1].head if len(entries) > size else None
    return Part(entries[:size], Spot(last["occurred_at"], last["kind"], last["id"]) if last else None)


def _entry(rows: Sequence[RowMapping]) -> Entry:
    head = rows[0]
    return Entry(rows, head["entry_size"], head["entry_attempts"], head["entry_first_at"])


def _values(account_id: int, client_id: UUID, sought: Sought, after: Spot | None) -> dict[str, Any]:
    values: dict[str, Any] = {"account": account_id, "client": client_id, "apart": NEIGHBOURS, "order": list(ORDER)}
    values |= {"attempts": list(ATTEMPTS), "sales": list(SALES)}
    values |= {name: getattr(sought, name) for name in CONDITIONS if getattr(sought, name) is not None}
    if sought.words is not None:
        values |= {"part": f"%{escaped(sought.words)}%", "details": list(sought.details)}
    if after is not None:
        values |= {"after_at": after.at, "after_kind": after.kind, "after_id": after.id}
    return values


class Contents(NamedTuple):
    """What a journey has to filter by: kinds, products (`product_id`, `product_name`), and what steps told of."""

    kinds: Sequence[str]
    products: Sequence[RowMapping]
    details: Sequence[str]


def contents(tx: Connection, account_id: int, client_id: UUID) -> Contents:
    """Every kind, product and saying of one client's journey, each once."""
    wanted = {"account": account_id, "client": client_id}
    of_client_ = "FROM milestones WHERE account_id = :account AND client_id = :client"
    kinds = tx.execute(text(f"SELECT DISTINCT kind {of_client_}"), wanted).scalars()
    products = tx.execute(
        text(
            f"SELECT product_id, max(product_name) AS product_name {of_client_}"
            " AND coalesce(product_id, product_name) IS NOT NULL"
            " GROUP BY product_id, CASE WHEN product_id IS NULL THEN product_name END ORDER BY product_name, product_id"
        ),
        wanted,
    ).mappings()
    details = tx.execute(text(f"SELECT DISTINCT detail {of_client_} AND detail IS NOT NULL"), wanted).scalars()
    return Contents(sorted(kinds.all(), key=ORDER.index), products.all(), details.all())
