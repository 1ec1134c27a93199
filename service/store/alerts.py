"""What the shelves show of an account that somebody may have to look after: a few bounded looks, each by an index."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from service.domain.alerts import Receiver, Signs
from service.domain.automation.writes import Priority

MOST_COUNTED = 10_000
PAGES_SEEN = 256
"""Of the table of attempts; two megabytes, a thousand attempts or more."""
RATE_OVER = timedelta(hours=1)

STANDS = """
SELECT k.state, k.expires_at, h.state AS hook FROM kommo_connections k LEFT JOIN LATERAL (
    SELECT state FROM crm_hooks WHERE account_id = k.account_id AND revoked_at IS NULL
    ORDER BY created_at DESC, digest LIMIT 1) h ON true
WHERE k.account_id = :account AND k.state <> 'disconnected'
"""
RECEIVERS = """
SELECT url, state, failing_since FROM webhook_endpoints
WHERE account_id = :account AND (state = 'disabled' AND cause IS DISTINCT FROM 'switched_off'
        OR state = 'on' AND failing_since IS NOT NULL) ORDER BY id
"""
# One step down an index for each automation that is on and each priority.
WAITS = """
SELECT min(o.due_at) FILTER (WHERE p.priority = :live) AS live,
    min(o.due_at) FILTER (WHERE p.priority <> :live) AS history
FROM automations a CROSS JOIN unnest(CAST(:priorities AS smallint[])) AS p (priority)
CROSS JOIN LATERAL (
    SELECT due_at FROM outbox WHERE account_id = a.account_id AND automation_id = a.id AND priority = p.priority
        AND state IN ('waiting', 'failed') ORDER BY due_at, id LIMIT 1) o
WHERE a.account_id = :account AND a.state = 'on' AND o.due_at <= :now
"""
GIVEN_UP = """
SELECT count(*) FROM (SELECT 1 FROM outbox WHERE account_id = :account AND state = 'given_up' LIMIT :most) found
"""
# Attempts are only ever added, so the newest ones are at the end of the table: its last pages are read, no index is
# needed. A turn on the road that nobody got is no attempt at anything.
ATTEMPTS = """
SELECT count(*) AS attempts, count(*) FILTER (WHERE outcome IN ('failed', 'given_up', 'lost')) AS failed
FROM outbox_attempts
WHERE ctid >= (SELECT format('(%s,0)', greatest(pg_relation_size('outbox_attempts')
        / current_setting('block_size')::integer - :pages, 0))::tid)
    AND account_id = :account AND ended_at > :since AND (cause IS NULL OR cause NOT LIKE 'road\\_%')
"""


def signs(tx: Connection, account_id: int, now: datetime) -> Signs:
    """What there is to see; nothing of the road to Kommo, which is in Redis.

    Given-up promises are counted up to 10,000, attempts among the newest of the house.
    """
    of_account = {"account": account_id}
    stands = tx.execute(text(STANDS), of_account).one_or_none()
    receivers = tuple(Receiver(*row) for row in tx.execute(text(RECEIVERS), of_account))
    asked = {**of_account, "now": now, "priorities": [int(one) for one in Priority], "live": int(Priority.LIVE)}
    waits = tx.execute(text(WAITS), asked).one()
    given_up = tx.execute(text(GIVEN_UP), {**of_account, "most": MOST_COUNTED}).scalar_one()
    tried = tx.execute(text(ATTEMPTS), {**of_account, "since": now - RATE_OVER, "pages": PAGES_SEEN}).one()
    seen = Signs(
        receivers=receivers,
        waits_since=waits.live,
        history_since=waits.history,
        attempts=tried.attempts,
        failed=tried.failed,
        given_up=given_up,
    )
    if stands is None:
        return seen
    return seen._replace(connection=stands.state, token_ends=stands.expires_at, hook=stands.hook)
