"""The inbox as a page: filters, what became of an event, personal data hidden until somebody asks, doing it again."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from schemas.bodies import form_of
from schemas.resources import STATES
from service.domain import fates, statuses
from service.domain.roles import Role
from service.sources.contact import email_of
from service.store.engine import transaction
from service.store.panel import reveals
from service.web import words
from service.web.masking import HIDDEN, masked
from tests.living import PAYLOADS, House, payload
from tests.web.visitors import Visitor, a_member

APPROVED = "v2-PURCHASE_APPROVED.real-pix.json"
BROKEN = {"id": "broken", "event": "PURCHASE_APPROVED", "creation_date": 1747773619843, "data": {"purchase": {}}}


@pytest.fixture
def visitor(house: House) -> Visitor:
    return a_member(house.app, house.account, Role.OPERATOR)


def events_of(house: House) -> str:
    return f"/a/{house.account.key}/events"


def listed(visitor: Visitor, house: House, query: str = "") -> list[int]:
    """The ids of the events a page of the list shows, in its order."""
    page = visitor.reads(f"{events_of(house)}?{query}")
    return [int(number) for number in re.findall(rf'{events_of(house)}/(\d+)"', page)]


def one(house: House, **query: Any) -> Any:
    (found,) = house.get("/deliveries", **query)
    return found


def test_an_empty_inbox_says_how_to_switch_events_on(house, visitor):
    page = visitor.reads(events_of(house))
    assert "Nenhum evento ainda" in page
    assert f'href="/a/{house.account.key}/connect"' in page


def test_a_search_without_a_match_is_no_empty_inbox(house, visitor):
    house.receives(payload(APPROVED))
    page = visitor.reads(f"{events_of(house)}?q=nobody")
    assert "Nada encontrado" in page
    assert "Nenhum evento ainda" not in page


def test_events_are_listed_newest_first_with_what_became_of_them(house, visitor):
    house.receives(payload(APPROVED), payload("v2-PURCHASE_REFUNDED.real.json"), BROKEN)
    ids = listed(visitor, house)
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    page = visitor.reads(events_of(house))
    assert page.count("pill-done") == 2
    assert page.count("pill-set_aside") == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3),
        ("state=set_aside", 1),
        ("state=done", 2),
        ("event=PURCHASE_REFUNDED", 1),
        ("source=sheet", 0),
        ("source=all", 3),
        ("source=nonsense", 3),
        ("from=2001-01-01", 3),
        ("from=2100-01-01", 0),
        ("to=2001-01-01", 0),
        ("from=yesterday&to=tomorrow", 3),
        ("to=9999-12-31", 3),
        ("q=HP9100000001", 1),
        ("q=cliente1", 1),
        ("q=CLIENTE1%40EXAMPLE.COM", 1),
        ("q=Nome+1", 1),
        ("q=%25", 0),
        ("q=%00", 3),
        ("page=2", 0),
        ("page=0", 3),
        ("page=99999999999999", 0),
        ("page=x", 3),
    ],
)
def test_the_address_is_the_filter(house, visitor, query, found):
    bodies = []
    for number, name in enumerate((APPROVED, "v2-PURCHASE_REFUNDED.real.json"), start=1):
        body = json.loads(payload(name))
        body["data"]["buyer"] |= {"email": f"cliente{number}@example.com", "name": f"Nome {number}"}
        body["data"]["purchase"]["transaction"] = f"HP910000000{number}"
        bodies.append(body)
    house.receives(*bodies, BROKEN)
    assert len(listed(visitor, house, query)) == found


def test_rows_of_a_spreadsheet_are_events_too(house, visitor):
    house.imports("sales-en.csv")
    rows = listed(visitor, house, "source=sheet")
    assert rows
    assert listed(visitor, house) == []
    page = visitor.reads(f"{events_of(house)}/{rows[0]}")
    assert "@example.com" not in page.split("<main")[1]
    assert HIDDEN in page


def test_long_lists_come_in_pages_that_keep_the_filter(house, visitor):
    house.receives(*({**BROKEN, "id": f"broken-{number}"} for number in range(53)))
    page = visitor.reads(f"{events_of(house)}?state=set_aside")
    assert "Página 1 de 2" in page
    older = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "state=set_aside" in older
    last = visitor.reads(older)
    assert len(re.findall(r"pill-set_aside", last)) == 3
    assert 'rel="next"' not in last


def test_personal_data_is_hidden_until_somebody_asks_for_it_and_that_is_written_down(house, visitor):
    house.receives(payload(APPROVED))
    delivery, buyer = one(house), json.loads(payload(APPROVED))["data"]["buyer"]
    path = f"{events_of(house)}/{delivery['id']}"
    hidden = visitor.reads(path)
    for value in (buyer["email"], buyer["name"], buyer["document"]):
        assert value not in hidden
    with transaction(house.shop.engine) as tx:
        assert not reveals(tx, house.account.id, delivery["id"])
    with capture_logs() as logged:
        answer = visitor.posts(f"{path}/reveal")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for value in (buyer["email"], buyer["name"], buyer["document"]):
        assert value in answer.get_data(as_text=True)
    with transaction(house.shop.engine) as tx:
        (looked,) = reveals(tx, house.account.id, delivery["id"])
    assert looked.name == visitor.user.name
    (line,) = [line for line in logged if line["event"] == "personal data revealed"]
    assert (line["delivery_id"], line["user"]) == (delivery["id"], visitor.user.id)
    assert buyer["email"] not in str(logged)
    assert buyer["email"] not in visitor.reads(path), "the next look hides it again"
    assert "Dados pessoais vistos por" in visitor.reads(path)


def test_a_reader_is_not_even_offered_to_see_personal_data(house):
    house.receives(payload(APPROVED))
    page = a_member(house.app, house.account, Role.READER).reads(f"{events_of(house)}/{one(house)['id']}")
    assert "/reveal" not in page
    assert "/replay" not in page


def personal_values(content: Any, key: str = "", *, inside: bool = False) -> set[str]:
    """What of a sample is surely about a person: everything of the buyer's, and every e-mail."""
    if isinstance(content, dict):
        return {
            value
            for name, one_of in content.items()
            for value in personal_values(
                one_of, name, inside=inside or name in {"buyer", "buyerVO", "billing", "shopper", "user", "destination"}
            )
        }
    if isinstance(content, list):
        return {value for one_of in content for value in personal_values(one_of, key, inside=inside)}
    text = str(content)
    flat = key in {"name", "first_name", "last_name", "email", "userName", "userEmail", "document"} and inside
    phones = "phone" in key or "document" in key
    harmless = key in {"country", "country_iso", "document_type", "locale", "time_zone", "code"} or len(text) < 5
    return {text} if ((inside or flat or phones or email_of(text)) and not harmless) else set()


def leaves(content: Any) -> set[str]:
    """Every value as text."""
    if isinstance(content, dict):
        return {text for value in content.values() for text in leaves(value)}
    if isinstance(content, list):
        return {text for value in content for text in leaves(value)}
    return {str(content)}


@pytest.mark.parametrize("name", sorted(path.name for path in PAYLOADS.iterdir() if path.suffix in {".json", ".txt"}))
def test_nothing_personal_of_any_sample_is_shown(name):
    raw = payload(name)
    content = form_of(raw) if name.endswith(".txt") else orjson.loads(raw)
    shown = leaves(masked(content))
    personal = personal_values(content)
    assert personal
    assert [(value, text) for value in personal for text in shown if value in text and not text.isdigit()] == []
    assert personal & shown == set()


def test_the_sale_itself_is_shown():
    shown = masked(orjson.loads(payload(APPROVED)))
    sent = orjson.loads(payload(APPROVED))
    for part in ("transaction", "status", "price", "order_date"):
        assert shown["data"]["purchase"][part] == sent["data"]["purchase"][part]
    assert shown["data"]["product"]["name"] == sent["data"]["product"]["name"]
    assert shown["event"] == sent["event"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"new_field": "Ana"}, {"new_field": HIDDEN}),
        ({"sck": "ana@example.com|fb"}, {"sck": f"{HIDDEN}|fb"}),
        ({"sck": "wa 11 91234-5678"}, {"sck": f"wa {HIDDEN}"}),
        ({"sck": "campaign-2026-07-02"}, {"sck": "campaign-2026-07-02"}),
        ({"value": "Ana"}, {"value": HIDDEN}),
        ({"value": "97.00"}, {"value": "97.00"}),
        (
            {"buyer": {"code": "x", "extra": {"code": "y", "note": "z"}}},
            {"buyer": {"code": "x", "extra": {"code": "y", "note": HIDDEN}}},
        ),
        ({"name": "Ana"}, {"name": HIDDEN}),
        ({"product": {"name": "Curso"}}, {"product": {"name": "Curso"}}),
        ([{"event": "x"}, 7], [HIDDEN, HIDDEN]),
        ({"flag": True, "none": None, "empty": ""}, {"flag": True, "none": None, "empty": ""}),
        ("text", HIDDEN),
    ],
)
def test_what_nobody_knows_is_hidden(content, shown):
    assert masked(content) == shown


def test_a_test_event_of_the_panel_is_recognisable(house, visitor):
    house.receives(payload("v2-PURCHASE_APPROVED.json"))
    assert "pill-test" in visitor.reads(events_of(house))
    page = visitor.reads(f"{events_of(house)}/{one(house)['id']}")
    assert "botão de teste do painel da Hotmart" in page


def test_an_event_that_was_set_aside_says_why_in_words(house, visitor):
    house.receives(BROKEN)
    page = visitor.reads(f"{events_of(house)}/{one(house)['id']}")
    assert "não traz código da transação" in page
    assert "transaction_missing" not in page


def test_an_event_tells_what_it_changed(house, visitor):
    house.receives(payload(APPROVED))
    page = visitor.reads(f"{events_of(house)}/{one(house)['id']}").replace("\xa0", " ")
    assert "Compra · Aprovada" in page
    assert "R$ 1.497,00" in page


def test_an_event_is_read_again_from_the_page(house, visitor):
    house.receives(BROKEN)
    delivery = one(house)
    path = f"{events_of(house)}/{delivery['id']}"
    assert visitor.posts(f"{path}/replay").location == path
    assert one(house)["state"] == "pending"
    house.drain()
    assert one(house)["attempts"] == delivery["attempts"]
    assert one(house)["state"] == "set_aside"


def test_what_cannot_be_read_again_is_refused_with_a_word(house, visitor):
    imported = house.imports("sales-en.csv")
    house.undoes(imported["id"])
    row = listed(visitor, house, "source=sheet")[0]
    path = f"{events_of(house)}/{row}"
    assert "/replay" not in visitor.reads(path)
    assert visitor.posts(f"{path}/replay").status_code == 302
    assert "não pode ser lido de novo" in visitor.reads(path)


def test_every_state_reason_and_fate_has_words(house):
    assert set(words.STATES) == set(words.MEANINGS) == set(STATES)
    assert set(words.FATES) == set(fates.FATES)
    assert set(words.STATUSES) == set(statuses.Status)
    assert set(statuses.STATUS_OF_EVENT) <= set(words.EVENTS)
