"""`ledger rebuild` and `ledger verify`: the ledger is always equal to the fold of the facts."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from sqlalchemy import Connection

from service.commands import tables
from service.commands.frame import about_account, group
from service.errors import MarcoError
from service.store import accounts, checkup
from service.store import ledger as shelves
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.sums import keeping, reading
from service.store.sums.reading import Days
from service.web.rooms import rooms
from workers import pipeline

GUARANTEES = timedelta(days=400)
"""How far ahead sums are looked at: those of guarantees lie in the future."""


@group("ledger")
def ledger() -> None:
    """The ledger: what the facts add up to."""


@ledger.command("verify")
@about_account
def verify(account_name: str | None) -> None:
    """Fold all facts anew and compare with what is stored, sums too; nothing is changed. Exit code 1 when they differ.

    All accounts, unless one is named. Writers of the account wait meanwhile.
    """
    differ = 0
    for account in _chosen(account_name):
        with rooms().engine.connect() as tx:
            sums = _wrong_sums(tx, account)
            stories, different = _rebuilt(tx, account)
            different |= sums
            tx.rollback()
        differ += bool(different)
        click.echo(f"{account.name}: {_verdict(stories, different)}")
    if differ:
        raise MarcoError("The ledger differs from its facts. Make it anew with: flask --app wsgi ledger rebuild")


@ledger.command("rebuild")
@about_account
def rebuild(account_name: str | None) -> None:
    """Make the ledger anew from the facts, in one transaction per account. It must change nothing.

    All accounts, unless one is named. Writers of the account wait meanwhile.
    """
    for account in _chosen(account_name):
        with transaction(rooms().engine) as tx:
            stories, different = _rebuilt(tx, account)
        click.echo(f"{account.name}: rebuilt, {_verdict(stories, different)}")


def _chosen(account_name: str | None) -> list[Account]:
    with transaction(rooms().engine) as tx:
        return [accounts.named(tx, account_name)] if account_name else accounts.every(tx)


def _rebuilt(tx: Connection, account: Account) -> tuple[int, dict[str, int]]:
    """(stories folded, rows that are different now by table)."""
    checkup.without_deadline(tx)
    shelves.lock(tx, account.id)
    shelves.remember(tx, account.id)
    stories = pipeline.rebuild(tx, account)
    return stories, shelves.differences(tx, account.id)


def _wrong_sums(tx: Connection, account: Account) -> dict[str, int]:
    """Sums kept for the panels that are not what the ledger says: one number for all figures."""
    checkup.without_deadline(tx)
    shelves.lock(tx, account.id)
    first, today = reading.first_day(tx, account), datetime.now(account.zone).date()
    if first is None:
        return {}
    wrong = keeping.differences(tx, account, Days(first, today + GUARANTEES))
    return {"day_sums": sum(wrong.values())} if wrong else {}


def _verdict(stories: int, different: dict[str, int]) -> str:
    told = tables.counted(stories, "story", "stories")
    if not different:
        return f"{told} folded, every row as it was."
    return f"{told} folded, different rows: {', '.join(f'{table} {number}' for table, number in different.items())}."
