"""Kept sums are what the ledger says: after every event, file, undo, rebuild and change of zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.samples import an_event
from service.samples.cast import CLUB, COURSE
from service.store import ledger
from service.store.engine import transaction
from service.store.sums import keeping
from service.store.sums.figures import FIGURES
from service.store.sums.reading import Days, Sum, sums
from tests.living import PAYLOADS, House

ALWAYS = Days(date(2000, 1, 5), date(2100, 1, 1))
NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)


def keep_all(house: House) -> int:
    """Add up every stale day, as the watchers do; how many days."""
    kept = 0
    while True:
        with transaction(house.shop.engine) as tx:
            ledger.lock(tx, house.account.id)
            done = keeping.keep_some(tx, house.account, 5)
        if not done:
            return kept
        kept += done


SAMPLED = Days(date(2023, 1, 1), date(2027, 12, 31))
OF_THE_STORY = Days(date(2026, 6, 20), date(2026, 7, 31))


def wrong(house: House, within: Days = SAMPLED) -> dict[str, int]:
    with transaction(house.shop.engine) as tx:
        return keeping.differences(tx, house.account, within)


def everything(house: House) -> dict[str, list[Sum]]:
    """All figures by day and both breakdowns, as a panel would read them."""
    with transaction(house.shop.engine) as tx:
        return {name: sorted(sums(tx, house.account, name, ALWAYS, "day", "a", "b", "currency")) for name in FIGURES}


def test_a_figure_reads_the_same_before_and_after_it_is_kept(house: House) -> None:
    for path in sorted(PAYLOADS.glob("*.json")):
        house.posts(path.read_bytes())
    house.drain()
    house.imports("sales-pt.csv")
    fresh = everything(house)
    assert {name for name, rows in fresh.items() if rows} >= {"sold", "statuses", "attempts", "refunded", "subscribed"}
    assert keep_all(house) > 5
    assert everything(house) == fresh
    assert wrong(house) == {}
    assert keep_all(house) == 0


def test_every_sample_event_leaves_no_kept_sum_that_is_wrong(house: House) -> None:
    for number, path in enumerate(sorted(PAYLOADS.glob("*.json"))):
        house.posts(path.read_bytes())
        house.drain()
        assert number % 4 or wrong(house) == {}, path.name
        keep_all(house)
    assert wrong(house) == {}


def test_imports_their_undo_and_a_rebuild_leave_no_kept_sum_that_is_wrong(house: House) -> None:
    for name in ("sales-en.csv", "sales-es.csv", "sales-pt-legacy.csv", "sales-pt.csv"):
        done = house.imports(name)
        assert wrong(house) == {}
        keep_all(house)
    house.undoes(done["id"])
    assert wrong(house) == {}
    keep_all(house)
    before = everything(house)
    house.rebuild()
    assert everything(house) == before
    keep_all(house)
    assert wrong(house) == {}


def test_sums_follow_the_account_into_another_time_zone(house: House) -> None:
    late = datetime(2026, 7, 2, 1, 30, tzinfo=UTC)  # 22:30 of the day before in São Paulo
    sale = an_event("PURCHASE_APPROVED", email="ana@example.com", product=COURSE, at=late, transaction="HP1",
                    ordered_at=late, approved_at=late)  # fmt: skip
    house.receives(sale)
    keep_all(house)
    assert [row.day for row in everything(house)["sold"]] == [date(2026, 7, 1)]
    house.rows_changed("UPDATE accounts SET timezone = 'Europe/Lisbon' WHERE id = :account")
    house.account = house.account._replace(timezone="Europe/Lisbon")
    assert [row.day for row in everything(house)["sold"]] == [date(2026, 7, 2)]
    keep_all(house)
    assert wrong(house) == {}
    assert [row.day for row in everything(house)["sold"]] == [date(2026, 7, 2)]


def test_a_wrong_sum_is_found(house: House) -> None:
    house.receives(
        an_event("PURCHASE_APPROVED", email="ana@example.com", product=COURSE, at=NOON, transaction="HP1",
                 ordered_at=NOON, approved_at=NOON)
    )  # fmt: skip
    keep_all(house)
    house.rows_changed("UPDATE day_sums SET amount = amount + 1 WHERE account_id = :account AND figure = 'sold'")
    assert wrong(house, OF_THE_STORY) == {"sold": 2, "months": 2}
    house.rows_changed("DELETE FROM day_sums WHERE account_id = :account AND figure = 'sold'")
    assert wrong(house, OF_THE_STORY) == {"sold": 1, "months": 1}


EVENTS = st.tuples(
    st.sampled_from(
        ("PURCHASE_APPROVED", "PURCHASE_CANCELED", "PURCHASE_REFUNDED", "PURCHASE_CHARGEBACK", "PURCHASE_PROTEST",
         "PURCHASE_COMPLETE", "PURCHASE_EXPIRED", "PURCHASE_DELAYED", "PURCHASE_OUT_OF_SHOPPING_CART",
         "CLUB_FIRST_ACCESS")
    ),
    st.sampled_from(("HP1", "HP2", "HP3")),
    st.sampled_from(("ana@example.com", "bruno@example.com")),
    st.sampled_from((COURSE, CLUB)),
    st.integers(0, 9),
    st.booleans(),
)  # fmt: skip


@given(st.lists(EVENTS, min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_told_in_whatever_order_no_kept_sum_is_wrong(app: Any, shop: Any, told: list[Any]) -> None:
    house = House(app, shop)
    for event, code, email, product, days, is_kept in told:
        moment = NOON + timedelta(days=days)
        known: Any = {"email": email, "product": product, "at": moment, "transaction": code, "ordered_at": NOON}
        if event == "PURCHASE_APPROVED":
            known["approved_at"] = moment
        house.posts(an_event(event, **known))
        house.drain()
        assert wrong(house, OF_THE_STORY) == {}
        if is_kept:
            keep_all(house)
    fresh = everything(house)
    keep_all(house)
    assert everything(house) == fresh


def test_whole_months_and_their_days_say_the_same(house: House) -> None:
    house.imports("sales-pt.csv")
    keep_all(house)
    with transaction(house.shop.engine) as tx:
        daily = sums(tx, house.account, "statuses", ALWAYS, "day", "a", "currency")
        monthly = sums(tx, house.account, "statuses", ALWAYS, "day", "a", "currency", monthly=True)
    assert len({row.day for row in daily}) > len({row.day for row in monthly}) > 1
    added: dict[tuple[str, date, str], list[Any]] = {}
    for row in daily:
        told = added.setdefault((row.a, row.day.replace(day=1), row.currency), [0, 0])  # type: ignore[union-attr]  # has a day
        told[0], told[1] = told[0] + row.number, told[1] + row.amount
    assert {(row.a, row.day, row.currency): [row.number, row.amount] for row in monthly} == added
