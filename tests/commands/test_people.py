"""`user`: people who sign in, made and mended at the machine."""

from __future__ import annotations

import json

import pytest

from tests.commands.conftest import Terminal
from tests.web.visitors import PASSWORD, Visitor

NEWER = "outra frase bem comprida"


def listed(terminal: Terminal) -> dict[str, dict[str, str]]:
    return {one["email"]: one["accounts"] for one in json.loads(terminal.says("user", "list", "--json"))}


def made(terminal: Terminal, email: str, *words: str) -> str:
    return terminal.says("user", "create", "Ana Lima", "--email", email, "--password", PASSWORD, *words)


def test_nobody_is_listed_at_first_and_the_list_says_how_to_begin(school):
    assert "No users yet" in school.says("user", "list")


def test_a_user_gets_every_account_and_closes_the_setup(school):
    said = made(school, "Ana@Example.com")
    assert "owner of School" in said
    assert "/login" in said
    assert list(listed(school)["ana@example.com"].values()) == ["owner"]
    assert Visitor(school.app).get("/setup").status_code == 404
    assert Visitor(school.app).signs_in("ana@example.com").status_code == 302
    assert "ana@example.com" in school.says("user", "list")


def test_the_password_can_come_from_standard_input(school):
    words = ("user", "create", "Bia", "--email", "bia@example.com", "--role", "reader", "--account", "School")
    school.says(*words, "--password", "-", input=f"{PASSWORD}\n")
    assert Visitor(school.app).signs_in("bia@example.com").status_code == 302
    assert list(listed(school)["bia@example.com"].values()) == ["reader"]


def test_the_password_is_asked_for_where_it_is_not_told(school):
    words = ("user", "create", "Caio", "--email", "caio@example.com")
    assert PASSWORD not in school.says(*words, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert Visitor(school.app).signs_in("caio@example.com").status_code == 302


def test_a_new_password_ends_sessions_and_the_old_one(school):
    made(school, "davi@example.com")
    visitor = Visitor(school.app)
    visitor.signs_in("davi@example.com")
    assert "signed out everywhere" in school.says("user", "password", "davi@example.com", "--password", NEWER)
    assert visitor.get("/profile").status_code == 302
    assert visitor.signs_in("davi@example.com").status_code == 401
    assert visitor.signs_in("davi@example.com", NEWER).status_code == 302


def test_a_role_is_given_changed_and_taken(school):
    made(school, "elisa@example.com")
    for role, left in (("reader", ["reader"]), ("operator", ["operator"]), ("none", [])):
        school.says("user", "role", "elisa@example.com", role, "--account", "School")
        assert list(listed(school)["elisa@example.com"].values()) == left


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "X", "--email", "nothing", "--password", PASSWORD), "is no e-mail address"),
        (("create", " ", "--email", "x@example.com", "--password", PASSWORD), "needs a name"),
        (("create", "X", "--email", "x@example.com", "--password", "short"), "10 to 256"),
        (("create", "X", "--email", "x@example.com", "--password", PASSWORD, "--account", "nobody"), "No such account"),
        (("create", "X", "--email", "twice@example.com", "--password", PASSWORD), "already a user"),
        (("password", "nobody@example.com", "--password", PASSWORD), "Nobody signs in as"),
        (("role", "nobody@example.com", "reader"), "Nobody signs in as"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(school, words, said):
    if "twice@example.com" in words:
        made(school, "twice@example.com")
    assert said in school.complains("user", *words)
    assert "x@example.com" not in listed(school)


def test_the_last_owner_is_not_taken_out(school):
    for email in listed(school):
        if email != "ana@example.com":
            school.says("user", "role", email, "reader", "--account", "School")
    assert "needs an owner" in school.complains("user", "role", "ana@example.com", "none", "--account", "School")
