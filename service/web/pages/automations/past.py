"""What happened lately, to try filters and templates on: the last events of a trigger with the values of all fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.filters import Filter
from service.domain.automation.judging import failures_of, judge
from service.domain.automation.masking import MASK, masked
from service.domain.automation.triggers import Trigger
from service.domain.automation.values import FieldType, Values
from service.domain.automation.wanted import plain
from service.domain.statuses import Status
from service.errors import Unprocessable
from service.store import knowledge
from service.store.engine import transaction
from service.store.knowledge import Event
from service.store.parts import patience
from service.web import guards
from service.web.automation_words import Reason, reason
from service.web.rooms import rooms

LAST = 20
SECONDS = 2.0
"""How long looking back may take; a page without its preview is better than none."""
MOST_EXAMPLES = 20
LONGEST_EXAMPLE = 80
ALWAYS: Mapping[str, Sequence[str]] = {"sale_status": tuple(map(str, Status))}
"""Values worth offering that may not have happened yet."""


class Seen(NamedTuple):
    """One event with the values of its fields, by key."""

    event: Event
    values: Values

    def of(self, *keys: str) -> str:
        """The first of these fields that has a value, as text; empty where none has."""
        found = (self.values[key] for key in keys if key in self.values)
        return str(plain(next(found, "")))


class Judged(NamedTuple):
    """Whether one event passes, and if not, what stops it."""

    seen: Seen
    passed: bool
    why: Sequence[Reason] = ()


class Looked(NamedTuple):
    """What was found looking back; not `in_time` where that took too long, which says nothing of what there is."""

    events: Sequence[Seen] = ()
    in_time: bool = True

    @property
    def latest(self) -> Seen | None:
        """The newest of them."""
        return next(iter(self.events), None)


def last_events(trigger: Trigger, size: int = LAST) -> Looked:
    """The last events of a trigger."""
    account = guards.current_account()
    try:
        with transaction(rooms().engine) as tx, patience(tx, SECONDS):
            events = knowledge.past_events(tx, account.id, trigger, size=size)
            known = [(event, knowledge.known_of(tx, account, event)) for event in events]
    except Unprocessable:
        return Looked(in_time=False)
    return Looked([Seen(event, CATALOGUE.read(one)) for event, one in known if one is not None])


def judged(one: Filter, events: Iterable[Seen]) -> list[Judged]:
    """Which of the events pass a filter, and why the others do not; documents are masked."""
    zone = guards.current_account().zone
    told = []
    for seen in events:
        verdict = judge(one, seen.values, zone)
        failures = [_masked(failure) for failure in failures_of(verdict)]
        told.append(Judged(seen, verdict.passed, [reason(failure) for failure in failures]))
    return told


def _masked(failure: dict[str, Any]) -> Any:
    hides = CATALOGUE[failure["field"]].type is FieldType.DOCUMENT and failure["seen"]
    return masked(failure | {"seen": MASK} if hides else failure)


def examples(events: Sequence[Seen], key: str) -> list[str]:
    """Values a text field had lately, to choose from; personal ones are not offered."""
    if CATALOGUE[key].type is not FieldType.TEXT or key.startswith(("buyer_", "subscriber_")):
        return []
    values = [str(plain(seen.values[key])) for seen in events if key in seen.values]
    short = (value for value in [*values, *ALWAYS.get(key, ())] if len(value) <= LONGEST_EXAMPLE)
    return list(dict.fromkeys(short))[:MOST_EXAMPLES]
