"""A kept body to facts: finds out what it is, whatever its Content-Type said."""

from __future__ import annotations

from schemas.bodies import parse
from service.sources import hotmart, kommo, person, postback_v1
from service.sources.telling import Kept, Telling


def translate(body: bytes, kept: Kept) -> Telling:
    """The facts of one kept postback, version 2.0.0 or 1.0.0, of what a person said, or of a CRM's hook.

    Raises NotABody; the door lets no such body in.
    """
    if kept.source == kommo.SOURCE:
        return kommo.translate(body, kept)
    content = parse(body)
    if kept.source == person.SOURCE:
        return person.translate(content, kept)
    if not isinstance(content, dict):
        return Telling(state="kept", reason="unknown_event")
    if isinstance(content.get("event"), str):
        return hotmart.translate(content, kept)
    return postback_v1.translate(content, kept)
