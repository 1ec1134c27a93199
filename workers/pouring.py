"""Pouring spreadsheet rows through the pipeline, chunk by chunk, and taking them out again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Engine, RowMapping

from service.domain import fates, revenue
from service.domain.automation.writes import News
from service.domain.facts import Fact
from service.domain.fates import Judged
from service.domain.fold import fold
from service.domain.ledger import Folded
from service.errors import Unprocessable
from service.queues import Lane
from service.sources.sheet.problems import row_problem
from service.sources.sheet.reading import Reading
from service.sources.sheet.rows import RowFacts, facts_of_row
from service.store import accounts, drains, identities, imports, inbox, ledger, owing, upkeep, withdrawals
from service.store import facts as fact_store
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.identities import People
from service.store.imports import Ref
from service.store.inbox import Delivery, Mark
from workers import pipeline
from workers.ahead import Ahead, Looked
from workers.turns import each, turn
from workers.workshop import Workshop

STOPPED_CHUNKS = 16
"""How many chunks of a canceled import are withdrawn at once: some 5,000 rows, in about 50 ms."""
CLIENT_COUNTS = {"created": "clients_created", "updated": "clients_updated"}


CODE_REPEATS = {"field": "transaction", **row_problem("code_repeats", limit=fates.MOST_OF_ONE_SALE)}


class Told(NamedTuple):
    """The rows of a chunk as they were read: facts in row order, and the rows nobody could read.

    `alone` is what the fact of a delivery folds to by itself, where that was worked out ahead.
    """

    facts: list[Fact]
    failed: list[tuple[Delivery, RowFacts]]
    alone: dict[int, Folded] = {}  # noqa: RUF012  # a field's default, never written to


def step(shop: Workshop) -> int:
    """One chunk of every import that runs or is being undone, a few of one that stops; how much was seen to its end."""
    with transaction(shop.engine) as tx:
        running = [(accounts.with_id(tx, ref.account_id), ref) for ref in imports.waiting(tx, imports.FOR_BULK)]
        stopping = set(imports.waiting(tx, imports.STOPPING))
    return each(running, lambda one: _stop(shop, *one) if one[1] in stopping else _move(shop, *one))


def _move(shop: Workshop, account: Account, ref: Ref) -> int:
    return turn(shop, account, Lane.BULK, partial(_take, ref=ref), partial(_apply, ref=ref, engine=shop.engine))


def _stop(shop: Workshop, account: Account, ref: Ref) -> int:
    """Withdraw some of what a canceled import has not poured; how many chunks. In pieces: postbacks wait meanwhile."""
    now = datetime.now(UTC)
    with transaction(shop.engine) as tx:
        if not ledger.lock_soon(tx, account.id):
            return 0
        found = imports.find(tx, ref, for_change=True)
        if found is None or not found["canceling"]:
            return 0
        counts, total = dict(found["counts"]), int(found["chunk_total"])
        first = int(counts.pop("withdrawn_to", found["chunk_done"])) + 1
        last = min(first + STOPPED_CHUNKS - 1, total)
        withdrawals.withdraw_open(tx, ref, first, last, now)
        if last < total:
            imports.moved(tx, ref, counts={**counts, "withdrawn_to": last})
        else:
            imports.change(tx, ref, status=imports.CANCELED, canceling=False, finished_at=now, counts=counts)
    return max(last - first + 1, 0)


def waits(shop: Workshop) -> bool:
    """Whether an import has rows to pour or to take out that nobody has moved for a second.

    While one worker pours, a second one would only stand in its way, and both in that of postbacks.
    """
    with transaction(shop.engine) as tx:
        return bool(imports.waiting(tx, imports.STALLED))


def _take(tx: Connection, account: Account, size: int, *, ref: Ref) -> list[Delivery]:
    """The next rows of an import; none when it is finished, which is then written down."""
    found = imports.find(tx, ref, for_change=True)
    if found is not None and found["status"] == imports.UNDOING:
        return _take_to_undo(tx, account, ref, found, size)
    if found is None or found["status"] != imports.RUNNING or found["canceling"]:
        return []
    for chunk in range(found["chunk_done"] + 1, found["chunk_total"] + 1):
        # One buyer's rows are never split over chunks, so a chunk can be large: it is then worked on in parts.
        rows = inbox.take_chunk(tx, account.id, ref.id, chunk, size)
        if rows:
            return rows
        imports.change(tx, ref, chunk_done=chunk)
    imports.change(tx, ref, status=imports.COMPLETED, finished_at=datetime.now(UTC))
    return []


def _take_to_undo(tx: Connection, account: Account, ref: Ref, found: RowMapping, size: int) -> list[Delivery]:
    # A chunk that came in parts may have been stopped in its middle: it is not done, and yet to be taken out.
    for chunk in range(min(found["chunk_done"] + 1, found["chunk_total"]), 0, -1):
        rows = inbox.not_withdrawn(tx, account.id, ref.id, chunk, size)
        if rows:
            return rows
        imports.change(tx, ref, chunk_done=chunk - 1)
    left = withdrawals.left(tx, ref)
    status, problem = (imports.CANCELED, imports.problem_of(_stuck(left))) if left else (imports.UNDONE, None)
    imports.change(tx, ref, status=status, problem=problem, finished_at=datetime.now(UTC))
    return []


def _stuck(rows: Sequence[int]) -> Unprocessable:
    """What is told of an undo that had to leave rows in."""
    told = {"rows": str(len(rows)), "first": str(rows[0])}
    message = (
        f"{told['rows']} rows could not be taken back (the first: row {told['first']}), a fault of Marco's. All others"
        " were. Undo it again after the next update."
    )
    return Unprocessable(message, code="undo_crashed", facts=told)


def _apply(tx: Connection, account: Account, deliveries: list[Delivery], *, ref: Ref, engine: Engine) -> None:
    found = imports.find(tx, ref)
    assert found is not None  # locked by _take in this transaction
    chunk = deliveries[0].chunk or 0
    if found["status"] == imports.UNDOING:
        _take_out(tx, account, ref, chunk, deliveries)
        return
    reading = reading_of(found["reading"])
    told = _ahead().take([delivery.id for delivery in deliveries])
    told = told or tell(account, reading, deliveries, earlier(tx, account, ref, deliveries))
    if drains.SMALL < len(deliveries) < drains.FULL:
        # Not beside a small batch: that one looks for a row that kills its reader, and must not die of another.
        _ahead().begin(partial(_read_ahead, engine, account, ref, reading, chunk + 1))
    judged = judge(tx, account, ref, chunk, told, reading.existing)
    people = people_of(tx, account, judged)
    client_fates = clients_of(tx, account, judged, people)
    fact_store.keep(tx, account.id, judged.kept)
    with owing.owed(tx, account, (judged.before, judged.after), _news(found, judged)):
        ledger.write(tx, account, judged.before, judged.after)
    inbox.mark(tx, account.id, marks(told, judged), datetime.now(UTC))
    counted = _note(tx, ref, judged, people, client_fates) if client_fates else {}
    imports.moved(tx, ref, counts=added(found["counts"], told, judged, counted))
    if not inbox.take_chunk(tx, account.id, ref.id, chunk, 1):
        imports.change(tx, ref, chunk_done=chunk)
    upkeep.tally(tx, account.id, "import_rows", len(deliveries))


def _news(found: RowMapping, judged: Judged) -> News:
    """What automations are told of: nothing, unless the import was confirmed with them."""
    if not found["choices"].get("run_automations"):
        return News([])
    return News(judged.kept, {fact.delivery_id for fact in judged.kept})


@lru_cache(maxsize=1)
def _ahead_of_process(_pid: int) -> Ahead[Told]:
    return Ahead()


def _ahead() -> Ahead[Told]:
    """This process's: a thread does not survive a fork."""
    return _ahead_of_process(os.getpid())


def _read_ahead(engine: Engine, account: Account, ref: Ref, reading: Reading, chunk: int) -> Looked[Told]:
    """The open rows of a chunk, read before its turn."""
    with transaction(engine) as tx:
        rows = inbox.take_chunk(tx, account.id, ref.id, chunk, drains.FULL)
        before = earlier(tx, account, ref, rows) if rows else []
    told = tell(account, reading, rows, before)
    alone = {fact.delivery_id: fold([fact]) for fact in told.facts}
    return Looked(tuple(row.id for row in rows), told._replace(alone=alone))


def reading_of(kept: dict[str, Any]) -> Reading:
    """How the rows of an import are read; made ready once for all its chunks."""
    return _reading(orjson.dumps(kept))


@lru_cache(maxsize=8)
def _reading(kept: bytes) -> Reading:
    return Reading.from_json(orjson.loads(kept))


def earlier(tx: Connection, account: Account, ref: Ref, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """The rows of the same chunk that stand before these, when a chunk comes in parts."""
    first = deliveries[0]
    return inbox.rows_before(tx, account.id, ref.id, first.chunk or 0, first.row_number or 0)


def tell(account: Account, reading: Reading, deliveries: Sequence[Delivery], before: Sequence[Delivery] = ()) -> Told:
    """Read the rows: one fact each, or the problems that keep it from being one.

    Rows without a transaction code that say the same are different sales: each is told how often its like
    stands earlier in the chunk (equal e-mails share one), of which `before` are the rows not given here.
    """
    seen: Counter[str] = Counter()
    for delivery in before:
        _read(account, reading, delivery, seen)
    facts, failed = [], []
    for delivery in deliveries:
        row = _read(account, reading, delivery, seen)
        if row.fact is None:
            failed.append((delivery, row))
        else:
            facts.append(replace(row.fact, delivery_id=delivery.id))
    return Told(facts, failed)


def _read(account: Account, reading: Reading, delivery: Delivery, seen: Counter[str]) -> RowFacts:
    body, number = body_of(delivery), delivery.row_number or 0
    row = facts_of_row(reading, account.key, number, {**body, "occurrence": 1})
    if row.fact is None or "transaction" in row.fact.fields:
        return row
    likeness = row.fact.subject
    seen[likeness] += 1
    if seen[likeness] == 1:
        return row
    return facts_of_row(reading, account.key, number, {**body, "occurrence": seen[likeness]})


def judge(tx: Connection, account: Account, ref: Ref, chunk: int, told: Told, policy: str) -> Judged:
    """What each row changes, over what is known in this transaction."""
    stories = fact_store.of_subjects(tx, account.id, {fact.subject for fact in told.facts})
    own = inbox.ids_of_chunk(tx, account.id, ref.id, chunk)
    return fates.judge(stories, told.facts, own, policy, told.alone)


def people_of(tx: Connection, account: Account, judged: Judged) -> People:
    """Whose the addresses are that these rows change."""
    return identities.people(tx, account.id, judged.owners)


def clients_of(tx: Connection, account: Account, judged: Judged, people: People) -> dict[str, str]:
    """The clients these rows change, by the e-mail they are known by: created, or there before and updated."""
    owners = {people.client_of(email) for email in judged.owners}
    known = ledger.existing_clients(tx, account.id, owners)
    return {email: "updated" if email in known else "created" for email in sorted(owners)}


def _note(tx: Connection, ref: Ref, judged: Judged, people: People, client_fates: dict[str, str]) -> dict[str, int]:
    """Remember the e-mails these rows touched; how many clients of each fate are new to the import."""
    fates_of = {email: client_fates[people.client_of(email)] for email in sorted(judged.owners)}
    new, before = imports.note_clients(tx, ref, fates_of, [one for kin in people.addresses.values() for one in kin])
    counted = {people.client_of(email) for email in new} - {people.client_of(email) for email in before}
    return Counter(client_fates[client] for client in counted)


def added(counts: dict[str, Any], told: Told, judged: Judged, client_fates: dict[str, int]) -> dict[str, Any]:
    """The counts of an import with one more batch in them."""
    total = {name: counts.get(name, 0) for name in (*fates.FATES, *CLIENT_COUNTS.values())}
    for fate in judged.fates:
        total[fate] += 1
    total[fates.FAILED] += len(told.failed)
    for fate, name in CLIENT_COUNTS.items():
        total[name] += client_fates.get(fate, 0)
    known = revenue.from_slots(counts.get("revenue", {}))
    return {**total, "revenue": revenue.to_slots(revenue.added(known, judged.revenue))}


def marks(told: Told, judged: Judged) -> list[Mark]:
    """What becomes of each row, with the problems of those that are not taken."""
    return [*_taken(told, judged), *_failures(told)]


def _taken(told: Told, judged: Judged) -> list[Mark]:
    return [
        Mark(fact.delivery_id, "set_aside", "code_repeats", [CODE_REPEATS], fate)
        if fate == fates.FAILED
        else Mark(fact.delivery_id, "done", fate=fate)
        for fact, fate in zip(told.facts, judged.fates, strict=True)
    ]


def _failures(told: Told) -> list[Mark]:
    return [
        Mark(
            delivery.id,
            "set_aside",
            row.problems[0].code,
            [problem.as_json() for problem in row.problems],
            fates.FAILED,
        )
        for delivery, row in told.failed
    ]


def _take_out(tx: Connection, account: Account, ref: Ref, chunk: int, deliveries: list[Delivery]) -> None:
    """Undo one chunk: its facts go, what newer information says stays."""
    ids = [delivery.id for delivery in deliveries]
    pipeline.apply(tx, account, [], withdrawn=ids)
    withdrawals.withdraw(tx, ref, ids, datetime.now(UTC))
    imports.moved(tx, ref, chunk_done=chunk - 1)


def body_of(delivery: Delivery) -> dict[str, Any]:
    """The row as it was staged."""
    found: dict[str, Any] = orjson.loads(delivery.body or b"{}")
    return found
