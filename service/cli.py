"""`flask --app wsgi …`: every command, imported when it is asked for.

Commands may use every room, `workers` too; the web process only learns their names.
"""

from __future__ import annotations

from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup

COMMANDS = {
    "account": "service.commands.accounts:account",
    "automation": "service.commands.automations:automation",
    "clients": "service.commands.clients:clients",
    "doctor": "service.commands.upkeep:doctor",
    "hottok": "service.commands.accounts:hottok",
    "import": "service.commands.imports:import_file",
    "journey": "service.commands.reading:journey",
    "kommo": "service.commands.automations:kommo",
    "ledger": "service.commands.ledger:ledger",
    "postback": "service.commands.postbacks:postback",
    "prune": "service.commands.upkeep:prune",
    "replay": "service.commands.replay:replay",
    "seed": "service.commands.seed:seed",
    "token": "service.commands.accounts:token",
    "user": "service.commands.people:user",
    "webhook": "service.commands.endpoints:webhook",
}
"""Name of the command to where it lives."""


class Commands(AppGroup):
    """Our commands, beside those of Flask."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Names for `--help`."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found


def install(app: Flask) -> None:
    """Make the commands known to `flask --app wsgi`."""
    app.cli = Commands(name=app.name)
