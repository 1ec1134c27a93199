"""Connecting an account of Kommo, looking after the connection, and leaving it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Engine

from service import kommo_desk
from service.connectors.kommo import hooks
from service.connectors.kommo.books import FINGERPRINT_NAME, book_of, fingerprint_field
from service.connectors.kommo.client import Kommo, check
from service.connectors.kommo.connection import Connection, connection_to, expires_at, host_of
from service.connectors.kommo.shapes import Account, Kind
from service.connectors.limits import Gate
from service.connectors.redis_road import Use
from service.errors import Conflict, MarcoError, Unauthorized, Unprocessable
from service.settings import Settings
from service.store import connections, crm_hooks
from service.store.accounts import Account as Seller
from service.store.connections import Connected
from service.store.engine import transaction
from service.store.vault import vault_of

CONNECT_SECONDS, TOTAL_SECONDS = 4.0, 10.0
"""Somebody waits for the page."""


class Stage(NamedTuple):
    """A stage of a pipeline there."""

    id: int
    name: str


class Pipeline(NamedTuple):
    """A pipeline there, its stages from left to right."""

    id: int
    name: str
    is_main: bool
    is_archived: bool
    stages: tuple[Stage, ...]


class Setup(NamedTuple):
    """What is set up there, as it was read last: `fields` counts custom fields by kind."""

    name: str
    currency: str
    pipelines: tuple[Pipeline, ...]
    users: tuple[str, ...]
    fields: dict[str, int]
    has_fingerprint: bool


class Joined(NamedTuple):
    """A connection just made. `another` where the account is not the one of the connection before."""

    there: Account
    another: bool


def setup_of(connected: Connected) -> Setup | None:
    """What is set up there; None before it was read."""
    if connected.book is None:
        return None
    book = book_of(connected.book)
    pipelines = tuple(
        Pipeline(one.id, one.name, one.is_main, one.is_archived, tuple(Stage(s.id, s.name) for s in one.stages))
        for one in book.pipelines
    )
    users = tuple(str(user["name"]) for user in connected.book.get("users", ()))
    fields = {str(kind): len(those) for kind, those in book.fields.items()}
    return Setup(
        book.account.name, book.account.currency, pipelines, users, fields, fingerprint_field(book) is not None
    )


def connect(engine: Engine, settings: Settings, account: Seller, typed: str, token: str) -> Joined:
    """Check what a person typed, keep it with the token sealed, and read what is set up there.

    Raises Unprocessable (`bad_address`, `bad_token`, `token_expired`, `kommo_other_account`) and what calling Kommo
    raises.
    """
    to = connection_to(typed, token)
    ends = expires_at(to.token)
    if ends is not None and ends <= datetime.now(UTC):
        raise Unprocessable("This token has ended. Make a new one in Kommo.", code="token_expired")
    with transaction(engine) as tx:
        before = connections.find(tx, account.id)
    with calling(settings, to) as kommo:
        there = check(kommo)
    wanted = host_of(typed).partition(".")[0]
    if there.subdomain.lower() != wanted:
        said = f"The token is of the account {there.subdomain}, not of {wanted}."
        raise Unprocessable(said, code="kommo_other_account", facts={"is": there.subdomain, "wanted": wanted})
    kommo_desk.connect(engine, settings, account.id, to)
    another = before is not None and before.kommo_id != there.id
    if before is not None and another and before.state != "disconnected":
        _end_hooks(engine, settings, account, before)
        with transaction(engine) as tx:
            crm_hooks.provide(tx, account.id, vault_of(settings))
    return Joined(there, another)


def recheck(engine: Engine, settings: Settings, account: Seller) -> Account:
    """Ask Kommo who we are: a connection that was refused goes on where the token works again.

    Raises Conflict (`kommo_not_connected`), and what calling Kommo raises; a refused token stops the connection.
    """
    connected = _connected(engine, account.id)
    try:
        with calling(settings, opened(settings, connected)) as kommo:
            there = check(kommo)
    except Unauthorized as refused:
        with transaction(engine) as tx:
            connections.refuse(tx, connected, refused.code)
        raise
    with transaction(engine) as tx:
        connections.accept(tx, connected)
    return there


def refresh(engine: Engine, settings: Settings, account: Seller) -> Account:
    """Check, then read anew what is set up there. Raises as `recheck` does."""
    there = recheck(engine, settings, account)
    with calling(settings, opened(settings, _connected(engine, account.id))) as kommo:
        kommo_desk.refresh(engine, account.id, kommo)
    return there


def add_fingerprint(engine: Engine, settings: Settings, account: Seller) -> bool:
    """Make the lead field by which leads are found again; False where it is there already.

    Raises as `recheck` does, and Refused where the token is not an administrator's.
    """
    with calling(settings, opened(settings, _connected(engine, account.id))) as kommo:
        book = kommo_desk.refresh(engine, account.id, kommo)
        if fingerprint_field(book) is not None:
            return False
        kommo.add_field(Kind.LEADS, FINGERPRINT_NAME, "text")
        kommo_desk.refresh(engine, account.id, kommo)
    return True


def leave(engine: Engine, settings: Settings, account: Seller) -> str | None:
    """Write no more: the token is forgotten, our subscription ended. What is in Kommo stays as it is.

    None where Kommo was told; else the code of what stood in the way. Its hooks are let in no more in any case.
    Raises Conflict (`kommo_not_connected`).
    """
    cause = _end_hooks(engine, settings, account, _connected(engine, account.id))
    with transaction(engine) as tx:
        connections.disconnect(tx, account.id)
    return cause


def address_of(public_url: str, account_key: str, secret: str) -> str:
    """Where Kommo sends the hooks of an account."""
    return f"{public_url}/webhooks/kommo/{account_key}/{secret}"


def use(settings: Settings) -> Use:
    """How the road to Kommo is used, by all accounts together. Raises Unavailable while Redis does not answer."""
    return kommo_desk.road_of(settings).use()


def _end_hooks(engine: Engine, settings: Settings, account: Seller, connected: Connected) -> str | None:
    """Have Kommo tell us no more, and let no hook in; what stood in the way of the former."""
    with transaction(engine) as tx:
        sealed = crm_hooks.live(tx, account.id)
    cause = None
    try:
        _unsubscribe(settings, account.key, connected, sealed)
    except MarcoError as fault:
        cause = fault.code
    with transaction(engine) as tx:
        crm_hooks.revoke_others(tx, account.id)
    return cause


def _unsubscribe(settings: Settings, account_key: str, connected: Connected, sealed: Sequence[bytes]) -> None:
    vault = vault_of(settings)
    with calling(settings, opened(settings, connected)) as kommo:
        for one in sealed:
            hooks.end(kommo, address_of(settings.public_url, account_key, vault.open(one)))


def _connected(engine: Engine, account_id: int) -> Connected:
    with transaction(engine) as tx:
        connected = connections.find(tx, account_id)
    if connected is None or connected.state == "disconnected":
        raise Conflict("No account of Kommo is connected.", code="kommo_not_connected")
    return connected


def opened(settings: Settings, connected: Connected) -> Connection:
    """The connection with its token, to be called with. Raises Misconfigured where no key opens it."""
    return Connection(connected.origin, vault_of(settings).open(connected.token))


@contextmanager
def calling(settings: Settings, to: Connection) -> Iterator[Kommo]:
    """A client for as long as somebody waits for a page: it gives up sooner than a worker does."""
    gate = Gate(kommo_desk.road_of(settings), patience=TOTAL_SECONDS)
    kommo = Kommo(to, gate, connect=CONNECT_SECONDS, total=TOTAL_SECONDS)
    try:
        yield kommo
    finally:
        kommo.close()
