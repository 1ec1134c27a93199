"""Tables that must stay complete: guards, jobs, queues, settings, statuses, requirements."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from flask import Flask

from service.app import create_app
from service.domain.statuses import CATEGORY_OF, STAGE, Category, Status
from service.queues import JOBS, Lane
from service.settings import NAMES

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {"health.healthz", "health.readyz", "health.metrics", "static", "bootstrap.static"}
"""Open to everybody on purpose. /metrics guards itself, with a token of its own."""
PUBLIC_PREFIXES = ("api-docs.", "docs.")


@pytest.fixture(scope="module")
def app(settings) -> Flask:
    return create_app(settings)


def is_guarded(app: Flask, endpoint: str) -> bool:
    """A view marked by a guard, or one in a blueprint whose every request passes one."""
    view = app.view_functions[endpoint]
    if getattr(view, "__guard__", None) or getattr(getattr(view, "view_class", None), "__guard__", None):
        return True
    name = endpoint.rpartition(".")[0]
    before = app.before_request_funcs.get(name or None, [])
    return any(function.__module__ == "service.web.guards" for function in before)


def is_public(endpoint: str) -> bool:
    return endpoint in PUBLIC or endpoint.startswith(PUBLIC_PREFIXES)


def test_every_view_stands_behind_a_guard_or_is_public_on_purpose(app):
    open_doors = [name for name in app.view_functions if not is_public(name) and not is_guarded(app, name)]
    assert not open_doors, f"no guard before {open_doors}"


def test_a_view_without_guard_would_be_noticed(app):
    bare = Flask("bare")
    bare.add_url_rule("/open", "open", lambda: "come in")
    assert not is_guarded(bare, "open")
    assert not is_public("open")


def test_every_rung_job_exists_and_takes_what_it_is_given():
    assert set(JOBS) == set(Lane)
    for dotted, arguments in JOBS.values():
        module, _, name = dotted.rpartition(".")
        job = getattr(importlib.import_module(module), name)
        assert job.__code__.co_argcount == len(arguments)


def test_every_queue_has_a_worker_in_the_procfile():
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text("utf-8").splitlines())
    assert {"release", "web"} <= set(lines)
    assert {name: lines[name] for name in Lane} == {lane: f"python -m workers {lane}" for lane in Lane}


def test_every_setting_is_in_the_example_and_nothing_else():
    told = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(NAMES)


def test_the_example_shows_the_values_that_are_used_without_it(monkeypatch, tmp_path):
    from service import settings  # noqa: PLC0415  # the fixture of that name hides the module here

    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    without = settings.load()
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text("utf-8"))
    assert settings.load() == without


def test_every_status_has_a_stage_and_a_category():
    assert set(STAGE) == set(Status) == set(CATEGORY_OF)
    assert set(CATEGORY_OF.values()) == set(Category)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes_and_name_no_place(name):
    text = (ROOT / name).read_text("utf-8")
    pinned = re.findall(r"^([a-z0-9][\w.-]*)(==\S+ \\\n    --hash=sha256:[0-9a-f]{64})?", text, re.MULTILINE)
    assert pinned
    assert all(rest for _, rest in pinned), [package for package, rest in pinned if not rest]
    assert not re.search(r"https?://|\bfile:/|--index-url|--find-links|--trusted-host", text)
