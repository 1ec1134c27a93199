"""A client's journey: sentences in three languages, sources, attempts together, filters and pages on the server."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from service.domain.roles import Role
from service.samples.cast import CLUB, COURSE
from service.samples.sheets import a_row, an_export
from service.store import journeys
from service.store.engine import transaction
from service.store.journeys import Sought, Spot
from tests.living import House
from tests.stories.test_recovery import ANA, NOON, approved, cart, refused, told
from tests.web.test_clients_profile import id_of, profile_of, words_of
from tests.web.visitors import Visitor, a_member


@pytest.fixture
def visitor(house: House) -> Visitor:
    return a_member(house.app, house.account, Role.READER)


Shown = list[list[str]]


def entries(house: House, **query: Any) -> Shown:
    """The journey of Ana as the API tells it, page by page: of every entry the steps, `kind transaction`."""
    found: Shown = []
    after: str | None = ""
    while after is not None:
        answer = house.get(f"/clients/{id_of(house)}/journey", **query, **({"after": after} if after else {}))
        assert len(answer["entries"]) <= query.get("size", 50)
        found += [
            [f"{step['kind']} {step['transaction'] or ''}".strip() for step in entry["milestones"]]
            for entry in answer["entries"]
        ]
        after = answer["next"]
    return found


def codes(page: str) -> list[str]:
    """The transactions a page shows, each once, in its order."""
    return list(dict.fromkeys(re.findall(r"<code>([^<]+)</code>", page)))


# Sources, days, numbers


def test_each_step_links_to_the_event_that_told_it(house, visitor):
    house.receives(approved(0, "HP1"), refused(90, "HP2"))
    page = visitor.reads(f"{profile_of(house)}/journey")
    linked = [int(number) for number in re.findall(rf"/a/{house.account.key}/events/(\d+)", page)]
    steps = [step for entry in house.get(f"/clients/{id_of(house)}/journey")["entries"] for step in entry["milestones"]]
    assert linked == [step["source"]["delivery_id"] for step in steps]
    assert len(set(linked)) == 2


def test_a_step_of_a_spreadsheet_names_file_and_row(house, visitor):
    rows = [a_row("Aprovado", email=ANA, transaction=f"HP{number}", ordered_at=NOON) for number in range(3)]
    imported = house.imports("vendas.csv", an_export(rows))
    page = visitor.reads(f"{profile_of(house)}/journey?q=HP2")
    assert "Importação Hotmart · vendas.csv · linha 4" in words_of(page)
    assert f'href="/a/{house.account.key}/imports/{imported["id"]}/results"' in page
    (entry,) = house.get(f"/clients/{id_of(house)}/journey", q="HP2")["entries"]
    assert entry["milestones"][0]["source"]["row"] == 4


def test_days_are_those_of_the_account(app, shop):
    house = House(app, shop, zone="Asia/Tokyo")
    visitor = a_member(app, house.account)
    midnight = datetime(2026, 7, 3, tzinfo=ZoneInfo("Asia/Tokyo"))
    for code, moment in (("HP1", midnight - timedelta(seconds=1)), ("HP2", midnight)):
        house.receives(approved(0, code, at=moment, approved_at=moment, ordered_at=moment))
    assert codes(visitor.reads(f"{profile_of(house)}/journey?from=2026-07-03")) == ["HP2"]
    assert codes(visitor.reads(f"{profile_of(house)}/journey?to=2026-07-02")) == ["HP1"]
    assert "03/07/2026 00:00" in visitor.reads(f"{profile_of(house)}/journey?q=HP2")


def test_a_purchase_says_what_it_is_by_now(house, visitor):
    house.receives(approved(0, "HP1"), told("PURCHASE_REFUNDED", 600, "HP1", ordered_at=NOON, approved_at=NOON))
    page = words_of(visitor.reads(f"{profile_of(house)}/journey?kind=approved"))
    assert "agora Reembolsada" in page


def test_what_was_told_more_than_once_says_so(house, visitor):
    house.receives(*(told("PURCHASE_DELAYED", minutes, "HP1", product=CLUB) for minutes in (0, 200, 400)))
    page = words_of(visitor.reads(f"{profile_of(house)}/journey"))
    assert "informado 3 vezes, a última em 02/07/2026 15:40" in page


# Attempts together


def test_repeated_attempts_are_one_entry_that_opens(house, visitor):
    house.receives(
        refused(0, "HP1", refusal="Cartão vencido"),
        told("PURCHASE_BILLET_PRINTED", 12, "HP2", payment="PIX"),
        refused(20, "HP3", refusal="Saldo insuficiente"),
    )
    assert entries(house) == [["canceled HP3", "payment_issued HP2", "canceled HP1"]]
    page = visitor.reads(f"{profile_of(house)}/journey")
    assert "3 tentativas em 20 minutos, última recusa: saldo insuficiente" in words_of(page)
    opened = page.split('<details class="attempts">')[1].split("</details>")[0]
    assert codes(opened) == ["HP3", "HP2", "HP1"]


def test_a_gap_of_more_than_an_hour_a_sale_or_another_product_parts_attempts(house):
    house.receives(
        refused(0, "HP1"),
        refused(60, "HP2"),
        refused(121, "HP3"),
        approved(125, "HP4"),
        refused(130, "HP5"),
        refused(131, "HP6", product=CLUB),
        refused(132, "HP7"),
    )
    assert entries(house) == [
        ["canceled HP7", "canceled HP5"],
        ["canceled HP6"],
        ["approved HP4"],
        ["canceled HP3"],
        ["canceled HP2", "canceled HP1"],
    ]


def test_two_steps_of_one_purchase_are_no_two_attempts(house):
    house.receives(
        told("PURCHASE_BILLET_PRINTED", 0, "HP1", payment="PIX"),
        told("PURCHASE_EXPIRED", 30, "HP1", payment="PIX", ordered_at=NOON),
    )
    assert entries(house) == [["expired HP1"], ["payment_issued HP1"]]


def test_a_pix_that_was_paid_was_no_attempt(house):
    house.receives(
        refused(0, "HP1"),
        told("PURCHASE_BILLET_PRINTED", 5, "HP2", payment="PIX"),
        refused(9, "HP3"),
        approved(100, "HP2", payment="PIX"),
    )
    assert entries(house) == [["approved HP2"], ["canceled HP3", "canceled HP1"], ["payment_issued HP2"]]


def test_a_filter_leaves_steps_out_of_a_group_but_does_not_part_it(house):
    house.receives(
        refused(0, "HP1"),
        told("PURCHASE_BILLET_PRINTED", 50, "HP2", payment="PIX"),
        refused(100, "HP3"),
        approved(110, "HP4"),
        refused(120, "HP5"),
    )
    assert entries(house, kind="canceled") == [["canceled HP5"], ["canceled HP3", "canceled HP1"]]


def test_a_group_of_very_many_attempts_tells_how_many_it_does_not_show(house, visitor):
    house.receives(*(refused(number / 60, f"HP{number}") for number in range(journeys.MOST_MEMBERS + 7)))
    (entry,) = house.get(f"/clients/{id_of(house)}/journey")["entries"]
    assert (entry["attempts"], entry["size"], len(entry["milestones"])) == (57, 57, 50)
    assert "7 passos mais antigos destas tentativas não aparecem aqui." in words_of(
        visitor.reads(f"{profile_of(house)}/journey")
    )


# Filters and pages


@pytest.fixture
def busy(house: House) -> House:
    house.receives(
        cart(0),
        refused(30, "HP1", refusal="Your card has insufficient balance"),
        approved(200, "HP2", product=CLUB),
        told("CLUB_MODULE_COMPLETED", 3000, module="Módulo da Água"),
        refused(6000, "HP3", refusal="Cartão vencido"),
    )
    return house


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["HP3", "HP2", "HP1"]),
        ("kind=approved", ["HP2"]),
        ("kind=nonsense", ["HP3", "HP2", "HP1"]),
        (f"product={CLUB.id}", ["HP2"]),
        ("product=Clube+de+Conversa%C3%A7%C3%A3o", ["HP2"]),
        ("q=clube", ["HP2"]),
        ("q=hp1", ["HP1"]),
        ("q=balance", ["HP1"]),
        ("q=SALDO+insuf", ["HP1"]),
        ("q=vencido", ["HP3"]),
        ("q=%25", []),
        ("q=_P1", []),
        ("q=%00", ["HP3", "HP2", "HP1"]),
        ("from=2026-07-03", ["HP3"]),
        ("to=2026-07-02", ["HP2", "HP1"]),
        ("from=2026-07-02&to=2026-07-02&kind=canceled", ["HP1"]),
        ("from=nonsense&to=9999-12-31", ["HP3", "HP2", "HP1"]),
        ("after=nonsense", ["HP3", "HP2", "HP1"]),
    ],
)
def test_the_address_is_the_filter(busy, visitor, query, found):
    assert codes(visitor.reads(f"{profile_of(busy)}/journey?{query}")) == found


def test_page_and_api_find_the_same(busy, visitor):
    for query in ({"q": "água"}, {"kind": "cart_abandoned"}, {"product": str(COURSE.id)}, {"q": "HP1"}):
        page = visitor.get(f"{profile_of(busy)}/journey", query_string=query).get_data(as_text=True)
        assert page.count('<li class="step') == len(entries(busy, **query)) > 0


@pytest.mark.parametrize("query", [{"kind": "x"}, {"after": "x"}, {"size": 0}, {"from": "x"}, {"q": "x" * 201}])
def test_the_api_refuses_what_it_does_not_know(busy, query):
    answer = busy.client.get(f"/api/v1/clients/{id_of(busy)}/journey", query_string=query, headers=busy.bearer)
    assert answer.status_code == 422


def test_a_search_without_a_match_is_no_empty_journey(busy, visitor):
    shown = words_of(visitor.reads(f"{profile_of(busy)}/journey?q=zzz"))
    assert "Nada encontrado" in shown
    assert "Nenhum passo ainda" not in shown


def test_long_journeys_come_in_pages_that_keep_the_filter(house, visitor):
    house.receives(*(approved(number * 90, f"HP{number}") for number in range(65)), cart(3))
    address: str | None = f"{profile_of(house)}/journey?kind=approved"
    seen: list[str] = []
    while address:
        page = visitor.reads(address)
        seen += codes(page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(older[1]) if older else None
        assert address is None or "kind=approved" in address
    assert seen == [f"HP{number}" for number in reversed(range(65))]


class Told(NamedTuple):
    """One made-up milestone of an attempt or sale."""

    kind: str
    purchase: int
    product: int
    minutes: int


def expected(journey: list[tuple[Told, UUID]]) -> list[list[UUID]]:
    """The entries, worked out step by step: oldest first, one product after another, then newest first."""
    order = journeys.ORDER.index
    journey = sorted(journey, key=lambda one: (one[0].minutes, order(one[0].kind), one[1]))
    paid = {step.purchase for step, _ in journey if step.kind == "approved"}
    found: list[list[tuple[Told, UUID]]] = []
    for product in {step.product for step, _ in journey}:
        open_run: list[tuple[Told, UUID]] = []
        for step, id_ in [one for one in journey if one[0].product == product]:
            if step.kind == "payment_issued" and step.purchase in paid:
                found.append([(step, id_)])
                continue
            if step.kind == "approved":
                found.append([(step, id_)])
                open_run = []
                continue
            if not open_run or step.minutes - open_run[-1][0].minutes > 60:
                open_run = []
                found.append(open_run)
            open_run.append((step, id_))
    parted = [
        part
        for run in found
        for part in ([run] if len({step.purchase for step, _ in run}) > 1 else [[one] for one in run])
    ]
    newest = sorted(parted, key=lambda run: (run[-1][0].minutes, order(run[-1][0].kind), run[-1][1]), reverse=True)
    return [[id_ for _, id_ in reversed(run)] for run in newest]


TOLD = st.builds(
    Told,
    st.sampled_from(["payment_issued", "canceled", "expired", "overdue", "approved"]),
    st.integers(1, 8),
    st.integers(1, 2),
    st.integers(0, 8).map(lambda halves: halves * 30 + (halves % 3)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOLD, max_size=16, unique_by=lambda told: (told.kind, told.purchase)), st.integers(1, 4))
def test_whatever_happened_no_page_end_parts_what_belongs_together(house, story, size):
    client = uuid4()
    told = [(one, uuid4()) for one in story]
    with house.shop.engine.connect() as tx:  # undone when it is closed
        for one, id_ in told:
            tx.exec_driver_sql(
                "INSERT INTO milestones (account_id, kind, key, subject, id, client_id, occurred_at, approximate,"
                " times, last_at, product_id, source, delivery_id)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, false, 1, %s, %s, 'x', 0)",
                (
                    *(house.account.id, one.kind, f"P{one.purchase}", f"t:P{one.purchase}", id_, client),
                    *(NOON + timedelta(minutes=one.minutes), NOON, str(one.product)),
                ),
            )
        found: list[list[UUID]] = []
        after: Spot | None = None
        while True:
            part = journeys.of_client(tx, house.account.id, client, Sought(), after=after, size=size)
            found += [[row["id"] for row in entry.milestones] for entry in part.entries]
            after = part.after
            if after is None:
                break
    assert found == expected(told)


def test_ten_thousand_steps_are_read_as_pages_of_a_few(house):
    house.receives(refused(0, "HP1"))
    with transaction(house.shop.engine) as tx:
        tx.execute(
            text(
                "INSERT INTO milestones SELECT account_id, (CAST(:kinds AS text[]))[1 + n % 4], 'K' || n, 't:K' || n,"
                " gen_random_uuid(), email, client_id, occurred_at + n * interval '37 minutes', false, 1, last_at,"
                " 'p' || n % 5, 'Product ' || n % 5, 'K' || n, 10, 'BRL', NULL, NULL, source, delivery_id"
                " FROM milestones, generate_series(1, 10000) n WHERE account_id = :account"
            ),
            {"account": house.account.id, "kinds": ["canceled", "expired", "approved", "first_access"]},
        )
    seen: list[UUID] = []
    for part in pages(house, size=1500):
        seen += [row["id"] for entry in part.entries for row in entry.milestones]
    assert len(seen) == len(set(seen)) == 10_001


def pages(house: House, size: int) -> Iterator[journeys.Part]:
    """The journey of Ana as the store reads it, page by page."""
    with transaction(house.shop.engine) as tx:
        part = journeys.of_client(tx, house.account.id, UUID(id_of(house)), Sought(), size=size)
        yield part
        while part.after is not None:
            part = journeys.of_client(tx, house.account.id, UUID(id_of(house)), Sought(), after=part.after, size=size)
            yield part
