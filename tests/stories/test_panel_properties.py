"""Every number of every panel is the length or the sum of the list it opens, whatever was told and in what order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from string import ascii_letters
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from flask import Flask, g
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import EXCLUDE

from service.domain.periods import Period, period_of
from service.panels.every import PANELS
from service.panels.looking import Look
from service.panels.shape import Opens, Panel, Unit, Value
from service.samples import an_event
from service.samples.cast import CLUB, COURSE, COURSE_ABROAD, Product
from service.store.engine import transaction
from service.store.parts import Total
from service.web.pages.sales.filters import question
from service.web.pages.sales.lists import LISTS
from service.web.pages.sales.periods import period_asked
from tests.living import House
from tests.stories import retold
from tests.stories.scenario import TODAY
from tests.stories.test_panels import OPTIONS, name_origins
from tests.stories.test_sums import keep_all
from workers.workshop import Workshop

NETS = frozenset({"net", "net_earned", "inside_guarantee", "released", "guarantee_unknown"})
"""Money that is a sum of nets, in the currency they are paid out in."""
OPEN_NOTHING = frozenset({"average", "time_to_recover", "chargeback_line"})
"""Numbers without a list, shares aside: means, and the line of the settings."""
OPEN_SOMETIMES = {"sales": "coproduced", "commission": "coproduced"}
"""Numbers that have a list but in this table: one product may be shared in several currencies."""
PARTS = frozenset({"affiliate_commission", "coproducer_commission", "commission"})
"""Money that is a part of each sale in the list, which does not add it up."""
PAGES = {"sales": "transactions"}
"""Lists whose page is called otherwise than in the panels."""


class Shown(NamedTuple):
    """One number: the panel it is of, the table it stands in or "", its line."""

    panel: str
    table: str
    line: str
    value: Value


def panels(house: House, period: Period, today: date) -> list[Panel]:
    """All panels, with every option."""
    with transaction(house.shop.engine) as tx:
        return [
            PANELS[name](Look(tx, house.account, period, today, options))
            for name in PANELS
            for options in OPTIONS.get(name, [{}])
        ]


def numbers(shown: list[Panel]) -> Iterator[Shown]:
    for panel in shown:
        for block in panel.blocks:
            yield from (Shown(panel.name, "", "", value) for value in block.values)
            for table in block.tables:
                for line in table.lines:
                    yield from (Shown(panel.name, table.name, line.label.code, value) for value in line.values)


def by_the_api(house: House, opens: Opens) -> list[Total]:
    """The totals of the list a number opens, asked of the API; asserts that they count the rows it lists."""
    query = dict(opens.query)
    totals = [
        Total(one["currency"], one["number"], _decimal(one["amount"]), _decimal(one["net"]))
        for one in house.get(f"/{opens.page}/totals", **query)
    ]
    listed = house.get(f"/{opens.page}", **query, size=500)
    assert sum(one.number for one in totals) == len(listed[opens.page]), opens
    return totals


def _decimal(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)


def by_the_page(house: House, opens: Opens) -> list[Total]:
    """The totals of the list a number opens, as its page reads the address."""
    (one,) = (listed for listed in LISTS if listed.name == PAGES.get(opens.page, opens.page))
    with house.app.test_request_context(f"/?{urlencode(opens.query)}"):
        g.account = house.account
        asked = question(one.query(unknown=EXCLUDE))
        assert not asked.wrong, opens
        told = {name: value for name, value in asked.asked.items() if name not in ("after", "size")}
        wanted = one.wanted(told, house.account, period_asked(one.usual(asked)))
    with transaction(house.shop.engine) as tx:
        totals: list[Total] = one.total(tx, house.account.id, wanted)
    return totals


def told_by(totals: list[Total], value: Value) -> Decimal:
    """A number, from the list it opens."""
    if value.unit is Unit.COUNT:
        return Decimal(sum(one.number for one in totals))
    mine = [one.net if value.name in NETS else one.amount for one in totals if one.currency == value.currency]
    return sum((amount for amount in mine if amount is not None), Decimal(0))


def unlike_their_lists(house: House, shown: list[Panel], ask: Any) -> dict[Shown, Decimal]:
    """Numbers that are not what the list they open says; each with what it says."""
    answers: dict[Opens, list[Total]] = {}
    unlike = {}
    for number in numbers(shown):
        opens = number.value.opens
        if opens is None or number.value.name in PARTS:
            continue
        if opens not in answers:
            answers[opens] = ask(house, opens)
        said = told_by(answers[opens], number.value)
        if said != number.value.amount:
            unlike[number] = said
    return unlike


@pytest.fixture(scope="module")
def school(app: Flask, shop: Workshop) -> House:
    """A house that was told the scenario."""
    house = House(app, shop)
    retold.tell(house, retold.postbacks())
    name_origins(house)
    return house


EVERY_SCHOOL_DAY = period_of("all", TODAY)
SCHOOL_DAYS = [
    EVERY_SCHOOL_DAY,
    period_of("range", TODAY, "2026-02-25", "2026-03-05"),
    period_of("range", TODAY, "2025-01-01", "2026-03-16"),
]


@pytest.mark.parametrize("ask", [by_the_api, by_the_page])
@pytest.mark.parametrize("period", SCHOOL_DAYS, ids=lambda period: f"{period.days} days")
def test_every_number_of_the_scenario_is_what_its_list_says(school: House, period: Period, ask: Any) -> None:
    shown = panels(school, period, TODAY)
    assert unlike_their_lists(school, shown, ask) == {}
    assert len([number for number in numbers(shown) if number.value.opens]) > 200


def test_every_count_and_sum_opens_a_list_but_those_no_filter_can_name(school: House) -> None:
    without = {
        (number.value.name, number.table)
        for number in numbers(panels(school, EVERY_SCHOOL_DAY, TODAY))
        if number.value.opens is None and number.value.unit is not Unit.SHARE
    }
    assert {name for name, _ in without} == (OPEN_NOTHING - {"chargeback_line"}) | set(OPEN_SOMETIMES)
    assert {(name, table) for name, table in without if name not in OPEN_NOTHING} == set(OPEN_SOMETIMES.items())


@pytest.mark.parametrize("length", [400, 600, 4000])
def test_an_origin_too_long_for_any_index_is_kept_and_opens_its_list(house: House, length: int) -> None:
    told: Any = {"email": "ana@example.com", "at": NOON}
    long = "".join(random.Random(length).choices(ascii_letters, k=length))  # what repeats would be made short
    house.receives(
        an_event("PURCHASE_APPROVED", transaction="HP1", src=long, sck=f"ads|{long}", affiliate=long, **told),
        an_event("PURCHASE_APPROVED", transaction="HP2", src="short", sck="ads|short", affiliate="short", **told),
    )
    for _ in range(2):
        for ask in (by_the_api, by_the_page):
            assert unlike_their_lists(house, panels(house, ALL_TIME, LAST), ask) == {}
        keep_all(house)
    assert house.rows("SELECT FROM stale_days WHERE account_id = :account") == []


NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
LAST = date(2026, 7, 20)
ALL_TIME, FIVE_DAYS = period_of("all", LAST), period_of("range", LAST, "2026-07-03", "2026-07-07")
ORDERS = (
    *("PURCHASE_APPROVED", "PURCHASE_CANCELED", "PURCHASE_REFUNDED", "PURCHASE_CHARGEBACK", "PURCHASE_PROTEST"),
    *("PURCHASE_COMPLETE", "PURCHASE_EXPIRED", "PURCHASE_DELAYED", "PURCHASE_BILLET_PRINTED"),
)
OTHERS = ("PURCHASE_OUT_OF_SHOPPING_CART", "CLUB_FIRST_ACCESS", "CLUB_MODULE_COMPLETED", "SUBSCRIPTION_CANCELLATION")


class Said(NamedTuple):
    """One event of a random story."""

    event: str
    code: str
    email: str | None
    product: Product
    days: int
    recurrence: int
    currency: str
    src: str
    affiliate: str
    has_product_id: bool
    is_priced: bool
    is_kept: bool

    def body(self) -> dict[str, Any]:
        """As Hotmart posts it."""
        at = NOON + timedelta(days=self.days, hours=self.days)
        told: Any = {
            "email": self.email or "nobody@example.com",
            "product": self.product,
            "at": at,
            "transaction": self.code,
            "ordered_at": NOON + timedelta(days=int(self.code[-1])),
            "currency": self.currency or "BRL",
            "recurrence": self.recurrence,
        }
        optional = {"src": self.src, "affiliate": self.affiliate}
        told |= {name: value for name, value in optional.items() if value}
        if self.event == "PURCHASE_APPROVED":
            told["approved_at"] = at
        body = an_event(self.event, **told)
        self._forget(body["data"])
        return body

    def _forget(self, data: dict[str, Any]) -> None:
        """Take out what is not told."""
        if not self.email:
            data.get("buyer", data.get("user", {})).pop("email", None)
        if not self.has_product_id:
            data["product"].pop("id", None)
        if self.event not in OTHERS:
            purchase = data["purchase"]
            for name in ("price", "full_price"):
                if not self.currency:
                    purchase[name].pop("currency_value")
                if not self.is_priced:
                    del purchase[name]


SAID = st.builds(
    Said,
    st.sampled_from((*ORDERS, *OTHERS)),
    st.sampled_from(("HP1", "HP2", "HP3", "HP4")),
    st.sampled_from(("ana@example.com", "bruno@example.com", None)),
    st.sampled_from((COURSE, CLUB, COURSE_ABROAD)),
    st.integers(0, 9),
    st.sampled_from((1, 1, 2)),
    st.sampled_from(("BRL", "BRL", "USD", "")),
    st.sampled_from(("", "instagram", "google", "~")),
    st.sampled_from(("", "Rede Boa")),
    st.sampled_from((True, True, True, False)),
    st.sampled_from((True, True, True, False)),
    st.booleans(),
)


@given(st.lists(SAID, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_was_told_every_number_is_what_its_list_says_and_nothing_is_counted_twice(
    app: Flask, shop: Workshop, told: list[Said], chance: Any
) -> None:
    house = House(app, shop)
    name_origins(house)
    # One id with two contents is a variant, of which the first to arrive counts: that is no matter of panels.
    told = list({said.body()["id"]: said for said in reversed(told)}.values())[::-1]
    for said in told:
        assert house.posts(said.body()).status_code == 200
        if said.is_kept:
            house.drain()
            keep_all(house)
    house.drain()
    always, some_days = (panels(house, period, LAST) for period in (ALL_TIME, FIVE_DAYS))
    assert unlike_their_lists(house, [*always, *some_days], by_the_page) == {}
    assert_nothing_is_recovered_twice(house, always)
    assert_sold_is_what_the_clients_bought(house, always)
    house.rebuild()
    assert panels(house, FIVE_DAYS, LAST) == some_days
    keep_all(house)
    assert panels(house, ALL_TIME, LAST) == always
    assert told_in_another_order(app, shop, told, chance) == always


def told_in_another_order(app: Flask, shop: Workshop, told: list[Said], chance: Any) -> list[Panel]:
    """What the panels of a second house show that was told the same."""
    house = House(app, shop)
    name_origins(house)
    house.receives(*(said.body() for said in chance.sample(told, len(told))))
    return panels(house, ALL_TIME, LAST)


def assert_nothing_is_recovered_twice(house: House, shown: list[Panel]) -> None:
    """Each sale recovers one episode at most, each attempt belongs to one; the panel counts these episodes."""
    rows = house.get("/opportunities", state="recovered", size=500)["opportunities"]
    assert max(Counter(row["recovered_by"] for row in rows).values(), default=1) == 1
    every = house.get("/opportunities", all_attempts="true", size=500)["opportunities"]
    assert len({row["key"] for row in every}) == len(every)
    counted = [one.value.amount for one in numbers(shown) if (one.panel, one.value.name, one.table) == RECOVERED]
    assert sum(amount or 0 for amount in counted) == len(rows)


RECOVERED = ("recovered", "recovered", "")


def assert_sold_is_what_the_clients_bought(house: House, shown: list[Panel]) -> None:
    """Gross of all time is the sum of every client's active revenue, and of sales without a client."""
    bought: Counter[str] = Counter()
    for currency, active in house.rows("SELECT currency, active FROM client_revenue WHERE account_id = :account"):
        bought[currency] += active
    nobodys = "SELECT gross_currency, gross_value FROM purchases WHERE account_id = :account AND client_id IS NULL"
    for currency, gross in house.rows(
        f"{nobodys} AND category = 'active' AND gross_value IS NOT NULL AND gross_currency IS NOT NULL"
    ):
        bought[currency] += gross
    (sold,) = (panel for panel in shown if panel.name == "sold")
    grosses = {value.currency: value.amount for block in sold.blocks for value in block.values if value.name == "gross"}
    assert grosses == {currency: amount for currency, amount in bought.items() if amount}
