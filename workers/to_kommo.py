"""The way of a promise into Kommo: its wish, what became of it there, and what a fault of Kommo's means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Connection, RowMapping

from service.connectors.kommo.decisions import changes_of, decision_of
from service.connectors.kommo.planning import Plan
from service.connectors.kommo.wishes import Book, Stored, Wish
from service.connectors.kommo.wishing import Occasion, bring, wish_of
from service.domain.automation import mapping
from service.domain.automation.leads import Policy
from service.domain.automation.masking import documents, masked
from service.domain.automation.retrying import Trouble
from service.domain.automation.values import Values
from service.errors import MarcoError, Refused, Unauthorized, Unavailable, Unconfirmed, Unprocessable
from service.kommo_desk import Ground, book_at, desk_of, ground_of
from service.store import connections, crm_links, leases
from service.store.accounts import Account
from service.store.crm_links import About, Link
from service.store.engine import transaction
from service.store.leases import Leased, Lost, Settled
from workers.errands import Errand, failed, hold
from workers.workshop import Workshop


@dataclass(frozen=True)
class KommoErrand(Errand):
    """One card to make or change."""

    ground: Ground

    @property
    def values(self) -> Values:
        """See `Errand`."""
        return self.ground.values

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Errand`."""
        return documents(self.ground.document, self.values)

    @property
    def occasion(self) -> Occasion:
        """What it is about; its name is the same for ever."""
        return Occasion(self.leased.event.about, self.name, self.values, self.account.zone)

    def having(self, more: Values) -> Self:
        """See `Errand`."""
        return replace(self, ground=self.ground._replace(values={**self.ground.values, **more}))

    def bring(self, shop: Workshop) -> Settled:
        """See `Errand`."""
        return _delivered(shop, self)


def prepared(tx: Connection, leased: Leased, account: Account, automation: RowMapping) -> KommoErrand | None:
    """Everything that is known; None where the ledger no longer has what the promise is about."""
    ground = ground_of(tx, account, leased.event, leased.unclear_since)
    return None if ground is None else KommoErrand(leased, account, automation, ground)


def _delivered(shop: Workshop, errand: KommoErrand) -> Settled:
    desk, plans = desk_of(shop.settings, errand.ground.connected), list[Plan]()
    desk.kommo.begin(urgent=not errand.leased.priority)
    desk.gate.watch(lambda: hold(shop, errand.leased))
    fresh = False
    try:
        book, fresh = book_at(shop.engine, errand.ground.connected, desk.kommo, datetime.now(UTC))
        wish, hours = wished(errand, book)
        done = bring(
            desk.kommo,
            wish,
            book,
            lambda stored: _keep(shop, errand, wish, stored),
            hours=hours,
            told=plans.append,
        )
        _keep(shop, errand, wish, done.stored)
        settled = Settled("done", lead_id=done.stored.lead_id)
    except Lost:
        raise
    except MarcoError as fault:
        settled = troubled(shop, errand, fault, fresh=fresh)
    return told(errand, settled, plans[-1] if plans else None, desk.kommo.exchanges)


def wished(errand: KommoErrand, book: Book) -> tuple[Wish, int]:
    """(what the automation wishes, the hours in which a stage is left to a person).

    Raises MappingError, and Unprocessable for a lead without a name.
    """
    rules = mapping.read(errand.automation["mapping"])
    policy = Policy(errand.automation["policy"])
    return wish_of(rules, policy, errand.occasion, errand.ground.past, book), rules.hands_off_hours


def troubled(shop: Workshop, errand: KommoErrand, fault: MarcoError, *, fresh: bool) -> Settled:
    """What a foreseen fault means: its class says what to do next. `fresh`: what is set up there was read just now."""
    met = Settled("failed", fault.code, fault.message)
    if isinstance(fault, Unauthorized):
        with transaction(shop.engine) as tx:
            connections.refuse(tx, errand.ground.connected, fault.code)
        # Nothing is wrong with the promise: it goes on when somebody has connected anew.
        return failed(errand.leased, Trouble.NO_TURN, met)
    if isinstance(fault, Unprocessable | Refused) and not fresh:
        with transaction(shop.engine) as tx:
            connections.forget_book(tx, errand.ground.connected.account_id)
    trouble = _trouble_of(fault, fresh=fresh)
    return failed(errand.leased, trouble, met, fault.retry_after)


def _trouble_of(fault: MarcoError, *, fresh: bool) -> Trouble:
    if isinstance(fault, Unconfirmed):
        return Trouble.UNCONFIRMED
    if isinstance(fault, Unavailable):
        return Trouble.NO_TURN if fault.code.startswith("road_") else Trouble.UNAVAILABLE
    if fault.code in ("kommo_rejected", "kommo_not_found") and not fresh:
        return Trouble.STALE
    return Trouble.FOR_A_PERSON


def _keep(shop: Workshop, errand: KommoErrand, wish: Wish, stored: Stored) -> None:
    with transaction(shop.engine) as tx:
        keep_ids(tx, errand, wish, stored)


def keep_ids(tx: Connection, errand: KommoErrand, wish: Wish, stored: Stored) -> None:
    """Remember what was made before anything else happens. Raises Lost where somebody else goes on with it."""
    event, email, now = errand.leased.event, errand.ground.email, datetime.now(UTC)
    leases.hold(tx, errand.leased)
    place = (tx, errand.account.id, errand.ground.connected.kommo_id)
    about = About(str(event.about.kind), event.about.key, email, event.product_id)
    crm_links.keep(*place, about, Link(*stored), now)
    if email is not None and wish.person is not None:
        kin = Link(None, stored.contact_id, stored.company_id)
        crm_links.keep(*place, About(crm_links.CLIENT, email, email), kin, now)


def told(errand: KommoErrand, settled: Settled, plan: Plan | None, exchanges: list[dict[str, Any]]) -> Settled:
    """With what the history keeps: the decision, before and after, what was sent and answered; masked."""
    secrets = errand.secrets
    return settled._replace(
        message=masked(settled.message, secrets),
        decision=masked(decision_of(plan), secrets) if plan else {},
        changes=masked(changes_of(plan), secrets) if plan else [],
        exchanges=masked(exchanges, secrets),
    )
