"""Which addresses are one person, from what people said of pairs of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import orjson
import pytest

from service.domain import identity
from service.domain.facts import Fact
from service.domain.fold import fold
from service.sources import person
from service.sources.telling import Kept

ANA, BIA, CAIO, DUDA = (f"{name}@example.com" for name in ("ana", "bia", "caio", "duda"))
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def facts_of(*statements: tuple[str, str, str]) -> list[Fact]:
    """(what, address, other), a minute apart."""
    return [
        fact
        for minute, (said, one, other) in enumerate(statements)
        for fact in person.translate(
            orjson.loads(person.body_of(said, [(one, other)], by=7, now=NOON.replace(minute=minute))),
            Kept(minute + 1, person.SOURCE, NOON.replace(hour=13), ZoneInfo("UTC"), "producer"),
        ).facts
    ]


def known_by(facts: list[Fact]) -> dict[str, str]:
    subjects = {fact.subject for fact in facts}
    rows = [fold(fact for fact in facts if fact.subject == subject) for subject in subjects]
    return identity.resolved({alias.email: alias.into_email for row in rows for alias in row.aliases})


def strangers(facts: list[Fact]) -> set[tuple[str, str]]:
    rows = [fold(fact for fact in facts if fact.subject == subject) for subject in {fact.subject for fact in facts}]
    return {tuple(one) for row in rows for one in row.strangers}  # type: ignore[misc]  # a NamedTuple of two


def test_a_merged_address_goes_by_the_other_one():
    assert known_by(facts_of((person.ONE_PERSON, ANA, BIA))) == {ANA: BIA}


def test_a_chain_is_followed_to_its_end():
    told = facts_of((person.ONE_PERSON, ANA, BIA), (person.ONE_PERSON, BIA, CAIO), (person.ONE_PERSON, DUDA, ANA))
    assert known_by(told) == {ANA: CAIO, BIA: CAIO, DUDA: CAIO}


def test_of_two_opposite_merges_the_newest_decides_in_any_order_of_arrival():
    told = facts_of((person.ONE_PERSON, ANA, BIA), (person.ONE_PERSON, BIA, ANA))
    assert {tuple(known_by(list(order)).items()) for order in permutations(told)} == {((BIA, ANA),)}


def test_opposite_merges_of_one_instant_leave_one_client():
    bodies = [person.body_of(person.ONE_PERSON, [pair], by=None, now=NOON) for pair in ((ANA, BIA), (BIA, ANA))]
    told = [
        fact
        for number, body in enumerate(bodies)
        for fact in person.translate(
            orjson.loads(body), Kept(number, person.SOURCE, NOON, ZoneInfo("UTC"), "producer")
        ).facts
    ]
    assert len(known_by(told)) == 1


def test_a_ring_is_one_client_known_by_its_first_address():
    told = facts_of((person.ONE_PERSON, BIA, CAIO), (person.ONE_PERSON, CAIO, ANA), (person.ONE_PERSON, ANA, BIA))
    assert known_by(told) == {ANA: ANA, BIA: ANA, CAIO: ANA}


@pytest.mark.parametrize("leaving", [ANA, BIA, CAIO])
def test_whoever_leaves_a_ring_is_alone_and_the_rest_stays_together(leaving):
    ring = {ANA: BIA, BIA: CAIO, CAIO: ANA}
    pairs = identity.bonds(ring, leaving)
    rest = {one: other for one, other in ring.items() if (one, other) not in pairs}
    ends = {one: identity.resolved(rest).get(one, one) for one in ring}
    assert [one for one in ring if ends[one] == ends[leaving]] == [leaving]
    assert len({ends[one] for one in ring}) == 2


def test_who_leaves_a_chain_takes_along_who_had_joined_it_before():
    chain = {ANA: BIA, BIA: CAIO}
    assert identity.bonds(chain, BIA) == [(BIA, CAIO)]
    assert identity.bonds(chain, ANA) == [(ANA, BIA)]
    assert identity.bonds(chain, CAIO) == []
    assert identity.group_of({ANA: BIA}, BIA) == [BIA, ANA]


@pytest.mark.parametrize("pair", [(ANA, BIA), (BIA, ANA)])
def test_told_apart_is_not_merged_whichever_way_round_it_is_said(pair):
    told = facts_of((person.ONE_PERSON, ANA, BIA), (person.TWO_PEOPLE, *pair))
    assert known_by(told) == {}
    assert strangers(told) == {(ANA, BIA), (BIA, ANA)}


def test_merging_again_takes_back_that_they_are_two():
    told = facts_of((person.TWO_PEOPLE, ANA, BIA), (person.ONE_PERSON, BIA, ANA))
    assert known_by(told) == {BIA: ANA}
    assert strangers(told) == set()


def test_telling_one_pair_apart_leaves_other_bonds_alone():
    told = facts_of((person.ONE_PERSON, ANA, BIA), (person.ONE_PERSON, BIA, CAIO), (person.TWO_PEOPLE, ANA, BIA))
    assert known_by(told) == {BIA: CAIO}


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("52998224725", True),
        ("+5511987654321", False),
        ("+5511999990000", True),
        (None, False),
        ("", False),
        ("1234567", False),
        ("00000000000", False),
        ("12345678", False),
        ("+551199999999", False),
        ("+5511987654320", True),
        ("98765432", False),
    ],
)
def test_what_was_typed_to_fill_a_field_tells_nobody_apart(text, tells):
    assert identity.tells(text) is tells


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"statement": "one_person"},
        {"statement": "one_person", "pairs": [["a@example.com"]]},
        {"statement": "one_person", "pairs": [["a@example.com", "b@example.com"], ["a@example.com", "c@example.com"]]},
        {"statement": "one_person", "pairs": [["a@example.com", "a@example.com"]]},
        {"statement": "half_a_person", "pairs": [["a@example.com", "b@example.com"]]},
    ],
)
def test_a_statement_nobody_could_make_is_set_aside(body):
    telling = person.translate(body, Kept(1, person.SOURCE, NOON, ZoneInfo("UTC"), "producer"))
    assert (telling.state, telling.facts) == ("set_aside", [])
