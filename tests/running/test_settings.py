"""Settings come from the environment; every fault is named at once, and never with its value."""

from __future__ import annotations

import pytest

from service import settings
from service.errors import Misconfigured
from service.settings import NAMES


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """An empty environment, and no `.env` of the developer."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "ROOT", tmp_path)


def test_without_any_setting_everything_is_embedded(tmp_path):
    chosen = settings.load()
    assert (chosen.database_url, chosen.redis_url) == ("", "")
    assert (chosen.port, chosen.max_upload_mb, chosen.upload_keep_days, chosen.body_keep_days) == (8000, 10, 7, 0)
    assert chosen.public_url == "http://127.0.0.1:8000"
    assert chosen.var_dir == tmp_path / "var"


def test_every_fault_is_named_at_once(monkeypatch):
    wrong = {"PORT": "70000", "WEB_THREADS": "many", "DATABASE_URL": "mysql://h/db", "LOG_LEVEL": "LOUD"}
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as fault:
        settings.load()
    assert all(name in fault.value.message for name in wrong)
    assert "SECRET_KEY" in fault.value.message


def test_a_faulty_address_is_not_repeated_because_it_may_hold_a_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://marco:canary-password@h/db")
    with pytest.raises(Misconfigured) as fault:
        settings.load()
    assert "canary-password" not in fault.value.message


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_a_postgres_address_is_understood(monkeypatch, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://user:pw@host:5432/marco?sslmode=require")
    monkeypatch.setenv("SECRET_KEY", "x" * 16)
    assert settings.load().database_url == "postgresql+psycopg://user:pw@host:5432/marco?sslmode=require"


def test_a_server_with_its_own_database_must_be_given_a_secret_key(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://host/marco")
    with pytest.raises(Misconfigured, match="SECRET_KEY"):
        settings.load()


def test_the_embedded_mode_makes_one_secret_and_keeps_it_private():
    first, second = settings.load(), settings.load()
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert (first.var_dir / "secret_key").stat().st_mode & 0o077 == 0


def test_a_dot_env_file_fills_what_the_environment_does_not_say(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("WEB_THREADS=3\nWEB_PROCESSES=5\n")
    monkeypatch.setenv("WEB_PROCESSES", "4")
    chosen = settings.load()
    assert (chosen.web_threads, chosen.web_processes) == (3, 4)


def test_a_command_beside_make_run_finds_its_door(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / settings.PUBLIC_URL_FILE).write_text("http://127.0.0.1:8123")
    assert settings.load().public_url == "http://127.0.0.1:8123"


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://user:canary-one@host/marco")
    monkeypatch.setenv("SECRET_KEY", "canary-two-canary-two")
    monkeypatch.setenv("METRICS_TOKEN", "canary-three")
    assert "canary" not in repr(settings.load())


def test_children_get_the_same_settings_through_the_environment(monkeypatch):
    monkeypatch.setenv("MAX_UPLOAD_MB", "25")
    chosen = settings.load()
    for name, value in chosen.as_environment().items():
        monkeypatch.setenv(name, value)
    assert settings.load() == chosen
