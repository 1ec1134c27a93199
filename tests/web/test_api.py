"""The public interface: who may come in, pages, errors, its description."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from service.store import accounts
from service.store.engine import transaction
from tests.living import House, payload


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer nonsense", "Basic abc", "Bearer marco_0000000000000000_" + "x" * 43],
)
def test_without_a_valid_token_nothing_is_told(house: House, header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    for path in ("clients", "purchases", "deliveries", "imports", "balance", "imports/fields"):
        answer = house.client.get(f"/api/v1/{path}", headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")


def test_every_route_of_the_api_asks_for_a_token(house: House) -> None:
    for rule in house.app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path = rule.rule.replace("<int:import_id>", "1").replace("<int:delivery_id>", "1")
            path = re.sub(r"<int:\w+>", "1", path)
            path = re.sub(r"<uuid:\w+>", "00000000-0000-0000-0000-000000000000", path)
            path = re.sub(r"<(?:path:|string:)?\w+>", "x", path)
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                assert house.client.open(path, method=method).status_code == 401, (method, path)


def test_a_revoked_token_is_let_in_no_more(house: House) -> None:
    with transaction(house.shop.engine) as tx:
        assert accounts.revoke_api_token(tx, house.account.id, house.token) == 1
    house.app.extensions["marco"].directory.forget()
    assert house.client.get("/api/v1/clients", headers=house.bearer).status_code == 401


def some_events(count: int) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        body: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
        body["id"] = f"event-{number}"
        body["data"]["purchase"]["transaction"] = f"HP{number:010}"
        body["data"]["buyer"]["email"] = f"buyer{number}@example.com"
        body["data"]["buyer"]["name"] = f"Buyer {number:02} 100%"
        made.append(body)
    return made


def test_lists_come_in_pages_with_their_total(house: House) -> None:
    house.receives(*some_events(7))
    answer = house.client.get("/api/v1/clients?page=2&page_size=3", headers=house.bearer)
    pages = json.loads(answer.headers["X-Pagination"])
    assert len(answer.get_json()) == 3
    assert (pages["total"], pages["total_pages"], pages["page"]) == (7, 3, 2)
    seen = [row["email"] for page in (1, 2, 3) for row in house.get("/clients", page=page, page_size=3)]
    assert len(set(seen)) == 7


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("buyer3@", 1),
        ("BUYER 03", 1),
        ("example.com", 7),
        ("100%", 7),
        ("%", 7),
        ("_", 7),
        ("999990000", 7),
        ("x'y", 0),
    ],
)
def test_clients_are_found_by_a_part_of_name_email_or_phone(house: House, q: str, found: int) -> None:
    house.receives(*some_events(7))
    assert len(house.get("/clients", q=q)) == found


def test_purchases_are_filtered(house: House) -> None:
    house.receives(*some_events(3), payload("v2-PURCHASE_REFUNDED.real.json"))
    assert len(house.get("/purchases", status="approved")) == 3
    assert len(house.get("/purchases", status="REFUNDED")) == 1
    assert len(house.get("/purchases", email=" Buyer1@Example.com ")) == 1
    assert len(house.get("/purchases", product="1234567")) == 4
    assert len(house.get("/purchases", **{"from": "2025-04-20", "to": "2025-05-01"})) == 3
    assert house.get("/purchases", status="approved", product="Curso Exemplo", transaction="HP0000000001")


@pytest.mark.parametrize("query", ["status=ascended", "from=yesterday", "page=x", "page_size=100000", "page=0"])
def test_a_wrong_question_is_answered_with_what_is_wrong(house: House, query: str) -> None:
    answer = house.client.get(f"/api/v1/purchases?{query}", headers=house.bearer)
    assert answer.status_code == 422
    body = answer.get_json()
    assert set(body) == {"code", "status", "message", "errors"}
    assert body["errors"]


def test_milestones_are_filtered_by_kind_and_period(house: House) -> None:
    house.receives(payload("v2-PURCHASE_BILLET_PRINTED.real-pix.json"), payload("v2-PURCHASE_APPROVED.real-pix.json"))
    (client,) = house.get("/clients")
    path = f"/clients/{client['id']}/milestones"
    assert [row["kind"] for row in house.get(path, kind="approved")] == ["approved"]
    assert [row["kind"] for row in house.get(path, to="2025-04-29T18:50:00Z")] == ["payment_issued"]
    (approved,) = house.get(path, kind="approved")
    assert approved["amount"] == {"value": "1497.00", "currency": "BRL"}
    assert approved["occurred_at"] == "2025-04-29T18:50:27Z"
    assert approved["source"]["kind"] == "hotmart"


def test_an_unknown_path_and_method_are_json_errors_too(house: House) -> None:
    missing = house.client.get("/api/v1/nothing", headers=house.bearer)
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not_found")
    wrong = house.client.delete("/api/v1/clients", headers=house.bearer)
    assert (wrong.status_code, wrong.get_json()["code"]) == (405, "method_not_allowed")


def test_the_interface_is_described_as_openapi_3_1(house: House) -> None:
    described = house.client.get("/api/openapi.json").get_json()
    assert described["openapi"].startswith("3.1")
    paths = described["paths"]
    for path in (
        "/api/v1/clients",
        "/api/v1/clients/{client_id}",
        "/api/v1/clients/{client_id}/milestones",
        "/api/v1/purchases",
        "/api/v1/imports",
        "/api/v1/imports/{import_id}/confirm",
        "/api/v1/deliveries/{delivery_id}/replay",
        "/api/v1/balance",
    ):
        assert path in paths, path


def test_the_docs_page_serves_its_own_assets(house: House) -> None:
    page = house.client.get("/api/docs").get_data(as_text=True)
    assert "//" not in page.replace("<!doctype html>", ""), "nothing comes from elsewhere"
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js"):
        answer = house.client.get(f"/api/docs/assets/{asset}")
        assert answer.status_code == 200
        assert len(answer.get_data()) > 10_000
    assert house.client.get("/api/docs/assets/../../../../settings.py").status_code == 404


def test_every_answer_has_safe_headers_and_a_request_id(house: House) -> None:
    answer = house.client.get("/healthz", headers={"X-Request-Id": "abc-123"})
    assert answer.headers["X-Request-Id"] == "abc-123"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert house.client.get("/healthz", headers={"X-Request-Id": "no good!"}).headers["X-Request-Id"] != "no good!"
