"""How far the reading of a large file is can be seen while it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.living import House
from workers import uploads

ROWS = 4_100


@pytest.fixture
def seen(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the API shows of the reading, asked for whenever a worker has said something."""
    shown: list[Any] = []
    teller = uploads._teller

    def looked_at(shop: Any, ref: Any, total: int | None = None) -> Any:
        tell = teller(shop, ref, total)

        def tell_and_look(rows: int) -> None:
            tell(rows)
            shown.append(house.get(f"/imports/{ref.id}")["rows_read"])

        return tell_and_look

    monkeypatch.setattr(uploads, "_teller", looked_at)
    monkeypatch.setattr(uploads, "TELL_EVERY", 0)
    return shown


def test_the_rows_read_so_far_are_shown_while_a_file_is_looked_into_and_while_it_is_staged(
    house: House, seen: list[Any]
) -> None:
    header = "Transação;Status;Email;Moeda;Valor da Venda\n"
    rows = "".join(f"HP{number};Aprovado;b{number}@example.com;BRL;10,50\n" for number in range(ROWS))
    uploaded = house.uploads("many.csv", (header + rows).encode())
    assert seen == [{"done": 2_000, "total": None}, {"done": 4_000, "total": None}]
    assert uploaded["rows_read"] is None
    seen.clear()
    assert house.confirm_answer(uploaded["id"]).status_code == 202
    house.files()
    twice = 2 * ROWS
    assert [one["done"] for one in seen] == [2_000, 4_000, *(ROWS + given for given in (1_000, 2_000, 3_000, 4_000))]
    assert {one["total"] for one in seen} == {twice}
    staged = house.get(f"/imports/{uploaded['id']}")
    assert (staged["rows_read"], staged["chunk"]["done"]) == (None, 0)
    assert staged["chunk"]["total"] > 1


def test_not_every_word_of_a_reader_is_written_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded = house.uploads("sales-en.csv")
    written: list[Any] = []
    monkeypatch.setattr(uploads.imports, "change", lambda *_, **columns: written.append(columns))
    monkeypatch.setattr(uploads, "TELL_EVERY", 3600)
    tell = uploads._teller(house.shop, uploads.Ref(house.account.id, uploaded["id"]))
    for rows in range(1000):
        tell(rows)
    assert written == []
