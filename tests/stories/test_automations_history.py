"""Poured history reaches Kommo many at a time, behind live traffic, and leaves what one by one would have left."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from redis import Redis
from sqlalchemy import Connection

from service import kommo_desk
from service.domain.automation.triggers import Trigger
from service.store import leases
from service.store.leases import Leased
from tests.kommo.faults import Fault, When
from tests.kommo.server import FakeKommo, Seen
from tests.living import House
from tests.stories.automating import (
    ANA,
    a_buyer,
    approved,
    attempts,
    automate,
    deliver_all,
    expire,
    hurry,
    ours,
    outbox,
    poured,
    switch,
    told,
)
from workers import deliver

READS = 3
"""Searches for a sale of an unknown buyer with e-mail and phone: for the lead, for the address, for the phone."""
MOST_BETWEEN = 8
"""Requests a live sale waits for at most: those of one history sale, or the writes of a batch."""


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:
    return kommo_of_house


def states(house: House) -> list[str]:
    return [state for *_, state in outbox(house)]


def at_rest(house: House, rounds: int = 6) -> None:
    """Workers go on until nothing is open."""
    for _ in range(rounds):
        expire(house)
        hurry(house)
        deliver_all(house)


def test_a_hundred_sales_of_history_cost_their_searches_and_a_twenty_fifth_of_a_request_each(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(100)))
    deliver_all(house)
    assert states(house) == ["done"] * 100
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == len(kommo.account.notes) == 100
    set_up = 7
    assert len(kommo.seen) - set_up == READS * 100 + 2 * 100 // 50
    assert kommo.writes() == [("POST", "leads/complex"), ("POST", "leads/notes")] * 2


def test_second_sales_of_known_buyers_are_looked_up_fifty_to_a_request(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(50)))
    deliver_all(house)
    kommo.seen.clear()
    poured(house, *(a_buyer(number, sale=1) for number in range(50)))
    deliver_all(house)
    assert states(house) == ["done"] * 100
    assert len(kommo.account.all("contacts")) == 50
    searches = [seen for seen in kommo.sent("GET") if "query=" in seen.query]
    assert len(searches) == 50
    others = [(seen.method, seen.path.removeprefix("/api/v4/")) for seen in kommo.seen if seen not in searches]
    assert others == [("GET", "contacts"), ("POST", "leads"), ("POST", "leads/notes")]


def test_every_sale_of_a_batch_has_a_history_of_its_own_that_tells_nothing_of_the_others(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(3)))
    deliver_all(house)
    rows = house.rows(
        "SELECT o.email, o.lead_id, a.* FROM outbox o JOIN outbox_attempts a USING (account_id)"
        " WHERE a.outbox_id = o.id AND account_id = :account ORDER BY o.id"
    )
    assert [(row.number, row.outcome) for row in rows] == [(1, "done")] * 3
    for row in rows:
        text = str((row.exchanges, row.changes, row.decision))
        assert row.email in text
        assert not [other.email for other in rows if other.email != row.email and other.email in text]
        written = [(one["method"], one["path"], one["status"]) for one in row.exchanges if one["method"] != "GET"]
        assert written == [("POST", "leads/complex", "200"), ("POST", "leads/notes", "200")]
        assert row.exchanges[-2]["answer"].startswith(f'{{"id": {row.lead_id},')
        assert {(one["kind"], one["field"]) for one in row.changes} >= {("leads", "name"), ("contacts", "E-mail")}


def test_two_clients_with_one_phone_are_not_made_in_one_batch(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, a_buyer(1), a_buyer(2, phone=1), a_buyer(3))
    assert deliver.step(house.shop) == 3
    assert states(house) == ["done", "waiting", "done"]
    deliver_all(house)
    assert states(house) == ["done"] * 3
    assert attempts(house) == [("done", None)] * 3
    assert len(kommo.account.all("contacts")) == 2
    assert len(ours(kommo)) == 3


def test_a_sale_kommo_does_not_take_leaves_the_others_of_its_batch_alone(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(a_buyer(9))
    deliver_all(house)
    refused = {"request_id": "1", "errors": [{"code": "NotSupportedChoice", "path": "price", "detail": "no"}]}
    body: dict[str, object] = {"status": 400, "validation-errors": [refused]}
    kommo.faults.plan(Fault(400, "POST", "complex", body=body, at_least=3))
    poured(house, *(a_buyer(number) for number in (1, 2, 3)))
    deliver.step(house.shop)
    assert states(house) == ["done", "done", "failed", "done"]
    assert [cause for _, cause in attempts(house)] == [None, None, "kommo_rejected", None]
    at_rest(house)
    assert states(house) == ["done"] * 4
    assert len(ours(kommo)) == len(kommo.account.notes) == 4


def test_a_batch_whose_answer_was_lost_is_adopted_sale_by_sale(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.account.index_delay = 60.0
    kommo.faults.plan(Fault(504, "POST", "complex", When.AFTER))
    poured(house, *(a_buyer(number) for number in range(5)))
    deliver.step(house.shop)
    assert states(house) == ["failed"] * 5
    at_rest(house)
    assert states(house) == ["done"] * 5
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == len(kommo.account.notes) == 5


def test_a_pause_in_the_middle_of_a_batch_is_waited_out_and_costs_nothing_twice(
    house: House, kommo: FakeKommo, monkeypatch: pytest.MonkeyPatch
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(4)))
    kommo.faults.plan(Fault(429, "GET", "contacts", skip=5))
    redis, slept = Redis.from_url(house.shop.settings.redis_url), list[float]()

    def sleep(seconds: float) -> None:
        if seconds >= 1:  # neither the fake's own waits nor a turn on the road
            slept.append(seconds)
            redis.delete("marco:road:kommo")

    monkeypatch.setattr("workers.to_kommo_many.time.sleep", sleep)
    assert deliver.step(house.shop) == 4
    assert (states(house), len(slept)) == (["done"] * 4, 1)
    assert len(kommo.sent("GET", "/contacts")) <= 2 * 4 + 2


@pytest.mark.parametrize("fault", [Fault(403, "GET", "contacts", skip=3), Fault(401, "GET", "contacts", skip=3)])
def test_where_nobody_may_ask_any_more_the_rest_of_a_batch_is_given_back_untried(
    house: House, kommo: FakeKommo, fault: Fault
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(Fault(fault.status, fault.method, fault.path, skip=fault.skip, body=fault.body))
    poured(house, *(a_buyer(number) for number in range(6)))
    deliver.step(house.shop)
    assert len(attempts(house)) == 1
    assert sorted(states(house)) == ["failed", *["waiting"] * 5]
    assert {row.attempts for row in house.rows("SELECT attempts FROM outbox WHERE account_id = :account")} == {0, 1}
    assert kommo.writes() == []


def test_an_automation_switched_off_in_the_middle_of_a_batch_writes_nothing_more(
    house: House, kommo: FakeKommo
) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(4)))
    when(kommo, 15, lambda: switch(house, made, "off"))
    deliver_all(house)
    assert kommo.writes() == []
    assert states(house) == ["waiting"] * 4
    switch(house, made, "on")
    deliver_all(house)
    assert states(house) == ["done"] * 4
    assert {row.number for row in house.rows("SELECT number FROM outbox_attempts WHERE account_id = :account")} == {1}


def when(kommo: FakeKommo, number: int, act: Callable[[], object]) -> None:
    """Do this once, while the request of this number is answered."""
    arrive, left = kommo.rates.arrive, [number]

    def arriving(account_id: int | None) -> int | None:
        left[0] -= 1
        if left[0] == 0:
            act()
        return arrive(account_id)

    kommo.rates.arrive = arriving  # type: ignore[method-assign]  # of this one fake


@pytest.mark.parametrize("number", [9, 40, 68, 69])
def test_a_live_sale_waits_for_a_few_requests_of_history_at_most(house: House, kommo: FakeKommo, number: int) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(20)))
    came: list[int] = []

    def sells() -> None:
        house.receives(approved(5, "HP0000099999", ANA))
        came.append(len(kommo.seen))

    when(kommo, number, sells)
    deliver_all(house)
    assert states(house) == ["done"] * 21
    first = next(place for place, seen in enumerate(kommo.seen) if "HP0000099999" in words_of(seen))
    assert first - came[0] <= MOST_BETWEEN


def test_all_live_sales_that_came_go_before_the_next_one_of_history(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(10)))
    lively = [f"HP00000999{number:02}" for number in range(4)]
    sales = (approved(5, code, f"live{code}@example.com") for code in lively)
    when(kommo, 14, lambda: house.receives(*sales))
    deliver_all(house)
    assert states(house) == ["done"] * 14
    searched = [seen.query for seen in kommo.sent("GET", "/leads") if "query=HP" in seen.query]
    places = [place for place, query in enumerate(searched) if any(code in query for code in lively)]
    assert places == list(range(places[0], places[0] + 4))
    assert 0 < places[0] < 9


def test_a_worker_killed_while_it_only_looked_leaves_nothing_to_look_for(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.account.fields["leads"].clear()  # nothing a lead could be found again by
    poured(house, *(a_buyer(number) for number in range(4)))
    kommo.faults.plan(Fault(500, "GET", "contacts$"))

    class Killed(BaseException):
        pass

    def dies() -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.to_kommo_many.apart", lambda _: dies())
        with pytest.raises(Killed):
            deliver.step(house.shop)
    expire(house)
    hurry(house)
    deliver_all(house)
    assert states(house) == ["done"] * 4
    assert {cause for _, cause in attempts(house)} == {"kommo_trouble", "worker_lost", None}
    assert len(ours(kommo)) == 4


class Clock:
    """Time that passes by requests: three seconds each."""

    def __init__(self, kommo: FakeKommo) -> None:
        self.kommo = kommo

    def monotonic(self) -> float:
        return 3.0 * len(self.kommo.seen)

    def sleep(self, _: float) -> None:
        """Nothing passes."""


def test_the_leases_of_a_long_batch_are_held_all_the_while(
    house: House, kommo: FakeKommo, monkeypatch: pytest.MonkeyPatch
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(10)))
    clock, held, hold = Clock(kommo), list[float](), leases.hold

    def holding(tx: Connection, leased: Leased) -> None:
        held.append(clock.monotonic())
        hold(tx, leased)

    monkeypatch.setattr("service.kommo_desk.time", clock)
    monkeypatch.setattr("workers.to_kommo_many.time", clock)
    monkeypatch.setattr(leases, "hold", holding)
    deliver.step(house.shop)
    assert states(house) == ["done"] * 10
    moments = [0.0, *sorted(set(held)), clock.monotonic()]
    assert max(later - earlier for earlier, later in pairwise(moments)) <= kommo_desk.HOLD_EVERY + 2 * 3.0


def test_a_batch_that_lost_its_leases_sends_nothing_more_and_settles_nothing(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    poured(house, *(a_buyer(number) for number in range(4)))
    when(kommo, 17, lambda: house.rows_changed("UPDATE outbox SET fence = fence + 1 WHERE account_id = :account"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kommo_desk, "HOLD_EVERY", 0.0)
        deliver.step(house.shop)
    assert (kommo.writes(), attempts(house), states(house)) == ([], [], ["leased"] * 4)
    at_rest(house)
    assert states(house) == ["done"] * 4
    assert len(ours(kommo)) == 4


def words_of(seen: Seen) -> str:
    return f"{seen.query} {seen.body}"


def test_a_refund_of_history_goes_behind_its_sale_and_both_leave_one_lead(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED, mapping={"stage_id": 61000020})
    automate(house, Trigger.SALE_REFUNDED, mapping={"stage_id": 143})
    for number in range(3):
        poured(house, a_buyer(number))
        poured(house, told("PURCHASE_REFUNDED", 9, f"HP00000{number:05}", f"buyer{number}@example.com"))
    deliver_all(house)
    assert states(house) == ["done"] * 6
    assert {lead["status_id"] for lead in ours(kommo)} == {143}
    assert len(ours(kommo)) == len(kommo.account.all("contacts")) == 3
