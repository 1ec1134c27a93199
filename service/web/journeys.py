"""From what a request asks of a journey to what the store looks for; pages and API ask alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.store.journeys import Contents, Sought
from service.web import journey_words


def sought(contents: Contents, wanted: Mapping[str, Any]) -> Sought:
    """Which milestones: `kind`, `product`, `since`, `until`, and `q`, which also finds refusals by what they mean."""
    said = (wanted.get("q") or "").replace("\x00", "").strip()
    return Sought(
        kinds=[wanted["kind"]] if wanted.get("kind") else None,
        product=wanted.get("product") or None,
        since=wanted.get("since"),
        until=wanted.get("until"),
        words=said or None,
        details=journey_words.details_meaning(said, contents.details) if said else (),
    )
