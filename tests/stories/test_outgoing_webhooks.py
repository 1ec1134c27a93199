"""Messages to an address of an account: what they say, how they are signed, and when the address is given up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from service import endpoint_desk
from service.connectors.webhook.messages import message_of
from service.connectors.webhook.schedule import FEWEST_FAILURES
from service.connectors.webhook.sending import Message, Taken
from service.connectors.webhook.signing import new_secret, signed
from service.domain.money import Money
from service.errors import NotFound, Refused, Unavailable, Unprocessable
from service.store import crm_hooks, endpoints
from service.store.endpoints import Endpoint
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.living import House
from workers.workshop import Workshop

NOON = datetime(2026, 7, 2, 12, tzinfo=UTC)
MESSAGE = message_of("promise 1", "sale_approved", NOON, {"product_name": "Curso"})


def post(shop: Workshop, account: int, endpoint: int, message: Message) -> Taken:
    return endpoint_desk.post(shop.engine, shop.settings, account, endpoint, message)


def now_of(house: House, endpoint: int) -> Endpoint:
    with transaction(house.shop.engine) as tx:
        return endpoints.find(tx, house.account.id, endpoint)


def fails(house: House, outward: Workshop, endpoint: int, receiver: Any, times: int = 1, status: int = 500) -> None:
    receiver.answers += [(status, {}, b"")] * times
    for _ in range(times):
        with pytest.raises(Unavailable):
            post(outward, house.account.id, endpoint, MESSAGE)


def days_pass(house: House, days: int) -> None:
    house.rows_changed(
        "UPDATE webhook_endpoints SET failing_since = failing_since - make_interval(days => :days)"
        " WHERE account_id = :account",
        days=days,
    )


def test_a_message_says_the_event_in_the_words_of_the_catalogue():
    values = {
        "sale_value": Money(Decimal(97), "BRL"),
        "lead_price": Money(Decimal("1.5"), None),
        "order_date": NOON,
        "warranty_on": date(2026, 7, 9),
        "installments": Decimal(12),
        "is_bump": True,
        "buyer_name": "São Ana",
    }
    message = message_of("promise 1", "sale_approved", NOON, values)
    assert json.loads(message.body) == {
        "type": "sale_approved",
        "timestamp": "2026-07-02T12:00:00+00:00",
        "data": {
            "buyer_name": "São Ana",
            "installments": "12",
            "is_bump": True,
            "lead_price": {"value": "1.50", "currency": None},
            "order_date": "2026-07-02T12:00:00+00:00",
            "sale_value": {"value": "97.00", "currency": "BRL"},
            "warranty_on": "2026-07-09",
        },
    }


def test_a_promise_has_one_message_id_for_ever_and_another_promise_another():
    first = message_of("promise 1", "sale_approved", NOON, {})
    assert first == message_of("promise 1", "sale_approved", NOON, {})
    assert first.message_id != message_of("promise 2", "sale_approved", NOON, {}).message_id


def test_a_message_arrives_signed_with_the_secret_of_its_address(house, outward, endpoint, receiver, secret):
    assert post(outward, house.account.id, endpoint, MESSAGE).status == 200
    ((path, headers, body),) = receiver.got
    told = {name.lower(): value for name, value in headers.items()}
    at = datetime.fromtimestamp(int(told["webhook-timestamp"]), UTC)
    assert (path, body) == ("/marco", MESSAGE.body)
    assert signed(MESSAGE.message_id, at, body, [secret]).items() <= told.items()


def test_a_secret_that_is_rotated_signs_beside_the_new_one_until_it_is_retired(
    house, outward, endpoint, receiver, secret
):
    newer = new_secret()
    with transaction(outward.engine) as tx:
        endpoints.rotate(tx, house.account.id, endpoint, newer, vault_of(outward.settings))
    post(outward, house.account.id, endpoint, MESSAGE)
    with transaction(outward.engine) as tx:
        endpoints.retire(tx, house.account.id, endpoint)
    post(outward, house.account.id, endpoint, MESSAGE)
    sent = [{name.lower(): value for name, value in headers.items()} for _, headers, _ in receiver.got]
    for told, live in zip(sent, ([newer, secret], [newer]), strict=True):
        at = datetime.fromtimestamp(int(told["webhook-timestamp"]), UTC)
        assert signed(MESSAGE.message_id, at, MESSAGE.body, live).items() <= told.items()


def test_secrets_lie_sealed(house, endpoint, secret):
    (row,) = house.rows("SELECT encode(secret, 'escape') AS kept FROM webhook_endpoints WHERE account_id = :account")
    assert secret not in row.kept
    assert secret.removeprefix("whsec_") not in row.kept
    assert secret not in repr(now_of(house, endpoint))


def test_failures_are_counted_until_one_attempt_goes_well(house, outward, endpoint, receiver):
    fails(house, outward, endpoint, receiver, 3)
    failing = now_of(house, endpoint)
    assert (failing.failures, failing.state) == (3, "on")
    assert failing.failing_since is not None
    post(outward, house.account.id, endpoint, MESSAGE)
    well = now_of(house, endpoint)
    assert (well.failing_since, well.failures, well.trouble) == (None, 0, None)


def test_an_address_that_failed_for_days_is_disabled_with_a_cause_and_called_no_more(
    house, outward, endpoint, receiver
):
    fails(house, outward, endpoint, receiver, FEWEST_FAILURES - 1)
    days_pass(house, 5)
    fails(house, outward, endpoint, receiver)
    given_up = now_of(house, endpoint)
    assert (given_up.state, given_up.cause, given_up.trouble) == ("disabled", "failing_for_days", "not_taken")
    called = len(receiver.got)
    with pytest.raises(Refused) as raised:
        post(outward, house.account.id, endpoint, MESSAGE)
    assert raised.value.code == "endpoint_disabled"
    assert len(receiver.got) == called


def test_an_address_that_was_disabled_works_again_once_somebody_says_so(house, outward, endpoint, receiver):
    with transaction(outward.engine) as tx:
        endpoints.switch(tx, house.account.id, endpoint, "disabled", "failing_for_days")
        endpoints.switch(tx, house.account.id, endpoint, "on")
    assert post(outward, house.account.id, endpoint, MESSAGE).status == 200


def test_an_address_that_says_it_is_gone_is_disabled_at_once(house, outward, endpoint, receiver):
    receiver.answers = [(410, {}, b"")]
    with pytest.raises(Refused):
        post(outward, house.account.id, endpoint, MESSAGE)
    gone = now_of(house, endpoint)
    assert (gone.state, gone.cause) == ("disabled", "gone")


def test_a_message_that_is_wrong_says_nothing_of_its_receiver(house, outward, endpoint):
    with pytest.raises(Unprocessable):
        post(outward, house.account.id, endpoint, Message("has.a.dot", b"{}"))
    assert now_of(house, endpoint).failures == 0


def test_without_leave_nothing_is_sent_to_this_machine(house, endpoint, receiver):
    with pytest.raises(Refused) as raised:
        post(house.shop, house.account.id, endpoint, MESSAGE)
    assert raised.value.code == "forbidden_address"
    assert receiver.got == []


def test_addresses_of_one_account_are_no_other_accounts(house, another_house, outward, endpoint):
    with pytest.raises(NotFound):
        post(outward, another_house.account.id, endpoint, MESSAGE)
    with transaction(outward.engine) as tx:
        assert endpoints.every(tx, another_house.account.id) == []
        with pytest.raises(NotFound):
            endpoints.remove(tx, another_house.account.id, endpoint)
        endpoints.remove(tx, house.account.id, endpoint)
        assert endpoints.every(tx, house.account.id) == []


def test_kept_secrets_are_sealed_anew_when_the_keys_change(house, outward, endpoint, receiver, secret):
    newer = vault_of(replace(outward.settings, secrets_keys="a newer key of the tests only"))
    with transaction(outward.engine) as tx:
        hook = crm_hooks.add(tx, house.account.id, vault_of(outward.settings))
        endpoints.rotate(tx, house.account.id, endpoint, new_secret(), vault_of(outward.settings))
        before = endpoints.find(tx, house.account.id, endpoint)
        assert endpoints.reseal(tx, newer) >= 1
        assert crm_hooks.rotate(tx, newer) >= 1
        after = endpoints.find(tx, house.account.id, endpoint)
        (row,) = tx.execute(text("SELECT sealed FROM crm_hooks WHERE account_id = :id"), {"id": house.account.id})
        assert (newer.open(row.sealed), after.secrets(newer)[1]) == (hook, secret)
        assert before.secret != after.secret
        tx.rollback()
