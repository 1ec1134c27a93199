"""Our subscription to what happens in an account: made, watched, renewed, ended."""

from __future__ import annotations

from enum import StrEnum

from service.connectors.kommo.client import Kommo
from service.errors import Unavailable

# `add_lead` too: a lead made straight into a stage may never "change" into it.
CODES = ("status_lead", "add_lead", "delete_lead", "restore_lead")


class Found(StrEnum):
    """How our subscription was when we looked."""

    WELL = "well"
    MISSING = "missing"
    DISABLED = "disabled"
    INCOMPLETE = "incomplete"


def look_at(kommo: Kommo, destination: str) -> Found:
    """How the subscription of our address is."""
    hooks = kommo.hooks(destination)
    if not hooks:
        return Found.MISSING
    if all(hook.is_disabled for hook in hooks):
        return Found.DISABLED
    told = {code for hook in hooks if not hook.is_disabled for code in hook.codes}
    return Found.WELL if set(CODES) <= told else Found.INCOMPLETE


def ensure(kommo: Kommo, destination: str) -> Found:
    """Have our address told; how it was before. Watching is calling this every quarter of an hour.

    Whether a second subscription replaces, adds or wakes a disabled one is not documented, so a broken one is
    ended first and the new one read again. Raises Unavailable where Kommo does not keep it.
    """
    before = look_at(kommo, destination)
    if before is Found.WELL:
        return before
    if before is not Found.MISSING:
        kommo.unsubscribe(destination)
    kommo.subscribe(destination, CODES)
    after = look_at(kommo, destination)
    if after is not Found.WELL:
        raise Unavailable(f"Kommo did not keep our subscription: it is {after}", code="kommo_hook", retry_after=60)
    return before


def end(kommo: Kommo, destination: str) -> None:
    """Have no more told to our address; good where nothing was."""
    if kommo.hooks(destination):
        kommo.unsubscribe(destination)
