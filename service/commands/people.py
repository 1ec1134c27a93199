"""`user`: the people who sign in at the pages."""

from __future__ import annotations

import json

import click
from sqlalchemy import Connection

from service.commands import tables
from service.commands.accounts import read_secret
from service.commands.frame import group
from service.domain.roles import Role
from service.errors import NotFound, Unprocessable
from service.sources.contact import email_of
from service.store import accounts, memberships, users
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.users import User
from service.web import passwords
from service.web.rooms import rooms

ROLE = click.Choice([str(role) for role in Role])
PASSWORD = "The password; - reads it from standard input. Left out, it is asked for."  # noqa: S105  # words about one, none itself


@group("user")
def user() -> None:
    """People who sign in, and what they are in which account."""


@user.command("create")
@click.argument("name")
@click.option("--email", required=True, help="What they sign in with.")
@click.option("--password", help=PASSWORD)
@click.option("--role", type=ROLE, default=str(Role.OWNER), show_default=True)
@click.option("--account", "account_name", metavar="NAME-OR-KEY", help="One account. Left out: every account there is.")
def create_user(name: str, email: str, password: str | None, role: str, account_name: str | None) -> None:
    """Make somebody who can sign in, with a role in one account or in all.

    From then on the setup page is closed.
    """
    address = email_of(email)
    if address is None:
        raise Unprocessable(f"'{email}' is no e-mail address.")
    if not name.strip():
        raise Unprocessable("The user needs a name.")
    stored = passwords.hashed(_strong(password))
    with transaction(rooms().engine) as tx:
        chosen = [accounts.named(tx, account_name)] if account_name else accounts.every(tx)
        made = users.create(tx, address, name, stored)
        for account in chosen:
            memberships.join(tx, account.id, made.id, Role(role))
    click.echo(f"'{made.name}' is made: {_told(chosen, role)}. Sign in at {rooms().settings.public_url}/login")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def list_users(*, as_json: bool) -> None:
    """List everybody who can sign in, and what they are where."""
    with transaction(rooms().engine) as tx:
        found = [(one, memberships.of_user(tx, one.id)) for one in users.every(tx)]
    if as_json:
        told = [
            {"email": one.email, "name": one.name, "accounts": {each.account.key: each.role for each in belongs}}
            for one, belongs in found
        ]
        click.echo(json.dumps(told, ensure_ascii=False))
    elif not found:
        click.echo("No users yet. Open the pages in a browser, or: flask --app wsgi user create NAME --email ADDRESS")
    else:
        rows = [
            (one.email, one.name, ", ".join(f"{each.account.name}: {each.role}" for each in belongs))
            for one, belongs in found
        ]
        tables.show(["e-mail", "name", "accounts"], rows)


@user.command("password")
@click.argument("email")
@click.option("--password", help=PASSWORD)
def change_password(email: str, password: str | None) -> None:
    """Set a new password; every session of this person ends."""
    with transaction(rooms().engine) as tx:
        found = _user(tx, email)
    stored = passwords.hashed(_strong(password))
    with transaction(rooms().engine) as tx:
        users.change_password(tx, found.id, stored)
    click.echo(f"The password of '{found.name}' is changed, and they are signed out everywhere.")


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([*(str(role) for role in Role), "none"]))
@click.option("--account", "account_name", metavar="NAME-OR-KEY", help="The account; needed when there are several.")
def change_role(email: str, role: str, account_name: str | None) -> None:
    """Make somebody an owner, operator or reader of an account; none takes them out of it."""
    with transaction(rooms().engine) as tx:
        found, account = _user(tx, email), accounts.named(tx, account_name)
        if role == "none":
            memberships.leave(tx, account.id, found.id)
        else:
            memberships.join(tx, account.id, found.id, Role(role))
    click.echo(f"'{found.name}' is {'nothing' if role == 'none' else role} in '{account.name}' from now on.")


def _user(tx: Connection, email: str) -> User:
    found = users.with_email(tx, email)
    if found is None:
        raise NotFound(f"Nobody signs in as '{email}'. See: flask --app wsgi user list")
    return found


def _strong(told: str | None) -> str:
    """The password told, or asked for twice. Raises Unprocessable when it is too short or too long."""
    password = read_secret(told) if told else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise Unprocessable(f"A password has {passwords.SHORTEST} to {passwords.LONGEST} characters.")
    return str(password)


def _told(chosen: list[Account], role: str) -> str:
    return f"{role} of {', '.join(account.name for account in chosen)}" if chosen else "in no account yet"
