"""What one attempt at a promise is made of, whichever way it goes, and what follows when it fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import structlog
from sqlalchemy import RowMapping

from service.domain.automation.filters import FilterError
from service.domain.automation.mapping import MappingError
from service.domain.automation.retrying import Trouble, next_try
from service.domain.automation.values import Values
from service.errors import MarcoError, Misconfigured, Refused, Unavailable, Unconfirmed, Unprocessable
from service.store import leases
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.leases import Leased, Lost, Settled
from workers.turns import is_nobodys
from workers.workshop import Workshop

OF_OURS = "fault_of_ours"
MEANT = (
    (Refused, Trouble.FOR_A_PERSON),
    (Unprocessable, Trouble.FOR_A_PERSON),
    (Misconfigured, Trouble.UNAVAILABLE),  # a token that cannot be opened: nothing was sent, and a key may come back
)
log = structlog.get_logger()


@dataclass(frozen=True)
class Errand(ABC):
    """A promise with all that is needed to keep it, read in one transaction before anybody is called."""

    leased: Leased
    account: Account
    automation: RowMapping

    @property
    @abstractmethod
    def values(self) -> Values:
        """The fields of what happened, as the ledger has them now."""

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """What the history must not show."""

    @abstractmethod
    def having(self, more: Values) -> Self:
        """The same with more values, which were asked for."""

    @abstractmethod
    def bring(self, shop: Workshop) -> Settled:
        """Bring it to the other side, outside of any transaction; how that ended. Raises Lost."""

    @property
    def name(self) -> str:
        """What the promise is called, the same for ever."""
        event = self.leased.event
        return f"{self.account.key} {self.leased.automation_id} {event.trigger} {event.subject}"

    @property
    def version(self) -> int:
        """The automation's words that are delivered."""
        return int(self.automation["version"])


def failed(leased: Leased, trouble: Trouble, settled: Settled, asked: int | None = None) -> Settled:
    """Try again later, or give up; `asked` are the seconds the other side wants us to wait."""
    now, after = datetime.now(UTC), next_try(trouble, leased.failures, asked)
    unclear = leased.unclear_since or (leased.began_at if trouble is Trouble.UNCONFIRMED else None)
    state = "given_up" if after.wait is None else "failed"
    due_at = now + after.wait if after.wait is not None else None
    return settled._replace(state=state, due_at=due_at, counts=after.counts, unclear_since=unclear)


def met(leased: Leased, fault: Exception) -> Settled:
    """How an attempt ends at a fault that nobody foresaw. Raises it again where it would meet every promise alike."""
    if isinstance(fault, FilterError | MappingError):
        # It was read when it was kept: fields or formats have gone since.
        return failed(leased, Trouble.FOR_A_PERSON, Settled("failed", "mapping_unreadable", str(fault)))
    if isinstance(fault, Lost) or is_nobodys(fault):
        raise fault  # the lease ends by itself, or has ended
    if isinstance(fault, Unavailable) and not isinstance(fault, Unconfirmed):
        trouble = Trouble.NO_TURN if fault.code.startswith("road_") else Trouble.UNAVAILABLE
        return failed(leased, trouble, Settled("failed", fault.code, fault.message), fault.retry_after)
    log.error(
        "promise failed",
        outbox_id=leased.id,
        account_id=leased.account_id,
        fault=type(fault).__name__,
        exc_info=fault,
    )
    trouble = next((said for kind, said in MEANT if isinstance(fault, kind)), Trouble.UNCONFIRMED)
    cause = fault.code if isinstance(fault, MarcoError) else OF_OURS
    return failed(leased, trouble, Settled("failed", cause, type(fault).__name__))


def hold(shop: Workshop, leased: Leased) -> None:
    """Hold a promise for a minute more. Raises Lost where somebody else has it."""
    with transaction(shop.engine) as tx:
        leases.hold(tx, leased)
