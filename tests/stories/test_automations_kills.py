"""Workers that die between any two requests to Kommo: at rest Kommo holds what a calm run leaves."""

from __future__ import annotations

import os
import signal

import pytest

from service.connectors.kommo.listening import Exchanged
from service.domain.automation.triggers import Trigger
from service.store.engine import engine_of
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import a_buyer, approved, automate, deliver_all, expire, hurry, ours, outbox, poured
from workers import deliver
from workers.workshop import Workshop


def dies_at(house: House, request: int) -> bool:
    """A worker process that is killed when it is about to send this request, or after its answer; whether it was."""
    child = os.fork()
    if child == 0:
        own = Workshop(house.shop.settings, engine_of(house.shop.settings.database_url), house.shop.bell)
        _kill_at(request)
        while deliver.step(own):
            continue
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _kill_at(request: int) -> None:
    """In this process: before the request of this number where it is even, behind it where it is odd."""
    seen, send = [0], Exchanged._once

    def counted(self: object, *args: object, **more: object) -> object:
        seen[0] += 1
        if seen[0] == request // 2 and request % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(self, *args, **more)
        if seen[0] == request // 2 and request % 2 == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Exchanged._once = counted  # type: ignore[method-assign,assignment]  # this process dies of it


@pytest.mark.parametrize("index_delay", [0.0, 30.0])
def test_killed_anywhere_a_sale_is_one_lead_one_contact_one_note(
    house: House, kommo_of_house: FakeKommo, index_delay: float
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo_of_house.account.index_delay = index_delay
    died, number = 0, 2
    while dies_with_a_sale(house, number):
        died, number = died + 1, number + 1
    assert died >= 10  # five requests, before and after each
    assert {state for *_, state in outbox(house)} == {"done"}
    sales = died + 1
    assert len(outbox(house)) == len(ours(kommo_of_house)) == sales
    assert len(kommo_of_house.account.all("contacts")) == len(kommo_of_house.account.notes) == sales


def dies_with_a_sale(house: House, request: int) -> bool:
    """One more buyer's sale, whose worker dies at this request; another one comes later. Whether it died."""
    house.receives(approved(request, f"HP00000010{request:02}", f"buyer{request}@example.com"))
    killed = dies_at(house, request)
    expire(house)
    deliver_all(house)
    hurry(house)
    deliver_all(house)
    return killed


@pytest.mark.parametrize("index_delay", [0.0, 30.0])
def test_killed_anywhere_in_a_batch_of_history_every_sale_is_one_lead_one_contact_one_note(
    house: House, kommo_of_house: FakeKommo, index_delay: float
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(a_buyer(0))
    deliver_all(house)  # what is set up there is known from here on
    kommo_of_house.account.index_delay = index_delay
    reads, together, notes = (1, 9), 10, 11  # three sales with three searches each, then two writes
    for place in ends_of(*reads, together, notes):
        poured(house, *(a_buyer(place * 10 + one) for one in range(3)))
        assert dies_at(house, place), place
        for _ in range(2):
            expire(house)
            hurry(house)
            deliver_all(house)
    assert {state for *_, state in outbox(house)} == {"done"}
    sales = len(outbox(house))
    assert sales == len(ours(kommo_of_house)) == len(kommo_of_house.account.notes)
    assert sales == len(kommo_of_house.account.all("contacts"))


def ends_of(*requests: int) -> list[int]:
    """The seams before and behind these requests, as `_kill_at` numbers them."""
    return [seam for request in requests for seam in (2 * request, 2 * request + 1)]
