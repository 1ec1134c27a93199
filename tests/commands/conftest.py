"""Commands as people type them, in a house of their own beside a door that really listens."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from service.app import create_app
from service.settings import Settings
from service.store.migrate import upgrade

ROOT = Path(__file__).resolve().parents[2]
HOTTOK = "canary-hottok-of-the-commands-01"


def database_beside(settings: Settings) -> str:
    """A new, empty database on the session's server."""
    name = f"commands_{secrets.token_hex(4)}"
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    base, _, options = settings.database_url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


class Quiet(WSGIRequestHandler):
    """Tells nobody of each request."""

    def log_request(self, *_: Any) -> None:
        """Nothing to tell."""


class Terminal:
    """Somebody who types commands into one Marco."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app, self.settings = app, settings

    def types(self, *words: str, **more: Any) -> Result:
        """A command; what it printed is `output`, errors included."""
        return self.app.test_cli_runner().invoke(args=list(words), **more)

    def says(self, *words: str, **more: Any) -> str:
        """What a command prints that must go well."""
        result = self.types(*words, **more)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def complains(self, *words: str, code: int = 1, **more: Any) -> str:
        """What a command prints that must fail with this exit code and without a traceback."""
        result = self.types(*words, **more)
        assert result.exit_code == code, (result.output, result.exception)
        assert isinstance(result.exception, SystemExit), result.exception
        assert "Error: " in result.output or "Aborted!" in result.output
        return result.output

    def runs(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own, as `flask --app wsgi …`."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words],
            cwd=ROOT,
            env=self.settings.as_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def post(self, *words: str) -> str:
        """`postback` with the account's token."""
        return self.says("postback", *words, "--hottok", HOTTOK)


@pytest.fixture(scope="session")
def bare_settings(settings: Settings) -> Settings:
    """A database without any tables."""
    return replace(settings, database_url=database_beside(settings))


@pytest.fixture(scope="module")
def door(settings: Settings) -> Iterator[Terminal]:
    """A terminal beside a listening door over a database of its own; no worker runs."""
    chosen = replace(settings, database_url=database_beside(settings))
    upgrade(chosen.database_url)
    server = make_server("127.0.0.1", 0, lambda *_: iter(()), threaded=True, request_handler=Quiet)
    chosen = replace(chosen, port=server.port, public_url=f"http://127.0.0.1:{server.port}")
    app = server.app = create_app(chosen)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Terminal(app, chosen)
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["marco"].engine.dispose()


@pytest.fixture(scope="module")
def school(door: Terminal) -> Terminal:
    """The same with its one account, "School"."""
    door.says("account", "create", "School", "--hottok", HOTTOK)
    door.app.extensions["marco"].directory.forget()
    return door
