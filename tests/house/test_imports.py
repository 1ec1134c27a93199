"""Who may import whom: the table of the house plan, read from every file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVERY_ROOM = {
    "service.domain",
    "service.errors",
    "service.settings",
    "service.queues",
    "service.sources",
    "service.store",
    "service.connectors",
    "service.logs",
    "service.desk",
    "service.endpoint_desk",
    "service.exports",
    "service.kommo_account",
    "service.kommo_desk",
    "service.panels",
    "service.problem_files",
    "service.trials",
    "schemas",
}


@dataclass(frozen=True)
class Room:
    """What the files of one room may import: rooms of ours and libraries of others."""

    ours: set[str] = field(default_factory=set)
    theirs: set[str] = field(default_factory=set)


ROOMS = {
    "service/__init__.py": Room(),
    "service/domain": Room(ours={"service.domain"}),
    "service/errors.py": Room(),
    "service/settings.py": Room(ours={"service.errors"}, theirs={"environs"}),
    "service/logs.py": Room(theirs={"structlog"}),
    "service/queues.py": Room(ours={"service.settings"}, theirs={"redis", "rq"}),
    "service/cores.py": Room(ours=set(), theirs=set()),
    "schemas": Room(ours={"schemas", "service.domain"}, theirs={"marshmallow"}),
    "service/sources": Room(
        ours={"service.sources", "schemas", "service.domain", "service.errors"},
        theirs={
            "babel",
            "charset_normalizer",
            "defusedxml",
            "email_validator",
            "openpyxl",
            "orjson",
            "phonenumbers",
            "python_calamine",
            "rapidfuzz",
            "stdnum",
        },
    ),
    "service/store": Room(
        ours={"service.store", "service.domain", "service.errors", "service.settings"},
        theirs={"alembic", "cryptography", "orjson", "psycopg", "sqlalchemy", "structlog"},
    ),
    # Made-up buyers and their stories, for `seed`, `postback` and the tests.
    "service/samples": Room(ours={"service.samples"}),
    "service/connectors": Room(
        ours={"service.connectors", "service.domain", "service.errors", "service.settings"},
        theirs={"httpx2", "phonenumbers"},
    ),
    "service/connectors/redis_road.py": Room(ours={"service.connectors", "service.errors"}, theirs={"redis"}),
    "service/web": Room(
        ours={
            "service.web",
            "schemas",
            "service.domain",
            "service.errors",
            "service.store",
            "service.queues",
            "service.sources",
            "service.settings",
            "service.logs",
            "service.desk",
            "service.endpoint_desk",
            "service.exports",
            "service.kommo_account",
            "service.panels",
            "service.problem_files",
            "service.trials",
        },
        theirs={
            "argon2",
            "babel",
            "flask",
            "flask_babel",
            "flask_bootstrap",
            "flask_limiter",
            "flask_login",
            "flask_smorest",
            "flask_wtf",
            "marshmallow",
            "orjson",
            "prometheus_client",
            "psycopg",
            "redis",
            "sqlalchemy",
            "structlog",
            "werkzeug",
            "wtforms",
        },
    ),
    # The writers of files know rows and columns, nothing of what they mean; `sales` knows that.
    "service/exports": Room(
        ours={"service.exports", "service.domain", "service.sources", "service.store"},
        theirs={"openpyxl", "sqlalchemy"},
    ),
    # Panels are read, and say nothing in words: pages and API do.
    "service/panels": Room(ours={"service.panels", "service.domain", "service.store"}, theirs={"sqlalchemy"}),
    "service/problem_files.py": Room(
        ours={"service.desk", "service.exports", "service.sources", "service.store"}, theirs={"orjson", "sqlalchemy"}
    ),
    "service/desk.py": Room(
        ours={"service.domain", "service.errors", "service.sources", "service.store"}, theirs={"orjson", "sqlalchemy"}
    ),
    # Speaking with an account of Kommo, from a worker, a command or a page that tries something out.
    "service/kommo_desk.py": Room(
        ours={"service.connectors", "service.domain", "service.queues", "service.settings", "service.store"},
        theirs={"sqlalchemy"},
    ),
    "service/kommo_account.py": Room(
        ours={
            *("service.connectors", "service.domain", "service.errors", "service.kommo_desk"),
            *("service.settings", "service.store"),
        },
        theirs={"sqlalchemy"},
    ),
    # Sending messages to addresses, from a worker, a command or a page that tries one.
    "service/endpoint_desk.py": Room(
        ours={"service.connectors", "service.errors", "service.settings", "service.store"}, theirs={"sqlalchemy"}
    ),
    "service/trials.py": Room(
        ours={
            *("service.connectors", "service.domain", "service.endpoint_desk", "service.errors"),
            *("service.kommo_account", "service.kommo_desk", "service.settings", "service.store"),
        },
        theirs={"sqlalchemy"},
    ),
    "service/doctor.py": Room(
        ours={"service.queues", "service.settings", "service.store"}, theirs={"redis", "sqlalchemy"}
    ),
    # It hangs the commands on the application; they are its other face.
    "service/app.py": Room(
        ours=EVERY_ROOM | {"service.web", "service.cli"},
        theirs={"flask", "flask_smorest", "psycopg", "sqlalchemy", "structlog", "werkzeug"},
    ),
    # Running it: the servers of a machine that has none, and what keeps processes alive.
    "service/privileges.py": Room(),
    "service/supervisor.py": Room(ours={"service.privileges"}),
    "service/embedded.py": Room(ours={"service.errors", "service.privileges", "service.supervisor"}, theirs={"psutil"}),
    "service/local.py": Room(ours=EVERY_ROOM | {"service.embedded"}, theirs={"psycopg", "redis"}),
    "service/runner.py": Room(
        ours=EVERY_ROOM | {"service.local", "service.privileges", "service.supervisor"},
    ),
    "service/slow_clients.py": Room(theirs={"gunicorn"}),
    # sqlalchemy and psycopg for the names of their errors and connections; statements live in the store.
    "workers": Room(
        ours=EVERY_ROOM | {"workers", "service.local", "service.supervisor"},
        theirs={"orjson", "psycopg", "redis", "rq", "sqlalchemy", "structlog"},
    ),
}
EVERYTHING = {"service/cli.py", "service/commands"}
"""The one exception of the plan: commands may use every room, `workers` too."""


def files() -> list[str]:
    found = [path for top in ("service", "workers", "schemas") for path in (ROOT / top).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def room_of(file: str) -> str | None:
    """The room a file lies in: the longest entry of the table it starts with."""
    names = [name for name in [*ROOMS, *EVERYTHING] if file == name or file.startswith(f"{name}/")]
    return max(names, key=len, default=None)


def imports_of(file: str) -> Iterator[str]:
    """Every module a file names, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            # `from service import logs` names a module of ours, `from flask import g` does not.
            inner = node.module in {"service", "workers", "schemas"}
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if inner else [str(node.module)]


def is_within(module: str, rooms: set[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("file", files())
def test_a_file_imports_only_what_its_room_may(file):
    name = room_of(file)
    assert name is not None, f"{file} lies in no room of the house plan"
    if name in EVERYTHING:
        return
    room = ROOMS[name]
    for module in imports_of(file):
        top = module.split(".")[0]
        if top in {"service", "workers", "schemas"}:
            assert is_within(module, room.ours), f"{file} may not import {module}"
        elif top not in sys.stdlib_module_names:
            assert top in room.theirs, f"{file} may not import {module}"


def test_the_table_would_notice_a_wrong_import():
    assert not is_within("workers.ingest", ROOMS["service/web"].ours)
    assert not is_within("service.web.guards", ROOMS["workers"].ours)
    assert not is_within("service.domain_of_something_else", ROOMS["service/store"].ours)
    assert room_of("service/domain/money.py") == "service/domain"
    assert room_of("service/new_corner.py") is None


def test_the_service_package_itself_is_empty():
    assert (ROOT / "service/__init__.py").read_text("utf-8").strip() == ""
