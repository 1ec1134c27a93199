"""The price of a lead: exact decimals, in the account's one currency, or none at all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from service.domain.money import CENT, Money

ONE = Decimal(1)


class Rounding(StrEnum):
    """How cents become whole units where an account cannot hold them."""

    HALF_UP = ROUND_HALF_UP
    HALF_EVEN = ROUND_HALF_EVEN
    DOWN = ROUND_DOWN
    UP = ROUND_UP


class Prices(NamedTuple):
    """What an account's prices can hold.

    `minor_units` None: no lead was there to tell; then whole units are sent, which every account takes. `rates`:
    units of the account's currency for one of another, chosen by a person. Without one nothing is converted.
    """

    currency: str
    minor_units: bool | None
    rounding: Rounding = Rounding.HALF_UP
    rates: Mapping[str, Decimal] = {}


class Priced(NamedTuple):
    """A price to send, or None; `why` tells what was done to it: exact, rounded, converted, or why there is none."""

    value: Decimal | None
    why: str


def price_in(prices: Prices, money: Money | None) -> Priced:
    """The price to send for an amount; never a guess about its currency."""
    if money is None:
        return Priced(None, "no amount")
    if money.currency is None:
        return Priced(None, "amount without currency")
    if money.currency == prices.currency:
        return _rounded(prices, money.value, "exact")
    rate = prices.rates.get(money.currency)
    if rate is None:
        return Priced(None, f"in {money.currency}, the account is in {prices.currency}")
    return _rounded(prices, money.value * rate, f"converted from {money.currency} at {rate}")


def _rounded(prices: Prices, value: Decimal, why: str) -> Priced:
    rounded = value.quantize(CENT if prices.minor_units else ONE, rounding=prices.rounding.value)
    return Priced(rounded, why if rounded == value or why != "exact" else "rounded")
