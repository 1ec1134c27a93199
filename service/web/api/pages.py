"""Paging between flask-smorest and the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.store.lists import Listed, Page


def page_of(parameters: Any) -> Page:
    """The page a request asks for."""
    return Page(parameters.page, parameters.page_size)


def paged(listed: Listed, parameters: Any) -> Sequence[Any]:
    """The rows, with their total put into `X-Pagination`."""
    parameters.item_count = listed.total
    return listed.rows
