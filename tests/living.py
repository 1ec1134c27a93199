"""A whole house to test in: the real door, the real shelves, and a worker that works when told to."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from service.app import create_app
from service.queues import Bell, Lane
from service.settings import Settings
from service.store import accounts
from service.store.engine import engine_of, transaction
from service.store.migrate import upgrade
from workers import ingest, pipeline, pouring, uploads
from workers.workshop import Workshop

PAYLOADS = Path(__file__).parent / "reference" / "payloads"
EXPORTS = Path(__file__).parent / "reference" / "exports"
HOTTOK = "canary-hottok-of-the-tests-0001"

LEDGER = {
    "purchases": "account_id, client_id",
    "milestones": "account_id, client_id, id, delivery_id",
    "mentions": "account_id",
    "clients": "account_id, id, search",
    "client_revenue": "account_id, client_id",
    "subscriptions": "account_id, client_id",
    "products": "account_id",
    "opportunities": "account_id, client_id",
    "aliases": "account_id, id, client_id, delivery_id, since",
    "strangers": "account_id",
}
"""Tables of the ledger, and their columns that are surrogates."""


def payload(name: str) -> bytes:
    """A sample postback of the reference."""
    return (PAYLOADS / name).read_bytes()


class House:
    """One account of its own in a running application."""

    def __init__(self, app: Flask, shop: Workshop, *, zone: str = "America/Sao_Paulo", role: str = "producer") -> None:
        self.app, self.shop = app, shop
        with transaction(shop.engine) as tx:
            self.account = accounts.create(tx, f"House {secrets.token_hex(4)}", zone, role)
            accounts.add_hottok(tx, self.account.id, HOTTOK)
            self.token = accounts.add_api_token(tx, self.account.id, "tests")
        app.extensions["marco"].directory.forget()
        self.client: FlaskClient = app.test_client()
        self.url = f"/webhooks/hotmart/{self.account.key}"

    def posts(self, body: bytes | dict[str, Any] | str, *, token: str | None = HOTTOK, **headers: str) -> Any:
        """Send a postback to the door; the answer."""
        content = json.dumps(body) if isinstance(body, dict) else body
        sent = {"X-HOTMART-HOTTOK": token, **headers} if token is not None else headers
        return self.client.post(self.url, data=content, headers=sent)

    def receives(self, *bodies: bytes | dict[str, Any] | str) -> None:
        """Postbacks arrive, in this order, and are worked off."""
        for body in bodies:
            answer = self.posts(body)
            assert answer.status_code == 200, answer.get_data(as_text=True)
        self.drain()

    def drain(self) -> int:
        """Work off every open postback of this account."""
        done = 0
        while worked := self.turn():
            done += worked
        return done

    def turn(self) -> int:
        """One batch."""
        return ingest.turn(self.shop, self.account, Lane.REALTIME, ingest.take_postbacks, ingest.apply_postbacks)

    def upload_answer(self, name: str, content: bytes | None = None, **said: str) -> Any:
        """Send a file; a sample export where no content is given."""
        content = (EXPORTS / name).read_bytes() if content is None else content
        sent = {"file": (io.BytesIO(content), name), **said}
        return self.client.post("/api/v1/imports", data=sent, headers=self.bearer)

    def uploads(self, name: str, content: bytes | None = None, **said: str) -> Any:
        """Upload a file and have it looked into; the import."""
        answer = self.upload_answer(name, content, **said)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        self.files()
        return self.get(f"/imports/{answer.get_json()['id']}")

    def confirm_answer(self, import_id: int, **options: Any) -> Any:
        """Confirm an import; the answer."""
        return self.client.post(f"/api/v1/imports/{import_id}/confirm", json=options, headers=self.bearer)

    def confirms(self, import_id: int, **options: Any) -> None:
        """Confirm an import and have it done."""
        answer = self.confirm_answer(import_id, **options)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        self.files()
        self.pours()

    def imports(self, name: str, content: bytes | None = None, exported_at: str | None = None, **options: Any) -> Any:
        """Upload, confirm, have it done; the import."""
        uploaded = self.uploads(name, content, **({"exported_at": exported_at} if exported_at else {}))
        assert uploaded["status"] == "ready", uploaded["problem"]
        self.confirms(uploaded["id"], **options)
        return self.get(f"/imports/{uploaded['id']}")

    def undoes(self, import_id: int) -> Any:
        """Undo an import and have it done; the import."""
        answer = self.client.post(f"/api/v1/imports/{import_id}/undo", headers=self.bearer)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        self.pours()
        return self.get(f"/imports/{import_id}")

    def files(self) -> None:
        """A worker of the files lane does all that waits."""
        while uploads.step(self.shop):
            pass

    def pour_once(self) -> int:
        """A worker of the bulk lane pours one chunk of every import."""
        return pouring.step(self.shop)

    def pours(self) -> None:
        """A worker of the bulk lane does all that waits."""
        while self.pour_once() or pouring.waits(self.shop):
            pass

    def get(self, path: str, **query: Any) -> Any:
        """A page of the API as JSON."""
        answer = self.client.get(f"/api/v1{path}", query_string=query, headers=self.bearer)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    @property
    def bearer(self) -> dict[str, str]:
        """The header that lets this account's token in."""
        return {"Authorization": f"Bearer {self.token}"}

    def milestones_of(self, email: str) -> list[str]:
        """The kinds of a client's milestones, oldest first."""
        (client,) = self.get("/clients", email=email)
        return [row["kind"] for row in reversed(self.get(f"/clients/{client['id']}/milestones", page_size=100))]

    def purchase(self, transaction_code: str) -> Any:
        """The one purchase with this code."""
        (found,) = self.get("/purchases", transaction=transaction_code)
        return found

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows straight from the shelves; `:account` is this house's account."""
        with transaction(self.shop.engine) as tx:
            return list(tx.execute(text(query), {"account": self.account.id, **values}))

    def rows_changed(self, statement: str, **values: Any) -> None:
        """Change rows straight on the shelves; `:account` is this house's account."""
        with transaction(self.shop.engine) as tx:
            tx.execute(text(statement), {"account": self.account.id, **values})

    def balance(self) -> dict[str, Any]:
        """The books by source; asserts that each closes."""
        books = {book.pop("source"): book for book in self.get("/balance")}
        for book in books.values():
            assert book["received"] == sum(number for slot, number in book.items() if slot != "received"), book
        return books

    def ledger(self) -> dict[str, list[Any]]:
        """Every row of the ledger, less what is only a number of ours, sorted."""
        dumped = {}
        for table, surrogates in LEDGER.items():
            dropped = "".join(f" - '{column.strip()}'" for column in surrogates.split(","))
            rows = self.rows(f"SELECT to_jsonb(t) {dropped} FROM {table} t WHERE account_id = :account")
            dumped[table] = sorted((row[0] for row in rows), key=lambda row: json.dumps(row, sort_keys=True))
        return dumped

    def rebuild(self) -> None:
        """Make the ledger anew from the facts."""
        with transaction(self.shop.engine) as tx:
            pipeline.rebuild(tx, self.account)


@pytest.fixture(scope="session")
def shop(settings: Settings) -> Workshop:
    """The tools of a worker that runs inside the test."""
    upgrade(settings.database_url)
    return Workshop(settings, engine_of(settings.database_url), Bell(settings))


@pytest.fixture(scope="session")
def app(settings: Settings, shop: Workshop) -> Flask:
    """The application over the session's servers."""
    return create_app(settings)


@pytest.fixture
def house(app: Flask, shop: Workshop) -> Iterator[House]:
    """A house with an account of its own."""
    house = House(app, shop)
    yield house
    _owe_nothing(house)


@pytest.fixture
def another_house(app: Flask, shop: Workshop) -> Iterator[House]:
    """A second one, to compare with or to keep out."""
    house = House(app, shop)
    yield house
    _owe_nothing(house)


def _owe_nothing(house: House) -> None:
    """Take back what is still owed: the workers of other tests serve every account."""
    house.rows_changed(
        "UPDATE outbox SET state = 'withdrawn', leased_until = NULL WHERE account_id = :account"
        " AND state IN ('waiting', 'failed', 'leased')"
    )
