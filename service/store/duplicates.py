"""Clients of an account who may be one person: groups that share a document or a telephone, a page after a key.

Numbers are walked through in the order of their index, some thousand at a time and never more than the sum of `STEPS`
for a page, so that a page costs the same in a crowd of any size; where that does not fill it, it says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from service.domain import identity
from service.store import identities
from service.store.engine import plan_anew
from service.store.lists import REVENUE

FIELDS = ("document", "phone")
"""What tells that two clients may be one person, the stronger first."""
FEW = 5
"""What more clients share is a family's, a shop's or an agency's: they are not set side by side."""
MOST_COUNTED = 1_000
STEPS = (5_000, 25_000, 70_000)
"""Numbers looked at for a page, one step after the other while it is not filled."""
AT_ONCE = 25
"""Shared numbers whose clients are read together."""
FOREMOST = UUID(int=0)
"""Nobody: the place before the first number of a field."""


class Place(NamedTuple):
    """Where a page ended: a field, and a client who has the last number that was looked at there."""

    field: str
    id: UUID


class Line(NamedTuple):
    """One client of a group, and the id of one above it to compare it with; None where there is none to."""

    client: RowMapping
    beside: UUID | None


class Group(NamedTuple):
    """Clients who have the same document or telephone, the last seen first; `number` is `MOST_COUNTED` + 1 at most.

    `lines` is empty where more than `FEW` have it. `reasons` are the fields which all of them have in common.
    """

    field: str
    value: str
    number: int
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]


class Part(NamedTuple):
    """Some groups, and where to go on, None at the end; `is_short` where it is not full though there may be more."""

    groups: Sequence[Group]
    after: Place | None
    is_short: bool


class _Walk(NamedTuple):
    shared: Sequence[str]
    last: str
    goes_on: bool


class _Shared(NamedTuple):
    value: str
    number: int
    ids: Sequence[UUID]

    @property
    def is_among_few(self) -> bool:
        return 1 < self.number <= FEW


def listed(
    tx: Connection, account_id: int, fields: Sequence[str] = FIELDS, place: Place | None = None, size: int = 20
) -> Part:
    """One part of the groups that share one of these fields. A place nobody is at any more is the beginning."""
    plan_anew(tx)
    groups: list[Group] = []
    field, beyond = _beginning(tx, account_id, fields, place)
    for steps in STEPS:
        walk = _walked(tx, account_id, field, beyond, steps)
        for group in _groups(tx, account_id, field, walk.shared, is_alone=len(fields) == 1):
            if len(groups) == size:
                return Part(groups, _place(tx, account_id, groups[-1].field, groups[-1].value), is_short=False)
            groups.append(group)
        beyond = walk.last
        if not walk.goes_on:
            if field == fields[-1]:
                return Part(groups, None, is_short=False)
            field, beyond = fields[-1], ""
    return Part(groups, _place(tx, account_id, field, beyond), is_short=True)


def _beginning(tx: Connection, account_id: int, fields: Sequence[str], place: Place | None) -> tuple[str, str]:
    if place is None or place.field not in fields:
        return fields[0], ""
    if place.id == FOREMOST:
        return place.field, ""
    wanted = {"account": account_id, "id": identities.survivor(tx, account_id, place.id) or place.id}
    query = f"SELECT {place.field} FROM clients WHERE account_id = :account AND id = :id"
    value = tx.execute(text(query), wanted).scalar_one_or_none()
    return (fields[0], "") if value is None else (place.field, value)


def _place(tx: Connection, account_id: int, field: str, value: str) -> Place:
    if not value:
        return Place(field, FOREMOST)
    query = f"SELECT id FROM clients WHERE account_id = :account AND {field} = :value AND length({field}) <= 40 LIMIT 1"
    return Place(field, tx.execute(text(query), {"account": account_id, "value": value}).scalar_one())


WALK = """
SELECT array_agg(value ORDER BY value) FILTER (WHERE number > 1), max(value), coalesce(sum(number), 0)
FROM (SELECT value, count(*) AS number FROM (
    SELECT {field} AS value FROM clients
    WHERE account_id = :account AND {field} > :beyond AND length({field}) <= 40 ORDER BY {field} LIMIT :steps
) walked GROUP BY value) counted
"""


def _walked(tx: Connection, account_id: int, field: str, beyond: str, steps: int) -> _Walk:
    wanted = {"account": account_id, "beyond": beyond, "steps": steps}
    shared, last, walked = tx.execute(text(WALK.format(field=field)), wanted).one()
    goes_on, found = walked == steps, shared or []
    # The last number may have more clients behind the end of the step: it is looked at even if only one was seen.
    return _Walk(found if not goes_on or last in found[-1:] else [*found, last], last or beyond, goes_on)


# One look into the index for each number: joined to the list of numbers all clients might be read.
WHO_SHARE = """
SELECT wanted.value, count(*) AS number, array_agg(found.id) AS ids
FROM unnest(CAST(:values AS text[])) WITH ORDINALITY AS wanted (value, place)
CROSS JOIN LATERAL (SELECT c.id FROM clients c
    WHERE c.account_id = :account AND c.{field} = wanted.value AND length(c.{field}) <= 40 LIMIT :most) found
GROUP BY wanted.value, wanted.place ORDER BY wanted.place
"""


def _sharing(tx: Connection, account_id: int, field: str, values: Sequence[str]) -> list[_Shared]:
    wanted = {"account": account_id, "values": list(values), "most": MOST_COUNTED + 1}
    return [_Shared(*row) for row in tx.execute(text(WHO_SHARE.format(field=field)), wanted)]


def _groups(tx: Connection, account_id: int, field: str, values: Sequence[str], *, is_alone: bool) -> Iterator[Group]:
    """The groups of these numbers that are worth a look; `is_alone` where no other field is listed before it."""
    telling = [value for value in values if identity.tells(value)]
    for start in range(0, len(telling), AT_ONCE):
        some = telling[start : start + AT_ONCE]
        sharing = [one for one in _sharing(tx, account_id, field, some) if one.number > 1]
        ids = [client for one in sharing if one.is_among_few for client in one.ids]
        people, apart = _people(tx, account_id, ids), _told_apart(tx, account_id, ids)
        groups = [_group(field, one, people, apart) for one in sharing]
        shown = set() if is_alone or field == FIELDS[0] else _shown_before(tx, account_id, groups)
        yield from (one for one in groups if one.value not in shown and (one.lines or one.number > FEW))


PEOPLE = f"""
SELECT clients.id, clients.email, clients.name, clients.phone, clients.phone_text, clients.document,
    clients.document_type, clients.purchases, clients.first_seen_at, clients.last_seen_at, {REVENUE}
FROM clients WHERE clients.account_id = :account AND clients.id = ANY(:ids)
"""


def _people(tx: Connection, account_id: int, ids: Sequence[UUID]) -> dict[UUID, RowMapping]:
    rows = tx.execute(text(PEOPLE), {"account": account_id, "ids": list(ids)}).mappings()
    return {row["id"]: row for row in rows}


APART = """
WITH addresses AS MATERIALIZED (
    SELECT id, email FROM clients WHERE account_id = :account AND id = ANY(:ids)
    UNION SELECT client_id, email FROM aliases WHERE account_id = :account AND client_id = ANY(:ids))
SELECT DISTINCT one.id, other.id FROM addresses one
JOIN strangers s ON s.account_id = :account AND s.email = one.email JOIN addresses other ON other.email = s.other
"""


def _told_apart(tx: Connection, account_id: int, ids: Sequence[UUID]) -> set[frozenset[UUID]]:
    """The pairs of these clients that somebody said are two people, under whichever address."""
    rows = tx.execute(text(APART), {"account": account_id, "ids": list(ids)})
    return {frozenset(pair) for pair in rows}


def _group(field: str, shared: _Shared, people: Mapping[UUID, RowMapping], apart: set[frozenset[UUID]]) -> Group:
    if not shared.is_among_few:
        return Group(field, shared.value, shared.number, (field,), ())
    open_pairs = [pair for pair in combinations(shared.ids, 2) if frozenset(pair) not in apart]
    who = {client for pair in open_pairs for client in pair}
    clients = sorted((people[one] for one in who), key=lambda one: (one["last_seen_at"], one["id"]), reverse=True)
    lines = tuple(Line(one, _beside(one["id"], clients[:place], apart)) for place, one in enumerate(clients))
    reasons = tuple(one for one in FIELDS if one == field or _in_common(clients, one) is not None)
    return Group(field, shared.value, len(clients), reasons, lines)


def _beside(client: UUID, above: Sequence[RowMapping], apart: set[frozenset[UUID]]) -> UUID | None:
    return next((one["id"] for one in above if frozenset((client, one["id"])) not in apart), None)


def _in_common(clients: Sequence[RowMapping], field: str) -> str | None:
    """The value all of them have; None where they differ, or where it tells nothing."""
    values = {one[field] for one in clients}
    value: str | None = values.pop() if len(values) == 1 else None
    return value if identity.tells(value) and len(value or "") <= 40 else None


def _shown_before(tx: Connection, account_id: int, groups: Sequence[Group]) -> set[str]:
    """The numbers of groups whose clients stand in a group of the field before already."""
    first = FIELDS[0]
    alike = {one.value: _in_common([line.client for line in one.lines], first) for one in groups if one.lines}
    values = [value for value in alike.values() if value is not None]
    few = {one.value for one in _sharing(tx, account_id, first, values) if one.is_among_few} if values else set()
    return {number for number, value in alike.items() if value in few}
