"""A dry run tells what the run will do, an undo leaves nothing of it: for files as people have them, slips and all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import fates
from service.domain.mentions import CLIENT_FIELDS
from service.samples.sheets import NONE, Row, a_row, an_export
from tests.living import EXPORTS, House, payload
from tests.stories.test_properties import (
    DAY,
    LABELS,
    NOON,
    POSTS,
    SALES,
    Post,
    batches_of,
    bounded,
    houses,
)

__all__ = ["houses"]

CODE, STATUS, ORDERED = "Código da transação", "Status da transação", "Data da transação"
EMAIL, CURRENCY, PAID = "Email do(a) Comprador(a)", "Moeda de compra", "Valor de compra com impostos"
SLIPS: dict[str, Row] = {
    "none": {},
    "no e-mail": {EMAIL: NONE},
    "no address": {EMAIL: "sem arroba"},
    "no code": {CODE: NONE},
    "a line of totals": {CODE: NONE, EMAIL: NONE},
    "no such day": {ORDERED: "32/13/2026 10:00:00"},
    "no amount": {PAID: "muito"},
    "less": {PAID: "1.00"},
    "another currency": {CURRENCY: "USD"},
    "no currency": {CURRENCY: NONE},
    "no such currency": {CURRENCY: "ouro"},
    "a word to ask about": {STATUS: "Estornado"},
    "no status": {STATUS: NONE},
    "another name": {"Comprador(a)": "Outro Nome"},
    "another country": {"País": "Atlântida"},
}
ANSWERS = {"words": {"Estornado": "chargeback"}, "defaults": {"status": "canceled", "currency": "BRL"}}
UNTOLD = fates.UNTOLD | {"account_id", "client_id", "counted_at"} | set(CLIENT_FIELDS)
"""Columns that are no news of a sale, and those whose names the buyer's fields have too."""


class Line(NamedTuple):
    """A row of a file: which sale it tells, how it calls its status, and what somebody did to it."""

    sale: int
    label: str
    slip: str

    def row(self) -> Row:
        told = a_row(self.label, **SALES[self.sale].told(), ordered_at=NOON + self.sale * DAY)
        return told | SLIPS[self.slip]


class File(NamedTuple):
    """A file of such rows and how it is imported."""

    lines: tuple[Line, ...]
    days: int
    sure: bool
    existing: str

    def begins(self, house: House) -> int:
        """Uploaded and looked into; its id."""
        moment = (NOON + self.days * DAY).isoformat()
        age = {"exported_at" if self.sure else "last_modified": moment}
        return int(house.uploads("sales.csv", an_export(line.row() for line in self.lines), **age)["id"])

    def options(self) -> dict[str, Any]:
        return {"existing": self.existing, **ANSWERS}


SOUND_OR_NOT = st.one_of(st.just("none"), st.sampled_from(sorted(SLIPS)))
LINES = st.builds(Line, st.integers(0, len(SALES) - 1), st.sampled_from(LABELS), SOUND_OR_NOT)
FILES = st.builds(
    File,
    st.lists(LINES, min_size=1, max_size=9).map(tuple),
    st.integers(0, 7),
    st.booleans(),
    st.sampled_from(fates.POLICIES),
)


@bounded(30)
@given(
    posts=st.lists(POSTS, max_size=4, unique=True),
    earlier=st.none() | FILES,
    file=FILES,
    sizes=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_what_a_dry_run_tells_is_what_the_run_does_and_an_undo_takes_back(
    houses: Callable[[], House], posts: list[Post], earlier: File | None, file: File, sizes: tuple[int, int]
) -> None:
    house = houses()
    house.receives(*(post.body() for post in posts))
    if earlier is not None:
        house.confirms(earlier.begins(house), **earlier.options())
    with batches_of(sizes[0]):
        import_id = file.begins(house)
    assert_a_dry_run_is_the_run(house, import_id, file.options(), sizes)


def assert_a_dry_run_is_the_run(
    house: House, import_id: int, options: dict[str, Any], sizes: tuple[int, int] = (500, 300)
) -> None:
    """Tried, run, undone and tried again: numbers, changes, failures and what is left."""
    before, facts, books = house.ledger(), facts_of(house), house.balance()
    with batches_of(sizes[0]):
        tried = tries(house, import_id, options)
    assert (house.ledger(), facts_of(house)) == (before, facts), "a dry run writes nothing"
    assert house.balance() == books
    with batches_of(sizes[1]):
        house.confirms(import_id, **options)
    run = house.get(f"/imports/{import_id}")
    assert run["status"] == "completed", run["problem"]
    assert numbers(run) == numbers(tried)
    assert sum(run["rows"][fate] for fate in fates.FATES) == run["rows"]["total"]
    assert changes_of(tried) == news(before, house.ledger())
    assert [failure["row"] for failure in tried["failures"]] == [row for row, _ in rows_not_taken(house, import_id)]
    assert [failure["problems"] for failure in tried["failures"]] == [
        why for _, why in rows_not_taken(house, import_id)
    ]
    with batches_of(sizes[0]):
        assert house.undoes(import_id)["status"] == "undone"
    assert (house.ledger(), facts_of(house)) == (before, facts), "an undo leaves nothing"
    assert numbers(tries(house, import_id, options)) == numbers(tried)


def tries(house: House, import_id: int, options: dict[str, Any]) -> Any:
    house.confirms(import_id, **options, dry_run=True)
    shown = house.get(f"/imports/{import_id}")
    assert shown["status"] == "ready", shown["problem"]
    return shown["dry_run"]


def numbers(counted: Any) -> Any:
    return {part: counted[part] for part in ("rows", "clients", "revenue")}


def facts_of(house: House) -> list[Any]:
    return house.rows("SELECT delivery_id, digest FROM facts WHERE account_id = :account ORDER BY 1, 2")


def rows_not_taken(house: House, import_id: int) -> list[tuple[int, list[Any]]]:
    found = house.rows(
        "SELECT row_number, notes FROM deliveries WHERE account_id = :account AND import_id = :import"
        " AND fate = 'failed' ORDER BY row_number",
        **{"import": import_id},
    )
    return [tuple(row) for row in found]


Told = dict[str, dict[str, tuple[Any, Any]]]


def changes_of(tried: Any) -> Told:
    """What the dry run told of sales that were there before."""
    told = {
        change["key"]: {
            name: tuple(map(plain, pair))
            for name, pair in change["fields"].items()
            # The currency of a changed amount is told too where it stays the same.
            if name not in UNTOLD and pair[0] != pair[1]
        }
        for change in tried["changes"]
    }
    return {key: fields for key, fields in told.items() if fields}


def news(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> Told:
    """What is so of sales that were there before, and was not."""
    was = {row["key"]: row for row in before["purchases"]}
    found = {
        row["key"]: {
            name: (plain(was[row["key"]][name]), plain(value))
            for name, value in row.items()
            if name not in UNTOLD and plain(was[row["key"]][name]) != plain(value)
        }
        for row in after["purchases"]
        if row["key"] in was
    }
    return {key: fields for key, fields in found.items() if fields}


def plain(value: Any) -> Any:
    """An amount, a moment or a word in one spelling, whoever wrote it."""
    if not isinstance(value, str | float | int) or isinstance(value, bool):
        return value
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        pass
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return value


NAMES: Sequence[str] = sorted(
    name for name in json.loads((EXPORTS / "expected.json").read_text()) if name.startswith("sales")
)
"""Every sample export that can be imported."""
STATED = {"exported_at": "2026-08-15T12:00:00Z"}


def about(transaction: str, event: str, at: str) -> dict[str, Any]:
    """A postback about a sale that a file tells of too."""
    story: dict[str, Any] = json.loads(payload(f"v2-{event}.json"))
    story["id"] = f"{transaction}-{event}"
    story["creation_date"] = int(datetime.fromisoformat(at).timestamp() * 1000)
    story["data"]["purchase"]["transaction"] = transaction
    return story


@pytest.mark.parametrize("existing", fates.POLICIES)
@pytest.mark.parametrize("name", NAMES)
def test_every_sample_export_does_what_its_dry_run_tells(houses: Callable[[], House], name: str, existing: str) -> None:
    house = houses()
    options = {"existing": existing, "defaults": {"currency": None}}
    first = house.imports(name, **STATED, **options)
    codes = {purchase["transaction"] for purchase in house.get("/purchases", page_size=100)} - {None}
    house.undoes(first["id"])
    for code, at in zip(sorted(codes), ("2020-01-01", "2026-08-01", "2026-09-01"), strict=False):
        house.receives(about(code, "PURCHASE_APPROVED", f"{at}T12:00:00+00:00"))
    assert_a_dry_run_is_the_run(house, house.uploads(name, **STATED)["id"], options)


def test_a_dry_run_tells_rows_of_a_code_that_stands_too_often(house: House) -> None:
    rows = "".join(f"HP1;Aprovado;a{number}@example.com;{number}\n" for number in range(fates.MOST_OF_ONE_SALE + 2))
    uploaded = house.uploads("same.csv", ("Transação;Status;Email;Parcelas\n" + rows).encode())
    assert_a_dry_run_is_the_run(house, uploaded["id"], {})
    house.confirms(uploaded["id"])
    assert house.get(f"/imports/{uploaded['id']}")["rows"]["failed"] == 2


def test_a_wrong_dry_run_would_be_noticed(house: House) -> None:
    first = "Transação;Status;Email;Moeda;Valor da Venda\nHP1;Aprovado;ana@example.com;BRL;10,00\n"
    house.imports("a.csv", first.encode(), exported_at="2026-08-01T00:00:00Z")
    before = house.ledger()
    house.imports("b.csv", first.replace("10,00", "11,00").encode(), exported_at="2026-08-02T00:00:00Z")
    assert news(before, house.ledger()) == {
        "HP1": {"paid_value": (Decimal(10), Decimal(11)), "gross_value": (Decimal(10), Decimal(11))}
    }
    said = {"paid_value": ["10.00", "11.00"], "gross_value": ["10.00", "12.00"]}
    assert changes_of({"changes": [{"key": "HP1", "fields": said}]}) != news(before, house.ledger())
