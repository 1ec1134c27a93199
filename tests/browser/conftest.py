"""A real browser before a door that really listens. Without a browser these tests are skipped, and say so."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from service.app import create_app
from service.queues import Bell, Lane
from service.settings import Settings
from service.store import accounts, heartbeats
from service.store.engine import engine_of, transaction
from service.store.migrate import upgrade
from tests.commands.conftest import Quiet, database_beside
from workers import ingest
from workers.turns import turn
from workers.workshop import Workshop

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIETLY = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update
    --disable-sync
""".split()
SHOTS = os.environ.get("BROWSER_SHOTS")
"""A folder for pictures of the pages, for people to look at; none are made without it."""


def found_browser() -> str | None:
    """The Chromium of this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with nobody watching."""
    path = found_browser()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the path (apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=QUIETLY)
        yield started
        started.close()


class Street:
    """A house of its own behind a listening door, with a worker that works when told to."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = settings.public_url
        self.shop = Workshop(settings, engine_of(settings.database_url), Bell(settings))

    def work(self) -> None:
        """Work off every open postback of every account."""
        with transaction(self.shop.engine) as tx:
            heartbeats.beat(tx, "realtime@here:1")
            every = accounts.every(tx)
        for account in every:
            while turn(self.shop, account, Lane.REALTIME, ingest.take_postbacks, ingest.apply_postbacks):
                pass


@pytest.fixture(scope="module")
def street(settings: Settings) -> Iterator[Street]:
    """A new house, to be set up by the first one who comes."""
    chosen = replace(settings, database_url=database_beside(settings))
    upgrade(chosen.database_url)
    server = make_server("127.0.0.1", 0, lambda *_: iter(()), threaded=True, request_handler=Quiet)
    chosen = replace(chosen, port=server.port, public_url=f"http://127.0.0.1:{server.port}")
    server.app = create_app(chosen)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    living = Street(chosen)
    yield living
    server.shutdown()
    thread.join()
    server.server_close()
    server.app.extensions["marco"].engine.dispose()
    living.shop.engine.dispose()


class Person:
    """Somebody at the browser; whatever the console complains of is kept."""

    def __init__(self, browser: Browser, url: str, **more: Any) -> None:
        self.context: BrowserContext = browser.new_context(
            **{"base_url": url, "locale": "pt-BR", "viewport": {"width": 1280, "height": 860}, **more}
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))

    def _heard(self, message: Any) -> None:
        # A page that answers 4xx is told here as well; those are looked at where they happen.
        if message.type in {"error", "warning"} and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def overflows(self) -> bool:
        """Whether the page is wider than its window."""
        wider: bool = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        return wider

    def shoots(self, name: str) -> None:
        """Keep a picture, where somebody asked for pictures."""
        if SHOTS:
            folder = Path(SHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}.png", full_page=True)


@pytest.fixture
def person(browser: Browser, street: Street) -> Iterator[Person]:
    """Somebody with a new browser who reads Portuguese; nothing may be wrong in the console at the end."""
    somebody = Person(browser, street.url)
    yield somebody
    somebody.context.close()
    assert somebody.complaints == []
