"""Two addresses, one person: whatever is said, unsaid and said at once, the ledger is the fold of what was told."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from service.samples.cast import COURSE
from service.samples.sheets import a_row, an_export
from service.sources import person
from service.store.inbox import Arrival
from tests.living import House
from tests.stories.evidence import assert_the_ledger_is_the_fold_of_its_facts
from tests.stories.test_exports import assert_comes_back_unchanged
from tests.stories.test_properties import (
    Export,
    Telling,
    batches_of,
    begins_an_import,
    bounded,
    houses,
    pieces_of,
    tell_plainly,
    tellings,
)

__all__ = ["houses"]

ADDRESSES = ("ana.lima@example.com", "bruno.modelo@example.com", "carla.exemplo@example.com", "davi.teste@example.com")


class Statement(NamedTuple):
    """What a person says of two addresses; `minute` is when."""

    said: str
    one: str
    other: str
    minute: int

    def arrives_at(self, house: House) -> None:
        moment = datetime(2025, 5, 1, 12, self.minute, tzinfo=UTC)
        says(house, self.said, (self.one, self.other), moment)


def says(house: House, said: str, pair: tuple[str, str], moment: datetime | None = None) -> None:
    """Keep a statement as the pages do, whatever it may be worth."""
    now = datetime.now(UTC)
    body = person.body_of(said, [pair], by=None, now=moment or now)
    digest = blake2b(body, digest_size=16).digest()
    arrival = Arrival(house.account.id, person.SOURCE, secrets.token_hex(8), said, digest, body, now)
    assert house.app.extensions["marco"].keeper.keep(arrival) == "accepted"


PAIRS = st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(ADDRESSES)).filter(lambda pair: pair[0] != pair[1])
SAID = st.sampled_from((person.ONE_PERSON, person.ONE_PERSON, person.TWO_PEOPLE))
STATEMENTS = st.lists(
    st.builds(lambda said, pair, minute: Statement(said, *pair, minute), SAID, PAIRS, st.integers(0, 30)),
    min_size=1,
    max_size=6,
    unique=True,
)


def told_with(house: House, told: list[Telling], statements: list[Statement], chance: Any) -> list[tuple[int, Export]]:
    """Tell a story in any order, and between any two of its steps what people say of addresses; imports by number."""
    begun: list[tuple[int, Export]] = []
    steps: list[Any] = [piece for telling in told for piece in pieces_of(telling)] + list(statements)
    chance.shuffle(steps)
    for step in steps:
        with batches_of(chance.randint(1, 4)):
            if isinstance(step, Statement):
                step.arrives_at(house)
            elif step[1]:
                begun.append((begins_an_import(house, *step), step[0]))
            else:
                assert house.posts(step[0].body()).status_code == 200
            for work in chance.sample([house.turn, house.pour_once, replays_a_statement(house, chance)], 2):
                work()
    house.drain()
    house.pours()
    return begun


def replays_a_statement(house: House, chance: Any) -> Callable[[], object]:
    def replay() -> None:
        listed = house.get("/deliveries", source=person.SOURCE, state="done")
        if listed:
            path = f"/api/v1/deliveries/{chance.choice(listed)['id']}/replay"
            assert house.client.post(path, headers=house.bearer).status_code == 202

    return replay


@bounded(12)
@given(told=tellings(6), statements=STATEMENTS, chance=st.randoms(use_true_random=False))
def test_any_order_of_sales_and_statements_gives_the_ledger_of_one_clean_pass(
    houses: Callable[[], House], told: list[Telling], statements: list[Statement], chance: Any
) -> None:
    plain, wild = houses(), houses()
    tell_plainly(plain, [telling.said for telling in told])
    for statement in statements:
        statement.arrives_at(plain)
    plain.drain()
    told_with(wild, told, statements, chance)
    assert wild.ledger() == plain.ledger()
    assert_the_ledger_is_the_fold_of_its_facts(wild)
    assert_everything_is_its_clients(wild)
    wild.balance()


@bounded(8)
@given(told=tellings(6), pairs=st.lists(PAIRS, min_size=1, max_size=3), chance=st.randoms(use_true_random=False))
def test_merged_and_taken_apart_again_is_as_if_never_merged(
    houses: Callable[[], House], told: list[Telling], pairs: list[tuple[str, str]], chance: Any
) -> None:
    plain, wild = houses(), houses()
    tell_plainly(plain, [telling.said for telling in told])
    statements = [Statement(person.ONE_PERSON, *pair, minute) for minute, pair in enumerate(pairs)]
    statements += [Statement(person.TWO_PEOPLE, *pair, 30) for pair in pairs]
    told_with(wild, told, statements, chance)
    before, after = plain.ledger(), wild.ledger()
    assert after.pop("strangers"), "that they are two is known from now on"
    before.pop("strangers")
    assert after == before
    assert_the_ledger_is_the_fold_of_its_facts(wild)


@bounded(8)
@given(told=tellings(6), statements=STATEMENTS, chance=st.randoms(use_true_random=False))
def test_undoing_imports_of_merged_clients_is_as_if_they_had_never_been(
    houses: Callable[[], House], told: list[Telling], statements: list[Statement], chance: Any
) -> None:
    plain, wild = houses(), houses()
    undone = {telling.said for telling in told if isinstance(telling.said, Export) and chance.random() < 0.7}
    tell_plainly(plain, [telling.said for telling in told if telling.said not in undone])
    for statement in statements:
        statement.arrives_at(plain)
    plain.drain()
    later = chance.sample(statements, len(statements) // 2)
    begun = told_with(wild, told, [one for one in statements if one not in later], chance)
    for import_id, export in chance.sample(begun, len(begun)):
        if later:
            later.pop().arrives_at(wild)
        if export in undone:
            with batches_of(chance.randint(1, 4)):
                assert wild.undoes(import_id)["status"] == "undone"
        wild.drain()
    for statement in later:
        statement.arrives_at(wild)
    wild.drain()
    assert wild.ledger() == plain.ledger()
    assert_the_ledger_is_the_fold_of_its_facts(wild)
    assert_everything_is_its_clients(wild)


@bounded(8)
@given(told=tellings(5), statements=STATEMENTS)
def test_sales_of_merged_clients_are_exported_and_come_back_as_unchanged(
    houses: Callable[[], House], told: list[Telling], statements: list[Statement]
) -> None:
    house = houses()
    tell_plainly(house, [telling.said for telling in told])
    for statement in statements:
        statement.arrives_at(house)
    house.drain()
    if house.get("/purchases"):
        assert_comes_back_unchanged(house, "csv", "pt")


def test_clients_are_merged_and_separated_while_an_import_pours_into_both(houses: Callable[[], House]) -> None:
    house = houses()
    rows = [a_row("Aprovado", transaction=f"HQ{n}", email=ADDRESSES[n % 3], product=COURSE) for n in range(120)]
    shown = house.uploads("both.csv", an_export(rows), exported_at="2026-04-01T12:00:00Z")
    with batches_of(5), ThreadPoolExecutor(1) as worker:
        assert house.confirm_answer(shown["id"]).status_code == 202
        house.files()
        pouring = worker.submit(house.pours)
        said = 0
        while not pouring.done():
            pair = ADDRESSES[said % 3], ADDRESSES[(said + 1) % 3]
            says(house, person.TWO_PEOPLE if said % 4 == 3 else person.ONE_PERSON, pair)
            house.drain()
            said += 1
        pouring.result()
    house.drain()
    assert house.get(f"/imports/{shown['id']}")["rows"]["created"] == len(rows)
    assert said > 1
    assert_the_ledger_is_the_fold_of_its_facts(house)
    assert_everything_is_its_clients(house)


def assert_everything_is_its_clients(house: House) -> None:
    """Nobody owns anything who is no client, and revenue is that of the purchases owned."""
    for table in ("purchases", "milestones", "subscriptions", "opportunities", "client_revenue"):
        lost = house.rows(
            f"SELECT 1 FROM {table} t WHERE account_id = :account AND client_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM clients c WHERE c.account_id = t.account_id AND c.id = t.client_id)"
        )
        assert not lost, table
