"""What every answer carries, whatever was asked; and errors as people see them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.app import create_app
from service.domain.roles import Role
from tests.living import House
from tests.web.visitors import Visitor, a_member, a_user

ROOT = Path(__file__).resolve().parents[2]
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
DUMMIES = {"uuid": UUID(int=1), "int": 1, "string": "x", "default": "x", "path": "x"}


def policy_of(header: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in header.split(";") if part.strip())


def routes(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def paths(app: Flask) -> dict[str, str]:
    """An address of every route, ids made up."""
    with app.test_request_context():
        return {
            rule.rule: app.url_for(
                rule.endpoint,
                **{
                    name: DUMMIES.get(type(converter).__name__.removesuffix("Converter").lower(), 1)
                    for name, converter in rule._converters.items()
                },
            )
            for rule in routes(app)
        }


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_every_route_sends_safe_headers(house: House, method):
    visitor = a_member(house.app, house.account)
    for rule, path in paths(house.app).items():
        answer = visitor.client.open(path.replace("/a/x/", f"/a/{house.account.key}/"), method=method)
        assert {name: answer.headers.get(name) for name in WANTED} == WANTED, rule
        policy = policy_of(answer.headers["Content-Security-Policy"])
        assert POLICY.items() <= policy.items(), rule
        assert "unsafe" not in answer.headers["Content-Security-Policy"], rule
        assert answer.headers["X-Request-Id"]


def test_pages_are_kept_by_no_cache_and_static_files_for_long(house):
    visitor = a_member(house.app, house.account)
    for path in ("/login", "/profile", f"/a/{house.account.key}/", "/nothing"):
        assert visitor.get(path).headers["Cache-Control"] == "no-store", path
    page = visitor.reads("/profile")
    found = re.findall(r'(?:href|src)="(/(?:static|bootstrap)/[^"#]+)', page)
    assert len(found) > 5
    for path in found:
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["Cache-Control"], path


def test_https_is_insisted_on_where_it_is_used(app, settings):
    a_user(app)
    assert "Strict-Transport-Security" not in Visitor(app).get("/login").headers
    secure = Visitor(app, base_url="https://marco.example.com").get("/login")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_answers_for_machines_depend_on_no_cookie(house):
    for answer in (
        house.posts(b"{}"),
        house.client.get("/api/v1/balance", headers=house.bearer),
        house.client.get("/healthz"),
    ):
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


TEMPLATES = sorted((ROOT / "service/templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_scripts_or_styles_in_it(path):
    source = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", source)
    for script in re.findall(r"<script([^>]*)>(.*?)</script>", source, re.DOTALL):
        assert "src=" in script[0]
        assert script[1].strip() == ""
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", source), "everything is served by us"


@pytest.mark.parametrize("path", sorted((ROOT / "service/static").rglob("*.*")), ids=lambda path: path.name)
def test_our_own_files_fetch_nothing_from_elsewhere(path):
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|url\(", text)


@pytest.mark.parametrize(
    ("language", "says"), [("pt", "Não há nada aqui"), ("en", "There is nothing here"), ("es", "Aquí no hay nada")]
)
def test_a_page_that_is_not_there_is_told_kindly(app, language, says):
    answer = Visitor(app).get("/nothing", headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert says in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/api/nothing", "/api/v1/clients", "/webhooks/hotmart/nobody"])
def test_machines_get_errors_as_json(app, path):
    answer = app.test_client().get(path) if "api" in path else app.test_client().post(path)
    assert answer.status_code >= 400
    assert set(answer.get_json()) == {"code", "status", "message", "errors"}


def test_without_the_database_people_get_a_page_that_says_so(settings):
    away = create_app(replace(settings, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    for path in ("/", "/login", "/setup", "/a/x/"):
        answer = away.test_client().get(path)
        assert answer.status_code in {302, 503}, path
    answer = away.test_client().get("/login")
    assert answer.status_code == 503
    assert "Voltamos já" in answer.get_data(as_text=True)
    assert answer.headers["Retry-After"]


def test_a_fault_of_ours_is_a_page_with_a_number_and_without_its_cause(settings, monkeypatch):
    broken = create_app(settings)

    def fails() -> str:
        raise RuntimeError("canary of the tests")

    broken.view_functions["session.home"] = fails
    answer = broken.test_client().get("/", headers={"X-Request-Id": "number-7"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "number-7" in page
    assert "canary" not in page


def test_a_reader_who_changes_something_is_told_whom_to_ask(house):
    visitor = a_member(house.app, house.account, Role.READER)
    answer = visitor.posts(f"/a/{house.account.key}/settings/account", account_name="x")
    assert answer.status_code == 403
    assert "Peça outro papel a um proprietário" in answer.get_data(as_text=True)
