"""Fields: the integrators' list, letter for letter, and a value wherever a sale has told one."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas import hotmart as shapes
from schemas import postback_v1 as old_shapes
from service.domain import mentions
from service.domain.automation import templates
from service.domain.automation.catalogue import (
    CATALOGUE,
    FURTHER_FIELDS,
    HOTMART_ROLE,
    LEAD_FIELDS,
    OF_OLD_POSTS,
    RECEIVER,
    SALE_FIELDS,
    area_of,
    last_name_of,
    local_number_of,
)
from service.domain.automation.fields import Known
from service.domain.automation.leads import Policy
from service.domain.automation.ready import READY
from service.domain.automation.triggers import MEANING, Trigger
from service.domain.automation.using import fields_of
from service.domain.automation.values import FieldType, Value, bare, value_of
from service.domain.automation.writes import Closed
from service.domain.facts import Fact
from service.domain.fold import fold, merge
from service.domain.ledger import Milestone, Purchase
from service.domain.mentions import CLIENT_FIELDS, SUBSCRIPTION_FIELDS
from service.domain.money import Money
from service.domain.statuses import Status
from service.samples import BOLETO, an_event
from service.samples.cast import CLUB
from service.sources import postback
from service.sources.telling import Kept
from tests.living import payload

LIST = Path(__file__).parents[1] / "reference" / "automation" / "fields.csv"
NOW = datetime(2026, 8, 20, tzinfo=UTC)
LEAD_LABELS = (
    "Nome; Preço; Foi deletado?; Pontuação; Custo do trabalho; Preço foi computado?; Data de criação do lead; "
    "Data de atualização; Nome inteiro do contato; Primeiro nome do contato; Sobrenome do contato; "
    "Nome da empresa do contato"
)
EVENT_OF = {
    Trigger.SALE_APPROVED: "PURCHASE_APPROVED",
    Trigger.SALE_EXPIRED: "PURCHASE_EXPIRED",
    Trigger.SALE_OVERDUE: "PURCHASE_DELAYED",
    Trigger.SUBSCRIPTION_CREATED: "PURCHASE_APPROVED",
    Trigger.SALE_CANCELED: "PURCHASE_CANCELED",
    Trigger.SALE_REFUNDED: "PURCHASE_REFUNDED",
    Trigger.REFUND_REQUESTED: "PURCHASE_PROTEST",
    Trigger.CART_ABANDONED: "PURCHASE_OUT_OF_SHOPPING_CART",
    Trigger.SALE_COMPLETE: "PURCHASE_COMPLETE",
    Trigger.SALE_CREATED: "PURCHASE_APPROVED",
    Trigger.SUBSCRIPTION_CANCELED: "SUBSCRIPTION_CANCELLATION",
}
UNPAID = {"PURCHASE_EXPIRED", "PURCHASE_DELAYED", "PURCHASE_CANCELED"}
WITHOUT_BOLETO = {"PURCHASE_DELAYED", "PURCHASE_CANCELED"}
ONLY_PAID = {"approved_at", "approved_on", "warranty_on"}
BOLETO_FIELDS = {"boleto_print_link", "boleto_link", "boleto_barcode"}
ROLES_OF_SHEETS = {"payment_engine", "offer_mode", "offer_payment_mode"}
"""Of today's sales only spreadsheets tell these."""
AN_OLD_POST = {
    **json.loads(payload("v1-approved.json")),
    "prod": "778899",
    "phone_local_code": "31",
    "phone_number": "987650000",
    "hotkey": "K12345",
    "recurrency_period": "30",
    "product_support_email": "ajuda@example.com",
}


A_RECOVERY = Closed(
    sale="HP2",
    charge="HP2",
    status=Status.APPROVED,
    sold_at="2026-07-02T12:30:00+00:00",
    recovered=True,
    attempts=frozenset({"t:HP1", "c:x"}),
    kind="declined_card",
    last_at="2026-07-02T12:00:00+00:00",
)


def listed() -> list[dict[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def a_full_event(event: str) -> dict[str, Any]:
    """An event with everything a seller can have: boleto, subscription, affiliate, co-producer, origin."""
    told = an_event(
        event, email="ana@example.com", product=CLUB, payment=BOLETO, coupon="JULHO", affiliate="Bia", src="a", sck="b"
    )
    members = told["data"]
    members.get("commissions", []).append({"source": "COPRODUCER", "value": 5, "currency_value": "BRL"})
    members.get("buyer", {}).get("address", {})["complement"] = "Apto 1"
    members.get("buyer", {})["ucode"] = "2ac1a6ab-0000-4a0b-9000-5e0a9d000001"
    members.get("purchase", {})["event_tickets"] = {"amount": 2}
    return told


def facts_of(*events: dict[str, Any]) -> list[Fact]:
    kept = Kept(0, "hotmart", NOW, ZoneInfo("America/Sao_Paulo"), "producer")
    tellings = [
        postback.translate(json.dumps(event).encode(), replace(kept, delivery_id=number))
        for number, event in enumerate(events, 1)
    ]
    assert all(telling.facts for telling in tellings)
    return [fact for telling in tellings for fact in telling.facts]


def known_of(facts: list[Fact]) -> Known:
    """What is known where the last of these facts is news."""
    stories: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        stories[fact.subject].append(fact)
    folded = fold(stories[facts[-1].subject])
    said = [one for story in stories.values() for one in fold(story).mentions]
    terms = mentions.newest_of(one for one in said if one.kind == "subscription")
    codes = [one.about for one in said if one.kind == "subscription"]
    return Known(
        purchase=folded.purchases[0]._asdict() if folded.purchases else {},
        client={"email": facts[-1].email, **mentions.newest_of(one for one in said if one.kind == "client")},
        subscription={**terms, "code": codes[0], "status": terms.get("subscription_status")} if codes else {},
        milestone=folded.milestones[-1]._asdict() if folded.milestones else {},
        newest=merge(sorted(stories[facts[-1].subject], key=Fact.rank)),
    )


def known_at(trigger: Trigger) -> Known:
    """What is known when this trigger fires for a sale that told everything."""
    event = EVENT_OF[trigger]
    before = [] if event in UNPAID or trigger is Trigger.CART_ABANDONED else [a_full_event("PURCHASE_APPROVED")]
    return known_of(facts_of(*before, a_full_event(event)))


def test_the_labels_are_those_of_the_list_letter_for_letter():
    assert [one.label for one in SALE_FIELDS] == [row["label"] for row in listed()]
    assert len(SALE_FIELDS) == 107
    assert [one.label for one in LEAD_FIELDS] == [f"Lead: {label}" for label in LEAD_LABELS.split("; ")]


def test_keys_and_labels_name_one_field_each():
    every = [*SALE_FIELDS, *LEAD_FIELDS, *FURTHER_FIELDS]
    assert len(CATALOGUE) == len(every) == len({one.key for one in every}) == len({bare(one.label) for one in every})
    assert all(CATALOGUE.find(one.label) is CATALOGUE.find(one.key) is CATALOGUE[one.key] for one in every)


def test_a_label_is_found_in_any_spelling_and_suggested_when_it_is_nearly_one():
    assert CATALOGUE.find("COMPRADOR  e-mail") is CATALOGUE["buyer_email"]
    assert CATALOGUE.find("e-mail do comprador") is None
    assert CATALOGUE.suggest("e-mail do comprador") == "Comprador: E-mail"


def test_every_source_is_a_column_that_there_is_or_one_that_is_asked_for():
    columns = {
        "purchase": {name.removesuffix("_value") for name in Purchase._fields} | set(Purchase._fields),
        "client": {"email", *CLIENT_FIELDS},
        "subscription": {"code", "email", "status", *SUBSCRIPTION_FIELDS},
        "milestone": set(Milestone._fields),
        "newest": told_by_translators(),
        "recovery": set(A_RECOVERY.told()),
    }
    paths = [source[1] if isinstance(source, tuple) else source for one in CATALOGUE for source in one.sources]
    named = [path.split(".") for path in paths if isinstance(path, str) and not path.startswith("lead.")]
    assert [f"{row}.{column}" for row, column in named if column not in columns[row]] == []
    assert {column for row, column in named if row == "newest"} >= set(OF_OLD_POSTS)


def told_by_translators() -> set[str]:
    """The fields of facts as the shapes of postbacks name them, and what translators add to them."""
    every = (*vars(shapes).values(), *vars(old_shapes).values())
    names = {
        name
        for shape in every
        if isinstance(shape, type) and issubclass(shape, shapes.Flat)
        for name in getattr(shape, "_declared_fields", {})
    }
    made = {"gross", "paid", "net", "phone_text", "canceled_at", "previous_plan_name", "recurrence_value"}
    return names | made | {"original_offer_price", "producer_commission", "processor"}


def test_what_only_old_posts_tell_is_told_by_them_and_by_no_other():
    shape, today = old_shapes.PurchaseV1(), shapes.Order()
    assert {name: shape.fields[name].data_key for name in OF_OLD_POSTS} == OF_OLD_POSTS
    assert not OF_OLD_POSTS.keys() & today.fields.keys()


@pytest.mark.parametrize("trigger", EVENT_OF)
def test_every_field_of_a_trigger_has_a_value_where_a_sale_told_everything(trigger):
    event, code = EVENT_OF[trigger], MEANING[trigger].code
    wanted = {CATALOGUE.find(row["label"]) for row in listed() if code in row["triggers"].split()}
    values = CATALOGUE.read(known_at(trigger))
    absent = {one.key for one in wanted if one is not None and one.key not in values}
    only_old = {one.key for one in CATALOGUE if is_only_of_old_posts(one.sources)}
    unpaid = ONLY_PAID if event in UNPAID else set()
    without_boleto = BOLETO_FIELDS if event in WITHOUT_BOLETO else set()
    assert absent - only_old - unpaid - without_boleto == ROLES_OF_SHEETS & wanted_keys(wanted)


def wanted_keys(wanted: set[Any]) -> set[str]:
    return {one.key for one in wanted if one is not None}


def is_only_of_old_posts(sources: tuple[Any, ...]) -> bool:
    return all(isinstance(one, str) and one.removeprefix("newest.") in OF_OLD_POSTS for one in sources)


def test_an_old_post_of_a_sale_fills_what_todays_has_no_member_for():
    values = CATALOGUE.read(known_of(facts_of(AN_OLD_POST)))
    expected: dict[str, Value] = {
        "buyer_account_area": "31",
        "buyer_account_phone": "987650000",
        "payment_engine": "hotmart",
        "hotkey": "K12345",
        "recurrence_period": Decimal(30),
        "external_transaction": "HP11315117833431",
        "offer_mode": "pagamento_unico",
        "offer_payment_mode": "pagamento_unico",
        "producer_commission": Money(Decimal("1350.50"), "BRL"),
        "original_value": Money(Decimal("1500.00"), "BRL"),
        "support_email": "ajuda@example.com",
        "producer_name": "Producer Test Name",
        "producer_document": "12345678965",
        "producer_nature": "Pessoa Física",
        "buyer_first_name": "Teste",
        "buyer_last_name": "Comprador",
    }
    assert {key: values.get(key) for key in expected} == expected


def test_an_old_foreign_post_names_no_currency_for_what_may_be_in_either():
    foreign = {**AN_OLD_POST, "currency": "USD", "currency_code_from": "BRL"}
    values = CATALOGUE.read(known_of(facts_of(foreign)))
    assert values["original_value"] == Money(Decimal("1500.00"), None)
    assert values["producer_commission"] == Money(Decimal("1350.50"), None)


def test_a_coproducers_old_post_says_nothing_of_the_producers_share():
    values = CATALOGUE.read(known_of(facts_of({**AN_OLD_POST, "receiver_type": "COPRODUCER"})))
    assert "producer_commission" not in values


@pytest.mark.parametrize("name", ["v2-SUBSCRIPTION_CANCELLATION.doc.json", "v1-subscription-cancellation.json"])
def test_a_canceled_subscription_tells_its_number_and_what_was_charged_last(name):
    told = json.loads(payload(name))
    values = CATALOGUE.read(known_of(facts_of(told)))
    wanted = told["data"]["actual_recurrence_value"] if "data" in told else told["actualRecurrenceValue"]
    number = told["data"]["subscription"]["id"] if "data" in told else told["subscriptionId"]
    assert values["recurrence_value"] == Money(Decimal(str(wanted)), None)
    assert values["subscription_code"] == str(number)


def test_the_sample_with_everything_tells_tickets_producer_support_and_the_price_in_the_offers_currency():
    told = json.loads(payload("v2-PURCHASE_APPROVED.doc-all-fields.json"))
    values = CATALOGUE.read(known_of(facts_of(told)))
    expected: dict[str, Value] = {
        "tickets": Decimal(2),
        "offer_price": Money(Decimal("150.60"), "EUR"),
        "original_value": Money(Decimal("150.60"), "EUR"),
        "producer_commission": Money(Decimal("3.10"), "USD"),
        "producer_name": "Producer Name",
        "producer_document": "12345678965",
        "support_email": "support@example.com",
        "buyer_first_name": "Buyer",
    }
    assert {key: values.get(key) for key in expected} == expected


def test_a_sale_is_read_with_its_types():
    values = CATALOGUE.read(known_at(Trigger.SALE_APPROVED))
    expected: dict[str, Value] = {
        "product_name": "Clube de Conversação",
        "buyer_email": "ana@example.com",
        "sale_paid": Money(Decimal("49.90"), "BRL"),
        "currency_sign": "R$",
        "installments": Decimal(1),
        "order_bump": False,
        "sale_status": "approved",
        "sale_nature": "PRODUCER",
        "receiver": "SELLER",
        "warranty_on": date(2026, 7, 8),
        "approved_at": datetime(2026, 7, 1, 12, 16, 12, tzinfo=UTC),
        "boleto_link": f"https://boleto.example.com/{values['transaction']}",
    }
    assert {key: values[key] for key in expected} == expected
    kinds = {
        FieldType.MONEY: Money,
        FieldType.NUMBER: Decimal,
        FieldType.DATE: date,
        FieldType.BOOL: bool,
    }
    assert all(isinstance(value, kinds.get(CATALOGUE[key].type, str)) for key, value in values.items())


def test_what_a_database_makes_of_rows_is_read_like_the_rows_themselves():
    stored = {"paid_value": Decimal("97.0000"), "paid_currency": "BRL", "ordered_at": NOW, "status": "approved"}
    values = CATALOGUE.read(Known(purchase=stored))
    assert values["paid"] == Money(Decimal(97), "BRL")
    assert values["ordered_at"] == values["ordered_on"] == NOW


def test_our_own_share_is_the_producers_only_where_we_are_the_producer():
    row = {"net_value": "26.38", "net_currency": "BRL"}
    assert "producer_commission" in CATALOGUE.read(Known(purchase={**row, "sold_as": "producer"}))
    assert "producer_commission" not in CATALOGUE.read(Known(purchase={**row, "sold_as": "coproducer"}))


def test_phones_and_names_are_taken_apart_as_hotmart_writes_them():
    assert (area_of("+5571900256042"), local_number_of("+5571900256042")) == ("71", "900256042")
    assert (area_of("+351912345678"), local_number_of("+351912345678")) == (None, "351912345678")
    assert last_name_of("Ana") is None
    assert last_name_of("Ana Maria Lima") == "Maria Lima"
    assert set(HOTMART_ROLE) == set(RECEIVER)


def test_nothing_known_gives_no_values_and_an_empty_text_is_none():
    assert CATALOGUE.read(Known()) == {}
    assert value_of("  ", FieldType.TEXT) is None


def test_a_lead_gives_its_twelve_fields():
    lead = {
        "name": "Curso - Ana",
        "price": ["97.00", "BRL"],
        "is_deleted": False,
        "score": 3,
        "labor_cost": 0,
        "price_is_computed": True,
        "created_at": NOW,
        "updated_at": NOW,
        "contact_name": "Ana Lima",
        "contact_first_name": "Ana",
        "contact_last_name": "Lima",
        "company_name": "Estúdio Lima",
    }
    assert set(CATALOGUE.read(Known(lead=lead))) == {one.key for one in LEAD_FIELDS}


def test_a_recovery_tells_of_the_attempts_before_it():
    values = CATALOGUE.read(Known(recovery=A_RECOVERY.told()))
    assert (values["attempt_kind"], values["attempts"]) == ("declined_card", Decimal(2))
    assert values["happened_at"] == datetime(2026, 7, 2, 12, 30, tzinfo=UTC)


def test_the_fields_an_automation_speaks_of_are_found_wherever_they_stand():
    wanted = {"all": [{"not": {"field": "Lead: Pontuação", "operator": "empty"}}, {"field": "paid", "value": "sck"}]}
    mapping = {"lead_name": "{{Produto: Nome | upper}}", "contact": {"name": "x {{buyer_name}}"}, "tags": ["{{src}}"]}
    assert fields_of(wanted, mapping) == {"lead_score", "paid", "product_name", "buyer_name", "src"}
    assert fields_of({"field": "nobody's"}, {"note": "{{never closed", "stage_id": 5}) == frozenset()


# Ready automations


def test_the_ready_automations_are_the_ten_of_the_list_and_the_overdue_one():
    names = "Venda expirada; Venda cancelada; Carrinho Abandonado; Venda aprovada; Venda criada; Assinatura criada; "
    names += "Assinatura cancelada; Venda reembolsada; Pedido de reembolso; Venda completa; Venda atrasada"
    assert [one.name for one in READY] == names.split("; ")
    assert len({one.key for one in READY}) == 11
    assert {one.policy for one in READY} == {Policy.REUSE_OPEN_OF_PRODUCT}


@pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.key)
def test_every_text_of_a_ready_automation_is_complete_for_a_sale_that_told_everything(ready):
    values = CATALOGUE.read(known_at(ready.trigger))
    texts = (
        ready.lead_name,
        ready.contact_name,
        ready.contact_email,
        ready.contact_phone,
        ready.note,
        ready.transaction,
    )
    for text in texts:
        assert templates.render(templates.parse(text), values).missing == ()
    assert templates.amount(templates.parse(ready.lead_value), values) is not None
