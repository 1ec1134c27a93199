"""The pages on which two clients become one, and one becomes two again."""

from __future__ import annotations

import re

import pytest

from service.domain.roles import Role
from service.web import merging
from tests.living import House
from tests.web.test_merging import ANA, BIA, CPF, client, with_contact
from tests.web.visitors import Visitor, a_member


@pytest.fixture(autouse=True)
def no_worker_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests the workers work when they are told to."""
    monkeypatch.setattr(merging, "PATIENCE", 0.0)


@pytest.fixture
def two(house: House) -> tuple[House, str, str]:
    """Ana and Bia have the same document."""
    return house, with_contact(house, ANA, "HP1", document=CPF), with_contact(house, BIA, "HP2", document=CPF)


def path(house: House, client_id: str, more: str = "") -> str:
    return f"/a/{house.account.key}/clients/{client_id}{more}"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def confirms(visitor: Visitor, house: House, page: str, address: str) -> str:
    """Send the form of a preview and have it done; where that leads in the end."""
    names = [name for name in ("other", "email", "key") if f'name="{name}"' in page]
    answer = visitor.posts(address, **{name: hidden(page, name) for name in names})
    assert answer.status_code == 303
    assert visitor.get(answer.location).status_code == 200, "it waits for the workers"
    house.drain()
    return str(visitor.get(answer.location).location)


def test_a_suggestion_leads_over_the_comparison_to_one_client_and_back_to_two(two):
    house, ana, bia = two
    visitor = a_member(house.app, house.account, Role.OPERATOR, "Olga Operadora")
    profile = visitor.reads(path(house, ana))
    assert f"other={bia}" in profile, "the suggestion leads to the comparison"
    preview = visitor.reads(path(house, ana, f"/merge?other={bia}"))
    assert ANA in preview
    assert BIA in preview
    assert len(house.get("/clients")) == 2, "looking changes nothing"
    assert confirms(visitor, house, preview, path(house, ana, "/merge")) == path(house, ana)
    merged = visitor.reads(path(house, ana))
    assert BIA in merged
    assert "Olga Operadora" in merged, "who said it is shown"
    assert visitor.get(path(house, bia)).location == path(house, ana), "the old link leads on"
    apart = visitor.reads(path(house, ana, f"/separate?email={BIA}"))
    assert confirms(visitor, house, apart, path(house, ana, "/separate")) == path(house, ana)
    assert {row["id"] for row in house.get("/clients")} == {ana, bia}
    assert f"other={bia}" not in visitor.reads(path(house, ana)), "who was separated is not suggested again"


def test_somebody_else_is_suggested_no_more(two):
    house, ana, bia = two
    visitor = a_member(house.app, house.account)
    visitor.posts(path(house, ana, "/strangers"), other=bia)
    house.drain()
    assert f"other={bia}" not in visitor.reads(path(house, ana))
    assert f"other={ana}" not in visitor.reads(path(house, bia))
    assert len(house.get("/clients")) == 2


def test_a_double_click_merges_once_and_a_late_one_is_told_so(two):
    house, ana, bia = two
    visitor = a_member(house.app, house.account)
    preview = visitor.reads(path(house, ana, f"/merge?other={bia}"))
    said = {"other": bia, "key": hidden(preview, "key")}
    first, second = (visitor.posts(path(house, ana, "/merge"), **said) for _ in range(2))
    assert first.location == second.location
    house.drain()
    late = visitor.posts(path(house, ana, "/merge"), other=bia, key="f" * 32)
    assert late.location == path(house, ana)
    assert len(house.get("/deliveries", source="person")) == 1


def test_while_the_workers_are_busy_the_page_says_that_it_is_kept(two):
    house, ana, bia = two
    visitor = a_member(house.app, house.account)
    preview = visitor.reads(path(house, ana, f"/merge?other={bia}"))
    answer = visitor.posts(path(house, ana, "/merge"), other=bia, key=hidden(preview, "key"))
    assert answer.location.split("?")[0] == path(house, ana, "/said")
    waiting = visitor.get(answer.location)
    assert (waiting.status_code, waiting.location) == (200, None)
    house.drain()
    assert visitor.get(answer.location).location == path(house, ana)


@pytest.mark.parametrize("said", ["nobody@example.com", "no address", "", ANA, "%00"])
def test_the_other_client_can_be_named_by_any_address_that_is_one(two, said):
    house, ana, _ = two
    visitor = a_member(house.app, house.account)
    page = visitor.reads(path(house, ana, f"/merge?email={said}"))
    assert 'name="key"' not in page, "nothing to confirm"
    assert 'type="email"' in page


def test_the_other_client_is_found_by_a_merged_address_too(two):
    house, ana, bia = two
    caio = with_contact(house, "caio.teste@example.com", "HP3")
    visitor = a_member(house.app, house.account)
    confirms(visitor, house, visitor.reads(path(house, ana, f"/merge?other={bia}")), path(house, ana, "/merge"))
    preview = visitor.reads(path(house, caio, f"/merge?email={BIA}"))
    assert hidden(preview, "other") == ana


def test_readers_see_who_is_who_and_change_nothing(two):
    house, ana, bia = two
    reader = a_member(house.app, house.account, Role.READER)
    profile = reader.reads(path(house, ana))
    assert bia in profile, "a suggestion may be looked at"
    assert "/merge" not in profile
    preview = reader.reads(path(house, ana, f"/merge?other={bia}"))
    assert 'name="key"' not in preview
    for end in ("/merge", "/strangers", "/separate"):
        assert reader.posts(path(house, ana, end), other=bia, email=BIA).status_code == 403
    assert house.get("/deliveries", source="person") == []
    assert client(house, ANA)["id"] == ana


def test_an_event_of_this_kind_shows_no_address_until_it_is_revealed(two):
    house, ana, bia = two
    visitor = a_member(house.app, house.account)
    confirms(visitor, house, visitor.reads(path(house, ana, f"/merge?other={bia}")), path(house, ana, "/merge"))
    (said,) = house.get("/deliveries", source="person")
    events = f"/a/{house.account.key}/events"
    assert f"{events}/{said['id']}" in visitor.reads(f"{events}?source=person")
    page = visitor.reads(f"{events}/{said['id']}")
    assert ANA not in page
    assert BIA not in page
    shown = visitor.posts(f"{events}/{said['id']}/reveal").get_data(as_text=True)
    assert ANA in shown
