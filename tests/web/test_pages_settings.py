"""Settings: the account, hottoks and API tokens."""

from __future__ import annotations

import re

import pytest

from service.domain.roles import Role
from service.store import accounts, tokens
from service.store.engine import transaction
from service.store.tokens import Kind
from service.web.guards import API_TOKEN
from tests.living import HOTTOK, House, payload
from tests.web.visitors import Visitor, a_member

ANOTHER = "another-hottok-of-the-tests-0002"


@pytest.fixture
def owner(house: House) -> Visitor:
    return a_member(house.app, house.account)


def settings_of(house: House) -> str:
    return f"/a/{house.account.key}/settings"


def lets_in(house: House, token: str) -> bool:
    answer = house.app.test_client().get("/api/v1/balance", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def revoke_path(page: str, kind: str, number: int = -1) -> str:
    return re.findall(rf'action="([^"]*/settings/tokens/{kind}/\w+/revoke)"', page)[number]


def test_an_api_token_is_shown_once_works_and_is_revoked(house, owner):
    page = owner.posts(f"{settings_of(house)}/tokens/api", label="Planilha da Bia").get_data(as_text=True)
    token = API_TOKEN.search(page)[0]
    assert lets_in(house, token)
    later = owner.reads(settings_of(house))
    assert "Planilha da Bia" in later
    assert token not in later
    assert owner.posts(revoke_path(later, "api")).status_code == 302
    assert not lets_in(house, token)
    assert "Planilha da Bia" not in owner.reads(settings_of(house))
    assert lets_in(house, house.token), "the others go on"


def test_a_hottok_is_added_used_and_revoked_without_being_shown(house, owner):
    assert house.posts(payload("v2-PURCHASE_APPROVED.json"), token=ANOTHER).status_code == 401
    connect = f"/a/{house.account.key}/connect/hottok"
    assert owner.posts(connect, hottok=f" {ANOTHER} ", to="settings").location.endswith("/settings#hotmart")
    assert house.posts(payload("v2-PURCHASE_APPROVED.json"), token=ANOTHER).status_code == 200
    page = owner.reads(settings_of(house))
    assert ANOTHER not in page
    assert "•••• 0002" in page
    assert owner.posts(revoke_path(page, "hottok")).status_code == 302
    assert house.posts(payload("v2-PURCHASE_APPROVED.json"), token=ANOTHER).status_code == 401
    assert house.posts(payload("v2-PURCHASE_APPROVED.json"), token=HOTTOK).status_code == 200


@pytest.mark.parametrize("hottok", ["", "   ", "short"])
def test_what_is_no_hottok_is_not_taken(house, owner, hottok):
    assert owner.posts(f"/a/{house.account.key}/connect/hottok", hottok=hottok).status_code == 422


def used(house: House, kind: Kind) -> list[bool]:
    with transaction(house.shop.engine) as tx:
        return [one.used_at is not None for one in tokens.valid(tx, house.account.id, kind)]


def test_the_page_tells_when_a_token_was_last_used(house, owner):
    assert (used(house, Kind.HOTTOK), used(house, Kind.API)) == ([False], [False])
    assert owner.reads(settings_of(house)).count("ainda não usado") == 2
    house.posts(payload("v2-PURCHASE_APPROVED.json"), token="wrong-wrong-wrong-wrong").close()
    assert used(house, Kind.HOTTOK) == [False]
    # It is noted after the answer has gone out, which is when a server closes it.
    house.posts(payload("v2-PURCHASE_APPROVED.json")).close()
    house.client.get("/api/v1/balance", headers=house.bearer).close()
    assert (used(house, Kind.HOTTOK), used(house, Kind.API)) == ([True], [True])
    assert "ainda não usado" not in owner.reads(settings_of(house))


def test_the_account_gets_another_name_and_zone(house, owner):
    told = {"account_name": " Loja da Ana ", "timezone": "America/Manaus"}
    assert owner.posts(f"{settings_of(house)}/account", **told).status_code == 302
    with transaction(house.shop.engine) as tx:
        account = accounts.with_id(tx, house.account.id)
    assert (account.name, account.timezone) == ("Loja da Ana", "America/Manaus")


@pytest.mark.parametrize("wrong", [{"account_name": " "}, {"timezone": "Mars/Base"}, {"account_name": "x" * 500}])
def test_a_wrong_name_or_zone_changes_nothing(house, owner, wrong):
    told = {"account_name": "Loja", "timezone": "America/Manaus", **wrong}
    assert owner.posts(f"{settings_of(house)}/account", **told).status_code == 422
    with transaction(house.shop.engine) as tx:
        assert accounts.with_id(tx, house.account.id) == house.account


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.READER])
def test_who_is_no_owner_sees_neither_tokens_nor_people(house, role):
    page = a_member(house.app, house.account, role).reads(settings_of(house))
    assert house.account.name in page
    for part in ("tests</", "••••", "/settings/people", "/settings/tokens"):
        assert part not in page
