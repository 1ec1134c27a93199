"""Notes and tags live beside the ledger: whatever is folded anew, undone, merged or imported again, they stay."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from service.domain.ledger import client_id
from service.samples.sheets import a_row, an_export
from tests.living import House
from tests.stories.evidence import assert_the_ledger_is_the_fold_of_its_facts
from tests.stories.test_recovery import ANA, BRUNO, NOON, approved

FILE = "vendas.csv"


def an_id(house: House, email: str = ANA) -> UUID:
    return client_id(house.account.salt, email)


def says(house: House, body: str, tag: str, email: str = ANA) -> None:
    """Somebody writes a note and a tag on this client."""
    path = f"/api/v1/clients/{an_id(house, email)}"
    assert house.client.post(f"{path}/notes", json={"body": body}, headers=house.bearer).status_code == 201
    assert house.client.post(f"{path}/tags", json={"tags": [tag]}, headers=house.bearer).status_code == 200


def remarks(house: House, email: str = ANA) -> tuple[list[str], list[str]]:
    path = f"/clients/{an_id(house, email)}"
    return [note["body"] for note in house.get(f"{path}/notes")], house.get(f"{path}/tags")["tags"]


def an_import(house: House) -> Any:
    content = an_export([a_row("Aprovado", email=ANA, transaction="HP1", ordered_at=NOON)])
    return house.imports(FILE, content, "2026-07-09T12:00:00-03:00")


def test_a_rebuild_keeps_notes_and_tags_and_they_are_no_part_of_the_ledger(house: House) -> None:
    house.receives(approved(0))
    before = house.ledger()
    says(house, "Prefere WhatsApp", "VIP")
    assert house.ledger() == before
    house.rebuild()
    assert remarks(house) == (["Prefere WhatsApp"], ["VIP"])
    assert_the_ledger_is_the_fold_of_its_facts(house)


def test_a_client_who_vanishes_by_an_undo_has_them_again_when_they_come_back(house: House) -> None:
    imported = an_import(house)
    says(house, "Ligar na sexta", "quente")
    house.undoes(imported["id"])
    path = f"/api/v1/clients/{an_id(house)}"
    assert house.client.get(f"{path}/notes", headers=house.bearer).status_code == 404
    assert house.client.get(f"{path}/tags", headers=house.bearer).status_code == 404
    an_import(house)
    assert remarks(house) == (["Ligar na sexta"], ["quente"])


def test_a_postback_brings_them_back_as_well_as_a_file(house: House) -> None:
    imported = an_import(house)
    says(house, "Ligar na sexta", "quente")
    house.undoes(imported["id"])
    house.receives(approved(0, "HP7"))
    assert remarks(house) == (["Ligar na sexta"], ["quente"])


def test_merging_shows_both_and_separating_gives_each_their_own(house: House) -> None:
    house.receives(approved(0), approved(5, "HP8", email=BRUNO))
    says(house, "De Ana", "VIP")
    says(house, "De Bruno", "quente", BRUNO)
    path = f"/api/v1/clients/{an_id(house)}"
    merged = house.client.post(f"{path}/merge", json={"client_id": str(an_id(house, BRUNO))}, headers=house.bearer)
    assert merged.status_code < 300
    house.drain()
    assert remarks(house) == remarks(house, BRUNO) == (["De Bruno", "De Ana"], ["quente", "VIP"])
    says(house, "Dos dois", "casal")
    parted = house.client.post(f"{path}/unmerge", json={"email": BRUNO}, headers=house.bearer)
    assert parted.status_code < 300
    house.drain()
    assert remarks(house) == (["Dos dois", "De Ana"], ["casal", "VIP"])
    assert remarks(house, BRUNO) == (["De Bruno"], ["quente"])
