"""`account`, `token` and `hottok`: who the sellers are, and who may come in."""

from __future__ import annotations

import json
import sys

import click

from service.commands import tables
from service.commands.frame import about_account, group
from service.errors import NotFound
from service.store import accounts
from service.store.accounts import Account
from service.store.engine import transaction
from service.web.rooms import rooms


def webhook_url(account: Account) -> str:
    """The address to paste into Hotmart's panel."""
    return f"{rooms().settings.public_url}/webhooks/hotmart/{account.key}"


@group("account")
def account() -> None:
    """Accounts: one per Hotmart seller."""


@account.command("create")
@click.argument("name")
@click.option(
    "--hottok", required=True, help="Token shown in Hotmart under Tools, Webhook, Authentication; - reads it."
)
@click.option("--timezone", default="America/Sao_Paulo", show_default=True, help="Whose days are this seller's days.")
@click.option("--role", type=click.Choice(accounts.ROLES), default="producer", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def create_account(name: str, hottok: str, timezone: str, role: str, *, as_json: bool) -> None:
    """Make an account and print its key, webhook address and API token.

    The API token is shown this once: only its digest is stored.
    """
    with transaction(rooms().engine) as tx:
        made = accounts.create(tx, name, timezone, role)
        accounts.add_hottok(tx, made.id, read_secret(hottok))
        api_token = accounts.add_api_token(tx, made.id, "first")
    if as_json:
        click.echo(json.dumps({**_described(made), "api_token": api_token}, ensure_ascii=False))
        return
    click.echo(f"Account '{made.name}' is made ({made.timezone}, {made.role}).\n")
    click.echo(f"  account key   {made.key}")
    click.echo(f"  webhook URL   {webhook_url(made)}")
    click.echo(f"  API token     {api_token}\n")
    click.echo("Keep the API token: it is shown this once. Paste the webhook URL into Hotmart (Tools, Webhook, 2.0.0).")


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def list_accounts(*, as_json: bool) -> None:
    """List all accounts, oldest first."""
    with transaction(rooms().engine) as tx:
        found = accounts.every(tx)
    if as_json:
        click.echo(json.dumps([_described(one) for one in found], ensure_ascii=False))
    elif not found:
        click.echo("No accounts yet. Make one with: flask --app wsgi account create NAME --hottok TOKEN")
    else:
        rows = [(one.key, one.name, one.timezone, one.role, webhook_url(one)) for one in found]
        tables.show(["key", "name", "time zone", "role", "webhook URL"], rows)


def _described(one: Account) -> dict[str, str]:
    return {
        "account_key": one.key,
        "name": one.name,
        "timezone": one.timezone,
        "role": one.role,
        "webhook_url": webhook_url(one),
    }


def read_secret(told: str) -> str:
    """A token from the command line, or from standard input for `-`, which leaves no trace in the shell's history."""
    return sys.stdin.readline().strip() if told == "-" else told


@group("token")
def token() -> None:
    """API tokens of an account."""


@token.command("add")
@click.option("--label", default="added", show_default=True, help="A word to recognise and revoke it by.")
@about_account
def add_token(label: str, account_name: str | None) -> None:
    """Make an API token and print it, this once."""
    with transaction(rooms().engine) as tx:
        made = accounts.add_api_token(tx, accounts.named(tx, account_name).id, label)
    click.echo(made)


@token.command("revoke")
@click.argument("token_or_label")
@about_account
def revoke_token(token_or_label: str, account_name: str | None) -> None:
    """Let an API token in no more; every token with that label when a label is given."""
    with transaction(rooms().engine) as tx:
        owner = accounts.named(tx, account_name)
        revoked = accounts.revoke_api_token(tx, owner.id, read_secret(token_or_label))
    if not revoked:
        raise NotFound(f"'{owner.name}' has no valid API token with this label or text.")
    click.echo(f"Revoked {tables.counted(revoked, 'API token')} of '{owner.name}'; doors notice within seconds.")


@group("hottok")
def hottok() -> None:
    """Webhook tokens (hottoks) of an account. Several may be valid, so that one can be replaced without a gap."""


@hottok.command("add")
@click.argument("hottok_text", metavar="HOTTOK")
@about_account
def add_hottok(hottok_text: str, account_name: str | None) -> None:
    """Let postbacks with this token in; - reads it from standard input."""
    with transaction(rooms().engine) as tx:
        owner = accounts.named(tx, account_name)
        accounts.add_hottok(tx, owner.id, read_secret(hottok_text))
    click.echo(f"'{owner.name}' now accepts this hottok; doors notice within seconds.")


@hottok.command("revoke")
@click.argument("hottok_text", metavar="HOTTOK")
@about_account
def revoke_hottok(hottok_text: str, account_name: str | None) -> None:
    """Let postbacks with this token in no more; - reads it from standard input."""
    with transaction(rooms().engine) as tx:
        owner = accounts.named(tx, account_name)
        revoked = accounts.revoke_hottok(tx, owner.id, read_secret(hottok_text))
    if not revoked:
        raise NotFound(f"This is no valid hottok of '{owner.name}'.")
    click.echo(f"'{owner.name}' no longer accepts this hottok; doors notice within seconds.")
