"""`webhook`: addresses that automations send signed messages to."""

from __future__ import annotations

import json

import click

from service import endpoint_desk
from service.commands import tables
from service.commands.frame import about_account, group
from service.endpoint_desk import told_of
from service.errors import Unavailable
from service.queues import Lane
from service.store import accounts, endpoints
from service.store.engine import transaction
from service.web.rooms import rooms

KEEP_IT = "Keep the secret: it is shown this once. The receiver verifies messages with it."


@group("webhook")
def webhook() -> None:
    """Addresses that automations send signed messages to."""


def _account_id(name: str | None) -> int:
    with transaction(rooms().engine) as tx:
        return accounts.named(tx, name).id


@webhook.command("list")
@about_account
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def list_endpoints(account_name: str | None, *, as_json: bool) -> None:
    """List addresses: their state, since when they fail, and of what."""
    account = _account_id(account_name)
    with transaction(rooms().engine) as tx:
        found = [told_of(one) for one in endpoints.every(tx, account)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
    elif not found:
        click.echo("No webhook addresses yet. Add one with: flask --app wsgi webhook add https://...")
    else:
        headers = ["id", "address", "state", "cause", "failing since", "trouble", "secrets"]
        names = ("id", "url", "state", "cause", "failing_since", "trouble", "secrets")
        tables.show(headers, [[str(one[name] or "") for name in names] for one in found], right=("id", "secrets"))


@webhook.command("add")
@click.argument("url")
@about_account
def add(url: str, account_name: str | None) -> None:
    """Add an address; it must be reachable over https, in no closed network."""
    made, secret = endpoint_desk.add(rooms().engine, rooms().settings, _account_id(account_name), url)
    click.echo(f"Address {made}\nSecret: {secret}\n{KEEP_IT}")


@webhook.command("move")
@click.argument("endpoint_id", type=int)
@click.argument("url")
@about_account
def move(endpoint_id: int, url: str, account_name: str | None) -> None:
    """Send to another URL from now on, with the same secrets."""
    endpoint_desk.move(rooms().engine, rooms().settings, _account_id(account_name), endpoint_id, url)
    click.echo("Moved.")


@webhook.command("rotate")
@click.argument("endpoint_id", type=int)
@about_account
def rotate(endpoint_id: int, account_name: str | None) -> None:
    """Make a new secret; messages carry signatures of both until the older one is retired."""
    secret = endpoint_desk.rotate(rooms().engine, rooms().settings, _account_id(account_name), endpoint_id)
    click.echo(f"Secret: {secret}\n{KEEP_IT}")


@webhook.command("retire")
@click.argument("endpoint_id", type=int)
@about_account
def retire(endpoint_id: int, account_name: str | None) -> None:
    """Sign with the newer secret alone."""
    account = _account_id(account_name)
    with transaction(rooms().engine) as tx:
        endpoints.retire(tx, account, endpoint_id)
    click.echo("The older secret signs no more.")


@webhook.command("test")
@click.argument("endpoint_id", type=int)
@about_account
def send_test(endpoint_id: int, account_name: str | None) -> None:
    """Send a message of type `test`, and show what was answered."""
    sent = endpoint_desk.try_out(rooms().engine, rooms().settings, _account_id(account_name), endpoint_id)
    answered = "no answer" if sent.status is None else f"answered {sent.status}"
    if sent.cause is not None:
        raise Unavailable(f"Not taken ({sent.cause}): {answered} after {sent.seconds} s.", code=sent.cause)
    click.echo(f"Taken: {answered} after {sent.seconds} s. Message {sent.message_id}.")


@webhook.command("enable")
@click.argument("endpoint_id", type=int)
@click.option("--resend", is_flag=True, help="Send again what was given up, too.")
@about_account
def enable(endpoint_id: int, account_name: str | None, *, resend: bool) -> None:
    """Send there again; what waited goes on."""
    number = endpoint_desk.switch_on(rooms().engine, _account_id(account_name), endpoint_id, resend=resend)
    rooms().bell.ring(Lane.DELIVER)
    click.echo(f"Switched on. Sent again: {number}." if resend else "Switched on.")


@webhook.command("disable")
@click.argument("endpoint_id", type=int)
@about_account
def disable(endpoint_id: int, account_name: str | None) -> None:
    """Send nothing there; what automations owe waits."""
    endpoint_desk.switch_off(rooms().engine, _account_id(account_name), endpoint_id)
    click.echo("Switched off.")


@webhook.command("remove")
@click.argument("endpoint_id", type=int)
@about_account
def remove(endpoint_id: int, account_name: str | None) -> None:
    """Remove an address that no automation sends to which is on."""
    account = _account_id(account_name)
    with transaction(rooms().engine) as tx:
        endpoints.remove(tx, account, endpoint_id)
    click.echo("Removed.")
