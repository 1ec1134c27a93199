"""Our subscription to an account's hooks: made, watched, renewed, ended."""

from __future__ import annotations

import pytest

from service.connectors.kommo.hooks import CODES, Found, end, ensure, look_at
from service.errors import Refused, Unavailable
from tests.kommo.faults import Fault

URL = "https://marco.example.com/webhooks/kommo/account/long-random-path"


def test_a_missing_subscription_is_made_and_a_good_one_left_alone(fake, kommo):
    assert ensure(kommo, URL) is Found.MISSING
    assert set(fake.account.hooks[URL]["settings"]) == set(CODES)
    fake.seen.clear()
    assert ensure(kommo, URL) is Found.WELL
    assert fake.writes() == []


@pytest.mark.parametrize("wakes", [True, False])
def test_a_subscription_kommo_disabled_is_made_again(fake, kommo, wakes):
    fake.account.resubscribing_wakes = wakes
    ensure(kommo, URL)
    fake.account.hooks[URL]["disabled"] = True
    assert look_at(kommo, URL) is Found.DISABLED
    assert ensure(kommo, URL) is Found.DISABLED
    assert look_at(kommo, URL) is Found.WELL


def test_one_that_tells_too_little_is_made_complete(fake, kommo):
    kommo.subscribe(URL, ["status_lead"])
    assert ensure(kommo, URL) is Found.INCOMPLETE
    assert look_at(kommo, URL) is Found.WELL


def test_other_peoples_subscriptions_stay(fake, kommo):
    kommo.subscribe("https://others.example.com/", ["add_lead"])
    ensure(kommo, URL)
    end(kommo, URL)
    end(kommo, URL)
    assert list(fake.account.hooks) == ["https://others.example.com/"]


def test_a_plan_without_webhooks_and_a_subscription_that_does_not_stay_are_told(fake, kommo):
    fake.account.allows_hooks = False
    with pytest.raises(Refused) as raised:
        ensure(kommo, URL)
    assert raised.value.code == "kommo_unpaid"
    fake.faults.plan(Fault(201, "POST", "webhooks", body={"id": 1}))
    with pytest.raises(Unavailable) as unkept:
        ensure(kommo, URL)
    assert unkept.value.code == "kommo_hook"
