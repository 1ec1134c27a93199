"""From a postback to a signed message: what is said, to whom, how often, in what order, and when it is given up."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service import endpoint_desk
from service.connectors.webhook.schedule import PAUSES
from service.connectors.webhook.signing import new_secret
from service.domain.automation.triggers import Trigger
from service.store import automations, endpoints, leases
from service.store.engine import engine_of, transaction
from service.store.vault import vault_of
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import approved, attempts, automate, expire, hurry, ours, outbox, told
from workers import deliver
from workers.workshop import Workshop

GUIDE = Path(__file__).parents[2] / "docs" / "webhooks.md"
BRUNO = "bruno.modelo@example.com"


def the_guides_verify() -> Callable[..., bool]:
    """The code that the guide gives to those who receive messages."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    known: dict[str, Any] = {}
    exec(code, known)
    return known["verify"]


def sends(house: House, endpoint: int, trigger: Trigger = Trigger.SALE_APPROVED, **said: Any) -> int:
    """An automation that sends to the address; its id."""
    return automate(house, trigger, destination="webhook", endpoint_id=endpoint, **said)


def deliver_all(shop: Workshop) -> int:
    done = 0
    while worked := deliver.step(shop):
        done += worked
    return done


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def bodies(receiver: Any) -> list[Any]:
    return [json.loads(body) for _, _, body in receiver.got]


def ids(receiver: Any) -> list[str]:
    return [lower(headers)["webhook-id"] for _, headers, _ in receiver.got]


@pytest.fixture
def all_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Automations of these tests choose no fields of Kommo's."""
    monkeypatch.setattr("tests.stories.automating.MAPPING", {})


pytestmark = pytest.mark.usefixtures("all_fields")


def test_a_sale_is_one_message_that_the_code_of_the_guide_accepts(house, outward, endpoint, receiver, secret):
    sends(house, endpoint)
    house.receives(approved(), approved())
    assert deliver_all(outward) == 1
    ((_, headers, body),) = receiver.got
    verify = the_guides_verify()
    assert verify(secret, lower(headers), body)
    assert not verify(new_secret(), lower(headers), body)
    assert not verify(secret, lower(headers), body + b" ")
    (said,) = bodies(receiver)
    assert (said["type"], said["timestamp"]) == ("sale_approved", "2026-07-02T12:00:00+00:00")
    assert said["data"]["buyer_email"] == "ana.lima@example.com"
    assert said["data"]["price"]["currency"] == "BRL"
    assert attempts(house) == [("done", None)]


def test_chosen_fields_come_in_their_order_typed_where_a_template_is_one_field(house, outward, endpoint, receiver):
    pairs = [
        {"key": "valor", "template": "{{Preço da compra}}"},
        {"key": "quem", "template": "{{Comprador: Primeiro nome | upper}}!"},
        {"key": "cupom", "template": "{{Cupom de desconto}}"},
    ]
    sends(house, endpoint, mapping={"fields": pairs})
    house.receives(approved())
    deliver_all(outward)
    (said,) = bodies(receiver)
    assert [*said["data"]] == ["valor", "quem", "cupom"]
    assert said["data"]["valor"]["currency"] == "BRL"
    assert said["data"]["quem"].endswith("!")
    assert said["data"]["cupom"] is None


def test_after_failures_the_same_message_is_sent_again_and_the_history_has_every_answer(
    house, outward, endpoint, receiver
):
    sends(house, endpoint)
    house.receives(approved())
    receiver.answers = [(500, {}, b"broken \x00"), (503, {"Retry-After": "1800"}, b"")]
    for _ in range(2):
        deliver_all(outward)
        hurry(house)
    deliver_all(outward)
    assert len(set(ids(receiver))) == 1
    assert len({body for *_, body in receiver.got}) == 1
    assert attempts(house) == [("failed", "not_taken"), ("failed", "busy"), ("done", None)]
    (promise,) = house.get("/automations/history")
    told_of = house.get(f"/automations/history/{promise['id']}")["attempts"]
    exchanges = [one["exchanges"][0] for one in told_of]
    assert [(one["status"], one["answer"]) for one in exchanges] == [("500", "broken "), ("503", ""), ("200", "ok")]
    assert exchanges[0]["body"]["type"] == "sale_approved"
    assert exchanges[0]["message_id"] == ids(receiver)[0]


def test_a_receiver_is_tried_for_a_day_as_patiently_as_it_asks_and_then_given_up(house, outward, endpoint, receiver):
    sends(house, endpoint)
    house.receives(approved())
    receiver.answers = [(429, {"Retry-After": "7200"}, b"")] + [(500, {}, b"")] * 7
    waits = []
    while deliver_all(outward):
        (row,) = house.rows("SELECT due_at, state FROM outbox WHERE account_id = :account")
        waits.append(row.due_at - datetime.now(UTC) if row.state == "failed" else None)
        hurry(house)
    wanted = [timedelta(hours=2), *PAUSES[2:], None]
    assert len(receiver.got) == len(waits) == len(PAUSES)
    for wait, want in zip(waits, wanted, strict=True):
        assert wait is want is None or abs(wait - want) < timedelta(seconds=20)
    assert attempts(house)[-1] == ("given_up", "not_taken")


def test_a_worker_killed_between_sending_and_writing_it_down_sends_the_same_message_again(
    house, outward, endpoint, receiver
):
    sends(house, endpoint)
    house.receives(approved())
    child = os.fork()
    if child == 0:
        leases.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        deliver.step(Workshop(outward.settings, engine_of(outward.settings.database_url), outward.bell))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert deliver_all(outward) == 0  # its lease holds
    expire(house)
    deliver_all(outward)
    first, second = receiver.got
    assert first[2] == second[2]
    assert len(set(ids(receiver))) == 1
    assert attempts(house) == [("lost", "worker_lost"), ("done", None)]


def test_a_receiver_that_is_gone_keeps_what_waits_until_it_is_switched_on_again(house, outward, endpoint, receiver):
    sends(house, endpoint)
    house.receives(approved())
    receiver.answers = [(410, {}, b"")]
    deliver_all(outward)
    house.receives(approved(1, "HP0000000002", BRUNO))
    hurry(house)
    assert deliver_all(outward) == 0
    assert [state for *_, state in outbox(house)] == ["failed", "waiting"]
    endpoint_desk.switch_on(outward.engine, house.account.id, endpoint)
    deliver_all(outward)
    assert {one["data"]["transaction"] for one in bodies(receiver)[1:]} == {"HP0000000001", "HP0000000002"}
    assert {state for *_, state in outbox(house)} == {"done"}


def test_an_address_that_failed_for_days_is_disabled_and_everything_is_replayed_in_order(
    house, outward, endpoint, receiver
):
    sends(house, endpoint)
    house.receives(approved())
    receiver.answers = [(500, {}, b"")] * (len(PAUSES) + 1)
    while deliver_all(outward):
        hurry(house)
    assert outbox(house)[0][2] == "given_up"
    house.rows_changed(
        "UPDATE webhook_endpoints SET failing_since = failing_since - interval '5 days' WHERE account_id = :account"
    )
    house.receives(approved(1, "HP0000000002"))
    deliver_all(outward)
    with transaction(outward.engine) as tx:
        now = endpoints.find(tx, house.account.id, endpoint)
    assert (now.state, now.cause, now.trouble) == ("disabled", "failing_for_days", "not_taken")
    hurry(house)
    house.receives(approved(2, "HP0000000003"))
    assert deliver_all(outward) == 0
    called = len(receiver.got)
    assert endpoint_desk.switch_on(outward.engine, house.account.id, endpoint, resend=True) == 1
    deliver_all(outward)
    replayed = [one["data"]["transaction"] for one in bodies(receiver)[called:]]
    assert replayed == ["HP0000000001", "HP0000000002", "HP0000000003"]
    assert len(set(ids(receiver))) == 3


def test_two_live_secrets_sign_and_each_is_enough(house, outward, endpoint, receiver, secret):
    sends(house, endpoint)
    newer = endpoint_desk.rotate(outward.engine, outward.settings, house.account.id, endpoint)
    house.receives(approved())
    deliver_all(outward)
    ((_, headers, body),) = receiver.got
    assert all(the_guides_verify()(one, lower(headers), body) for one in (secret, newer))


def test_what_the_filter_stops_is_not_sent_and_the_history_says_why(house, outward, endpoint, receiver):
    sends(house, endpoint, filter={"field": "buyer_email", "operator": "equals", "value": BRUNO})
    house.receives(approved())
    deliver_all(outward)
    assert receiver.got == []
    (promise,) = house.get("/automations/history")
    (attempt,) = house.get(f"/automations/history/{promise['id']}")["attempts"]
    assert (promise["state"], attempt["decision"]["filter"][0]["reason"]) == ("passed_over", "differs")


def test_a_closed_network_is_refused_when_it_is_sent_to_and_waits_with_its_cause(house, endpoint, receiver):
    sends(house, endpoint)
    house.receives(approved())
    deliver_all(house.shop)  # which has no leave to call this machine
    assert receiver.got == []
    assert attempts(house) == [("failed", "forbidden_address")]


def test_what_one_buyer_did_waits_behind_their_first_failure_and_nobody_else_does(house, outward, endpoint, receiver):
    sends(house, endpoint)
    sends(house, endpoint, Trigger.SALE_REFUNDED)
    house.receives(approved())
    receiver.answers = [(500, {}, b"")]
    deliver_all(outward)
    house.receives(told("PURCHASE_REFUNDED", 5, "HP0000000001"), approved(6, "HP0000000002", BRUNO))
    deliver_all(outward)
    assert [one["data"]["transaction"] for one in bodies(receiver)] == ["HP0000000001", "HP0000000002"]
    hurry(house)
    deliver_all(outward)
    assert [one["type"] for one in bodies(receiver)[2:]] == ["sale_approved", "sale_refunded"]


def test_an_automation_switched_off_owes_but_does_not_send_and_a_removed_address_needs_another(
    house, outward, endpoint, receiver
):
    automation = sends(house, endpoint)
    with transaction(outward.engine) as tx, pytest.raises(Exception, match="Switch them off"):
        endpoints.remove(tx, house.account.id, endpoint)
    with transaction(outward.engine) as tx:
        automations.switch(tx, house.account.id, automation, "off", datetime.now(UTC))
        endpoints.remove(tx, house.account.id, endpoint)
        with pytest.raises(Exception, match="removed"):
            automations.check_way(tx, house.account.id, "webhook", endpoint)
    house.receives(approved())
    assert deliver_all(outward) == 0
    assert receiver.got == []


def test_a_slow_receiver_holds_up_neither_kommo_nor_the_other_address(
    house: House, outward: Workshop, endpoint: int, receiver: Any, kommo_of_house: FakeKommo
) -> None:
    with transaction(outward.engine) as tx:
        url = f"http://127.0.0.1:{receiver.server_address[1]}/other"
        other = endpoints.create(tx, house.account.id, url, new_secret(), vault_of(outward.settings))
    sends(house, endpoint)
    sends(house, other)
    automate(house, Trigger.SALE_APPROVED, mapping={"lead_name": "{{Produto: Nome}}"})
    under_way, together, served = {"/marco": 0, "/other": 0}, threading.Barrier(2), list[str]()
    looks = list[bool]()

    def hold_up(path: str) -> None:
        """The first message of one address, until the other one and Kommo have what happens meanwhile, too."""
        under_way[path] += 1
        served.append(f"{path} {under_way[path]}")
        if served.count(f"{path} 1") == 1:
            together.wait(timeout=60)
            if path == "/marco":
                house.receives(approved(9, "HP0000000009", "buyer9@example.com"))
                waiting = threading.Event()
                while (len(ours(kommo_of_house)), served.count("/other 1")) != (4, 4) and len(looks) < 300:
                    looks.append(waiting.wait(0.05))
        under_way[path] -= 1

    receiver.hold_up = hold_up
    for number in range(1, 4):
        house.receives(approved(number, f"HP000000000{number}", f"buyer{number}@example.com"))
    while deliver.drained(outward):
        continue
    assert len(looks) < 300  # else the others waited for the slow one, and it for them, until it gave up
    assert sorted(served) == ["/marco 1"] * 4 + ["/other 1"] * 4
    assert {state for *_, state in outbox(house)} == {"done"}
