"""`seed`: a small cast of made-up buyers, told through the door as postbacks and a spreadsheet."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from service.commands import tables
from service.commands.door import Answer, Door
from service.commands.frame import about_account, command
from service.errors import NotFound, Refused, Unavailable
from service.samples import Event
from service.samples.sheets import an_export, file_name, the_past_of_the_cast
from service.samples.stories import the_cast
from service.store import accounts
from service.store.accounts import Account
from service.store.engine import transaction
from service.web.rooms import rooms

DEMO = "Demo"
LABEL = "seed"
ADMITTED_WITHIN = 10.0
DONE_WITHIN = 120.0
SETTLED = {"completed", "failed", "canceled", "undone"}


class Keys(NamedTuple):
    """What lets us in at the door, and whether it stays valid afterwards."""

    account: Account
    hottok: str
    api_token: str
    stays: bool


@command("seed")
@about_account
@click.option("--url", help="Where the door is. Usual: the address of `make run`.")
def seed(account_name: str | None, url: str | None) -> None:
    """Tell the stories of a dozen made-up buyers: postbacks and a spreadsheet, through the running door.

    Without --account it makes an account "Demo" (or goes on with it) with tokens of its own. In a named account the
    tokens it needs are revoked at the end. A second time on the same day nothing doubles.
    """
    door = Door(url or rooms().settings.public_url)
    today = datetime.now(UTC)
    with admitted(account_name) as keys:
        _post(door, keys, the_cast(today))
        _settle(door, keys)  # the file speaks of a sale that postbacks told, too
        _import(door, keys, file_name(today), an_export(the_past_of_the_cast(today)))
        _settle(door, keys)
        _what_next(door, keys)


@contextmanager
def admitted(account_name: str | None) -> Iterator[Keys]:
    """Tokens for the account; those of an account that was there before are revoked at the end."""
    hottok = f"seed-{secrets.token_hex(16)}"
    with transaction(rooms().engine) as tx:
        account, is_new = _account(tx, account_name)
        accounts.add_hottok(tx, account.id, hottok)
        api_token = accounts.add_api_token(tx, account.id, LABEL)
    try:
        yield Keys(account, hottok, api_token, is_new)
    finally:
        if not is_new:
            with transaction(rooms().engine) as tx:
                accounts.revoke_hottok(tx, account.id, hottok)
                accounts.revoke_api_token(tx, account.id, api_token)


def _account(tx: Any, account_name: str | None) -> tuple[Account, bool]:
    try:
        return accounts.named(tx, account_name or DEMO), False
    except NotFound:
        if account_name is not None:
            raise
    return accounts.create(tx, DEMO, "America/Sao_Paulo"), True


def _post(door: Door, keys: Keys, events: list[Event]) -> None:
    path = f"/webhooks/hotmart/{keys.account.key}"
    answers = [_first(door, path, keys.hottok, events[0])]
    with click.progressbar(events[1:], label="Postbacks  ") as rest:
        answers += [door.post_event(path, keys.hottok, event) for event in rest]
    refused = [answer for answer in answers if not answer.accepted]
    if refused:
        raise Refused(f"{len(refused)} of {len(events)} postbacks were not accepted: {refused[0].said()}")
    words = [answer.said() for answer in answers]
    counts = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
    click.echo(f"{tables.counted(len(events), 'postback')} posted to '{keys.account.name}': {counts}.")


def _first(door: Door, path: str, hottok: str, event: Event) -> Answer:
    """The first postback: a door learns of new tokens within seconds."""
    until = time.monotonic() + ADMITTED_WITHIN
    while (answer := door.post_event(path, hottok, event)).status in {401, 404} and time.monotonic() < until:
        time.sleep(0.5)
    return answer


def _import(door: Door, keys: Keys, name: str, content: bytes) -> None:
    made = door.upload("/api/v1/imports", keys.api_token, name, content)
    path = f"/api/v1/imports/{made['id']}"
    ready = _awaited(door, path, keys.api_token, {"ready", *SETTLED})
    if ready["status"] == "ready":
        door.call("POST", f"{path}/confirm", keys.api_token, {})
        ready = _awaited(door, path, keys.api_token, SETTLED)
    if ready["status"] != "completed":
        problem = (ready.get("problem") or {}).get("message", "")
        raise Refused(f"The spreadsheet of the demo ended as {ready['status']}. {problem}".rstrip())
    rows = ready["rows"]
    fates = ", ".join(f"{rows[fate]} {fate}" for fate in ("created", "updated", "unchanged", "skipped", "failed"))
    click.echo(f"{name} imported: {rows['total']} rows = {fates}.")


def _awaited(door: Door, path: str, token: str, wanted: set[str]) -> Any:
    """The import, once it is in one of these states. Raises Unavailable when nobody works."""
    until = time.monotonic() + DONE_WITHIN
    while (found := door.call("GET", path, token))["status"] not in wanted:
        if time.monotonic() > until:
            raise Unavailable(
                f"The import is still '{found['status']}'. Are workers running? See: flask --app wsgi doctor"
            )
        time.sleep(0.2)
    return found


def _settle(door: Door, keys: Keys) -> None:
    """Wait until nothing is open any more."""
    until = time.monotonic() + DONE_WITHIN
    while any(book["pending"] for book in door.call("GET", "/api/v1/balance", keys.api_token)):
        if time.monotonic() > until:
            raise Unavailable("Postbacks are still open. Are workers running? See: flask --app wsgi doctor")
        time.sleep(0.2)


def _what_next(door: Door, keys: Keys) -> None:
    about = f"--account {keys.account.key}"
    click.echo("\nLook at it:")
    click.echo(f"  flask --app wsgi clients {about}")
    click.echo(f"  flask --app wsgi journey elisa.prado@example.com {about}")
    click.echo(f"  flask --app wsgi ledger verify {about}")
    if keys.stays:
        click.echo(f"  curl -s {door.url}/api/v1/clients -H 'Authorization: Bearer {keys.api_token}'")
        click.echo(f"  HOTTOK={keys.hottok} flask --app wsgi postback refunded --email ana.lima@example.com {about}")
        click.echo("\nThe API token and the hottok of 'Demo' are shown this once.")
