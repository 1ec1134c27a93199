"""The list of clients: searched, filtered and sorted, a page after or before a key, however many there are.

A page is looked for along the order it is wanted in first, over some hundred clients, or some thousand where these say
that it fills by then: whoever asks for what many have finds a page there at once. Else what is asked for is rare, and
its clients are taken from the index of words and marks and put in order. Both cost the same in a crowd of any size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, text

from service.store.client_filters import EVERYBODY, Conditions, Sought
from service.store.engine import plan_anew, snapshot
from service.store.exporting import PATIENCE, READ_ROWS
from service.store.lists import REVENUE

MOST_COUNTED, MOST_COUNTED_OF_MANY = 10_000, 1_000
"""More clients than this are not counted one by one; of a crowd of more, those found by a filter only up to here."""
WALK, DEAR_WALK = 500, 100
"""Clients looked at along the order to begin with, and where each costs a look into other tables."""
FARTHEST, MARGIN = 20, 1.5
"""So many times as far is gone at most, and only where what was found says that the part fills by then."""
SAMPLE, STEPS_EACH = 500, 12
"""Clients looked at to guess whether counting along the order finds enough, and the steps for each counted then."""


class Sort(StrEnum):
    """What a list is ordered by."""

    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    NAME = "name"
    REVENUE = "revenue"
    PURCHASES = "purchases"


class Order(NamedTuple):
    """How a list is ordered; `upwards` None is the usual way: names from A, all else from the greatest."""

    sort: Sort = Sort.LAST_SEEN
    upwards: bool | None = None

    @property
    def rises(self) -> bool:
        """Whether the smallest comes first."""
        return self.sort is Sort.NAME if self.upwards is None else self.upwards


class Place(NamedTuple):
    """Where in an order a client stands: the value it is ordered by, as PostgreSQL writes it, and the id."""

    value: str
    id: UUID


class Count(NamedTuple):
    """How many clients there are; where it is not exact, more than that."""

    number: int
    is_exact: bool


class Part(NamedTuple):
    """Some clients of a list, and the keys of the parts before and after; None where there are none.

    `all_of_them` where their number was seen on the way; else `counted` finds it.
    """

    rows: Sequence[RowMapping]
    before: Place | None
    after: Place | None
    all_of_them: Count | None = None


class _Found(NamedTuple):
    """Where the clients of a part stand, one more than asked for where there are more, and how many there are."""

    places: list[Place]
    all_of_them: int | None = None


class Wanted(NamedTuple):
    """A page to look for: `place` None is the beginning, `backwards` asks for what lies before it."""

    order: Order = Order()
    place: Place | None = None
    backwards: bool = False
    size: int = 50
    skipped: int = 0


FIRST_PAGE = Wanted()


class Key(NamedTuple):
    """The expression of an order, exactly as its index has it, and its type."""

    expression: str
    type: str


KEYS = {
    Sort.LAST_SEEN: Key("c.last_seen_at", "timestamptz"),
    Sort.FIRST_SEEN: Key("c.first_seen_at", "timestamptz"),
    Sort.NAME: Key("c.name_key", "text"),
    Sort.REVENUE: Key("r.active", "numeric"),
    Sort.PURCHASES: Key("c.purchases", "integer"),
}
FROM_CLIENTS = "clients c WHERE c.account_id = :account"
FROM_REVENUE = (
    "client_revenue r JOIN clients c ON c.account_id = r.account_id AND c.id = r.client_id"
    " WHERE r.account_id = :account AND r.currency = :bought_in"
)


ONLY_REVENUE = "client_revenue r WHERE r.account_id = :account AND r.currency = :bought_in"

COLUMNS = f"""clients.id, clients.email, clients.name, clients.phone, clients.phone_text, clients.document,
    clients.document_type, clients.country, clients.state, clients.city, clients.first_seen_at, clients.last_seen_at,
    clients.purchases, clients.first_purchase_at, clients.last_purchase_at, {REVENUE}, EXISTS (SELECT 1
        FROM opportunities o WHERE o.account_id = clients.account_id AND o.client_id = clients.id
        AND o.state = 'open') AS has_opportunity"""
SHOW = f"""
SELECT {COLUMNS} FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS wanted (id, place)
JOIN clients ON clients.account_id = :account AND clients.id = wanted.id ORDER BY wanted.place
"""


def listed(tx: Connection, account_id: int, sought: Sought = EVERYBODY, wanted: Wanted = FIRST_PAGE) -> Part:
    """One part of the list. Ordered by revenue, it is of those who have any in the currency `bought_in`.

    Raises ValueError for an order by revenue without a currency.
    """
    if wanted.order.sort is Sort.REVENUE and not sought.bought_in:
        raise ValueError("an order by revenue needs a currency")
    plan_anew(tx)
    conditions = Conditions(account_id, sought)
    found, number = _walked(tx, conditions, wanted) or _gathered(tx, conditions, wanted)
    more, places = len(found) > wanted.size, found[: wanted.size]
    if wanted.backwards:
        places.reverse()
    rows = tx.execute(text(SHOW), {"account": account_id, "ids": [place.id for place in places]}).mappings().all()
    goes_back = more if wanted.backwards else wanted.place is not None or wanted.skipped > 0
    goes_on = wanted.place is not None if wanted.backwards else more
    before, after = places[0] if places and goes_back else None, places[-1] if places and goes_on else None
    return Part(rows, before, after, None if number is None else Count(number, is_exact=True))


def _walked(tx: Connection, conditions: Conditions, wanted: Wanted) -> _Found | None:
    """The part as it is found along the order; None where it was not filled."""
    if not conditions:
        return _walk(tx, conditions, wanted, wanted.size + 1)
    walk = DEAR_WALK if conditions.needs_looks else WALK
    found = _walk(tx, conditions, wanted, walk)
    if found.places and len(found.places) <= wanted.size:
        further = int(MARGIN * walk * (wanted.size + 1) / len(found.places))
        if further <= FARTHEST * walk:
            found = _walk(tx, conditions, wanted, further)
    return found if len(found.places) > wanted.size else None


def _walk(tx: Connection, conditions: Conditions, wanted: Wanted, walk: int) -> _Found:
    """Those of the part who are among so many along the order."""
    statement = """
SELECT id, value, CAST(NULL AS bigint) AS number FROM (
    SELECT c.*, {key} AS value FROM {source} {beyond} ORDER BY {key} {way}, {id} {way} LIMIT :walk
) c WHERE true {asked} ORDER BY value {way}, id {way} LIMIT :number OFFSET :skipped"""
    return _places(tx, conditions, wanted, statement, conditions.on_the_way(), walk=walk + wanted.skipped)


def _gathered(tx: Connection, conditions: Conditions, wanted: Wanted) -> _Found:
    """The part from all who are asked for. OFFSET 0 keeps PostgreSQL from walking along the order once more."""
    statement = """
SELECT id, value, number FROM (
    SELECT c.id, {key} AS value, count(*) OVER () AS number FROM {source} {beyond} {asked} OFFSET 0) c
ORDER BY value {way}, id {way} LIMIT :number OFFSET :skipped"""
    return _places(tx, conditions, wanted, statement, conditions.of_all())


def _places(
    tx: Connection, conditions: Conditions, wanted: Wanted, statement: str, asked: str, **values: Any
) -> _Found:
    key, of_revenue = KEYS[wanted.order.sort], wanted.order.sort is Sort.REVENUE
    number = "r.client_id" if of_revenue else "c.id"
    rises = wanted.order.rises != wanted.backwards
    beyond = ""
    if wanted.place is not None:
        beyond = f"AND ({key.expression}, {number}) {'>' if rises else '<'} (CAST(:at AS {key.type}), :at_id)"
        values |= {"at": wanted.place.value, "at_id": wanted.place.id}
    query = statement.format(
        key=key.expression,
        id=number,
        source=FROM_REVENUE if of_revenue else FROM_CLIENTS,
        beyond=beyond,
        way="ASC" if rises else "DESC",
        asked=asked,
    )
    values |= conditions.values | {"number": wanted.size + 1, "skipped": wanted.skipped}
    rows = tx.execute(text(f"SELECT id, CAST(value AS text), number FROM ({query}) p"), values).all()
    places = [Place(value, client) for client, value, _ in rows]
    if beyond:
        return _Found(places)
    return _Found(places, rows[0].number if rows else None if wanted.skipped else 0)


EVERY = "SELECT {columns} FROM {source} {asked} ORDER BY {key} {way}, {id} {way}"


def everybody(engine: Engine, account_id: int, sought: Sought, order: Order) -> Iterator[RowMapping]:
    """All clients of a list, as of one moment, a thousand at a time."""
    conditions, of_revenue = Conditions(account_id, sought), order.sort is Sort.REVENUE
    query = EVERY.format(
        columns=COLUMNS.replace("clients.", "c."),
        source=FROM_REVENUE if of_revenue else FROM_CLIENTS,
        asked=conditions.of_all(),
        key=KEYS[order.sort].expression,
        id="r.client_id" if of_revenue else "c.id",
        way="ASC" if order.rises else "DESC",
    )
    with snapshot(engine) as tx:
        tx.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
        streamed = tx.execution_options(yield_per=READ_ROWS)
        yield from streamed.execute(text(query), conditions.values).mappings()


COUNT = "SELECT count(*) FROM (SELECT 1 FROM {source} {asked} LIMIT :most) found"
COUNT_ON_THE_WAY = """
SELECT count(*) FROM (
    SELECT 1 FROM (SELECT c.* FROM {source} ORDER BY {key} DESC, {id} DESC LIMIT :walk) c WHERE true {asked} LIMIT :most
) found"""


def counted(tx: Connection, account_id: int, sought: Sought = EVERYBODY) -> Count:
    """How many clients there are. Of up to 10,000 that is exact, however they are filtered."""
    plan_anew(tx)
    conditions = Conditions(account_id, sought)
    source = FROM_REVENUE if sought.bought_in else FROM_CLIENTS
    everybody = Conditions(account_id, EVERYBODY._replace(bought_in=sought.bought_in))
    all_of_them = _number(tx, COUNT, everybody, ONLY_REVENUE if sought.bought_in else source, MOST_COUNTED)
    if not conditions:
        return all_of_them
    most = MOST_COUNTED if all_of_them.is_exact else MOST_COUNTED_OF_MANY
    seen = _number(tx, COUNT_ON_THE_WAY, conditions, source, most, walk=SAMPLE).number
    if seen * STEPS_EACH > SAMPLE:  # so many have it that some more steps may find enough
        on_the_way = _number(tx, COUNT_ON_THE_WAY, conditions, source, most, walk=STEPS_EACH * most)
        if not on_the_way.is_exact:
            return on_the_way
    tx.execute(text("SET LOCAL enable_seqscan = off"))  # it would read every account's clients until it has enough
    return _number(tx, COUNT, conditions, source, most)


def _number(tx: Connection, statement: str, conditions: Conditions, source: str, most: int, **values: Any) -> Count:
    of_revenue = source != FROM_CLIENTS
    query = statement.format(
        source=source,
        asked=conditions.on_the_way() if values else conditions.of_all(),
        key=KEYS[Sort.REVENUE if of_revenue else Sort.LAST_SEEN].expression,
        id="r.client_id" if of_revenue else "c.id",
    )
    found = int(tx.execute(text(query), conditions.values | values | {"most": most + 1}).scalar_one())
    return Count(min(found, most), found <= most)
