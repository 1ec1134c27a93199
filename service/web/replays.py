"""Working a kept delivery again, for the API and the pages."""

from __future__ import annotations

from sqlalchemy import RowMapping

from service.errors import Conflict, NotFound
from service.queues import Lane
from service.store import imports, inbox, ledger, lists
from service.store.engine import transaction
from service.store.imports import Ref
from service.web.rooms import rooms


def replay(account_id: int, delivery_id: int) -> RowMapping:
    """Put a delivery back to be worked on; it as it is then. Raises NotFound, Conflict where it cannot be read."""
    with transaction(rooms().engine) as tx:
        found = lists.delivery(tx, account_id, delivery_id)
        if found is None:
            raise NotFound("There is no such delivery.")
        ledger.lock(tx, account_id)
        if found["import_id"] is not None:
            lane, reopened = Lane.BULK, imports.reopen_row(tx, Ref(account_id, found["import_id"]), delivery_id)
        else:
            lane, reopened = Lane.REALTIME, inbox.reopen(tx, account_id, [delivery_id]) > 0
        if not reopened:
            raise Conflict(
                "This delivery cannot be replayed: it was withdrawn, or its body was deleted. To read the rows of"
                " an import again, undo it and confirm it once more."
            )
        again = lists.delivery(tx, account_id, delivery_id)
    rooms().bell.ring(lane)
    if again is None:
        raise NotFound("There is no such delivery.")
    return again
