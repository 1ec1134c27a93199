"""What became of every promise: found by client, transaction or lead, read to the last word, sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, text

from service.errors import Conflict, NotFound

OPEN = ("waiting", "leased", "failed")
STATES = (*OPEN, "done", "given_up", "passed_over", "withdrawn")
RESENDABLE = ("failed", "given_up", "passed_over")
"""What may be sent again: nothing that was done, and nothing that somebody works on."""
MOST_AT_ONCE = 10_000
COLUMNS = """o.id, o.automation_id, a.name AS automation, o.trigger, o.subject, o.state, o.cause, o.overtaken,
    o.priority, o.occurred_at, o.email, o.product_id, o.product_name, o.purchase_key, o.delivery_id, o.made_at,
    o.due_at, o.attempts, o.lead_id, o.done_at"""
SELECT = f"SELECT {COLUMNS} FROM outbox o JOIN automations a ON a.account_id = o.account_id AND a.id = o.automation_id"


class Wanted(NamedTuple):
    """Which promises. `words` is a whole e-mail, a transaction code or the number of a lead."""

    automation_id: int | None = None
    states: Sequence[str] = ()
    cause: str | None = None
    words: str | None = None


def listed(
    tx: Connection, account_id: int, wanted: Wanted, *, before: int | None = None, size: int = 50
) -> Sequence[RowMapping]:
    """Promises, the newest first; `before` is the id the page before ended with."""
    clauses, values = _clauses(account_id, wanted)
    if before is not None:
        clauses.append("o.id < :before")
    rows = tx.execute(
        text(f"{SELECT} WHERE {' AND '.join(clauses)} ORDER BY o.id DESC LIMIT :size"),
        {**values, "before": before, "size": size},
    )
    return rows.mappings().all()


def counted(tx: Connection, account_id: int, automation_id: int | None = None) -> dict[str, int]:
    """How many promises stand in each state."""
    clauses, values = _clauses(account_id, Wanted(automation_id))
    rows = tx.execute(
        text(f"SELECT o.state, count(*) AS number FROM outbox o WHERE {' AND '.join(clauses)} GROUP BY o.state"), values
    )
    return dict.fromkeys(STATES, 0) | {row.state: row.number for row in rows}


def find(tx: Connection, account_id: int, promise_id: int) -> RowMapping:
    """One promise. Raises NotFound."""
    found = tx.execute(
        text(f"{SELECT} WHERE o.account_id = :account AND o.id = :id"), {"account": account_id, "id": promise_id}
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such promise in the history.")
    return row


def attempts(tx: Connection, account_id: int, promise_id: int) -> Sequence[RowMapping]:
    """Every attempt at one promise, the first one first: what was decided, sent, answered, before and after."""
    rows = tx.execute(
        text(
            "SELECT number, automation_version, began_at, ended_at, outcome, cause, message, decision, changes,"
            " exchanges FROM outbox_attempts WHERE account_id = :account AND outbox_id = :id ORDER BY number"
        ),
        {"account": account_id, "id": promise_id},
    )
    return rows.mappings().all()


def resend(tx: Connection, account_id: int, promise_id: int, now: datetime) -> None:
    """Try one again, now, with all its tries before it. Raises NotFound, and Conflict where there is nothing to send.

    What was overtaken when it came is sent all the same: somebody asked for it.
    """
    row = find(tx, account_id, promise_id)
    if not _wake(tx, account_id, "o.id = :id", {"id": promise_id}, now):
        raise Conflict(f"It cannot be sent again: it is {row['state'].replace('_', ' ')}.", code="not_resendable")


def resend_all(tx: Connection, account_id: int, wanted: Wanted, now: datetime) -> int:
    """Try again all of these that can be, ten thousand at most; how many. What was passed over only if asked for."""
    states = [state for state in wanted.states or ("failed", "given_up") if state in RESENDABLE]
    clauses, values = _clauses(account_id, wanted._replace(states=states))
    return _wake(tx, account_id, " AND ".join(clauses), values, now) if states else 0


def _wake(tx: Connection, account_id: int, condition: str, values: dict[str, Any], now: datetime) -> int:
    changed = tx.execute(
        text(
            "UPDATE outbox SET state = 'waiting', cause = NULL, overtaken = NULL, failures = 0, due_at = :now"
            " FROM (SELECT o.account_id, o.id FROM outbox o WHERE o.account_id = :account AND o.state = ANY(:able)"
            f" AND {condition} ORDER BY o.id LIMIT :most FOR UPDATE OF o) woken"
            " WHERE outbox.account_id = woken.account_id AND outbox.id = woken.id"
        ),
        {**values, "account": account_id, "able": list(RESENDABLE), "now": now, "most": MOST_AT_ONCE},
    )
    return changed.rowcount


def _clauses(account_id: int, wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    clauses, values = ["o.account_id = :account"], dict[str, Any](account=account_id)
    if wanted.automation_id is not None:
        clauses.append("o.automation_id = :automation")
        values["automation"] = wanted.automation_id
    if wanted.states:
        clauses.append("o.state = ANY(:states)")
        values["states"] = list(wanted.states)
    if wanted.cause is not None:
        clauses.append("o.cause = :cause")
        values["cause"] = wanted.cause
    if wanted.words:
        clauses.append(
            "(o.email = lower(:words) OR o.purchase_key = :words OR o.subject = :subject OR o.lead_id = :lead)"
        )
        words = wanted.words.strip()
        number = int(words) if words.isascii() and words.isdigit() and len(words) < 19 else None
        values |= {"words": words, "subject": f"t:{words}", "lead": number}
    return clauses, values
