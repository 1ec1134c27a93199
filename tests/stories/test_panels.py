"""Every number of every panel is what the words on the page say of a story that was reckoned by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from service.domain.periods import Period, period_of
from service.domain.recovery import Kind
from service.domain.statuses import Status
from service.panels.every import PANELS
from service.panels.looking import Look
from service.panels.shape import Block, Line, Panel, Unit, Value
from service.samples import twice
from service.store.engine import transaction
from service.web import panel_words
from tests.living import House
from tests.stories import retold
from tests.stories.reckoned import RECKONED
from tests.stories.reckoned_selling import ALIASES
from tests.stories.reckoning import Asked, Days, Figures
from tests.stories.scenario import DEALS, TODAY
from tests.stories.test_sums import keep_all
from workers.workshop import Workshop

PERIODS: dict[str, tuple[Period, Asked]] = {
    "the last seven days": (
        period_of("7d", TODAY),
        Asked(Days(date(2026, 3, 14), TODAY), Days(date(2026, 3, 7), date(2026, 3, 13))),
    ),
    "this month": (
        period_of("month", TODAY),
        Asked(Days(date(2026, 3, 1), TODAY), Days(date(2026, 2, 1), date(2026, 2, 20))),
    ),
    "last month": (
        period_of("last_month", TODAY),
        Asked(Days(date(2026, 2, 1), date(2026, 2, 28)), Days(date(2026, 1, 1), date(2026, 1, 31))),
    ),
    "nine days from February to March": (
        period_of("range", TODAY, "2026-02-25", "2026-03-05"),
        Asked(Days(date(2026, 2, 25), date(2026, 3, 5)), Days(date(2026, 2, 16), date(2026, 2, 24))),
    ),
    "ninety days": (
        period_of("90d", TODAY),
        Asked(Days(date(2025, 12, 21), TODAY), Days(date(2025, 9, 22), date(2025, 12, 20))),
    ),
    "fifteen months": (
        period_of("range", TODAY, "2025-01-01", "2026-03-20"),
        Asked(Days(date(2025, 1, 1), TODAY), Days(date(2023, 10, 15), date(2024, 12, 31))),
    ),
    "all time": (period_of("all", TODAY), Asked(Days(date(2000, 1, 1), TODAY))),
}
OPTIONS: dict[str, list[dict[str, str]]] = {
    "opportunities": [{}, {"attempts": "all"}],
    "origin": [
        *({"by": by} for by in ("src", "sck", "affiliate", "coupon", "payment_type", "country")),
        {"by": "sck", "part": "1"},
        {"by": "sck", "part": "3"},
    ],
}
MONEY = frozenset(
    {
        *("gross", "average", "net", "open_amount", "attempted", "declined_amount", "recovered_amount", "charged"),
        *("renewed", "requested_amount", "refunded_amount", "charged_back", "mrr", "affiliate_gross", "commission"),
        *("affiliate_commission", "coproducer_commission", "net_earned", "inside_guarantee", "released"),
        "guarantee_unknown",
    }
)
SHARES = frozenset(
    {
        *("recovery_rate", "share_without_origin", "share", "chargeback_rate", "chargeback_line", "churn"),
        "share_never_entered",
    }
)


def unit_of(name: str) -> Unit:
    """What a number of this name is."""
    if name in MONEY or name in SHARES:
        return Unit.MONEY if name in MONEY else Unit.SHARE
    return Unit.DURATION if name == "time_to_recover" else Unit.COUNT


def line_of(line: Line) -> str:
    """How the line of a table is known."""
    if line.label.kind == "product":
        return f"{line.label.code} {line.label.name}"
    return line.label.name or line.label.code


def written(panel: Panel) -> Figures:
    """A panel as the reckoning writes it; asserts that every number is of its kind and said once."""
    figures = Figures()
    for block in panel.blocks:
        for table, line, value in numbers(block):
            key = (block.currency, table, line, value.name)
            assert key not in figures, key
            assert value.unit is unit_of(value.name), value
            assert value.currency == ((block.currency or "?") if value.unit is Unit.MONEY else ""), value
            figures[key] = (value.amount, value.before)
        if block.chart is not None:
            assert [bar.day for bar in block.chart.bars] == sorted({bar.day for bar in block.chart.bars})
            tall = {bar.day: bar.amount for bar in block.chart.bars if bar.amount}
            figures |= {(block.currency, block.chart.name, f"{day}", "bar"): (tall[day], None) for day in tall}
    return figures


def numbers(block: Block) -> Iterator[tuple[str, str, Value]]:
    """(table, line, value) of every number of a block; "" for those above its tables."""
    yield from (("", "", value) for value in block.values)
    for table in block.tables:
        assert table.left_out == 0
        yield from ((table.name, line_of(line), value) for line in table.lines for value in line.values)


def shown(house: House) -> dict[Any, Figures]:
    """Every panel over every period and with every option."""
    with transaction(house.shop.engine) as tx:
        return {
            (when, name, tuple(options.items())): written(PANELS[name](Look(tx, house.account, period, TODAY, options)))
            for when, (period, _) in PERIODS.items()
            for name in PANELS
            for options in OPTIONS.get(name, [{}])
        }


@pytest.fixture(scope="module")
def reckoned() -> dict[Any, Figures]:
    """The same, reckoned from the rows of the scenario."""
    return {
        (when, name, tuple(options.items())): RECKONED[name](asked, options)
        for when, (_, asked) in PERIODS.items()
        for name in PANELS
        for options in OPTIONS.get(name, [{}])
    }


def assert_the_same(found: dict[Any, Figures], wanted: dict[Any, Figures]) -> None:
    """Number by number, so that a difference is told by its name."""
    assert found.keys() == wanted.keys()
    differing = {
        (*panel, *key): (found[panel].get(key, "not shown"), wanted[panel].get(key, "not reckoned"))
        for panel in wanted
        for key in found[panel].keys() | wanted[panel].keys()
        if found[panel].get(key) != wanted[panel].get(key)
    }
    assert differing == {}


@pytest.fixture(scope="module")
def told(app: Flask, shop: Workshop) -> House:
    """A house that was told the whole story as it happened; the tests that share it change nothing a panel shows."""
    house = House(app, shop)
    retold.tell(house, retold.postbacks())
    name_origins(house)
    return house


@pytest.fixture(scope="module")
def seen(told: House) -> dict[Any, Figures]:
    """What its panels show."""
    return shown(told)


def name_origins(house: House) -> None:
    """The school gives some origins names of its own."""
    for (origin, value), alias in ALIASES.items():
        house.rows_changed(
            "INSERT INTO origin_aliases (account_id, origin, value, alias) VALUES (:account, :origin, :value, :alias)",
            origin=origin,
            value=value,
            alias=alias,
        )


def test_every_number_is_what_the_rows_say_before_and_after_sums_are_kept(told: House, reckoned: Any) -> None:
    assert_the_same(shown(told), reckoned)
    assert keep_all(told) > 30
    assert_the_same(shown(told), reckoned)


def test_every_number_is_the_same_after_a_rebuild(told: House, reckoned: Any) -> None:
    told.rebuild()
    assert_the_same(shown(told), reckoned)
    keep_all(told)
    assert_the_same(shown(told), reckoned)


def test_the_same_story_in_another_order_and_told_twice_gives_the_same_numbers(house: House, reckoned: Any) -> None:
    bodies = twice(retold.postbacks())
    random.Random(20).shuffle(bodies)
    name_origins(house)
    retold.tell(house, bodies[: len(bodies) // 2], file_first=True)
    keep_all(house)
    for body in bodies[len(bodies) // 2 :]:
        assert house.posts(body).status_code == 200
    house.drain()
    assert_the_same(shown(house), reckoned)
    keep_all(house)
    assert_the_same(shown(house), reckoned)
    assert house.balance()["hotmart"]["duplicate"] == len(bodies) // 2


ALL_DAYS, WEEK, MONTH, FEBRUARY = "all time", "the last seven days", "this month", "last month"
ON_PAPER: list[tuple[str, str, str | None, str, int | str, int | str | None]] = [
    # In the week: 297 and 297 of the course at full price, 197 twice, 47 of the bump, 49.90, 19.90 twice.
    (WEEK, "sold", "BRL", "sales", 8, 3),
    (WEEK, "sold", "BRL", "gross", "1124.70", "2313.90"),  # before: 297 at 23:30 of its last day, 1997 and 19.90
    (WEEK, "sold", "USD", "sales", 2, 0),
    (WEEK, "sold", "", "sales", 1, 1),
    (ALL_DAYS, "sold", "EUR", "gross", "360.00", None),  # 80 three times, of a refund that was taken back too, and 120
    (WEEK, "opportunities", "BRL", "open", 3, 0),
    (WEEK, "opportunities", "BRL", "won_back", 1, None),
    (FEBRUARY, "opportunities", "BRL", "open", 1, 0),  # the limit of a card; a cart of March followed the boleto
    (ALL_DAYS, "opportunities", "BRL", "open_amount", "3531.90", None),  # 297 five times, 1997 and 49.90
    (MONTH, "carts", None, "carts", 3, 1),
    (WEEK, "recovered", "BRL", "recovered_amount", "494.00", "0"),
    (MONTH, "recovered", "USD", "recovered", 1, 0),
    (FEBRUARY, "recovered", "EUR", "recovered", 1, 0),  # a Pix that expired and was paid by itself
    (MONTH, "renewals", "BRL", "overdue_open", 1, None),
    (FEBRUARY, "renewals", "BRL", "overdue_recovered", 1, None),
    (MONTH, "refunds", "BRL", "refunds", 2, 1),  # a quarter past midnight of March, and 33 days after its charge
    (MONTH, "chargebacks", "EUR", "chargebacks", 1, None),
    (ALL_DAYS, "subscriptions", "BRL", "mrr", "136.13", None),  # 49.90 a month, 19.90 a week
    (ALL_DAYS, "subscriptions", None, "overdue_subscriptions", 1, None),
    (FEBRUARY, "subscriptions", None, "churn", "0.3333333333333333333333333333", None),  # 1 of the 3 of January
    (ALL_DAYS, "partners", "BRL", "affiliate_commission", "520.30", None),  # 90.10 three times and 250
    (ALL_DAYS, "members", None, "never_entered", 9, None),
    (ALL_DAYS, "balance", "BRL", "inside_guarantee", "2185.10", None),  # one guarantee ends today
]


@pytest.mark.parametrize(("when", "panel", "currency", "name", "amount", "before"), ON_PAPER)
def test_numbers_that_were_added_up_on_paper(
    seen: dict[Any, Figures], when: str, panel: str, currency: str | None, name: str, amount: Any, before: Any
) -> None:
    wanted = (Decimal(amount), None if before is None else Decimal(before))
    assert seen[when, panel, ()][currency, "", "", name] == wanted


def test_the_story_has_every_status_and_all_that_a_panel_tells_apart(reckoned: Any) -> None:
    assert {deal.status for deal in DEALS} == set(Status)
    assert len({deal.buyer for deal in DEALS if deal.buyer}) == 12
    assert {deal.product.currency for deal in DEALS} == {"BRL", "USD", "EUR"}
    assert {deal.failed_as for deal in DEALS} | {"abandoned_cart"} > set(Kind) - {Kind.EXPIRED_OTHER}
    assert {key[3] for figures in reckoned.values() for key in figures} - {"bar"} == set(panel_words.VALUES)
