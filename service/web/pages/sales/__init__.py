"""Sales Management: panels of figures, and the lists behind their numbers."""

from __future__ import annotations

from service.web.pages.sales import lists, panels
from service.web.pages.sales.room import PAGE

__all__ = ["PAGE", "lists", "panels"]
