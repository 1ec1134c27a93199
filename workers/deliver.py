"""The second conductor: takes what the outbox owes and sees it to the other side, one promise after the other."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from sqlalchemy import RowMapping

from service.connectors.kommo.decisions import changes_of, decision_of, failures_of
from service.connectors.kommo.planning import Plan
from service.connectors.kommo.wishes import Stored, Wish
from service.connectors.kommo.wishing import Occasion, bring, wish_of
from service.domain.automation import filters, mapping
from service.domain.automation.filters import FilterError
from service.domain.automation.judging import judge
from service.domain.automation.leads import Policy
from service.domain.automation.mapping import MappingError
from service.domain.automation.masking import masked
from service.domain.automation.retrying import Trouble, next_try
from service.errors import MarcoError, Refused, Unauthorized, Unavailable, Unconfirmed, Unprocessable
from service.kommo_desk import Desk, Ground, book_at, desk_of, ground_of
from service.queues import Lane
from service.store import accounts, automations, connections, crm_links, leases
from service.store.accounts import Account
from service.store.crm_links import About, Link
from service.store.engine import transaction
from service.store.leases import Leased, Lost, Settled
from workers.turns import is_nobodys
from workers.workshop import Workshop, workshop

WORK_FOR = 2.0
OPEN_TOO_LONG = 1.0
MOST_FAILURES = 12
"""A promise that took so many workers along is given up."""
OF_OURS = "fault_of_ours"
GONE = Settled("withdrawn", "undone")
log = structlog.get_logger()


class Errand(NamedTuple):
    """A promise with all that is needed to keep it, read in one transaction before anybody is called."""

    leased: Leased
    account: Account
    automation: RowMapping
    ground: Ground

    @property
    def occasion(self) -> Occasion:
        """What it is about; its name is the same for ever."""
        event = self.leased.event
        name = f"{self.account.key} {self.leased.automation_id} {event.trigger} {event.subject}"
        return Occasion(event.about, name, self.ground.values, self.account.zone)


def drain() -> int:
    """Keep promises for about two seconds; rings again when some may be left. The RQ job."""
    shop = workshop()
    shop.bell.answered(Lane.DELIVER)
    until, done = time.monotonic() + WORK_FOR, 0
    while worked := step(shop):
        done += worked
        if time.monotonic() >= until:
            shop.bell.ring(Lane.DELIVER)
            break
    return done


def open_too_long() -> bool:
    """Whether a promise has been due for more than a second, so that the bell must have been lost."""
    with transaction(workshop().engine) as tx:
        return leases.waits(tx, OPEN_TOO_LONG)


def step(shop: Workshop) -> int:
    """Take one promise, try to keep it, write down how that ended; 0 where none is due."""
    with transaction(shop.engine) as tx:
        leased = leases.take(tx)
    if leased is None:
        return 0
    try:
        settled = _settled(shop, leased)
    except Lost:
        log.warning("lease lost", outbox_id=leased.id, account_id=leased.account_id)
        return 1
    with transaction(shop.engine) as tx:
        leases.settle(tx, leased, settled, datetime.now(UTC))
    return 1


def _settled(shop: Workshop, leased: Leased) -> Settled:
    try:
        errand = _prepared(shop, leased)
        return GONE if errand is None else _judged(shop, errand)
    except Lost:
        raise
    except (FilterError, MappingError) as fault:
        # It was read when it was kept: fields or formats have gone since.
        return _failed(leased, Trouble.FOR_A_PERSON, Settled("failed", "mapping_unreadable", str(fault)))
    except Exception as fault:  # a bug met in one promise must not stop the ones behind it
        if is_nobodys(fault):
            raise  # the lease ends by itself
        log.exception("promise failed", outbox_id=leased.id, account_id=leased.account_id, fault=type(fault).__name__)
        trouble = Trouble.FOR_A_PERSON if isinstance(fault, Refused | Unprocessable) else Trouble.UNCONFIRMED
        cause = fault.code if isinstance(fault, MarcoError) else OF_OURS
        return _failed(leased, trouble, Settled("failed", cause, type(fault).__name__))


def _prepared(shop: Workshop, leased: Leased) -> Errand | None:
    """Everything that is known; None where the ledger no longer has what the promise is about."""
    with transaction(shop.engine) as tx:
        account = accounts.with_id(tx, leased.account_id)
        automation = automations.find(tx, account.id, leased.automation_id, even_deleted=True)
        ground = ground_of(tx, account, leased.event, leased.unclear_since)
    return None if ground is None else Errand(leased, account, automation, ground)


def _judged(shop: Workshop, errand: Errand) -> Settled:
    """Whether the filter lets it pass; only then is anybody called."""
    version = int(errand.automation["version"])
    verdict = judge(filters.read(errand.automation["filter"]), errand.ground.values, errand.account.zone)
    if not verdict.passed:
        why = masked({"filter": failures_of(verdict)}, _secrets(errand))
        return Settled("passed_over", "filter", version=version, decision=why)
    if errand.leased.failures > MOST_FAILURES:
        return Settled("given_up", "worker_lost", version=version)
    return _delivered(shop, errand)._replace(version=version)


def _delivered(shop: Workshop, errand: Errand) -> Settled:
    desk, plans = desk_of(shop.settings, errand.ground.connected), list[Plan]()
    desk.kommo.begin(urgent=not errand.leased.priority)
    desk.gate.watch(lambda: _hold(shop, errand.leased))
    fresh = False
    try:
        book, fresh = book_at(shop.engine, errand.ground.connected, desk.kommo, datetime.now(UTC))
        rules = mapping.read(errand.automation["mapping"])
        policy = Policy(errand.automation["policy"])
        wish = wish_of(rules, policy, errand.occasion, errand.ground.past, book)
        done = bring(
            desk.kommo,
            wish,
            book,
            lambda stored: _keep(shop, errand, wish, stored),
            hours=rules.hands_off_hours,
            told=plans.append,
        )
        _keep(shop, errand, wish, done.stored)
        settled = Settled("done", lead_id=done.stored.lead_id)
    except Lost:
        raise
    except MarcoError as fault:
        settled = _troubled(shop, errand, fault, fresh=fresh)
    return _told(errand, settled, plans, desk)


def _troubled(shop: Workshop, errand: Errand, fault: MarcoError, *, fresh: bool) -> Settled:
    """What a foreseen fault means: its class says what to do next."""
    failed = Settled("failed", fault.code, fault.message)
    if isinstance(fault, Unauthorized):
        with transaction(shop.engine) as tx:
            connections.refuse(tx, errand.ground.connected, fault.code)
        # Nothing is wrong with the promise: it goes on when somebody has connected anew.
        return _failed(errand.leased, Trouble.NO_TURN, failed)
    if isinstance(fault, Unprocessable | Refused) and not fresh:
        with transaction(shop.engine) as tx:
            connections.forget_book(tx, errand.ground.connected.account_id)
    trouble = _trouble_of(fault, fresh=fresh)
    return _failed(errand.leased, trouble, failed, fault.retry_after)


def _trouble_of(fault: MarcoError, *, fresh: bool) -> Trouble:
    if isinstance(fault, Unconfirmed):
        return Trouble.UNCONFIRMED
    if isinstance(fault, Unavailable):
        return Trouble.NO_TURN if fault.code.startswith("road_") else Trouble.UNAVAILABLE
    if fault.code in ("kommo_rejected", "kommo_not_found") and not fresh:
        return Trouble.STALE
    return Trouble.FOR_A_PERSON


def _failed(leased: Leased, trouble: Trouble, failed: Settled, asked: int | None = None) -> Settled:
    """Try again later, or give up."""
    now, after = datetime.now(UTC), next_try(trouble, leased.failures, asked)
    unclear = leased.unclear_since or (leased.began_at if trouble is Trouble.UNCONFIRMED else None)
    state = "given_up" if after.wait is None else "failed"
    due_at = now + after.wait if after.wait is not None else None
    return failed._replace(state=state, due_at=due_at, counts=after.counts, unclear_since=unclear)


def _hold(shop: Workshop, leased: Leased) -> None:
    with transaction(shop.engine) as tx:
        leases.hold(tx, leased)


def _keep(shop: Workshop, errand: Errand, wish: Wish, stored: Stored) -> None:
    """Remember what was made before anything else happens. Raises Lost where somebody else goes on with it."""
    event, email, now = errand.leased.event, errand.ground.email, datetime.now(UTC)
    with transaction(shop.engine) as tx:
        leases.hold(tx, errand.leased)
        place = (tx, errand.account.id, errand.ground.connected.kommo_id)
        about = About(str(event.about.kind), event.about.key, email, event.product_id)
        crm_links.keep(*place, about, Link(*stored), now)
        if email is not None and wish.person is not None:
            kin = Link(None, stored.contact_id, stored.company_id)
            crm_links.keep(*place, About(crm_links.CLIENT, email, email), kin, now)


def _told(errand: Errand, settled: Settled, plans: list[Plan], desk: Desk) -> Settled:
    """With what the history keeps: the decision, before and after, what was sent and answered; masked."""
    secrets = _secrets(errand)
    last = plans[-1] if plans else None
    return settled._replace(
        message=masked(settled.message, secrets),
        decision=masked(decision_of(last), secrets) if last else {},
        changes=masked(changes_of(last), secrets) if last else [],
        exchanges=masked(desk.kommo.exchanges, secrets),
    )


def _secrets(errand: Errand) -> tuple[str, ...]:
    return tuple(filter(None, (errand.ground.document,)))
