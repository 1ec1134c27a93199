"""Subscriptions as a list: what runs, what ended and when, and what it brings in a month."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from service.domain.after_sale import LIVES, STATE_OF_WORD, UNKNOWN, WORDS_OF
from service.store.engine import plan_anew
from service.store.parts import ABSENT, Part, Place, Total, part_of, totals_of
from service.store.sales import people_called

CANCELED = "canceled"


class SubscriptionFilter(NamedTuple):
    """Which subscriptions; None and () mean any, `~` those without one. Moments are aware, `..._until` is out.

    `access_after` asks for those that are canceled but paid until a day after it. `product` is an id, or a name where
    a product has none. `of="canceled"` are those that ended, and the period is that of their end. `dated` is whether it
    is known from when to when they ran, `running` asks for those that ran at that moment. `life` is one of LIVES.
    `buyer` is an e-mail, words of a name or the subscriber code.
    """

    statuses: tuple[str, ...] = ()
    product: str | None = None
    plan: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    canceled_since: datetime | None = None
    canceled_until: datetime | None = None
    charge_since: datetime | None = None
    charge_until: datetime | None = None
    access_after: datetime | None = None
    currency: str | None = None
    buyer: str | None = None
    of: str | None = None
    dated: bool | None = None
    life: str | None = None
    running: datetime | None = None

    @property
    def moment(self) -> str:
        """The column of the order, and of the period: the end where ends are asked for, else the beginning."""
        return "s.canceled_at" if self.of == CANCELED or self.canceled_since or self.canceled_until else "s.first_at"


CONDITIONS = {
    "product": "(s.product_id = :product OR (s.product_id IS NULL AND s.product_name = :product))",
    "plan": "s.plan_name = :plan",
    "canceled_since": "s.canceled_at >= :canceled_since",
    "canceled_until": "s.canceled_at < :canceled_until",
    "charge_since": "s.next_charge_at >= :charge_since",
    "charge_until": "s.next_charge_at < :charge_until",
    "of": "(s.status LIKE :of || '%' AND s.canceled_at IS NOT NULL)",
    "dated": "(s.status LIKE 'canceled%' IS NOT TRUE OR s.canceled_at IS NOT NULL) = :dated",
    "running": "(s.first_at < :running AND CASE WHEN s.status LIKE 'canceled%' THEN s.canceled_at >= :running"
    " ELSE true END)",
    "access_after": "(s.status LIKE 'canceled%' AND s.next_charge_at > :access_after)",
    "currency": "(s.charge_currency = :currency AND s.monthly_value IS NOT NULL)",
}
WITHOUT = {
    "product": "s.product_id IS NULL AND s.product_name IS NULL",
    "plan": "s.plan_name IS NULL",
    "currency": "s.monthly_value IS NULL",
}
COLUMNS = "t.*, c.name AS client_name, c.email AS client_email, c.phone"


class _Question(NamedTuple):
    where: str
    values: dict[str, Any]


def listed(
    tx: Connection, account_id: int, wanted: SubscriptionFilter, *, after: Place | None = None, size: int = 50
) -> Part:
    """Subscriptions with buyer, last charge and monthly value, the last begun (or ended) first."""
    plan_anew(tx)
    asked = _question(tx, account_id, wanted)
    where, values = asked.where, asked.values | {"size": size + 1}
    if after is not None:
        where += f" AND ({wanted.moment}, s.code) < (:after_at, :after_key)"
        values |= {"after_at": after.at, "after_key": after.key}
    found = tx.execute(text(_select(wanted, where, "LIMIT :size")), values)
    return part_of(found.mappings().all(), size)


def whole(tx: Connection, account_id: int, wanted: SubscriptionFilter) -> tuple[str, dict[str, Any]]:
    """The statement for all of them in their order, and its values."""
    asked = _question(tx, account_id, wanted)
    return _select(wanted, asked.where), asked.values


def _select(wanted: SubscriptionFilter, where: str, limit: str = "") -> str:
    order = f"{wanted.moment} DESC, s.code DESC"
    return (
        f"SELECT {COLUMNS} FROM (SELECT s.*, {wanted.moment} AS listed_at, s.code AS key"
        f" FROM subscription_terms s WHERE {where} ORDER BY {order} {limit}) t"
        " LEFT JOIN clients c ON c.account_id = t.account_id AND c.id = t.client_id"
        " ORDER BY t.listed_at DESC, t.key DESC"
    )


def number(tx: Connection, account_id: int, wanted: SubscriptionFilter) -> int:
    """How many match."""
    plan_anew(tx)
    asked = _question(tx, account_id, wanted)
    counted = tx.execute(text(f"SELECT count(*) FROM subscription_terms s WHERE {asked.where}"), asked.values)
    return int(counted.scalar_one())


def total(tx: Connection, account_id: int, wanted: SubscriptionFilter) -> list[Total]:
    """Number and monthly value by the currency of the last charge; those whose period nobody knows come last."""
    plan_anew(tx)
    asked = _question(tx, account_id, wanted)
    rows = tx.execute(
        text(
            "SELECT CASE WHEN s.monthly_value IS NOT NULL THEN s.charge_currency END AS currency, count(*) AS number,"
            f" sum(s.monthly_value) AS amount FROM subscription_terms s WHERE {asked.where} GROUP BY 1"
        ),
        asked.values,
    )
    return totals_of(rows.mappings().all())


# As the panel tells them apart (`sums.figures`).
RAN_MONTHS = "(extract(epoch FROM s.canceled_at - s.first_at) / 2629800)"


def _life(life: str) -> str:
    if life == ABSENT:
        return f"({RAN_MONTHS} IS NULL OR {RAN_MONTHS} < 0)"
    least, below = LIVES[life]
    return f"{RAN_MONTHS} >= {least}" + ("" if below is None else f" AND {RAN_MONTHS} < {below}")


def _question(tx: Connection, account_id: int, wanted: SubscriptionFilter) -> _Question:
    conditions, values = ["s.account_id = :account"], dict[str, Any](account=account_id)
    for name, condition in CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(WITHOUT[name] if value == ABSENT and name in WITHOUT else condition)
            values |= {} if value == ABSENT else {name: value}
    period = "s.canceled_at" if wanted.of == CANCELED else "s.first_at"
    for name, bound, way in (("since", wanted.since, ">="), ("until", wanted.until, "<")):
        if bound is not None:
            conditions.append(f"{period} {way} :{name}")
            values[name] = bound
    if wanted.life is not None:
        conditions.append(_life(wanted.life))
    if wanted.statuses:
        condition, words = _status(wanted.statuses)
        conditions.append(condition)
        values |= words
    if wanted.buyer is not None:
        conditions.append("(s.client_id = ANY(:people) OR s.code = :code)")
        values |= {"people": people_called(tx, account_id, wanted.buyer), "code": wanted.buyer.strip()}
    return _Question(" AND ".join(conditions), values)


def _status(statuses: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    words = [word for status in statuses for word in WORDS_OF.get(status, ())]
    if UNKNOWN not in statuses:
        return "s.status = ANY(:words)", {"words": words}
    return "(s.status = ANY(:words) OR s.status IS NULL OR s.status <> ALL(:known))", {
        "words": words,
        "known": list(STATE_OF_WORD),
    }
