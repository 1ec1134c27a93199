"""Facts, append only: what deliveries said, found again by subject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Connection

from service.domain.facts import Certainty, Fact, Kind
from service.domain.statuses import Status

COLUMNS = "kind, subject, source, said, as_of, certainty, occurred_at, fields::text, email, status, delivery_id, digest"
COPY = """
COPY facts (account_id, subject, delivery_id, kind, source, said, as_of, certainty, occurred_at, email, status,
    digest, fields) FROM STDIN
"""

STATUS_OF = {str(status): status for status in Status}


def keep(tx: Connection, account_id: int, facts: Iterable[Fact]) -> None:
    """Append facts of deliveries that have none yet on these subjects."""
    raw: Any = tx.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(COPY) as copy:
        for fact in facts:
            copy.write_row(
                (
                    account_id,
                    fact.subject,
                    fact.delivery_id,
                    str(fact.kind),
                    fact.source,
                    fact.said,
                    fact.as_of,
                    int(fact.certainty),
                    fact.occurred_at,
                    fact.email,
                    fact.status and str(fact.status),
                    fact.digest,
                    orjson.dumps(fact.fields).decode(),
                )
            )


def of_subjects(tx: Connection, account_id: int, subjects: Iterable[str]) -> dict[str, list[Fact]]:
    """All facts of these subjects, by subject."""
    found: dict[str, list[Fact]] = {}
    for fact in _select(tx, "subject = ANY(%s)", account_id, list(subjects)):
        found.setdefault(fact.subject, []).append(fact)
    return found


def of_deliveries(tx: Connection, account_id: int, ids: Sequence[int]) -> list[Fact]:
    """All facts that these deliveries said."""
    return _select(tx, "delivery_id = ANY(%s)", account_id, list(ids))


def forget(tx: Connection, account_id: int, ids: Sequence[int]) -> None:
    """Take away the facts of deliveries that are replayed or withdrawn."""
    raw: Any = tx.connection.driver_connection
    raw.execute("DELETE FROM facts WHERE account_id = %s AND delivery_id = ANY(%s)", (account_id, list(ids)))


def by_subject(tx: Connection, account_id: int, batch: int = 2000) -> Iterator[dict[str, list[Fact]]]:
    """All facts of an account in batches of whole subjects, in flat memory."""
    raw: Any = tx.connection.driver_connection
    with raw.cursor(name="facts_by_subject", binary=True) as cursor:
        cursor.itersize = 5000
        cursor.execute(f"SELECT {COLUMNS} FROM facts WHERE account_id = %s ORDER BY subject", (account_id,))
        stories: dict[str, list[Fact]] = {}
        for subject, facts in groupby(map(_fact, cursor), key=attrgetter("subject")):
            stories[subject] = list(facts)
            if len(stories) == batch:
                yield stories
                stories = {}
        if stories:
            yield stories


def _select(tx: Connection, condition: str, account_id: int, wanted: list[Any]) -> list[Fact]:
    if not wanted:
        return []
    raw: Any = tx.connection.driver_connection
    with raw.cursor(binary=True) as cursor:
        query = f"SELECT {COLUMNS} FROM facts WHERE account_id = %s AND {condition}"
        return [_fact(row) for row in cursor.execute(query, (account_id, wanted))]


def _fact(row: tuple[Any, ...]) -> Fact:
    kind, subject, source, said, as_of, certainty, occurred_at, fields, email, status, delivery_id, digest = row
    return Fact(
        Kind(kind),
        subject,
        source,
        said,
        as_of,
        Certainty(certainty),
        occurred_at,
        orjson.loads(fields),
        email,
        STATUS_OF[status] if status else None,
        delivery_id,
        digest,
    )
