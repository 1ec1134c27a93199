"""`doctor` and `prune`, and what every command says when a part is away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service import doctor
from service.app import create_app
from service.doctor import Health
from service.queues import Lane
from service.settings import Settings
from service.store import checkup, heartbeats
from service.store.engine import transaction
from tests.commands.conftest import ROOT, Terminal
from tests.running.machine import free_port


@pytest.fixture
def beating(school: Terminal) -> Iterator[Terminal]:
    """A school whose workers have just beaten."""
    with transaction(school.app.extensions["marco"].engine) as tx:
        for lane in Lane:
            heartbeats.beat(tx, lane)
    yield school
    with transaction(school.app.extensions["marco"].engine) as tx:
        tx.execute(text("DELETE FROM heartbeats"))
        tx.execute(text("DELETE FROM deliveries"))


def line(said: str, part: str) -> str:
    (found,) = (one for one in said.splitlines() if one[7:].startswith(f"{part}:"))
    return found


def test_each_part_has_a_line_and_unsafe_settings_are_a_fault(beating):
    beating.post("approved")
    said = beating.complains("doctor")
    # The session's server gives up safety for speed, as `fast` says: the doctor must notice.
    assert line(said, "durability").startswith("FAULT  durability: fsync = off, full_page_writes = off.")
    for part in ("redis", "database", "clock", "migrations", "workers", "'School'"):
        assert line(said, part).startswith("ok "), said
    assert line(said, "settings").startswith("look")
    assert "Faults found: 1." in said


def test_with_nothing_at_fault_it_ends_well(beating, monkeypatch):
    # All but the two settings that the session's server gives up.
    monkeypatch.setattr(checkup, "SAFE", {"synchronous_commit": "on"})
    beating.post("approved")
    assert "FAULT" not in beating.says("doctor")


def test_missing_workers_are_named_with_how_to_start_them(beating):
    with transaction(beating.app.extensions["marco"].engine) as tx:
        tx.execute(text("UPDATE heartbeats SET beat_at = now() - interval '1 hour' WHERE name = 'bulk'"))
    found = line(beating.complains("doctor"), "workers")
    assert "no sign of life from: bulk" in found
    assert "python -m workers bulk" in found


def test_silence_open_work_and_deliveries_set_aside_are_told(beating):
    beating.post("approved", "--count", "2")
    with transaction(beating.app.extensions["marco"].engine) as tx:
        tx.execute(text("UPDATE deliveries SET received_at = now() - interval '12 days'"))
        tx.execute(text("UPDATE deliveries SET state = 'set_aside' WHERE id = (SELECT max(id) FROM deliveries)"))
    said = beating.complains("doctor")
    assert "'School': the last postback came 12 days ago." in said
    assert "'School': the oldest open postback waits since 12 days." in said
    assert "'School': postbacks set aside: 1." in said
    assert "replay --since 2000-01-01 --state set_aside" in said


def test_an_account_without_hottok_is_a_fault(beating):
    with transaction(beating.app.extensions["marco"].engine) as tx:
        tx.execute(text("UPDATE hottoks SET revoked_at = now()"))
    assert "'School': has no valid hottok" in beating.complains("doctor")
    with transaction(beating.app.extensions["marco"].engine) as tx:
        tx.execute(text("UPDATE hottoks SET revoked_at = NULL"))


def test_a_schema_that_is_behind_is_a_fault_with_the_command_to_run(bare_settings):
    bare = Terminal(create_app(bare_settings), bare_settings)
    found = line(bare.complains("doctor"), "migrations")
    assert found.startswith("FAULT")
    assert "python -m service.store.migrate" in found
    assert "python -m service.store.migrate" in bare.complains("clients")
    bare.app.extensions["marco"].engine.dispose()


def test_parts_that_are_away_are_found_one_by_one(settings: Settings):
    nowhere = f"127.0.0.1:{free_port()}"
    away = replace(
        settings,
        database_url=f"postgresql+psycopg://marco:a-password@{nowhere}/marco",
        redis_url=f"redis://:a-password@{nowhere}/0",
        public_url="http://marco.example.com",
    )
    stranded = Terminal(create_app(away), away)
    said = stranded.complains("doctor")
    assert line(said, "redis").startswith("FAULT")
    assert line(said, "database").startswith("FAULT")
    assert "Use https" in said
    assert "Set METRICS_TOKEN" in said
    assert "a-password" not in said
    assert "PostgreSQL does not answer" in stranded.complains("clients")


def test_a_clock_that_differs_is_a_fault_and_a_slow_answer_is_not():
    now = datetime(2026, 7, 2, tzinfo=UTC)
    slow = doctor._clock(now + timedelta(seconds=4), now, now + timedelta(seconds=9))
    wrong = doctor._clock(now - timedelta(seconds=30), now, now + timedelta(seconds=1))
    assert slow.health is Health.OK
    assert wrong.health is Health.FAULT
    assert "30.0 s apart" in wrong.told


def test_an_old_server_and_unsafe_settings_are_faults():
    assert doctor._version(140_011).health is Health.FAULT
    assert doctor._version(150_000).health is Health.OK
    assert doctor._durability({"synchronous_commit": "off"}).health is Health.FAULT
    assert doctor._durability({}).health is Health.OK


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(seconds=40), "40 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(days=12), "12 days"),
    ],
)
def test_ages_are_told_in_one_word(age, told):
    assert doctor.ago(age) == told


def test_prune_deletes_bodies_whose_time_is_over(school):
    school.post("approved", "--count", "2")
    with transaction(school.app.extensions["marco"].engine) as tx:
        tx.execute(
            text("UPDATE deliveries SET state = 'done', received_at = now() - interval '40 days'"
                 " WHERE id = (SELECT max(id) FROM deliveries)")
        )  # fmt: skip
    chosen = Terminal(school.app, replace(school.settings, body_keep_days=30))
    result = chosen.runs("prune")
    assert result.returncode == 0, result.stderr
    assert "bodies older than 30 days" in result.stdout
    with transaction(school.app.extensions["marco"].engine) as tx:
        assert tx.execute(text("SELECT count(*) FROM deliveries WHERE body IS NULL")).scalar() == 1
        tx.execute(text("DELETE FROM deliveries"))


def test_help_lists_every_command_in_a_process_of_its_own(school):
    result = school.runs("--help")
    assert result.returncode == 0, result.stderr
    names = ("account", "clients", "doctor", "hottok", "import", "journey", "ledger", "postback", "prune", "replay")
    for name in (*names, "seed", "token"):
        assert f"\n  {name} " in result.stdout


def test_the_web_process_does_not_import_workers_with_its_commands(school):
    asked = "import wsgi, sys; print([name for name in sys.modules if name.split('.')[0] == 'workers'])"
    result = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=school.settings.as_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
