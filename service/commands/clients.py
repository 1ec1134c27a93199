"""`clients`: their list, who may be in it twice, and saying who is one person and who is not."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

import click
from sqlalchemy import Connection, RowMapping

from service.commands import reading, tables
from service.commands.frame import Group, about_account, workshop_here
from service.errors import NotFound, Unavailable
from service.queues import Lane
from service.sources.contact import email_of
from service.store import accounts, duplicates, identities, lists
from service.store.accounts import Account
from service.store.duplicates import FIELDS, Part
from service.store.engine import snapshot, transaction
from service.store.portraits import Portrait
from service.web import merging
from service.web.merging import By
from service.web.rooms import rooms
from workers import ingest
from workers.turns import turn

PATIENCE, BREATH = 60.0, 0.05
"""Seconds to wait for a statement that a worker took, and between two looks."""
NOBODY = By(None)
"""Said at the machine, by no user."""
MARK = {"document": "document", "phone": "telephone"}


class Listing(Group):
    """Commands about clients; without one of their names it is `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` in front of options that stand alone."""
        asks_for_help = bool(args) and args[0] in self.get_help_option_names(ctx)
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named or asks_for_help else ["list", *args])


@click.group("clients", cls=Listing)
def clients() -> None:
    """Clients: the list (also without a further word), possible duplicates, merging and separating."""


clients.add_command(reading.clients, "list")


@clients.command("duplicates")
@click.option("--same", type=click.Choice(FIELDS), help="Only who shares this.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Groups at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@about_account
def show_duplicates(same: str | None, limit: int, account_name: str | None, *, as_json: bool) -> None:
    """List clients who share a document or telephone and were neither merged nor told apart."""
    with snapshot(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        part = _looked_through(tx, account, (same,) if same else FIELDS, limit)
    if as_json:
        click.echo(json.dumps([_told(one) for one in part.groups], ensure_ascii=False, default=str))
    elif not part.groups:
        click.echo("No possible duplicates.")
    else:
        rows = [row for one in part.groups for row in _rows(one, account)]
        tables.show(["share", "value", "client", "name", "active", "last seen"], rows, right=["active"])
        more = " There are more: ask with a higher --limit." if part.after else ""
        click.echo(f"\n{tables.counted(len(part.groups), 'group')} of '{account.name}'.{more}")


def _looked_through(tx: Connection, account: Account, fields: tuple[str, ...], limit: int) -> Part:
    """So many groups from the beginning, however many pages that takes."""
    part = duplicates.listed(tx, account.id, fields, None, limit)
    found = list(part.groups)
    while part.after is not None and len(found) < limit:
        part = duplicates.listed(tx, account.id, fields, part.after, limit - len(found))
        found += part.groups
    return Part(found, part.after, is_short=False)


def _told(one: duplicates.Group) -> dict[str, Any]:
    members = [line.client["email"] for line in one.lines]
    return {"same": one.field, "value": one.value, "number": one.number, "reasons": one.reasons, "clients": members}


def _rows(one: duplicates.Group, account: Account) -> list[list[Any]]:
    share = " and ".join(MARK[field] for field in one.reasons)
    if not one.lines:
        number = f"more than {duplicates.MOST_COUNTED:,}" if one.number > duplicates.MOST_COUNTED else str(one.number)
        return [[share, one.value, f"({number} clients: a family's or a shop's)", "", "", ""]]
    return [
        [
            "" if place else share,
            "" if place else one.value,
            line.client["email"],
            tables.shortened(line.client["name"], 32),
            tables.revenue(line.client["revenue"], "active"),
            tables.local(line.client["last_seen_at"], account.zone),
        ]
        for place, line in enumerate(one.lines)
    ]


@clients.command("merge")
@click.argument("stays")
@click.argument("joins")
@click.option("--yes", is_flag=True, help="Do not ask.")
@about_account
def merge(stays: str, joins: str, account_name: str | None, *, yes: bool) -> None:
    """Make two clients (e-mails or ids) one: STAYS keeps its id, JOINS goes by its e-mail from then on.

    First shows both and what they would be together, then asks. `clients separate` takes it back exactly.
    """
    account, (one, other) = _clients(account_name, stays, joins)
    looked = merging.look_at_merge(account, one["id"], other["id"])
    _compare({"stays": looked.stays, "joins it": looked.goes, "together": looked.together})
    if not yes:
        click.confirm("Are they one person?", abort=True)
    _work_off(account, merging.merge(account, one["id"], other["id"], NOBODY))
    click.echo(f"{looked.goes.email} is {looked.stays.email} from now on.")


@clients.command("separate")
@click.argument("email")
@click.argument("other", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@about_account
def separate(email: str, other: str | None, account_name: str | None, *, yes: bool) -> None:
    """Take a merged EMAIL out of its client; with OTHER, say that two clients are two people.

    Either way they are not listed as possible duplicates again.
    """
    if other is not None:
        _tell_apart(account_name, email, other)
        return
    account, (client,) = _clients(account_name, email)
    address = email_of(email) or email
    looked = merging.look_at_separation(account, client["id"], address)
    _compare({"now": looked.together, "stays": looked.stays, "leaves": looked.leaves})
    if not yes:
        click.confirm("Is this e-mail somebody else's?", abort=True)
    _work_off(account, merging.separate(account, client["id"], address, NOBODY))
    click.echo(f"{address} is a client of its own again.")


def _tell_apart(account_name: str | None, one: str, other: str) -> None:
    account, found = _clients(account_name, one, other)
    _work_off(account, merging.tell_apart(account, found[0]["id"], found[1]["id"], NOBODY))
    click.echo(f"{found[0]['email']} and {found[1]['email']} are two people.")


def _clients(account_name: str | None, *named: str) -> tuple[Account, list[RowMapping]]:
    """The account, and its clients with these e-mails or ids. Raises NotFound."""
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        return account, [_client(tx, account, one) for one in named]


def _client(tx: Connection, account: Account, named: str) -> RowMapping:
    try:
        wanted: UUID | None = UUID(named)
    except ValueError:
        wanted = identities.client_with(tx, account.id, email_of(named) or named)
    found = wanted and lists.client(tx, account.id, identities.survivor(tx, account.id, wanted) or wanted)
    if not found:
        raise NotFound(f"'{account.name}' has no client {named}. Look for one with: flask --app wsgi clients --q …")
    return found


def _compare(portraits: dict[str, Portrait | None]) -> None:
    told = [[name, *_portrayed(one)] for name, one in portraits.items()]
    tables.show(["", "e-mails", "name", "phone", "document", "purchases", "active"], told, right=["purchases"])


def _portrayed(one: Portrait | None) -> list[Any]:
    if one is None:
        return ["(nobody: nothing is told of it any more)", "", "", "", "", ""]
    profile = [one.profile.get(field) for field in ("name", "phone", "document")]
    sums = ", ".join(tables.money(sum_of.active, sum_of.currency) for sum_of in one.revenue if sum_of.active)
    return [", ".join(one.emails), *profile, one.purchases, sums]


def _work_off(account: Account, said: RowMapping) -> None:
    """Work the statement off here, or see a worker do it. Raises Unavailable."""
    shop, until = workshop_here(), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        turn(shop, account, Lane.REALTIME, ingest.take_postbacks, ingest.apply_postbacks)
        state = merging.statement(account, said["key"])["state"]
        if state == "done":
            return
        if state != "pending":
            raise Unavailable(f"It is kept but could not be done: {state}. See: flask --app wsgi doctor")
        time.sleep(BREATH)
    raise Unavailable("It is kept, and workers go on with it. See: flask --app wsgi doctor")
