"""Made-up Hotmart 2.0.0 events as live traffic writes them: same keys, types, absences and key order.

The shapes follow captured production events (webhook reference, sections 4 to 7 and table 6.10). The same
call always gives the same event. Events about one `email` and `product` (and `seed`) speak of the same
transaction and subscriber, so a story is told by calling `an_event` again with the next event and time.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from difflib import get_close_matches
from typing import Unpack

from service.samples import orders, others
from service.samples.sale import BOLETO, CARD, PIX, Event, Sale, Told, completed, id_of, millis

__all__ = ["BOLETO", "CARD", "EVENTS", "PIX", "Event", "Told", "an_event", "event_named", "late", "resent", "twice"]

SHAPES: dict[str, Callable[[Sale], Event]] = {
    **dict.fromkeys(orders.STATUS_OF_EVENT, orders.order),
    "PURCHASE_OUT_OF_SHOPPING_CART": others.cart,
    "SUBSCRIPTION_CANCELLATION": others.cancellation,
    "SWITCH_PLAN": others.plan_switch,
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": others.charge_date,
    "CLUB_FIRST_ACCESS": others.first_access,
    "CLUB_MODULE_COMPLETED": others.module_completed,
    "ORDER_FULFILLMENT": others.fulfillment,
}
EVENTS = tuple(SHAPES)
"""Every event of the catalogue (webhook reference, section 5)."""

ALSO_CALLED = {
    "BOLETO": "PURCHASE_BILLET_PRINTED",
    "PIX": "PURCHASE_BILLET_PRINTED",
    "BILLET": "PURCHASE_BILLET_PRINTED",
    "COMPLETED": "PURCHASE_COMPLETE",
    "REFUSED": "PURCHASE_CANCELED",
    "CANCELLED": "PURCHASE_CANCELED",
    "OVERDUE": "PURCHASE_DELAYED",
    "DISPUTE": "PURCHASE_PROTEST",
    "REFUND": "PURCHASE_REFUNDED",
    "CART": "PURCHASE_OUT_OF_SHOPPING_CART",
    "ABANDONED_CART": "PURCHASE_OUT_OF_SHOPPING_CART",
    "CANCELLATION": "SUBSCRIPTION_CANCELLATION",
    "SUBSCRIPTION_CANCELED": "SUBSCRIPTION_CANCELLATION",
    "PLAN_SWITCH": "SWITCH_PLAN",
    "CHARGE_DATE": "UPDATE_SUBSCRIPTION_CHARGE_DATE",
    "FULFILLMENT": "ORDER_FULFILLMENT",
    "SHIPPED": "ORDER_FULFILLMENT",
}


def an_event(event: str, **told: Unpack[Told]) -> Event:
    """One event of the catalogue as Hotmart posts it (without the token). Raises KeyError for an unknown event.

    Example: `an_event("PURCHASE_APPROVED", email="ana@example.com", price="97.00", payment=PIX)`.
    """
    write = SHAPES[event]
    sale = completed(event, told)
    created = "creationDate" if event == "CLUB_FIRST_ACCESS" else "creation_date"
    return {"data": write(sale), "id": id_of(sale), created: millis(sale.at), "event": event, "version": "2.0.0"}


def event_named(word: str) -> str:
    """The event meant by `approved`, `purchase_approved`, `PURCHASE_APPROVED`, `cart`, `boleto` and the like.

    Raises LookupError with the nearest names, or all of them.
    """
    name = word.strip().upper().replace("-", "_").replace(" ", "_")
    for candidate in (name, f"PURCHASE_{name}", f"CLUB_{name}", ALSO_CALLED.get(name, "")):
        if candidate in SHAPES:
            return candidate
    short = {event.removeprefix("PURCHASE_").removeprefix("CLUB_").lower() for event in SHAPES}
    near = get_close_matches(word.lower(), short, n=2)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(short))}."
    raise LookupError(f"'{word}' is no event of Hotmart. {hint}")


def twice(events: Iterable[Event]) -> list[Event]:
    """Every event delivered a second time right after the first, as two webhook configurations would."""
    return [copy for event in events for copy in (event, deepcopy(event))]


def late(events: Iterable[Event], every: int = 3) -> list[Event]:
    """The same events with each `every`-th arriving after all others, as after failed deliveries."""
    listed = list(events)
    delayed = listed[every - 1 :: every]
    return [event for place, event in enumerate(listed, 1) if place % every] + delayed


def resent(event: Event, hottok: str) -> Event:
    """The event as a manual resend from the panel brings it: same id and time, the token added to the body."""
    return deepcopy(event) | {"hottok": hottok}
