"""Every page of an account, asked by everybody who has no business there. The list of pages is the route map itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from flask import Flask

from service.connectors.webhook.signing import new_secret
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.store import endpoints, memberships, tokens
from service.store.engine import transaction
from service.store.tokens import Kind
from service.store.vault import vault_of
from tests.living import House, payload
from tests.stories.automating import automate
from tests.web.visitors import Visitor, a_member, a_user, an_email

NOWHERE = "0000000000000000"
EVERYWHERE = {"name"}
"""Parameters that name a page every account has, no thing of one."""
AN_AUTOMATION = {"name": "Uma", "trigger": "sale_approved", "mapping": {"lead_name": "x", "lead_value": "1"}}
FIELDS = {"people.change_role": {"role": "reader"}}
"""What a form must say to get as far as the question whose thing it is."""


class Way(NamedTuple):
    """One method of one route of an account."""

    method: str
    endpoint: str
    parameters: frozenset[str]


def ways(app: Flask) -> list[Way]:
    """Every way into the pages of an account."""
    return [
        Way(method, rule.endpoint, frozenset(rule.arguments) - {"account_key"})
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/a/<account_key>")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(app: Flask, way: Way, key: str, things: dict[str, Any]) -> str:
    with app.test_request_context():
        return app.url_for(way.endpoint, account_key=key, **{name: things[name] for name in way.parameters})


def things_of(house: House) -> dict[str, Any]:
    """One of everything that is addressed by an id, in this account.

    A page with a new kind of id fails here until its kind is added.
    """
    automate(house, Trigger.SALE_APPROVED)
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    (promise,) = house.rows("SELECT id FROM outbox WHERE account_id = :account")
    imported = house.uploads("sales-en-minimal.csv")
    user = a_user(house.app)
    with transaction(house.shop.engine) as tx:
        memberships.join(tx, house.account.id, user.id, Role.READER)
        memberships.invite(tx, house.account.id, an_email(), Role.READER, house.account.created_at)
        (invitation,) = memberships.invitations(tx, house.account.id, house.account.created_at)
        vault = vault_of(house.shop.settings)
        endpoint_id = endpoints.create(tx, house.account.id, "https://127.0.0.1/marco", new_secret(), vault)
        (api_token,) = tokens.valid(tx, house.account.id, Kind.API)
    (delivery,) = house.get("/deliveries", source="hotmart")
    (client,) = house.get(
        "/clients", email=house.rows("SELECT email FROM clients WHERE account_id = :account")[0].email
    )
    automation = house.client.post("/api/v1/automations", json=AN_AUTOMATION, headers=house.bearer)
    note = house.client.post(f"/api/v1/clients/{client['id']}/notes", json={"body": "Ligar"}, headers=house.bearer)
    return {
        "automation_id": automation.get_json()["id"],
        "promise_id": promise.id,
        "note_id": note.get_json()["id"],
        "name": "sold",
        "delivery_id": delivery["id"],
        "import_id": imported["id"],
        "client_id": client["id"],
        "user_id": user.id,
        "invitation_id": invitation.id,
        "token_id": api_token.id,
        "endpoint_id": endpoint_id,
    }


def status(visitor: Visitor, way: Way, path: str) -> int:
    if way.method == "GET":
        # A step of an import that is not its turn leads to the right one.
        return visitor.get(path, follow_redirects=True).status_code
    return visitor.posts(path, **FIELDS.get(way.endpoint, {})).status_code


def test_there_are_pages_to_try(app):
    assert {"GET", "POST"} == {way.method for way in ways(app)}
    assert len(ways(app)) > 12


def test_the_pages_of_another_account_are_not_there(house, another_house):
    visitor, things = a_member(house.app, house.account), things_of(another_house)
    for way in ways(house.app):
        path = address(house.app, way, another_house.account.key, things)
        assert status(visitor, way, path) == 404, way
        assert status(visitor, way, address(house.app, way, NOWHERE, things)) == 404, way


def test_the_things_of_another_account_are_not_in_mine(house, another_house):
    visitor, things = a_member(house.app, house.account), things_of(another_house)
    before = {**another_house.balance()}, another_house.ledger()
    tried = 0
    for way in ways(house.app):
        if way.parameters - EVERYWHERE:
            assert status(visitor, way, address(house.app, way, house.account.key, things)) == 404, way
            tried += 1
    assert tried
    assert ({**another_house.balance()}, another_house.ledger()) == before
    with transaction(another_house.shop.engine) as tx:
        assert tokens.valid(tx, another_house.account.id, Kind.API), "nothing was revoked"
        assert len(memberships.people(tx, another_house.account.id)) == 1, "nobody was removed"


def test_without_signing_in_every_page_asks_for_it(house):
    things = things_of(house)
    for way in ways(house.app):
        answer = Visitor(house.app).client.open(address(house.app, way, house.account.key, things), method=way.method)
        assert answer.status_code == 302, way
        assert answer.location.startswith("/login"), way


def test_no_page_takes_a_form_without_its_token(house):
    visitor, things = a_member(house.app, house.account), things_of(house)
    rules = [
        rule
        for rule in house.app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and not rule.rule.startswith(("/api", "/webhooks", "/setup"))
    ]
    assert len(rules) > 15
    with house.app.test_request_context():
        paths = {rule.rule: house.app.url_for(rule.endpoint, **_told(house, rule.arguments, things)) for rule in rules}
    for rule, path in paths.items():
        for forged in ({}, {"csrf_token": "forged"}, {"csrf_token": Visitor(house.app).form_token()}):
            assert visitor.client.post(path, data=forged).status_code == 400, (rule, forged)


def _told(house: House, names: set[str], things: dict[str, Any]) -> dict[str, Any]:
    known = {**things, "account_key": house.account.key, "token": "nothing"}
    return {name: known[name] for name in names}


def test_a_reader_sees_the_pages_and_changes_nothing(house):
    things = things_of(house)
    visitor = a_member(house.app, house.account, Role.READER)
    before = house.ledger(), house.balance()
    for way in ways(house.app):
        wanted = {200} if way.method == "GET" else {403}
        assert status(visitor, way, address(house.app, way, house.account.key, things)) in wanted, way
    assert (house.ledger(), house.balance()) == before


def is_for_owners(app: Flask, endpoint: str) -> bool:
    return getattr(app.view_functions[endpoint], "__owners__", False)


def test_an_operator_may_not_do_what_is_for_owners(house):
    things, tried = things_of(house), 0
    visitor = a_member(house.app, house.account, Role.OPERATOR)
    for way in ways(house.app):
        if is_for_owners(house.app, way.endpoint):
            assert status(visitor, way, address(house.app, way, house.account.key, things)) == 403, way
            tried += 1
    assert tried >= 8


@pytest.mark.parametrize("blueprint", ["settings", "people", "tokens"])
def test_whatever_changes_settings_is_for_owners(app, blueprint):
    changing = [way for way in ways(app) if way.endpoint.startswith(f"{blueprint}.") and way.method == "POST"]
    assert changing
    assert all(is_for_owners(app, way.endpoint) for way in changing)


def test_who_leaves_an_account_sees_nothing_of_it_at_once(house):
    visitor = a_member(house.app, house.account, Role.READER)
    path = f"/a/{house.account.key}/"
    assert visitor.get(path).status_code == 200
    with transaction(house.shop.engine) as tx:
        memberships.leave(tx, house.account.id, visitor.user.id)
    assert visitor.get(path).status_code == 404


def test_a_member_of_several_accounts_switches_between_them(house, another_house):
    visitor = a_member(house.app, house.account)
    with transaction(house.shop.engine) as tx:
        memberships.join(tx, another_house.account.id, visitor.user.id, Role.READER)
    page = visitor.reads(f"/a/{house.account.key}/")
    assert f'href="/a/{another_house.account.key}/"' in page
    assert another_house.account.name in visitor.reads(f"/a/{another_house.account.key}/")
