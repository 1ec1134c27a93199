"""How a client's journey is told: what comes first in the same instant, and which attempts belong together."""

from __future__ import annotations

from datetime import timedelta

ORDER = (
    "cart_abandoned",
    "payment_issued",
    "overdue",
    "expired",
    "canceled",
    "approved",
    "subscription_started",
    "subscription_renewed",
    "shipped",
    "first_access",
    "module_completed",
    "charge_date_changed",
    "plan_switched",
    "complete",
    "subscription_canceled",
    "disputed",
    "partially_refunded",
    "refunded",
    "chargeback",
    "lead_stage_reached",
)
"""Every kind of milestone; of two in the same instant the one that stands later here happened later."""

ATTEMPTS = ("payment_issued", "overdue", "expired", "canceled")
"""Steps of a purchase that was not paid. A boleto or Pix that was paid in the end was none."""

SALES = ("approved", "subscription_started", "subscription_renewed", "complete")
"""Steps that end a series of attempts: what fails after them is another story."""

NEIGHBOURS = timedelta(hours=1)
"""Attempts of one buyer at one product belong together while no two neighbours are further apart than this."""
