"""Saying that two clients are one person, or two, for the API and the pages: looking first, then keeping it.

What is said is kept like a postback and worked off by the workers; nothing here writes the ledger.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Connection, RowMapping

from service.domain import identity
from service.errors import Conflict, NotFound, Unprocessable
from service.queues import Lane
from service.sources import person
from service.store import duplicates, identities, inbox, lists, suggestions
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.inbox import Arrival
from service.store.portraits import Portrait, portrait
from service.store.suggestions import Suggestion
from service.web.rooms import rooms

PATIENCE = 1.5
"""Seconds a page waits for the workers before it says that it waits; usually they need a tenth of that."""


class By(NamedTuple):
    """Who says something: a user, or None for a token of the API; `key` tells a repeated request from another one."""

    user_id: int | None
    key: str | None = None


class Merge(NamedTuple):
    """Two clients, and what they would be together; `stays` keeps its id and is known by its e-mail."""

    stays: Portrait
    goes: Portrait
    together: Portrait


class Separation(NamedTuple):
    """One client, and the two it would be; None for one of whom nothing is told any more."""

    together: Portrait
    stays: Portrait | None
    leaves: Portrait | None


def client_row(tx: Connection, account: Account, client_id: UUID) -> RowMapping:
    """The client with this id, or the one it was merged into. Raises NotFound."""
    survivor = identities.survivor(tx, account.id, client_id)
    found = lists.client(tx, account.id, survivor or client_id)
    if found is None:
        raise NotFound("There is no such client.")
    return found


def look_at_merge(account: Account, client_id: UUID, other_id: UUID) -> Merge:
    """What these two would be as one. Raises NotFound, and Conflict where they are one already."""
    with transaction(rooms().engine) as tx:
        one, other = _both(tx, account, client_id, other_id)
        emails = [identities.emails_of(tx, account.id, row["id"]) for row in (one, other)]
        ids = [one["id"], other["id"]]
        parts = [portrait(tx, account.id, [of], mails) for of, mails in zip(ids, emails, strict=True)]
        together = portrait(tx, account.id, ids, [*emails[0], *emails[1]])
    if parts[0] is None or parts[1] is None or together is None:
        raise NotFound("There is no such client.")
    return Merge(parts[0], parts[1], together)


def merge(account: Account, client_id: UUID, other_id: UUID, by: By) -> RowMapping:
    """Keep that the other client is the same person and goes by this one's e-mail; the delivery.

    Asked again with the same key it is the delivery of the first time. Raises NotFound, Conflict.
    """
    if (before := _kept(account, by, person.ONE_PERSON)) is not None:
        return before
    with transaction(rooms().engine) as tx:
        one, other = _both(tx, account, client_id, other_id)
    return _keep(account, person.ONE_PERSON, [(other["email"], one["email"])], by)


def _both(tx: Connection, account: Account, client_id: UUID, other_id: UUID) -> tuple[RowMapping, RowMapping]:
    one, other = client_row(tx, account, client_id), client_row(tx, account, other_id)
    if one["id"] == other["id"]:
        raise Conflict("These are one client already.", code="already_one")
    return one, other


def look_at_separation(account: Account, client_id: UUID, email: str) -> Separation:
    """What this client and the one with this address would be apart. Raises NotFound."""
    with transaction(rooms().engine) as tx:
        client = client_row(tx, account, client_id)
        into = identities.bonds(tx, account.id, client["email"])
        groups = _apart(into, _bonds(into, email, client), email, client["email"])
        together, stays, leaves = (portrait(tx, account.id, [client["id"]], group) for group in groups)
    if together is None:
        raise NotFound("There is no such client.")
    return Separation(together, stays, leaves)


def _apart(into: dict[str, str], pairs: Sequence[tuple[str, str]], email: str, client_email: str) -> list[list[str]]:
    """The addresses of a client as it is, of what stays of it without these bonds, and of the one that leaves."""
    ends = identity.resolved(rest := {one: other for one, other in into.items() if (one, other) not in pairs})
    groups = [identity.group_of(rest, ends.get(one, one)) for one in (client_email, email)]
    return [[*groups[0], *groups[1]], *groups]


def separate(account: Account, client_id: UUID, email: str, by: By) -> RowMapping:
    """Keep that this address of a client is somebody else's; the delivery. Raises NotFound."""
    if (before := _kept(account, by, person.TWO_PEOPLE)) is not None:
        return before
    with transaction(rooms().engine) as tx:
        client = client_row(tx, account, client_id)
        pairs = _bonds(identities.bonds(tx, account.id, client["email"]), email, client)
    return _keep(account, person.TWO_PEOPLE, pairs, by)


def _bonds(into: dict[str, str], email: str, client: RowMapping) -> list[tuple[str, str]]:
    pairs = identity.bonds(into, email) if email != client["email"] else []
    if not pairs:
        raise NotFound("This e-mail was not merged into this client.", code="not_merged")
    return pairs


def tell_apart(account: Account, client_id: UUID, other_id: UUID, by: By) -> RowMapping:
    """Keep that two clients are two people, so that they are suggested no more. Raises NotFound, Conflict."""
    if (before := _kept(account, by, person.TWO_PEOPLE)) is not None:
        return before
    with transaction(rooms().engine) as tx:
        one, other = _both(tx, account, client_id, other_id)
    return _keep(account, person.TWO_PEOPLE, [(one["email"], other["email"])], by)


def tell_all_apart(account: Account, client_ids: Sequence[UUID], by: By) -> RowMapping:
    """Keep that these clients are all different people. Raises NotFound, Conflict, Unprocessable.

    It is one statement about every pair of them, so it is kept and worked off as a whole.
    """
    if (before := _kept(account, by, person.TWO_PEOPLE)) is not None:
        return before
    if not 2 <= len(client_ids) <= duplicates.FEW:
        raise Unprocessable(f"Name two to {duplicates.FEW} clients.", code="wrong_number")
    with transaction(rooms().engine) as tx:
        emails = [client_row(tx, account, one)["email"] for one in client_ids]
    if len(set(emails)) < len(emails):
        raise Conflict("Some of these are one client already.", code="already_one")
    return _keep(account, person.TWO_PEOPLE, list(combinations(emails, 2)), by)


def suggested(tx: Connection, account: Account, client: RowMapping) -> list[Suggestion]:
    """Who may be the same person as this client."""
    return suggestions.suggestions(tx, account.id, client, identities.emails_of(tx, account.id, client["id"]))


def statement(account: Account, key: str) -> RowMapping:
    """A kept statement by its key. Raises NotFound."""
    with transaction(rooms().engine) as tx:
        found = inbox.with_key(tx, account.id, person.SOURCE, key)
    if found is None:
        raise NotFound("There is no such statement.")
    return found


def settled(account: Account, key: str) -> RowMapping:
    """A kept statement, as soon as a worker has seen to it or after `PATIENCE` seconds. Raises NotFound."""
    until = time.monotonic() + PATIENCE
    while (found := statement(account, key))["state"] == "pending" and time.monotonic() < until:
        time.sleep(PATIENCE / 20)
    return found


def _kept(account: Account, by: By, said: str) -> RowMapping | None:
    """What was said with this key before. Raises Unprocessable where that was something else."""
    if by.key is None:
        return None
    with transaction(rooms().engine) as tx:
        found = inbox.with_key(tx, account.id, person.SOURCE, by.key)
    if found is not None and found["event"] != said:
        raise _used()
    return found


def _used() -> Unprocessable:
    return Unprocessable("This key was used for another statement.", code="key_used")


def _keep(account: Account, said: str, pairs: Sequence[tuple[str, str]], by: By) -> RowMapping:
    now, key = datetime.now(UTC), by.key or secrets.token_hex(16)
    digest = blake2b(orjson.dumps([said, pairs]), digest_size=16).digest()
    body = person.body_of(said, pairs, by=by.user_id, now=now)
    answer = rooms().keeper.keep(Arrival(account.id, person.SOURCE, key, said, digest, body, now))
    if answer == inbox.VARIANT:
        raise _used()
    rooms().bell.ring(Lane.REALTIME)
    return statement(account, key)
