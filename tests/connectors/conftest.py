"""A Kommo to talk to: the fake over real HTTP, and our client without waiting."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.connectors.kommo.client import Kommo
from service.connectors.kommo.connection import Connection
from service.connectors.kommo.stages import Pair
from service.connectors.kommo.upsert import bring
from service.connectors.kommo.wishes import LeadWish, PersonWish, Wish, read_book
from service.connectors.limits import Gate, OneProcessRoad, Pace
from service.domain.money import Money
from tests.kommo.server import FakeKommo

PIPELINE, FIRST, SECOND = 7700100, 61000010, 61000020
FINGERPRINT = 880101
ANA = PersonWish("Ana", "Lima", "ana.lima@example.com", "+5531987654321")
SALE = LeadWish(
    "Curso de Python - Ana Lima",
    "HP0000000001",
    FINGERPRINT,
    Money(Decimal("197.90"), "BRL"),
    Pair(PIPELINE, FIRST),
    tags=("hotmart",),
)
WISH = Wish(SALE, ANA)


def client_of(fake: FakeKommo, *, road: OneProcessRoad | None = None, **seconds: float) -> Kommo:
    """Our client, on a road wide enough not to be noticed unless one is given."""
    gate = Gate(road or OneProcessRoad(Pace(per_second=10_000, closed=900)))
    return Kommo(Connection(fake.origin, fake.account.token), gate, **{"connect": 2.0, "total": 5.0, **seconds})


@pytest.fixture
def fake():
    with FakeKommo().running() as running:
        yield running


@pytest.fixture
def kommo(fake):
    client = client_of(fake)
    yield client
    client.close()


@pytest.fixture
def some_lead(fake, kommo):
    """An account that has a lead of somebody else, as every real one: it shows that prices have cents."""
    (made,) = kommo.create("leads", [{"name": "de outra pessoa", "price": 10}])
    fake.seen.clear()
    return made.answer["id"]


class Desk:
    """Brings wishes to Kommo and keeps the ids, as a worker would."""

    def __init__(self, fake: FakeKommo, kommo: Kommo) -> None:
        self.fake, self.kommo, self.kept = fake, kommo, []
        self.book = read_book(kommo)
        fake.seen.clear()

    def brings(self, wish: Wish):
        return bring(self.kommo, wish, self.book, self.kept.append)

    def leads(self):
        """Leads with a fingerprint of ours."""
        return [lead for lead in self.fake.account.all("leads") if lead["name"] != "de outra pessoa"]

    def contacts(self):
        return self.fake.account.all("contacts")

    def values(self, kind: str, row_id: int, field: int) -> list:
        row = self.fake.account.rows[kind][row_id]
        entries = [one for one in row["custom_fields_values"] or [] if one["field_id"] == field]
        return [value["value"] for one in entries for value in one["values"]]


@pytest.fixture
def desk(fake, kommo, some_lead):
    return Desk(fake, kommo)


def a_contact(desk: Desk, name: str, *phones: str, email: str | None = None) -> int:
    fields = [{"field_code": "PHONE", "values": [{"value": phone, "enum_code": "MOB"} for phone in phones]}]
    fields += [{"field_code": "EMAIL", "values": [{"value": email}]}] if email else []
    (made,) = desk.kommo.create("contacts", [{"name": name, "custom_fields_values": fields}])
    desk.fake.seen.clear()
    return made.answer["id"]


def a_lead(desk: Desk, contact: int | None = None, **body: object) -> int:
    tied = {"_embedded": {"contacts": [{"id": contact}]}} if contact else {}
    (made,) = desk.kommo.create("leads", [{"name": "de outra pessoa", **body, **tied}])
    desk.fake.seen.clear()
    return made.answer["id"]
