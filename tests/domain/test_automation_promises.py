"""Promises: a trigger fires when what it is about is in the ledger for the first time, and never again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.automation.appearances import Overtaken
from service.domain.automation.promises import Automation, promises
from service.domain.automation.triggers import MEANING, TRIGGER_OF_MILESTONE, Subject, SubjectKind, Trigger
from service.domain.automation.writes import News, Priority, Rows, charge_name
from service.domain.facts import Certainty, Fact, Kind
from service.domain.journey import KINDS
from service.domain.ledger import Folded, Milestone
from service.domain.statuses import Status
from service.samples import BOLETO, Told, an_event
from service.samples.cast import CLUB
from service.sources import postback
from service.sources.seal import sealed
from service.sources.telling import Kept
from tests.builders import a_fact, at
from tests.domain.automation_ledger import CAREFUL, EVERY_TRIGGER, LittleLedger, fired, triggers

PIX = {"payment_type": "PIX", "product_id": "7", "product_name": "Curso"}
CARD = {"payment_type": "CREDIT_CARD", "product_id": "7", "product_name": "Curso"}
SUBJECT_OF_KIND = {Kind.CART: "c", Kind.SUBSCRIPTION: "s", Kind.ACCESS: "a", Kind.SHIPMENT: "t"}


def an_event_fact(kind: Kind, said: str, key: str, minutes: float = 0, delivery_id: int = 50, **fields: object) -> Fact:
    """A fact of a cart, a subscription or a visit."""
    return sealed(
        Fact(
            kind=kind,
            subject=f"{SUBJECT_OF_KIND[kind]}:{key}",
            source="hotmart",
            said=said,
            as_of=at(minutes),
            certainty=Certainty.KNOWN,
            occurred_at=at(minutes),
            fields={name: value for name, value in fields.items() if value is not None},
            email="ana@example.com",
            delivery_id=delivery_id,
        )
    )


def a_cart(minutes: float = 0, day: str = "2026-07-02") -> Fact:
    key = "ana@example.com|7"
    return an_event_fact(Kind.CART, "PURCHASE_OUT_OF_SHOPPING_CART", key, minutes, day=day, product_id="7")


def a_cancellation(minutes: float = 0) -> Fact:
    return an_event_fact(Kind.SUBSCRIPTION, "SUBSCRIPTION_CANCELLATION", "S1", minutes, subscriber_code="S1")


def a_visit(said: str, minutes: float = 0, module_id: str | None = None) -> Fact:
    return an_event_fact(Kind.ACCESS, said, "ana@example.com|7", minutes, product_id="7", module_id=module_id)


def a_switch(plan: str, minutes: float) -> Fact:
    return an_event_fact(Kind.SUBSCRIPTION, "SWITCH_PLAN", "S1", minutes, plan_name=plan)


def a_charge(number: int, status: Status = Status.APPROVED, minutes: float = 0, transaction: str | None = None) -> Fact:
    """A charge of the subscription S1."""
    code = transaction or f"HP{number}"
    return a_fact(
        status, minutes=minutes, transaction=code, recurrence_number=number, subscriber_code="S1", product_id="8"
    )


def test_every_trigger_has_a_meaning_and_every_milestone_a_trigger():
    assert set(MEANING) == set(Trigger)
    assert set(TRIGGER_OF_MILESTONE) == KINDS | {"lead_stage_reached"}
    assert [one.code for one in MEANING.values() if one.code] == [f"T{number}" for number in range(1, 13)]


def test_a_first_approval_makes_a_sale_and_approves_it():
    ledger = LittleLedger()
    assert fired(ledger.told(a_fact())) == [("sale_created", "t:HP1"), ("sale_approved", "t:HP1")]


def test_a_repeat_fires_nothing_whoever_sends_it():
    ledger = LittleLedger()
    ledger.told(a_fact(delivery_id=1))
    assert ledger.told(a_fact(delivery_id=2)) == []
    assert ledger.told(a_fact(delivery_id=3, minutes=9)) == []


def test_each_step_of_a_sale_fires_once():
    ledger = LittleLedger()
    steps = [Status.WAITING_PAYMENT, Status.APPROVED, Status.COMPLETE, Status.DISPUTED, Status.REFUNDED]
    assert [triggers(ledger.told(a_fact(step, minutes=minute))) for minute, step in enumerate(steps)] == [
        ["sale_created", "payment_issued"],
        ["sale_approved"],
        ["sale_complete"],
        ["refund_requested"],
        ["sale_refunded"],
    ]


@pytest.mark.parametrize(
    ("status", "trigger"),
    [
        (Status.EXPIRED, "sale_expired"),
        (Status.OVERDUE, "sale_overdue"),
        (Status.CANCELED, "sale_canceled"),
        (Status.CHARGEBACK, "chargeback"),
        (Status.PARTIALLY_REFUNDED, "sale_partially_refunded"),
    ],
)
def test_every_end_of_a_sale_has_its_trigger(status, trigger):
    assert triggers(LittleLedger().told(a_fact(status))) == ["sale_created", trigger]


def test_a_sale_in_a_status_without_a_step_is_still_seen_for_the_first_time():
    assert triggers(LittleLedger().told(a_fact(Status.IN_REVIEW))) == ["sale_created"]


def test_a_subscription_is_created_once_begun_once_and_renewed_by_each_charge():
    ledger = LittleLedger()
    first = ledger.told(a_charge(1, Status.WAITING_PAYMENT))
    assert fired(first) == [
        ("subscription_created", "s:S1"),
        ("sale_created", "t:HP1"),
        ("payment_issued", "t:HP1"),
    ]
    assert triggers(ledger.told(a_charge(1, minutes=5))) == ["sale_approved", "subscription_started"]
    assert fired(ledger.told(a_charge(2, minutes=9))) == [
        ("sale_created", "t:HP2#2"),
        ("sale_approved", "t:HP2#2"),
        ("subscription_renewed", "t:HP2#2"),
    ]


def test_a_renewal_of_a_subscription_older_than_us_does_not_create_it():
    assert "subscription_created" not in triggers(LittleLedger().told(a_charge(13)))


def test_a_second_try_at_the_first_charge_does_not_create_the_subscription_again():
    ledger = LittleLedger()
    ledger.told(a_charge(1, Status.CANCELED, transaction="HP1"))
    assert triggers(ledger.told(a_charge(1, minutes=4, transaction="HP2"))) == [
        "sale_created",
        "sale_approved",
        "subscription_started",
        "sale_recovered",
    ]


def test_every_cancellation_of_a_subscription_is_one_of_its_own():
    ledger = LittleLedger()
    first, again = ledger.told(a_cancellation(0)), ledger.told(a_cancellation(99))
    assert triggers(first) == triggers(again) == ["subscription_canceled"]
    assert first[0].key != again[0].key
    assert first[0].appearance.about == again[0].appearance.about == Subject(SubjectKind.SUBSCRIPTION, "S1")


def test_carts_count_by_buyer_product_and_day():
    ledger = LittleLedger()
    assert fired(ledger.told(a_cart())) == [("cart_abandoned", "c:ana@example.com|7|2026-07-02")]
    assert ledger.told(a_cart(minutes=30)) == []
    assert triggers(ledger.told(a_cart(minutes=1440, day="2026-07-03"))) == ["cart_abandoned"]


def test_a_member_enters_once_and_completes_each_module_once():
    ledger = LittleLedger()
    assert triggers(ledger.told(a_visit("CLUB_FIRST_ACCESS"))) == ["first_access"]
    assert ledger.told(a_visit("CLUB_FIRST_ACCESS", 60)) == []
    done = ledger.told(a_visit("CLUB_MODULE_COMPLETED", 70, "m1"), a_visit("CLUB_MODULE_COMPLETED", 80, "m2"))
    assert triggers(done) == ["module_completed", "module_completed"]
    assert {one.appearance.about for one in done} == {Subject(SubjectKind.CLIENT_PRODUCT, "ana@example.com|7")}


def test_logistics_fire_without_a_sale_and_do_not_fire_again_with_it():
    shipped = an_event_fact(Kind.SHIPMENT, "ORDER_FULFILLMENT", "HP1")
    ledger = LittleLedger()
    assert fired(ledger.told(shipped)) == [("sale_shipped", "t:HP1")]
    assert triggers(ledger.told(a_charge(13, transaction="HP1"))) == [
        "sale_created",
        "sale_approved",
        "subscription_renewed",
    ]


def test_a_stage_that_a_lead_reached_is_a_milestone_like_any_other():
    reached = Milestone(
        kind="lead_stage_reached",
        key="9001|7700:142|2026-07-02T12:00:00+00:00",
        subject="l:9001",
        email="ana@example.com",
        occurred_at="2026-07-02T12:00:00+00:00",
        approximate=False,
        times=1,
        last_at="2026-07-02T12:00:00+00:00",
        product_id=None,
        product_name=None,
        transaction=None,
        amount_value=None,
        amount_currency=None,
        status=None,
        detail=None,
        source="kommo",
        delivery_id=8,
    )
    hook = replace(a_fact(delivery_id=8), subject="l:9001")
    after = Rows({"l:9001": Folded(milestones=(reached,))})
    found = promises(Rows({}), after, EVERY_TRIGGER, News([hook]))
    assert fired(found) == [("lead_stage_reached", f"l:{reached.key}")]
    assert found[0].appearance.about == Subject(SubjectKind.LEAD, "9001")


def test_a_charge_keeps_its_name_when_the_ledger_renames_it():
    assert charge_name("HP1", None) == charge_name("HP1", 1) == "HP1"
    assert charge_name("HP1", 2) == charge_name("HP1#2", 2) == "HP1#2"
    assert charge_name("HP##2", 2) == "HP##2#2"
    ledger = LittleLedger()
    ledger.told(a_charge(2, transaction="HP1"))
    assert fired(ledger.told(a_charge(1, minutes=3)))[-1] == ("subscription_started", "s:S1")


# Recoveries


def test_a_sale_after_a_refused_card_is_recovered():
    ledger = LittleLedger()
    ledger.told(a_fact(Status.CANCELED, transaction="HP1", **CARD))
    sold = ledger.told(a_fact(transaction="HP2", minutes=3, **CARD))
    assert fired(sold)[-1] == ("sale_recovered", "t:HP2")


def test_a_recovery_shows_also_when_the_refusal_comes_after_the_sale():
    ledger = LittleLedger()
    ledger.told(a_fact(transaction="HP2", minutes=3, **CARD))
    assert ("sale_recovered", "t:HP2") in fired(ledger.told(a_fact(Status.CANCELED, transaction="HP1", **CARD)))


def test_two_addresses_that_turn_out_to_be_one_person_fire_nothing():
    ledger = LittleLedger()
    ledger.told(a_fact(Status.CANCELED, transaction="HP1", email="ana@example.com", **CARD))
    ledger.told(a_fact(transaction="HP2", minutes=3, email="ana.lima@example.com", **CARD))
    apart = ledger.rows({"t:HP1", "t:HP2"})
    ledger.told(a_fact(transaction="HP2", minutes=4, email="ana@example.com", **CARD))
    together = ledger.rows({"t:HP1", "t:HP2"})
    said_by_a_person = replace(
        a_fact(), kind=Kind.IDENTITY, subject="i:ana.lima@example.com", said="merge", status=None
    )
    assert not apart.closed
    assert together.closed
    assert promises(apart, together, EVERY_TRIGGER, News([said_by_a_person])) == []


def test_a_sale_at_once_recovers_nothing():
    assert "sale_recovered" not in triggers(LittleLedger().told(a_fact(**CARD)))


def test_an_abandoned_cart_is_recovered_by_the_sale_and_no_sale_is_recovered_twice():
    ledger = LittleLedger()
    ledger.told(a_cart())
    assert "sale_recovered" in triggers(ledger.told(a_fact(minutes=20, **PIX)))
    assert "sale_recovered" not in triggers(ledger.told(a_fact(Status.CANCELED, transaction="HP9", minutes=10, **CARD)))


def test_a_recovery_that_was_given_back_when_it_showed_is_overtaken():
    ledger = LittleLedger(CAREFUL)
    ledger.told(a_fact(transaction="HP2", minutes=3, **CARD))
    ledger.told(a_fact(Status.REFUNDED, transaction="HP2", minutes=9, **CARD))
    assert "sale_recovered" not in triggers(ledger.told(a_fact(Status.CANCELED, transaction="HP1", **CARD)))
    assert "sale_recovered" in triggers(ledger.passed_over)


# What is overtaken


def test_an_approval_that_comes_after_its_refund_fires_only_if_the_automation_says_so():
    careful, eager = LittleLedger(CAREFUL), LittleLedger()
    for ledger in (careful, eager):
        ledger.told(a_fact(Status.REFUNDED, minutes=9))
    assert triggers(careful.told(a_fact())) == []
    assert [one.appearance.overtaken for one in careful.passed_over] == [Overtaken.MOVED_ON]
    assert triggers(eager.told(a_fact())) == ["sale_approved"]


def test_an_approval_that_only_the_refund_tells_of_is_overtaken():
    ledger = LittleLedger(CAREFUL)
    refund = a_fact(Status.REFUNDED, minutes=9, approved_at=at(1).isoformat())
    assert triggers(ledger.told(refund)) == ["sale_created", "sale_refunded"]
    assert triggers(ledger.told(a_fact(minutes=1, approved_at=at(1).isoformat()))) == []


def test_a_boleto_that_is_heard_of_with_its_payment_is_overtaken():
    ledger = LittleLedger(CAREFUL)
    both = ledger.told(a_fact(minutes=2), a_fact(Status.WAITING_PAYMENT))
    assert triggers(both) == ["sale_created", "sale_approved"]


def test_a_cart_of_somebody_who_has_bought_since_is_overtaken():
    ledger = LittleLedger(CAREFUL)
    ledger.told(a_fact(minutes=20, **PIX))
    assert triggers(ledger.told(a_cart(minutes=10))) == ["sale_recovered"]
    assert [one.appearance.overtaken for one in ledger.passed_over] == [Overtaken.BOUGHT]


def test_a_boleto_that_expires_after_the_product_was_bought_by_card_is_overtaken():
    ledger = LittleLedger(CAREFUL)
    ordered = {"ordered_at": at(0).isoformat()}
    ledger.told(a_fact(Status.WAITING_PAYMENT, transaction="HP1", payment_type="BILLET", product_id="7", **ordered))
    ledger.told(a_fact(minutes=5, transaction="HP2", **CARD))
    assert triggers(ledger.told(a_fact(Status.EXPIRED, minutes=99, transaction="HP1", **ordered))) == []


def test_an_older_switch_of_plan_is_overtaken_by_a_later_one():
    ledger = LittleLedger(CAREFUL)
    assert triggers(ledger.told(a_switch("Anual", 9))) == ["plan_switched"]
    assert triggers(ledger.told(a_switch("Semestral", 1))) == []


def test_a_first_sight_is_never_overtaken():
    assert triggers(LittleLedger(CAREFUL).told(a_charge(1, Status.CHARGEBACK))) == [
        "subscription_created",
        "sale_created",
        "chargeback",
    ]


# Rows, undo, replay, drafts


def test_rows_of_a_spreadsheet_fire_nothing():
    assert LittleLedger().told(a_fact(said="row", delivery_id=7)) == []


def test_rows_of_a_confirmed_import_fire_behind_live_traffic():
    owed = LittleLedger().told(a_fact(said="row", delivery_id=7), confirmed=[7])
    assert triggers(owed) == ["sale_created", "sale_approved"]
    assert {one.appearance.priority for one in owed} == {Priority.HISTORY}
    assert {one.appearance.priority for one in LittleLedger().told(a_fact())} == {Priority.LIVE}


def test_live_news_of_a_subject_is_not_kept_waiting_by_its_rows():
    row, live = a_fact(said="row", delivery_id=7), a_fact(minutes=1, delivery_id=8)
    for facts in ([row, live], [live, row]):
        assert {one.appearance.priority for one in LittleLedger().told(*facts, confirmed=[7])} == {Priority.LIVE}


def test_a_step_known_from_a_silent_row_is_no_news_when_its_postback_comes():
    ledger = LittleLedger()
    ledger.told(a_fact(said="row", delivery_id=7))
    assert ledger.told(a_fact(minutes=1)) == []


def test_a_row_that_did_not_know_the_charge_does_not_make_it_new():
    ledger = LittleLedger()
    row = a_fact(said="row", delivery_id=7, transaction="HP13", subscriber_code="S1")
    assert triggers(ledger.told(row, confirmed=[7])) == ["subscription_created", "sale_created", "sale_approved"]
    assert triggers(ledger.told(a_charge(13, minutes=3))) == ["subscription_renewed"]


def test_undo_fires_nothing_and_the_same_import_again_owes_the_same_keys():
    ledger = LittleLedger()
    live, row = a_fact(Status.WAITING_PAYMENT, delivery_id=1), a_fact(minutes=4, said="row", delivery_id=7)
    ledger.told(live)
    first = ledger.told(row, confirmed=[7])
    assert ledger.written([live], News([])) == []
    assert [one.key for one in ledger.told(row, confirmed=[7])] == [one.key for one in first]


def test_undo_that_uncovers_an_older_import_fires_nothing():
    ledger = LittleLedger()
    filler = a_fact(said="row", certainty=Certainty.FILLER, delivery_id=6)
    ledger.told(filler, a_fact(Status.REFUNDED, minutes=4, said="row", delivery_id=7))
    assert ledger.written([filler], News([])) == []


def test_replay_and_rebuild_fire_nothing_for_they_bring_no_news():
    ledger = LittleLedger()
    ledger.told(a_fact())
    assert ledger.written([a_fact(), a_fact(Status.COMPLETE, minutes=9)], News([])) == []
    ledger.facts, ledger.stories = [], {}
    assert ledger.written([a_fact()], News([])) == []


def test_drafts_and_other_triggers_are_owed_nothing():
    approved = Automation(1, Trigger.SALE_APPROVED)
    refunded = Automation(2, Trigger.SALE_REFUNDED)
    ledger = LittleLedger([approved._replace(on=False), refunded])
    assert ledger.told(a_fact()) == []


def test_several_automations_of_one_trigger_are_each_owed():
    ledger = LittleLedger([Automation(1, Trigger.SALE_APPROVED), Automation(2, Trigger.SALE_APPROVED)])
    assert [one.key for one in ledger.told(a_fact())] == [
        (1, Trigger.SALE_APPROVED, "t:HP1"),
        (2, Trigger.SALE_APPROVED, "t:HP1"),
    ]


def test_promises_come_in_the_order_in_which_it_happened():
    ledger = LittleLedger()
    late, early = a_fact(transaction="HP2", minutes=5), a_fact(transaction="HP1", minutes=1)
    assert [one.appearance.subject for one in ledger.told(late, early)] == ["t:HP1", "t:HP1", "t:HP2", "t:HP2"]


# Any order


SALE = [Status.WAITING_PAYMENT, Status.CANCELED, Status.APPROVED, Status.COMPLETE, Status.DISPUTED, Status.REFUNDED]
STORY = [
    a_cart(1),
    a_fact(Status.CANCELED, minutes=2, transaction="HP7", delivery_id=2, **CARD),
    *(
        a_fact(
            status, minutes=10 + step, transaction="HP8", delivery_id=10 + step, approved_at=at(12).isoformat(), **PIX
        )
        for step, status in enumerate(SALE)
    ),
    a_charge(1, Status.WAITING_PAYMENT, 20),
    a_charge(1, Status.APPROVED, 21),
    a_charge(2, Status.APPROVED, 31),
    a_charge(3, Status.OVERDUE, 39, transaction="HP2"),  # one code, two charges
    a_charge(3, Status.APPROVED, 40, transaction="HP2"),
    a_charge(3, Status.CHARGEBACK, 41, transaction="HP2"),
    a_switch("Anual", 45),
    a_switch("Mensal", 46),
    a_cancellation(50),
    a_cancellation(60),
    a_visit("CLUB_FIRST_ACCESS", 15),
    a_visit("CLUB_MODULE_COMPLETED", 16, "m1"),
    an_event_fact(Kind.SHIPMENT, "ORDER_FULFILLMENT", "HP8", 14),
]
"""A buyer's story, in order: a cart, a refused card, a sale to its end, and a subscription with its ups and downs."""


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Fact]]:
    """The story in any order, some of it repeated under other deliveries, cut into batches anyhow."""
    repeated = draw(st.lists(st.sampled_from(STORY), max_size=8))
    again = [replace(fact, delivery_id=900 + number) for number, fact in enumerate(repeated)]
    order = draw(st.permutations([*STORY, *again]))
    batches: list[list[Fact]] = [[]]
    for fact in order:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(fact)
    return batches


def keys_of(batches: Sequence[Sequence[Fact]], automations: Sequence[Automation]) -> list[tuple[int, Trigger, str]]:
    ledger = LittleLedger(automations)
    return [one.key for batch in batches for one in ledger.told(*batch)]


CALM = keys_of([[fact] for fact in STORY], EVERY_TRIGGER)


def test_the_story_is_one_in_which_every_trigger_of_hotmart_has_its_place():
    never = {"sale_expired", "sale_partially_refunded", "charge_date_changed", "lead_stage_reached"}
    assert {str(trigger) for _, trigger, _ in CALM} == set(Trigger) - never


@settings(deadline=None)
@given(deliveries())
def test_any_order_repetition_and_batching_owes_what_a_calm_run_owes(batches):
    owed = keys_of(batches, EVERY_TRIGGER)
    assert sorted(owed) == sorted(CALM)


@settings(deadline=None)
@given(deliveries())
def test_a_careful_automation_is_owed_just_what_was_not_overtaken_when_it_came(batches):
    careful = LittleLedger(CAREFUL)
    owed = [one.key for batch in batches for one in careful.told(*batch)]
    assert sorted([*owed, *(one.key for one in careful.passed_over)]) == sorted(CALM)
    assert all(one.appearance.overtaken for one in careful.passed_over)


TOLD: Told = {"email": "ana@example.com", "product": CLUB, "payment": BOLETO}
FIRST: Told = {"ordered_at": at(1 * 1440), "approved_at": at(2 * 1440)}
RENEWAL: Told = {
    "recurrence": 2,
    "transaction": "HP2",
    "ordered_at": at(31 * 1440),
    "approved_at": at(33 * 1440),
}
AT_HOTMART: list[tuple[str, int, Told]] = [
    ("PURCHASE_OUT_OF_SHOPPING_CART", 0, {}),
    ("PURCHASE_BILLET_PRINTED", 1, FIRST),
    ("PURCHASE_APPROVED", 2, FIRST),
    ("PURCHASE_COMPLETE", 9, FIRST),
    ("CLUB_FIRST_ACCESS", 9, {}),
    ("CLUB_MODULE_COMPLETED", 10, {}),
    ("UPDATE_SUBSCRIPTION_CHARGE_DATE", 11, {}),
    ("PURCHASE_DELAYED", 31, RENEWAL),
    ("PURCHASE_DELAYED", 32, RENEWAL),
    ("PURCHASE_APPROVED", 33, RENEWAL),
    ("PURCHASE_PROTEST", 35, RENEWAL),
    ("PURCHASE_REFUNDED", 36, RENEWAL),
    ("SUBSCRIPTION_CANCELLATION", 36, {}),
]
"""A member's story as Hotmart posts it: event, day, what else is told."""


def posted() -> list[Fact]:
    kept = Kept(0, "hotmart", at(99 * 1440), ZoneInfo("America/Sao_Paulo"), "producer")
    events = [an_event(event, **{**TOLD, **more, "at": at(day * 1440)}) for event, day, more in AT_HOTMART]
    bodies = [json.dumps(event).encode() for event in events]
    return [
        fact for number, body in enumerate(bodies, 1) for fact in translated(body, replace(kept, delivery_id=number))
    ]


def translated(body: bytes, kept: Kept) -> list[Fact]:
    telling = postback.translate(body, kept)
    assert telling.state == "done"
    return telling.facts


POSTED = posted()


@settings(deadline=None)
@given(st.permutations(range(len(POSTED))), st.lists(st.integers(1, len(POSTED)), max_size=4))
def test_a_members_postbacks_owe_the_same_in_any_order_and_batches(order, cuts):
    batches = [order[begin:end] for begin, end in pairwise([0, *sorted(cuts), len(order)])]
    owed = keys_of([[POSTED[number] for number in batch] for batch in batches], EVERY_TRIGGER)
    assert sorted(owed) == sorted(keys_of([[fact] for fact in POSTED], EVERY_TRIGGER))
    assert {str(trigger) for _, trigger, _ in owed} >= {"subscription_renewed", "sale_recovered", "charge_date_changed"}
