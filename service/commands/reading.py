"""`clients` and `journey`: the ledger, readable."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection, RowMapping

from service.commands import tables
from service.commands.frame import about_account, command
from service.errors import NotFound
from service.store import accounts, lists
from service.store.accounts import Account
from service.store.engine import snapshot
from service.store.lists import Page
from service.web.rooms import rooms

ALL = Page(1, 1000)


@command("clients")
@click.option("--q", help="Part of a name or e-mail, or digits of a phone or document.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--size", type=click.IntRange(1, 1000), default=50, show_default=True, help="Clients on a page.")
@about_account
def clients(q: str | None, page: int, size: int, account_name: str | None) -> None:
    """List clients, the last seen first, with what they bought (active) and what was lost, per currency."""
    with snapshot(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        listed = lists.clients(tx, account.id, Page(page, size), q=q)
    if not listed.total:
        click.echo("No clients found." if q else "No clients yet. Try: flask --app wsgi seed")
        return
    tables.show(
        ["client", "name", "phone", "active", "pending", "disputed", "lost", "last seen"],
        [_client_row(row, account.zone) for row in listed.rows],
        right=["active", "pending", "disputed", "lost"],
    )
    shown = f"{(page - 1) * size + 1} to {(page - 1) * size + len(listed.rows)} of {listed.total}"
    click.echo(f"\n{shown} clients of '{account.name}'; times of {account.timezone}.")


def _client_row(row: RowMapping, zone: ZoneInfo) -> list[Any]:
    sums = [tables.revenue(row["revenue"], column) for column in ("active", "pending", "disputed", "lost")]
    return [
        row["email"],
        tables.shortened(row["name"], 32),
        row["phone"] or row["phone_text"],
        *sums,
        tables.local(row["last_seen_at"], zone),
    ]


@command("journey")
@click.argument("email")
@about_account
def journey(email: str, account_name: str | None) -> None:
    """Tell one client's story: profile, purchases, subscriptions and every milestone, oldest first."""
    with snapshot(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        found = lists.clients(tx, account.id, Page(), email=email).rows
        if not found:
            raise NotFound(f"'{account.name}' has no client {email}. Look for one with: flask --app wsgi clients --q …")
        _show_profile(found[0], account)
        _show_purchases(tx, account, found[0])
        _show_subscriptions(tx, account, found[0])
        _show_milestones(tx, account, found[0])


def _show_profile(client: RowMapping, account: Account) -> None:
    click.secho(f"{client['name'] or client['email']}  <{client['email']}>", bold=True)
    place = ", ".join(filter(None, [client["city"], client["state"], client["country"]]))
    told = {
        "phone": client["phone"] or client["phone_text"],
        "document": " ".join(filter(None, [client["document_type"], client["document"]])),
        "place": place,
        "first seen": tables.local(client["first_seen_at"], account.zone),
        "last seen": tables.local(client["last_seen_at"], account.zone),
    }
    for column in ("active", "pending", "disputed", "lost", "net"):
        told[column] = tables.revenue(client["revenue"], column)
    for name, value in told.items():
        if value:
            click.echo(f"  {name:<11} {value}")


def _show_purchases(tx: Connection, account: Account, client: RowMapping) -> None:
    rows = lists.purchases(tx, account.id, ALL, email=client["email"]).rows
    if not rows:
        return
    click.echo()
    tables.show(
        ["transaction", "status", "product", "gross", "paid", "net", "ordered"],
        [
            (
                row["transaction"] or "(none)",
                row["status"],
                tables.shortened(row["product_name"], 32),
                tables.money(row["gross_value"], row["gross_currency"]),
                tables.money(row["paid_value"], row["paid_currency"]),
                tables.money(row["net_value"], row["net_currency"]),
                tables.local(row["ordered_at"], account.zone),
            )
            for row in rows
        ],
        right=["gross", "paid", "net"],
    )


def _show_subscriptions(tx: Connection, account: Account, client: RowMapping) -> None:
    for row in lists.subscriptions_of_client(tx, account.id, client["id"]):
        told = [row["product_name"], row["plan_name"], row["status"], tables.counted(row["charges"], "charge")]
        click.echo(f"\nSubscription {row['code']}: {', '.join(filter(None, told))}")


def _show_milestones(tx: Connection, account: Account, client: RowMapping) -> None:
    rows = lists.milestones(tx, account.id, client["id"], ALL).rows
    click.echo()
    tables.show(
        ["when", "milestone", "product", "amount", "transaction", "told by"],
        [
            (
                f"{'~' if row['approximate'] else ' '}{tables.local(row['occurred_at'], account.zone)}",
                f"{row['kind']} x{row['times']}" if row["times"] > 1 else row["kind"],
                tables.shortened(row["product_name"], 32),
                tables.money(row["amount_value"], row["amount_currency"]),
                row["transaction"],
                _told_by(row),
            )
            for row in reversed(rows)
        ],
        right=["amount"],
    )
    note = " ~ only the order's date is known." if any(row["approximate"] for row in rows) else ""
    click.echo(f"\nTimes of {account.timezone}.{note}")


def _told_by(row: RowMapping) -> str:
    if row["import_id"] is None:
        return f"postback {row['delivery_id']}"
    return f"{tables.shortened(row['file_name'], 40)}, row {row['row_number']}"
