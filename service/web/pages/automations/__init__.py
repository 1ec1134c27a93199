"""Automations: what happens elsewhere when something happens at Hotmart, and what became of it."""

from __future__ import annotations

from service.web.pages.automations import history, listing, only_if, then, trying, when
from service.web.pages.automations.room import PAGE

__all__ = ["PAGE", "history", "listing", "only_if", "then", "trying", "when"]
