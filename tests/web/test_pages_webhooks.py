"""The page of webhook addresses: added with a secret shown once, refused with a remedy, tried, switched, removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service import endpoint_desk
from service.app import create_app
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.settings import Settings
from service.store import endpoints
from service.store.engine import transaction
from service.web import endpoint_words
from tests.living import House
from tests.stories.automating import approved, automate, hurry
from tests.stories.conftest import receiver  # noqa: F401  # the fixture
from tests.web.visitors import Visitor, a_member
from workers import deliver
from workers.workshop import Workshop

SECRET = re.compile(r"whsec_[\w+/=]{40,}")
Receiving = Any


@pytest.fixture(scope="module")
def open_app(settings: Settings, shop: Workshop) -> Flask:
    """The application, allowed to send to this machine."""
    assert shop.engine
    return create_app(replace(settings, webhooks_to_self=True))


@pytest.fixture
def open_house(open_app: Flask, shop: Workshop) -> Iterator[House]:
    house = House(open_app, replace(shop, settings=replace(shop.settings, webhooks_to_self=True)))
    yield house
    house.rows_changed("UPDATE webhook_endpoints SET state = 'disabled' WHERE account_id = :account AND state = 'on'")


@pytest.fixture
def owner(open_house: House) -> Visitor:
    return a_member(open_house.app, open_house.account)


@pytest.fixture
def path(open_house: House) -> str:
    return f"/a/{open_house.account.key}/connections/webhooks"


@pytest.fixture
def url(receiver: Receiving) -> str:  # noqa: F811  # a fixture is asked for by its name
    return f"http://127.0.0.1:{receiver.server_address[1]}/hooks?key=canary-key"


def kept(house: House) -> endpoints.Endpoint:
    with transaction(house.shop.engine) as tx:
        (one,) = endpoints.every(tx, house.account.id)
    return one


def test_the_secret_of_a_new_address_is_shown_once_and_a_second_one_beside_it(open_house, owner, path, url):
    added = owner.posts(path, url=url)
    assert added.status_code == 200
    (first,) = set(SECRET.findall(added.get_data(as_text=True)))
    assert not SECRET.search(owner.reads(path))
    one = f"{path}/{kept(open_house).id}"
    (second,) = set(SECRET.findall(owner.posts(f"{one}/rotate").get_data(as_text=True)))
    assert first != second
    assert kept(open_house).live_secrets == 2
    assert owner.posts(f"{one}/retire").status_code == 302
    assert kept(open_house).live_secrets == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://93.184.215.14/x", "https"),
        ("https://10.0.0.7/x", "rede fechada"),
        ("https://169.254.169.254/x", "rede fechada"),
        ("https://0x7f000001/x", "números"),
        ("https://ana:senha@example.com/x", "senha"),
        ("https://example.com:22/x", "porta"),
        ("", "Preencha"),
    ],
)
def test_an_address_is_refused_in_words_with_a_remedy(house, url, words):
    owner = a_member(house.app, house.account)
    owner.client.set_cookie("language", "pt")
    answer = owner.posts(f"/a/{house.account.key}/connections/webhooks", url=url)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert f'value="{url}"' in page
    with transaction(house.shop.engine) as tx:
        assert endpoints.every(tx, house.account.id) == []


def test_every_refusal_has_a_remedy_and_every_reason_words():
    assert all(words.remedy for words in endpoint_words.REFUSED.values())
    reasons = {"signs", "scheme", "user", "port", "host", "unusual"}
    assert reasons | {"unencrypted", "unknown_host", "forbidden_address"} <= set(endpoint_words.REFUSED)
    assert {endpoint_desk.FAILING_FOR_DAYS, "gone", endpoints.SWITCHED_OFF} == set(endpoint_words.DISABLED)


def test_a_test_message_says_what_was_answered(open_house, owner, path, url, receiver):  # noqa: F811  # the fixture
    owner.posts(path, url=url)
    one = f"{path}/{kept(open_house).id}"
    assert 'class="flash flash-success" role="status"' in owner.posts(f"{one}/test").get_data(as_text=True)
    receiver.answers = [(500, {}, b"<b>broken</b>")]
    failed = owner.posts(f"{one}/test").get_data(as_text=True)
    assert 'class="flash flash-danger" role="status"' in failed
    assert "&lt;b&gt;broken&lt;/b&gt;" in failed
    assert len(receiver.got) == 2
    assert kept(open_house).failures == 0


def test_a_failing_address_shows_since_when_of_what_and_which_promise(open_house, owner, path, url, receiver):  # noqa: F811  # the fixture
    owner.posts(path, url=url)
    number = kept(open_house).id
    automation = {"destination": "webhook", "endpoint_id": number, "name": "Avisar o n8n"}
    automate(open_house, Trigger.SALE_APPROVED, **automation, mapping={"fields": []})
    open_house.rows_changed("UPDATE automations SET mapping = '{}' WHERE account_id = :account")
    open_house.receives(approved())
    receiver.answers = [(410, {}, b"")]
    deliver.step(open_house.shop)
    page = owner.reads(path)
    (promise,) = open_house.get("/automations/history")
    assert f"/automations/history/{promise['id']}" in page
    assert "Avisar o n8n" in page
    assert "health-bad" in page
    refused = owner.posts(f"{path}/{number}/remove")
    assert refused.status_code == 409
    assert 'id="refused"' in refused.get_data(as_text=True)
    owner.posts(f"{path}/{number}/switch", state="on", resend="yes")
    hurry(open_house)
    deliver.step(open_house.shop)
    assert (kept(open_house).state, len(receiver.got)) == ("on", 2)
    owner.posts(f"{path}/{number}/switch", state="off")
    assert kept(open_house).cause == endpoints.SWITCHED_OFF


def test_an_address_is_changed_and_refused_as_a_new_one_is(open_house, owner, path, url):
    owner.posts(path, url=url)
    move = f"{path}/{kept(open_house).id}/move"
    assert owner.posts(move, url=f"{url}2").status_code == 302
    refused = owner.posts(move, url="https://10.0.0.7/x")
    assert (refused.status_code, 'id="refused"' in refused.get_data(as_text=True)) == (422, True)
    assert kept(open_house).url == f"{url}2"


def test_readers_look_without_keys_and_operators_only_try(open_house, owner, path, url):
    owner.posts(path, url=url)
    number = kept(open_house).id
    reader = a_member(open_house.app, open_house.account, Role.READER)
    operator = a_member(open_house.app, open_house.account, Role.OPERATOR)
    for visitor in (reader, operator):
        page = visitor.reads(path)
        assert "canary-key" not in page
        assert "/rotate" not in page
        for act in ("rotate", "retire", "switch", "remove", "move"):
            assert visitor.posts(f"{path}/{number}/{act}", state="off").status_code == 403
        assert visitor.posts(path, url=url).status_code == 403
    assert reader.posts(f"{path}/{number}/test").status_code == 403
    assert operator.posts(f"{path}/{number}/test").status_code == 200
    assert kept(open_house).state == "on"
