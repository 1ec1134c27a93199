"""Sample events: the shapes of live traffic, the same each time, and understood by our own translator."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.bodies import parse
from service.domain.statuses import STATUS_OF_EVENT, status_of_word
from service.samples import BOLETO, EVENTS, PIX, an_event, event_named, late, resent, twice
from service.samples.cast import ABROAD, CLUB, COURSE, PRODUCTS, WORKBOOK, person_of, product_named, someone
from service.samples.orders import STATUS_OF_EVENT as WORD_OF_EVENT
from service.samples.sheets import HEADERS, a_row, an_export, file_name
from service.samples.stories import CAST, created_at, the_cast, traffic, with_bumps
from service.sources import hotmart
from service.sources.telling import Kept

PAYLOADS = Path(__file__).parents[1] / "reference" / "payloads"
EXPORTS = Path(__file__).parents[1] / "reference" / "exports"
NOW = datetime(2026, 7, 20, 15, 0, tzinfo=UTC)
KEPT = Kept(1, "hotmart", NOW, ZoneInfo("America/Sao_Paulo"), "producer")

LIVE: dict[str, dict[str, Any]] = {
    "PURCHASE_APPROVED.real-card-12x-interest": {"product": CLUB, "installments": 12, "coupon": "X"},
    "PURCHASE_APPROVED.real-pix": {"product": CLUB, "payment": PIX, "coupon": "X"},
    "PURCHASE_BILLET_PRINTED.real-pix": {"product": CLUB, "payment": PIX, "coupon": "X"},
    "PURCHASE_CANCELED.real-card-refused": {"product": CLUB, "coupon": "X"},
    "PURCHASE_CHARGEBACK.real": {"product": CLUB, "coupon": "X"},
    "PURCHASE_COMPLETE.real": {"product": CLUB, "sck": "s"},
    "PURCHASE_DELAYED.real-recurrence-13": {"product": CLUB, "recurrence": 13, "src": "s", "sck": "s"},
    "PURCHASE_PROTEST.real": {"product": CLUB},
    "PURCHASE_REFUNDED.real": {"product": CLUB},
    "PURCHASE_OUT_OF_SHOPPING_CART.real": {},
    "SUBSCRIPTION_CANCELLATION.real-2025-05": {},
    "UPDATE_SUBSCRIPTION_CHARGE_DATE.doc": {},
    "CLUB_FIRST_ACCESS": {},
    "CLUB_MODULE_COMPLETED": {},
    "ORDER_FULFILLMENT": {},
    "SWITCH_PLAN.doc": {},
}
"""Payload of the reference to what an event must be told to have its shape."""

SINCE_2025 = {"data.product.is_physical_product", "data.subscriber.phone"}
"""Members Hotmart added after some of the captures were made."""


def shape(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Every path with the kind of its value; whole and broken numbers are one kind."""
    if isinstance(value, dict):
        return [part for key, inner in value.items() for part in shape(inner, f"{path}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [part for inner in value for part in shape(inner, f"{path}[]")]
    return [
        (path, "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__)
    ]


def comparable(event: dict[str, Any]) -> set[tuple[str, str]]:
    return {(path, kind) for path, kind in shape(event) if not any(path.startswith(new) for new in SINCE_2025)}


@pytest.mark.parametrize("name", LIVE)
def test_a_sample_has_the_members_and_kinds_of_values_of_live_traffic(name):
    live = json.loads((PAYLOADS / f"v2-{name}.json").read_text("utf-8"))
    made = an_event(name.partition(".")[0], **LIVE[name])
    assert comparable(made) == comparable(live)


@pytest.mark.parametrize("name", [name for name in LIVE if ".real" in name])
def test_a_sample_has_the_key_order_of_live_traffic(name):
    live = json.loads((PAYLOADS / f"v2-{name}.json").read_text("utf-8"))
    made = an_event(name.partition(".")[0], **LIVE[name])
    paths = [path for path, _ in shape(live) if path in dict(shape(made))]
    assert [path for path, _ in shape(made) if path in dict(shape(live))] == paths


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_understood_without_a_fault(event):
    telling = hotmart.translate(parse(json.dumps(an_event(event)).encode()), KEPT)
    assert (telling.state, telling.notes) == ("done", {})
    assert len(telling.facts) == 1


def test_the_catalogue_is_that_of_the_translator():
    assert set(EVENTS) == set(hotmart.TRANSLATORS)


def test_the_words_on_the_wire_mean_what_their_events_mean():
    assert {event: status_of_word(word) for event, word in WORD_OF_EVENT.items()} == STATUS_OF_EVENT


def test_the_same_call_gives_the_same_event():
    assert an_event("PURCHASE_APPROVED", seed=3) == an_event("PURCHASE_APPROVED", seed=3)
    assert an_event("PURCHASE_APPROVED", seed=3) != an_event("PURCHASE_APPROVED", seed=4)


def test_events_about_one_buyer_and_product_speak_of_one_payment():
    approved, refunded = (
        an_event(event, email="ana@example.com") for event in ("PURCHASE_APPROVED", "PURCHASE_REFUNDED")
    )
    assert approved["data"]["purchase"]["transaction"] == refunded["data"]["purchase"]["transaction"]
    assert approved["id"] != refunded["id"]
    other = an_event("PURCHASE_APPROVED", email="ana@example.com", product=WORKBOOK)
    assert other["data"]["purchase"]["transaction"] != approved["data"]["purchase"]["transaction"]


def test_the_commissions_add_up_to_the_price_and_interest_is_only_in_what_is_paid():
    event = an_event("PURCHASE_APPROVED", price="1997.00", installments=12, affiliate="Afiliada Exemplo")
    shares = [Decimal(str(share["value"])) for share in event["data"]["commissions"]]
    assert sum(shares) == Decimal("1997.00")
    assert event["data"]["purchase"]["price"] == {"currency_value": "BRL", "value": 1997}
    assert event["data"]["purchase"]["full_price"]["value"] > 1997


def test_a_pix_keeps_its_code_when_it_is_approved_and_a_boleto_has_a_bar_code():
    pix = an_event("PURCHASE_APPROVED", payment=PIX)["data"]["purchase"]["payment"]
    assert pix["pix_code"].startswith("000201")
    boleto = an_event("PURCHASE_BILLET_PRINTED", payment=BOLETO)["data"]["purchase"]["payment"]
    assert len(boleto["billet_barcode"]) == 47


def test_a_sale_that_was_never_paid_has_no_date_of_approval():
    for event in ("PURCHASE_BILLET_PRINTED", "PURCHASE_CANCELED", "PURCHASE_DELAYED", "PURCHASE_EXPIRED"):
        assert "approved_date" not in an_event(event)["data"]["purchase"]


def test_a_buyer_from_abroad_has_neither_area_code_nor_document():
    buyer = an_event("PURCHASE_APPROVED", email=ABROAD.email)["data"]["buyer"]
    assert "checkout_phone_code" not in buyer
    assert "document" not in buyer
    assert set(buyer["address"]) == {"country", "country_iso"}


def test_order_bumps_are_siblings_of_one_main_transaction():
    purchases = [event["data"]["purchase"] for event in with_bumps("ana@example.com", NOW)]
    codes = [purchase["transaction"] for purchase in purchases]
    assert [code[-2:] for code in codes] == ["C1", "C2", "C3"]
    assert {purchase["order_bump"]["parent_purchase_transaction"] for purchase in purchases} == {codes[0]}


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("approved", "PURCHASE_APPROVED"),
        ("purchase_approved", "PURCHASE_APPROVED"),
        ("PURCHASE_APPROVED", "PURCHASE_APPROVED"),
        ("first-access", "CLUB_FIRST_ACCESS"),
        ("boleto", "PURCHASE_BILLET_PRINTED"),
        ("cart", "PURCHASE_OUT_OF_SHOPPING_CART"),
        ("switch_plan", "SWITCH_PLAN"),
    ],
)
def test_an_event_is_found_by_the_words_people_use(word, event):
    assert event_named(word) == event


def test_an_unknown_event_is_answered_with_the_nearest_names():
    with pytest.raises(LookupError, match="Did you mean approved"):
        event_named("aproved")
    with pytest.raises(LookupError, match="There are: approved"):
        event_named("xyz")


def test_late_and_twice_change_the_order_and_number_of_deliveries_only():
    events = [an_event("PURCHASE_APPROVED", seed=number) for number in range(7)]
    delayed = late(events)
    assert delayed != events
    assert sorted(delayed, key=events.index) == events
    assert twice(events)[::2] == twice(events)[1::2] == events


def test_a_resend_has_the_id_and_time_of_the_first_delivery_and_the_token_in_its_body():
    event = an_event("PURCHASE_APPROVED")
    assert resent(event, "a-token") == event | {"hottok": "a-token"}


def test_the_cast_is_told_in_order_and_never_from_the_future():
    events = the_cast(NOW)
    times = [created_at(event) for event in events]
    assert times == sorted(times)
    assert times[-1] <= NOW.timestamp() * 1000
    assert {event["event"] for event in events} == set(EVENTS)
    assert len(CAST) >= 10


def test_the_cast_told_twice_on_one_day_is_the_same_but_for_what_happened_since():
    morning, evening = (the_cast(NOW.replace(hour=hour)) for hour in (9, 21))
    assert evening[: len(morning)] == morning


def test_traffic_never_repeats_an_id_nor_shares_a_transaction_between_buyers():
    events = list(islice(traffic(NOW), 3000))
    assert len({event["id"] for event in events}) == 3000
    times = [created_at(event) for event in events]
    assert times == sorted(times)
    owners: dict[str, set[str]] = {}
    for event in events:
        members = event["data"]
        if "buyer" in members and "purchase" in members:
            owners.setdefault(members["purchase"]["transaction"], set()).add(members["buyer"]["email"])
    assert {len(emails) for emails in owners.values()} == {1}


def test_a_person_is_the_same_whoever_asks():
    assert person_of(someone(321).email) == someone(321)
    assert person_of("maria.souza@example.com").name == "Maria Souza"


def test_everybody_is_made_up():
    for number in range(200):
        person = someone(number)
        assert person.email.endswith("@example.com")
        assert person.phone[2:5] == "900"


def test_a_product_is_found_by_its_number_or_a_word_of_its_name():
    assert product_named("4100001") == COURSE
    assert product_named("caderno") == WORKBOOK
    with pytest.raises(LookupError, match=str(PRODUCTS[-1].id)):
        product_named("curso que não existe")


def test_a_made_up_export_has_the_header_line_of_the_detailed_model():
    live = (EXPORTS / "sales-pt.csv").read_bytes().splitlines()[0]
    assert an_export([]).splitlines()[0] == live
    assert len(HEADERS) == 63


def test_a_row_and_an_event_told_the_same_speak_of_the_same_sale():
    told: dict[str, Any] = {"email": "ana@example.com", "product": CLUB, "ordered_at": NOW}
    purchase = an_event("PURCHASE_APPROVED", **told)["data"]
    row = a_row("Aprovado", **told)
    assert row["Código da transação"] == purchase["purchase"]["transaction"]
    assert row["Código do assinante"] == purchase["subscription"]["subscriber"]["code"]
    assert row["Data da transação"] == "20/07/2026 12:00:00"
    assert Decimal(row["Faturamento bruto (sem impostos)"]) == Decimal(str(purchase["purchase"]["price"]["value"]))


def test_an_export_s_name_holds_its_local_time():
    assert file_name(NOW).startswith("sales_history_20260720120000_")
