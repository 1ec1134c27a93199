"""The first conductor: takes what lies in the inbox and sees it into the ledger."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from service.queues import Lane
from service.sources import kommo, postback
from service.sources.telling import Kept, Telling
from service.store import accounts, inbox, lead_owners, upkeep
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.inbox import Delivery, Mark
from service.store.lead_owners import Asked
from workers import pipeline, pouring
from workers.turns import each, turn
from workers.workshop import Workshop, workshop

WORK_FOR = 2.0
OPEN_TOO_LONG = timedelta(seconds=1)


def drain(lane: str) -> int:
    """Work off what is open on a lane for about two seconds; rings again when some is left. The RQ job."""
    shop = workshop()
    shop.bell.answered(Lane(lane))
    step = _postbacks if Lane(lane) is Lane.REALTIME else pouring.step
    until, done = time.monotonic() + WORK_FOR, 0
    while (worked := step(shop)) and time.monotonic() < until:
        done += worked
    if worked:
        shop.bell.ring(Lane(lane))
    return done + worked


def open_too_long(lane: str) -> bool:
    """Whether something on this lane has waited for more than a second, so that the bell must have been lost."""
    shop = workshop()
    if Lane(lane) is not Lane.REALTIME:
        return pouring.waits(shop)
    with transaction(shop.engine) as tx:
        oldest = inbox.oldest_open(tx)
    return oldest is not None and datetime.now(UTC) - oldest > OPEN_TOO_LONG


def _postbacks(shop: Workshop) -> int:
    """One batch of postbacks for every account that has any; the number of deliveries seen to their end."""
    with transaction(shop.engine) as tx:
        waiting = [accounts.with_id(tx, account_id) for account_id in inbox.accounts_with_open(tx)]
    done = each(waiting, lambda account: turn(shop, account, Lane.REALTIME, take_postbacks, apply_postbacks))
    if any(account.automated for account in waiting):
        shop.bell.ring(Lane.DELIVER)
    return done


def take_postbacks(tx: Connection, account: Account, size: int) -> list[Delivery]:
    """The oldest open postbacks."""
    return inbox.take(tx, account.id, size)


def apply_postbacks(tx: Connection, account: Account, deliveries: list[Delivery]) -> None:
    """Translate, keep the facts, fold, write what changed, mark."""
    owners, asked = _owners(tx, account, deliveries)
    tellings = [_told(account, delivery, owners) for delivery in deliveries]
    facts = [fact for telling in tellings for fact in telling.facts]
    again = [delivery.id for delivery in deliveries if delivery.replayed and delivery.body is not None]
    pipeline.apply(tx, account, facts, withdrawn=again)
    marks = [
        Mark(delivery.id, telling.state, telling.reason, telling.notes or None)
        for delivery, telling in zip(deliveries, tellings, strict=True)
    ]
    for delivery, telling in zip(deliveries, tellings, strict=True):
        waits = [one for one in asked.get(delivery.id, ()) if one.lead_id in telling.waits_for]
        lead_owners.wait(tx, account.id, delivery.id, waits)
    inbox.mark(tx, account.id, marks, datetime.now(UTC))
    upkeep.tally(tx, account.id, "postbacks_drained", len(marks))


def _owners(
    tx: Connection, account: Account, deliveries: list[Delivery]
) -> tuple[dict[int, str], dict[int, list[Asked]]]:
    """(e-mail of each CRM lead whose client is known, leads asked for by delivery); no SQL where there are no hooks."""
    asked = {
        delivery.id: [Asked(*one) for one in kommo.named(delivery.body)]
        for delivery in deliveries
        if delivery.source == kommo.SOURCE and delivery.body is not None
    }
    return lead_owners.known(tx, account.id, [one for named in asked.values() for one in named]), asked


def _told(account: Account, delivery: Delivery, owners: dict[int, str]) -> Telling:
    if delivery.body is None:
        # Replayed too late: what it said before stands.
        return Telling(reason="body_purged")
    kept = Kept(delivery.id, delivery.source, delivery.received_at, account.zone, account.role, owners)
    return postback.translate(delivery.body, kept)
