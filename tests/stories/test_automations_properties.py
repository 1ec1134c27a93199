"""Any order, any trouble of Kommo, any death of workers: at rest Kommo holds what a calm run leaves."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from service import kommo_desk
from service.connectors import limits
from service.connectors.kommo.listening import Exchanged
from service.connectors.kommo.shapes import Kind
from service.connectors.limits import Pace
from service.domain.automation.triggers import Trigger
from service.store import crm_links, history, leases
from service.store.engine import transaction
from service.store.history import Wanted
from tests.connectors.conftest import client_of
from tests.connectors.test_unclear import held
from tests.kommo.faults import Fault, When
from tests.kommo.memory import Account
from tests.kommo.rates import ALLOWED, Rates
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import (
    BRUNO,
    SOMEBODYS,
    approved,
    automate,
    cart,
    connect,
    deliver_all,
    expire,
    hurry,
    outbox,
    poured,
    told,
)
from workers.workshop import Workshop

PER_SECOND = 150
"""Our own limit here; Kommo's stands to it as its seven requests a second to our five."""
ROAD = "marco:road:kommo"
A_DAY = 86_400.0
ROUNDS = 40
BUMP = "HP0000000002"
STORY = (
    cart(0),
    approved(10),
    approved(10, BUMP, parent="HP0000000001"),
    told("PURCHASE_REFUNDED", 30),
    told("PURCHASE_COMPLETE", 40, BUMP),
    approved(12, "HP0000000003", BRUNO),
)
STAGES = {
    Trigger.CART_ABANDONED: 61000010,
    Trigger.SALE_APPROVED: 61000020,
    Trigger.SALE_REFUNDED: 143,
    Trigger.SALE_COMPLETE: 142,
}
INVALID: dict[str, object] = {
    "status": 400,
    "validation-errors": [{"request_id": "0", "errors": [{"code": "InvalidType", "path": "price", "detail": "no"}]}],
}


class Killed(BaseException):
    """The worker is gone."""


class Seams:
    """The places between two steps of a worker: before and behind every request, and before what it did is kept."""

    def __init__(self, deaths: set[int]) -> None:
        self.deaths, self.passed = deaths, 0

    def passes(self) -> None:
        """One seam; a worker that is to die here does."""
        self.passed += 1
        if self.passed in self.deaths:
            raise Killed

    @contextlib.contextmanager
    def sewn(self) -> Iterator[None]:
        """Workers pass these seams, in this block."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Exchanged, "_once", self._around(Exchanged._once))
            patch.setattr(leases, "settle", self._around(leases.settle))
            patch.setattr(crm_links, "keep", self._around(crm_links.keep))
            yield

    def _around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def seamed(*said: Any, **more: Any) -> Any:
            self.passes()
            done = step(*said, **more)
            self.passes()
            return done

        return seamed


def contents(account: Account) -> str:
    """Everything in a Kommo but numbers, times and the marks of notes, which name the automation."""
    return re.sub(r"#[0-9a-f]{10}", "#", held(account))


class World:
    """A seller with automations, connected to a Kommo of its own."""

    def __init__(self, app: Flask, shop: Workshop, fake: FakeKommo, index_delay: float = 0.0) -> None:
        self.house, self.fake = House(app, shop), fake
        self.redis = Redis.from_url(shop.settings.redis_url)
        fake.account = Account(id=30112233)
        fake.accounts, fake.rates = {fake.account.token: fake.account}, Rates(per_second=10_000)
        client = client_of(fake)
        client.create(Kind.LEADS, [{"name": SOMEBODYS, "price": 10}])
        client.close()
        fake.account.index.catch_up()
        fake.account.index_delay = index_delay
        fake.rates = Rates(per_second=ALLOWED * PER_SECOND // limits.PER_SECOND, ban_after=1)
        connect(self.house, fake)
        for trigger, stage in STAGES.items():
            note = f"{trigger} {{{{Código de transação}}}}: {{{{Preço da compra | money}}}}"
            mapping = {"stage_id": stage, "tags": ["hotmart", str(trigger)], "note": note}
            mapping |= {"company": "{{Comprador: Sobrenome}} Ltda"}
            automate(self.house, trigger, even_overtaken=True, mapping=mapping)

    def works(self) -> None:
        """Workers take over from dead ones; waits, leases, pauses and bans pass, until all is done."""
        for _ in range(ROUNDS):
            self.redis.delete(ROAD)
            with contextlib.suppress(Killed):
                deliver_all(self.house)
            if {state for *_, state in outbox(self.house)} <= {"done"}:
                return
            expire(self.house)
            hurry(self.house)
            with transaction(self.house.shop.engine) as tx:
                history.resend_all(tx, self.house.account.id, Wanted(states=["given_up"]), datetime.now(UTC))
        raise AssertionError(f"never at rest: {outbox(self.house)}")


FAULTS = st.builds(
    Fault,
    status=st.sampled_from([0, 204, 400, 403, 429, 500, 503, 504]),
    method=st.sampled_from(["POST", "POST", "PATCH"]),
    path=st.sampled_from(["complex", "contacts", "leads$", "companies$", "notes", "link", "."]),
    when=st.sampled_from(When),
    times=st.integers(1, 2),
    skip=st.integers(0, 4),
) | st.builds(
    Fault,
    status=st.sampled_from([0, 403, 429, 500, 504]),
    method=st.just("GET"),
    times=st.integers(1, 2),
    skip=st.integers(0, 20),
)


def shaped(fault: Fault) -> Fault:
    """The fault as Kommo answers it: a refusal by index in JSON, a 204 without words, others as pages."""
    if fault.status == 400:
        fault.body, fault.when = INVALID, When.BEFORE
    if fault.status == 204:
        fault.body, fault.when = "", When.AFTER
    return fault


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeKommo]:
    with FakeKommo().running() as running:
        yield running


@pytest.fixture(scope="module")
def calm(app: Flask, shop: Workshop, fake: FakeKommo) -> str:
    """What a run without any trouble leaves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kommo_desk, "PACE", Pace(per_second=PER_SECOND))
        world = World(app, shop, fake)
        world.house.receives(*STORY)
        world.works()
        return contents(fake.account)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    order=st.permutations(range(len(STORY))),
    again=st.lists(st.integers(0, len(STORY) - 1), max_size=3),
    history_too=st.booleans(),
    works_between=st.sets(st.integers(0, 8)),
    faults=st.lists(FAULTS, max_size=5),
    deaths=st.sets(st.integers(1, 120), max_size=5),
    index_delay=st.sampled_from([0.0, 10 * A_DAY]),
)
def test_any_order_repetition_faults_and_deaths_leave_what_a_calm_run_leaves(
    app: Flask,
    shop: Workshop,
    fake: FakeKommo,
    calm: str,
    order: list[int],
    again: list[int],
    history_too: bool,
    works_between: set[int],
    faults: list[Fault],
    deaths: set[int],
    index_delay: float,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kommo_desk, "PACE", Pace(per_second=PER_SECOND, first_pause=0.02, closed=0.05))
        patch.setattr("workers.to_kommo_many.time.sleep", lambda _: None)
        world = World(app, shop, fake, index_delay)
        fake.faults.plan(*map(shaped, faults))
        with Seams(deaths).sewn():
            for place, number in enumerate([*order, *again]):
                (poured if history_too else House.receives)(world.house, STORY[number])
                if place in works_between:
                    with contextlib.suppress(Killed):
                        deliver_all(world.house)
            world.works()
        fake.faults.clear()
    assert contents(fake.account) == calm
    assert (fake.rates.refusals, fake.rates.banned) == (0, False)


def test_the_calm_run_leaves_a_lead_for_each_of_three_sales_and_a_cart_and_a_note_for_each_promise(calm: str) -> None:
    rows, links, notes = json.loads(calm)
    leads = [row for row in rows if row.startswith("('leads") and SOMEBODYS not in row]
    assert (len(leads), len(rows) - len(leads) - 1) == (4, 4)
    assert len(notes) == len(STORY)
    assert len(links) == 2 * 4 + 2
