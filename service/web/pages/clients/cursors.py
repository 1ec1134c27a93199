"""Where a page ended, as the addresses of pages carry it: the same text as in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, ValidationError


def read(schema: Schema, given: str | None) -> Sequence[Any] | None:
    """The place `after` names; None, which is the first page, where it names none that we gave."""
    if not given:
        return None
    try:
        place: Sequence[Any] = schema.fields["after"].deserialize(given)
    except ValidationError:
        return None
    return place


def written(schema: Schema, place: Sequence[Any]) -> str:
    """A place as text for an address."""
    return str(schema.fields["after"].serialize("after", {"after": tuple(place)}))
