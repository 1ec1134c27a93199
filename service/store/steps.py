"""Steps after the sale, as lists: refunds, chargebacks, disputes that are open, visits of the members area."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from service.domain.after_sale import AGES, VISITS, StepKind
from service.store.engine import plan_anew
from service.store.parts import ABSENT, Part, Place, Total, part_of, totals_of
from service.store.sales import people_called

# As the panel tells them apart (`sums.figures`): days of 24 hours since the moment the purchase counts at.
DAYS = "(extract(epoch FROM s.listed_at - s.counted_at) / 86400)"


class StepFilter(NamedTuple):
    """Which steps; None means any, `~` those without one.

    `product` is an id, or a name where a product has none. `age` is one of AGES. `urgent` lists open disputes by the
    day an answer is due instead of the last first. `buyer` is an e-mail or words of a name.
    """

    kind: StepKind = StepKind.REFUNDED
    since: datetime | None = None
    until: datetime | None = None
    product: str | None = None
    currency: str | None = None
    age: str | None = None
    buyer: str | None = None
    urgent: bool = False


PURCHASE = """p.transaction, p.status, p.gross_value AS amount_value, p.gross_currency AS amount_currency,
    p.counted_at"""
# A purchase that is disputed today has asked at its milestone; one that no fact dates is placed where it counts.
DISPUTED = f"""
SELECT p.key, p.key AS purchase_key, coalesce(m.occurred_at, p.counted_at) AS listed_at, m.approximate, m.times,
    m.last_at, m.detail, m.delivery_id, m.source, p.client_id, p.product_id, p.product_name, {PURCHASE}
FROM purchases p LEFT JOIN milestones m ON m.account_id = p.account_id AND m.kind = 'disputed' AND m.key = p.key
WHERE p.account_id = :account AND p.status = 'disputed'
"""
# Only where the purchase has that status today: what was disputed after its refund, or paid again, is not given back.
RETURNED = f"""
SELECT m.key, m.key AS purchase_key, m.occurred_at AS listed_at, m.approximate, m.times, m.last_at, m.detail,
    m.delivery_id, m.source, p.client_id, p.product_id, p.product_name, {PURCHASE}
FROM milestones m JOIN purchases p ON p.account_id = m.account_id AND p.key = m.key AND p.status = '{{kind}}'
WHERE m.account_id = :account AND m.kind = '{{kind}}'
"""
VISITED = f"""
SELECT m.key, p.key AS purchase_key, m.occurred_at AS listed_at, m.approximate, m.times, m.last_at, m.detail,
    m.delivery_id, m.source, m.client_id, m.product_id, m.product_name, {PURCHASE}
FROM milestones m LEFT JOIN LATERAL (
    SELECT b.* FROM purchases b WHERE b.account_id = m.account_id AND b.client_id = m.client_id
        AND b.product_id = m.product_id AND b.category IN ('active', 'disputed') AND b.counted_at <= m.occurred_at
    ORDER BY b.counted_at DESC, b.key DESC LIMIT 1
) p ON true
WHERE m.account_id = :account AND m.kind = '{{kind}}'
"""
SELECT = """
SELECT s.*, c.name AS client_name, c.email, c.phone, CASE WHEN {days} >= 0 THEN floor({days})::int END AS days_since
FROM ({steps}) s LEFT JOIN clients c ON c.account_id = :account AND c.id = s.client_id
WHERE {where} ORDER BY s.listed_at {way}, s.key {way}
"""


class _Question(NamedTuple):
    steps: str
    where: str
    values: dict[str, Any]


def listed(tx: Connection, account_id: int, wanted: StepFilter, *, after: Place | None = None, size: int = 50) -> Part:
    """Steps with buyer, purchase and days since it, the last first; or open disputes with the most urgent first."""
    plan_anew(tx)
    asked = _question(tx, account_id, wanted)
    where = asked.where
    values = asked.values | {"size": size + 1}
    if after is not None:
        where += f" AND (s.listed_at, s.key) {'>' if _rises(wanted) else '<'} (:after_at, :after_key)"
        values |= {"after_at": after.at, "after_key": after.key}
    found = tx.execute(text(f"{_select(asked, wanted, where)} LIMIT :size"), values)
    return part_of(found.mappings().all(), size)


def whole(tx: Connection, account_id: int, wanted: StepFilter) -> tuple[str, dict[str, Any]]:
    """The statement for all of them in their order, and its values."""
    asked = _question(tx, account_id, wanted)
    return _select(asked, wanted, asked.where), asked.values


def _select(asked: _Question, wanted: StepFilter, where: str) -> str:
    return SELECT.format(days=DAYS, steps=asked.steps, where=where, way="ASC" if _rises(wanted) else "DESC")


def _rises(wanted: StepFilter) -> bool:
    return wanted.urgent and wanted.kind is StepKind.DISPUTED


def number(tx: Connection, account_id: int, wanted: StepFilter) -> int:
    """How many match."""
    plan_anew(tx)
    asked = _question(tx, account_id, wanted)
    return int(
        tx.execute(text(f"SELECT count(*) FROM ({asked.steps}) s WHERE {asked.where}"), asked.values).scalar_one()
    )


def total(tx: Connection, account_id: int, wanted: StepFilter) -> list[Total]:
    """Number and gross of the purchases behind the steps, by currency; of visits only how many they are."""
    plan_anew(tx)
    if wanted.kind in VISITS:
        visits = number(tx, account_id, wanted)
        return [Total(None, visits)] if visits else []
    asked = _question(tx, account_id, wanted)
    rows = tx.execute(
        text(
            "SELECT CASE WHEN s.amount_value IS NOT NULL THEN s.amount_currency END AS currency, count(*) AS number,"
            f" sum(s.amount_value) AS amount FROM ({asked.steps}) s WHERE {asked.where} GROUP BY 1"
        ),
        asked.values,
    )
    return totals_of(rows.mappings().all())


def due_at(requested_at: datetime, refund_days: int) -> datetime:
    """When a request for a refund must have been answered: so many days after it was made."""
    return requested_at + timedelta(days=refund_days)


def _question(tx: Connection, account_id: int, wanted: StepFilter) -> _Question:
    conditions, values = ["true"], dict[str, Any](account=account_id)
    for name, condition in CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(WITHOUT[name] if value == ABSENT and name in WITHOUT else condition)
            values |= {} if value == ABSENT else {name: value}
    if wanted.age is not None:
        conditions.append(_age(wanted.age))
    if wanted.buyer is not None:
        conditions.append("s.client_id = ANY(:people)")
        values["people"] = people_called(tx, account_id, wanted.buyer)
    return _Question(_steps(wanted.kind), " AND ".join(conditions), values)


CONDITIONS = {
    "since": "s.listed_at >= :since",
    "until": "s.listed_at < :until",
    "product": "(s.product_id = :product OR (s.product_id IS NULL AND s.product_name = :product))",
    "currency": "(s.amount_currency = :currency AND s.amount_value IS NOT NULL)",
}
WITHOUT = {
    "product": "s.product_id IS NULL AND s.product_name IS NULL",
    "currency": "(s.amount_value IS NULL OR s.amount_currency IS NULL)",
}


def _steps(kind: StepKind) -> str:
    if kind is StepKind.DISPUTED:
        return DISPUTED
    return (VISITED if kind in VISITS else RETURNED).format(kind=kind)


def _age(name: str) -> str:
    if name == ABSENT:
        return f"({DAYS} IS NULL OR {DAYS} < 0)"
    first, end = AGES[name]
    return f"{DAYS} >= {first}" + (f" AND {DAYS} < {end}" if end is not None else "")
