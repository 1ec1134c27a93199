"""`postback`: realistic Hotmart events, posted to the running door."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypedDict, Unpack
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from service.commands import tables
from service.commands.accounts import read_secret
from service.commands.door import Door
from service.commands.frame import about_account, command, moment
from service.errors import Refused, Unprocessable
from service.samples import BOLETO, CARD, PIX, Event, Told, an_event, event_named, twice
from service.samples.cast import product_named, someone
from service.samples.stories import created_at
from service.store import accounts
from service.store.engine import transaction
from service.web.rooms import rooms

DOOR = "/webhooks/hotmart/"
LATE = timedelta(hours=8)
"""Manual resends were seen to arrive seven to eight hours after the event."""
PAYMENTS = {"card": CARD, "pix": PIX, "boleto": BOLETO}


class Wishes(TypedDict):
    """What the options say of the event."""

    email: str | None
    at_text: str | None
    transaction: str | None
    product_word: str | None
    price: str | None
    currency: str | None
    payment: str | None


class Target(NamedTuple):
    """Where to post, and whose local time a bare `--at` is."""

    url: str
    path: str
    zone: ZoneInfo


@command("postback")
@click.argument("event")
@about_account
@click.option("--hottok", envvar="HOTTOK", help="The account's webhook token, or set HOTTOK; - reads it.")
@click.option("--url", help="Where the door is, or a whole webhook address. Usual: the address of `make run`.")
@click.option("--email", help="The buyer; without it somebody new is made up.")
@click.option("--at", "at_text", help="When Hotmart made the event (ISO 8601, local time of the account). Usual: now.")
@click.option("--transaction", help="The payment it speaks of. Usual: one that belongs to the e-mail and product.")
@click.option("--product", "product_word", help="Id or name of a product of the samples.")
@click.option("--price", help="What it is sold for, such as 97.00.")
@click.option("--currency", help="ISO code of the price.")
@click.option("--payment", type=click.Choice(list(PAYMENTS)), help="How it is paid.")
@click.option("--twice", "doubled", is_flag=True, help="Deliver every event a second time, as retries do.")
@click.option("--late", "delayed", is_flag=True, help="Made eight hours before --at, as a resent event is.")
@click.option("--count", type=click.IntRange(1, 100_000), default=1, show_default=True, help="How many different ones.")
def postback(
    event: str,
    account_name: str | None,
    hottok: str | None,
    url: str | None,
    count: int,
    *,
    doubled: bool,
    delayed: bool,
    **wishes: Unpack[Wishes],
) -> None:
    r"""Post EVENT to the running door, as Hotmart would, and print each answer.

    EVENT may be written approved, purchase_approved or PURCHASE_APPROVED; cart, boleto, pix, refund and the like
    are understood too. The same --email and --product continue the same purchase, so that

    \b
      flask --app wsgi postback approved --email ana@example.com
      flask --app wsgi postback refunded --email ana@example.com

    tell one story. Nothing secret is remembered: give the hottok each time, or set HOTTOK.
    """
    name = _event_named(event)
    target = target_of(url, account_name)
    token = known_hottok(hottok)
    told = _told(wishes, target.zone)
    if event == "pix":
        told.setdefault("payment", PIX)
    if delayed:
        told["at"] -= LATE
    events = [an_event(name, **one) for one in _varied(told, count)]
    post_all(target, token, twice(events) if doubled else events)


def _event_named(word: str) -> str:
    try:
        return event_named(word)
    except LookupError as fault:
        raise click.BadParameter(str(fault), param_hint="EVENT") from fault


def known_hottok(told: str | None) -> str:
    """The token to post with. Raises Refused when none was given: only its digest is stored."""
    if not told:
        raise Refused(
            "Which hottok? It is not stored in plain text, so give it with --hottok TOKEN or set HOTTOK. Lost it? "
            "Add another one: flask --app wsgi hottok add TOKEN"
        )
    return read_secret(told)


def target_of(url: str | None, account_name: str | None) -> Target:
    """Where to post: a whole webhook address as it is, else the door's address and the account's key."""
    if url and DOOR in url:
        base, _, key = url.partition(DOOR)
        return Target(base, f"{DOOR}{key}", ZoneInfo("America/Sao_Paulo"))
    with transaction(rooms().engine) as tx:
        account = accounts.named(tx, account_name)
    return Target(url or rooms().settings.public_url, f"{DOOR}{account.key}", account.zone)


def _told(wishes: Wishes, zone: ZoneInfo) -> Told:
    """What was said of the event, in the samples' words; `at` is always said. Raises Unprocessable."""
    told: Told = {"at": moment(at, zone) if (at := wishes["at_text"]) else datetime.now(UTC)}
    if email := wishes["email"]:
        told["email"] = email
    if transaction := wishes["transaction"]:
        told["transaction"] = transaction
    if currency := wishes["currency"]:
        told["currency"] = currency.upper()
    if payment := wishes["payment"]:
        told["payment"] = PAYMENTS[payment]
    try:
        if word := wishes["product_word"]:
            told["product"] = product_named(word)
    except LookupError as fault:
        raise Unprocessable(str(fault)) from fault
    if price := wishes["price"]:
        told["price"] = _price(price)
    return told


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation as fault:
        raise Unprocessable(f"'{text}' is no price. Write it like 97.00") from fault
    if not price.is_finite() or price < 0:
        raise Unprocessable(f"'{text}' is no price. Write it like 97.00")
    return price


def _varied(told: Told, count: int) -> Iterator[Told]:
    """So many different events: one purchase each of new buyers, or one more purchase each of the named buyer."""
    first = secrets.randbelow(10**9)
    for number in range(count):
        one = told.copy()
        if "email" in told:
            one["seed"] = number
        else:
            one["email"] = someone(first + number).email
        yield one


def post_all(target: Target, hottok: str, events: list[Event]) -> None:
    """Post events one after the other, a line each. Raises Refused at the end when any was not accepted."""
    door = Door(target.url)
    refused = 0
    for event in events:
        answer = door.post_event(target.path, hottok, event)
        refused += not answer.accepted
        click.echo(f"{answer.status} {answer.said():<10} {described(event)}")
        if answer.status in {401, 404}:
            raise Refused(f"{urlsplit(target.url).netloc} turned it away: {answer.said()}")
    door.close()
    if refused:
        raise Refused(f"{tables.counted(refused, 'event')} of {len(events)} not accepted.")


def described(event: Event) -> str:
    """An event in a line: name, buyer, transaction, when Hotmart made it."""
    members = event["data"]
    purchase = members.get("purchase", {})
    person: dict[str, Any] = next((members[key] for key in ("buyer", "subscriber", "user") if key in members), {})
    email = person.get("email") or purchase.get("shopper", {}).get("email", "")
    made_at = datetime.fromtimestamp(created_at(event) / 1000, UTC)
    return "  ".join(
        filter(None, [event["event"], email, purchase.get("transaction"), f"{made_at:%Y-%m-%dT%H:%M:%SZ}"])
    )
