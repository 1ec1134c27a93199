"""All panels by name, in the order they are shown."""

from __future__ import annotations

from collections.abc import Callable

from service.panels import lasting, recovering, selling
from service.panels.looking import Look
from service.panels.shape import Panel

PANELS: dict[str, Callable[[Look], Panel]] = {
    "sold": selling.sold,
    "opportunities": recovering.opportunities,
    "declined": recovering.declined,
    "carts": recovering.carts,
    "recovered": recovering.recovered,
    "origin": selling.origin,
    "renewals": lasting.renewals,
    "refunds": lasting.refunds,
    "chargebacks": lasting.chargebacks,
    "subscriptions": lasting.subscriptions,
    "partners": selling.partners,
    "members": lasting.members,
    "balance": selling.balance,
}
TIMELESS = frozenset({"balance"})
"""Panels that show a state, whatever the period."""
