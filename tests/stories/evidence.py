"""What is sent into a running house, and what must be true of it afterwards."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

from service.samples.cast import COURSE, PRODUCTS, someone
from service.samples.sheets import a_row, an_export
from service.samples.stories import traffic
from service.sources import postback
from service.sources.telling import Kept
from service.store import ledger
from tests.living import HOTTOK, House
from tests.running.machine import eventually
from tests.stories.running_house import RunningHouse
from workers import pipeline

START = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
EXPORTED_AT = "2025-06-01T12:00:00Z"
LABELS = ("Aprovado", "Completo", "Cancelado", "Reembolsado", "Expirado", "Aguardando Pagto")


def postbacks(count: int) -> list[bytes]:
    """So many different events of ever new buyers."""
    return [json.dumps(event).encode() for event in islice(traffic(START), count)]


def an_export_of(count: int) -> bytes:
    """So many sales to the buyers the postbacks tell of, some of them the very same purchases."""
    return an_export(
        a_row(
            LABELS[number % len(LABELS)],
            email=someone(number % 1500).email,
            product=COURSE if number % 3 == 0 else PRODUCTS[number % len(PRODUCTS)],
            seed=number // 1500,
            ordered_at=START + timedelta(minutes=7 * number),
        )
        for number in range(count)
    )


def settles(running: RunningHouse, house: House) -> dict[str, dict[str, int]]:
    """Wait until nothing is open; the books by source, read over HTTP, each of which closes."""
    books: dict[str, dict[str, int]] = {}

    def nothing_is_open() -> bool:
        books.update({book.pop("source"): book for book in running.api(house, "/balance").json()})
        return bool(books) and not any(book["pending"] for book in books.values())

    eventually(nothing_is_open, "deliveries stay open")
    for book in books.values():
        assert book["received"] == sum(number for slot, number in book.items() if slot != "received"), book
    return books


def assert_each_once(house: House, bodies: list[bytes]) -> None:
    """Every one of these postbacks is one delivery, applied, and its facts are kept once."""
    sent = {json.loads(body)["id"]: body for body in bodies}
    kept = house.rows(
        "SELECT id, key, state FROM deliveries WHERE account_id = :account AND source = 'hotmart' AND key = ANY(:keys)",
        keys=list(sent),
    )
    counted = Counter(row.key for row in kept)
    assert len(sent) == len(bodies)
    assert sent.keys() - counted.keys() == set(), "lost"
    assert set(counted.values()) == {1}, "kept more than once"
    assert {row.state for row in kept} == {"done"}, "set aside"
    now = datetime.now(UTC)
    told = [
        (row.id, fact.digest)
        for row in kept
        for fact in postback.translate(
            sent[row.key], Kept(row.id, "hotmart", now, house.account.zone, house.account.role)
        ).facts
    ]
    facts = house.rows(
        "SELECT delivery_id, digest FROM facts WHERE account_id = :account AND delivery_id = ANY(:ids)",
        ids=[row.id for row in kept],
    )
    assert Counter((row.delivery_id, bytes(row.digest)) for row in facts) == Counter(told)


def assert_the_ledger_is_the_fold_of_its_facts(house: House) -> None:
    """What `flask ledger verify` says."""
    with house.shop.engine.connect() as tx:
        ledger.lock(tx, house.account.id)
        ledger.remember(tx, house.account.id)
        pipeline.rebuild(tx, house.account)
        assert ledger.differences(tx, house.account.id) == {}
        tx.rollback()


def assert_every_row_has_a_fate(shown: dict[str, dict[str, int]], total: int) -> None:
    """The fates of an import add up to its rows, none of them failed or skipped."""
    rows = shown["rows"]
    assert rows["total"] == total == sum(number for fate, number in rows.items() if fate != "total")
    assert rows["failed"] == rows["skipped"] == 0


def assert_nothing_private_was_said(running: RunningHouse) -> None:
    """No e-mail, token or body of anybody is in what web and workers wrote, and nothing took them by surprise."""
    said = running.said()
    for secret in ("example.com", HOTTOK, "Curso Flu"):
        assert secret not in said, said[said.index(secret) - 2000 :][:4000]
    assert "unforeseen fault" not in said
    assert "batch failed" not in said
