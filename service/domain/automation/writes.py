"""One write to the ledger as automations see it: what is news in it, and the rows before it and after it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from service.domain.facts import Fact
from service.domain.journey import ROW
from service.domain.ledger import Folded, Purchase
from service.domain.recovery import Attempt, Bought, Episode, State
from service.domain.statuses import Status

_BARE_CODE = re.compile(r"(?:[^#]|##)*")
"""A key without the number of a charge: a `#` of the code's own is doubled there."""


class Priority(IntEnum):
    """Which promise is kept first."""

    LIVE = 0
    HISTORY = 1


class News(NamedTuple):
    """The facts a write was told for the first time; of rows, those of `confirmed` deliveries may start automations."""

    facts: Sequence[Fact]
    confirmed: Container[int] = frozenset()

    def by_subject(self) -> dict[str, tuple[Priority, int]]:
        """Subject to the most urgent news of it: (priority, delivery)."""
        arrived: dict[str, tuple[Priority, int]] = {}
        for fact in self.facts:
            from_row = fact.said == ROW
            if from_row and fact.delivery_id not in self.confirmed:
                continue
            urgent = (Priority.HISTORY if from_row else Priority.LIVE, fact.delivery_id)
            arrived[fact.subject] = min(arrived.get(fact.subject, urgent), urgent)
        return arrived


class Closed(NamedTuple):
    """Attempts that one sale closed, `t:` and a charge's name or `c:` and a cart's key.

    `sale` is the key of the purchase that did, `charge` its name, `status` where it stands now. `recovered` is false
    where it was a new sale rather than their recovery. `kind` and `last_at` tell how and when the last attempt failed.
    """

    sale: str
    charge: str
    status: Status
    sold_at: str
    recovered: bool
    attempts: frozenset[str]
    kind: str
    last_at: str
    email: str | None = None
    product_id: str | None = None
    product_name: str | None = None

    @property
    def parties(self) -> set[str]:
        """The sale and the attempts it closed."""
        return {f"t:{self.charge}", *self.attempts}

    def told(self) -> dict[str, Any]:
        """What fields may speak of: `Known.recovery`."""
        names = ("kind", "last_at", "sold_at", "product_id", "product_name")
        return {name: getattr(self, name) for name in names} | {"number": len(self.attempts)}


def closed_of(episodes: Iterable[Episode], purchases: Iterable[Bought], email: str | None = None) -> list[Closed]:
    """What is closed among the episodes that `recovery.pursue` made of these purchases of one buyer."""
    bought = {one.key: one for one in purchases}
    return [
        Closed(
            sale=sale.key,
            charge=_charge_of_try(sale),
            status=sale.status,
            sold_at=episode.sale.at.isoformat(),
            recovered=episode.state is State.RECOVERED,
            attempts=frozenset(_party(attempt) for attempt in episode.attempts),
            kind=episode.last.kind,
            last_at=episode.last.at.isoformat(),
            email=email,
            product_id=sale.product_id,
            product_name=sale.product_name,
        )
        for episode in episodes
        if episode.sale is not None
        for sale in [bought[episode.sale.key]]
    ]


def _party(attempt: Attempt) -> str:
    return f"t:{_charge_of_try(attempt.source)}" if isinstance(attempt.source, Bought) else attempt.key


def _charge_of_try(one: Bought) -> str:
    return charge_name(one.key, one.recurrence_number)


class Rows(NamedTuple):
    """What of the ledger a write touches, before it or after it.

    `stories` are the touched subjects. `begun` are the subscriber codes, of those the write speaks of, that have a
    purchase that `begins` anywhere in the ledger: needed of what was before, the touched stories apart. `closed` are
    the closed attempts of the touched buyers.
    """

    stories: Mapping[str, Folded]
    begun: frozenset[str] = frozenset()
    closed: Sequence[Closed] = ()


def charge_name(key: str, number: int | None) -> str:
    """The name of one charge, whatever other charges its transaction code turns out to carry.

    `key` is the purchase's, `number` its recurrence number. The ledger gives the bare code to the lowest charge it
    knows, and so may rename one later; promises may not.
    """
    is_bare = _BARE_CODE.fullmatch(key) is not None
    return f"{key}#{number}" if is_bare and number is not None and number > 1 else key


def charge_of(purchase: Purchase) -> str:
    """The name of a purchase's charge."""
    return charge_name(purchase.key, purchase.recurrence_number)


def begins(purchase: Purchase) -> bool:
    """Whether a purchase may be the first of its subscription; a charge that is numbered later is not."""
    return purchase.subscriber_code is not None and purchase.recurrence_number in (None, 1)
