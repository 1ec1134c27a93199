"""Builders: one call makes one thing, with everything unsaid filled in sensibly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.facts import Certainty, Fact, Kind
from service.domain.statuses import Status
from service.sources.seal import sealed

NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after noon of 2 July 2026, UTC."""
    return NOON + timedelta(minutes=minutes)


def a_fact(
    status: Status | None = Status.APPROVED,
    *,
    minutes: float = 0,
    transaction: str = "HP1",
    certainty: Certainty = Certainty.KNOWN,
    email: str | None = "ana@example.com",
    said: str | None = None,
    source: str = "hotmart",
    delivery_id: int = 0,
    occurred_at: datetime | None = None,
    **fields: Any,
) -> Fact:
    """A purchase fact of a postback; `said="row"` makes it one of a spreadsheet."""
    if said == "row":
        source = "sheet"
    return sealed(
        Fact(
            kind=Kind.PURCHASE,
            subject=f"t:{transaction}",
            source=source,
            said=said or f"PURCHASE_{status}".upper(),
            as_of=at(minutes),
            certainty=certainty,
            occurred_at=occurred_at or at(minutes),
            fields={"transaction": transaction, **fields},
            email=email,
            status=status,
            delivery_id=delivery_id,
        )
    )
