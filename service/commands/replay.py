"""`replay`: work kept postbacks again, after showing what that would change."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import click
from sqlalchemy import Connection

from service.commands import tables
from service.commands.frame import about_account, command, moment, workshop_here
from service.domain.fold import fold
from service.domain.ledger import Purchase
from service.errors import Conflict, NotFound, Refused, Unavailable, Unprocessable
from service.queues import Lane
from service.store import accounts, checkup, facts, inbox, ledger, lists
from service.store.accounts import Account
from service.store.engine import transaction
from service.web.rooms import rooms
from workers import ingest
from workers.turns import turn

AT_ONCE = 20_000
PATIENCE = 60.0
SHOWN = 50
STATES = ("done", "set_aside", "kept", "test", "pending")


class Preview(NamedTuple):
    """What a replay would do: purchases before and after by key, milestones more and less, states of deliveries."""

    before: dict[str, Purchase]
    after: dict[str, Purchase]
    milestones_added: int
    milestones_gone: int
    states_before: dict[str, int]
    states_after: dict[str, int]

    def changed(self) -> list[str]:
        """Keys of purchases that would differ."""
        return sorted(
            key for key in self.before.keys() | self.after.keys() if self.before.get(key) != self.after.get(key)
        )


@command("replay")
@click.argument("delivery_id", type=int, required=False)
@click.option("--since", help="Postbacks that arrived from then on (ISO 8601; local time of the account).")
@click.option("--until", help="… and before then. Usual: now.")
@click.option("--event", help="Only this event, such as PURCHASE_APPROVED.")
@click.option("--state", type=click.Choice(STATES), help="Only deliveries in this state, such as set_aside.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and stop.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@about_account
def replay(
    delivery_id: int | None,
    since: str | None,
    until: str | None,
    event: str | None,
    state: str | None,
    account_name: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Work one postback (DELIVERY_ID), or those of a period, again: their facts are replaced, then folded.

    First shows what would change, purchase by purchase, then asks. A replay without a changed translator changes
    nothing: it is how a fix reaches what was set aside or read wrongly before.
    """
    if (delivery_id is None) == (since is None):
        raise click.UsageError("Say which: a DELIVERY_ID, or --since (and --until).")
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        ids = [_one(tx, account, delivery_id)] if delivery_id is not None else []
        if since is not None:
            ids = _between(tx, account, since, until, event, state)
    if not ids:
        click.echo("No postback matches that can be worked again.")
        return
    _show(account, preview(account, ids), len(ids))
    if dry_run:
        return
    if not yes:
        click.confirm(f"Replay {tables.counted(len(ids), 'postback')}?", abort=True)
    click.echo(_told(run(account, ids)))


def _one(tx: Connection, account: Account, delivery_id: int) -> int:
    found = lists.delivery(tx, account.id, delivery_id)
    if found is None:
        raise NotFound(f"'{account.name}' has no delivery {delivery_id}.")
    if found["import_id"] is not None:
        raise Conflict("This is a row of a spreadsheet: undo its import and import the file again instead.")
    if found["state"] == "withdrawn" or found["body"] is None:
        raise Conflict("This delivery was withdrawn, or its body is purged: it cannot be worked again.")
    return delivery_id


def _between(
    tx: Connection, account: Account, since: str, until: str | None, event: str | None, state: str | None
) -> list[int]:
    end = moment(until, account.zone) if until else datetime.now(UTC)
    start = moment(since, account.zone)
    found = checkup.replayable(tx, account.id, start, end, event=event, state=state, limit=AT_ONCE + 1)
    if len(found) > AT_ONCE:
        raise Unprocessable(f"These are more than {AT_ONCE:,} postbacks. Choose a shorter period, one after the other.")
    return found


def preview(account: Account, ids: list[int]) -> Preview:
    """Do it, compare, and undo it: nothing is changed. The account's lock is held meanwhile."""
    with rooms().engine.connect() as tx:
        checkup.without_deadline(tx)
        ledger.lock(tx, account.id)
        states_before = checkup.states(tx, account.id, ids)
        before = _subjects(tx, account, ids)
        ingest.apply_postbacks(tx, account, inbox.with_ids(tx, account.id, ids))
        subjects = before | _subjects(tx, account, ids)
        purchases_after, milestones_after = _folded(tx, account, subjects)
        states_after = checkup.states(tx, account.id, ids)
        tx.rollback()
        purchases_before, milestones_before = _folded(tx, account, subjects)
    return Preview(
        purchases_before,
        purchases_after,
        len(milestones_after - milestones_before),
        len(milestones_before - milestones_after),
        states_before,
        states_after,
    )


def _subjects(tx: Connection, account: Account, ids: list[int]) -> set[str]:
    return {fact.subject for fact in facts.of_deliveries(tx, account.id, ids)}


def _folded(tx: Connection, account: Account, subjects: Iterable[str]) -> tuple[dict[str, Purchase], set[str]]:
    """(purchases by key, milestones by kind and key) of these subjects, as their facts stand."""
    rows = [fold(story) for story in facts.of_subjects(tx, account.id, subjects).values()]
    purchases = {purchase.key: purchase for folded in rows for purchase in folded.purchases}
    return purchases, {f"{step.kind}\n{step.key}" for folded in rows for step in folded.milestones}


def _show(account: Account, found: Preview, number: int) -> None:
    changed = found.changed()
    click.echo(f"{tables.counted(number, 'postback')} of '{account.name}': {_told(found.states_before)} now.")
    if found.states_after != found.states_before:
        click.echo(f"Afterwards: {_told(found.states_after)}.")
    for key in changed[:SHOWN]:
        _show_purchase(key, found.before.get(key), found.after.get(key))
    if len(changed) > SHOWN:
        click.echo(f"… and {tables.counted(len(changed) - SHOWN, 'purchase')} more.")
    click.echo(
        f"Would change: {tables.counted(len(changed), 'purchase')};"
        f" {tables.counted(found.milestones_added, 'milestone')} more, {found.milestones_gone} less."
    )


def _show_purchase(key: str, before: Purchase | None, after: Purchase | None) -> None:
    if before is None or after is None:
        one = after or before
        word = "new" if before is None else "gone"
        click.echo(f"  {key}  {word}: {one.status if one else ''} {one.product_name if one else ''}".rstrip())
        return
    click.echo(f"  {key}")
    for field, was, now in zip(Purchase._fields, before, after, strict=True):
        if was != now:
            click.echo(f"    {field}: {_shown(was)} → {_shown(now)}")


def _shown(value: object) -> str:
    return "(nothing)" if value is None else str(value)


def _told(states: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in states.items())


def run(account: Account, ids: list[int]) -> dict[str, int]:
    """Put the postbacks back and work them off here; how many ended in which state. Raises Unavailable when stuck."""
    with transaction(rooms().engine) as tx:
        ledger.lock(tx, account.id)
        if not inbox.reopen(tx, account.id, ids):
            raise Refused("None of them can be worked again any more.")
    shop, until = workshop_here(), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        # A worker that is up may take some of them: what counts is that none is open in the end.
        worked = turn(shop, account, Lane.REALTIME, ingest.take_postbacks, ingest.apply_postbacks)
        with transaction(rooms().engine) as tx:
            states = checkup.states(tx, account.id, ids)
        if "pending" not in states:
            return states
        if worked:
            until = time.monotonic() + PATIENCE
    raise Unavailable("Some are still open; workers go on with them. See: flask --app wsgi doctor")
