"""Visits of a lead to stages, whatever order and number of hooks told of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from service.domain.facts import Certainty, Fact, Kind
from service.domain.fold import fold
from service.domain.stages import FOUND, Pair, Stand, missed, visits

NOON = datetime(2026, 7, 2, 12, tzinfo=UTC)
SALES = 7700


def told(stage: int, seconds: int, *, old: int | None = None, said: str = "lead_status", delivery_id: int = 1) -> Fact:
    moment = NOON + timedelta(seconds=seconds)
    fields = {"pipeline_id": SALES, "stage_id": stage}
    if old is not None:
        fields |= {"old_pipeline_id": SALES, "old_stage_id": old}
    digest = blake2b(f"{said} {stage} {seconds} {old}".encode(), digest_size=16).digest()
    return Fact(
        Kind.LEAD, "l:9001", "kommo", said, moment, Certainty.KNOWN, moment, fields, "ana@example.com", None,
        delivery_id, digest,
    )  # fmt: skip


def found(stage: int, seconds: int) -> Fact:
    return told(stage, seconds, said=FOUND)


def reached(*facts: Fact) -> list[tuple[str, int]]:
    """(key, second) of the milestones, in the order of time."""
    steps = sorted(fold(facts).milestones, key=lambda one: (one.occurred_at, one.key))
    return [(one.key, int((datetime.fromisoformat(one.occurred_at) - NOON).total_seconds())) for one in steps]


def test_every_change_of_stage_is_a_milestone_of_the_leads_client():
    steps = fold([told(2, 10, old=1), told(142, 20, old=2)]).milestones
    assert {one.kind for one in steps} == {"lead_stage_reached"}
    assert {one.email for one in steps} == {"ana@example.com"}
    assert reached(told(2, 10, old=1), told(142, 20, old=2)) == [("9001|7700:2|1", 10), ("9001|7700:142|1", 20)]
    assert [one.detail for one in steps if "142" in one.key] == ["won"]


def test_a_repeated_hook_changes_nothing():
    assert reached(told(2, 10, old=1), told(2, 10, old=1, delivery_id=9)) == [("9001|7700:2|1", 10)]


def test_a_lead_that_returns_reaches_its_stage_twice():
    assert reached(told(2, 10, old=1), told(1, 20, old=2), told(2, 30, old=1)) == [
        ("9001|7700:2|1", 10),
        ("9001|7700:1|1", 20),
        ("9001|7700:2|2", 30),
    ]


def test_a_return_is_seen_even_where_the_hook_between_was_lost():
    assert reached(told(2, 10, old=1), told(2, 30, old=1)) == [("9001|7700:2|1", 10), ("9001|7700:2|2", 30)]


def test_a_lost_hook_that_looking_found_and_that_comes_late_is_one_visit_at_its_true_moment():
    assert reached(found(2, 50)) == [("9001|7700:2|1", 50)]
    (step,) = fold([found(2, 50)]).milestones
    assert step.approximate
    (step,) = fold([found(2, 50), told(2, 10, old=1)]).milestones
    assert not step.approximate
    assert reached(found(2, 50), told(2, 10, old=1)) == [("9001|7700:2|1", 10)]


def test_a_lead_made_in_a_stage_reached_it():
    assert reached(told(2, 10, said="lead_add")) == [("9001|7700:2|1", 10)]


def test_changes_of_one_second_follow_each_other_from_stage_to_stage():
    assert [visit.at.stage for visit in visits([told(4, 10, old=3), told(2, 10, old=1), told(3, 10, old=2)])] == [
        2,
        3,
        4,
    ]


def test_won_in_one_pipeline_is_not_won_in_another():
    other = replace(told(142, 20), fields={"pipeline_id": 8800, "stage_id": 142, "old_pipeline_id": SALES,
                                           "old_stage_id": 142})  # fmt: skip
    assert [key for key, _ in reached(told(142, 10, old=1), other)] == ["9001|7700:142|1", "9001|8800:142|1"]


facts_of_a_lead = st.lists(
    st.builds(
        lambda stage, seconds, old, looked: found(stage, seconds) if looked else told(stage, seconds, old=old),
        st.integers(1, 3),
        st.integers(0, 5),
        st.one_of(st.none(), st.integers(1, 3)),
        st.booleans(),
    ),
    max_size=8,
)


@given(facts_of_a_lead, st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_hooks_gives_the_same_milestones(facts, chance):
    shuffled = [*facts, *chance.sample(facts, len(facts) // 2)]
    chance.shuffle(shuffled)
    assert fold(shuffled).milestones == fold(facts).milestones


def a_stand(stage: int, seconds: int, *, lead_id: int = 9001, is_deleted: bool = False) -> Stand:
    moment = NOON + timedelta(seconds=seconds)
    return Stand(lead_id, Pair(SALES, stage), moment, NOON, is_deleted=is_deleted)


def test_a_lead_that_stands_where_no_hook_put_it_was_missed():
    assert missed([a_stand(3, 50)], {9001: [told(2, 10, old=1)]}) == [a_stand(3, 50)]
    assert missed([a_stand(3, 50)], {9001: []}) == [a_stand(3, 50)]


def test_a_lead_that_was_only_edited_was_not_missed():
    assert missed([a_stand(2, 50)], {9001: [told(2, 10, old=1)]}) == []


def test_a_hook_that_overtook_our_looking_is_believed():
    assert missed([a_stand(2, 50)], {9001: [told(2, 10, old=1), told(3, 60, old=2)]}) == []


def test_leads_of_nobody_and_deleted_ones_are_left_alone():
    assert missed([a_stand(3, 50, lead_id=5), a_stand(3, 50, is_deleted=True)], {9001: []}) == []


def test_what_was_found_once_is_not_found_again():
    known = [told(2, 10, old=1), found(3, 50)]
    assert missed([a_stand(3, 50), a_stand(3, 70)], {9001: known}) == []
