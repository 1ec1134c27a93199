"""Leads: one subject is one lead, and a stage never goes where a person would not want it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.automation.leads import (
    LOST,
    MOVES,
    WON,
    Lead,
    Policy,
    Rule,
    Stage,
    Standing,
    Why,
    choose,
    move,
)
from service.domain.automation.triggers import Subject, SubjectKind
from tests.builders import at

SALE = Subject(SubjectKind.TRANSACTION, "HP1")
CART = Subject(SubjectKind.CART, "ana@example.com|7|2026-07-02")
ENTRY, TALKING, OFFERED = Stage(7700, 10), Stage(7700, 20), Stage(7700, 30)
SOLD, GONE = Stage(7700, WON), Stage(7700, LOST)
ELSEWHERE = Stage(8800, 50)
ORDER = [ENTRY, TALKING, OFFERED, SOLD, GONE, ELSEWHERE, Stage(8800, WON), Stage(8800, LOST)]
HOUR = timedelta(hours=1)


def a_lead(
    number: int, stage: Stage = ENTRY, product: str | None = "7", *subjects: Subject, deleted: bool = False
) -> Lead:
    return Lead(number, stage, at(number), frozenset(subjects), frozenset({product} if product else ()), deleted)


# Which lead


@pytest.mark.parametrize("policy", Policy)
def test_a_subject_keeps_its_lead_whatever_the_policy_and_even_when_it_is_closed(policy):
    choice = choose(SALE, "7", [a_lead(1, SOLD, "7", SALE), a_lead(2)], policy)
    assert (choice.lead, choice.why) == (1, Why.ITS_OWN)


def test_always_new_means_new_for_each_subject():
    assert choose(SALE, "7", [a_lead(1, ENTRY, "7", CART)], Policy.ALWAYS_NEW).why is Why.NEW_BY_POLICY


def test_the_newest_open_lead_of_the_product_is_used_again():
    leads = [a_lead(1), a_lead(2), a_lead(3, SOLD), a_lead(4, ENTRY, "8"), a_lead(5, deleted=True)]
    choice = choose(SALE, "7", leads, Policy.REUSE_OPEN_OF_PRODUCT)
    assert (choice.lead, choice.why, choice.candidates) == (2, Why.OPEN_OF_PRODUCT, (2, 1))


def test_without_an_open_lead_of_the_product_there_is_a_new_one():
    leads = [a_lead(1, GONE), a_lead(2, ENTRY, "8")]
    assert choose(SALE, "7", leads, Policy.REUSE_OPEN_OF_PRODUCT).why is Why.NEW_NONE_OPEN


def test_an_unknown_product_is_never_taken_for_another_one():
    leads = [a_lead(1, ENTRY, None)]
    assert choose(SALE, None, leads, Policy.REUSE_OPEN_OF_PRODUCT).why is Why.NEW_PRODUCT_UNKNOWN


def test_any_open_lead_will_do_but_one_of_the_product_is_better():
    of_another = a_lead(9, ENTRY, "8")
    assert choose(SALE, "7", [a_lead(1), of_another], Policy.REUSE_ANY_OPEN).lead == 1
    choice = choose(SALE, "7", [of_another], Policy.REUSE_ANY_OPEN)
    assert (choice.lead, choice.why) == (9, Why.ANY_OPEN)


def test_open_leads_of_another_pipeline_are_left_alone_when_one_is_named():
    leads = [a_lead(1, ELSEWHERE)]
    assert choose(SALE, "7", leads, Policy.REUSE_ANY_OPEN, pipeline=7700).lead is None
    assert choose(SALE, "7", leads, Policy.REUSE_ANY_OPEN).lead == 1


def test_a_deleted_lead_is_forgotten_and_the_history_says_so():
    choice = choose(SALE, "7", [a_lead(1, ENTRY, "7", SALE, deleted=True)], Policy.ALWAYS_NEW)
    assert choice.explained() == {"lead": None, "rule": "new_by_policy", "candidates": [], "deleted": [1]}


def test_a_lead_that_reached_a_stage_is_its_own_lead():
    assert choose(Subject(SubjectKind.LEAD, "4"), None, [a_lead(4)], Policy.ALWAYS_NEW).lead == 4


SUBJECTS = [SALE, CART, Subject(SubjectKind.SUBSCRIPTION, "S1"), Subject(SubjectKind.TRANSACTION, "HP2")]


@settings(deadline=None)
@given(st.lists(st.sampled_from(SUBJECTS), max_size=12), st.sampled_from(Policy), st.randoms())
def test_told_again_and_again_in_any_order_each_subject_has_one_lead(told, policy, random):
    leads: dict[int, Lead] = {}
    chosen: dict[Subject, int] = {}
    for subject in told:
        known = random.sample([*leads.values()], len(leads))
        lead = choose(subject, "7", known, policy).lead or len(leads) + 1
        assert chosen.setdefault(subject, lead) == lead
        found = leads.get(lead, a_lead(lead))
        leads[lead] = found._replace(subjects=found.subjects | {subject})
    assert len(leads) == (len(set(told)) if policy is Policy.ALWAYS_NEW else min(len(told), 1))


# Which stage


@pytest.mark.parametrize(
    ("current", "wanted", "rule"),
    [
        (None, ENTRY, Rule.NEW_LEAD),
        (None, None, Rule.NOT_ASKED),
        (ENTRY, None, Rule.NOT_ASKED),
        (ENTRY, ENTRY, Rule.ALREADY_THERE),
        (ENTRY, OFFERED, Rule.FORWARD),
        (OFFERED, TALKING, Rule.BACKWARDS),
        (OFFERED, SOLD, Rule.FORWARD),
        (SOLD, TALKING, Rule.BACKWARDS),
        (SOLD, GONE, Rule.FORWARD),
        (GONE, SOLD, Rule.FORWARD),
        (GONE, ENTRY, Rule.BACKWARDS),
        (ENTRY, ELSEWHERE, Rule.OTHER_PIPELINE),
        (SOLD, Stage(8800, WON), Rule.OTHER_PIPELINE),
        (ENTRY, Stage(7700, 99), Rule.UNKNOWN_STAGE),
        (Stage(7700, 99), OFFERED, Rule.UNKNOWN_STAGE),
        (None, Stage(7700, 99), Rule.UNKNOWN_STAGE),
    ],
)
def test_a_stage_goes_forward_or_stays(current, wanted, rule):
    found = move(current and Standing(current), wanted, ORDER, now=at(0))
    assert found.rule is rule
    assert found.to == (wanted if rule in MOVES else None)


def test_a_stage_a_person_moved_lately_is_left_alone():
    standing = Standing(ENTRY, moved_by_person_at=at(0))
    early = move(standing, OFFERED, ORDER, now=at(59), patience=HOUR)
    assert (early.to, early.rule, early.left_alone_until) == (None, Rule.MOVED_BY_PERSON, at(60))
    assert move(standing, OFFERED, ORDER, now=at(60), patience=HOUR).to == OFFERED
    assert move(standing, OFFERED, ORDER, now=at(59)).to == OFFERED


def test_a_move_backwards_is_told_as_that_even_where_a_person_moved():
    standing = Standing(OFFERED, moved_by_person_at=at(0))
    assert move(standing, ENTRY, ORDER, now=at(1), patience=HOUR).rule is Rule.BACKWARDS


def test_a_decision_is_data_for_the_history():
    found = move(Standing(ENTRY, at(0)), OFFERED, ORDER, now=at(1), patience=HOUR)
    assert found.explained() == {
        "rule": "moved_by_person",
        "current": [7700, 10],
        "wanted": [7700, 30],
        "left_alone_until": at(60).isoformat(),
    }


@settings(deadline=None)
@given(st.lists(st.sampled_from([ENTRY, TALKING, OFFERED, SOLD]), max_size=10))
def test_whatever_is_asked_in_whatever_order_a_lead_ends_in_the_furthest_stage(asked):
    here: Stage | None = None
    for wanted in asked:
        here = move(here and Standing(here), wanted, ORDER, now=at(0)).to or here
    assert here == max(asked, key=ORDER.index, default=None)
