"""Bodies of the API that readers of JSON stumble over: refused with a word, never a fault of ours."""

from __future__ import annotations

import json

import pytest

from tests.living import House

SAID = {"name": "Venda", "trigger": "sale_approved", "mapping": {"lead_name": "x"}}
STUMBLED = {
    "half a pair": json.dumps({**SAID, "name": "Ana \ud83d"}),
    "half a pair inside": json.dumps({**SAID, "mapping": {"lead_name": "x", "tags": ["\udfff"]}}),
    "deep": "[" * 100_000,
    "deep inside": f'{{"filter": {"[" * 50_000}{"]" * 50_000}}}',
    "a number without end": f'{{"name": {"9" * 5000}}}',
}


@pytest.mark.parametrize("body", STUMBLED.values(), ids=STUMBLED)
@pytest.mark.parametrize("path", ["automations", "automations/history/resend"])
def test_json_that_readers_stumble_over_is_refused(house: House, path: str, body: str) -> None:
    answer = house.client.post(f"/api/v1/{path}", data=body, content_type="application/json", headers=house.bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed")


def test_json_of_megabytes_is_not_read(house: House) -> None:
    body = json.dumps({**SAID, "name": "x" * 5_000_000})
    answer = house.client.post("/api/v1/automations", data=body, content_type="application/json", headers=house.bearer)
    assert answer.status_code == 413


def test_what_is_no_json_is_told_as_before(house: House) -> None:
    for body in (b"{", b"\xff\xfe", b'{"name": "Venda'):
        answer = house.client.post(
            "/api/v1/automations", data=body, content_type="application/json", headers=house.bearer
        )
        assert answer.status_code in (400, 422), body


def test_twenty_thousand_empty_groups_are_too_many_conditions(house: House) -> None:
    said = {**SAID, "filter": {"any": [{"all": []}] * 20_000}}
    answer = house.client.post("/api/v1/automations", json=said, headers=house.bearer)
    assert answer.get_json()["errors"]["filter"][0]["code"] == "too_many_conditions"
