"""Signing in and out: cookies, epochs, guessing, forged forms, and where a link may lead."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from redis import Redis

from service.app import create_app
from service.domain.roles import Role
from service.store import memberships, users
from service.store.engine import transaction
from service.web import passwords
from service.web.pages.session import local_path
from tests.web.visitors import PASSWORD, Visitor, a_member, a_user, an_email


def is_signed_in(visitor: Visitor) -> bool:
    answer = visitor.get("/profile")
    assert answer.status_code in {200, 302}
    return answer.status_code == 200


def without_secrets(page: str) -> str:
    return re.sub(r'value="[^"]*"', "", page)


def test_the_right_password_lets_in_and_signing_out_ends_it(app):
    user, visitor = a_user(app), Visitor(app)
    assert not is_signed_in(visitor)
    assert visitor.signs_in(user.email.upper()).status_code == 302
    assert is_signed_in(visitor)
    assert visitor.posts("/logout").status_code == 302
    assert not is_signed_in(visitor)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(app):
    user, visitor = a_user(app), Visitor(app)
    known, unknown = visitor.signs_in(user.email, "wrong"), visitor.signs_in(an_email(), "wrong")
    assert known.status_code == unknown.status_code == 401
    assert without_secrets(known.get_data(as_text=True)) == without_secrets(unknown.get_data(as_text=True))
    assert {name for name, _ in known.headers} == {name for name, _ in unknown.headers}


def test_an_unknown_address_costs_the_same_work_as_a_wrong_password(app, monkeypatch):
    worked = []

    class Watched:
        def __init__(self, hasher):
            self.hasher = hasher

        def __getattr__(self, name):
            return getattr(self.hasher, name)

        def verify(self, stored, password):
            worked.append(stored.rpartition("$")[0].rpartition("$")[0])
            return self.hasher.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Watched(passwords._hasher))
    user, visitor = a_user(app), Visitor(app)
    visitor.signs_in(user.email, "wrong")
    visitor.signs_in(an_email(), "wrong")
    assert len(worked) == 2
    assert worked[0] == worked[1]
    assert worked[0].startswith("$argon2id$")


def test_a_hash_with_old_parameters_is_renewed_when_its_owner_signs_in(app):
    email = an_email()
    with transaction(app.extensions["marco"].engine) as tx:
        users.create(tx, email, "Ana", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD))
    visitor = Visitor(app)
    visitor.signs_in(email)
    with transaction(app.extensions["marco"].engine) as tx:
        stored = users.with_email(tx, email).password
    assert not passwords.is_outdated(stored)
    assert is_signed_in(visitor)


def cookie_of(answer) -> str:
    return next(value for value in answer.headers.getlist("Set-Cookie") if "marco=" in value)


def test_the_cookie_is_for_this_site_and_out_of_reach_of_scripts(app):
    cookie = cookie_of(Visitor(app).signs_in(a_user(app).email))
    assert cookie.startswith("marco=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    assert "Domain" not in cookie


def test_by_https_the_cookie_is_secure_and_bound_to_the_host(app):
    visitor = Visitor(app, base_url="https://marco.example.com")
    cookie = cookie_of(visitor.signs_in(a_user(app).email))
    assert cookie.startswith("__Host-marco=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert is_signed_in(visitor)


def test_with_a_public_url_of_https_the_cookie_is_secure_even_where_the_proxy_says_nothing(settings, app):
    behind = create_app(replace(settings, public_url="https://marco.example.com"))
    cookie = cookie_of(Visitor(behind).get("/login"))
    assert cookie.startswith("__Host-marco=")
    assert "Secure" in cookie


def test_signing_out_everywhere_ends_every_session(app):
    user, laptop, phone = a_user(app), Visitor(app), Visitor(app)
    for visitor in (laptop, phone):
        visitor.signs_in(user.email)
    assert phone.posts("/profile/everywhere").status_code == 302
    assert not is_signed_in(phone)
    assert not is_signed_in(laptop)


def test_a_new_password_ends_every_other_session_and_the_old_password(app):
    user, laptop, phone = a_user(app), Visitor(app), Visitor(app)
    for visitor in (laptop, phone):
        visitor.signs_in(user.email)
    newer = "outra frase bem comprida"
    assert phone.posts("/profile/password", password_now=PASSWORD, password_new=newer).status_code == 302
    assert is_signed_in(phone)
    assert not is_signed_in(laptop)
    assert laptop.signs_in(user.email).status_code == 401
    assert laptop.signs_in(user.email, newer).status_code == 302


@pytest.mark.parametrize(
    ("now", "newer", "says"),
    [("wrong", "outra frase bem comprida", "não é a sua senha"), (PASSWORD, "curta", "Use 10 caracteres")],
)
def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(app, now, newer, says):
    user, visitor = a_user(app), Visitor(app)
    visitor.signs_in(user.email)
    answer = visitor.posts("/profile/password", password_now=now, password_new=newer)
    assert answer.status_code == 422
    assert says in answer.get_data(as_text=True)
    assert Visitor(app).signs_in(user.email).status_code == 302


def test_a_forged_or_foreign_cookie_lets_nobody_in(app, settings):
    user = a_user(app)
    elsewhere = create_app(replace(settings, secret_key="another secret of the tests"))
    visitor = Visitor(elsewhere)
    visitor.signs_in(user.email)
    stolen = visitor.client.get_cookie("marco").value
    other = Visitor(app)
    other.client.set_cookie("marco", stolen)
    assert not is_signed_in(other)


def test_what_a_visitor_had_in_the_cookie_does_not_survive_signing_in(app):
    user, visitor = a_user(app), Visitor(app)
    before = visitor.form_token()
    visitor.signs_in(user.email)
    answer = visitor.client.post("/profile/name", data={"csrf_token": before, "name": "Eve"})
    assert answer.status_code == 400, "a token planted before cannot be used after"


def test_after_ten_attempts_for_one_address_even_the_right_password_waits(app):
    user, visitor = a_user(app), Visitor(app)
    answers = [visitor.signs_in(user.email, "wrong").status_code for _ in range(10)]
    assert answers == [401] * 10
    late = visitor.signs_in(user.email)
    assert late.status_code == 429
    assert 0 < int(late.headers["Retry-After"]) <= 900
    assert "Tentativas demais" in late.get_data(as_text=True)
    assert visitor.signs_in(a_user(app).email).status_code == 302, "others are not locked out"


def test_attempts_at_the_same_moment_are_no_way_around_it(app):
    user, form = a_user(app), Visitor(app)
    content = {"csrf_token": form.form_token(), "email": user.email, "password": "wrong"}
    cookie = form.client.get_cookie("marco").value
    together, answers = threading.Barrier(30), []

    def tries() -> None:
        client = app.test_client()
        client.set_cookie("marco", cookie)
        together.wait()
        answers.append(client.post("/login", data=content).status_code)

    threads = [threading.Thread(target=tries) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [401] * 10 + [429] * 20


def test_who_knows_the_password_may_sign_in_as_often_as_they_like(app):
    user = a_user(app)
    for _ in range(12):
        assert Visitor(app).signs_in(user.email, "wrong").status_code == 401
        assert Visitor(app).signs_in(user.email).status_code == 302


def test_failures_are_counted_by_the_address_of_the_client_too(app):
    visitor = Visitor(app)
    token = visitor.form_token()

    def tries(address: str) -> int:
        content = {"csrf_token": token, "email": an_email(), "password": "wrong"}
        forwarded = {"X-Forwarded-For": f"198.51.100.7, {address}"}
        return visitor.client.post("/login", data=content, headers=forwarded).status_code

    assert {tries("203.0.113.5") for _ in range(60)} == {401}
    assert tries("203.0.113.5") == 429
    assert tries("203.0.113.6") == 401


def test_without_redis_people_sign_in_and_are_still_counted(settings, app):
    alone = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0"))
    user, visitor = a_user(app), Visitor(alone)
    assert visitor.signs_in(user.email).status_code == 302
    answers = [visitor.signs_in(user.email, "wrong").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]


def test_no_other_door_passes_the_counter_of_attempts(app):
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        counting = {name for name, functions in hooks.items() if "flask_limiter" in repr(functions).lower()}
        assert counting == {"session"}


def test_no_address_of_a_person_reaches_redis(app, redis_url):
    user = a_user(app)
    Visitor(app).signs_in(user.email, "wrong")
    keys = [key.decode() for key in Redis.from_url(redis_url).scan_iter("LIMITS*")]
    assert keys
    assert not any(user.email in key for key in keys)


@pytest.mark.parametrize("path", ["/a/x/events?state=done", "/profile", "/"])
def test_a_link_may_lead_on_inside(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example.com",
        "https://evil.example.com",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "",
        None,
        "a",
        "/a\nb",
        "/\t/evil.example.com",
        "/x\\..\\evil",
    ],
)
def test_a_link_may_never_lead_outside(path):
    assert local_path(path) is None


def test_who_is_sent_to_sign_in_comes_back_to_where_they_wanted(app, house):
    user, visitor = a_user(app), Visitor(app)
    with transaction(app.extensions["marco"].engine) as tx:
        memberships.join(tx, house.account.id, user.id, Role.READER)
    wanted = f"/a/{house.account.key}/events?state=done"
    asked = visitor.get(wanted)
    assert asked.status_code == 302
    assert visitor.posts(asked.location, email=user.email, password=PASSWORD).location == wanted


def test_the_start_leads_to_the_account_somebody_looked_at_last(app, house, another_house):
    visitor = a_member(app, house.account)
    with transaction(app.extensions["marco"].engine) as tx:
        memberships.join(tx, another_house.account.id, visitor.user.id, Role.READER)
    for one in (house, another_house, house):
        visitor.reads(f"/a/{one.account.key}/")
        assert visitor.get("/").location == f"/a/{one.account.key}/"


def test_somebody_without_an_account_is_told_so(app):
    user, visitor = a_user(app), Visitor(app)
    visitor.signs_in(user.email)
    assert visitor.get("/").location == "/profile"
    assert "não pertence a nenhuma conta" in visitor.reads("/profile")
    assert visitor.get("/profile/accounts/new").status_code == 403


def test_an_owner_may_add_an_account_and_owns_it(app, house):
    visitor = a_member(app, house.account)
    answer = visitor.posts("/profile/accounts/new", account_name="Loja", seller="affiliate", timezone="Europe/Lisbon")
    assert answer.status_code == 302
    assert "Loja" in visitor.reads(answer.location)
