"""What became of every promise: found by client, transaction or lead, read to the last word, sent again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, text

from service.domain.automation.writes import Priority
from service.errors import Conflict, NotFound
from service.store.engine import plan_anew

OPEN = ("waiting", "leased", "failed")
STATES = (*OPEN, "done", "given_up", "passed_over", "withdrawn")
RESENDABLE = ("failed", "given_up", "passed_over")
"""What may be sent again: nothing that was done, and nothing that somebody works on."""
UNASKED = ("failed", "given_up")
"""What is sent again where no state is asked for: what was passed over was meant to be."""
MOST_AT_ONCE = 10_000
FEW = 50
"""So many are sent again among the live ones; more go behind them, or a sale of this minute would wait for hours."""
MOST_COUNTED = 10_000
"""Of each state so many are counted, and one more, which says that there are more."""
LONGEST_NUMBER = 19
"""Digits from which on a number is no lead's."""
AFTER_ALL = 2**63 - 1
OVERTAKEN = "overtaken"
"""The cause of what was out of date when it came."""
COLUMNS = """o.id, o.automation_id, a.name AS automation, a.destination, a.state AS automation_state, o.trigger,
    o.subject, o.state, o.cause, o.overtaken, o.priority, o.occurred_at, o.email, o.product_id, o.product_name,
    o.purchase_key, o.delivery_id, o.made_at, o.due_at, o.attempts, o.lead_id, o.done_at"""
SELECT = f"SELECT {COLUMNS} FROM outbox o JOIN automations a ON a.account_id = o.account_id AND a.id = o.automation_id"
# What a deleted automation was owed would wait for ever.
ABLE = """o.state = ANY(:able) AND NOT EXISTS (SELECT FROM automations a
    WHERE a.account_id = o.account_id AND a.id = o.automation_id AND a.state = 'deleted')"""


class Wanted(NamedTuple):
    """Which promises. `words` is a whole e-mail, a transaction code or the number of a lead; `until` is not in it.

    `since` and `until` are about when the promise was made: that is the order of the ids too.
    """

    automation_id: int | None = None
    states: Sequence[str] = ()
    cause: str | None = None
    words: str | None = None
    trigger: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Part(NamedTuple):
    """A page of the history: the ids to go on `before` (older) and `after` (newer), None at the ends."""

    rows: Sequence[RowMapping]
    before: int | None
    after: int | None


def listed(
    tx: Connection, account_id: int, wanted: Wanted, *, before: int | None = None, size: int = 50
) -> Sequence[RowMapping]:
    """Promises, the newest first; `before` is the id the page before ended with."""
    return _rows(tx, account_id, wanted, Place(before), size)


def page(tx: Connection, account_id: int, wanted: Wanted, place: Place, size: int) -> Part:
    """The promises beyond a place, the newest first, and where it goes on to both sides."""
    rows = list(_rows(tx, account_id, wanted, place, size + 1))
    is_more, rows = len(rows) > size, rows[:size]
    if place.after is not None:
        rows.reverse()
    if not rows:
        return Part(rows, None, None)
    goes_back = place.before is not None or (place.after is not None and is_more)
    goes_on = place.after is not None or is_more
    return Part(rows, rows[-1]["id"] if goes_on else None, rows[0]["id"] if goes_back else None)


class Place(NamedTuple):
    """Where a page begins: `before` this id, or `after` it; both None for the newest."""

    before: int | None = None
    after: int | None = None


# Every state of every automation that is asked for is a piece of one index, read from its end: the planner alone
# would walk the whole history to find the few that stand in a state nobody is in any more.
CHOSEN = """
SELECT piece.id FROM unnest(CAST(:automations AS bigint[])) AS of_automation (automation)
CROSS JOIN unnest(CAST(:states AS text[])) AS in_state (state)
CROSS JOIN LATERAL (
    SELECT o.id FROM outbox o WHERE o.account_id = :account AND o.state = in_state.state{conditions}
    ORDER BY o.id {order} LIMIT :size) piece
ORDER BY piece.id {order} LIMIT :size
"""
COUNTED = """
SELECT in_state.state, (SELECT count(*) FROM (
    SELECT FROM unnest(CAST(:automations AS bigint[])) AS of_automation (automation)
    CROSS JOIN LATERAL (SELECT FROM outbox o
        WHERE o.account_id = :account AND o.state = in_state.state{conditions} LIMIT :most) piece
    LIMIT :most) counted) AS number
FROM unnest(CAST(:states AS text[])) AS in_state (state)
"""
OF_PIECE = " AND o.automation_id = of_automation.automation"


class Sought(NamedTuple):
    """A wish in SQL: clauses about `outbox o`, their values, and the automations it is about; None is all of them."""

    conditions: str
    values: dict[str, Any]
    automations: list[int] | None

    def piece(self, most: int) -> tuple[str, dict[str, Any]]:
        """(clauses, values) for one automation and state at a time."""
        values = {**self.values, "automations": self.automations or [0], "most": most}
        return self.conditions + (OF_PIECE if self.automations is not None else ""), values

    def whole(self) -> tuple[str, dict[str, Any]]:
        """(clauses, values) for all at once."""
        several = " AND o.automation_id = ANY(:automations)" if self.automations is not None else ""
        conditions = f"{self.conditions} AND o.state = ANY(:states){several}"
        return conditions, {**self.values, "automations": self.automations}


def _rows(tx: Connection, account_id: int, wanted: Wanted, place: Place, size: int) -> Sequence[RowMapping]:
    """The rows beyond a place, the nearest first."""
    conditions, values = _sought(tx, account_id, wanted).piece(size)
    order = "DESC" if place.after is None else "ASC"
    if place.before is not None:
        conditions += " AND o.id < :before"
    if place.after is not None:
        conditions += " AND o.id > :after"
    query = text(CHOSEN.format(conditions=conditions, order=order))
    chosen = tx.execute(query, {**values, **place._asdict(), "size": size}).scalars()
    rows = tx.execute(
        text(f"{SELECT} WHERE o.account_id = :account AND o.id = ANY(:ids) ORDER BY o.id {order}"),
        {"account": account_id, "ids": list(chosen)},
    )
    return rows.mappings().all()


def tallied(tx: Connection, account_id: int, wanted: Wanted, most: int = MOST_COUNTED) -> dict[str, int]:
    """How many promises stand in each state, whichever states are wanted; `most` + 1 where there are more."""
    conditions, values = _sought(tx, account_id, wanted._replace(states=())).piece(most + 1)
    rows = tx.execute(text(COUNTED.format(conditions=conditions)), values)
    return {row.state: row.number for row in rows}


def counted(tx: Connection, account_id: int, automation_id: int | None = None) -> dict[str, int]:
    """How many promises stand in each state, exactly."""
    rows = tx.execute(
        text(
            "SELECT state, count(*) AS number FROM outbox WHERE account_id = :account"
            " AND automation_id = coalesce(:automation, automation_id) GROUP BY state"
        ),
        {"account": account_id, "automation": automation_id},
    )
    return dict.fromkeys(STATES, 0) | {row.state: row.number for row in rows}


CAUSES = """
WITH RECURSIVE found AS (
    (SELECT cause FROM outbox WHERE account_id = :account AND cause IS NOT NULL ORDER BY cause LIMIT 1)
    UNION ALL
    SELECT (SELECT o.cause FROM outbox o WHERE o.account_id = :account AND o.cause > found.cause
        ORDER BY o.cause LIMIT 1)
    FROM found WHERE found.cause IS NOT NULL)
SELECT cause FROM found WHERE cause IS NOT NULL
"""


def causes(tx: Connection, account_id: int) -> list[str]:
    """Every cause there is in the history of an account."""
    return list(tx.execute(text(CAUSES), {"account": account_id}).scalars())


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


def origin(tx: Connection, account_id: int, delivery_id: int) -> RowMapping | None:
    """Where the news came from: source, event and, for a row, its file and number; None where it is gone."""
    found = tx.execute(
        text(
            "SELECT d.id AS delivery_id, d.source, d.event, d.received_at, d.import_id, d.row_number, i.file_name"
            " FROM deliveries d LEFT JOIN imports i ON i.account_id = d.account_id AND i.id = d.import_id"
            " WHERE d.account_id = :account AND d.id = :id"
        ),
        {"account": account_id, "id": delivery_id},
    )
    return found.mappings().one_or_none()


def clients(tx: Connection, account_id: int, emails: Iterable[str]) -> Mapping[str, RowMapping]:
    """The clients these addresses belong to (`id`, `name`), by address; those nobody has are left out."""
    rows = tx.execute(
        text(
            "SELECT told.email, c.id, c.name FROM unnest(CAST(:emails AS text[])) AS told (email)"
            " LEFT JOIN aliases a ON a.account_id = :account AND a.email = told.email"
            " JOIN clients c ON c.account_id = :account AND c.email = coalesce(a.client_email, told.email)"
        ),
        {"account": account_id, "emails": sorted(set(emails))},
    )
    return {row["email"]: row for row in rows.mappings()}


def look(tx: Connection) -> datetime:
    """The moment of a look at the history, by the clock that attempts are begun by; ask before anything is read."""
    now: datetime = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now


def resend(tx: Connection, account_id: int, promise_id: int, now: datetime, *, seen: datetime | None = None) -> None:
    """Try one again, now, with all its tries before it. Raises NotFound, and Conflict where there is nothing to send.

    What was overtaken when it came is sent all the same: somebody asked for it. `seen` is when the person looked
    (`look`): what was tried since then is left alone, so that what is asked for twice is done once.
    """
    row = find(tx, account_id, promise_id)
    if not resend_these(tx, account_id, [promise_id], now, seen=seen):
        raise Conflict(f"It cannot be sent again: it is {row['state'].replace('_', ' ')}.", code="not_resendable")


def resend_these(
    tx: Connection, account_id: int, ids: Collection[int], now: datetime, *, seen: datetime | None = None
) -> int:
    """Try again those of these promises that can be; how many. See `resend`."""
    return _wake(tx, " AND o.id = ANY(:ids)", {"account": account_id, "ids": list(ids)}, now, seen)


def resend_all(tx: Connection, account_id: int, wanted: Wanted, now: datetime, *, seen: datetime | None = None) -> int:
    """Try again all of these that can be, ten thousand at most; how many. What was passed over only if asked for."""
    states = resent_states(wanted)
    if not states:
        return 0
    conditions, values = _sought(tx, account_id, wanted._replace(states=states)).whole()
    return _wake(tx, conditions, values, now, seen)


def resent_states(wanted: Wanted) -> list[str]:
    """Of the states that are wanted those that `resend_all` sends again."""
    return [state for state in wanted.states or UNASKED if state in RESENDABLE]


def _wake(tx: Connection, conditions: str, values: dict[str, Any], now: datetime, seen: datetime | None) -> int:
    untouched = " AND (o.began_at IS NULL OR o.began_at <= :seen)" if seen else ""
    changed = tx.execute(
        text(
            "UPDATE outbox SET state = 'waiting', cause = NULL, overtaken = NULL, failures = 0, due_at = :now,"
            " priority = CASE WHEN woken.number > :few THEN :history ELSE priority END"
            " FROM (SELECT able.*, count(*) OVER () AS number FROM ("
            "SELECT o.account_id, o.id FROM outbox o WHERE o.account_id = :account"
            f" AND {ABLE}{conditions}{untouched} ORDER BY o.id LIMIT :most FOR UPDATE OF o) able) woken"
            " WHERE outbox.account_id = woken.account_id AND outbox.id = woken.id"
        ),
        {
            **values,
            "able": list(RESENDABLE),
            "now": now,
            "seen": seen,
            "most": MOST_AT_ONCE,
            "few": FEW,
            "history": int(Priority.HISTORY),
        },
    )
    return changed.rowcount


def _sought(tx: Connection, account_id: int, wanted: Wanted) -> Sought:
    """A wish in SQL. What is asked with it in this transaction is planned for its own values."""
    plan_anew(tx)
    clauses: list[str] = []
    values: dict[str, Any] = {"account": account_id, "states": list(wanted.states or STATES)}
    if wanted.cause == OVERTAKEN:
        clauses.append("o.state = 'passed_over' AND o.cause IS NULL AND o.overtaken IS NOT NULL")
    elif wanted.cause is not None:
        clauses.append("o.cause = :cause")
        values["cause"] = wanted.cause
    if wanted.trigger is not None:
        clauses.append("o.trigger = :trigger")
        values["trigger"] = str(wanted.trigger)
    if wanted.since is not None:
        clauses.append("o.id >= :first")
        values["first"] = _first_since(tx, account_id, wanted.since)
    if wanted.until is not None:
        clauses.append("o.id < :end")
        values["end"] = _first_since(tx, account_id, wanted.until)
    if wanted.words:
        told, found = _worded(tx, account_id, wanted.words.strip())
        clauses.append(told)
        values |= found
    conditions = "".join(f" AND {clause}" for clause in clauses)
    return Sought(conditions, values, _automations(tx, account_id, wanted))


def _first_since(tx: Connection, account_id: int, moment: datetime) -> int:
    """The id of the first promise made then or later; beyond all ids where there is none.

    Whoever writes the ledger holds the account, so promises are numbered in the order in which they are made.
    """
    found = tx.execute(
        text("SELECT id FROM outbox WHERE account_id = :account AND made_at >= :moment ORDER BY made_at, id LIMIT 1"),
        {"account": account_id, "moment": moment},
    ).scalar_one_or_none()
    return AFTER_ALL if found is None else int(found)


def _worded(tx: Connection, account_id: int, words: str) -> tuple[str, dict[str, Any]]:
    """The clause for what somebody typed: an e-mail, a transaction code in any case, the number of a lead."""
    if "@" in words:
        return "o.email = :email", {"email": words.lower()}
    codes = [words, words.upper()]
    keys = tx.execute(
        text("SELECT key FROM purchases WHERE account_id = :account AND transaction = ANY(:codes)"),
        {"account": account_id, "codes": codes},
    )
    number = int(words) if words.isascii() and words.isdigit() and len(words) < LONGEST_NUMBER else None
    values = {"keys": [*codes, *keys.scalars()], "lead": number}
    return "(o.purchase_key = ANY(:keys) OR o.lead_id = :lead)", values


def _automations(tx: Connection, account_id: int, wanted: Wanted) -> list[int] | None:
    """The automations it is about; None for all. One that changed its trigger has promises of several."""
    if wanted.automation_id is not None:
        return [wanted.automation_id]
    if wanted.trigger is None:
        return None
    rows = tx.execute(
        text(
            "SELECT a.id FROM automations a WHERE a.account_id = :account AND EXISTS (SELECT FROM outbox o"
            " WHERE o.account_id = a.account_id AND o.automation_id = a.id AND o.trigger = :trigger)"
        ),
        {"account": account_id, "trigger": str(wanted.trigger)},
    )
    return list(rows.scalars())


def waking(tx: Connection, account_id: int, chosen: Wanted | Collection[int]) -> dict[str | None, int]:
    """Of these promises those that would be sent again, counted by their cause, the most frequent first.

    None is the cause of what was out of date when it came. No more are counted than are sent at once.
    """
    if isinstance(chosen, Wanted):
        states = resent_states(chosen)
        if not states:
            return {}
        conditions, values = _sought(tx, account_id, chosen._replace(states=states)).whole()
    else:
        conditions, values = " AND o.id = ANY(:ids)", {"account": account_id, "ids": list(chosen)}
    rows = tx.execute(
        text(
            "SELECT cause, count(*) AS number FROM (SELECT o.cause FROM outbox o WHERE o.account_id = :account"
            f" AND {ABLE}{conditions} ORDER BY o.id LIMIT :most) woken GROUP BY cause ORDER BY 2 DESC, 1"
        ),
        {**values, "able": list(RESENDABLE), "most": MOST_AT_ONCE},
    )
    return {row.cause: row.number for row in rows}
