"""`kill -9` at random, over real HTTP: what was answered with 2xx is in the ledger, once, and nobody has to help."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable

import pytest

from service.queues import Lane
from tests.stories.evidence import (
    EXPORTED_AT,
    an_export_of,
    assert_each_once,
    assert_every_row_has_a_fate,
    assert_nothing_private_was_said,
    assert_the_ledger_is_the_fold_of_its_facts,
    postbacks,
    settles,
)
from tests.stories.running_house import RunningHouse, door_of
from tests.stories.storm import Storm

pytestmark = pytest.mark.running

Blow = Callable[[random.Random], object]


def test_two_thousand_postbacks_and_an_import_survive_kills_at_random(running: RunningHouse) -> None:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    chance, house = random.Random(seed), running.an_account()
    bodies = postbacks(2000)
    import_id = running.uploads(house, "vendas.csv", an_export_of(5000), EXPORTED_AT)
    before = running.runner.pid
    with Storm(running.port, [door_of(house)(body) for body in bodies], seconds=12) as storm:
        strike(running, chance, first_half(running))
        running.imported(house, import_id, "ready")
        running.confirms(house, import_id)
        strike(running, chance, second_half(running))
    imported = running.imported(house, import_id, "completed")
    books = settles(running, house)
    assert not storm.unheard
    assert set(storm.statuses) <= {0, 200, 503}, storm.statuses
    assert_each_once(house, bodies)
    assert (books["hotmart"]["applied"], books["hotmart"]["set_aside"]) == (2000, 0)
    assert (books["sheet"]["received"], books["sheet"]["applied"], books["sheet"]["set_aside"]) == (5000, 5000, 0)
    assert_every_row_has_a_fate(imported, 5000)
    assert running.runner.pid == before
    assert running.runner.poll() is None
    assert_the_ledger_is_the_fold_of_its_facts(house)
    assert_nothing_private_was_said(running)


def first_half(running: RunningHouse) -> list[Blow]:
    """While postbacks arrive and the file is looked into."""
    return [
        running.kills_a_web_process,
        lambda chance: running.kills_a_part_of_a_worker(chance, Lane.REALTIME),
        lambda chance: running.kills_a_worker(chance, Lane.FILES),
        running.kills_the_web,
        lambda _: running.flushes_redis(),
        lambda chance: running.kills_a_worker(chance, Lane.REALTIME),
    ]


def second_half(running: RunningHouse) -> list[Blow]:
    """While postbacks arrive and rows are poured."""
    return [
        lambda chance: running.kills_a_part_of_a_worker(chance, Lane.FILES),
        lambda chance: running.kills_a_worker(chance, Lane.BULK),
        lambda chance: running.kills_a_part_of_a_worker(chance, Lane.BULK),
        running.kills_a_web_process,
        lambda chance: running.kills_a_part_of_a_worker(chance, Lane.BULK),
        running.kills_a_part_of_a_worker,
        running.kills_a_worker,
        lambda _: running.flushes_redis(),
        lambda chance: redis_is_away_for_a_while(running, chance),
        running.kills_the_web,
    ]


def redis_is_away_for_a_while(running: RunningHouse, chance: random.Random) -> None:
    running.stops_redis()
    running.kills_a_part_of_a_worker(chance, Lane.REALTIME)
    time.sleep(1)
    running.revive()


def strike(running: RunningHouse, chance: random.Random, blows: list[Blow]) -> None:
    chance.shuffle(blows)
    for blow in blows:
        blow(chance)
        time.sleep(chance.uniform(0.1, 0.8))


def test_a_kill_of_the_whole_tree_loses_nothing_that_was_answered(running: RunningHouse) -> None:
    house, bodies = running.an_account(), postbacks(400)
    with Storm(running.port, [door_of(house)(body) for body in bodies], seconds=2) as storm:
        time.sleep(1)
        running.kills_everything()
        running.start()
    assert not storm.unheard
    books = settles(running, house)
    assert (books["hotmart"]["applied"], books["hotmart"]["set_aside"]) == (400, 0)
    assert_each_once(house, bodies)
    assert_the_ledger_is_the_fold_of_its_facts(house)
