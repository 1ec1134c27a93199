"""Automations as people keep them: made, changed, switched, never forgotten while their history stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping, text

from service.domain.automation.promises import Automation
from service.domain.automation.triggers import Trigger
from service.errors import Conflict, NotFound
from service.store import connections, endpoints, ledger

MOST = 200
"""Automations of one account."""
COLUMNS = (
    "id, name, trigger, state, filter, destination, mapping, policy, even_overtaken, endpoint_id, version, created_at,"
    " changed_at"
)


class Draft(NamedTuple):
    """What a person says of an automation; `filter` and `mapping` are JSON that was understood before.

    `destination` is `kommo` or `webhook`; of the latter `endpoint_id` is the address, None in a draft without one.
    """

    name: str
    trigger: Trigger
    filter: dict[str, Any]
    destination: str
    mapping: dict[str, Any]
    policy: str
    even_overtaken: bool = False
    endpoint_id: int | None = None

    def as_values(self) -> dict[str, Any]:
        """The values as the table has them."""
        told = {"filter": orjson.dumps(self.filter).decode(), "mapping": orjson.dumps(self.mapping).decode()}
        return {**self._asdict(), "trigger": str(self.trigger), **told}


def every(tx: Connection, account_id: int) -> Sequence[RowMapping]:
    """All automations that are not deleted, in the order they were made."""
    rows = tx.execute(
        text(f"SELECT {COLUMNS} FROM automations WHERE account_id = :account AND state <> 'deleted' ORDER BY id"),
        {"account": account_id},
    )
    return rows.mappings().all()


def find(tx: Connection, account_id: int, automation_id: int, *, even_deleted: bool = False) -> RowMapping:
    """One automation. Raises NotFound."""
    rows = tx.execute(
        text(f"SELECT {COLUMNS} FROM automations WHERE account_id = :account AND id = :id"),
        {"account": account_id, "id": automation_id},
    )
    found = rows.mappings().one_or_none()
    if found is None or (found["state"] == "deleted" and not even_deleted):
        raise NotFound("There is no such automation.")
    return found


def live(tx: Connection, account_id: int) -> list[Automation]:
    """What decides which promises follow: the automations that are on."""
    raw: Any = tx.connection.driver_connection
    rows = raw.execute(
        "SELECT id, trigger, even_overtaken FROM automations WHERE account_id = %s AND state = 'on' ORDER BY id",
        (account_id,),
    )
    return [Automation(one, Trigger(trigger), on=True, even_overtaken=even) for one, trigger, even in rows]


def create(tx: Connection, account_id: int, draft: Draft, now: datetime) -> int:
    """Keep a new automation as a draft; its id. Raises Conflict beyond 200, NotFound for an address there is not."""
    ledger.lock(tx, account_id)
    if draft.endpoint_id is not None:
        endpoints.find(tx, account_id, draft.endpoint_id)
    if len(every(tx, account_id)) >= MOST:
        raise Conflict(f"An account may have {MOST} automations at most.", code="too_many_automations")
    made = tx.execute(
        text(
            "INSERT INTO automations (account_id, name, trigger, state, filter, destination, mapping, policy,"
            " even_overtaken, endpoint_id, created_at, changed_at) VALUES (:account, :name, :trigger, 'draft', :filter,"
            " :destination, :mapping, :policy, :even_overtaken, :endpoint_id, :now, :now) RETURNING id"
        ),
        {"account": account_id, "now": now, **draft.as_values()},
    )
    return int(made.scalar_one())


def change(tx: Connection, account_id: int, automation_id: int, draft: Draft, version: int, now: datetime) -> None:
    """Give an automation other words. Raises NotFound, and Conflict where somebody changed it meanwhile.

    One that is on must not lose its way: it raises Conflict too where its new address is none, or not on.
    """
    ledger.lock(tx, account_id)
    is_on = find(tx, account_id, automation_id)["state"] == "on"
    if draft.endpoint_id is not None:
        endpoints.find(tx, account_id, draft.endpoint_id)
    if is_on and draft.destination == "webhook":
        check_way(tx, account_id, draft.destination, draft.endpoint_id)
    changed = tx.execute(
        text(
            "UPDATE automations SET name = :name, trigger = :trigger, filter = :filter, destination = :destination,"
            " mapping = :mapping, policy = :policy, even_overtaken = :even_overtaken, endpoint_id = :endpoint_id,"
            " version = version + 1, changed_at = :now WHERE account_id = :account AND id = :id AND version = :version"
        ),
        {"account": account_id, "id": automation_id, "version": version, "now": now, **draft.as_values()},
    )
    if not changed.rowcount:
        raise Conflict("Somebody changed this automation meanwhile. Read it again.", code="automation_changed")


def check_way(tx: Connection, account_id: int, destination: str, endpoint_id: int | None) -> None:
    """Raises Conflict where an automation could write nowhere: no Kommo is connected, no address chosen, or not on."""
    if destination == "kommo":
        connected = connections.find(tx, account_id)
        if connected is None or connected.state == "disconnected":
            raise Conflict("Connect a Kommo account first.", code="kommo_not_connected")
        return
    if endpoint_id is None:
        raise Conflict("Choose the webhook address it sends to first.", code="endpoint_needed")
    chosen = [one for one in endpoints.every(tx, account_id) if one.id == endpoint_id]
    if not chosen:
        raise Conflict("Its webhook address was removed: choose another one first.", code="endpoint_removed")
    if chosen[0].state != "on":
        raise Conflict("Its webhook address is switched off: switch it on first.", code="endpoint_not_on")


def switch(tx: Connection, account_id: int, automation_id: int, state: str, now: datetime) -> None:
    """Put an automation `on`, `off` or back to `draft`, or take it away (`deleted`). Raises NotFound.

    Off, what it is owed waits; deleted, that is taken back. Waits for whoever writes the ledger, so that what
    happens after the answer is under the new state.
    """
    ledger.lock(tx, account_id)
    find(tx, account_id, automation_id)
    wanted = {"account": account_id, "id": automation_id, "state": state, "now": now}
    tx.execute(
        text(
            "UPDATE automations SET state = :state, version = version + 1, changed_at = :now"
            " WHERE account_id = :account AND id = :id AND state <> :state"
        ),
        wanted,
    )
    if state == "deleted":
        tx.execute(
            text(
                "UPDATE outbox SET state = 'withdrawn', cause = 'automation_deleted' WHERE account_id = :account"
                " AND automation_id = :id AND (state IN ('waiting', 'failed')"
                " OR state = 'leased' AND leased_until < clock_timestamp())"
            ),
            wanted,
        )
    tx.execute(
        text(
            "UPDATE accounts SET automated = EXISTS (SELECT 1 FROM automations WHERE account_id = :account"
            " AND state IN ('on', 'off')) WHERE id = :account"
        ),
        wanted,
    )
