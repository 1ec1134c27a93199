"""What may follow a sale, as lists of it are asked for: steps, their age, states of a subscription."""

from __future__ import annotations

from enum import StrEnum


class StepKind(StrEnum):
    """Steps that have a list."""

    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    CHARGEBACK = "chargeback"
    DISPUTED = "disputed"
    FIRST_ACCESS = "first_access"
    MODULE_COMPLETED = "module_completed"


VISITS = (StepKind.FIRST_ACCESS, StepKind.MODULE_COMPLETED)
AGES = {"0-1": (0, 2), "2-7": (2, 8), "8-14": (8, 15), "15-30": (15, 31), "31+": (31, None)}
"""Whole days since the sale, by their name in a filter: from, and below."""
PANEL_AGES = {"1": "0-1", "7": "2-7", "14": "8-14", "30": "15-30", "later": "31+"}
"""What panels call the same spans: by their last day."""

LIVES = {"1": (0, 2), "3": (2, 4), "6": (4, 7), "12": (7, 13), "later": (13, None)}
"""Months (twelfths of a year) that a subscription had run when it ended, by the last of a span: from, and below."""

WORDS_OF = {
    "active": ("active",),
    "overdue": ("overdue", "delayed"),
    "canceled": ("canceled", "canceled_by_customer", "canceled_by_seller", "canceled_by_admin"),
    "started": ("started",),
    "expired": ("expired",),
    "inactive": ("inactive",),
}
"""The words of the ledger behind each state of a subscription."""
UNKNOWN = "unknown"
"""Hotmart did not say, or in a word we do not know."""
SUBSCRIPTION_STATES = (*WORDS_OF, UNKNOWN)
STATE_OF_WORD = {word: state for state, words in WORDS_OF.items() for word in words}


def subscription_state(word: str | None) -> str:
    """The state behind a word of the ledger."""
    return STATE_OF_WORD.get(word or "", UNKNOWN)
