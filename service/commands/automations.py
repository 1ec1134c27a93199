"""`automation` and `kommo`: what happens in Kommo when something happens at Hotmart."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from service import kommo_account, trials
from service.commands import tables
from service.commands.accounts import read_secret
from service.commands.frame import about_account, group, workshop_here
from service.connectors.kommo.books import book_of, fingerprint_field
from service.connectors.kommo.connection import warning_due
from service.domain.automation.causes import said
from service.errors import NotFound
from service.store import accounts, automations, connections, crm_hooks, endpoints, history, outbox
from service.store.connections import Connected
from service.store.engine import transaction
from service.store.vault import vault_of
from service.web.automating import draft_kept
from service.web.rooms import rooms
from workers import deliver


@group("automation")
def automation() -> None:
    """Automations: what they are, what they would do, doing it."""


@automation.command("list")
@about_account
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def list_automations(account_name: str | None, *, as_json: bool) -> None:
    """List automations with what became of their promises."""
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        found = automations.every(tx, account.id)
        counts = {one["id"]: history.counted(tx, account.id, one["id"]) for one in found}
    if as_json:
        told = [{name: one[name] for name in ("id", "name", "trigger", "state")} for one in found]
        click.echo(json.dumps([one | {"promises": counts[one["id"]]} for one in told], ensure_ascii=False))
    elif not found:
        click.echo("No automations yet.")
    else:
        headers = ["id", "name", "trigger", "state", "done", "open", "given up"]
        rows = [[one["id"], one["name"], one["trigger"], one["state"], *_shown(counts[one["id"]])] for one in found]
        tables.show(headers, rows, right=("id", "done", "open", "given up"))


def _shown(counts: dict[str, int]) -> tuple[int, int, int]:
    """(done, open, given up)."""
    return counts["done"], sum(counts[state] for state in history.OPEN), counts["given_up"]


@automation.command("test")
@click.argument("automation_id", type=int)
@click.option("--event", help="A transaction code or e-mail; else the latest event of the trigger.")
@about_account
def test_automation(automation_id: int, event: str | None, account_name: str | None) -> None:
    """Show what an automation would do with a past event: before and after, and why. Nothing is sent."""
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        draft = draft_kept(automations.find(tx, account.id, automation_id))
    trial = trials.try_out(rooms().engine, rooms().settings, account, draft, event)
    click.echo(f"Event: {trial.event.subject}, {trial.event.occurred_at.isoformat()}")
    if not trial.passed:
        click.echo("The filter does not let it pass:")
        tables.show(["field", "operator", "wanted", "seen", "reason"], [[*one.values()] for one in trial.filter])
        return
    if trial.message is not None:
        click.echo(json.dumps(trial.message, ensure_ascii=False, indent=2))
        return
    for part in ("lead", "contact", "company"):
        chosen = (trial.decision or {})[part]
        known = f"{chosen['id']} (found by {chosen['why']})" if chosen["id"] else "new"
        click.echo(f"{part.capitalize()}: {known}")
    tables.show(["what", "field", "before", "after"], [[*one.values()] for one in trial.changes])
    for left in (trial.decision or {})["left_out"]:
        click.echo(f"Left out: {left['kind']} {left['field']}: {left['why']}")


@automation.command("run")
def run_automations() -> None:
    """Keep every promise that is due now, of all accounts, as the workers of the lane deliver do all the time."""
    shop, done = workshop_here(), 0
    while worked := deliver.step(shop):
        done += worked
    click.echo(f"Attempts made: {done}.")


@automation.command("resend")
@click.argument("promise_id", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="All that failed or were given up.")
@about_account
def resend(promise_id: int | None, account_name: str | None, *, everything: bool) -> None:
    """Try again one promise of the history, or all that failed or were given up."""
    if (promise_id is None) is not everything:
        raise click.UsageError("Give the number of a promise, or --all.")
    now = datetime.now(UTC)
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        if promise_id is None:
            number = history.resend_all(tx, account.id, history.Wanted(), now)
        else:
            history.resend(tx, account.id, promise_id, now)
            number = 1
    click.echo(f"Tried again: {number}.")


@group("kommo")
def kommo() -> None:
    """The account of Kommo that automations write to."""


@kommo.command("connect")
@click.argument("address")
@click.option("--token", required=True, help="Long-lived token of a private integration; - reads it.")
@about_account
def connect(address: str, token: str, account_name: str | None) -> None:
    """Connect `cursoexemplo` or `cursoexemplo.kommo.com`: the token is checked, then kept sealed."""
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
    there = kommo_account.connect(rooms().engine, rooms().settings, account, address, read_secret(token)).there
    click.echo(f"Connected to {there.name} ({there.subdomain}, {there.currency}).")


@kommo.command("check")
@about_account
def check_kommo(account_name: str | None) -> None:
    """Call Kommo, read anew what is set up there, and say what stands in the way."""
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
        connected = connections.find(tx, account.id)
        waiting = outbox.count_open(tx, account.id, datetime.now(UTC))
    if connected is None or connected.state == "disconnected":
        raise NotFound("No account of Kommo is connected. Connect one with: flask --app wsgi kommo connect ADDRESS")
    there = kommo_account.refresh(rooms().engine, rooms().settings, account)
    click.echo(f"{there.name} ({connected.origin}), prices in {there.currency}. {waiting['open']} promises open.")
    if connected.state == "refused":
        click.secho(f"Deliveries go on; they were stopped: {said(connected.cause)}", fg="yellow")
    _warn(account.id, connected)


def _warn(account_id: int, connected: Connected) -> None:
    left = warning_due(connected.expires_at, datetime.now(UTC)) if connected.expires_at else None
    if connected.expires_at is not None and left is not None:
        click.secho(
            f"The token ends on {connected.expires_at:%Y-%m-%d}: make a new one and connect again.", fg="yellow"
        )
    with transaction(rooms().engine) as tx:
        again = connections.find(tx, account_id)
    if again is not None and again.book is not None and fingerprint_field(book_of(again.book)) is None:
        advice = (
            "Add a text field “Transação Hotmart” to leads in Kommo: by it a lead is found again after lost answers."
        )
        click.secho(advice, fg="yellow")


@kommo.command("disconnect")
@about_account
def disconnect(account_name: str | None) -> None:
    """Write no more to Kommo, end its webhook, forget the token; what is there stays there."""
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
    cause = kommo_account.leave(rooms().engine, rooms().settings, account)
    click.echo("Disconnected.")
    if cause is not None:
        advice = f"Kommo could not be told: {said(cause)} Take the webhook of Marco away there by hand."
        click.secho(advice, fg="yellow")


@kommo.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every kept token and secret under the newest key of SECRETS_KEYS; the older keys may go afterwards."""
    with transaction(rooms().engine) as tx:
        vault = vault_of(rooms().settings)
        number = connections.rotate(tx, vault)
        crm_hooks.rotate(tx, vault)
        endpoints.reseal(tx, vault)
    click.echo(f"Tokens sealed anew: {number}.")
