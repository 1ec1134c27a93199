"""`doctor` and `prune`: is everything well, and throwing away what may go."""

from __future__ import annotations

import os

import click

from service.commands.frame import command
from service.doctor import Health, checkup_of
from service.errors import MarcoError
from service.web.rooms import rooms
from workers import upkeep

COLOUR = {Health.OK: "green", Health.LOOK: "yellow", Health.FAULT: "red"}


@command("doctor")
def doctor() -> None:
    """Check settings, connections, clock, durability, workers and the age of the last news.

    One line each with its remedy; exit code 1 when something is at fault.
    """
    faults = 0
    for finding in checkup_of(rooms().settings, rooms().engine):
        faults += finding.health is Health.FAULT
        sign = click.style(f"{finding.health:<5}", fg=COLOUR[finding.health])
        click.echo(f"{sign}  {finding.part}: {finding.told} {finding.remedy}".rstrip())
    if faults:
        raise MarcoError(f"Faults found: {faults}.")


@command("prune")
def prune() -> None:
    """Do one round of upkeep now: delete old uploads and bodies whose time is over (workers do so every minute)."""
    # `turn` is a worker's: it reads its settings from the environment.
    os.environ.update(rooms().settings.as_environment())
    upkeep.turn()
    kept = rooms().settings.body_keep_days
    bodies = f"bodies older than {kept} days" if kept else "no bodies (BODY_KEEP_DAYS is 0: kept for ever)"
    click.echo(f"Done: uploads older than {rooms().settings.upload_keep_days} days and {bodies} are gone.")
