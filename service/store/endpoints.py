"""Addresses an account has its messages sent to: secrets, and how sending went since it last went well."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from service.errors import Conflict, NotFound
from service.store import ledger
from service.store.vault import Vault

COLUMNS = (
    "account_id, id, url, secret, older, state, cause, failing_since, failures, trouble, created_at, changed_at,"
    " rotated_at"
)
MOST = 20
"""Addresses of one account."""
SWITCHED_OFF = "switched_off"
"""The cause of an address that a person switched off; of others it is what we disabled them for."""


class Endpoint(NamedTuple):
    """One address. `secret` and `older` are sealed; `state` is on, disabled (`cause` says why) or deleted.

    `failures` are the attempts that failed since `failing_since`, with no success between; `trouble` is what the last
    of them failed of. `rotated_at` is when `secret` took the place of `older`.
    """

    account_id: int
    id: int
    url: str
    secret: bytes
    older: bytes | None
    state: str
    cause: str | None
    failing_since: datetime | None
    failures: int
    trouble: str | None
    created_at: datetime
    changed_at: datetime
    rotated_at: datetime | None

    def __repr__(self) -> str:
        return f"Endpoint({self.account_id}, {self.id}, {self.state})"

    def secrets(self, vault: Vault) -> list[str]:
        """The live secrets, the newer first."""
        return [vault.open(sealed) for sealed in (self.secret, self.older) if sealed is not None]

    @property
    def live_secrets(self) -> int:
        """How many secrets sign."""
        return 1 if self.older is None else 2


def create(tx: Connection, account_id: int, url: str, secret: str, vault: Vault) -> int:
    """Keep an address that was checked; its id. Raises Conflict beyond twenty."""
    ledger.lock(tx, account_id)
    if len(every(tx, account_id)) >= MOST:
        raise Conflict(f"An account may have {MOST} webhook addresses at most.", code="too_many_endpoints")
    made: int = tx.execute(
        text("INSERT INTO webhook_endpoints (account_id, url, secret) VALUES (:account, :url, :secret) RETURNING id"),
        {"account": account_id, "url": url, "secret": vault.seal(secret)},
    ).scalar_one()
    return made


def find(tx: Connection, account_id: int, endpoint_id: int) -> Endpoint:
    """One address, not a deleted one. Raises NotFound."""
    found = tx.execute(
        text(
            f"SELECT {COLUMNS} FROM webhook_endpoints WHERE account_id = :account AND id = :id AND state <> 'deleted'"
        ),
        {"account": account_id, "id": endpoint_id},
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such webhook address.", code="no_endpoint")
    return Endpoint(*found)


def every(tx: Connection, account_id: int) -> list[Endpoint]:
    """All addresses of an account but deleted ones, oldest first."""
    rows = tx.execute(
        text(f"SELECT {COLUMNS} FROM webhook_endpoints WHERE account_id = :account AND state <> 'deleted' ORDER BY id"),
        {"account": account_id},
    )
    return [Endpoint(*row) for row in rows]


def rotate(tx: Connection, account_id: int, endpoint_id: int, secret: str, vault: Vault) -> None:
    """Sign with this secret from now on, and with the one before too until `retire`."""
    change = "older = secret, secret = :secret, rotated_at = clock_timestamp()"
    _change(tx, account_id, endpoint_id, change, {"secret": vault.seal(secret)})


def reseal(tx: Connection, vault: Vault) -> int:
    """Seal the secrets of all accounts' addresses under the newest key; how many addresses."""
    rows = tx.execute(
        text("SELECT account_id, id, secret, older FROM webhook_endpoints WHERE state <> 'deleted' FOR UPDATE")
    )
    resealed = [
        {"account": one, "id": number, "secret": vault.reseal(secret), "older": older and vault.reseal(older)}
        for one, number, secret, older in rows
    ]
    if resealed:
        tx.execute(
            text(
                "UPDATE webhook_endpoints SET secret = :secret, older = :older WHERE account_id = :account AND id = :id"
            ),
            resealed,
        )
    return len(resealed)


def retire(tx: Connection, account_id: int, endpoint_id: int) -> None:
    """The older secret signs no more."""
    _change(tx, account_id, endpoint_id, "older = NULL", {})


def switch(tx: Connection, account_id: int, endpoint_id: int, state: str, cause: str | None = None) -> None:
    """Put an address on, or disable it with a cause. Put on, its failures are forgotten."""
    change = "state = :state, cause = :cause, failing_since = NULL, failures = 0, trouble = NULL"
    _change(tx, account_id, endpoint_id, change, {"state": state, "cause": cause})


def move(tx: Connection, account_id: int, endpoint_id: int, url: str) -> None:
    """Send to another URL, which was checked, with the same secrets; what failed at the old one is forgotten."""
    _change(
        tx,
        account_id,
        endpoint_id,
        "url = :url, failing_since = NULL, failures = 0, trouble = NULL",
        {"url": url},
    )


def disable(tx: Connection, endpoint: Endpoint, cause: str) -> None:
    """Send there no more, and keep since when and of what it failed."""
    change = "state = 'disabled', cause = :cause"
    _change(tx, endpoint.account_id, endpoint.id, change, {"cause": cause})


def remove(tx: Connection, account_id: int, endpoint_id: int) -> None:
    """Take an address away, and forget its secrets. Raises Conflict where an automation that is on sends there."""
    find(tx, account_id, endpoint_id)
    ledger.lock(tx, account_id)
    using = tx.execute(
        text(
            "SELECT name FROM automations WHERE account_id = :account AND endpoint_id = :id AND state = 'on'"
            " ORDER BY id"
        ),
        {"account": account_id, "id": endpoint_id},
    ).scalars()
    if names := ", ".join(using):
        told = f"Automations that are on send there: {names}. Switch them off or give them another address first."
        raise Conflict(told, code="endpoint_in_use", facts={"automations": names})
    _change(tx, account_id, endpoint_id, "state = 'deleted', secret = '', older = NULL", {})


def failed(tx: Connection, account_id: int, endpoint_id: int, trouble: str, now: datetime) -> Endpoint:
    """Count an attempt that failed, and of what; the address as it is then."""
    change = "failing_since = coalesce(failing_since, :now), failures = failures + 1, trouble = :trouble"
    _change(tx, account_id, endpoint_id, change, {"now": now, "trouble": trouble})
    return find(tx, account_id, endpoint_id)


def worked(tx: Connection, endpoint: Endpoint) -> None:
    """An attempt went well: what failed before is over. Nothing is written where nothing had failed."""
    if endpoint.failures:
        _change(tx, endpoint.account_id, endpoint.id, "failing_since = NULL, failures = 0, trouble = NULL", {})


def _change(tx: Connection, account_id: int, endpoint_id: int, change: str, values: dict[str, object]) -> None:
    changed = tx.execute(
        text(
            f"UPDATE webhook_endpoints SET {change}, changed_at = clock_timestamp()"
            " WHERE account_id = :account AND id = :id AND state <> 'deleted'"
        ),
        {"account": account_id, "id": endpoint_id, **values},
    )
    if changed.rowcount == 0:
        raise NotFound("There is no such webhook address.", code="no_endpoint")
