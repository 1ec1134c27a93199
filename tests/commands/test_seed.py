"""`seed`: the demo, told through a door that listens, worked by real workers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from service.queues import Lane
from service.samples.stories import CAST
from service.store.engine import transaction
from tests.commands.conftest import ROOT, Terminal
from tests.commands.test_imports import rows_line
from tests.running.machine import free_port


@pytest.fixture(scope="module")
def staffed(door: Terminal) -> Iterator[Terminal]:
    """A door with a worker for every lane."""
    environment = door.settings.as_environment()
    workers = [
        subprocess.Popen([sys.executable, "-m", "workers", lane], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        for lane in Lane
    ]
    yield door
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait(30)


@pytest.fixture(scope="module")
def told(staffed: Terminal) -> str:
    """What `seed` printed."""
    return staffed.says("seed")


def tokens(door: Terminal) -> list[tuple[str, bool]]:
    """(label, still valid) of every API token, oldest first."""
    with transaction(door.app.extensions["marco"].engine) as tx:
        found = tx.execute(text("SELECT label, revoked_at IS NULL AS valid FROM api_tokens ORDER BY created_at"))
        return [(row.label, row.valid) for row in found]


def money_of_the_cast(door: Terminal) -> list[list[str]]:
    """The lines of `clients` about the cast, without their padding."""
    emails = {email for email, _, _ in CAST}
    return sorted(words for line in door.says("clients").splitlines() if (words := line.split()) and words[0] in emails)


def test_the_demo_is_there_with_everybody_of_the_cast(staffed, told):
    assert "posted to 'Demo'" in told
    assert "imported: 12 rows = 11 created, 1 updated, 0 unchanged, 0 skipped, 0 failed." in told
    listed = staffed.says("clients")
    for email, _, _ in CAST:
        assert email in listed
    assert "marina.moura@example.com" in listed
    assert "USD 64.90" in listed


def test_the_story_told_by_postbacks_and_by_the_spreadsheet_counts_once(staffed, told):
    said = staffed.says("journey", "ana.lima@example.com")
    assert "active      BRL 344.00" in said
    assert "every row as it was" in staffed.says("ledger", "verify")


def test_what_to_look_at_next_works_as_it_is_printed(staffed, told):
    command = next(line for line in told.splitlines() if "journey" in line)
    words = command.split("wsgi ")[1].split()
    assert "subscription_renewed" in staffed.says(*words)
    hottok = re.search(r"HOTTOK=(\S+)", told)
    assert hottok is not None
    assert "200 accepted" in staffed.says("postback", "approved", env={"HOTTOK": hottok[1]})


def test_a_second_time_on_the_same_day_nothing_doubles_and_its_tokens_are_revoked(staffed, told):
    before = money_of_the_cast(staffed)
    again = staffed.says("seed")
    assert re.search(r"posted to 'Demo': (\d+ accepted, )?\d+ duplicate", again)
    assert money_of_the_cast(staffed) == before
    assert staffed.says("journey", "gina.nunes@example.com").count("chargeback ") == 2
    assert tokens(staffed) == [("seed", True), ("seed", False)]


def test_a_named_account_keeps_no_token_of_the_seed(staffed, told):
    staffed.says("account", "create", "Mine", "--hottok", "my-own-hottok-0123456789")
    said = staffed.says("seed", "--account", "Mine")
    assert "HOTTOK=" not in said
    assert tokens(staffed)[-1] == ("seed", False)
    assert "No such account" in staffed.complains("seed", "--account", "Nobody")


def test_without_a_door_it_says_how_to_start_one(staffed, told):
    assert "make run" in staffed.complains("seed", "--account", "Demo", "--url", f"http://127.0.0.1:{free_port()}")


def test_an_import_at_the_command_line_goes_on_beside_workers(staffed, told):
    about = ("--account", "Demo")
    said = staffed.says("import", str(ROOT / "tests/reference/exports/sales-en.csv"), "--yes", *about)
    rows_line(said)
    assert "is completed." in said
    assert "every row as it was" in staffed.says("ledger", "verify", *about)
