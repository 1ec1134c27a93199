"""Automations that an import runs: offered in step 3, not unless somebody ticks it, behind live sales, taken back."""

from __future__ import annotations

import pytest

from service.domain.automation.triggers import Trigger
from tests.living import House
from tests.stories.automating import approved, automate, outbox
from tests.web.importers import MINE, Importer, number_of

TICKED = {"run_automations": "yes"}
SALES = MINE + "".join(
    f"HP{number};{status};p{number}@example.com;BRL;10,00\n"
    for number, status in enumerate(["Aprovado", "Aprovado", "Reembolsado", "Expirado"])
)


@pytest.fixture
def ana(house: House) -> Importer:
    return Importer(house)


def uploaded(ana: Importer) -> str:
    return ana.uploads("vendas.csv", SALES.encode())


def test_without_automations_nothing_is_offered(ana: Importer) -> None:
    automate(ana.house, Trigger.CART_ABANDONED)  # no row tells of a cart
    automate(ana.house, Trigger.SALE_APPROVED, state="off")
    assert "run_automations" not in ana.visitor.reads(f"{uploaded(ana)}/confirm")


def test_what_would_be_told_and_how_long_it_takes_is_said_before(ana: Importer) -> None:
    automate(ana.house, Trigger.SALE_APPROVED, name="Novas")
    automate(ana.house, Trigger.SALE_REFUNDED, name="Devolvidas")
    automate(ana.house, Trigger.SALE_CREATED, name="Todas")
    words = ana.reads(f"{uploaded(ana)}/confirm")
    assert "Novas (Venda aprovada): no máximo 3" in words
    assert "Devolvidas (Venda reembolsada): no máximo 1" in words
    assert "Todas (Venda criada): no máximo 4" in words
    assert "Com 5 pedidos por segundo, a Kommo leva no máximo cerca de 8 segundos" in words


def test_an_import_starts_nothing_unless_it_is_ticked(ana: Importer) -> None:
    automate(ana.house, Trigger.SALE_CREATED)
    path = uploaded(ana)
    assert " checked" not in ana.visitor.reads(f"{path}/confirm").partition('name="run_automations"')[2][:20]
    ana.runs(path)
    assert outbox(ana.house) == []


def test_trying_tells_nobody_and_the_tick_is_still_there(ana: Importer) -> None:
    automate(ana.house, Trigger.SALE_CREATED)
    path = uploaded(ana)
    ana.tries(path, **TICKED)
    assert outbox(ana.house) == []
    assert 'name="run_automations" value="yes" checked' in ana.visitor.reads(f"{path}/confirm")


def test_ticked_new_sales_are_told_behind_live_ones_and_an_undo_takes_back_what_waits(ana: Importer) -> None:
    house = ana.house
    house.receives(approved(0, "HP0"))
    automate(house, Trigger.SALE_CREATED)
    path = uploaded(ana)
    ana.runs(path, **TICKED)
    house.receives(approved(5, "HP77"))
    rows = house.rows("SELECT subject, priority FROM outbox WHERE account_id = :account ORDER BY priority, id")
    assert [tuple(row) for row in rows] == [("t:HP77", 0), ("t:HP1", 1), ("t:HP2", 1), ("t:HP3", 1)]
    house.undoes(number_of(path))
    assert {(subject, state) for _, subject, state in outbox(house)} == {
        ("t:HP77", "waiting"),
        *((f"t:HP{number}", "withdrawn") for number in (1, 2, 3)),
    }
