"""Facts: what a delivery says, in our words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from service.domain.statuses import STAGE, Status

Fields = dict[str, Any]
"""Normalised fields of a fact. Values are JSON: text, int, bool; money as `["97.00", "BRL"]` (the
currency may be null); an instant as ISO 8601 text in UTC (`2026-07-02T12:15:04+00:00`). A field with
no value is absent."""


class Kind(StrEnum):
    """What a fact speaks about."""

    PURCHASE = "purchase"
    CART = "cart"
    SUBSCRIPTION = "subscription"
    ACCESS = "access"
    SHIPMENT = "shipment"
    IDENTITY = "identity"
    LEAD = "lead"


class Certainty(IntEnum):
    """How well we know the moment a fact speaks for. A higher certainty wins, whatever the moment."""

    FILLER = 0
    GUESSED = 1
    KNOWN = 2


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing one delivery says.

    `subject` names the group that is folded together: `t:<transaction>`, `c:<email>|<product>`,
    `s:<subscriber code>`, `a:<email>|<product>`, `i:<email>`, `l:<lead>`. `as_of` is the moment the information
    speaks for, `occurred_at` when it happened at the seller; both aware, in UTC. `source` is `hotmart`, `sheet`,
    `person` or `kommo`. `said` names what was announced (the event, or `row` for a spreadsheet row).
    """

    kind: Kind
    subject: str
    source: str
    said: str
    as_of: datetime
    certainty: Certainty
    occurred_at: datetime
    fields: Fields
    email: str | None = None
    status: Status | None = None
    delivery_id: int = 0
    digest: bytes = field(default=b"", compare=False)

    def rank(self) -> tuple[int, datetime, int, bytes]:
        """Sort key: certainty, the moment it speaks for, the order a sale goes through, the digest."""
        stage = STAGE[self.status] if self.status is not None else 0
        return (self.certainty, self.as_of, stage, self.digest)
