"""Opportunities and recovered sales, told through the door and by files, read back through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.samples import an_event
from service.samples.cast import CLUB, COURSE
from service.samples.sheets import a_row, an_export
from tests.living import House
from tests.stories.evidence import assert_the_ledger_is_the_fold_of_its_facts

NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
ANA, BRUNO = "ana.lima@example.com", "bruno.modelo@example.com"


def told(event: str, minutes: float, code: str = "HP1", email: str = ANA, **more: Any) -> dict[str, Any]:
    """A postback so many minutes after noon; carts have no code."""
    moment = NOON + timedelta(minutes=minutes)
    known: Any = {"email": email, "product": COURSE, "at": moment, "transaction": code, "ordered_at": moment}
    return an_event(event, **{**known, **more})


def refused(minutes: float, code: str = "HP1", email: str = ANA, **more: Any) -> dict[str, Any]:
    return told("PURCHASE_CANCELED", minutes, code, email, **more)


def approved(minutes: float, code: str = "HP9", email: str = ANA, **more: Any) -> dict[str, Any]:
    moment = NOON + timedelta(minutes=minutes)
    return told("PURCHASE_APPROVED", minutes, code, email, **{"approved_at": moment, **more})


def cart(minutes: float, email: str = ANA, **more: Any) -> dict[str, Any]:
    return told("PURCHASE_OUT_OF_SHOPPING_CART", minutes, email=email, **more)


def listed(house: House, **query: Any) -> list[tuple[Any, ...]]:
    rows = house.get("/opportunities", **query)["opportunities"]
    return [(row["kind"], row["state"], row["attempts"], row["purchase_key"], row["recovered_by"]) for row in rows]


def test_three_refusals_are_one_opportunity_with_the_last_reason_and_the_buyers_contact(house: House) -> None:
    house.receives(
        refused(0, "HP1", refusal="Saldo insuficiente"),
        refused(2, "HP3", price="77.00", refusal="Cartão bloqueado"),
        refused(1, "HP2"),
    )
    (row,) = house.get("/opportunities")["opportunities"]
    assert (row["kind"], row["state"], row["attempts"]) == ("declined_card", "open", 3)
    assert (row["reason"], row["refusal"], row["worth_another_try"]) == ("blocked_card", "Cartão bloqueado", True)
    assert row["amount"] == {"value": "77.00", "currency": "BRL"}
    assert (row["email"], row["opened_at"], row["last_at"]) == (ANA, "2026-07-02T12:00:00Z", "2026-07-02T12:02:00Z")
    assert row["phone"]
    assert row["name"]
    assert len(house.get("/opportunities", all_attempts=True)["opportunities"]) == 3
    assert len(house.get("/opportunities", state="superseded")["opportunities"]) == 2


def test_the_sale_that_follows_closes_it_and_counts_as_recovered_once(house: House) -> None:
    house.receives(cart(0), refused(5), approved(30), approved(50, "HP8"))
    assert listed(house) == [("declined_card", "recovered", 2, "HP1", "HP9")]
    (row,) = house.get("/opportunities", state="recovered")["opportunities"]
    assert row["seconds_to_recover"] == 25 * 60
    assert row["recovered"] == row["amount"] == {"value": "297.00", "currency": "BRL"}
    assert listed(house, state="open") == []


def test_a_refund_of_the_sale_leaves_the_opportunity_closed(house: House) -> None:
    house.receives(refused(0), approved(5), told("PURCHASE_REFUNDED", 60, "HP9", ordered_at=NOON, approved_at=NOON))
    assert listed(house) == [("declined_card", "recovered", 1, "HP1", "HP9")]


def test_a_sale_told_before_the_attempt_it_follows_closes_it_all_the_same(house: House) -> None:
    house.receives(approved(30))
    house.receives(refused(5))
    house.receives(cart(0))
    assert listed(house, all_attempts=True) == [
        ("declined_card", "recovered", 2, "HP1", "HP9"),
        ("abandoned_cart", "superseded", 1, None, "HP9"),
    ]


def test_other_buyers_and_other_products_are_other_pursuits(house: House) -> None:
    house.receives(refused(0), approved(5, email=BRUNO), approved(6, "HP8", product=CLUB))
    assert listed(house) == [("declined_card", "open", 1, "HP1", None)]


def test_a_pix_that_expired_and_was_paid_late_recovered_itself(house: House) -> None:
    pix: Any = {"payment": "PIX", "ordered_at": NOON}
    house.receives(told("PURCHASE_BILLET_PRINTED", 0, **pix))
    assert listed(house) == [("waiting_payment", "open", 1, "HP1", None)]
    house.receives(told("PURCHASE_EXPIRED", 60, **pix))
    assert listed(house) == [("expired_pix", "open", 1, "HP1", None)]
    house.receives(approved(90, "HP1", **pix))
    assert listed(house) == [("expired_pix", "recovered", 1, "HP1", "HP1")]


def test_a_pix_paid_at_once_leaves_no_opportunity(house: House) -> None:
    house.receives(told("PURCHASE_BILLET_PRINTED", 0, payment="PIX"))
    house.receives(approved(2, "HP1", payment="PIX", ordered_at=NOON))
    assert listed(house, all_attempts=True) == []


def test_an_attempt_that_moves_to_another_email_moves_its_opportunity(house: House) -> None:
    house.receives(refused(0))
    house.receives({**refused(0, email=BRUNO, at=NOON + timedelta(minutes=1)), "id": "another"})
    (row,) = house.get("/opportunities")["opportunities"]
    assert row["email"] == BRUNO


def without_email(event: dict[str, Any]) -> dict[str, Any]:
    del event["data"]["buyer"]["email"]
    return event


def test_an_attempt_without_email_stands_alone(house: House) -> None:
    house.receives(*map(without_email, (refused(0), refused(1, "HP2"), approved(2))))
    assert listed(house) == [
        ("declined_card", "open", 1, "HP2", None),
        ("declined_card", "open", 1, "HP1", None),
    ]
    house.receives(without_email(approved(9, "HP1", ordered_at=NOON)))
    assert ("declined_card", "recovered", 1, "HP1", "HP1") in listed(house)
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_an_overdue_renewal_is_of_its_own_kind_and_recovered_by_its_charge(house: House) -> None:
    late: Any = {"product": CLUB, "recurrence": 2}
    house.receives(approved(0, "HP1", product=CLUB), told("PURCHASE_DELAYED", 60, "HP2", **late))
    assert listed(house) == [("overdue_renewal", "open", 1, "HP2", None)]
    house.receives(approved(90, "HP2", ordered_at=NOON + timedelta(hours=1), **late))
    assert listed(house) == [("overdue_renewal", "recovered", 1, "HP2", "HP2")]


def a_file_of(*rows: tuple[str, str, str, float]) -> bytes:
    return an_export(
        a_row(label, transaction=code, email=email, product=COURSE, ordered_at=NOON + timedelta(minutes=minutes))
        for label, code, email, minutes in rows
    )


def test_undoing_an_import_gives_the_opportunities_back(house: House) -> None:
    house.receives(refused(0), refused(0, "HP2", email=BRUNO))
    before = house.ledger()
    file = a_file_of(("Aprovado", "HP8", ANA, 30), ("Cancelado", "HP7", BRUNO, 40), ("Aprovado", "HP2", BRUNO, 0))
    done = house.imports("vendas.csv", file, exported_at="2026-07-03T00:00:00Z")
    assert {row[1:] for row in listed(house)} == {
        ("recovered", 1, "HP1", "HP8"),
        ("recovered", 1, "HP2", "HP2"),
        ("open", 1, "HP7", None),
    }
    assert_the_ledger_is_the_fold_of_its_facts(house)
    assert house.undoes(done["id"])["status"] == "undone"
    assert house.ledger() == before
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_attempts_of_open_and_recovered_add_up_to_all_of_them(house: House) -> None:
    house.receives(cart(0), refused(1), approved(2), refused(3, "HP2"), refused(4, "HP3"), cart(5, email=BRUNO))
    every = house.get("/opportunities", all_attempts=True, size=500)["opportunities"]
    last = house.get("/opportunities")["opportunities"]
    assert sum(row["attempts"] for row in last) == len(every) == 5
    assert len({row["key"] for row in every}) == 5


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"state": "open"}, 2),
        ({"state": "recovered"}, 1),
        ({"kind": "declined_card"}, 2),
        ({"kind": "abandoned_cart"}, 1),
        ({"reason": "insufficient_funds"}, 1),
        ({"reason": "expired_card"}, 0),
        ({"product": str(COURSE.id)}, 3),
        ({"product": COURSE.name, "currency": "BRL"}, 2),
        ({"currency": "USD"}, 0),
        ({"from": "2026-07-02T12:10:00Z"}, 2),
        ({"from": "2026-07-02T12:10:00Z", "to": "2026-07-02T12:20:00Z"}, 1),
        ({"state": "recovered", "from": "2026-07-02T13:00:00Z"}, 1),
        ({"state": "recovered", "to": "2026-07-02T13:00:00Z"}, 0),
    ],
)
def test_opportunities_are_filtered(house: House, query: dict[str, str], count: int) -> None:
    house.receives(
        *(refused(0), approved(60)),
        cart(10, email=BRUNO),
        refused(20, "HP2", "carla@example.com", refusal="Sem saldo"),
    )
    assert len(house.get("/opportunities", **query)["opportunities"]) == count


@pytest.mark.parametrize("query", [{}, {"state": "recovered"}, {"all_attempts": True}])
def test_pages_follow_each_other_without_gap_or_repetition(house: House, query: dict[str, Any]) -> None:
    for number in range(5):  # some at the very same moment
        email = f"buyer{number}@example.com"
        house.receives(refused(number // 2, f"HP1{number}", email), approved(30, f"HP2{number}", email))
    whole = [row["key"] for row in house.get("/opportunities", **query)["opportunities"]]
    seen, after = [], {}
    while after is not None:
        page = house.get("/opportunities", size=2, **query, **after)
        seen += [row["key"] for row in page["opportunities"]]
        after = {"after": page["next"]} if page["next"] else None
    assert seen == whole
    assert len(set(seen)) == 5


@pytest.mark.parametrize(
    "query",
    ["state=lost", "kind=x", "reason=x", "after=x", "after=W10=", "after=WyIyMDI2LTAxLTAxIiwgIngiXQ==", "size=0"],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(house: House, query: str) -> None:
    answer = house.client.get(f"/api/v1/opportunities?{query}", headers=house.bearer)
    assert (answer.status_code, bool(answer.get_json()["errors"])) == (422, True)


def test_accounts_never_see_each_others_opportunities(house: House, another_house: House) -> None:
    house.receives(refused(0))
    assert another_house.get("/opportunities")["opportunities"] == []


def test_the_list_is_described(house: House) -> None:
    described = house.client.get("/api/openapi.json").get_json()["paths"]["/api/v1/opportunities"]["get"]
    asked = {parameter["name"] for parameter in described["parameters"]}
    known = {"state", "kind", "reason", "product", "currency", "from", "to", "all_attempts", "after", "size"}
    assert asked == known | {"period", "attempts", "q"}
