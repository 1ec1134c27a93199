"""Adding up the days that changed, a slice at a time, between other work."""

from __future__ import annotations

from service.store import accounts, ledger
from service.store.engine import transaction
from service.store.sums import keeping
from workers.workshop import workshop

SLICE_SECONDS = 0.15
"""How long the account's lock is held for it at most, give or take one statement."""


def keep() -> int:
    """Add up some stale days of the account that waits longest; how many. 0 when nothing is due or a writer is busy."""
    with transaction(workshop().engine) as tx:
        account_id = keeping.account_due(tx)
        if account_id is None or not ledger.lock_soon(tx, account_id):
            return 0
        return keeping.keep_some(tx, accounts.with_id(tx, account_id), SLICE_SECONDS)
