"""Connections: where events come from, and where automations write."""

from __future__ import annotations

from service.web.pages.connections import kommo, overview, webhooks
from service.web.pages.connections.room import PAGE

__all__ = ["PAGE", "kommo", "overview", "webhooks"]
