"""All transactions by the moment they count at: found by any of their marks, listed page by page, added up live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.domain.statuses import PAID_ONCE
from service.store.client_filters import Conditions, Sought
from service.store.engine import plan_anew
from service.store.parts import ABSENT, Part, Place, Total, part_of
from service.store.sums.figures import LONGEST

MOST_PEOPLE = 200
"""A search for words looks at the purchases of this many people at most."""

MOST_PRODUCTS = 500
CROWD = 20_000


class SalesFilter(NamedTuple):
    """Which purchases are wanted; None and () mean any, `~` those without one.

    Moments are aware and those a purchase counts at: `since` is in, `until` is out; the days of a guarantee are both
    in. `product` is an id, or a name where a product has none; `affiliate` likewise a name, or a code. `text` is a
    transaction code, an e-mail or words of a name. `visited=False` are purchases of whose product the buyer never
    entered the members area. `origin` is `src:0:name`: all that is called so by an alias, or has it as its part 1, 2 …
    """

    since: datetime | None = None
    until: datetime | None = None
    category: str | None = None
    statuses: tuple[str, ...] = ()
    product: str | None = None
    offer: str | None = None
    currency: str | None = None
    payment_type: str | None = None
    affiliate: str | None = None
    affiliate_code: str | None = None
    src: str | None = None
    sck: str | None = None
    origin: str | None = None
    coupon: str | None = None
    country: str | None = None
    recurrence: int | str | None = None
    bump: bool | None = None
    text: str | None = None
    subscriber: str | None = None
    subscription: bool | None = None
    warranty_from: date | None = None
    warranty_to: date | None = None
    warranty: str | None = None
    visited: bool | None = None
    paid: bool | None = None
    renewal: bool | None = None
    first_charge: bool | None = None
    client: UUID | None = None
    affiliated: bool | None = None
    coproduced: bool | None = None
    reported: bool | None = None


ALL_SALES = SalesFilter()
# OFFSET keeps PostgreSQL from reading all visits of the account first: a page asks for those of a few buyers.
ENTERED = """EXISTS (SELECT 1 FROM milestones m WHERE m.account_id = p.account_id AND m.client_id = p.client_id
    AND m.kind = 'first_access' AND m.product_id = p.product_id OFFSET 0)"""
CONDITIONS = {
    "since": "p.counted_at >= :since",
    "until": "p.counted_at < :until",
    "category": "p.category = :category",
    "statuses": "p.status = ANY(:statuses)",
    "product": "(p.product_id = :product OR (p.product_id IS NULL AND p.product_name = :product))",
    "offer": "p.offer_code = :offer",
    "currency": "(p.gross_currency = :currency AND p.gross_value IS NOT NULL)",
    "payment_type": "p.payment_type = :payment_type",
    "affiliate": f"left(coalesce(p.affiliate, p.affiliate_code), {LONGEST}) = left(:affiliate, {LONGEST})",
    "affiliate_code": "p.affiliate_code = :affiliate_code",
    "src": f"left(p.src, {LONGEST}) = left(:src, {LONGEST})",
    "sck": f"left(p.sck, {LONGEST}) = left(:sck, {LONGEST})",
    "coupon": "p.coupon = :coupon",
    "country": "p.country = :country",
    "recurrence": "p.recurrence_number = :recurrence",
    "bump": "p.is_bump = :bump",
    "text": "(p.transaction = ANY(:codes) OR p.client_id = ANY(:people))",
    "subscriber": "p.subscriber_code = :subscriber",
    "subscription": "(p.subscriber_code IS NOT NULL) = :subscription",
    "warranty_from": "p.warranty_on >= :warranty_from",
    "warranty_to": "p.warranty_on <= :warranty_to",
    "visited": f"(p.product_id IS NOT NULL AND {ENTERED} = :visited)",
    "paid": f"(p.status = ANY('{{{','.join(sorted(PAID_ONCE))}}}')) = :paid",
    "renewal": "(coalesce(p.recurrence_number, 1) > 1) = :renewal",
    "first_charge": "(coalesce(p.recurrence_number, 1) = 1) = :first_charge",
    "client": "p.client_id = :client",
    "affiliated": "(coalesce(p.affiliate, p.affiliate_code) IS NOT NULL) = :affiliated",
    "coproduced": "(coalesce(p.coproducer_commission_value, 0) <> 0) = :coproduced",
    "reported": "(p.product_id IS NOT NULL AND p.product_id = ANY(ARRAY(SELECT DISTINCT m.product_id FROM milestones m"
    " WHERE m.account_id = :account AND m.kind = 'first_access'))) = :reported",
}
WITHOUT = {
    "product": "p.product_id IS NULL AND p.product_name IS NULL",
    "offer": "p.offer_code IS NULL",
    "currency": "(p.gross_value IS NULL OR p.gross_currency IS NULL)",
    "payment_type": "p.payment_type IS NULL",
    "affiliate": "p.affiliate IS NULL AND p.affiliate_code IS NULL",
    "src": "p.src IS NULL",
    "sck": "p.sck IS NULL",
    "coupon": "p.coupon IS NULL",
    "country": "p.country IS NULL",
    "recurrence": "p.recurrence_number IS NULL",
    "subscriber": "p.subscriber_code IS NULL",
    "warranty": "p.warranty_on IS NULL",
}


class Clause(NamedTuple):
    """A WHERE over `purchases p`, with the values it names."""

    where: str
    values: dict[str, Any]


def clause_of(tx: Connection, account_id: int, wanted: SalesFilter) -> Clause:
    """The condition for these sales. Words of a name are looked up first, so that each search goes by an index."""
    conditions, values = ["p.account_id = :account"], dict[str, Any](account=account_id)
    for name, value in wanted._asdict().items():
        if value is None or value == ():
            continue
        if value == ABSENT and name in WITHOUT:
            conditions.append(WITHOUT[name])
        elif name in CONDITIONS:
            conditions.append(CONDITIONS[name])
            values[name] = list(value) if isinstance(value, tuple) else value
    if wanted.text is not None:
        words = values.pop("text")
        values |= {"codes": sorted({words, words.upper()}), "people": people_called(tx, account_id, words)}
    if wanted.origin is not None:
        condition, called = _called(tx, account_id, wanted.origin)
        conditions.append(condition)
        values |= called
    return Clause(" AND ".join(conditions), values)


ORIGINS = {
    **{n: f"left(coalesce(p.{n}, ''), {LONGEST})" for n in ("src", "sck", "coupon", "payment_type", "country")},
    "affiliate": f"left(coalesce(p.affiliate, p.affiliate_code, ''), {LONGEST})",
}


def _called(tx: Connection, account_id: int, origin: str) -> tuple[str, dict[str, Any]]:
    """The condition for an origin by its name: the alias of the value, else of its part, else the part itself."""
    what, part, name = origin.split(":", 2)
    rows = tx.execute(
        text("SELECT value, alias FROM origin_aliases WHERE account_id = :account AND origin = :origin"),
        {"account": account_id, "origin": what},
    )
    aliases = {row.value: row.alias for row in rows}
    value = ORIGINS[what]
    separator = tx.execute(text("SELECT sck_separator FROM accounts WHERE id = :id"), {"id": account_id}).scalar_one()
    piece = f"split_part({value}, :separator, {int(part)})" if part != "0" else value
    named = [one for one, alias in aliases.items() if alias == name]
    values: dict[str, Any] = {"named": named, "aliased": list(aliases), "called": name}
    if part != "0":
        values["separator"] = separator
    is_part = f"({piece} = ANY(:named) OR ({piece} = :called AND {piece} <> ALL(:aliased)))"
    return f"({value} = ANY(:named) OR ({value} <> ALL(:aliased) AND {is_part}))", values


def people_called(tx: Connection, account_id: int, words: str) -> list[UUID]:
    """Clients as their own list finds them: by beginnings of words of a name, an e-mail, digits of a phone."""
    asked = Conditions(account_id, Sought(q=words))
    if not asked:
        return []
    # Materialized: a LIMIT beside the search would have all clients looked through for a rare word.
    statement = (
        f"WITH found AS MATERIALIZED (SELECT c.id FROM clients c WHERE c.account_id = :account {asked.of_all()})"
        f" SELECT id FROM found LIMIT {MOST_PEOPLE}"
    )
    return [row[0] for row in tx.execute(text(statement), asked.values)]


def listed(tx: Connection, account_id: int, wanted: SalesFilter, *, after: Place | None = None, size: int = 50) -> Part:
    """Sales with their buyer's name and phone, the last first, by the moment they count at."""
    plan_anew(tx)
    clause = clause_of(tx, account_id, wanted)
    values = clause.values | {"size": size + 1}
    where = clause.where
    if after is not None:
        where += " AND (p.counted_at, p.key) < (:after_at, :after_key)"
        values |= {"after_at": after.at, "after_key": after.key}
    rows = tx.execute(
        text(
            "SELECT p.*, p.counted_at AS listed_at, c.name AS client_name, c.phone AS client_phone FROM ("
            f"SELECT * FROM purchases p WHERE {where} ORDER BY p.counted_at DESC, p.key DESC LIMIT :size) p"
            " LEFT JOIN clients c ON c.account_id = p.account_id AND c.id = p.client_id"
            " ORDER BY p.counted_at DESC, p.key DESC"
        ),
        values,
    )
    return part_of(rows.mappings().all(), size)


def number(tx: Connection, account_id: int, wanted: SalesFilter) -> int:
    """How many sales match."""
    plan_anew(tx)
    clause = clause_of(tx, account_id, wanted)
    return int(tx.execute(text(f"SELECT count(*) FROM purchases p WHERE {clause.where}"), clause.values).scalar_one())


def is_crowded(tx: Connection, account_id: int, wanted: SalesFilter) -> bool:
    """Whether so many sales lie in the period, whatever else is asked of them, that adding up takes a while."""
    clause = clause_of(tx, account_id, SalesFilter(since=wanted.since, until=wanted.until))
    statement = f"SELECT count(*) FROM (SELECT 1 FROM purchases p WHERE {clause.where} LIMIT :most) counted"
    return int(tx.execute(text(statement), clause.values | {"most": CROWD}).scalar_one()) == CROWD


def total(tx: Connection, account_id: int, wanted: SalesFilter) -> list[Total]:
    """Gross and net of the sales that match, by currency, the largest first; sales of unknown amount last.

    Each sale is counted once, in the currency of its gross; its net is added in its own.
    """
    plan_anew(tx)
    clause = clause_of(tx, account_id, wanted)
    rows = tx.execute(
        text(
            "SELECT CASE WHEN p.gross_value IS NOT NULL THEN p.gross_currency END AS currency,"
            " CASE WHEN p.net_value IS NOT NULL THEN p.net_currency END AS net_currency,"
            f" count(*) AS number, sum(p.gross_value) AS gross, sum(p.net_value) AS net"
            f" FROM purchases p WHERE {clause.where} GROUP BY 1, 2"
        ),
        clause.values,
    )
    return _by_currency(rows.mappings().all())


def _by_currency(rows: Sequence[RowMapping]) -> list[Total]:
    numbers: dict[str | None, int] = defaultdict(int)
    gross: dict[str | None, Decimal] = {}
    net: dict[str | None, Decimal] = {}
    for row in rows:
        numbers[row["currency"]] += row["number"]
        if row["currency"] is not None:
            gross[row["currency"]] = gross.get(row["currency"], Decimal(0)) + row["gross"]
        if row["net_currency"] is not None:
            net[row["net_currency"]] = net.get(row["net_currency"], Decimal(0)) + row["net"]
    every = sorted({*gross, *net}, key=lambda code: (-gross.get(code, Decimal(0)), code or ""))
    totals = [Total(code, numbers[code], gross.get(code), net.get(code)) for code in every]
    return [*totals, *([Total(None, numbers[None])] if numbers[None] else [])]


def product_names(tx: Connection, account_id: int) -> dict[str, str]:
    """The first MOST_PRODUCTS products by name, to choose from."""
    rows = tx.execute(
        text(
            "SELECT id, coalesce(name, id) AS name FROM products WHERE account_id = :account"
            " ORDER BY lower(name), id LIMIT :most"
        ),
        {"account": account_id, "most": MOST_PRODUCTS},
    )
    return {row.id: row.name for row in rows}
