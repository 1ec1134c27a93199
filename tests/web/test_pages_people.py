"""Inviting people, what they become, and that an account never loses its last owner."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.roles import Role
from service.errors import Conflict
from service.store import memberships
from service.store.engine import transaction
from tests.living import House
from tests.web.visitors import PASSWORD, Visitor, a_member, a_user, an_email

NEWCOMER = {"name": "Bia Reis", "password": PASSWORD}


def invited(house: House, owner: Visitor, email: str, role: str = "operator") -> str:
    """The path of the link the owner is shown, once."""
    answer = owner.posts(f"/a/{house.account.key}/settings/people/invite", email=email, role=role)
    assert answer.status_code == 200
    found = re.search(r"http://127\.0\.0\.1:8000(/invitation/[\w-]+)", answer.get_data(as_text=True))
    assert found
    return found[1]


def roles(house: House) -> dict[str, str]:
    with transaction(house.shop.engine) as tx:
        return {person.email: str(person.role) for person in memberships.people(tx, house.account.id)}


@pytest.fixture
def owner(house: House) -> Visitor:
    return a_member(house.app, house.account)


def test_a_newcomer_follows_the_link_and_is_in(house, owner):
    email = an_email()
    link = invited(house, owner, email.upper())
    visitor = Visitor(house.app)
    assert house.account.name in visitor.reads(link)
    assert visitor.posts(f"{link}/newcomer", **NEWCOMER).location == f"/a/{house.account.key}/"
    assert visitor.get(f"/a/{house.account.key}/").status_code == 200
    assert roles(house)[email] == "operator"


def test_an_invitation_works_once(house, owner):
    link = invited(house, owner, an_email())
    assert Visitor(house.app).posts(f"{link}/newcomer", **NEWCOMER).status_code == 302
    assert Visitor(house.app).get(link).status_code == 404
    assert Visitor(house.app).posts(f"{link}/newcomer", **NEWCOMER).status_code == 404


def test_of_two_who_follow_it_at_once_only_one_gets_in(house, owner):
    link = invited(house, owner, an_email())
    visitors = [Visitor(house.app) for _ in range(4)]
    tokens = [visitor.form_token() for visitor in visitors]
    together, answers = threading.Barrier(4), []

    def follows(number: int) -> None:
        together.wait()
        content = {**NEWCOMER, "csrf_token": tokens[number]}
        answers.append(visitors[number].client.post(f"{link}/newcomer", data=content).status_code)

    threads = [threading.Thread(target=follows, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 404, 404, 404]


def test_somebody_who_is_a_user_already_accepts_after_signing_in(house, owner):
    user = a_user(house.app, "Caio")
    link = invited(house, owner, user.email, "reader")
    visitor = Visitor(house.app)
    assert "/login?next=/invitation/" in visitor.reads(link)
    assert visitor.posts(f"{link}/join").location.startswith("/login")
    visitor.signs_in(user.email)
    assert visitor.posts(f"{link}/join").status_code == 302
    assert roles(house)[user.email] == "reader"


def test_a_user_is_not_made_a_second_time_by_an_invitation(house, owner):
    user = a_user(house.app)
    link = invited(house, owner, user.email)
    assert Visitor(house.app).posts(f"{link}/newcomer", **NEWCOMER).status_code == 409
    assert user.email not in roles(house)
    assert Visitor(house.app).signs_in(user.email).status_code == 302, "and keeps the password"
    assert Visitor(house.app).get(link).status_code == 200, "the invitation is still good"


def test_somebody_else_cannot_accept_it(house, owner):
    link = invited(house, owner, an_email())
    visitor = Visitor(house.app)
    other = a_user(house.app)
    visitor.signs_in(other.email)
    assert other.email in visitor.reads(link)
    assert visitor.posts(f"{link}/join").status_code == 404
    assert other.email not in roles(house)
    assert Visitor(house.app).get(link).status_code == 200


def test_an_invitation_that_is_taken_back_or_too_old_is_over(house, owner):
    link = invited(house, owner, an_email())
    page = owner.reads(f"/a/{house.account.key}/settings")
    taken_back = re.search(r"/settings/people/invitations/(\w+)/withdraw", page)
    assert owner.posts(f"/a/{house.account.key}{taken_back[0]}").status_code == 302
    assert Visitor(house.app).get(link).status_code == 404
    with transaction(house.shop.engine) as tx:
        long_ago = datetime.now(UTC) - timedelta(days=8)
        old = memberships.invite(tx, house.account.id, an_email(), Role.READER, long_ago)
    assert Visitor(house.app).get(f"/invitation/{old}").status_code == 404


def test_a_new_invitation_to_the_same_address_replaces_the_old_one(house, owner):
    email = an_email()
    first, second = invited(house, owner, email), invited(house, owner, email)
    assert Visitor(house.app).get(first).status_code == 404
    assert Visitor(house.app).get(second).status_code == 200


def test_who_is_in_the_account_is_not_invited_again(house, owner):
    answer = owner.posts(f"/a/{house.account.key}/settings/people/invite", email=owner.user.email, role="reader")
    assert answer.status_code == 409
    assert "já está na conta" in answer.get_data(as_text=True)


def test_a_newcomer_needs_a_good_password(house, owner):
    link = invited(house, owner, an_email())
    assert Visitor(house.app).posts(f"{link}/newcomer", name="Bia", password="curta").status_code == 422
    assert Visitor(house.app).get(link).status_code == 200


def test_roles_are_changed_and_people_removed(house, owner):
    other = a_member(house.app, house.account, Role.READER)
    people = f"/a/{house.account.key}/settings/people"
    assert owner.posts(f"{people}/{other.user.id}/role", role="operator").status_code == 302
    assert roles(house)[other.user.email] == "operator"
    assert owner.posts(f"{people}/{other.user.id}/role", role="emperor").status_code == 422
    assert owner.posts(f"{people}/{other.user.id}/remove").status_code == 302
    assert other.user.email not in roles(house)


def test_the_last_owner_stays(house, owner):
    people = f"/a/{house.account.key}/settings/people/{owner.user.id}"
    for path, fields in ((f"{people}/role", {"role": "reader"}), (f"{people}/remove", {})):
        assert owner.posts(path, **fields).status_code == 302
        assert "precisa de um proprietário" in owner.reads(f"/a/{house.account.key}/settings")
    assert roles(house) == {owner.user.email: "owner"}


def test_two_owners_who_demote_each_other_at_once_do_not_both_succeed(house):
    pair = [a_user(house.app).id for _ in range(2)]
    with transaction(house.shop.engine) as tx:
        for user_id in pair:
            memberships.join(tx, house.account.id, user_id, Role.OWNER)
    together, refused = threading.Barrier(2), []

    def demotes(user_id: int) -> None:
        together.wait()
        try:
            with transaction(house.shop.engine) as tx:
                memberships.change_role(tx, house.account.id, user_id, Role.READER)
        except Conflict as fault:
            refused.append(fault.code)

    threads = [threading.Thread(target=demotes, args=(user_id,)) for user_id in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["last_owner"]
    assert sorted(roles(house).values()) == ["owner", "reader"]
