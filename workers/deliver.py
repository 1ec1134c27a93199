"""The second conductor: takes what the outbox owes and sees it to the other side, one promise after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, RowMapping

from service.domain.automation import filters
from service.domain.automation.judging import failures_of, judge
from service.domain.automation.masking import masked
from service.domain.automation.writes import Priority
from service.errors import Misconfigured
from service.queues import Lane
from service.store import accounts, automations, leases
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.leases import Leased, Lost, Settled
from workers import to_kommo, to_kommo_many, to_webhook
from workers.errands import Errand, met
from workers.lead_again import read_again
from workers.senders import Senders
from workers.to_kommo import KommoErrand
from workers.workshop import Workshop, workshop

WORK_FOR = 2.0
OPEN_TOO_LONG = 1.0
SEND_FOR = 20.0
"""While a message is under way, others are begun for so long: a worker that is asked to stop ends soon after."""
PAUSE = 0.2
"""Seconds between two looks for Kommo's promises while messages are under way."""
MOST_FAILURES = 12
"""A promise that took so many workers along is given up."""
GONE = Settled("withdrawn", "undone")
ROADS: dict[str, Callable[[Connection, Leased, Account, RowMapping], Errand | None]] = {
    leases.KOMMO: to_kommo.prepared,
    leases.WEBHOOK: to_webhook.prepared,
}
"""By destination: everything that is known; None where the ledger no longer has what the promise is about."""
log = structlog.get_logger()


def drain() -> int:
    """Keep promises for about two seconds; rings again when some may be left. The RQ job.

    Messages to addresses go out from threads of their own: Kommo's promises go on while a receiver takes its time.
    """
    return drained(workshop())


def drained(shop: Workshop) -> int:
    """The same with these tools."""
    shop.bell.answered(Lane.DELIVER)
    began, done = time.monotonic(), 0
    with Senders(lambda: _message(shop), lambda leased: keep(shop, leased)) as senders:
        while (worked := step(shop, (leases.KOMMO,))) or senders.busy():
            done += worked
            spent = time.monotonic() - began
            if spent >= SEND_FOR:
                senders.rest()
            if spent >= WORK_FOR and not senders.busy():
                break
            if not worked:
                senders.wait(PAUSE)
    if time.monotonic() - began >= WORK_FOR:
        shop.bell.ring(Lane.DELIVER)
    return done + senders.done


def _message(shop: Workshop) -> Leased | None:
    with transaction(shop.engine) as tx:
        return leases.take(tx, (leases.WEBHOOK,))


def open_too_long() -> bool:
    """Whether a promise has been due for more than a second, so that the bell must have been lost."""
    with transaction(workshop().engine) as tx:
        return leases.waits(tx, OPEN_TOO_LONG)


def step(shop: Workshop, to: Sequence[str] = leases.EVERYWHERE, *, patience: Priority = Priority.HISTORY) -> int:
    """Take what is due most for one of these destinations, and see it to its end; how many promises, 0 where none is.

    History for Kommo comes many at a time; live promises that are made meanwhile are kept in between.
    """
    with transaction(shop.engine) as tx:
        leased = leases.take(tx, to, patience=patience)
        if leased is None:
            return 0
        is_clear_history = leased.priority == Priority.HISTORY and leased.unclear_since is None
        alike = leases.take_alike(tx, leased, leases.KOMMO, to_kommo_many.BATCH - 1) if is_clear_history else []
        if alike:
            leases.only_look(tx, [leased, *alike])
    if alike:
        _keep_many(shop, [leased, *alike])
    else:
        keep(shop, leased)
    return 1 + len(alike)


def keep(shop: Workshop, leased: Leased) -> None:
    """Try to keep a promise that was taken, and write down how that ended."""
    try:
        settled = _settled(shop, leased)
    except Lost:
        log.warning("lease lost", outbox_id=leased.id, account_id=leased.account_id)
        return
    with transaction(shop.engine) as tx:
        leases.settle(tx, leased, settled, datetime.now(UTC))


def _keep_many(shop: Workshop, taken: Sequence[Leased]) -> None:
    """Try to keep promises for Kommo together, live ones in between."""
    try:
        to_kommo_many.bring_many(
            shop,
            taken,
            lambda leased: _looked_at(shop, leased),
            lambda: step(shop, (leases.KOMMO,), patience=Priority.LIVE),
        )
    except Lost:
        log.warning("leases lost", account_id=taken[0].account_id, of=len(taken))
    except Misconfigured:
        # The token cannot be opened, so nothing was sent: each meets that by itself, and its history tells of it.
        for leased in taken:
            keep(shop, leased)


def _settled(shop: Workshop, leased: Leased) -> Settled:
    try:
        errand = _errand_of(shop, leased)
        return errand if isinstance(errand, Settled) else errand.bring(shop)._replace(version=errand.version)
    except Exception as fault:  # noqa: BLE001  # a bug met in one promise must not stop the ones behind it; `met` tells of it
        return met(leased, fault)


def _looked_at(shop: Workshop, leased: Leased) -> KommoErrand | Settled:
    """One of many, ready to be brought to Kommo, or its end; what goes elsewhere by now is brought there."""
    try:
        errand = _errand_of(shop, leased)
        if isinstance(errand, KommoErrand | Settled):
            return errand
        return errand.bring(shop)._replace(version=errand.version)
    except Exception as fault:  # noqa: BLE001  # the same
        return met(leased, fault)


def _errand_of(shop: Workshop, leased: Leased) -> Errand | Settled:
    """What there is to bring, or how it ends without calling anybody."""
    errand = _prepared(shop, leased)
    if errand is None:
        return GONE
    errand = errand.having(read_again(shop, errand))
    return _judged(errand) or errand


def _prepared(shop: Workshop, leased: Leased) -> Errand | None:
    with transaction(shop.engine) as tx:
        account = accounts.with_id(tx, leased.account_id)
        automation = automations.find(tx, account.id, leased.automation_id, even_deleted=True)
        return ROADS[automation["destination"]](tx, leased, account, automation)


def _judged(errand: Errand) -> Settled | None:
    """How it ends where its filter does not let it pass, or it took too many workers along."""
    verdict = judge(filters.read(errand.automation["filter"]), errand.values, errand.account.zone)
    if not verdict.passed:
        why = masked({"filter": failures_of(verdict)}, errand.secrets)
        return Settled("passed_over", "filter", version=errand.version, decision=why)
    if errand.leased.failures > MOST_FAILURES:
        return Settled("given_up", "worker_lost", version=errand.version)
    return None
