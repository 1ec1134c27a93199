"""Whatever the order, the repetition, the mixture and the batches: one ledger, byte for byte."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from unittest import mock

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from service.samples import an_event
from service.samples.cast import AUDIO, CLUB, COURSE, COURSE_ABROAD, Product
from service.samples.orders import STATUS_OF_EVENT
from service.samples.sale import Told
from service.samples.sheets import a_row, an_export
from service.sources.sheet import entry
from service.sources.sheet.groups import Groups
from service.store import drains
from service.store.engine import transaction
from tests.living import House
from tests.stories.evidence import assert_the_ledger_is_the_fold_of_its_facts
from workers import uploads
from workers.workshop import Workshop

NOON = datetime(2025, 4, 1, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EMAILS = ("ana.lima@example.com", "bruno.modelo@example.com", "Ana.Lima@Example.com")
OTHERS = ("PURCHASE_OUT_OF_SHOPPING_CART", "CLUB_FIRST_ACCESS", "SUBSCRIPTION_CANCELLATION", "SWITCH_PLAN")
LABELS = ("Aprovado", "Completo", "Cancelado", "Reembolsado", "Expirado", "Chargeback", "Aguardando Pagto", "Atrasado")


class Sale(NamedTuple):
    """What postbacks and rows speak of. `numbers` are charges: more than one make purchases of their own."""

    transaction: str
    email: str
    product: Product
    number: int = 1

    def told(self) -> Told:
        transaction, email, product, number = self
        return {"transaction": transaction, "email": email, "product": product, "recurrence": number}


SALES = (
    Sale("HP0000000001", EMAILS[0], COURSE),
    Sale("HP0000000001", EMAILS[1], COURSE),  # moved to another e-mail
    Sale("HP0000000002C1", EMAILS[0], AUDIO),
    Sale("HP0000000003", EMAILS[2], CLUB),
    Sale("HP0000000003", EMAILS[2], CLUB, 2),  # a code that carries two charges
    Sale("HP0000000004", EMAILS[1], COURSE_ABROAD),
)


class Export(NamedTuple):
    """A file: rows, what is said of its age, and what it does with purchases that exist."""

    rows: tuple[tuple[int, str], ...]
    days: int
    sure: bool
    existing: str

    def content(self, rows: Sequence[tuple[int, str]]) -> bytes:
        return an_export(
            a_row(label, **SALES[sale].told(), ordered_at=NOON + sale * DAY, src=f"s{self.days}")
            for sale, label in rows
        )

    def age(self) -> dict[str, str]:
        moment = (NOON + self.days * DAY).isoformat()
        return {"exported_at" if self.sure else "last_modified": moment}


class Post(NamedTuple):
    """A postback, so many half days after noon."""

    event: str
    sale: int
    half_days: int

    def body(self) -> bytes:
        at = NOON + self.half_days * DAY / 2
        event = an_event(self.event, **SALES[self.sale].told(), at=at, src=f"p{self.half_days}")
        return json.dumps({**event, "id": "-".join(map(str, self))}).encode()


class Telling(NamedTuple):
    """A postback, or an export; `pieces` is into how many files it is cut, `times` how often it is told."""

    said: Post | Export
    times: int
    pieces: int


NUMBERS = st.integers(0, len(SALES) - 1)
POSTS = st.builds(Post, st.sampled_from([*STATUS_OF_EVENT, *OTHERS]), NUMBERS, st.integers(0, 24))
ROWS = st.lists(st.tuples(NUMBERS, st.sampled_from(LABELS)), min_size=1, max_size=5).map(tuple)
EXPORTS = st.builds(Export, ROWS, st.integers(0, 7), st.booleans(), st.sampled_from(("update", "update", "fill")))


def tellings(most: int) -> st.SearchStrategy[list[Telling]]:
    said = st.one_of(POSTS, POSTS, EXPORTS)
    told = st.builds(Telling, said, st.integers(1, 2), st.integers(1, 3))
    return st.lists(told, min_size=2, max_size=most, unique_by=lambda telling: telling.said)


def bounded(examples: int) -> Callable[[Any], Any]:
    """The same examples in every run of the continuous integration, new ones elsewhere; a failure prints its blob."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize="CI" in os.environ,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate),  # a failing example is short enough; making it shorter takes minutes
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def read_here(function: str, arguments: Mapping[str, Any], **_: object) -> Iterator[bytes]:
    """What the limited child process does, without starting one: that it is one is told elsewhere."""
    read: Iterator[bytes] = getattr(entry, function.rpartition(".")[2])(**arguments)
    return read


@pytest.fixture
def houses(app: Flask, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Callable[[], House]:
    """Makes houses whose files are read in this process."""
    monkeypatch.setattr(uploads, "run_in_child", read_here)
    return lambda: House(app, shop)


def tell_plainly(house: House, said: Sequence[Post | Export]) -> None:
    """One clean pass: everything once, postbacks first, files whole, batches as large as they come."""
    house.receives(*(one.body() for one in said if isinstance(one, Post)))
    for one in said:
        if isinstance(one, Export):
            begins_an_import(house, one, one.rows)
            house.pours()


def tell_wildly(
    house: House, told: Sequence[Telling], chance: Any, canceled: Container[Post | Export] = ()
) -> dict[int, Export]:
    """The same in any order, again and again, in pieces and small batches, both lanes by turns; imports by number.

    Some imports of what is in `canceled` are stopped on their way.
    """
    steps = [piece for telling in told for _ in range(telling.times) for piece in pieces_of(telling)]
    chance.shuffle(steps)
    begun: dict[int, Export] = {}
    for said, rows in steps:
        with batches_of(chance.randint(1, 4)):
            if isinstance(said, Post):
                assert house.posts(said.body()).status_code == 200
            else:
                import_id = begins_an_import(house, said, rows)
                begun[import_id] = said
                if said in canceled and chance.random() < 0.5:
                    house.pour_once()
                    house.client.post(f"/api/v1/imports/{import_id}/cancel", headers=house.bearer)
            for work in chance.sample([house.turn, house.pour_once, lambda: replays_something(house, chance)], 2):
                work()
    house.drain()
    house.pours()
    return begun


def pieces_of(telling: Telling) -> list[tuple[Post | Export, Sequence[tuple[int, str]]]]:
    if isinstance(telling.said, Post):
        return [(telling.said, ())]
    rows = telling.said.rows
    cut = [rows[at :: telling.pieces] for at in range(telling.pieces)]
    return [(telling.said, piece) for piece in cut if piece]


@contextmanager
def batches_of(size: int) -> Iterator[None]:
    """Batches and chunks of so many for as long as the block lasts."""
    with (
        mock.patch.multiple(drains, FULL=size, SMALL=size),
        mock.patch.object(Groups.chunks, "__defaults__", (size,)),
    ):
        yield


def begins_an_import(house: House, export: Export, rows: Sequence[tuple[int, str]]) -> int:
    shown = house.uploads(f"{next(FILES)}.csv", export.content(rows), **export.age())
    assert house.confirm_answer(shown["id"], existing=export.existing).status_code == 202
    house.files()
    return int(shown["id"])


FILES = count()


def replays_something(house: House, chance: Any) -> None:
    listed = house.get("/deliveries", source="hotmart", state="done")
    if listed:
        answer = house.client.post(f"/api/v1/deliveries/{chance.choice(listed)['id']}/replay", headers=house.bearer)
        assert answer.status_code == 202


def assert_all_rows_were_poured(house: House, begun: Iterable[int]) -> None:
    for import_id in begun:
        shown = house.get(f"/imports/{import_id}")
        assert shown["status"] == "completed", shown["problem"]
        assert shown["rows"]["failed"] == 0
        assert sum(number for fate, number in shown["rows"].items() if fate != "total") == shown["rows"]["total"]


@bounded(10)
@given(told=tellings(7), chance=st.randoms(use_true_random=False))
def test_any_telling_of_a_story_gives_the_ledger_of_one_clean_pass(
    houses: Callable[[], House], told: list[Telling], chance: Any
) -> None:
    plain, wild = houses(), houses()
    tell_plainly(plain, [telling.said for telling in told])
    begun = tell_wildly(wild, told, chance)
    assert_all_rows_were_poured(wild, begun)
    assert wild.ledger() == plain.ledger()
    assert_the_ledger_is_the_fold_of_its_facts(wild)
    wild.balance()


@bounded(10)
@given(told=tellings(6), chance=st.randoms(use_true_random=False))
def test_undoing_imports_is_as_if_they_had_never_been(
    houses: Callable[[], House], told: list[Telling], chance: Any
) -> None:
    plain, wild = houses(), houses()
    undone = {telling.said for telling in told if isinstance(telling.said, Export) and chance.random() < 0.7}
    tell_plainly(plain, [telling.said for telling in told if telling.said not in undone])
    begun = tell_wildly(wild, told, chance, canceled=undone)
    for import_id in chance.sample(sorted(begun), len(begun)):
        if begun[import_id] in undone:
            with batches_of(chance.randint(1, 4)):
                assert wild.undoes(import_id)["status"] == "undone"
    assert wild.ledger() == plain.ledger()
    assert_the_ledger_is_the_fold_of_its_facts(wild)
    wild.balance()


def test_an_import_stopped_in_the_middle_of_a_chunk_is_undone_whole(houses: Callable[[], House]) -> None:
    house, file = houses(), Export(((0, "Aprovado"), (2, "Aprovado"), (5, "Aprovado")), 5, sure=True, existing="update")
    import_id = begins_an_import(house, file, file.rows)
    with transaction(house.shop.engine) as tx:
        tx.execute(
            text("INSERT INTO drains (account_id, lane, batch_size) VALUES (:account, 'bulk', 1)"),
            {"account": house.account.id},
        )
    assert house.pour_once() == 1, "after a crash the rows of a chunk come one by one"
    assert house.client.post(f"/api/v1/imports/{import_id}/cancel", headers=house.bearer).status_code == 202
    house.pours()
    assert len(house.get("/purchases")) == 1
    assert house.undoes(import_id)["status"] == "undone"
    assert house.get("/purchases") == []
    assert house.rows("SELECT 1 FROM facts WHERE account_id = :account") == []
