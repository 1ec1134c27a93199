"""Triggers explained: what happens at Hotmart or in Kommo when each fires, and which belong together."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.automation.triggers import Trigger

GROUPS: tuple[tuple[LazyString, tuple[Trigger, ...]], ...] = (
    (
        _l("Sales"),
        (
            Trigger.SALE_APPROVED,
            Trigger.SALE_COMPLETE,
            Trigger.SALE_CREATED,
            Trigger.PAYMENT_ISSUED,
            Trigger.SALE_SHIPPED,
        ),
    ),
    (
        _l("Sales to recover"),
        (
            Trigger.CART_ABANDONED,
            Trigger.SALE_EXPIRED,
            Trigger.SALE_CANCELED,
            Trigger.SALE_OVERDUE,
            Trigger.SALE_RECOVERED,
        ),
    ),
    (
        _l("Money given back"),
        (
            Trigger.REFUND_REQUESTED,
            Trigger.SALE_REFUNDED,
            Trigger.SALE_PARTIALLY_REFUNDED,
            Trigger.CHARGEBACK,
        ),
    ),
    (
        _l("Subscriptions"),
        (
            Trigger.SUBSCRIPTION_CREATED,
            Trigger.SUBSCRIPTION_STARTED,
            Trigger.SUBSCRIPTION_RENEWED,
            Trigger.SUBSCRIPTION_CANCELED,
            Trigger.PLAN_SWITCHED,
            Trigger.CHARGE_DATE_CHANGED,
        ),
    ),
    (_l("Members area"), (Trigger.FIRST_ACCESS, Trigger.MODULE_COMPLETED)),
    (_l("Kommo"), (Trigger.LEAD_STAGE_REACHED,)),
)
"""Every trigger once, in the order they are offered."""

MEANINGS: dict[Trigger, LazyString] = {
    Trigger.SALE_APPROVED: _l("Every time a payment is approved at Hotmart."),
    Trigger.SALE_EXPIRED: _l("Every time a boleto or Pix runs out without being paid."),
    Trigger.SALE_OVERDUE: _l("When a charge of a sale or subscription is overdue at Hotmart."),
    Trigger.SUBSCRIPTION_CREATED: _l("When a subscription is seen for the first time, paid or not."),
    Trigger.SALE_CANCELED: _l("Every time a sale is canceled, a declined card too."),
    Trigger.SALE_REFUNDED: _l("Every time a sale is refunded."),
    Trigger.REFUND_REQUESTED: _l("When a buyer asks for the money back, or disputes the payment."),
    Trigger.CART_ABANDONED: _l("When somebody leaves the checkout without buying: once per buyer, product and day."),
    Trigger.SALE_COMPLETE: _l("When the guarantee of a sale is over and it stands."),
    Trigger.SALE_CREATED: _l("When a sale is seen for the first time, in whatever state."),
    Trigger.SUBSCRIPTION_CANCELED: _l("When a subscription is canceled at Hotmart."),
    Trigger.LEAD_STAGE_REACHED: _l("When somebody moves a lead of a client to another stage in Kommo."),
    Trigger.CHARGEBACK: _l("When the bank takes a payment back."),
    Trigger.PAYMENT_ISSUED: _l("Every time a boleto or Pix is issued and waits to be paid."),
    Trigger.SALE_PARTIALLY_REFUNDED: _l("Every time part of a sale is refunded."),
    Trigger.SUBSCRIPTION_STARTED: _l("When the first charge of a subscription is paid."),
    Trigger.SUBSCRIPTION_RENEWED: _l("Every time a later charge of a subscription is paid."),
    Trigger.PLAN_SWITCHED: _l("Every time a subscriber switches to another plan."),
    Trigger.CHARGE_DATE_CHANGED: _l("When the charge day of a subscription changes."),
    Trigger.FIRST_ACCESS: _l("When a buyer enters the members area for the first time."),
    Trigger.MODULE_COMPLETED: _l("Every time a buyer completes a module in the members area."),
    Trigger.SALE_SHIPPED: _l("When a sale gets its shipping details."),
    Trigger.SALE_RECOVERED: _l("When a sale follows a failed attempt or an abandoned cart."),
}
"""When each trigger fires."""
