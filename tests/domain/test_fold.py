"""The fold: one answer, whatever the order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.facts import Certainty, Fact
from service.domain.fold import fold
from service.domain.ledger import Purchase
from service.domain.statuses import CATEGORY_OF, Category, Status
from tests.builders import a_fact, at


def the_purchase(*facts: Fact) -> Purchase:
    folded = fold(facts)
    assert len(folded.purchases) == 1
    return folded.purchases[0]


def kinds(*facts: Fact) -> list[str]:
    return [row.kind for row in sorted(fold(facts).milestones, key=lambda row: (row.occurred_at, row.kind))]


def test_no_facts_are_no_rows() -> None:
    assert fold([]) == fold(iter(()))
    assert not fold([]).purchases


def test_a_refund_that_arrives_before_its_approval_still_counts_both() -> None:
    refund = a_fact(Status.REFUNDED, minutes=5)
    approval = a_fact(Status.APPROVED, minutes=0)
    assert kinds(refund, approval) == ["approved", "refunded"]
    assert the_purchase(refund, approval).status is Status.REFUNDED


def test_an_older_known_fact_never_decides_over_a_newer_one() -> None:
    assert the_purchase(a_fact(Status.COMPLETE, minutes=9), a_fact(Status.APPROVED)).status is Status.COMPLETE


def test_in_the_same_instant_the_later_stage_decides() -> None:
    assert the_purchase(a_fact(Status.REFUNDED), a_fact(Status.APPROVED)).status is Status.REFUNDED


def test_a_guess_raises_a_status_but_never_lowers_it() -> None:
    known = a_fact(Status.APPROVED, minutes=10)
    raising = a_fact(Status.REFUNDED, minutes=0, certainty=Certainty.GUESSED)
    lowering = a_fact(Status.WAITING_PAYMENT, minutes=20, certainty=Certainty.GUESSED)
    assert the_purchase(known, raising).status is Status.REFUNDED
    assert the_purchase(known, lowering).status is Status.APPROVED


def test_a_guess_of_the_same_stage_does_not_replace_what_is_known() -> None:
    known = a_fact(Status.EXPIRED)
    guess = a_fact(Status.CANCELED, minutes=9, certainty=Certainty.GUESSED)
    assert the_purchase(known, guess).status is Status.EXPIRED


def test_a_filler_decides_only_where_nobody_else_speaks() -> None:
    filler = a_fact(Status.REFUNDED, minutes=99, certainty=Certainty.FILLER, said="row", src="from the file")
    assert the_purchase(filler, a_fact(Status.WAITING_PAYMENT)).status is Status.WAITING_PAYMENT
    assert the_purchase(filler, a_fact(Status.WAITING_PAYMENT)).src == "from the file"
    assert the_purchase(filler).status is Status.REFUNDED


def test_an_absent_field_never_erases_a_known_one() -> None:
    told = a_fact(minutes=0, src="ad", sck="a|b")
    silent = a_fact(Status.REFUNDED, minutes=9)
    purchase = the_purchase(told, silent)
    assert (purchase.src, purchase.sck) == ("ad", "a|b")


def test_an_amount_and_its_currency_are_one_field() -> None:
    old = a_fact(minutes=0, gross=["97.00", "BRL"])
    new = a_fact(minutes=1, gross=["18.50", "USD"])
    purchase = the_purchase(old, new)
    assert (purchase.gross_value, purchase.gross_currency) == ("18.50", "USD")


def test_an_amount_without_currency_never_replaces_a_complete_one() -> None:
    complete = a_fact(minutes=0, gross=["97.00", "BRL"])
    bare = a_fact(minutes=1, gross=["99.00", None])
    assert the_purchase(complete, bare).gross_currency == "BRL"
    alone = the_purchase(bare)
    assert (alone.gross_value, alone.gross_currency, alone.flags) == ("99.00", None, "currency_unknown")


@pytest.mark.parametrize(
    ("fields", "value", "basis"),
    [
        ({"gross": ["90.00", "BRL"], "paid": ["97.00", "BRL"], "gross_receiving": ["18.00", "USD"]}, "90.00", "gross"),
        ({"paid": ["97.00", "BRL"], "gross_receiving": ["18.00", "USD"]}, "97.00", "paid"),
        ({"gross_receiving": ["18.00", "USD"]}, "18.00", "receiving"),
        ({}, None, None),
    ],
)
def test_revenue_is_the_price_sold_at_else_what_was_paid_else_the_receiving_price(
    fields: dict[str, list[str]], value: str | None, basis: str | None
) -> None:
    purchase = the_purchase(a_fact(**fields))
    assert (purchase.gross_value, purchase.gross_basis) == (value, basis)


def test_a_code_with_several_recurrence_numbers_is_several_purchases() -> None:
    folded = fold(
        [
            a_fact(recurrence_number=2, minutes=2, subscriber_code="S1"),
            a_fact(recurrence_number=1, minutes=1, subscriber_code="S1"),
            a_fact(Status.REFUNDED, minutes=3),
        ]
    )
    assert {row.key: row.status for row in folded.purchases} == {
        "HP1": Status.REFUNDED,
        "HP1#2": Status.APPROVED,
    }


def test_financed_instalments_update_one_purchase_and_say_that_it_is_at_least_so_much() -> None:
    first = a_fact(minutes=1, charge_count=1, financed=True, paid=["100.00", "BRL"], said="row", subscriber_code="S1")
    third = a_fact(minutes=3, charge_count=3, financed=True, paid=["100.00", "BRL"], said="row", subscriber_code="S1")
    purchase = the_purchase(third, first)
    assert (purchase.charge_count, purchase.recurrence_number, purchase.paid_value) == (3, None, "100.00")
    assert "at_least" in purchase.flags


def test_bumps_group_by_their_parent_and_charges_by_the_bare_code() -> None:
    bump = the_purchase(a_fact(transaction="HP2", parent_transaction="HP1", is_bump=True))
    assert (bump.order_group, bump.is_bump) == ("HP1", True)
    main = the_purchase(a_fact(transaction="HP1", parent_transaction="HP1", is_bump=True))
    assert (main.order_group, main.is_bump, main.parent_transaction) == ("HP1", False, None)
    assert the_purchase(a_fact(transaction="HP1234C2")).order_group == "HP1234"


def test_a_purchase_belongs_to_the_email_of_its_deciding_fact() -> None:
    folded = fold([a_fact(email="old@example.com"), a_fact(minutes=5, email="new@example.com"), a_fact(email=None)])
    assert folded.purchases[0].email == "new@example.com"
    assert folded.owners() == {"new@example.com"}


def test_a_purchase_without_email_has_no_client() -> None:
    folded = fold([a_fact(email=None)])
    assert folded.purchases[0].email is None
    assert folded.mentions == ()


def test_repeated_overdue_notices_are_one_milestone_that_counts_them() -> None:
    overdue = [a_fact(Status.OVERDUE, minutes=minutes, delivery_id=int(minutes)) for minutes in (30, 10, 20)]
    (milestone,) = fold(overdue).milestones
    assert (milestone.times, milestone.occurred_at, milestone.last_at) == (3, at(10).isoformat(), at(30).isoformat())
    assert milestone.delivery_id == 10


def test_the_same_news_from_two_configurations_counts_once() -> None:
    (milestone,) = fold([a_fact(Status.OVERDUE, delivery_id=1), a_fact(Status.OVERDUE, delivery_id=2)]).milestones
    assert milestone.times == 1


def test_a_milestone_takes_date_amount_and_link_from_a_postback_before_a_row() -> None:
    row = a_fact(minutes=-60, said="row", delivery_id=7, gross=["97.00", "BRL"], ordered_at=at(-60).isoformat())
    postback = a_fact(minutes=5, delivery_id=9, gross=["96.00", "BRL"], approved_at=at(1).isoformat())
    (milestone,) = fold([row, postback]).milestones
    assert (milestone.delivery_id, milestone.amount_value, milestone.occurred_at, milestone.approximate) == (
        9,
        "96.00",
        at(1).isoformat(),
        False,
    )


def test_a_row_with_only_an_order_date_gives_an_approximate_milestone() -> None:
    (milestone,) = fold([a_fact(said="row", ordered_at=at(-5).isoformat())]).milestones
    assert (milestone.occurred_at, milestone.approximate) == (at(-5).isoformat(), True)
    (exact,) = fold([a_fact(said="row", ordered_at=at(-5).isoformat(), approved_at=at(-4).isoformat())]).milestones
    assert (exact.occurred_at, exact.approximate) == (at(-4).isoformat(), False)


def test_a_first_charge_starts_a_subscription_and_later_ones_renew_it() -> None:
    assert kinds(a_fact(recurrence_number=1, subscriber_code="S1")) == ["approved", "subscription_started"]
    assert kinds(a_fact(recurrence_number=4, subscriber_code="S1")) == ["approved", "subscription_renewed"]
    assert kinds(a_fact(recurrence_number=4)) == ["approved"]


def test_every_category_is_reached() -> None:
    assert {the_purchase(a_fact(status)).category for status in Status} == set(Category)
    assert all(the_purchase(a_fact(status)).category is CATEGORY_OF[status] for status in Status)


some_facts = st.builds(
    a_fact,
    st.sampled_from(list(Status)),
    minutes=st.integers(0, 5),
    certainty=st.sampled_from(Certainty),
    email=st.sampled_from(["ana@example.com", "bia@example.com", None]),
    said=st.sampled_from([None, "row"]),
    gross=st.sampled_from([["97.00", "BRL"], ["97.00", None], ["18.50", "USD"]]),
    src=st.sampled_from(["a", "b"]),
)


@given(st.lists(some_facts, max_size=7), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_rows(facts: list[Fact], random: object) -> None:
    shuffled = facts + facts[: len(facts) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis types it as object
    assert fold(shuffled) == fold(facts)
