"""Notes and tags on a client: by several people at once, within limits, by pages and API, for readers to look at."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from service.domain.remarks import LONGEST_NOTE, MOST_NOTES, MOST_TAGS
from service.domain.roles import Role
from service.errors import Conflict
from service.store import notes, tags
from service.store.engine import transaction
from service.store.notes import Edit, Writer
from tests.living import House
from tests.stories.test_recovery import ANA, BRUNO, approved
from tests.web.test_clients_profile import id_of, profile_of
from tests.web.visitors import Visitor, a_member

NOW = datetime(2026, 7, 9, 12, 0, tzinfo=UTC)


@pytest.fixture
def owner(house: House) -> Visitor:
    return a_member(house.app, house.account, Role.OWNER, "Ana Dona")


@pytest.fixture
def operator(house: House) -> Visitor:
    return a_member(house.app, house.account, Role.OPERATOR, "Bia Rocha")


def notes_of(house: House, email: str = ANA) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.get(f"/clients/{id_of(house, email)}/notes")
    return found


def note_on(house: House, visitor: Visitor, text: str) -> dict[str, Any]:
    """A note this person writes on Ana, as it is kept."""
    assert visitor.posts(f"{profile_of(house)}/notes", note=text, note_id=str(uuid4())).status_code == 302
    return next(note for note in notes_of(house) if note["body"] == text)


def test_notes_tell_who_wrote_them_newest_first(house, owner, operator):
    house.receives(approved(0))
    note_on(house, owner, "Prefere WhatsApp.")
    note_on(house, operator, "Ligar na sexta <b>às 9h</b>")
    assert [(note["author"], note["body"]) for note in notes_of(house)] == [
        ("Bia Rocha", "Ligar na sexta <b>às 9h</b>"),
        ("Ana Dona", "Prefere WhatsApp."),
    ]
    page = owner.reads(profile_of(house))
    assert "Ligar na sexta &lt;b&gt;às 9h&lt;/b&gt;" in page
    assert "Bia Rocha" in page


def test_many_notes_are_shown_when_asked_for(house, owner):
    house.receives(approved(0))
    with transaction(house.shop.engine) as tx:
        for number in range(23):
            writer, moment = Writer(None, may_change_all=True), NOW + timedelta(minutes=number)
            notes.write(tx, house.account.id, ANA, uuid4(), f"nota {number};", by=writer, now=moment)
    page = owner.reads(profile_of(house))
    assert re.findall(r"nota (\d+);</p>", page) == [str(number) for number in range(22, 2, -1)]
    (every,) = re.findall(r'href="([^"]+notes=all[^"]*)"', page)
    page = owner.reads(html.unescape(every).partition("#")[0])
    assert len(re.findall(r"nota (\d+);</p>", page)) == 23
    assert "notes=all" not in page.split("<main")[1]


def test_a_form_that_is_sent_twice_is_one_note(house, owner):
    house.receives(approved(0))
    page = owner.reads(profile_of(house))
    (given,) = re.findall(r'name="note_id" value="([^"]+)"', page)
    for _ in range(2):
        assert owner.posts(f"{profile_of(house)}/notes", note="Uma vez", note_id=given).status_code == 302
    assert len(notes_of(house)) == 1


def test_who_wrote_a_note_and_an_owner_may_change_it_and_nobody_else(house, owner, operator):
    house.receives(approved(0))
    mine, theirs = note_on(house, operator, "De Bia"), note_on(house, owner, "De Ana")
    base = f"{profile_of(house)}/notes"
    assert operator.posts(f"{base}/{theirs['id']}", note="x", edition=1).status_code == 403
    assert operator.posts(f"{base}/{theirs['id']}/delete").status_code == 403
    assert operator.posts(f"{base}/{mine['id']}", note="De Bia, 2", edition=1).status_code == 302
    assert owner.posts(f"{base}/{mine['id']}", note="De Bia, 3", edition=2).status_code == 302
    (changed,) = [note for note in notes_of(house) if note["id"] == mine["id"]]
    assert (changed["body"], changed["author"], changed["editor"]) == ("De Bia, 3", "Bia Rocha", "Ana Dona")
    assert owner.posts(f"{base}/{mine['id']}/delete").status_code == 302
    assert [note["body"] for note in notes_of(house)] == ["De Ana"]
    page = operator.reads(profile_of(house))
    assert f"/notes/{theirs['id']}" not in page


def test_whoever_is_second_to_change_a_note_keeps_their_text_and_is_told(house, owner, operator):
    house.receives(approved(0))
    note = note_on(house, operator, "Primeira")
    path = f"{profile_of(house)}/notes/{note['id']}"
    assert owner.posts(path, note="Da dona", edition=1).status_code == 302
    answer = operator.posts(path, note="Da Bia", edition=1)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Alguém alterou esta observação" in page
    assert "\nDa Bia</textarea>" in page
    assert "Da dona" in page
    assert 'name="edition" value="2"' in page
    assert [kept["body"] for kept in notes_of(house)] == ["Da dona"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [(" \n ", "precisa de um texto"), ("x" * (LONGEST_NOTE + 1), "longa demais")],
    ids=["empty", "too long"],
)
def test_a_note_that_cannot_be_kept_is_shown_again_with_the_reason(house, owner, text, fault):
    house.receives(approved(0))
    answer = owner.posts(f"{profile_of(house)}/notes", note=text, note_id="")
    assert answer.status_code == 422
    assert fault in answer.get_data(as_text=True)
    assert notes_of(house) == []


def test_many_people_write_at_once_and_no_note_is_lost(house):
    house.receives(approved(0))

    def write(number: int) -> None:
        with transaction(house.shop.engine) as tx:
            writer = Writer(None, may_change_all=True)
            notes.write(tx, house.account.id, ANA, uuid4(), f"nota {number}", by=writer, now=NOW)

    with ThreadPoolExecutor(6) as people:
        list(people.map(write, range(24)))
    assert {note["body"] for note in notes_of(house)} == {f"nota {number}" for number in range(24)}


def test_the_limit_of_notes_holds_when_many_write_at_once(house):
    house.receives(approved(0))
    with transaction(house.shop.engine) as tx:
        tx.exec_driver_sql(
            "INSERT INTO notes (account_id, id, email, body, written_at) SELECT %s, gen_random_uuid(), %s, 'x', now()"
            " FROM generate_series(1, %s)",
            (house.account.id, ANA, MOST_NOTES - 2),
        )

    def write(_: int) -> str:
        try:
            with transaction(house.shop.engine) as tx:
                writer = Writer(None, may_change_all=True)
                notes.write(tx, house.account.id, ANA, uuid4(), "mais uma", by=writer, now=NOW)
        except Conflict as fault:
            return fault.code
        return "kept"

    with ThreadPoolExecutor(5) as people:
        assert sorted(people.map(write, range(5))) == ["kept"] * 2 + ["too_many_notes"] * 3
    assert len(notes_of(house)) == MOST_NOTES


def test_two_who_change_the_same_edition_at_once_do_not_both_win(house):
    house.receives(approved(0))
    writer, note_id = Writer(None, may_change_all=True), uuid4()
    with transaction(house.shop.engine) as tx:
        notes.write(tx, house.account.id, ANA, note_id, "eins", by=writer, now=NOW)

    def edit(number: int) -> str:
        try:
            with transaction(house.shop.engine) as tx:
                notes.edit(tx, house.account.id, [ANA], note_id, Edit(f"Text {number}", 1), by=writer, now=NOW)
        except Conflict as fault:
            return fault.code
        return "kept"

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(edit, range(4))) == ["kept"] + ["note_changed"] * 3
    assert notes_of(house)[0]["edition"] == 2


def test_notes_and_tags_never_reach_the_log(house, owner):
    house.receives(approved(0))
    with capture_logs() as logged:
        owner.posts(f"{profile_of(house)}/notes", note="canary note", note_id="")
        owner.posts(f"{profile_of(house)}/notes", note="x" * 9000 + "canary note", note_id="")
        owner.posts(f"{profile_of(house)}/tags", tags="canary tag")
        owner.reads(f"{profile_of(house)}/journey?q=canary")
    assert "canary" not in str(logged)
    assert ANA not in str(logged)


# Tags


def tags_of(house: House, email: str = ANA) -> list[str]:
    found: list[str] = house.get(f"/clients/{id_of(house, email)}/tags")["tags"]
    return found


def test_a_tag_is_shown_as_it_was_first_written_however_it_is_spelled_later(house, owner):
    house.receives(approved(0), approved(5, "HP8", email=BRUNO))
    assert owner.posts(f"{profile_of(house)}/tags", tags="VIP, aluna 2026").status_code == 302
    assert owner.posts(f"{profile_of(house, BRUNO)}/tags", tags="vip, Vip").status_code == 302
    assert owner.posts(f"{profile_of(house)}/tags", tags="vIP").status_code == 302
    assert tags_of(house) == ["aluna 2026", "VIP"]
    assert tags_of(house, BRUNO) == ["VIP"]
    assert house.get("/tags") == [{"name": "VIP", "clients": 2}, {"name": "aluna 2026", "clients": 1}]
    assert house.get("/tags", q="ALU") == [{"name": "aluna 2026", "clients": 1}]
    page = owner.reads(profile_of(house))
    assert '<option value="VIP">' in page


def test_a_tag_that_nobody_has_is_forgotten_with_its_spelling(house, owner):
    house.receives(approved(0))
    owner.posts(f"{profile_of(house)}/tags", tags="vIp")
    assert owner.posts(f"{profile_of(house)}/tags/remove", tag="VIP").status_code == 302
    assert tags_of(house) == []
    assert house.get("/tags") == []
    owner.posts(f"{profile_of(house)}/tags", tags="VIP")
    assert tags_of(house) == ["VIP"]


@pytest.mark.parametrize(
    ("line", "status", "fault"),
    [
        (" , ", 422, "precisa de um nome"),
        ("x" * 41, 422, "no máximo 40 caracteres"),
        (",".join(f"t{number}" for number in range(MOST_TAGS + 1)), 409, "no máximo 30 etiquetas"),
    ],
    ids=["empty", "too long", "too many"],
)
def test_tags_that_cannot_be_kept_are_shown_again_with_the_reason(house, owner, line, status, fault):
    house.receives(approved(0))
    answer = owner.posts(f"{profile_of(house)}/tags", tags=line)
    assert answer.status_code == status
    assert fault in answer.get_data(as_text=True)
    assert tags_of(house) == []
    assert house.get("/tags") == []


def test_one_who_adds_and_one_who_takes_off_the_same_tag_do_not_meet_in_a_fault(house):
    house.receives(approved(0), approved(5, "HP8", email=BRUNO))
    writer = Writer(None, may_change_all=True)

    def turn(number: int) -> None:
        email = (ANA, BRUNO)[number % 2]
        with transaction(house.shop.engine) as tx:
            tags.add(tx, house.account.id, email, "VIP", by=writer, now=NOW)
        with transaction(house.shop.engine) as tx:
            tags.remove(tx, house.account.id, [email], "vip")

    with ThreadPoolExecutor(4) as people:
        list(people.map(turn, range(24)))
    assert house.get("/tags") == []


# API and readers


def test_the_api_writes_changes_and_deletes_notes_and_tags(house):
    house.receives(approved(0))
    base, own = f"/api/v1/clients/{id_of(house)}", str(uuid4())
    for _ in range(2):
        made = house.client.post(f"{base}/notes", json={"body": " Olá ", "id": own}, headers=house.bearer)
        assert made.status_code == 201
    note = made.get_json()
    assert (note["id"], note["body"], note["author"], note["edition"], note["email"]) == (own, "Olá", None, 1, ANA)
    changed = house.client.put(f"{base}/notes/{own}", json={"body": "Oi", "edition": 1}, headers=house.bearer)
    assert (changed.status_code, changed.get_json()["body"]) == (200, "Oi")
    late = house.client.put(f"{base}/notes/{own}", json={"body": "Ui", "edition": 1}, headers=house.bearer)
    assert (late.status_code, late.get_json()["code"]) == (409, "note_changed")
    assert house.client.delete(f"{base}/notes/{own}", headers=house.bearer).status_code == 204
    assert notes_of(house) == []
    assert house.client.delete(f"{base}/notes/{own}", headers=house.bearer).status_code == 404
    put = house.client.post(f"{base}/tags", json={"tags": ["VIP", "a/b"]}, headers=house.bearer)
    assert put.get_json() == {"tags": ["a/b", "VIP"]}
    assert house.client.delete(f"{base}/tags/A/B", headers=house.bearer).status_code == 204
    assert tags_of(house) == ["VIP"]


def test_a_note_id_of_another_client_is_not_taken_over(house):
    house.receives(approved(0), approved(5, "HP8", email=BRUNO))
    own = str(uuid4())
    path = "/api/v1/clients/{}/notes"
    house.client.post(path.format(id_of(house)), json={"body": "De Ana", "id": own}, headers=house.bearer)
    other = house.client.post(
        path.format(id_of(house, BRUNO)), json={"body": "De Bruno", "id": own}, headers=house.bearer
    )
    assert other.status_code == 404
    assert house.client.delete(f"{path.format(id_of(house, BRUNO))}/{own}", headers=house.bearer).status_code == 404
    assert [note["body"] for note in notes_of(house)] == ["De Ana"]


def test_a_reader_reads_notes_and_has_no_form(house, owner):
    house.receives(approved(0))
    note = note_on(house, owner, "Para todos")
    owner.posts(f"{profile_of(house)}/tags", tags="VIP")
    reader = a_member(house.app, house.account, Role.READER)
    page = reader.reads(profile_of(house))
    assert "Para todos" in page
    assert "VIP" in page
    assert 'method="post"' not in page.split("<main")[1]
    for path in ("/notes", f"/notes/{note['id']}", f"/notes/{note['id']}/delete", "/tags", "/tags/remove"):
        assert reader.posts(profile_of(house) + path, note="x", tags="x", tag="VIP", edition=1).status_code == 403
    assert [kept["body"] for kept in notes_of(house)] == ["Para todos"]
    assert tags_of(house) == ["VIP"]


@pytest.fixture
def merged(house: House) -> str:
    """The id Bruno had before he was merged into Ana."""
    house.receives(approved(0), approved(5, "HP8", email=BRUNO))
    old = id_of(house, BRUNO)
    answer = house.client.post(
        f"/api/v1/clients/{old}/notes", json={"body": "De Bruno", "id": str(uuid4())}, headers=house.bearer
    )
    assert answer.status_code == 201
    house.client.post(f"/api/v1/clients/{old}/tags", json={"tags": ["quente"]}, headers=house.bearer)
    answer = house.client.post(f"/api/v1/clients/{id_of(house)}/merge", json={"client_id": old}, headers=house.bearer)
    assert answer.status_code < 300, answer.get_data(as_text=True)
    house.drain()
    return old


def test_what_was_written_about_either_is_on_the_profile_of_both_once_they_are_one(house, owner, merged):
    assert [note["body"] for note in notes_of(house)] == ["De Bruno"]
    assert tags_of(house) == ["quente"]
    answer = owner.get(f"/a/{house.account.key}/clients/{merged}/journey?q=HP8")
    assert answer.location == f"{profile_of(house)}/journey?q=HP8"
    page = owner.reads(profile_of(house))
    assert f'href="mailto:{BRUNO}"' in page
