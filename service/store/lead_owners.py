"""Which client a lead of the CRM belongs to, and the hooks about leads of which that is not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text


class Asked(NamedTuple):
    """A lead: its id, the CRM account it is of (None: not said), and transactions it names."""

    lead_id: int
    kommo_id: int | None
    codes: tuple[str, ...]


# What we linked ourselves comes before what a field of the lead says.
OWNERS = """
SELECT lead_id, email FROM (
    SELECT w.lead_id, l.email, 0 AS place, l.linked_at, l.key
    FROM unnest(%(leads)s::bigint[], %(kommos)s::bigint[]) AS w (lead_id, kommo_id)
    JOIN crm_links l ON l.account_id = %(account)s AND l.lead_id = w.lead_id
        AND l.kommo_id = coalesce(w.kommo_id, l.kommo_id)
    WHERE l.email IS NOT NULL
    UNION ALL
    SELECT c.lead_id, p.email, 1, p.as_of, p.key
    FROM unnest(%(coded)s::bigint[], %(codes)s::text[]) AS c (lead_id, code)
    JOIN purchases p ON p.account_id = %(account)s AND p.key = c.code
    WHERE p.email IS NOT NULL
) found ORDER BY place DESC, linked_at, key
"""


def known(tx: Connection, account_id: int, asked: Sequence[Asked]) -> dict[int, str]:
    """The e-mail of the client of each lead that has one: by our links, else by a transaction it names."""
    if not asked:
        return {}
    raw: Any = tx.connection.driver_connection
    coded = [(one.lead_id, code) for one in asked for code in one.codes]
    wanted = {
        "account": account_id,
        "leads": [one.lead_id for one in asked],
        "kommos": [one.kommo_id for one in asked],
        "coded": [lead_id for lead_id, _ in coded],
        "codes": [code for _, code in coded],
    }
    # Of several the last one stays: the newest link.
    return dict(raw.execute(OWNERS, wanted))


def wait(tx: Connection, account_id: int, delivery_id: int, asked: Iterable[Asked]) -> None:
    """Have a hook read again once the client of these leads is known."""
    rows = [
        {"account": account_id, "delivery": delivery_id, "lead": one.lead_id, "kommo": one.kommo_id, "code": code}
        for one in asked
        for code in [next(iter(one.codes), None)]
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO lead_waits (account_id, delivery_id, lead_id, kommo_id, code)"
                " VALUES (:account, :delivery, :lead, :kommo, :code) ON CONFLICT DO NOTHING"
            ),
            rows,
        )


WAKE = """
WITH woken AS (
    DELETE FROM lead_waits w WHERE EXISTS (SELECT 1 FROM crm_links l WHERE l.account_id = w.account_id
            AND l.lead_id = w.lead_id AND l.kommo_id = coalesce(w.kommo_id, l.kommo_id) AND l.email IS NOT NULL)
        OR EXISTS (SELECT 1 FROM purchases p WHERE p.account_id = w.account_id AND p.key = w.code
            AND p.email IS NOT NULL)
    RETURNING account_id, delivery_id)
UPDATE deliveries d SET state = 'pending', attempts = 0 FROM (SELECT DISTINCT account_id, delivery_id FROM woken) w
WHERE d.account_id = w.account_id AND d.id = w.delivery_id AND d.state IN ('kept', 'done') AND d.body IS NOT NULL
"""


def wake(tx: Connection) -> int:
    """Open the hooks again that waited for a lead whose client is known by now, of all accounts; how many."""
    return tx.execute(text(WAKE)).rowcount
