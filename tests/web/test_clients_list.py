"""The list of clients: who is found, in which order, page by page, by the API and on the page."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from flask import Flask

from schemas.clients import ListPlace
from service.domain.roles import Role
from service.store import clients
from tests.living import House
from tests.web.visitors import a_member
from workers.workshop import Workshop

HEADERS = (
    "Transação;Status;Email;Comprador;Moeda;Valor da Venda;Data da Venda;Produto;Código do produto;Telefone;CPF;País"
)
STATUSES = {"Aprovado": "approved", "Reembolsado": "refunded", "Cancelado": "canceled"}


@dataclass(frozen=True)
class Sale:
    """One row of the file every test starts from."""

    code: str
    email: str
    name: str
    status: str = "Aprovado"
    currency: str = "BRL"
    price: int = 100
    day: str = "02/07/2026"
    product: str = "7001"
    phone: str = ""
    document: str = ""
    country: str = "Brasil"

    def line(self) -> str:
        price = f"{self.price},00"
        sold = (self.code, self.status, self.email, self.name, self.currency, price, self.day)
        return ";".join((*sold, f"Curso {self.product}", self.product, self.phone, self.document, self.country))


SALES = (
    Sale("HP01", "ana.lima@example.com", "Ana Lima", phone="11987654321", document="52998224725", price=300),
    Sale("HP02", "ana.lima@example.com", "Ana Lima", product="7002", day="05/07/2026", price=50),
    Sale("HP03", "bruno@example.org", "Bruno Conceição", status="Reembolsado", day="03/07/2026", price=700),
    Sale("HP04", "carla@example.com", "Carla D'Ávila", currency="USD", day="10/05/2025", price=90, country="Portugal"),
    Sale("HP05", "davi@example.com", "Davi Melo", status="Cancelado", product="7002", day="11/06/2026"),
    Sale("HP06", "elisa@example.com", "=Elisa Prado", currency="EUR", day="31/12/2025", price=20, country="Espanha"),
    Sale("HP07", "elisa@example.com", "=Elisa Prado", day="01/01/2026", price=120, country="Espanha"),
    Sale("HP08", "mariana@example.com", "Mariana Ana Souza", product="7003", day="20/06/2026", price=100),
)
ANA, BRUNO, CARLA, DAVI, ELISA, MARIANA = (
    *("ana.lima@example.com", "bruno@example.org", "carla@example.com", "davi@example.com", "elisa@example.com"),
    "mariana@example.com",
)
EVERYBODY = {ANA, BRUNO, CARLA, DAVI, ELISA, MARIANA}


def sold(house: House, *sales: Sale) -> Any:
    content = "\n".join([HEADERS, *(sale.line() for sale in sales)]).encode()
    return house.imports("vendas.csv", content, exported_at="2026-07-20T12:00:00Z")


@pytest.fixture(scope="module")
def school(app: Flask, shop: Workshop) -> House:
    """A house that nobody changes."""
    house = House(app, shop)
    assert sold(house, *SALES)["rows"]["created"] == len(SALES)
    return house


@pytest.fixture
def busy_school(house: House) -> House:
    """The same, for who changes it."""
    sold(house, *SALES)
    return house


@pytest.fixture(params=[1, clients.WALK], ids=["gathered", "walked"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is found along the order or from all who match: with either nobody may be missing."""
    monkeypatch.setattr(clients, "WALK", request.param)
    monkeypatch.setattr(clients, "DEAR_WALK", request.param)


def found(house: House, **query: Any) -> list[str]:
    return [row["email"] for row in house.get("/clients", **query)]


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("ana", {ANA, MARIANA}),
        ("lima an", {ANA}),
        ("CONCEICAO", {BRUNO}),
        ("conceição", {BRUNO}),
        ("d'avila", {CARLA}),
        ("avila carla", {CARLA}),
        ("ana.lima@exam", {ANA}),
        ("@example.org", {BRUNO}),
        ("example.com", EVERYBODY - {BRUNO}),
        ("a", {ANA, CARLA, MARIANA}),
        ("lim", {ANA}),
        ("ima", set()),
        ("(11) 98765-4321", {ANA}),
        ("+55 11 98765", {ANA}),
        ("11 9876", {ANA}),
        ("4321", {ANA}),
        ("529.982", {ANA}),
        ("725", {ANA}),
        ("9999", set()),
        ("ana 4321", {ANA}),
        ("mariana 4321", set()),
        ("'; DROP TABLE clients --", set()),
        ("x\\' & !y:*", set()),
        ("%", EVERYBODY),
    ],
)
def test_people_are_found_by_beginnings_of_words_and_ends_of_numbers(school: House, q: str, expected: set[str]) -> None:
    assert set(found(school, q=q)) == expected


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"product": "7002"}, {ANA, DAVI}),
        ({"status": "refunded"}, {BRUNO}),
        ({"status": "CANCELLED"}, {DAVI}),
        ({"product": "7002", "status": "approved"}, {ANA}),
        ({"country": "PT"}, {CARLA}),
        ({"currency": "BRL", "least": "120"}, {ANA, ELISA}),
        ({"currency": "BRL", "least": "100", "most": "120"}, {ELISA, MARIANA}),
        ({"currency": "BRL", "most": "0"}, {BRUNO, DAVI}),
        ({"currency": "EUR", "least": "20"}, {ELISA}),
        ({"first_from": "2026-07-01"}, {ANA}),
        ({"first_to": "2025-12-31"}, {CARLA, ELISA}),
        ({"last_from": "2026-01-01", "last_to": "2026-01-01"}, {ELISA}),
        ({"last_to": "2025-05-10"}, {CARLA}),
        ({"last_from": "2025-05-10", "last_to": "2026-06-20"}, {CARLA, ELISA, MARIANA}),
        ({"opportunity": "true"}, {DAVI}),
        ({"opportunity": "false"}, EVERYBODY - {DAVI}),
        ({"subscription": "active"}, set()),
        ({"email": " BRUNO@example.org "}, {BRUNO}),
        ({"tag": "vip"}, set()),
        ({"import": 999_999_999}, set()),
        ({"q": "ana", "product": "7003", "country": "BR"}, {MARIANA}),
    ],
)
def test_every_filter_keeps_whom_it_says(school: House, query: dict[str, Any], expected: set[str]) -> None:
    assert set(found(school, **query)) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", [ELISA, ANA, BRUNO, CARLA, DAVI, MARIANA]),
        ("purchases", {ANA: 2, ELISA: 2, CARLA: 1, MARIANA: 1, BRUNO: 0, DAVI: 0}),
        ("revenue-BRL", {ANA: 350, ELISA: 120, MARIANA: 100, BRUNO: 0, DAVI: 0}),
        ("revenue-USD", [CARLA]),
    ],
)
def test_the_list_is_in_the_order_that_was_asked_for(school: House, sort: str, expected: Any) -> None:
    emails = found(school, sort=sort)
    if isinstance(expected, dict):
        assert [expected[email] for email in emails] == sorted(expected.values(), reverse=True)
        assert set(emails) == set(expected)
        assert found(school, sort=sort, order="asc") == emails[::-1]
    else:
        assert emails == expected


def pages(house: House, **query: Any) -> tuple[list[str], list[str]]:
    """Everybody page by page to the end, and back again."""
    rows, told = page_of(house, **query)
    there = [rows]
    while told["next"]:
        rows, told = page_of(house, **query, after=told["next"])
        there.append(rows)
    back = [rows]
    while told["previous"]:
        rows, told = page_of(house, **query, before=told["previous"])
        back.append(rows)
    return [email for rows in there for email in rows], [email for rows in reversed(back) for email in rows]


def page_of(house: House, **query: Any) -> tuple[list[str], dict[str, Any]]:
    answer = house.client.get("/api/v1/clients", query_string=query, headers=house.bearer)
    return [row["email"] for row in answer.get_json()], json.loads(answer.headers["X-Pagination"])


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "name", "purchases", "revenue-BRL"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("more", [{}, {"q": "example"}, {"country": "BR"}])
def test_pages_by_key_miss_nobody_and_repeat_nobody_there_and_back(
    school: House, sort: str, order: str, more: dict[str, str]
) -> None:
    asked = {"sort": sort, "order": order, **more}
    whole = found(school, **asked, page_size=100)
    assert len(whole) >= 4 or more
    assert pages(school, **asked, page_size=2) == (whole, whole)


def test_pages_by_number_still_work_and_far_ones_are_refused(school: House) -> None:
    whole = found(school)
    assert [email for number in (1, 2, 3) for email in found(school, page=number, page_size=2)] == whole
    answer = school.client.get("/api/v1/clients?page=99999&page_size=500", headers=school.bearer)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "wrong",
    "after=x after=WzEsMl0 before=bnVsbA sort=password sort=revenue- least=NaN country=Brasil first_from=yesterday"
    " import=0 opportunity=maybe status=happy page_size=0".split(),
)
def test_what_makes_no_sense_is_refused_by_the_api_and_left_out_on_the_page(school: House, wrong: str) -> None:
    assert school.client.get(f"/api/v1/clients?{wrong}", headers=school.bearer).status_code == 422
    page = a_member(school.app, school.account).reads(f"/a/{school.account.key}/clients?{wrong}")
    assert "6 clientes" in page


@pytest.mark.parametrize("after", ["not a moment", "2026-07-02", "NaN", "'"])
def test_a_place_of_another_order_is_no_fault_of_the_server(school: House, after: str) -> None:
    (client, *_) = school.get("/clients")
    place = ListPlace().serialize("place", {"place": (after, UUID(client["id"]))})
    for sort in ("last_seen", "purchases", "revenue-BRL", "name"):
        answer = school.client.get(f"/api/v1/clients?after={place}&sort={sort}", headers=school.bearer)
        assert answer.status_code in (200, 422), (sort, answer.get_data(as_text=True))


def test_whoever_has_many_clients_is_told_so(school: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_COUNTED", 3)
    monkeypatch.setattr(clients, "MOST_COUNTED_OF_MANY", 2)
    _, told = page_of(school)
    assert (told["total"], told["total_is_exact"]) == (3, False)
    _, told = page_of(school, q="example", page_size="2")
    assert (told["total"], told["total_is_exact"]) == (2, False)
    page = a_member(school.app, school.account).reads(f"/a/{school.account.key}/clients")
    assert "Mais de 3 clientes" in page
    _, told = page_of(school, country="PT")
    assert (told["total"], told["total_is_exact"]) == (1, True)


def test_of_up_to_ten_thousand_clients_all_who_are_found_are_counted(
    school: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MOST_COUNTED", len(EVERYBODY))
    monkeypatch.setattr(clients, "MOST_COUNTED_OF_MANY", 1)
    _, told = page_of(school, q="example", page_size="1")
    assert (told["total"], told["total_is_exact"]) == (len(EVERYBODY), True)


def test_the_clients_of_another_account_are_never_found(school: House, another_house: House) -> None:
    sold(another_house, Sale("HP90", "zoe@example.com", "Ana Zoe", product="7009"))
    assert set(found(school)) == EVERYBODY
    assert found(school, q="zoe") == []
    assert found(school, product="7009") == []
    assert found(another_house, q="ana") == ["zoe@example.com"]
    assert "Curso 7009" not in a_member(school.app, school.account).reads(f"/a/{school.account.key}/clients")


def test_the_clients_of_an_import_are_those_its_rows_speak_of(busy_school: House) -> None:
    second = sold(busy_school, Sale("HP50", "nina@example.com", "Nina"), Sale("HP01", ANA, "Ana Lima"))
    assert set(found(busy_school, **{"import": second["id"]})) == {"nina@example.com", ANA}
    visitor = a_member(busy_school.app, busy_school.account)
    results = visitor.reads(f"/a/{busy_school.account.key}/imports/{second['id']}/results")
    link = re.search(r'href="([^"]*clients\?import=\d+)"', results)
    assert link is not None
    listed = visitor.reads(link[1])
    assert "2 clientes" in listed
    assert "vendas.csv" in listed


def test_a_purchase_that_is_refunded_moves_its_client_to_other_filters(house: House) -> None:
    sold(house, SALES[0])
    assert found(house, status="approved", currency="BRL", least="1") == [ANA]
    sold(house, Sale("HP01", ANA, "Ana Souza", status="Reembolsado", price=300))
    assert found(house, status="approved") == []
    assert found(house, status="refunded", q="souza") == [ANA]
    assert found(house, q="lima") == [ANA], "the e-mail still says so"
    assert found(house, currency="BRL", least="1") == []
    (client,) = house.get("/clients")
    assert (client["purchases"], client["last_purchase_at"]) == (0, None)


def test_undoing_an_import_takes_its_words_and_marks_along(busy_school: House) -> None:
    second = sold(busy_school, Sale("HP60", ANA, "Ana Lima", product="7060"))
    assert found(busy_school, product="7060") == [ANA]
    busy_school.undoes(second["id"])
    assert found(busy_school, product="7060") == []
    assert found(busy_school, product="7002", q="ana") == [ANA]


def test_a_rebuild_changes_nothing_of_what_is_searched(busy_school: House) -> None:
    asked = (
        "SELECT email, search, purchases, first_purchase_at, last_purchase_at FROM clients WHERE account_id = :account"
    )
    kept = "SELECT * FROM client_revenue WHERE account_id = :account ORDER BY client_id, currency"
    before = sorted(busy_school.rows(asked)), busy_school.rows(kept)
    busy_school.rebuild()
    assert (sorted(busy_school.rows(asked)), busy_school.rows(kept)) == before


def test_revenue_tells_purchases_and_their_days_per_currency(school: House) -> None:
    rows = school.rows(
        "SELECT r.currency, r.purchases, r.first_at::date::text, r.last_at::date::text FROM client_revenue r"
        " JOIN clients c ON c.id = r.client_id WHERE r.account_id = :account AND c.email = :email ORDER BY 1",
        email=ELISA,
    )
    assert [tuple(row) for row in rows] == [
        ("BRL", 1, "2026-01-01", "2026-01-01"),
        ("EUR", 1, "2025-12-31", "2025-12-31"),
    ]


class Reader:
    """A member who looks at the list."""

    def __init__(self, house: House, role: Role = Role.READER) -> None:
        self.visitor, self.base = a_member(house.app, house.account, role), f"/a/{house.account.key}/clients"

    def reads(self, query: str = "", part: str = "") -> str:
        return self.visitor.reads(f"{self.base}{part}{'?' + query if query else ''}")


def test_the_page_shows_who_was_found_with_money_and_a_link_to_each(school: House) -> None:
    page = Reader(school).reads("q=ana.lima")
    assert "Ana Lima" in page
    assert "R$\xa0350,00" in page
    assert "1 cliente<" in page
    (client,) = school.get("/clients", q="ana.lima")
    assert f'href="/a/{school.account.key}/clients/{client["id"]}"' in page


def test_each_filter_in_force_has_a_link_that_takes_it_away_alone(school: House) -> None:
    page = Reader(school).reads("q=ana&product=7002&sort=name")
    links = re.findall(r'class="chip" href="([^"]*)"', page)
    assert [sorted(link.partition("?")[2].split("&amp;")) for link in links] == [
        ["product=7002", "sort=name"],
        ["q=ana", "sort=name"],
    ]
    assert "Comprou: Curso 7002" in page


def test_an_address_cannot_smuggle_words_into_the_links_of_the_page(school: House) -> None:
    page = Reader(school).reads("q=ana&_external=1&_anchor=x&_scheme=javascript&evil=yes")
    assert "evil" not in page.partition("<main")[2]
    assert "javascript:" not in page


def test_what_is_fetched_while_typing_is_the_list_alone(school: House) -> None:
    fragment = Reader(school).reads("q=bruno", part="/found")
    assert "<html" not in fragment
    assert "Bruno Concei" in fragment
    assert "Ana Lima" not in fragment


def test_pages_of_the_page_follow_by_key(school: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.web.pages.clients.listing.PAGE_SIZE", 4)
    reader = Reader(school)
    first = reader.reads("sort=name")
    (onward,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = reader.visitor.reads(onward.replace("&amp;", "&"))
    assert "Mariana Ana" in second
    assert "Mariana Ana" not in first
    (back,) = re.findall(r'rel="prev" href="([^"]*)"', second)
    assert "Carla" in reader.visitor.reads(back.replace("&amp;", "&"))


def test_an_account_without_clients_says_where_they_come_from(house: House) -> None:
    assert "Nenhum cliente ainda" in Reader(house).reads()


def cells_of_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_a_reader_takes_the_filtered_list_along_as_csv(school: House) -> None:
    reader = Reader(school)
    answer = reader.visitor.get(f"{reader.base}/export?currency=BRL&least=120&sort=name&format=csv")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.search(r"attachment; filename=clients_\d{14}_marco\.csv", answer.headers["Content-Disposition"])
    head, *rows = cells_of_csv(answer.data)
    assert [row[1] for row in rows] == [ELISA, ANA]
    assert rows[0][0] == "'=Elisa Prado", "nothing in it is a formula"
    assert rows[1][head.index("Documento")] == "52998224725"
    assert rows[1][head.index("Receita (BRL)")] == "350,00"
    assert rows[1][head.index("Receita (EUR)")] == ""
    assert rows[1][head.index("Compras")] == "2"


def test_a_workbook_of_clients_has_real_dates_and_amounts_and_text_that_stays_text(school: House) -> None:
    answer = school.client.get("/api/v1/clients/export?format=xlsx&language=en&sort=name", headers=school.bearer)
    assert answer.status_code == 200
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    head, *rows = [list(row) for row in sheet.iter_rows()]
    names = [cell.value for cell in head]
    ana: dict[Any, Any] = dict(zip(names, next(row for row in rows if row[1].value == ANA), strict=True))
    assert (ana["Document"].value, ana["Document"].data_type) == ("52998224725", "s")
    assert ana["Last purchase"].is_date
    assert Decimal(str(ana["Revenue (BRL)"].value)) == 350
    assert ana["Revenue (BRL)"].data_type == "n"
    assert [row[0].data_type for row in rows] == ["s"] * len(EVERYBODY)


def test_searching_for_somebody_leaves_no_trace_in_the_log(
    school: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        Reader(school).reads("q=ana.lima@example.com")
        school.get("/clients", q="52998224725")
    told = capfd.readouterr()
    everything = told.out + told.err + caplog.text
    assert "ana.lima" not in everything
    assert "52998224725" not in everything
