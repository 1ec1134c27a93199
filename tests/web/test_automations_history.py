"""The history of automations as people see it: found, filtered, counted, explained, sent again, and by whom."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from service.connectors.webhook.signing import new_secret
from service.domain.automation.triggers import Trigger
from service.domain.roles import Role
from service.store import connections, endpoints
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo.faults import Fault
from tests.kommo.server import FakeKommo
from tests.living import House
from tests.stories.automating import (
    ANA,
    MAPPING,
    approved,
    automate,
    deliver_all,
    hurry,
    outbox,
    switch,
)
from tests.stories.conftest import kommo_of_house  # noqa: F401  # a fixture, taken by its name
from tests.web.importers import plain
from tests.web.visitors import Visitor, a_member

BUYERS = [f"buyer{number}@example.com" for number in range(1, 5)]
SEEN = re.compile(r'name="seen" value="([^"]+)"')
NUMBER = re.compile(r'id="p(\d+)"')


@pytest.fixture
def kommo(kommo_of_house: FakeKommo) -> FakeKommo:  # noqa: F811  # the fixture of that name
    return kommo_of_house


class Reader:
    """Somebody of a house who looks at the history, in English."""

    def __init__(self, house: House, role: Role = Role.OPERATOR) -> None:
        self.visitor: Visitor = a_member(house.app, house.account, role)
        self.visitor.client.set_cookie("language", "en")
        self.path = f"/a/{house.account.key}/automations/history"

    def page(self, query: str = "") -> str:
        return self.visitor.reads(f"{self.path}{query}")

    def reads(self, query: str = "") -> str:
        return plain(self.page(query))

    def numbers(self, query: str = "") -> list[int]:
        """The promises on a page of the list, in order."""
        return [int(number) for number in NUMBER.findall(self.page(query))]

    def seen(self, query: str) -> str:
        found = SEEN.search(self.page(query))
        assert found is not None
        return html.unescape(found[1])

    def sends(self, query: str, seen: str) -> str:
        """Press a button that sends again; the words of the page that follows."""
        answer = self.visitor.posts(f"{self.path}{query}", seen=seen)
        assert answer.status_code == 302
        return plain(self.visitor.reads(answer.location))


def sold(house: House, *emails: str) -> None:
    """One sale of each of these buyers, in order."""
    house.receives(*(approved(n, f"HP000000000{n}", email) for n, email in enumerate(emails, 1)))


def refused(kommo: FakeKommo, house: House) -> None:
    """Everything that is due is tried until Kommo's refusal gives it up."""
    bad: dict[str, object] = {
        "validation-errors": [
            {"request_id": "0", "errors": [{"code": "NotSupportedChoice", "path": "status_id", "detail": "no"}]}
        ],
        "title": "Bad Request",
        "status": 400,
    }
    kommo.faults.plan(Fault(400, "POST", "leads", times=99, body=bad))
    for _ in range(2):
        deliver_all(house)
        hurry(house)
    deliver_all(house)
    kommo.faults.clear()


def states(house: House) -> list[str]:
    return [state for *_, state in outbox(house)]


def test_an_empty_history_says_what_will_be_there(house: House) -> None:
    assert "Nothing was asked for yet" in Reader(house).reads()


def test_a_line_says_what_happened_to_whom_what_became_of_it_and_where_the_lead_is(
    house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED, name="Novas vendas")
    house.receives(approved())
    deliver_all(house)
    lead = house.rows("SELECT lead_id FROM outbox WHERE account_id = :account")[0].lead_id
    page = Reader(house).page()
    words = plain(page)
    for said in ("Sale approved", "Novas vendas", "HP0000000001", "Done", ANA):
        assert said in words, said
    assert f'href="{kommo.origin}/leads/detail/{lead}"' in page


def test_what_is_given_up_says_why_and_what_to_do(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    words = Reader(house).reads()
    assert "Needs you" in words
    assert "Kommo did not accept a value." in words
    assert "Mend the automation, then send it again." in words


def test_the_list_is_turned_over_in_both_directions_without_losing_anything(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.pages.automations.history.PAGE_SIZE", 2)
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA, *BUYERS)
    reader, every = Reader(house), [row.id for row in house.rows("SELECT id FROM outbox WHERE account_id = :account")]
    newest = sorted(every, reverse=True)
    assert reader.numbers() == newest[:2]
    assert reader.numbers(f"?before={newest[1]}") == newest[2:4]
    assert reader.numbers(f"?before={newest[3]}") == newest[4:]
    assert reader.numbers(f"?after={newest[4]}") == newest[2:4]
    assert reader.numbers(f"?after={newest[2]}") == newest[:2]
    ways = re.compile(r'rel="(prev|next)"')
    turns = {query: ways.findall(reader.page(query)) for query in ("", f"?after={newest[2]}")}
    assert set(map(tuple, turns.values())) == {("next",)}
    assert ways.findall(reader.page(f"?before={newest[1]}")) == ["prev", "next"]
    assert ways.findall(reader.page(f"?before={newest[3]}")) == ["prev"]


@pytest.fixture
def told_of_many(house: House, kommo: FakeKommo) -> dict[str, Any]:
    """Two automations, one of them with a filter, three buyers; all are worked off. Ids by name."""
    picky = {"field": "product_name", "operator": "equals", "value": "Curso Y"}
    made = {
        "every": automate(house, Trigger.SALE_APPROVED, name="Todas"),
        "picky": automate(house, Trigger.SALE_CREATED, name="Exigente", filter=picky),
    }
    sold(house, ANA, *BUYERS[:2])
    deliver_all(house)
    return made


NARROWED = (
    ("", 6),
    ("?state=done", 3),
    ("?state=passed_over", 3),
    ("?state=waiting&state=given_up", 0),
    ("?trigger=sale_created", 3),
    ("?trigger=sale_created&state=done", 0),
    ("?trigger=nonsense", 6),
    ("?cause=filter", 3),
    ("?cause=kommo_rejected", 0),
    ("?cause=overtaken", 0),
    (f"?q={ANA}", 2),
    (f"?q={ANA.upper()}", 2),
    ("?q=hp0000000002", 2),
    ("?q=HP0000000002&state=done", 1),
    ("?q=99999999999999999999", 0),
    ("?q=%00", 6),
    ("?from=2020-01-01&to=2020-12-31", 0),
    ("?from=2020-01-01", 6),
    ("?to=2020-01-01", 0),
    ("?from=nonsense&before=nonsense", 6),
    ("?automation_id=99999999999999999999", 6),
)


def test_the_history_is_narrowed_by_its_address(house: House, told_of_many: dict[str, Any]) -> None:
    reader = Reader(house)
    assert [(query, len(reader.numbers(query))) for query, _ in NARROWED] == list(NARROWED)


def test_the_api_narrows_the_history_alike(house: House, told_of_many: dict[str, Any]) -> None:
    def number(**asked: str) -> int:
        return len(house.get("/automations/history", **asked))

    assert number(trigger="sale_created", state="passed_over") == 3
    assert number(trigger="sale_created", state="done") == 0
    assert number(since="2020-01-01T00:00:00Z") == 6
    assert number(until="2020-01-01T00:00:00Z") == 0
    sent = {"trigger": "sale_created", "state": ["passed_over"]}
    answer = house.client.post("/api/v1/automations/history/resend", json=sent, headers=house.bearer)
    assert answer.get_json() == {"resent": 3}


def test_the_states_are_counted_under_the_other_filters_and_chips_take_them_away(
    house: House, told_of_many: dict[str, Any]
) -> None:
    reader = Reader(house)
    assert "All 6 Needs you 0 Will be tried again 0 Waiting 0 Done 3 Passed over 3 Taken back 0" in reader.reads()
    query = f"?automation_id={told_of_many['picky']}&state=passed_over&q={ANA}"
    words, page = reader.reads(query), reader.page(query)
    assert "All 1 Needs you 0 Will be tried again 0 Waiting 0 Done 0 Passed over 1" in words
    assert "Automation: Exigente" in words
    assert f"Search: {ANA}" in words
    assert len(reader.numbers(query)) == 1
    without = re.findall(r'class="chip" href="([^"]+)"', page)
    assert len(without) == 2
    assert all("state=passed_over" in url for url in without)
    deleted = told_of_many["picky"]
    switch(house, deleted, "deleted")
    assert "Automation: Exigente" in reader.reads(f"?automation_id={deleted}")


def test_what_a_filter_passed_over_says_which_condition_and_what_it_saw(
    house: House, told_of_many: dict[str, Any]
) -> None:
    (number, *_) = Reader(house).numbers("?state=passed_over")
    words = Reader(house).reads(f"/{number}")
    assert "The filter of the automation did not let it pass." in words
    assert "Produto: Nome It had to be “Curso Y”, but is “" in words


def test_a_promise_tells_its_origin_its_attempts_and_every_change(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    kommo.faults.plan(Fault(500, "GET", "account", times=1))
    house.receives(approved())
    deliver_all(house)
    (number,) = Reader(house).numbers()
    waiting = Reader(house).reads(f"/{number}")
    assert "Next try:" in waiting
    assert "Kommo has trouble of its own." in waiting
    hurry(house)
    deliver_all(house)
    page = Reader(house).page(f"/{number}")
    words = plain(page)
    assert "2 attempts" in words
    assert words.index("Attempt 2 · Done") < words.index("Attempt 1 · Did not work")
    assert "No lead was there that fits, so a new one is made." in words
    assert "Nobody in Kommo matches exactly, so a new contact is made." in words
    assert "Lead: Price" in words
    assert "POST leads/complex 200" in words
    (delivery,) = house.rows("SELECT id FROM deliveries WHERE account_id = :account")
    assert f"/events/{delivery.id}" in page
    lead = house.rows("SELECT lead_id FROM outbox WHERE account_id = :account")[0].lead_id
    assert f"{kommo.origin}/leads/detail/{lead}" in page


def test_documents_and_the_token_are_nowhere_on_the_page(house: House, kommo: FakeKommo) -> None:
    note = "CPF {{Comprador: Documento (número)}}, {{Comprador: E-mail}}"
    automate(house, Trigger.SALE_APPROVED, mapping={"note": note})
    house.receives(approved())
    (client,) = house.rows("SELECT document FROM clients WHERE account_id = :account")
    deliver_all(house)
    (number,) = Reader(house).numbers()
    page = Reader(house).page(f"/{number}")
    assert client.document
    assert client.document not in page
    assert "CPF •••" in page
    assert kommo.account.token not in page


def test_one_is_mended_and_sent_again_and_asked_for_twice_it_is_done_once(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    reader = Reader(house)
    (number,) = reader.numbers("?state=given_up")
    seen = reader.seen(f"/{number}")
    assert "It is sent again." in reader.sends(f"/{number}/resend", seen)
    assert "It is not sent again" in reader.sends(f"/{number}/resend", seen)
    refused(kommo, house)  # tried, and given up once more
    assert states(house) == ["given_up"]
    assert "It is not sent again" in reader.sends(f"/{number}/resend", seen), "that page is older than the last attempt"
    assert states(house) == ["given_up"]
    assert "It is sent again." in reader.sends(f"/{number}/resend", reader.seen(f"/{number}"))
    deliver_all(house)
    assert states(house) == ["done"]


def test_many_are_sent_again_after_a_page_that_says_how_many_and_why(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA, *BUYERS)
    refused(kommo, house)
    reader = Reader(house)
    first, second, *_ = reader.numbers()
    some = f"/resend?which=chosen&id={first}&id={second}"
    words = reader.reads(some)
    assert "2 will be sent again" in words
    assert "2 times: Kommo did not accept a value." in words
    assert "2 are sent again." in reader.sends(some, reader.seen(some))
    every = "/resend?which=all&state=given_up"
    seen = reader.seen(every)
    assert "3 will be sent again" in reader.reads(every)
    assert "3 are sent again." in reader.sends(every, seen)
    assert "Nothing is left to send again" in reader.sends(every, seen)
    assert states(house) == ["waiting"] * 5


def test_nothing_ticked_sends_nothing(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    reader = Reader(house)
    for query in ("/resend?which=chosen", "/resend", "/resend?which=chosen&id=0&id=-1&id=x"):
        assert "Nothing was ticked." in reader.reads(query)
        assert "Nothing is left to send again" in reader.sends(query, datetime.now(UTC).isoformat())
    assert states(house) == ["given_up"]


def test_what_was_passed_over_is_sent_in_bulk_only_where_it_is_asked_for(
    house: House, told_of_many: dict[str, Any]
) -> None:
    reader = Reader(house)
    assert "Nothing to send again" in reader.reads("/resend?which=all")
    asked = "/resend?which=all&state=passed_over"
    assert "3 will be sent again" in reader.reads(asked)
    assert "3 are sent again." in reader.sends(asked, reader.seen(asked))


def test_a_reader_looks_and_sends_nothing(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    reader = Reader(house, Role.READER)
    (number,) = reader.numbers()
    for query in ("", f"/{number}", "/resend?which=all"):
        assert "resend" not in "".join(re.findall(r'<form method="post" action="([^"]+)"', reader.page(query)))
    for path in (f"/{number}/resend", "/resend?which=all"):
        assert reader.visitor.posts(f"{reader.path}{path}").status_code == 403
    assert states(house) == ["given_up"]


def test_another_accounts_promises_are_neither_seen_nor_sent(
    house: House, another_house: House, kommo: FakeKommo
) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    (number,) = Reader(house).numbers()
    stranger = Reader(another_house)
    assert stranger.numbers(f"?q={ANA}") == []
    assert stranger.visitor.get(f"{stranger.path}/{number}").status_code == 404
    assert stranger.visitor.posts(f"{stranger.path}/{number}/resend").status_code == 404
    some = f"/resend?which=chosen&id={number}"
    assert "Nothing is left to send again" in stranger.sends(some, datetime.now(UTC).isoformat())
    assert states(house) == ["given_up"]


def test_without_kommo_it_is_said_that_they_will_wait(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    with transaction(house.shop.engine) as tx:
        connections.disconnect(tx, house.account.id)
    assert "Kommo is not connected at the moment" in Reader(house).reads("/resend?which=all")


def test_what_a_deleted_automation_left_undone_is_not_sent_again(house: House, kommo: FakeKommo) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    sold(house, ANA)
    refused(kommo, house)
    switch(house, made, "deleted")
    reader = Reader(house)
    (number,) = reader.numbers()
    assert "Send again" not in reader.reads(f"/{number}")
    assert "Nothing to send again" in reader.reads("/resend?which=all")
    assert "It is not sent again" in reader.sends(f"/{number}/resend", datetime.now(UTC).isoformat())
    assert states(house) == ["given_up"]


def test_what_waits_for_an_automation_that_is_off_says_so(house: House, kommo: FakeKommo) -> None:
    made = automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    switch(house, made, "off")
    (number,) = Reader(house).numbers()
    assert "The automation is switched off: this waits until it is on again." in Reader(house).reads(f"/{number}")


def test_a_client_shows_its_leads_in_kommo_and_the_journey_the_names_of_stages(house: House, kommo: FakeKommo) -> None:
    automate(house, Trigger.SALE_APPROVED)
    house.receives(approved())
    deliver_all(house)
    lead = house.rows("SELECT lead_id FROM outbox WHERE account_id = :account")[0].lead_id
    (client,) = house.get("/clients", email=ANA)
    house.rows_changed(
        "INSERT INTO milestones (account_id, client_id, id, delivery_id, kind, key, subject, occurred_at, approximate,"
        " times, last_at, source) SELECT account_id, client_id, gen_random_uuid(), delivery_id, 'lead_stage_reached',"
        " :key, :subject, now(), false, 1, now(), 'kommo' FROM milestones WHERE account_id = :account LIMIT 1",
        key=f"{lead}|{MAPPING['pipeline_id']}:{MAPPING['stage_id']}|1", subject=f"l:{lead}",
    )  # fmt: skip
    profile = Reader(house).visitor.reads(f"/a/{house.account.key}/clients/{client['id']}")
    assert f'href="{kommo.origin}/leads/detail/{lead}"' in profile
    assert f"Leads in Kommo Lead {lead}" in plain(profile)
    said = "The lead in Kommo reached the stage Vendas Hotmart: Boleto gerado"
    assert said in plain(profile)
    assert said in plain(Reader(house).visitor.reads(f"/a/{house.account.key}/clients/{client['id']}/journey"))
    house.rows_changed("UPDATE crm_links SET kommo_id = 1 WHERE account_id = :account")
    assert "Leads in Kommo" not in Reader(house).visitor.reads(f"/a/{house.account.key}/clients/{client['id']}")


def test_a_message_to_an_address_tells_what_was_sent_and_why_it_did_not_arrive(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.stories.automating.MAPPING", {})
    with transaction(house.shop.engine) as tx:
        vault = vault_of(house.shop.settings)
        address = endpoints.create(tx, house.account.id, "https://127.0.0.1/marco", new_secret(), vault)
    automate(house, Trigger.SALE_APPROVED, destination="webhook", endpoint_id=address)
    house.receives(approved())
    deliver_all(house)
    (number,) = Reader(house).numbers()
    words = Reader(house).reads(f"/{number}")
    for said in ("leads into a closed network", "Correct the webhook address", "Message", "POST", f'"{ANA}"'):
        assert said in words, said
    assert "Kommo is not connected" not in words
