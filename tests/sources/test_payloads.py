"""Every sample postback of the reference gives what the reference says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from marshmallow import ValidationError

from schemas import hotmart as shapes
from schemas.edges import Flat
from service.domain.facts import Certainty, Fact
from service.domain.statuses import Status
from service.sources import postback
from service.sources.telling import Kept, Telling
from tests.living import PAYLOADS, payload

RECEIVED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEPT = Kept(7, "hotmart", RECEIVED, ZoneInfo("America/Sao_Paulo"), "producer")


def told(body: bytes | dict[str, Any], kept: Kept = KEPT) -> Telling:
    return postback.translate(json.dumps(body).encode() if isinstance(body, dict) else body, kept)


def the_fact(body: bytes | dict[str, Any], kept: Kept = KEPT) -> Fact:
    telling = told(body, kept)
    assert (telling.state, len(telling.facts)) == ("done", 1), telling
    return telling.facts[0]


class Said(NamedTuple):
    """What one sample says."""

    subject: str
    status: Status | None
    email: str | None
    as_of_ms: int | None
    certainty: Certainty
    fields: dict[str, Any]


K, G = Certainty.KNOWN, Certainty.GUESSED
REAL = {
    "v2-PURCHASE_BILLET_PRINTED.real-pix.json": Said(
        "t:HP9100000137", Status.WAITING_PAYMENT, "ana.comprador0@example.com", 1745952563393, K,
        {"payment_type": "PIX", "gross": ["1497.00", "BRL"], "recurrence_number": 1, "approved_at": None},
    ),
    "v2-PURCHASE_APPROVED.real-pix.json": Said(
        "t:HP9100000137", Status.APPROVED, "ana.comprador0@example.com", 1745952631331, K,
        {"net": ["1385.22", "BRL"], "fee": ["111.78", "BRL"], "approved_at": "2025-04-29T18:50:27+00:00",
         "warranty_on": "2025-05-06", "product_id": "1234567", "phone": "+5511999990000", "affiliate": None},
    ),
    "v2-PURCHASE_APPROVED.real-card-12x-interest.json": Said(
        "t:HP9100000274", Status.APPROVED, "bruno.comprador1@example.com", 1747842433751, K,
        {"gross": ["1997.00", "BRL"], "paid": ["2626.56", "BRL"], "net": ["1848.22", "BRL"], "installments": 12},
    ),
    "v2-PURCHASE_COMPLETE.real.json": Said(
        "t:HP9100000411", Status.COMPLETE, "carla.comprador2@example.com", 1746187071673, K,
        {"installments": 10, "paid": ["1259.40", "BRL"]},
    ),
    "v2-PURCHASE_CANCELED.real-card-refused.json": Said(
        "t:HP9100000548", Status.CANCELED, "diego.comprador3@example.com", 1746043614048, K,
        {"refusal_reason": "Saldo insuficiente para o cartão informado. Entre em contato com a operadora."},
    ),
    "v2-PURCHASE_DELAYED.real-recurrence-13.json": Said(
        "t:HP9100000685", Status.OVERDUE, "elisa.comprador4@example.com", 1746728593844, K,
        {"recurrence_number": 13, "gross": ["124.75", "BRL"]},
    ),
    "v2-PURCHASE_PROTEST.real.json": Said(
        "t:HP9100000822", Status.DISPUTED, "fabio.comprador5@example.com", 1746191686305, K, {}
    ),
    "v2-PURCHASE_REFUNDED.real.json": Said(
        "t:HP9100000822", Status.REFUNDED, "fabio.comprador5@example.com", 1746242499525, K,
        {"gross": ["997.00", "BRL"], "approved_at": "2025-04-17T12:28:09+00:00"},
    ),
    "v2-PURCHASE_CHARGEBACK.real.json": Said(
        "t:HP9100000959", Status.CHARGEBACK, "gina.comprador6@example.com", 1747773619843, K, {}
    ),
    "v2-PURCHASE_APPROVED.doc-all-fields.json": Said(
        # The event decides against the body's STARTED; its creation time of 1970 is a placeholder.
        "t:HP02316330308193", Status.APPROVED, "buyer@example.com", None, G,
        {"net": ["16.34", "BRL"], "gross": ["150.60", "BRL"], "paid": ["134.00", "BRL"], "ordered_at": None,
         "affiliate_code": "Q58388177J", "xcod": "xcod_example"},
    ),
    "v2-PURCHASE_OUT_OF_SHOPPING_CART.real.json": Said(
        "c:hugo.comprador7@example.com|1234567", None, "hugo.comprador7@example.com", 1745969757734, K,
        {"day": "2025-04-29", "offer_code": "0rgmjkb1", "phone": "+5511999990007"},
    ),
    "v2-SUBSCRIPTION_CANCELLATION.doc.json": Said(
        "s:QO4THU04", None, "subscriber@example.com", 1632411406874, K,
        {"subscription_status": "canceled", "canceled_at": "2021-10-05T05:14:10.832000+00:00",
         "phone": "+5531999999999", "plan_name": "Plan Name"},
    ),
    "v2-SUBSCRIPTION_CANCELLATION.real-2025-05.json": Said(
        "s:EXAMPLE1", None, "elisa.assinante@example.com", 1747873072274, K,
        {"next_charge_at": "2025-05-23T12:00:00+00:00"},
    ),
    "v2-SWITCH_PLAN.doc.json": Said(
        "s:AT3IV3RX", None, "subscriber@example.com", 1633003064000, K,
        {"plan_name": "Plan Test 1", "previous_plan_name": "Plan Test 2", "subscription_status": "active"},
    ),
    "v2-UPDATE_SUBSCRIPTION_CHARGE_DATE.doc.json": Said(
        "s:QG5LHFHP", None, "assinante@example.com", 1663951146081, K,
        {"old_charge_day": 7, "new_charge_day": 6, "next_charge_at": "2022-09-01T12:00:00+00:00"},
    ),
    "v2-ORDER_FULFILLMENT.json": Said("t:HP17163000001234", None, "comprador@example.com", 1716400000000, K, {}),
    "v1-cart-abandonment.json": Said(
        "c:comprador@example.com|123456", None, "comprador@example.com", None, G, {"day": "2026-11-20"}
    ),
    "v1-subscription-cancellation.json": Said(
        "s:0000aaaa", None, "assinante@example.com", None, G,
        {"canceled_at": "2020-12-28T18:48:05.500000+00:00", "product_id": None, "product_name": "Produto Exemplo"},
    ),
    "v1-switch-plan.json": Said(
        "s:9W2LNSG4", None, "assinante@example.com", None, G,
        {"plan_name": "Plano Novo", "previous_plan_name": "Plano Antigo"},
    ),
}  # fmt: skip

PANEL_TESTS = {
    "v1-approved.form.txt",
    "v1-approved.json",
    "v2-CLUB_FIRST_ACCESS.json",
    "v2-CLUB_MODULE_COMPLETED.json",
    "v2-PURCHASE_APPROVED.json",
    "v2-PURCHASE_APPROVED.resent-body-hottok.json",
    "v2-PURCHASE_BILLET_PRINTED.json",
    "v2-PURCHASE_CANCELED.json",
    "v2-PURCHASE_CHARGEBACK.json",
    "v2-PURCHASE_COMPLETE.json",
    "v2-PURCHASE_DELAYED.json",
    "v2-PURCHASE_EXPIRED.json",
    "v2-PURCHASE_OUT_OF_SHOPPING_CART.json",
    "v2-PURCHASE_PROTEST.json",
    "v2-PURCHASE_REFUNDED.json",
    "v2-SUBSCRIPTION_CANCELLATION.json",
    "v2-SWITCH_PLAN.json",
    "v2-UPDATE_SUBSCRIPTION_CHARGE_DATE.json",
}


def test_every_sample_has_its_expectation() -> None:
    assert {path.name for path in PAYLOADS.iterdir()} == REAL.keys() | PANEL_TESTS


@pytest.mark.parametrize("name", sorted(REAL))
def test_a_sample_says_what_the_reference_says(name: str) -> None:
    fact, said = the_fact(payload(name)), REAL[name]
    as_of = RECEIVED if said.as_of_ms is None else datetime.fromtimestamp(said.as_of_ms / 1000, UTC)
    assert (fact.subject, fact.status, fact.email, fact.certainty) == (
        said.subject,
        said.status,
        said.email,
        said.certainty,
    )
    assert abs((fact.as_of - as_of).total_seconds()) < 0.001
    assert {field: fact.fields.get(field) for field in said.fields} == said.fields


@pytest.mark.parametrize("name", sorted(PANEL_TESTS))
def test_a_panel_test_is_recognised_and_says_nothing(name: str) -> None:
    telling = told(payload(name))
    assert (telling.state, telling.reason, telling.facts) == ("test", "panel_test", [])


def test_one_marker_alone_is_no_panel_test() -> None:
    body = json.loads(payload("v2-PURCHASE_APPROVED.json"))
    body["data"]["purchase"]["transaction"] = "HP9100000001"
    assert the_fact(body).subject == "t:HP9100000001"


def real(**purchase: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    body["data"]["purchase"] |= purchase
    return body


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"order_date": "not a date"}, "purchase.order_date"),
        ({"order_date": 12345678}, "purchase.order_date"),
        ({"price": {"value": "much", "currency_value": "BRL"}}, "purchase.price.value"),
        ({"price": {"value": True, "currency_value": "BRL"}}, "purchase.price.value"),
        ({"recurrence_number": 1.5}, "purchase.recurrence_number"),
        ({"payment": {"type": "PIX", "installments_number": [1]}}, "purchase.payment.installments_number"),
        ({"order_bump": {"is_order_bump": "perhaps"}}, "purchase.order_bump.is_order_bump"),
    ],
)
def test_a_wrong_optional_field_costs_that_field_and_not_the_sale(changes: dict[str, Any], note: str) -> None:
    telling = told(real(**changes))
    assert telling.state == "done"
    assert list(telling.notes) == [note]
    assert telling.facts[0].status is Status.APPROVED
    assert telling.facts[0].fields["paid"] == ["1497.00", "BRL"]


def test_nulls_wrong_types_and_absent_objects_say_nothing() -> None:
    body = real(order_bump=None, approved_date=None, origin="here", offer=[], payment=7)
    body["data"] |= {"affiliates": None, "commissions": {"value": 1}, "subscription": None}
    telling = told(body)
    assert (telling.state, telling.notes) == ("done", {})
    assert not telling.facts[0].fields.keys() & {"src", "offer_code", "payment_type", "net", "subscriber_code"}


def test_numbers_as_text_and_text_as_numbers_are_read() -> None:
    body = real(order_date="1745952557000", transaction=9100000137, price={"value": "97.5", "currency_value": "brl"})
    body["data"]["product"]["id"] = "1234567"
    fact = the_fact(body)
    assert fact.subject == "t:9100000137"
    assert fact.fields["gross"] == ["97.50", "BRL"]
    assert fact.fields["ordered_at"] == "2025-04-29T18:49:17+00:00"


def test_amounts_are_exact() -> None:
    text = json.dumps(real()).replace('"value": 1497,', '"value": 0.1000000000000000055,')
    text = text.replace('"value": 1497}', '"value": 1234567890123.01}')
    fact = the_fact(text.encode())
    assert "1234567890123.01" in {fact.fields["gross"][0], fact.fields["paid"][0]}
    assert Decimal(fact.fields["paid"][0]) == Decimal("1234567890123.01")


def test_both_spellings_of_the_creation_date_are_read() -> None:
    body = real()
    body["creationDate"] = body.pop("creation_date")
    assert the_fact(body).certainty is Certainty.KNOWN
    del body["creationDate"]
    fact = the_fact(body)
    assert (fact.as_of, fact.certainty) == (RECEIVED, Certainty.GUESSED)


def test_no_moment_lies_after_the_arrival() -> None:
    assert the_fact(real() | {"creation_date": 1900000000000}).as_of == RECEIVED


def test_nul_characters_and_half_surrogates_are_taken_out() -> None:
    body = real()
    body["data"]["buyer"]["name"] = "Ana\x00 \ud83d Lima"
    name = the_fact(body).fields["name"]
    assert "\x00" not in name
    assert name.encode()


def test_net_is_the_share_of_our_role_never_the_first_of_the_list() -> None:
    body = real()
    body["data"]["commissions"] = [
        {"source": "MARKETPLACE", "value": 4.78, "currency_value": "BRL"},
        {"source": "PRODUCER", "value": 27.11, "currency_value": "BRL"},
        {"source": "COPRODUCER", "value": 20.00, "currency_value": "BRL"},
        {"source": "AFFILIATE", "value": 7.12, "currency_value": "BRL"},
    ]
    for role, own in (("producer", "27.11"), ("coproducer", "20.00"), ("affiliate", "7.12")):
        assert the_fact(body, _as(role)).fields["net"] == [own, "BRL"]


def _as(role: str) -> Kept:
    return Kept(7, "hotmart", RECEIVED, KEPT.zone, role)


def test_of_several_shares_of_our_role_the_converted_one_is_ours_and_else_none() -> None:
    body = real()
    theirs = {"source": "COPRODUCER", "value": 5, "currency_value": "USD"}
    ours = {
        **theirs,
        "value": 7,
        "currency_conversion": {"converted_value": 36.9, "converted_to_currency": "BRL", "conversion_rate": 5.27},
    }
    body["data"]["commissions"] = [theirs, ours]
    assert the_fact(body, _as("coproducer")).fields["net"] == ["36.90", "BRL"]
    body["data"]["commissions"] = [theirs, theirs]
    telling = told(body, _as("coproducer"))
    assert "net" not in telling.facts[0].fields
    assert telling.notes["commissions"] == "several shares could be ours"


@pytest.mark.parametrize(
    ("event", "members", "reason"),
    [
        ("PURCHASE_APPROVED", {"purchase": {"status": "APPROVED"}}, "transaction_missing"),
        ("PURCHASE_APPROVED", "nothing", "data_missing"),
        ("SUBSCRIPTION_CANCELLATION", {"subscriber": {}}, "subscriber_code_missing"),
        ("ORDER_FULFILLMENT", {}, "transaction_missing"),
    ],
)
def test_what_misses_its_key_is_set_aside_with_the_reason(event: str, members: Any, reason: str) -> None:
    telling = told({"id": "1", "event": event, "data": members, "creation_date": 1745952631331})
    assert (telling.state, telling.reason) == ("set_aside", reason)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("approved", Status.APPROVED),
        ("completed", Status.COMPLETE),
        ("wayting_payment", Status.WAITING_PAYMENT),
        ("billet_printed", Status.WAITING_PAYMENT),
        ("canceled", Status.CANCELED),
        ("blocked", Status.CANCELED),
        ("delayed", Status.OVERDUE),
        ("expired", Status.EXPIRED),
        ("dispute", Status.DISPUTED),
        ("refunded", Status.REFUNDED),
        ("chargeback", Status.CHARGEBACK),
        ("started", Status.STARTED),
    ],
)
def test_every_status_word_of_version_1_is_understood(word: str, status: Status) -> None:
    fact = the_fact({"transaction": "HP77", "status": word, "prod": "12", "email": "ana@example.com"})
    assert (fact.status, fact.certainty) == (status, Certainty.GUESSED)


def test_a_status_nobody_knows_is_set_aside_not_guessed() -> None:
    telling = told({"transaction": "HP77", "status": "ascended"})
    assert (telling.state, telling.reason, telling.notes["status"]) == ("set_aside", "status_unknown", "ascended")


def test_version_1_amounts_whose_currency_is_unsure_keep_none() -> None:
    body = {
        "transaction": "HP77", "status": "approved", "price": "10.00", "full_price": "11.00", "currency": "USD",
        "currency_code_from": "BRL", "cms_vendor": "8.00",
    }  # fmt: skip
    fields = the_fact(body).fields
    assert (fields["gross"], fields["paid"], fields["net"]) == (["10.00", "USD"], ["11.00", None], ["8.00", None])


@pytest.mark.parametrize("shape", [shapes.Order(), shapes.Cart(), shapes.Envelope()], ids=lambda s: type(s).__name__)
def test_reading_fast_gives_what_loading_gives(shape: Flat) -> None:
    for path in PAYLOADS.glob("v2-*.json"):
        body = json.loads(path.read_bytes(), parse_float=Decimal)
        members = body if isinstance(shape, shapes.Envelope) else body["data"]
        flat = {}
        for field in shape.fields.values():
            node: Any = members
            for step in (field.data_key or "").split("."):
                node = node.get(step) if isinstance(node, dict) else None
            if node is not None:
                flat[field.data_key] = node
        try:
            loaded = shape.load(flat)
        except ValidationError as error:
            loaded = error.valid_data
        values, _ = shape.read(members)
        assert values == {name: value for name, value in loaded.items() if value is not None}
