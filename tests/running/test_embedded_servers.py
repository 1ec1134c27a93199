"""The embedded servers start by themselves, are shared, survive every kill and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from service.embedded import Postgres, program_folder
from tests.running.machine import (
    an_ordinary_user,
    ask,
    command,
    environment,
    eventually,
    keepers_of,
    kill_all,
    processes_of,
    servers_of,
    start_command,
)


@pytest.fixture
def var(tmp_path):
    """A `var` of one test; nothing may run on it afterwards."""
    folder = tmp_path / "var"
    yield folder
    kill_all(processes_of(folder))


def test_servers_start_by_themselves_and_leave_no_process_behind(var):
    with command(var) as first:
        assert ask(first.database_url, "SHOW server_encoding") == [("UTF8",)]
        assert redis.Redis.from_url(first.redis_url).ping()
        assert len(keepers_of(var)) == 2
        first.end()
    assert processes_of(var) == []


def test_data_survives_from_one_start_to_the_next(var):
    with command(var) as first:
        ask(first.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
        first.end()
    with command(var) as second:
        assert ask(second.database_url, "SELECT number FROM kept") == [(7,)]


def test_a_command_that_finds_the_servers_running_does_not_stop_them(var):
    with command(var) as owner:
        running = {process.pid for process in processes_of(var) if process.pid != owner.process.pid}
        with command(var) as guest:
            assert (guest.database_url, guest.redis_url) == (owner.database_url, owner.redis_url)
            guest.end()
        assert running <= {process.pid for process in processes_of(var)}
        assert ask(owner.database_url, "SELECT 1") == [(1,)]


def test_the_command_that_started_the_servers_may_leave_first(var):
    with command(var) as first, command(var) as second:
        first.end()
        assert ask(second.database_url, "SELECT 1") == [(1,)]
        assert redis.Redis.from_url(second.redis_url).ping()
        second.end()
    assert processes_of(var) == []


def test_two_commands_at_once_share_one_server_each(var):
    both = [start_command(var), start_command(var)]
    try:
        for one in both:
            one.wait_for_servers()
        assert len(servers_of(var, "postgres")) == 1
        assert len(servers_of(var, "valkey") + servers_of(var, "redis")) == 1
        assert len(keepers_of(var)) == 2
        for one in both:
            one.end()
    finally:
        for one in both:
            one.kill()
    assert processes_of(var) == []


def test_after_a_kill_of_everything_the_next_start_has_all_data(var):
    with command(var) as first:
        ask(first.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
        kill_all(processes_of(var))
        first.process.wait()
    with command(var) as second:
        assert ask(second.database_url, "SELECT number FROM kept") == [(7,)]
        second.end()
    assert processes_of(var) == []


def test_servers_end_by_themselves_when_their_only_user_is_killed(var):
    with command(var) as first:
        first.kill()
        eventually(lambda: not processes_of(var), "keepers or servers outlived the killed command")


def test_a_killed_postgres_comes_back_with_its_data(var):
    with command(var) as first:
        ask(first.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
        kill_all(servers_of(var, "postgres"))
        eventually(lambda: _rows(first.database_url) == [(7,)], "PostgreSQL did not come back")


def test_a_killed_redis_comes_back(var):
    with command(var) as first:
        kill_all(servers_of(var, "valkey") + servers_of(var, "redis"))
        eventually(lambda: _pings(first.redis_url), "Redis did not come back")


def test_a_killed_keeper_takes_its_server_along_and_the_next_command_starts_both(var):
    with command(var) as first:
        ask(first.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
        kill_all(keepers_of(var))
        eventually(lambda: not servers_of(var, "postgres"), "PostgreSQL outlived its keeper")
        with command(var) as second:
            assert ask(second.database_url, "SELECT number FROM kept") == [(7,)]


def test_a_process_id_that_now_belongs_to_somebody_else_does_not_block_the_start(var):
    stale = var / "postgres" / "postmaster.pid"
    with command(var) as first:
        written = stale.read_text().splitlines()  # one killed after its holder may have had the time to tidy up
        kill_all(processes_of(var))
        first.process.wait()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        try:
            stale.write_text("\n".join([str(stranger.pid), *written[1:]]))
            with command(var) as second:
                assert ask(second.database_url, "SELECT 1") == [(1,)]
                second.end()
            assert psutil.pid_exists(stranger.pid), "a stranger was killed"
        finally:
            stranger.kill()


DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGQUIT, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def test_a_server_without_keeper_that_does_not_heed_its_signals_is_ended_by_force(var, monkeypatch):
    monkeypatch.setattr(Postgres, "patience", 0.2)
    left = Postgres(var)
    left.folder.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", DEAF], cwd=left.folder, stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b"deaf\n"
        left.pid_file.write_text(f"{server.pid}\n", "ascii")
        left.clear_leftovers()
        assert server.poll() is not None
    assert not left.pid_file.exists()


def test_a_path_too_long_for_a_socket_moves_the_socket(tmp_path):
    var = tmp_path / ("a-long-name-" * 8) / "var"
    with command(var) as first:
        assert ask(first.database_url, "SELECT 1") == [(1,)]
        assert redis.Redis.from_url(first.redis_url).ping()
        first.end()
    assert processes_of(var) == []


def test_nobody_else_can_reach_the_servers(var):
    with command(var):
        for name in ("postgres", "redis"):
            assert (var / name).stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers inside folders closed to others")
def test_root_does_not_open_its_closed_folders_for_the_database(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = program_folder("18").parents[1]
    for copied in (wheel, wheel.with_suffix(".libs")):
        shutil.copytree(copied, closed / copied.name, symlinks=True)
    with command(closed / "var", import_first=closed) as first:
        (server,) = servers_of(closed / "var", "postgres")
        assert server.exe().startswith(str(closed))
        assert server.username() != "root"
        ask(first.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
        first.end()
    assert closed.stat().st_mode & 0o777 == 0o700


def test_an_ordinary_user_starts_them_too(tmp_path):
    found = an_ordinary_user()
    if found is None:
        pytest.skip("an ordinary user may not run this machine's Python, or not read this checkout")
    user, python = found
    home = Path("/var/tmp") / f"marco-tests-{os.getpid()}"  # open to everybody, unlike this test's own folder
    home.mkdir()
    try:
        os.chown(home, user, -1)
        with command(home / "var", python=python, user=user if os.geteuid() == 0 else None) as first:
            assert ask(first.database_url, "SELECT 1") == [(1,)]
            assert servers_of(home / "var", "postgres")[0].uids().real == user
            first.end()
        assert processes_of(home / "var") == []
    finally:
        subprocess.run(["rm", "-rf", home], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder for somebody else")
def test_a_var_of_another_user_is_refused_with_a_reason(tmp_path):
    found = an_ordinary_user()
    if found is None:
        pytest.skip("an ordinary user may not run this machine's Python, or not read this checkout")
    user, python = found
    home = Path("/var/tmp") / f"marco-tests-{os.getpid()}"
    (home / "var").mkdir(parents=True)
    try:
        (home / "var").chmod(0o755)
        (home / "var" / "secret_key").write_text("a secret of the tests")
        (home / "var" / "postgres.users").touch(mode=0o644)
        refused = start_command(home / "var", python=python, user=user)
        _, complaint = refused.process.communicate("", timeout=60)
        assert refused.process.returncode != 0
        assert "belongs to another user" in complaint
    finally:
        subprocess.run(["rm", "-rf", home], check=True)


def test_addresses_that_are_set_keep_the_embedded_servers_away(var):
    script = "from service import settings, local\nprint(local.attached(settings.load()).database_url)"
    addresses = {"DATABASE_URL": "postgres://somebody@db.example.com/marco", "REDIS_URL": "redis://r.example.com"}
    chosen = environment(var, SECRET_KEY="long enough for a test", **addresses)
    said = subprocess.run([sys.executable, "-c", script], env=chosen, check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "postgresql+psycopg://somebody@db.example.com/marco"
    assert not var.exists()


def _rows(database_url: str) -> list[tuple[object, ...]]:
    try:
        return ask(database_url, "SELECT number FROM kept")
    except psycopg.OperationalError:
        return []


def _pings(redis_url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(redis_url, socket_timeout=1).ping())
    except redis.RedisError:
        return False
