"""Two clients who are one person, through the API: suggested, looked at, merged, separated."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.samples import an_event
from service.samples.cast import AUDIO, COURSE
from service.samples.sheets import a_row, an_export
from service.store import identities
from service.store.engine import transaction
from tests.living import House
from tests.stories.evidence import assert_the_ledger_is_the_fold_of_its_facts
from tests.stories.test_properties import batches_of

ANA, BIA, CAIO = "ana.lima@example.com", "bia.lima@example.com", "caio.teste@example.com"
NOON = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)


def buys(house: House, email: str, code: str, event: str = "PURCHASE_APPROVED", *, hours: int = 0, **said: Any) -> None:
    told = {"email": email, "transaction": code, "product": COURSE, "at": NOON + timedelta(hours=hours), **said}
    body = an_event(event, **told)
    house.receives(json.dumps({**body, "id": f"{event}-{code}-{hours}"}))


def client(house: House, email: str) -> Any:
    (found,) = house.get("/clients", email=email)
    return found


def asks(house: House, path: str, **said: Any) -> Any:
    return house.client.post(f"/api/v1/clients/{path}", json=said, headers=house.bearer)


def merges(house: House, stays: str, goes: str, **more: Any) -> Any:
    answer = asks(house, f"{stays}/merge", client_id=goes, **more)
    assert answer.status_code == 202, answer.get_json()
    house.drain()
    return answer.get_json()


def separates(house: House, client_id: str, email: str) -> None:
    answer = asks(house, f"{client_id}/unmerge", email=email)
    assert answer.status_code == 202, answer.get_json()
    house.drain()


@pytest.fixture
def two(house: House) -> tuple[House, str, str]:
    """Ana bought the course twice, Bia the audio book: the same person under two addresses."""
    buys(house, ANA, "HP1")
    buys(house, ANA, "HP2", hours=1)
    buys(house, BIA, "HP3", hours=2, product=AUDIO)
    return house, client(house, ANA)["id"], client(house, BIA)["id"]


def test_merged_clients_have_one_record_one_journey_and_one_sum(two):
    house, ana, bia = two
    before = [client(house, email)["revenue"][0]["active"] for email in (ANA, BIA)]
    merges(house, ana, bia)
    (left,) = house.get("/clients")
    assert (left["id"], left["email"]) == (ana, ANA)
    assert float(left["revenue"][0]["active"]) == sum(map(float, before))
    assert {row["client_id"] for row in house.get("/purchases")} == {ana}
    assert len(house.get(f"/clients/{ana}/milestones")) == 3
    detail = house.get(f"/clients/{ana}")
    assert {one["name"] for one in detail["products"]} == {COURSE.name, AUDIO.name}
    assert detail["emails"] == [ANA, BIA]
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_the_old_address_and_the_old_link_lead_to_the_client_who_stayed(two):
    house, ana, bia = two
    merges(house, ana, bia)
    assert client(house, BIA)["id"] == ana
    for path in (f"/api/v1/clients/{bia}", f"/api/v1/clients/{bia}/milestones?kind=approved"):
        answer = house.client.get(path, headers=house.bearer)
        assert (answer.status_code, answer.location) == (308, path.replace(bia, ana))


def test_separating_gives_both_back_exactly_with_what_came_meanwhile(two, another_house):
    house, ana, bia = two
    merges(house, ana, bia)
    buys(house, BIA, "HP4", hours=5, product=AUDIO)
    assert house.purchase("HP4")["client_id"] == ana
    separates(house, ana, BIA)
    assert [client(house, email)["id"] for email in (ANA, BIA)] == [ana, bia]
    assert house.purchase("HP4")["client_id"] == bia
    for code, email, hours, product in (("HP1", ANA, 0, COURSE), ("HP2", ANA, 1, COURSE), ("HP3", BIA, 2, AUDIO)):
        buys(another_house, email, code, hours=hours, product=product)
    buys(another_house, BIA, "HP4", hours=5, product=AUDIO)
    mine, never_merged = house.ledger(), another_house.ledger()
    assert mine.pop("strangers") == [{"email": ANA, "other": BIA}, {"email": BIA, "other": ANA}]
    assert never_merged.pop("strangers") == []
    assert mine == never_merged


@pytest.mark.parametrize("tried", [ANA, BIA])
def test_a_sale_under_one_address_recovers_an_attempt_under_the_other(house, tried):
    bought = BIA if tried == ANA else ANA
    buys(house, tried, "HP1", "PURCHASE_CANCELED")
    buys(house, bought, "HP2", hours=3)
    ids = {email: client(house, email)["id"] for email in (ANA, BIA)}
    looked = house.get(f"/clients/{ids[tried]}/merge", client_id=ids[bought])
    assert [looked[one]["opportunities"] for one in ("stays", "goes", "together")] == [1, 0, 0]
    merges(house, ids[ANA], ids[BIA])
    (opportunity,) = house.get("/opportunities", all_attempts="true")["opportunities"]
    assert (opportunity["state"], opportunity["recovered_by"]) == ("recovered", "HP2")
    separates(house, ids[ANA], BIA)
    (opportunity,) = house.get("/opportunities", all_attempts="true")["opportunities"]
    assert (opportunity["state"], opportunity["client_id"]) == ("open", ids[tried])


def test_looking_says_what_merging_and_separating_then_do(two):
    house, ana, bia = two
    before = house.ledger()
    looked = house.get(f"/clients/{ana}/merge", client_id=bia)
    assert house.ledger() == before, "looking changes nothing"
    merges(house, ana, bia)
    stands = client(house, ANA)
    assert looked["together"]["revenue"] == [
        {name: value for name, value in one.items() if name in looked["together"]["revenue"][0]}
        for one in stands["revenue"]
    ]
    assert looked["together"]["purchases"] == len(house.get("/purchases")) == 3
    assert looked["together"]["emails"] == [ANA, BIA]
    assert looked["together"]["profile"]["name"] == stands["name"]
    apart = house.get(f"/clients/{ana}/unmerge", email=BIA)
    assert (apart["together"], apart["stays"], apart["leaves"]) == (
        looked["together"],
        looked["stays"],
        looked["goes"],
    )


def test_the_newest_contact_stands_and_each_address_keeps_its_own(house):
    buys(house, ANA, "HP1", buyer_name="Ana Lima")
    buys(house, BIA, "HP2", hours=4, buyer_name="Ana Lima Souza")
    ana, bia = client(house, ANA)["id"], client(house, BIA)["id"]
    names = [client(house, email)["name"] for email in (ANA, BIA)]
    merges(house, ana, bia)
    assert client(house, ANA)["name"] == names[1]
    separates(house, ana, BIA)
    assert [client(house, email)["name"] for email in (ANA, BIA)] == names


def test_a_chain_of_merges_is_one_client_and_its_middle_leaves_with_its_own(two):
    house, ana, bia = two
    buys(house, CAIO, "HP9", hours=9)
    caio = client(house, CAIO)["id"]
    merges(house, bia, ana)
    merges(house, caio, bia)
    (left,) = house.get("/clients")
    assert left["id"] == caio
    with transaction(house.shop.engine) as tx:
        assert identities.emails_of(tx, house.account.id, caio) == [CAIO, ANA, BIA]
        assert identities.survivor(tx, house.account.id, ana) is not None
    separates(house, caio, BIA)
    assert {row["email"] for row in house.get("/clients")} == {BIA, CAIO}
    with transaction(house.shop.engine) as tx:
        assert identities.emails_of(tx, house.account.id, client(house, BIA)["id"]) == [BIA, ANA]
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_two_browsers_that_merge_opposite_ways_leave_one_client(two):
    house, ana, bia = two
    browsers = [house.app.test_client(), house.app.test_client()]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda asked: asked[0].post(
                    f"/api/v1/clients/{asked[1]}/merge", json={"client_id": asked[2]}, headers=house.bearer
                ),
                zip(browsers, (ana, bia), (bia, ana), strict=True),
            )
        )
    assert {answer.status_code for answer in answers} == {202}
    house.drain()
    (left,) = house.get("/clients")
    assert {row["client_id"] for row in house.get("/purchases")} == {left["id"]}
    assert_the_ledger_is_the_fold_of_its_facts(house)
    gone = {ANA, BIA} - {left["email"]}
    separates(house, left["id"], gone.pop())
    assert len(house.get("/clients")) == 2, "separated once, they are two, whoever merged which way"


def test_a_double_click_is_said_once(two):
    house, ana, bia = two
    first, second = (asks(house, f"{ana}/merge", client_id=bia, key="one-click-1").get_json() for _ in range(2))
    assert first["delivery_id"] == second["delivery_id"]
    house.drain()
    again = asks(house, f"{ana}/merge", client_id=bia, key="one-click-1")
    assert (again.status_code, again.get_json()["state"]) == (202, "done")
    assert len(house.get("/deliveries", source="person")) == 1


def test_a_key_used_for_something_else_is_refused(two):
    house, ana, bia = two
    merges(house, ana, bia, key="one-click-1")
    answer = asks(house, f"{ana}/unmerge", email=BIA, key="one-click-1")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "key_used")
    house.drain()
    assert len(house.get("/clients")) == 1


def test_what_cannot_be_merged_or_separated_is_refused(two, another_house):
    house, ana, bia = two
    buys(another_house, CAIO, "HP9")
    stranger = client(another_house, CAIO)["id"]
    assert asks(house, f"{ana}/merge", client_id=ana).status_code == 409
    assert asks(house, f"{ana}/merge", client_id=stranger).status_code == 404
    assert asks(house, f"{stranger}/merge", client_id=ana).status_code == 404
    assert asks(house, f"{ana}/unmerge", email=BIA).status_code == 404
    assert asks(house, f"{ana}/unmerge", email=ANA).status_code == 404
    merges(house, ana, bia)
    assert asks(house, f"{ana}/merge", client_id=bia).status_code == 409
    assert asks(house, f"{bia}/merge", client_id=ana).status_code == 409, "a ring cannot be asked for"
    assert asks(house, f"{ana}/merge").status_code == 422


@pytest.mark.parametrize("size", [1, 300])
def test_an_import_after_the_merge_lands_on_the_client_who_stayed_and_its_preview_says_so(two, size):
    house, ana, bia = two
    merges(house, ana, bia)
    rows = [
        a_row("Aprovado", transaction=f"HP7{n}", email=mail, product=COURSE) for n, mail in enumerate((ANA, BIA, CAIO))
    ]
    with batches_of(size):
        shown = house.uploads("three.csv", an_export(rows), exported_at="2026-04-01T12:00:00Z")
        house.confirm_answer(shown["id"], dry_run=True)
        house.files()
        tried = house.get(f"/imports/{shown['id']}")["dry_run"]
        house.confirms(shown["id"])
    done = house.get(f"/imports/{shown['id']}")
    assert done["clients"] == tried["clients"] == {"created": 1, "updated": 1}
    assert {house.purchase(code)["client_id"] for code in ("HP70", "HP71")} == {ana}
    noted = house.rows("SELECT email FROM import_clients WHERE account_id = :account")
    assert {row.email for row in noted} == {ANA, BIA, CAIO}, "separated later, either is one this import touched"
    house.undoes(shown["id"])
    assert len(house.get("/purchases")) == 3
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_a_merge_between_two_chunks_of_an_import_takes_the_rest_along(two):
    house, ana, bia = two
    rows = [a_row("Aprovado", transaction=f"HQ{n}", email=(ANA, BIA)[n % 2], product=COURSE) for n in range(8)]
    shown = house.uploads("eight.csv", an_export(rows), exported_at="2026-04-01T12:00:00Z")
    house.confirm_answer(shown["id"])
    house.files()
    asks(house, f"{ana}/merge", client_id=bia)
    while house.pour_once() or house.turn():
        pass
    assert {row["client_id"] for row in house.get("/purchases", page_size=100)} == {ana}
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_rebuilding_and_replaying_keep_clients_merged(two):
    house, ana, bia = two
    said = merges(house, ana, bia)
    before = house.ledger()
    house.rebuild()
    assert house.ledger() == before
    path = f"/api/v1/deliveries/{said['delivery_id']}/replay"
    assert house.client.post(path, headers=house.bearer).status_code == 202
    house.drain()
    assert house.ledger() == before


def with_contact(house: House, email: str, code: str, **contact: Any) -> str:
    body = an_event("PURCHASE_APPROVED", email=email, transaction=code, product=COURSE, at=NOON)
    body["data"]["buyer"] |= contact
    house.receives(json.dumps({**body, "id": code}))
    return str(client(house, email)["id"])


CPF = "52998224725"


def suggested(house: House, client_id: str) -> list[tuple[str, list[str]]]:
    return [(one["email"], one["reasons"]) for one in house.get(f"/clients/{client_id}/suggestions")]


def test_the_same_document_or_telephone_suggests_the_same_person(house, another_house):
    ana = with_contact(house, ANA, "HP1", document=CPF, checkout_phone="11987650001", checkout_phone_code="11")
    with_contact(house, BIA, "HP2", document=CPF, checkout_phone="11987650001", checkout_phone_code="11")
    with_contact(house, CAIO, "HP3", document=CPF, checkout_phone="11912340002", checkout_phone_code="11")
    with_contact(another_house, "dora@example.com", "HP4", document=CPF)
    assert sorted(suggested(house, ana)) == [(BIA, ["document", "phone"]), (CAIO, ["document"])]
    assert suggested(house, ana)[0][0] == BIA, "who shares more comes first"


def test_nobody_is_suggested_who_is_merged_or_said_to_be_somebody_else(house):
    ana = with_contact(house, ANA, "HP1", document=CPF)
    bia = with_contact(house, BIA, "HP2", document=CPF)
    caio = with_contact(house, CAIO, "HP3", document=CPF)
    assert asks(house, f"{ana}/strangers", client_id=caio).status_code == 202
    house.drain()
    assert [email for email, _ in suggested(house, ana)] == [BIA]
    assert [email for email, _ in suggested(house, caio)] == [BIA]
    merges(house, bia, ana)
    assert suggested(house, bia) == [], "Ana is Bia now, and Caio is not Ana"
    assert suggested(house, caio) == []
    separates(house, bia, ANA)
    assert [email for email, _ in suggested(house, caio)] == [BIA]
    assert suggested(house, ana) == [], "who was separated is not suggested again"


def test_what_many_clients_share_suggests_nothing(house):
    ids = [with_contact(house, f"client{n}@example.com", f"HP{n}", document=CPF) for n in range(12)]
    assert suggested(house, ids[0]) == []


def test_what_somebody_pasted_into_the_document_is_kept_and_suggests_nothing(house):
    pasted = "".join(f"{number:05}" for number in range(1600))
    ids = [with_contact(house, email, f"HP{email[0]}", document=pasted) for email in (ANA, BIA)]
    assert [row["state"] for row in house.get("/deliveries", source="hotmart")] == ["done", "done"]
    assert suggested(house, ids[0]) == []


def test_events_are_found_by_either_address(two):
    house, ana, bia = two
    merges(house, ana, bia)
    (said,) = house.get("/deliveries", source="person")
    shown = house.get(f"/deliveries/{said['id']}")
    assert {fact["subject"] for fact in shown["facts"]} == {f"i:{ANA}", f"i:{BIA}"}
    assert house.balance()["person"] == {**dict.fromkeys(house.balance()["person"], 0), "received": 1, "applied": 1}
