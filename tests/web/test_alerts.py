"""Alerts: each appears by its real cause, on the overview and in the API, and goes when the cause is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from service.connectors.limits import Pace
from service.connectors.redis_road import RedisRoad
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.store import connections, endpoints
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo.faults import Fault
from tests.kommo.memory import Account
from tests.kommo.reached import reached
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import approved, automate, deliver_all
from tests.web.test_connections_kommo import WELL, connects, token_that_ends, words_of
from tests.web.visitors import Visitor, a_member
from workers.reconciling import watch

FORBIDDEN = {"status": 403, "title": "Forbidden"}


@pytest.fixture
def fake(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKommo]:
    with reached(house.shop.settings.redis_url, monkeypatch, Account(token=WELL["token"])) as running:
        yield running
        with transaction(house.shop.engine) as tx:
            connections.disconnect(tx, house.account.id)


@pytest.fixture
def ana(house: House, fake: FakeKommo) -> Visitor:
    """An owner whose Kommo is connected."""
    visitor = a_member(house.app, house.account)
    connects(visitor, path_of(house))
    return visitor


def path_of(house: House) -> str:
    return f"/a/{house.account.key}/connections/kommo"


def kinds(house: House) -> list[str]:
    return [one["kind"] for one in house.get("/alerts")]


def overview(house: House, visitor: Visitor) -> str:
    return words_of(visitor.reads(f"/a/{house.account.key}/"))


def sold(house: House, number: int, first: int = 1) -> None:
    """So many sales, each of a client of its own."""
    house.receives(*(approved(0, f"HP77{one:08}", f"pessoa{one}@example.com") for one in range(first, first + number)))


def test_an_account_without_connections_has_nothing_to_look_after(house):
    assert kinds(house) == []
    assert "Para cuidar" not in overview(house, a_member(house.app, house.account))


def test_a_token_about_to_end_is_told_until_there_is_a_new_one(house, fake, ana):
    assert kinds(house) == []
    token = token_that_ends(datetime.now(UTC) + timedelta(days=13, hours=1))
    fake.accounts[token] = fake.account
    connects(ana, path_of(house), token=token)
    (told,) = house.get("/alerts")
    assert (told["kind"], told["level"]) == ("token_ends", "warning")
    assert told["link"] == f"{house.shop.settings.public_url}{path_of(house)}"
    assert "em 13 dias" in overview(house, ana)
    assert f'href="{path_of(house)}"' in ana.reads(f"/a/{house.account.key}/")
    house.rows_changed(
        "UPDATE kommo_connections SET expires_at = now() - interval '1 hour' WHERE account_id = :account"
    )
    assert kinds(house) == ["token_ended"]
    connects(ana, path_of(house))
    assert kinds(house) == []


def test_a_refused_token_is_told_until_it_works_again(house, fake, ana):
    fake.faults.plan(Fault(status=401, body={"status": 401}))
    ana.posts(f"{path_of(house)}/refresh")
    assert kinds(house) == ["token_refused"]
    ana.posts(f"{path_of(house)}/refresh")
    assert kinds(house) == []


def test_a_token_the_watcher_finds_refused_is_told_too(house, fake, ana):
    fake.faults.plan(Fault(status=401, body={"status": 401}))
    watch(house.shop, datetime.now(UTC))
    assert kinds(house) == ["token_refused"]


def later(house: House) -> datetime:
    house.rows_changed("UPDATE crm_hooks SET checked_at = NULL WHERE account_id = :account")
    return datetime.now(UTC)


def test_a_webhook_kommo_switched_off_is_told_until_the_next_look(house, fake, ana):
    watch(house.shop, datetime.now(UTC))
    assert kinds(house) == []
    (hook,) = fake.account.hooks.values()
    hook["disabled"] = True
    watch(house.shop, later(house))
    assert kinds(house) == ["hook_disabled"]
    assert "1 vez " in words_of(ana.reads(path_of(house)))
    fake.account.hooks.clear()
    watch(house.shop, later(house))
    assert kinds(house) == [], "somebody took it away, and it was made again"
    assert "2 vezes" in words_of(ana.reads(path_of(house)))
    watch(house.shop, later(house))
    assert kinds(house) == []


def test_a_webhook_kommo_does_not_allow_is_told_with_its_reason(house, fake, ana):
    fake.account.allows_hooks = False
    watch(house.shop, datetime.now(UTC))
    assert kinds(house) == ["hook_trouble"]
    assert "O plano da conta da Kommo não permite isto" in overview(house, ana)
    fake.account.allows_hooks = True
    watch(house.shop, later(house))
    assert kinds(house) == []


def test_calls_that_rest_are_told_until_one_goes_well(house, fake, ana):
    road = RedisRoad(Redis.from_url(house.shop.settings.redis_url), pace=Pace())
    road.slow_down(30)
    assert kinds(house) == [], "a short pause is nothing to look after"
    road.close()
    assert kinds(house) == ["road_closed"]
    road.went_well()
    assert kinds(house) == []


def test_a_redis_that_is_away_is_told_to_who_calls_kommo(house, another_house, fake, ana, monkeypatch):
    rooms = house.app.extensions["marco"]
    away = replace(rooms.settings, redis_url="redis://127.0.0.1:9/0")
    monkeypatch.setitem(house.app.extensions, "marco", replace(rooms, settings=away))
    assert kinds(house) == ["road_unknown"]
    assert kinds(another_house) == []


def test_an_address_that_fails_is_told_and_worse_when_it_is_disabled(house):
    now, secret = datetime.now(UTC), "https://hooks.example.com/secret-path"
    with transaction(house.shop.engine) as tx:
        made = endpoints.create(tx, house.account.id, secret, "whsec_x", vault_of(house.shop.settings))
    assert kinds(house) == []
    house.rows_changed(
        "UPDATE webhook_endpoints SET failing_since = :since, failures = 3 WHERE account_id = :account",
        since=now - timedelta(hours=5),
    )
    (told,) = house.get("/alerts")
    assert (told["kind"], told["level"]) == ("endpoint_failing", "warning")
    assert "hooks.example.com" in told["sentence"]
    assert "secret-path" not in told["sentence"]
    with transaction(house.shop.engine) as tx:
        endpoints.switch(tx, house.account.id, made, "disabled", "failing_for_days")
    assert kinds(house) == ["endpoint_disabled"]
    with transaction(house.shop.engine) as tx:
        endpoints.switch(tx, house.account.id, made, "disabled", endpoints.SWITCHED_OFF)
    assert kinds(house) == [], "somebody wanted it so"
    with transaction(house.shop.engine) as tx:
        endpoints.switch(tx, house.account.id, made, "on")
    assert kinds(house) == []


def test_promises_that_wait_too_long_are_told_until_they_are_kept(house, fake, ana):
    automate(house, Trigger.SALE_APPROVED)
    sold(house, 1)
    assert kinds(house) == []
    house.rows_changed("UPDATE outbox SET due_at = now() - interval '16 minutes' WHERE account_id = :account")
    assert kinds(house) == ["backlog"]
    assert "16 minutos" in overview(house, ana)
    deliver_all(house)
    assert kinds(house) == []


def test_what_an_automation_that_is_off_owes_is_no_backlog(house, fake, ana):
    automation = automate(house, Trigger.SALE_APPROVED)
    sold(house, 1)
    house.rows_changed("UPDATE outbox SET due_at = now() - interval '1 hour' WHERE account_id = :account")
    assert kinds(house) == ["backlog"]
    house.client.post(f"/api/v1/automations/{automation}/switch", json={"state": "off"}, headers=house.bearer)
    assert kinds(house) == []


def test_given_up_promises_wait_for_a_person_until_they_are_sent_again(house, fake, ana):
    automate(house, Trigger.SALE_APPROVED)
    sold(house, 2)
    fake.faults.plan(Fault(status=403, body=FORBIDDEN, method="POST", times=2))
    deliver_all(house)
    assert kinds(house) == ["given_up"]
    assert "esperam por você: 2." in overview(house, ana)
    assert "state=given_up" in ana.reads(f"/a/{house.account.key}/")
    house.client.post("/api/v1/automations/history/resend", json={}, headers=house.bearer)
    deliver_all(house)
    assert kinds(house) == []


def test_many_failures_in_an_hour_are_told_until_the_hour_is_over(house, fake, ana):
    automate(house, Trigger.SALE_APPROVED)
    sold(house, 15)
    deliver_all(house)
    fake.faults.plan(Fault(status=500, times=4))
    sold(house, 4, first=100)
    deliver_all(house)
    assert kinds(house) == [], "nineteen are too few to say"
    fake.faults.plan(Fault(status=500))
    sold(house, 1, first=200)
    deliver_all(house)
    assert kinds(house) == ["errors"]
    assert "25 em cada 100" in overview(house, ana)
    house.rows_changed(
        "UPDATE outbox_attempts SET ended_at = ended_at - interval '61 minutes' WHERE account_id = :account"
    )
    assert kinds(house) == []


def test_alerts_speak_the_language_of_who_asks_and_only_of_their_account(house, another_house, fake, ana):
    fake.faults.plan(Fault(status=401, body={"status": 401}))
    ana.posts(f"{path_of(house)}/refresh")

    def said(language: str) -> Any:
        answer = house.client.get("/api/v1/alerts", headers={**house.bearer, "Accept-Language": language})
        return answer.get_json()[0]

    assert said("pt")["sentence"].startswith("A Kommo não aceita mais o token")
    assert said("es")["remedy"] == "Conectar con un token nuevo"
    assert said("en")["sentence"].startswith("Kommo no longer accepts the token")
    assert kinds(another_house) == []
    assert "Para cuidar" in overview(house, a_member(house.app, house.account, Role.READER))
    assert house.client.get("/api/v1/alerts").status_code == 401
