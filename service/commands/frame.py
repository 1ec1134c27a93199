"""What every command stands in: the application's parts, clear errors, the account it is about."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
import psycopg
from flask import has_app_context
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service import logs
from service.errors import MarcoError, Unprocessable
from service.web.rooms import rooms
from workers.workshop import Workshop

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])
NO_TABLES = "The database has no tables yet. Run the release command of the Procfile: python -m service.store.migrate"
NO_DATABASE = "PostgreSQL does not answer. See what is wrong with: flask --app wsgi doctor"


class Command(click.Command):
    """A command inside the application, whose foreseen faults are one line with a remedy and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        if not has_app_context():
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        if not logging.getLogger().handlers:
            logs.configure("WARNING")
        try:
            return super().invoke(ctx)
        except MarcoError as fault:
            raise click.ClickException(fault.message) from fault
        except (OperationalError, PoolTimeout) as fault:
            raise click.ClickException(NO_DATABASE) from fault
        except DBAPIError as fault:
            if isinstance(fault.orig, psycopg.errors.UndefinedTable):
                raise click.ClickException(NO_TABLES) from fault
            raise


class Group(click.Group):
    """Commands about one thing."""

    command_class = Command


def command(name: str) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command of this name."""
    return click.command(name, cls=Command)


def group(name: str) -> Callable[[Callable[..., Any]], Group]:
    """Make a function the head of commands about one thing."""
    return click.group(name, cls=Group)


def about_account(function: Wrapped) -> Wrapped:
    """Give a command the option that says which account it is about."""
    told = "The account, by name or key; needed when there are several."
    return click.option("--account", "account_name", metavar="NAME-OR-KEY", help=told)(function)


def workshop_here() -> Workshop:
    """A worker's tools over the connections of this command."""
    parts = rooms()
    return Workshop(parts.settings, parts.engine, parts.bell)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An instant in UTC from ISO 8601; without an offset it is local time of `zone`. Raises Unprocessable."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as fault:
        raise Unprocessable(
            f"'{text}' is no time. Write 2026-07-02, 2026-07-02T09:15 (time of {zone.key}) or 2026-07-02T12:15:00Z."
        ) from fault
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
