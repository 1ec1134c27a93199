"""Where leads, contacts and stages of the connected Kommo are found, and what they are called there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from service.store.connections import Connected

PAGES = {"lead": "leads", "contact": "contacts", "company": "companies"}


class Crm(NamedTuple):
    """The connected account of Kommo; `is_live` is false while it rests."""

    origin: str
    is_live: bool

    def page(self, kind: str, number: int) -> str:
        """Where Kommo shows a lead, contact or company."""
        return f"{self.origin}/{PAGES[kind]}/detail/{number}"


def of(connected: Connected | None) -> Crm | None:
    """The places of a connection, also of one that rests; None where there never was one."""
    return None if connected is None else Crm(connected.origin, connected.state == "connected")


def stages_of(connected: Connected | None) -> dict[tuple[int, int], str]:
    """`Vendas: Ganho` by pipeline and stage, as far as it is known what is set up there."""
    book: Mapping[str, Any] = (connected and connected.book) or {}
    return {
        (pipeline["id"], stage["id"]): f"{pipeline['name']}: {stage['name']}"
        for pipeline in book.get("pipelines", ())
        for stage in pipeline["stages"]
    }
