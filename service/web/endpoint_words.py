"""Webhook addresses in words: why one is refused and what to do, why one is disabled, what a message met."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.errors import MarcoError
from service.web.automation_causes import CAUSES


class Words(NamedTuple):
    """What is so, and what to do about it."""

    text: LazyString | str
    remedy: LazyString | str


_COPY = _l("Copy it once more from the receiving system: it begins with https://.")
REFUSED = {
    "signs": Words(_l("This is no web address."), _COPY),
    "host": Words(_l("This address names no computer."), _COPY),
    "scheme": Words(
        _l("Messages are sent over https only."),
        _l("Use the address of the receiving system that begins with https://."),
    ),
    "user": Words(
        _l("The address holds a user or password, which others could read."),
        _l("Take it out: the receiving system knows Marco by the signature of each message."),
    ),
    "port": Words(_l("The address names a port that is not for the web."), _l("Use port 443, or one from 1024 on.")),
    "unusual": Words(
        _l("The address writes numbers in an unusual way."),
        _l("Use the name of the receiving system, such as example.com."),
    ),
    "unencrypted": Words(
        _l("Messages are sent over https only."),
        _l("Use the address of the receiving system that begins with https://."),
    ),
    "unknown_host": Words(
        _l("Nobody knows the name in this address."),
        _l("Look for a spelling mistake, and whether the system is online."),
    ),
    "forbidden_address": Words(
        _l("This address leads into a closed network, where Marco does not send anything."),
        _l("Use an address that can be reached from the internet."),
    ),
    "too_many_endpoints": Words(
        _l("An account may have 20 addresses at most."), _l("Remove one that is no longer used.")
    ),
    "endpoint_in_use": Words(
        _l("Automations that are on send to this address."),
        _l("Switch them off, or give them another address, then remove it."),
    ),
}
"""By code, or by what is wrong with its form."""
DISABLED = {
    "failing_for_days": Words(
        _l("Marco switched this address off: it failed for five days."),
        _l("What automations owe waits. Mend the receiving system, send a test message, then switch it on."),
    ),
    "gone": Words(
        _l("Marco switched this address off: the receiving system said that it is gone for good."),
        _l("What automations owe waits. Give them another address, or switch this one on if it is back."),
    ),
    "switched_off": Words(_l("Somebody switched this address off."), _l("What automations owe waits until it is on.")),
}


def refusal(fault: MarcoError) -> Words:
    """Why an address was not taken; a code nobody wrote words for says what it says in English."""
    code = fault.facts.get("reason", fault.code)
    return REFUSED.get(code) or Words(fault.message, "")


def disabled(cause: str | None) -> Words:
    """Why an address is off."""
    return DISABLED.get(cause or "", DISABLED["switched_off"])


def met(trouble: str | None) -> Words | None:
    """What the latest attempt failed of; None where it did not."""
    if trouble is None:
        return None
    told = CAUSES.get(trouble)
    return Words(told.what, told.remedy or "") if told else Words(trouble.replace("_", " "), "")
