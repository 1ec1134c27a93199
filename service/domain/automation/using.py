"""Which fields an automation speaks of, wherever they stand in its filter and its texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.templates import TemplateError, parse


def fields_of(filter_: Any, mapping: Any) -> frozenset[str]:
    """Keys of the fields in a stored filter and mapping; what cannot be understood names none."""
    named = (CATALOGUE.find(name) for name in _names(filter_))
    return frozenset([*(one.key for one in named if one is not None), *_inserted(mapping)])


def _names(part: Any) -> Iterator[str]:
    """The names of fields that conditions are about."""
    if isinstance(part, dict):
        name = part.get("field")
        if isinstance(name, str):
            yield name
        for value in part.values():
            yield from _names(value)
    elif isinstance(part, list):
        for value in part:
            yield from _names(value)


def _inserted(part: Any) -> Iterator[str]:
    """The fields that texts insert."""
    if isinstance(part, str) and "{{" in part:
        try:
            yield from (one.key for one in parse(part).fields())
        except TemplateError:
            return
    elif isinstance(part, dict | list):
        for value in part.values() if isinstance(part, dict) else part:
            yield from _inserted(value)
