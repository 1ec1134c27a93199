"""The first run: an owner, an account, the first event; then closed for good."""

from __future__ import annotations

import re
import threading

import pytest
from flask import Flask
from sqlalchemy import text

from service.store import accounts, memberships, users
from service.store.engine import transaction
from tests.living import HOTTOK, payload
from tests.web.visitors import PASSWORD, Visitor, a_user

OWNER = {"name": "Ana Lima", "email": " Ana@Example.com ", "password": PASSWORD}
FIRST = {**OWNER, "account_name": "Escola", "seller": "producer", "timezone": "America/Manaus"}
STRANGER = {"REMOTE_ADDR": "203.0.113.9"}


def accounts_of(app: Flask, email: str) -> dict[str, str]:
    with transaction(app.extensions["marco"].engine) as tx:
        user = users.with_email(tx, email)
        return {one.account.name: str(one.role) for one in memberships.of_user(tx, user.id)} if user else {}


def made_by_command(app: Flask, *names: str) -> None:
    with transaction(app.extensions["marco"].engine) as tx:
        for name in names:
            accounts.create(tx, name, "America/Sao_Paulo")


def test_every_way_in_leads_to_the_setup_while_there_is_nobody(new_app):
    visitor = Visitor(new_app)
    for path in ("/", "/login"):
        assert visitor.get(path).location == "/setup"
    assert "Boas-vindas" in visitor.reads("/setup")


def test_the_first_person_owns_the_first_account_and_is_signed_in(new_app):
    visitor = Visitor(new_app)
    answer = visitor.posts("/setup", **FIRST)
    assert answer.status_code == 302
    assert re.fullmatch(r"/a/[0-9a-f]{16}/connect", answer.location)
    assert accounts_of(new_app, "ana@example.com") == {"Escola": "owner"}
    assert "Escola" in visitor.reads(answer.location)


def test_the_setup_shows_the_address_takes_the_hottok_and_sees_the_first_event(new_app):
    visitor = Visitor(new_app)
    connect = visitor.posts("/setup", **FIRST).location
    page = visitor.reads(connect)
    address = f"http://127.0.0.1:8000/webhooks/hotmart/{connect.split('/')[2]}"
    assert address in page
    assert "data-arrived" not in page
    assert visitor.posts(f"{connect}/hottok", hottok=HOTTOK).status_code == 302
    door = new_app.test_client()
    path = address.partition(":8000")[2]
    assert (
        door.post(path, data=payload("v2-PURCHASE_APPROVED.json"), headers={"X-HOTMART-HOTTOK": HOTTOK}).status_code
        == 200
    )
    assert "data-arrived" in visitor.reads(f"{connect}/first-event")
    assert "data-arrived" in visitor.reads(connect)


def test_afterwards_the_setup_is_closed_for_good(new_app):
    Visitor(new_app).posts("/setup", **FIRST)
    late = Visitor(new_app)
    assert late.get("/setup").status_code == 404
    assert late.posts("/setup", **{**FIRST, "email": "late@example.com"}).status_code == 404
    with transaction(new_app.extensions["marco"].engine) as tx:
        tx.execute(text("DELETE FROM memberships"))
        tx.execute(text("DELETE FROM users"))
    assert late.get("/setup").status_code == 404


def test_a_user_made_by_the_command_line_closes_the_setup_too(new_app):
    a_user(new_app)
    assert Visitor(new_app).get("/setup").status_code == 404


def test_of_eight_who_set_up_at_once_only_one_becomes_the_owner(new_app):
    visitors = [Visitor(new_app) for _ in range(8)]
    forms = [visitor.form_token() for visitor in visitors]
    together, answers = threading.Barrier(8), []

    def found(number: int) -> None:
        together.wait()
        content = {**FIRST, "email": f"p{number}@example.com", "csrf_token": forms[number]}
        answers.append(visitors[number].client.post("/setup", data=content).status_code)

    threads = [threading.Thread(target=found, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302] + [404] * 7
    with transaction(new_app.extensions["marco"].engine) as tx:
        assert len(users.every(tx)) == 1
        assert len(accounts.every(tx)) == 1


def test_accounts_made_by_the_command_line_become_the_first_owners(new_app):
    made_by_command(new_app, "Escola", "Loja")
    visitor = Visitor(new_app)
    page = visitor.reads("/setup")
    assert "Escola" in page
    assert 'name="account_name"' not in page
    assert visitor.posts("/setup", **OWNER).status_code == 302
    assert accounts_of(new_app, "ana@example.com") == {"Escola": "owner", "Loja": "owner"}


@pytest.mark.parametrize(
    ("host", "stranger"),
    [
        ("http://localhost", {"environ_overrides": STRANGER}),
        ("http://localhost", {"headers": {"X-Forwarded-For": "127.0.0.1"}}),
        ("http://marco.example.com", {}),
    ],
)
def test_nobody_takes_accounts_over_from_elsewhere(new_app, host, stranger):
    made_by_command(new_app, "Escola")
    visitor = Visitor(new_app, base_url=host)
    content = {**OWNER, "csrf_token": Visitor(new_app).form_token()}
    assert "flask --app wsgi user create" in visitor.reads("/setup", **stranger)
    visitor.client.post("/setup", data=content, base_url=host, **stranger)
    assert accounts_of(new_app, "ana@example.com") == {}
    assert Visitor(new_app).get("/setup").status_code == 200, "still open for the host"


def test_accounts_are_taken_over_at_the_machine_with_the_very_same_form(new_app):
    made_by_command(new_app, "Escola")
    visitor = Visitor(new_app)
    token = visitor.form_token()
    for more, owned in (({"environ_overrides": STRANGER}, {}), ({}, {"Escola": "owner"})):
        visitor.client.post("/setup", data={**OWNER, "csrf_token": token}, **more)
        assert accounts_of(new_app, "ana@example.com") == owned


def test_a_new_house_may_be_set_up_from_elsewhere(new_app):
    visitor = Visitor(new_app)
    content = {**FIRST, "csrf_token": visitor.form_token()}
    assert visitor.client.post("/setup", data=content, environ_overrides=STRANGER).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"password": "curta"}, "Use 10 caracteres"),
        ({"password": "aaaaaaaaaaaa"}, "fácil demais"),
        ({"password": "ana@example.com"}, "fácil demais"),
        ({"email": "ana"}, "não é um e-mail"),
        ({"name": "  "}, "Preencha este campo"),
        ({"account_name": ""}, "Preencha este campo"),
        ({"account_name": "x" * 200}, "É longo demais"),
        ({"timezone": "Mars/Base"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_in_the_form_is_said_and_nothing_is_made(new_app, wrong, says):
    answer = Visitor(new_app).posts("/setup", **{**FIRST, **wrong})
    assert answer.status_code == 422
    if "timezone" not in wrong:  # no browser sends that one
        assert says in answer.get_data(as_text=True)
    with transaction(new_app.extensions["marco"].engine) as tx:
        assert users.setup_is_open(tx)
        assert not accounts.every(tx)
