"""What the history is asked for: the address is the filter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _

from service.domain.automation.triggers import Trigger
from service.store.history import STATES, Place, Wanted
from service.web import automation_words, guards, locale
from service.web.automation_causes import cause_title
from service.web.days import midnight

LONGEST_WORDS = 200
LARGEST = 2**63 - 1
HERE = "automations.history"


class Asked(NamedTuple):
    """The filters of a request, as the form shows them again. `since` and `until` are days, both in the period."""

    automation_id: int | None = None
    states: tuple[str, ...] = ()
    cause: str = ""
    trigger: str = ""
    words: str = ""
    since: str = ""
    until: str = ""

    @property
    def wanted(self) -> Wanted:
        """The same for the store."""
        zone: ZoneInfo = guards.current_account().zone
        return Wanted(
            automation_id=self.automation_id,
            states=self.states,
            cause=self.cause or None,
            words=self.words or None,
            trigger=self.trigger or None,
            since=midnight(self.since, zone),
            until=midnight(self.until, zone, after=1),
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """The same as parameters of an address; what is not asked for is left out."""
        named = {
            "automation_id": self.automation_id,
            "state": list(self.states),
            "cause": self.cause,
            "trigger": self.trigger,
            "q": self.words,
            "from": self.since,
            "to": self.until,
        }
        return {name: value for name, value in named.items() if value}

    def address(self, endpoint: str = HERE, /, **more: Any) -> str:
        """The address of a page under the same filter; `more` takes the place of its parts, None takes them away."""
        told = {name: value for name, value in {**self.parameters, **more}.items() if value not in (None, (), [])}
        return url_for(endpoint, **told)


def asked() -> Asked:
    """The filters of the request; what no page would send is left out."""
    said = {
        name: request.args.get(name, "").strip()[:LONGEST_WORDS] for name in ("cause", "trigger", "q", "from", "to")
    }
    return Asked(
        automation_id=_number("automation_id"),
        states=tuple(state for state in STATES if state in request.args.getlist("state")),
        cause=said["cause"].replace("\x00", ""),
        trigger=said["trigger"] if said["trigger"] in set(Trigger) else "",
        words=said["q"].replace("\x00", ""),
        since=_day(said["from"]),
        until=_day(said["to"]),
    )


def place() -> Place:
    """Which page of the list."""
    return Place(_number("before"), _number("after"))


def chosen() -> list[int] | None:
    """The promises that were ticked, perhaps none; None for all under the filter, which is said expressly."""
    if request.args.get("which") == "all":
        return None
    return [one for one in request.args.getlist("id", type=int) if 0 < one <= LARGEST]


def _number(name: str) -> int | None:
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= LARGEST else None


def _day(text: str) -> str:
    """The day; nothing for what is none."""
    try:
        return date.fromisoformat(text).isoformat() if locale.DAY.fullmatch(text) else ""
    except ValueError:
        return ""


class Chip(NamedTuple):
    """One filter in force, and where the list without it is."""

    label: str
    url: str


def chips(said: Asked, automation: str | None) -> Sequence[Chip]:
    """What the history is narrowed by besides its states; `automation` is the name of the one asked for."""
    told: list[tuple[Any, dict[str, None]]] = [
        (said.words and _("Search: %(words)s", words=said.words), {"q": None}),
        (automation and _("Automation: %(name)s", name=automation), {"automation_id": None}),
        (said.trigger and automation_words.trigger_name(said.trigger), {"trigger": None}),
        (said.cause and cause_title(said.cause), {"cause": None}),
        (_period(said), {"from": None, "to": None}),
    ]
    return [Chip(str(label), said.address(**without)) for label, without in told if label]


def _period(said: Asked) -> str:
    since, until = (date.fromisoformat(day) if day else None for day in (said.since, said.until))
    if since and until:
        return str(_("From %(since)s to %(until)s", since=locale.day(since), until=locale.day(until)))
    if since:
        return str(_("Since %(day)s", day=locale.day(since)))
    return str(_("Until %(day)s", day=locale.day(until))) if until else ""
