"""The webhook door: what it lets in, what it answers, and that it forgets the token."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from tests.living import HOTTOK, House, payload

APPROVED = "v2-PURCHASE_APPROVED.real-pix.json"


def an_event(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(payload(APPROVED))
    return body | changes


def kept(house: House) -> list[Any]:
    return house.rows(
        "SELECT key, state, variant, reason, convert_from(body, 'UTF8') AS body FROM deliveries"
        " WHERE account_id = :account ORDER BY id"
    )


def test_a_postback_is_accepted_and_kept_as_it_came(house: House) -> None:
    answer = house.posts(payload(APPROVED))
    assert (answer.status_code, answer.get_json()) == (200, {"status": "accepted"})
    (row,) = kept(house)
    assert row.body.encode() == payload(APPROVED)
    assert row.key == json.loads(payload(APPROVED))["id"]


def test_the_same_postback_again_is_a_duplicate_and_counted(house: House) -> None:
    house.receives(payload(APPROVED))
    again = house.posts(payload(APPROVED))
    assert (again.status_code, again.get_json()) == (200, {"status": "duplicate"})
    assert len(kept(house)) == 1
    assert house.balance()["hotmart"] == {
        "received": 2, "applied": 1, "duplicate": 1, "set_aside": 0, "kept": 0, "test": 0, "withdrawn": 0, "pending": 0
    }  # fmt: skip


def test_a_resend_with_the_token_in_the_body_and_other_key_order_is_a_duplicate(house: House) -> None:
    assert house.posts(payload("v2-PURCHASE_APPROVED.json")).get_json() == {"status": "accepted"}
    resent = payload("v2-PURCHASE_APPROVED.resent-body-hottok.json").replace(b"EXAMPLE_HOTTOK", HOTTOK.encode())
    assert house.posts(resent, token=None).get_json() == {"status": "duplicate"}


def test_the_same_id_with_other_content_is_kept_beside_and_set_aside(house: House) -> None:
    house.receives(payload(APPROVED))
    forged = an_event()
    forged["data"]["purchase"]["price"]["value"] = 1
    assert house.posts(forged).get_json() == {"status": "accepted"}
    assert house.posts(forged).get_json() == {"status": "duplicate"}
    house.drain()
    assert [(row.state, row.variant, row.reason) for row in kept(house)] == [
        ("done", False, None),
        ("set_aside", True, "variant"),
    ]
    assert house.purchase("HP9100000137")["gross"]["value"] == "1497.00"
    assert house.balance()["hotmart"]["received"] == 3


@pytest.mark.parametrize("name", ["v1-approved.form.txt", "v1-approved.json", "v1-cart-abandonment.json"])
def test_a_version_1_post_is_let_in_by_the_token_in_its_body(house: House, name: str) -> None:
    body = payload(name).replace(b"EXAMPLE_HOTTOK", HOTTOK.encode())
    assert house.posts(body, token=None).get_json() == {"status": "accepted"}
    assert house.posts(payload(name), token=None).status_code == 401


def test_a_form_and_its_re_encoding_as_json_are_one_delivery(house: House) -> None:
    assert house.posts(payload("v1-approved.form.txt")).get_json() == {"status": "accepted"}
    assert house.posts(payload("v1-approved.json")).get_json() == {"status": "duplicate"}


@pytest.mark.parametrize(
    ("token", "body"),
    [
        (None, payload(APPROVED)),
        ("", payload(APPROVED)),
        ("wrong", payload(APPROVED)),
        (None, payload("v2-PURCHASE_APPROVED.resent-body-hottok.json")),
        (None, b'{"hottok": 12345, "event": "X"}'),
        (None, b'{"hottok": {"a": 1}, "event": "X"}'),
    ],
)
def test_a_wrong_or_missing_token_is_turned_away(house: House, token: str | None, body: bytes) -> None:
    answer = house.posts(body, token=token)
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "unauthorized"
    assert kept(house) == []


def test_an_unknown_address_is_not_found(house: House) -> None:
    answer = house.client.post("/webhooks/hotmart/nobody", data=b"{}", headers={"X-HOTMART-HOTTOK": HOTTOK})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"<xml/>", "malformed"),
        (b"just words", "malformed"),
        (b"\xff\xfe\x00", "malformed"),
        (b'{"event": NaN}', "absurd_number"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "too_deep"),
        (b"[" * 5000 + b"]" * 5000, "too_deep"),
        (b"[" * 400_000, "too_deep"),
        (b'{"event":"X","id":' + b"9" * 5000 + b"}", "malformed"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else value,
)
def test_what_cannot_be_parsed_is_a_400_that_says_why(house: House, body: bytes, code: str) -> None:
    answer = house.posts(body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_a_body_of_one_mebibyte_is_kept_and_a_larger_one_refused(house: House) -> None:
    frame = len(json.dumps(an_event(filler="")))
    fits = json.dumps(an_event(filler="x" * (1024 * 1024 - frame)))
    assert len(fits) == 1024 * 1024
    assert house.posts(fits).status_code == 200
    assert house.posts(fits + " ").status_code == 413


@pytest.mark.parametrize(
    "name", ["v2-PURCHASE_APPROVED.resent-body-hottok.json", "v1-approved.form.txt", "v1-approved.json"]
)
def test_the_token_never_reaches_the_database(house: House, name: str) -> None:
    body = payload(name).replace(b"EXAMPLE_HOTTOK", HOTTOK.encode())
    assert house.posts(body).status_code == 200
    (row,) = kept(house)
    assert HOTTOK not in row.body
    assert "hottok" not in row.body
    assert len(row.body) > len(body) * 0.9, "the rest of the body is still there"


def test_a_token_that_stands_elsewhere_in_the_body_is_blotted_out(house: House) -> None:
    body = an_event(note=f"resent with {HOTTOK}")
    assert house.posts(body).status_code == 200
    (row,) = kept(house)
    assert HOTTOK not in row.body


@pytest.mark.parametrize("written", [' "hottok" : "%s" ,', '"\\u0068ottok":"%s",'])
def test_the_token_is_found_however_it_is_written(house: House, written: str) -> None:
    body = "{" + written % HOTTOK + '"event":"PURCHASE_APPROVED","id":"1","data":{}}'
    assert house.posts(body, token=None).status_code == 200
    (row,) = kept(house)
    assert json.loads(row.body) == {"event": "PURCHASE_APPROVED", "id": "1", "data": {}}


@pytest.mark.parametrize("key", ["x" * 300, "with\x00nul", "\ud800 half a pair"], ids=["long", "nul", "surrogate"])
def test_a_key_that_cannot_be_stored_is_hashed_and_still_tells_duplicates(house: House, key: str) -> None:
    assert house.posts(json.dumps(an_event(id=key))).get_json() == {"status": "accepted"}
    assert house.posts(json.dumps(an_event(id=key))).get_json() == {"status": "duplicate"}
    assert kept(house)[0].key.startswith("sha256:")


def test_an_unknown_event_is_kept_and_answered_with_2xx(house: House) -> None:
    house.receives(an_event(event="PURCHASE_REFUND_REQUESTED", id="u1"), b'{"hello": 1}', b"[1, 2]")
    assert [row.state for row in kept(house)] == ["kept", "kept", "kept"]


def test_a_flood_of_wrong_tokens_costs_no_sql(house: House) -> None:
    house.posts(payload(APPROVED))
    statements: list[str] = []
    engine = house.app.extensions["marco"].engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for number in range(200):
        assert house.posts(payload(APPROVED), token=f"wrong {number}").status_code == 401
    asked = sum("FROM hottoks" in statement for statement in statements)
    assert asked <= 2, "the directory is read again at most once a second"
    assert len(statements) <= 3 * max(asked, 1)


def test_sixty_four_parallel_posts_of_each_of_two_hundred_ids_are_one_row_each(house: House) -> None:
    bodies = [json.dumps(an_event(id=f"parallel-{number}")).encode() for number in range(200)]

    def post(body: bytes) -> tuple[int, str]:
        answer = house.app.test_client().post(house.url, data=body, headers={"X-HOTMART-HOTTOK": HOTTOK})
        return answer.status_code, answer.get_json()["status"]

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(post, [body for body in bodies for _ in range(64)]))
    assert {code for code, _ in answers} == {200}
    assert sum(status == "accepted" for _, status in answers) == 200
    assert len(kept(house)) == 200
    assert house.balance()["hotmart"]["received"] == 200 * 64
