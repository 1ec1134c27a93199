"""The import wizard: five steps, each with its own address, and the history of imports."""

from __future__ import annotations

from service.web.pages.wizard import confirm, history, preview, processing, results, upload
from service.web.pages.wizard.room import PAGE

__all__ = ["PAGE", "confirm", "history", "preview", "processing", "results", "upload"]
