"""Clients: their list, and what each of them did."""

from __future__ import annotations

from service.web.pages.clients import duplicates, journey, listing, merging, notes, profile
from service.web.pages.clients.room import PAGE

__all__ = ["PAGE", "duplicates", "journey", "listing", "merging", "notes", "profile"]
