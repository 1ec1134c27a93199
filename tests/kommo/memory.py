"""One account of the fake Kommo: what it holds, as its API shows it."""

from __future__ import annotations

import copy
import itertools
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.kommo.searching import Index

KINDS = ("leads", "contacts", "companies")
WON, LOST = 142, 143
PHONE_CODES = ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER")
EMAIL_CODES = ("WORK", "PRIV", "OTHER")
FIRST_USER = 11220001


@dataclass(frozen=True)
class Link:
    """Two things that belong together, from the lead's or contact's side."""

    from_kind: str
    from_id: int
    to_kind: str
    to_id: int
    is_main: bool = False


class Invalid(Exception):
    """Errors of one item, as Kommo lists them: (code, path, detail)."""

    def __init__(self, *errors: tuple[str, str, str]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass
class Account:
    """Everything of one account. `index_delay` is how many seconds a write stays unknown to the search."""

    id: int = 30112233
    subdomain: str = "cursoexemplo"
    name: str = "Curso Exemplo"
    token: str = "token-of-the-tests"
    currency: str = "BRL"
    minor_units: bool = True
    index_delay: float = 0.0
    api_filter_enabled: bool = False
    duplicate_control: bool = False
    shuffles_answers: bool = False
    allows_hooks: bool = True
    is_administrators: bool = True
    """Whether the token is an administrator's: others may not make fields."""
    resubscribing_wakes: bool = True
    """Whether a second subscription of an address replaces the first or leaves it as it is: undocumented."""
    users: dict[int, str] = field(default_factory=lambda: {FIRST_USER: "Bia Souza", FIRST_USER + 1: "Caio Reis"})
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    tags: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    links: list[Link] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    """What happened to leads, for the hooks, in order."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self.index = Index()
        if not self.pipelines:
            self.add_pipeline("Vendas Hotmart", 7700100, {61000010: "Boleto gerado", 61000020: "Negociando"})
            self.add_field("contacts", 880001, "Telefone", "multitext", code="PHONE", options=PHONE_CODES)
            self.add_field("contacts", 880002, "E-mail", "multitext", code="EMAIL", options=EMAIL_CODES)
            self.add_field("leads", 880101, "Transação Hotmart", "text")

    def next_id(self, first: int) -> int:
        """A new number, never used before."""
        return first + next(self._ids)

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())

    # What an administrator sets up in the interface.

    def add_pipeline(self, name: str, pipeline_id: int, stages: dict[int, str]) -> None:
        """A pipeline with its stages in order; the first of all, won and lost come by themselves."""
        entrance = {"id": pipeline_id * 10 + 1, "name": "Entrada", "sort": 10, "type": 1, "is_editable": False}
        open_ones = [
            {"id": stage_id, "name": stage, "sort": 20 + 10 * place, "type": 0, "is_editable": True}
            for place, (stage_id, stage) in enumerate(stages.items())
        ]
        closed = [
            {"id": WON, "name": "Ganho", "sort": 10000, "type": 0, "is_editable": False},
            {"id": LOST, "name": "Perdido", "sort": 11000, "type": 0, "is_editable": False},
        ]
        statuses = [{**stage, "pipeline_id": pipeline_id} for stage in [entrance, *open_ones, *closed]]
        self.pipelines.append(
            {
                "id": pipeline_id,
                "name": name,
                "sort": len(self.pipelines) + 1,
                "is_main": not self.pipelines,
                "is_unsorted_on": True,
                "is_archive": False,
                "account_id": self.id,
                "_embedded": {"statuses": statuses},
            }
        )

    def add_field(
        self, kind: str, field_id: int, name: str, type_: str, *, code: str | None = None, options: Any = ()
    ) -> None:
        """A custom field; `options` are the texts to choose from, or codes of a multitext."""
        enums = [{"id": field_id * 100 + place, "value": text, "sort": place} for place, text in enumerate(options)]
        self.fields[kind].append(
            {
                "id": field_id,
                "name": name,
                "code": code,
                "type": type_,
                "sort": len(self.fields[kind]),
                "group_id": None,
                "is_api_only": False,
                "is_predefined": code is not None,
                "required_statuses": [],
                "enums": enums or None,
            }
        )

    # What is looked up while answering.

    def pipeline(self, pipeline_id: int) -> dict[str, Any] | None:
        """The pipeline with this id."""
        return next((found for found in self.pipelines if found["id"] == pipeline_id), None)

    def field(self, kind: str, entry: dict[str, Any]) -> dict[str, Any] | None:
        """The definition an entry of `custom_fields_values` names, by id or by code."""
        if entry.get("field_id") is not None:
            return next((found for found in self.fields[kind] if found["id"] == entry["field_id"]), None)
        code = entry.get("field_code")
        return next((found for found in self.fields[kind] if code and found["code"] == code), None)

    def tag_id(self, kind: str, name: str) -> int:
        """The id of a tag of this kind; made where it is new."""
        return self.tags[kind].setdefault(name, self.next_id(70000))

    def linked(self, kind: str, row_id: int, to_kind: str) -> list[Link]:
        """Links of a thing to things of a kind, whichever side they were made from."""
        found = []
        for link in self.links:
            if (link.from_kind, link.from_id, link.to_kind) == (kind, row_id, to_kind):
                found.append(link)
            elif (link.to_kind, link.to_id, link.from_kind) == (kind, row_id, to_kind):
                found.append(Link(kind, row_id, link.from_kind, link.from_id, link.is_main))
        return found

    def indexed(self, kind: str, row: dict[str, Any]) -> None:
        """Have the search know a row, after the delay."""
        self.index.learn(kind, row, visible_at=time.monotonic() + self.index_delay)

    # What tests read and prepare.

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Copies of all rows of a kind that are not deleted, oldest first."""
        with self.lock:
            return copy.deepcopy([row for row in self.rows[kind].values() if not row["is_deleted"]])

    def delete(self, kind: str, row_id: int) -> None:
        """Somebody puts it into the bin."""
        with self.lock:
            self.rows[kind][row_id]["is_deleted"] = True
            if kind == "leads":
                self.events.append({"action": "delete", "lead": {"id": row_id}})
