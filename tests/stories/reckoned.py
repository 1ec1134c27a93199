"""All panels as they must be, by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.stories import reckoned_lasting, reckoned_recovering, reckoned_selling
from tests.stories.reckoning import Asked, Figures, Options

RECKONED: dict[str, Callable[[Asked, Options], Figures]] = {
    "sold": reckoned_selling.sold,
    "opportunities": reckoned_recovering.opportunities,
    "declined": reckoned_recovering.declined,
    "carts": reckoned_recovering.carts,
    "recovered": reckoned_recovering.recovered,
    "origin": reckoned_selling.origin,
    "renewals": reckoned_lasting.renewals,
    "refunds": reckoned_lasting.refunds,
    "chargebacks": reckoned_lasting.chargebacks,
    "subscriptions": reckoned_lasting.subscriptions,
    "partners": reckoned_selling.partners,
    "members": reckoned_lasting.members,
    "balance": reckoned_selling.balance,
}
