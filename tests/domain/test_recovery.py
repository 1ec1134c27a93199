"""What the attempts of one buyer at one product add up to, rule by rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.recovery import UNSOLD, Bought, Cart, Episode, Kind, State, product_key, pursue
from service.domain.statuses import Status
from tests.builders import at


def bought(key: str, status: str, minutes: float = 0, *, paid: float | None = None, **told: Any) -> Bought:
    """A purchase ordered so many minutes after noon; a sold one is paid at once unless `paid` says when."""
    sold = Status(status) not in UNSOLD
    known = {
        "product_id": "7",
        "product_name": "Curso",
        "offer_code": "off1",
        "offer_name": None,
        "amount_value": "97.00",
        "amount_currency": "BRL",
        "payment_type": "CREDIT_CARD",
        "payment_link": None,
        "refusal_reason": None,
        "recurrence_number": None,
        "subscriber_code": None,
        "order_group": key,
        "is_bump": False,
        "ordered_at": at(minutes),
        "approved_at": at(minutes if paid is None else paid) if sold else None,
        "due_at": None,
        "as_of": at(minutes),
    }
    return Bought(key=key, status=Status(status), **{**known, **told})


def cart(minutes: float = 0, offer: str | None = "off1") -> Cart:
    return Cart(f"ana@example.com|7|{minutes}", at(minutes), "7", "Curso", offer)


def shown(episodes: tuple[Episode, ...]) -> list[tuple[str, str, int, str | None]]:
    """(kind, state, attempts, key of the sale) of each."""
    return [(one.last.kind, one.state, len(one.attempts), one.sale and one.sale.key) for one in episodes]


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        ("canceled", {}, Kind.DECLINED_CARD),
        ("canceled", {"payment_type": None, "refusal_reason": "fail"}, Kind.DECLINED_CARD),
        ("canceled", {"payment_type": "BILLET"}, Kind.CANCELED),
        ("canceled", {"payment_type": None}, Kind.CANCELED),
        ("expired", {"payment_type": "BILLET"}, Kind.EXPIRED_BOLETO),
        ("expired", {"payment_type": "PIX"}, Kind.EXPIRED_PIX),
        ("expired", {"payment_type": None}, Kind.EXPIRED_OTHER),
        ("started", {}, Kind.WAITING_PAYMENT),
        ("waiting_payment", {"payment_type": "BILLET"}, Kind.WAITING_PAYMENT),
        ("in_review", {}, Kind.WAITING_PAYMENT),
        ("overdue", {}, Kind.OVERDUE_RENEWAL),
        ("canceled", {"recurrence_number": 2, "subscriber_code": "S"}, Kind.OVERDUE_RENEWAL),
    ],
)
def test_an_unsold_purchase_is_an_open_opportunity_of_its_kind(status: str, told: Any, kind: Kind) -> None:
    assert shown(pursue([bought("A", status, **told)])) == [(kind, State.OPEN, 1, None)]


@pytest.mark.parametrize("status", ["approved", "complete", "disputed", "partially_refunded", "refunded", "chargeback"])
def test_a_sale_closes_the_attempt_before_it_whatever_became_of_it_later(status: str) -> None:
    (episode,) = pursue([bought("A", "canceled"), bought("B", status, 30, paid=45)])
    assert (episode.state, episode.sale and episode.sale.key) == (State.RECOVERED, "B")
    assert episode.time_to_recover == timedelta(minutes=45)
    assert pursue([bought("B", status)]) == ()


def test_three_declines_are_one_opportunity_with_the_amount_of_the_last() -> None:
    tries = [bought("A", "canceled"), bought("B", "canceled", 1), bought("C", "canceled", 2, amount_value="47.00")]
    (episode,) = pursue(tries)
    assert [attempt.key for attempt in episode.attempts] == ["t:A", "t:B", "t:C"]
    assert (episode.last.amount_value, episode.last.amount_currency) == ("47.00", "BRL")
    assert episode.attempts[0].at == at(0)


def test_an_attempt_after_the_sale_is_an_opportunity_of_its_own() -> None:
    told = [bought("A", "canceled"), bought("B", "approved", 5), bought("C", "canceled", 9)]
    assert shown(pursue(told)) == [
        (Kind.DECLINED_CARD, State.RECOVERED, 1, "B"),
        (Kind.DECLINED_CARD, State.OPEN, 1, None),
    ]


def test_one_sale_recovers_once_however_many_attempts_lie_before_it_and_sales_after() -> None:
    told = [bought("A", "canceled", 1), bought("B", "approved", 5), bought("C", "approved", 6)]
    assert shown(pursue(told, [cart(0)])) == [(Kind.DECLINED_CARD, State.RECOVERED, 2, "B")]


def test_a_sale_in_the_same_minute_closes_and_one_before_does_not() -> None:
    assert pursue([bought("A", "canceled", 3), bought("B", "approved", 3)])[0].state is State.RECOVERED
    assert pursue([bought("A", "canceled", 3), bought("B", "approved", 2)])[0].state is State.OPEN


def test_a_boleto_that_expires_after_the_card_sale_was_an_attempt_before_it() -> None:
    told = [bought("A", "expired", 0, payment_type="BILLET"), bought("B", "approved", 60)]
    assert shown(pursue(told)) == [(Kind.EXPIRED_BOLETO, State.RECOVERED, 1, "B")]


def test_a_confirmation_given_as_a_bare_date_does_not_lie_before_its_order() -> None:
    sale = bought("B", "approved", 30)._replace(approved_at=at(-12 * 60))
    assert pursue([bought("A", "canceled", 10), sale])[0].state is State.RECOVERED


def test_a_pix_paid_at_once_was_never_an_opportunity() -> None:
    assert pursue([bought("A", "approved", 0, paid=2, payment_type="PIX")]) == ()


def test_the_same_transaction_that_expired_and_was_paid_later_recovered_itself() -> None:
    late = bought("A", "approved", 0, paid=90, payment_type="PIX", failed_as=Status.EXPIRED, failed_at=at(60))
    (episode,) = pursue([late])
    assert shown((episode,)) == [(Kind.EXPIRED_PIX, State.RECOVERED, 1, "A")]
    assert episode.time_to_recover == timedelta(minutes=90)


def test_a_failure_told_after_the_payment_is_no_attempt() -> None:
    assert pursue([bought("A", "approved", 0, paid=30, failed_as=Status.EXPIRED, failed_at=at(60))]) == ()


def test_a_cart_has_the_price_of_its_offer_where_the_same_buyer_tried_it() -> None:
    first, second = bought("A", "canceled", 0), bought("B", "canceled", 1, amount_value="77.00")
    assert pursue([], [cart(5)])[0].last.amount_value is None
    assert pursue([first, second], [cart(5)])[0].last.amount_value == "77.00"
    assert pursue([first], [cart(5, "another")])[0].last.amount_value is None
    assert pursue([first], [cart(5, None)])[0].last.amount_value is None


def test_a_cart_is_recovered_by_the_sale_after_it() -> None:
    assert shown(pursue([bought("A", "approved", 20)], [cart(0)])) == [(Kind.ABANDONED_CART, State.RECOVERED, 1, "A")]


def test_an_order_bump_is_no_attempt_but_a_sale() -> None:
    assert pursue([bought("A", "canceled", is_bump=True)]) == ()
    assert shown(pursue([bought("A", "approved", 5, is_bump=True)], [cart(0)]))[0][1:] == (State.RECOVERED, 1, "A")


def charge(key: str, status: str, minutes: float, number: int, code: str = "S", **told: Any) -> Bought:
    return bought(key, status, minutes, recurrence_number=number, subscriber_code=code, **told)


def test_a_renewal_recovers_its_own_subscription_and_nothing_else() -> None:
    told = [charge("A", "overdue", 10, 2), charge("B", "approved", 20, 3), charge("X", "overdue", 15, 2, "T")]
    assert shown(pursue(told, [cart(0)])) == [
        (Kind.ABANDONED_CART, State.OPEN, 1, None),
        (Kind.OVERDUE_RENEWAL, State.RECOVERED, 1, "B"),
        (Kind.OVERDUE_RENEWAL, State.OPEN, 1, None),
    ]


def test_a_charge_that_was_overdue_and_then_paid_recovered_itself() -> None:
    late = charge("A", "approved", 0, 2, paid=90, failed_as=Status.OVERDUE, failed_at=at(5))
    assert shown(pursue([late])) == [(Kind.OVERDUE_RENEWAL, State.RECOVERED, 1, "A")]


def test_buying_anew_ends_an_overdue_renewal_without_counting_as_its_recovery() -> None:
    told = [charge("A", "overdue", 0, 2), charge("B", "approved", 9, 1, "NEW")]
    assert shown(pursue(told, [cart(5)])) == [
        (Kind.OVERDUE_RENEWAL, State.SUPERSEDED, 1, "B"),
        (Kind.ABANDONED_CART, State.RECOVERED, 1, "B"),
    ]


def test_a_renewal_that_waits_for_its_payment_is_nobodys_opportunity() -> None:
    assert pursue([charge("A", "waiting_payment", 0, 2)]) == ()


def test_without_an_order_date_the_moment_it_speaks_for_has_to_do() -> None:
    undated = bought("A", "canceled", 4)._replace(ordered_at=None)
    assert pursue([undated])[0].last.at == at(4)
    sale = bought("B", "approved", 8)._replace(ordered_at=None, approved_at=None)
    assert pursue([undated, sale])[0].state is State.RECOVERED


@pytest.mark.parametrize(
    ("known", "key"),
    [
        (("7", "Curso", "o"), "p:7"),
        ((None, "  Curso  A ", "o"), "n:curso a"),
        ((None, " ", "o"), "o:o"),
        ((None, None, None), None),
        (("", "", ""), None),
    ],
)
def test_a_product_is_known_by_its_id_else_its_name_else_the_offer(known: Any, key: str | None) -> None:
    assert product_key(*known) == key


def purchases() -> st.SearchStrategy[list[Bought]]:
    one = st.builds(
        lambda number, status, minutes, wait, charge, code, bump, failure: bought(
            f"P{number}",
            status,
            minutes,
            paid=minutes + wait,
            recurrence_number=charge,
            subscriber_code=code,
            is_bump=bump,
            failed_as=failure,
            failed_at=at(minutes + 2) if failure else None,
        ),
        st.integers(0, 99),
        st.sampled_from(list(Status)),
        st.integers(0, 20),
        st.integers(0, 6),
        st.sampled_from([None, None, 1, 2, 3]),
        st.sampled_from([None, "S", "T"]),
        st.booleans(),
        st.sampled_from([None, None, Status.EXPIRED, Status.CANCELED, Status.OVERDUE]),
    )
    return st.lists(one, max_size=9, unique_by=lambda purchase: purchase.key)


CARTS = st.lists(st.integers(0, 20).map(cart), max_size=4, unique=True)


@given(told=purchases(), carts=CARTS, chance=st.randoms(use_true_random=False))
def test_any_order_and_repetition_give_the_same_episodes(told: list[Bought], carts: list[Cart], chance: Any) -> None:
    mixed, left = told + told[:3], carts + carts[:1]
    chance.shuffle(mixed)
    chance.shuffle(left)
    assert pursue(mixed, left) == pursue(told, carts)


@given(told=purchases(), carts=CARTS)
def test_every_attempt_is_in_one_episode_and_no_sale_recovers_two(told: list[Bought], carts: list[Cart]) -> None:
    episodes = pursue(told, carts)
    keys = [attempt.key for episode in episodes for attempt in episode.attempts]
    expected = {f"c:{one.key}" for one in carts} | {
        f"t:{one.key}"
        for one in told
        if not one.is_bump
        and one.failure is not None
        and not (one.is_renewal and one.failure not in (Status.CANCELED, Status.EXPIRED, Status.OVERDUE))
    }
    assert sorted(keys) == sorted(expected)
    recovering = [one.sale.key for one in episodes if one.sale and one.state is State.RECOVERED]
    assert len(recovering) == len(set(recovering))
    assert all(one.sale is None or one.sale.at >= one.last.at for one in episodes)
    open_anew = [one for one in episodes if one.state is State.OPEN and one.last.kind is not Kind.OVERDUE_RENEWAL]
    assert len(open_anew) <= 1, "one open opportunity per buyer and product"
