"""`postback`: made-up events through a door that really listens."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from service.samples import EVENTS
from service.store.engine import transaction
from tests.commands.conftest import HOTTOK, Terminal
from tests.running.machine import free_port


def kept(school: Terminal) -> list[dict[str, object]]:
    """Bodies in the inbox, oldest first."""
    with transaction(school.app.extensions["marco"].engine) as tx:
        rows = tx.execute(text("SELECT convert_from(body, 'UTF8') FROM deliveries ORDER BY id")).scalars()
        return [json.loads(row) for row in rows]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_accepted_by_the_door(school, event):
    assert school.post(event).startswith(f"200 accepted   {event}")
    assert kept(school)[-1]["event"] == event


def test_an_event_may_be_written_as_people_say_it(school):
    assert "PURCHASE_APPROVED" in school.post("approved")
    assert "PURCHASE_OUT_OF_SHOPPING_CART" in school.post("cart")
    school.post("pix")
    assert kept(school)[-1]["data"]["purchase"]["payment"]["type"] == "PIX"


def test_what_is_said_is_what_arrives(school):
    school.post(
        *"approved --email maria@example.com --at 2026-07-02T09:15 --transaction HP4200000001".split(),
        *"--product caderno --price 39.90 --currency eur --payment boleto".split(),
    )
    event = kept(school)[-1]
    assert event["creation_date"] == 1782994500000  # 09:15 in São Paulo
    assert event["data"]["buyer"]["email"] == "maria@example.com"
    assert event["data"]["product"]["name"] == "Caderno de Exercícios"
    purchase = event["data"]["purchase"]
    assert purchase["transaction"] == "HP4200000001"
    assert purchase["price"] == {"currency_value": "EUR", "value": 39.9}
    assert purchase["payment"]["type"] == "BILLET"


def test_twice_delivers_the_same_event_again(school):
    lines = school.post("approved", "--twice").splitlines()
    assert [line.split()[:2] for line in lines] == [["200", "accepted"], ["200", "duplicate"]]


def test_late_news_is_eight_hours_old(school):
    at = ("--at", "2026-07-02T20:00:00Z", "--email", "late@example.com")
    school.post("approved", *at)
    school.post("approved", *at, "--late")
    on_time, late = kept(school)[-2:]
    assert on_time["creation_date"] - late["creation_date"] == 8 * 3600 * 1000


def test_count_makes_as_many_purchases(school):
    assert school.post("approved", "--count", "4").count("200 accepted") == 4
    assert len({event["data"]["buyer"]["email"] for event in kept(school)[-4:]}) == 4
    school.post("approved", "--count", "3", "--email", "loyal@example.com")
    codes = {event["data"]["purchase"]["transaction"] for event in kept(school)[-3:]}
    assert len(codes) == 3


def test_one_email_and_product_tell_one_story(school):
    school.post("approved", "--email", "story@example.com")
    school.post("refunded", "--email", "story@example.com")
    first, second = (event["data"]["purchase"]["transaction"] for event in kept(school)[-2:])
    assert first == second


def test_the_hottok_may_come_from_the_environment(school):
    assert "200 accepted" in school.says("postback", "approved", env={"HOTTOK": HOTTOK})


def test_a_whole_webhook_address_needs_no_account(school):
    key = json.loads(school.says("account", "list", "--json"))[0]["account_key"]
    url = f"{school.settings.public_url}/webhooks/hotmart/{key}"
    assert "200 accepted" in school.post("approved", "--url", url, "--account", "whatever")


def test_the_token_is_neither_kept_nor_printed(school):
    said = school.post("approved")
    assert HOTTOK not in said
    assert HOTTOK not in json.dumps(kept(school))


def test_without_a_hottok_it_says_where_to_get_one(school):
    said = school.complains("postback", "approved")
    assert "--hottok" in said
    assert "HOTTOK" in said


def test_a_wrong_hottok_stops_at_the_first_answer(school):
    before = len(kept(school))
    said = school.complains("postback", "approved", "--hottok", "wrong", "--count", "3")
    assert said.count("401") == 1
    assert "The hottok is missing or wrong" in said
    assert len(kept(school)) == before


def test_a_door_that_does_not_answer_is_told_with_a_remedy(school):
    said = school.complains("postback", "approved", "--hottok", HOTTOK, "--url", f"http://127.0.0.1:{free_port()}")
    assert "Nothing answers at" in said
    assert "make run" in said


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["aproved"], 2, "Did you mean approved"),
        (["approved", "--at", "yesterday"], 1, "'yesterday' is no time"),
        (["approved", "--price", "abc"], 1, "'abc' is no price"),
        (["approved", "--price", "NaN"], 1, "'NaN' is no price"),
        (["approved", "--product", "car"], 1, "names no single product"),
        (["approved", "--url", "ftp://x"], 1, "is no address of a door"),
        (["approved", "--count", "0"], 2, "0 is not in the range"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(school, words, code, told):
    assert told in school.complains("postback", *words, "--hottok", HOTTOK, code=code)
