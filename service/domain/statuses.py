"""Purchase statuses: one vocabulary for every spelling Hotmart uses."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where one purchase stands."""

    STARTED = "started"
    WAITING_PAYMENT = "waiting_payment"
    IN_REVIEW = "in_review"
    OVERDUE = "overdue"
    EXPIRED = "expired"
    CANCELED = "canceled"
    APPROVED = "approved"
    COMPLETE = "complete"
    DISPUTED = "disputed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CHARGEBACK = "chargeback"


class Category(StrEnum):
    """What a status means for the money."""

    PENDING = "pending"
    ACTIVE = "active"
    DISPUTED = "disputed"
    LOST = "lost"


STAGE = {
    Status.STARTED: 10,
    Status.WAITING_PAYMENT: 20,
    Status.IN_REVIEW: 30,
    Status.OVERDUE: 40,
    Status.EXPIRED: 50,
    Status.CANCELED: 50,
    Status.APPROVED: 60,
    Status.COMPLETE: 70,
    Status.DISPUTED: 80,
    Status.PARTIALLY_REFUNDED: 85,
    Status.REFUNDED: 90,
    Status.CHARGEBACK: 100,
}
"""How far a sale has gone; breaks ties between facts that speak for the same instant."""

CATEGORY_OF = {
    Status.STARTED: Category.PENDING,
    Status.WAITING_PAYMENT: Category.PENDING,
    Status.IN_REVIEW: Category.PENDING,
    Status.OVERDUE: Category.LOST,
    Status.EXPIRED: Category.LOST,
    Status.CANCELED: Category.LOST,
    Status.APPROVED: Category.ACTIVE,
    Status.COMPLETE: Category.ACTIVE,
    Status.DISPUTED: Category.DISPUTED,
    # The amount given back is unknown, so the whole stays active and is flagged.
    Status.PARTIALLY_REFUNDED: Category.ACTIVE,
    Status.REFUNDED: Category.LOST,
    # The bank took it back, whoever was right.
    Status.CHARGEBACK: Category.LOST,
}

STATUS_OF_WORD = {
    "STARTED": Status.STARTED,
    "WAITING_PAYMENT": Status.WAITING_PAYMENT,
    "WAYTING_PAYMENT": Status.WAITING_PAYMENT,
    "PRINTED_BILLET": Status.WAITING_PAYMENT,
    "BILLET_PRINTED": Status.WAITING_PAYMENT,
    "IN_REVIEW": Status.IN_REVIEW,
    "UNDER_ANALISYS": Status.IN_REVIEW,
    "UNDER_ANALYSIS": Status.IN_REVIEW,
    "PROCESSING_TRANSACTION": Status.IN_REVIEW,
    "PRE_ORDER": Status.IN_REVIEW,
    "OVERDUE": Status.OVERDUE,
    "DELAYED": Status.OVERDUE,
    "EXPIRED": Status.EXPIRED,
    "CANCELLED": Status.CANCELED,
    "CANCELED": Status.CANCELED,
    "NO_FUNDS": Status.CANCELED,
    "BLOCKED": Status.CANCELED,
    "REFUSED": Status.CANCELED,
    "APPROVED": Status.APPROVED,
    "COMPLETE": Status.COMPLETE,
    "COMPLETED": Status.COMPLETE,
    "DISPUTE": Status.DISPUTED,
    "DISPUTED": Status.DISPUTED,
    "PROTESTED": Status.DISPUTED,
    "PROTEST": Status.DISPUTED,
    "PARTIALLY_REFUNDED": Status.PARTIALLY_REFUNDED,
    "REFUNDED": Status.REFUNDED,
    "CHARGEBACK": Status.CHARGEBACK,
}
"""Every spelling of Hotmart's own words: documentation, wire and version 1.0.0."""

STATUS_OF_EVENT = {
    "PURCHASE_APPROVED": Status.APPROVED,
    "PURCHASE_COMPLETE": Status.COMPLETE,
    "PURCHASE_BILLET_PRINTED": Status.WAITING_PAYMENT,
    "PURCHASE_CANCELED": Status.CANCELED,
    "PURCHASE_DELAYED": Status.OVERDUE,
    "PURCHASE_EXPIRED": Status.EXPIRED,
    "PURCHASE_PROTEST": Status.DISPUTED,
    "PURCHASE_REFUNDED": Status.REFUNDED,
    "PURCHASE_CHARGEBACK": Status.CHARGEBACK,
}
"""The event decides the status; the body's own word only supports it."""


def status_of_word(word: str) -> Status | None:
    """The status a word of Hotmart's vocabulary stands for, in any case; None when unknown."""
    return STATUS_OF_WORD.get(word.strip().upper().replace(" ", "_").replace("-", "_"))


PAID_ONCE = frozenset(
    {
        Status.APPROVED,
        Status.COMPLETE,
        Status.DISPUTED,
        Status.PARTIALLY_REFUNDED,
        Status.REFUNDED,
        Status.CHARGEBACK,
    }
)
"""Statuses of purchases whose money came, whatever became of it: what refunds and chargebacks are a share of."""
