"""Reading opportunities: a page after a key, however far down the list; how many they are, and what they are worth."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.domain.recovery import State
from service.store.engine import plan_anew
from service.store.lists import Wanted
from service.store.parts import ABSENT, Part, Place, Total, part_of, totals_of
from service.store.sales import people_called

__all__ = ["Part", "Place", "Sought", "listed", "number", "total"]
COLUMNS = """opportunities.*, clients.email, clients.name AS client_name, clients.phone,
    CASE WHEN opportunities.state = 'recovered'
        THEN extract(epoch FROM recovered_at - last_at)::bigint END AS seconds_to_recover"""
BUYERS = """LEFT JOIN clients
    ON clients.account_id = opportunities.account_id AND clients.id = opportunities.client_id"""


class Sought(NamedTuple):
    """Which opportunities; `~` for product, reason or currency means those without one.

    `product` is an id or a name; `product_key` an id, or a name only where a product has none; the reason `any` is
    any but none. Period and currency are those of the attempt; of the sale after it where the recovered ones are
    asked for, unless `by_attempt`. `buyer` is an e-mail or words of a name.
    """

    state: str | None = None
    kind: str | None = None
    reason: str | None = None
    product: str | None = None
    currency: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    all_attempts: bool = False
    buyer: str | None = None
    product_key: str | None = None
    by_attempt: bool = False

    @property
    def are_recovered(self) -> bool:
        """Whether the sales that followed are looked at, not the attempts."""
        return self.state == State.RECOVERED and not self.by_attempt

    @property
    def moment(self) -> str:
        """The column that the period and the order go by."""
        return "opportunities." + ("recovered_at" if self.are_recovered else "last_at")

    @property
    def money(self) -> str:
        """What the columns of the amount begin with."""
        return "opportunities." + ("recovered" if self.are_recovered else "amount")


def listed(tx: Connection, account_id: int, sought: Sought, *, after: Place | None = None, size: int = 50) -> Part:
    """Opportunities with their buyer's contact, the last first.

    Without `all_attempts` only the last attempt of each episode is listed, so no episode counts twice.
    """
    plan_anew(tx)
    wanted = wanted_of(tx, account_id, sought)
    if after is not None:
        place = f"({sought.moment}, opportunities.key) < (:after_at, :after_key)"
        wanted.add(place, after_at=after.at, after_key=after.key)
    found = tx.execute(text(f"{select(sought, wanted)} LIMIT :size"), wanted.values | {"size": size + 1})
    return part_of(found.mappings().all(), size)


def select(sought: Sought, wanted: Wanted) -> str:
    """The statement for all of them, in their order."""
    return (
        f"SELECT {COLUMNS}, {sought.moment} AS listed_at FROM opportunities {BUYERS}"
        f" WHERE {wanted.where()} ORDER BY {sought.moment} DESC, opportunities.key DESC"
    )


def number(tx: Connection, account_id: int, sought: Sought) -> int:
    """How many match."""
    plan_anew(tx)
    wanted = wanted_of(tx, account_id, sought)
    counted = tx.execute(text(f"SELECT count(*) FROM opportunities WHERE {wanted.where()}"), wanted.values)
    return int(counted.scalar_one())


def total(tx: Connection, account_id: int, sought: Sought) -> list[Total]:
    """Number and amount by currency: of the attempts, or of the sales after them where recovered ones are asked for."""
    plan_anew(tx)
    wanted = wanted_of(tx, account_id, sought)
    rows = tx.execute(
        text(
            f"SELECT CASE WHEN {sought.money}_value IS NOT NULL THEN {sought.money}_currency END AS currency,"
            f" count(*) AS number, sum({sought.money}_value) AS amount"
            f" FROM opportunities WHERE {wanted.where()} GROUP BY 1"
        ),
        wanted.values,
    )
    return totals_of(rows.mappings().all())


def wanted_of(tx: Connection, account_id: int, sought: Sought) -> Wanted:
    """The conditions. The state is written out, for the planner to know the index of it."""
    wanted = (
        Wanted(account_id, "opportunities")
        .add("opportunities.kind = :kind", kind=sought.kind)
        .add(f"{sought.moment} >= :since", since=sought.since)
        .add(f"{sought.moment} < :until", until=sought.until)
    )
    for condition, name, value in _marks(sought):
        if value == ABSENT:
            wanted.conditions.append(WITHOUT[name].format(money=sought.money))
        else:
            wanted.add(condition, **{name: value})
    if sought.buyer is not None:
        people = people_called(tx, account_id, sought.buyer)
        wanted.add("opportunities.client_id = ANY(:people)", people=people)
    if sought.state is not None:
        return wanted.add(f"opportunities.state = '{State(sought.state)}'")
    return wanted if sought.all_attempts else wanted.add("opportunities.state <> 'superseded'")


WITHOUT = {
    "reason": "opportunities.reason IS NULL",
    "product": "opportunities.product_id IS NULL AND opportunities.product_name IS NULL",
    "product_key": "opportunities.product_id IS NULL AND opportunities.product_name IS NULL",
    "currency": "({money}_value IS NULL OR {money}_currency IS NULL)",
}
PRODUCT = "(opportunities.product_id = :product OR opportunities.product_name = :product)"
PRODUCT_KEY = """(opportunities.product_id = :product_key
    OR (opportunities.product_id IS NULL AND opportunities.product_name = :product_key))"""


ANY = "any"
# The value is named so that it may be bound.
ANY_REASON = "opportunities.reason IS NOT NULL AND :reason = 'any'"


def _marks(sought: Sought) -> tuple[tuple[str, str, str | None], ...]:
    known = f"({sought.money}_currency = :currency AND {sought.money}_value IS NOT NULL)"
    return (
        (ANY_REASON if sought.reason == ANY else "opportunities.reason = :reason", "reason", sought.reason),
        (PRODUCT, "product", sought.product),
        (PRODUCT_KEY, "product_key", sought.product_key),
        (known, "currency", sought.currency),
    )
