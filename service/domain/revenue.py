"""Revenue: sums per currency and category, never across currencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from service.domain.ledger import Purchase
from service.domain.money import amount_text
from service.domain.statuses import Category

Totals = dict[tuple[str, str], Decimal]
"""(currency, category) to the sum of gross amounts."""


class Revenue(NamedTuple):
    """What one client, or one file, adds up to in one currency; amounts in its units.

    `net` is the receiver's own share of active purchases whose share is in this currency.
    """

    currency: str
    active: Decimal
    lost: Decimal
    disputed: Decimal
    pending: Decimal
    net: Decimal


def totals_of(purchases: Iterable[Purchase]) -> Totals:
    """Gross sums of purchases by (currency, category); an amount without currency counts nowhere."""
    totals: Totals = {}
    for purchase in purchases:
        if purchase.gross_value is not None and purchase.gross_currency is not None:
            slot = (purchase.gross_currency, str(purchase.category))
            totals[slot] = totals.get(slot, Decimal(0)) + Decimal(purchase.gross_value)
        if purchase.net_value is not None and purchase.net_currency and purchase.category is Category.ACTIVE:
            slot = (purchase.net_currency, "net")
            totals[slot] = totals.get(slot, Decimal(0)) + Decimal(purchase.net_value)
    return totals


def added(totals: Totals, more: Totals, sign: int = 1) -> Totals:
    """`totals` with `more` added (sign 1) or taken away (sign -1)."""
    result = dict(totals)
    for slot, amount in more.items():
        result[slot] = result.get(slot, Decimal(0)) + sign * amount
    return result


def from_slots(sums: Mapping[str, str]) -> Totals:
    """The totals kept as JSON: amounts by `CUR|category`."""
    return {(slot.split("|")[0], slot.split("|")[1]): Decimal(amount) for slot, amount in sums.items()}


def to_slots(totals: Totals) -> dict[str, str]:
    """The totals as JSON keeps them."""
    return {f"{currency}|{category}": amount_text(amount) for (currency, category), amount in totals.items()}


def by_currency(totals: Totals) -> list[Revenue]:
    """One row per currency, in alphabetical order."""
    currencies = sorted({currency for currency, _ in totals})
    return [
        Revenue(
            currency,
            *(
                totals.get((currency, column), Decimal(0))
                for column in ("active", "lost", "disputed", "pending", "net")
            ),
        )
        for currency in currencies
    ]
