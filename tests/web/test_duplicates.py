"""Everybody who may be in the account twice, through the API and in the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from service.domain.roles import Role
from service.store import duplicates
from service.web import merging
from tests.living import House
from tests.web.test_merging import ANA, BIA, CAIO, CPF, asks, merges, separates, with_contact
from tests.web.visitors import Visitor, a_member

OTHER_CPF = "11144477735"
PHONE = {"checkout_phone": "11987650001", "checkout_phone_code": "11"}


@pytest.fixture(autouse=True)
def no_worker_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests the workers work when they are told to."""
    monkeypatch.setattr(merging, "PATIENCE", 0.0)


def groups(house: House, **asked: Any) -> list[Any]:
    """All groups, however many pages they take."""
    found, after = [], {}
    while True:
        page = house.get("/clients/duplicates", **asked, **after)
        found += page["groups"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def members(house: House, **asked: Any) -> list[set[str]]:
    return [{one["email"] for one in group["clients"]} for group in groups(house, **asked)]


def page_of(house: House) -> str:
    return f"/a/{house.account.key}/clients/duplicates"


def test_whoever_shares_a_document_or_telephone_stands_in_one_group_with_all_reasons(house, another_house):
    with_contact(house, ANA, "HP1", document=CPF, **PHONE)
    with_contact(house, BIA, "HP2", document=CPF, **PHONE)
    with_contact(house, CAIO, "HP3", document=OTHER_CPF, **PHONE)
    with_contact(house, "dora@example.com", "HP4", document=OTHER_CPF)
    with_contact(another_house, "elisa@example.com", "HP5", document=CPF, **PHONE)
    told = [(group["same"], {one["email"] for one in group["clients"]}, group["reasons"]) for group in groups(house)]
    assert told == [
        ("document", {CAIO, "dora@example.com"}, ["document"]),
        ("document", {ANA, BIA}, ["document", "phone"]),
        ("phone", {ANA, BIA, CAIO}, ["phone"]),
    ]
    assert members(house, same="phone") == [{ANA, BIA, CAIO}]
    assert groups(another_house) == []


def test_two_who_share_both_are_one_group_not_two(house):
    with_contact(house, ANA, "HP1", document=CPF, **PHONE)
    with_contact(house, BIA, "HP2", document=CPF, **PHONE)
    assert members(house) == [{ANA, BIA}]
    assert members(house, same="phone") == [{ANA, BIA}], "asked for by telephone they are there too"


def test_who_was_merged_or_told_apart_is_left_out_and_comes_back_only_when_that_is_open_again(house):
    ana, bia, caio = (with_contact(house, email, f"HP{email[0]}", document=CPF) for email in (ANA, BIA, CAIO))
    assert members(house) == [{ANA, BIA, CAIO}], "more than two are one group"
    asks(house, f"{ana}/strangers", client_id=caio)
    house.drain()
    assert members(house) == [{ANA, BIA, CAIO}], "Bia may still be either"
    merges(house, bia, ana)
    assert members(house) == [], "Ana is Bia now, and Caio is not Ana"
    separates(house, bia, ANA)
    assert members(house) == [{BIA, CAIO}], "who was separated is not asked about again"


def test_a_whole_group_is_told_apart_with_one_statement(house):
    ids = [with_contact(house, email, f"HP{email[0]}", document=CPF) for email in (ANA, BIA, CAIO)]
    first, second = (asks(house, "duplicates/strangers", client_ids=ids, key="told-once-1") for _ in range(2))
    assert (first.status_code, first.get_json()["delivery_id"]) == (202, second.get_json()["delivery_id"])
    house.drain()
    assert groups(house) == []
    assert house.get(f"/clients/{ids[0]}/suggestions") == []
    house.rebuild()
    assert groups(house) == [], "it is a fact like any other"


@pytest.mark.parametrize(
    ("named", "status"), [("one", 422), ("twice", 409), ("nobody", 404), ("theirs", 404), ("six", 422)]
)
def test_only_different_clients_of_the_account_are_told_apart(house, another_house, named, status):
    ana, theirs = with_contact(house, ANA, "HP1"), with_contact(another_house, BIA, "HP2")
    ids = {"one": [ana], "twice": [ana, ana], "nobody": [ana, "0" * 32], "theirs": [ana, theirs], "six": [ana] * 6}
    assert asks(house, "duplicates/strangers", client_ids=ids[named]).status_code == status
    assert house.get("/deliveries", source="person") == []


def test_what_more_than_a_handful_share_is_told_with_its_number_and_nobody_beside_it(house):
    for number in range(duplicates.FEW + 1):
        with_contact(house, f"client{number}@example.com", f"HP{number}", document=CPF)
    (shop,) = groups(house)
    assert (shop["number"], shop["clients"]) == (duplicates.FEW + 1, [])
    page = a_member(house.app, house.account).reads(page_of(house))
    assert f"q={CPF}" in page, "the list shows them all"
    assert 'name="client"' not in page


def test_what_was_typed_to_fill_a_field_makes_no_group(house):
    for email, code in ((ANA, "HP1"), (BIA, "HP2")):
        with_contact(house, email, code, document="00000000000")
    assert groups(house) == []


@pytest.mark.parametrize("steps", [duplicates.STEPS, (1, 1, 1), (2,), (3, 2)])
def test_page_after_page_gives_every_group_once_however_short_the_steps(house, monkeypatch, steps):
    for number in range(12):
        document, phone = f"{52998224725 + number // 2}", f"119876500{10 + number // 3}"
        contact = {"checkout_phone": phone, "checkout_phone_code": "11"}
        with_contact(house, f"client{number}@example.com", f"HP{number}", document=document, **contact)
    at_once = groups(house, page_size=50)
    assert len(at_once) == 6 + 4
    monkeypatch.setattr(duplicates, "STEPS", steps)
    for size in (1, 3, 50):
        assert groups(house, page_size=size) == at_once


def test_a_place_that_was_never_given_is_refused_by_the_api_and_the_beginning_for_a_page(house):
    with_contact(house, ANA, "HP1", document=CPF)
    with_contact(house, BIA, "HP2", document=CPF)
    answer = house.client.get("/api/v1/clients/duplicates?after=nonsense", headers=house.bearer)
    assert answer.status_code == 422
    assert BIA in a_member(house.app, house.account).reads(f"{page_of(house)}?after=nonsense&same=colour")


def test_the_page_leads_to_the_comparison_and_says_that_two_are_two_people(house):
    ana, bia = (with_contact(house, email, f"HP{email[0]}", document=CPF) for email in (ANA, BIA))
    visitor = a_member(house.app, house.account)
    assert page_of(house) in visitor.reads(f"/a/{house.account.key}/clients")
    page = visitor.reads(page_of(house))
    assert "529.982.247-25" in page
    assert re.search(rf"clients/({ana}|{bia})/merge\?other=({ana}|{bia})", page)
    answer = _tells_apart(visitor, house, page, same="document")
    assert answer.location == f"{page_of(house)}?same=document"
    house.drain()
    assert BIA not in visitor.reads(page_of(house))
    assert _tells_apart(visitor, house, page).status_code == 303, "a late click of the same form is the same statement"
    assert len(house.get("/deliveries", source="person")) == 1


def _tells_apart(visitor: Visitor, house: House, page: str, **more: str) -> Any:
    (key,) = re.findall(r'name="key" value="(\w+)"', page)
    ids = re.findall(r'name="client" value="([\w-]+)"', page)
    return visitor.posts(f"{page_of(house)}/strangers", client=ids, key=key, **more)


def test_who_changed_meanwhile_is_said_instead_of_a_fault(house):
    ana, bia = (with_contact(house, email, f"HP{email[0]}", document=CPF) for email in (ANA, BIA))
    visitor = a_member(house.app, house.account)
    page = visitor.reads(page_of(house))
    merges(house, ana, bia)
    assert _tells_apart(visitor, house, page).location == page_of(house)
    assert "flash-warning" in visitor.reads(page_of(house))
    assert visitor.posts(f"{page_of(house)}/strangers", client="no id").status_code == 303
    assert len(house.get("/clients")) == 1


def test_in_a_larger_group_each_client_is_compared_with_one_it_was_not_told_apart_from(house):
    ana, bia, caio = (with_contact(house, email, f"HP{email[0]}", document=CPF) for email in (ANA, BIA, CAIO))
    asks(house, f"{ana}/strangers", client_id=bia)
    house.drain()
    page = a_member(house.app, house.account).reads(page_of(house))
    compared = {frozenset(pair) for pair in re.findall(r"clients/([\w-]+)/merge\?other=([\w-]+)", page)}
    assert compared
    assert compared <= {frozenset((ana, caio)), frozenset((bia, caio))}


def test_readers_look_and_change_nothing(house):
    ana, bia = (with_contact(house, email, f"HP{email[0]}", document=CPF) for email in (ANA, BIA))
    reader = a_member(house.app, house.account, Role.READER)
    page = reader.reads(page_of(house))
    assert ANA in page
    assert 'name="client"' not in page
    assert "/merge" not in page
    assert reader.posts(f"{page_of(house)}/strangers", client=[ana, bia]).status_code == 403
    assert house.get("/deliveries", source="person") == []


def test_an_account_without_any_says_so_and_one_looked_through_in_part_goes_on(house, monkeypatch):
    visitor = a_member(house.app, house.account)
    for number in range(4):
        with_contact(house, f"client{number}@example.com", f"HP{number}", document=f"{52998224725 + number}")
    assert 'class="empty"' in visitor.reads(page_of(house))
    monkeypatch.setattr(duplicates, "STEPS", (2,))
    page = visitor.reads(page_of(house))
    assert 'class="empty"' not in page
    (onwards,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert visitor.get(onwards).status_code == 200
