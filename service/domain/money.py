"""Money: an exact decimal with its ISO currency, never a float, never added across currencies."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 15


class Money(NamedTuple):
    """An amount in units of its ISO 4217 currency. Without a currency it counts nowhere."""

    value: Decimal
    currency: str | None


def amount_text(value: Decimal) -> str:
    """The one spelling of an amount: at least two decimals, no needless zeros, no exponent.

    `97`, `97.0` and `97.00` are one amount and must be one text, or two facts that agree would
    look like a change.
    """
    trimmed = value.normalize()
    if trimmed.as_tuple().exponent > -2:  # type: ignore[operator]  # finite: checked where it was read
        trimmed = trimmed.quantize(CENT)
    return format(trimmed or Decimal("0.00"), "f")
