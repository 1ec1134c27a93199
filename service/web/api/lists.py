"""What every list around sales offers: a page of it, what it adds up to, and the whole as a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema

from schemas.sales import TotalOut
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.parts import Part, Place, Total, patience
from service.web import downloads, guards
from service.web.rooms import rooms


def _as_it_is(part: Part, _wanted: Any, _account: Account) -> Any:
    return part


@dataclass(frozen=True)
class ListResource:
    """One list: its `path` below /api/v1, how questions are read, what the store is asked, what the documentation says.

    `file` is how the question for a file is read, and `write` answers it; None where another resource does.
    `shown` makes the answer of a part.
    """

    path: str
    query: type[Schema]
    page: type[Schema]
    filter: type[Schema]
    wanted: Callable[[dict[str, Any], Account], Any]
    listed: Callable[..., Part]
    total: Callable[..., list[Total]]
    listing: str
    totals: str
    file: type[Schema] | None = None
    write: Callable[..., Response] | None = None
    export: str = ""
    shown: Callable[[Part, Any, Account], Any] = _as_it_is


def offer(blueprint: Blueprint, one: ListResource) -> None:
    """Put a list, its totals and its file under the blueprint."""

    @blueprint.route(f"/{one.path}", endpoint=one.path)
    class Rows(MethodView):
        @blueprint.arguments(one.query, location="query")
        @blueprint.response(200, one.page)
        @blueprint.doc(summary=one.listing)
        def get(self, asked: dict[str, Any]) -> Any:
            account, after, size = guards.current_account(), asked.pop("after", None), asked.pop("size")
            wanted = one.wanted(asked, account)
            with transaction(rooms().engine) as tx, patience(tx):
                part = one.listed(tx, account.id, wanted, after=Place(*after) if after else None, size=size)
            return one.shown(part, wanted, account)

    @blueprint.route(f"/{one.path}/totals", endpoint=f"{one.path}_totals")
    class Totals(MethodView):
        @blueprint.arguments(one.filter, location="query")
        @blueprint.response(200, TotalOut(many=True))
        @blueprint.doc(summary=one.totals)
        def get(self, asked: dict[str, Any]) -> Any:
            account = guards.current_account()
            with transaction(rooms().engine) as tx, patience(tx):
                return one.total(tx, account.id, one.wanted(asked, account))

    if one.file is not None and one.write is not None:
        _offer_file(blueprint, one, one.file, one.write)


def _offer_file(blueprint: Blueprint, one: ListResource, file: type[Schema], write: Callable[..., Response]) -> None:
    @blueprint.route(f"/{one.path}/export", endpoint=f"{one.path}_export")
    class File(MethodView):
        @blueprint.arguments(file, location="query")
        @blueprint.response(200, content_type="text/csv")
        @blueprint.alt_response(200, content_type=downloads.XLSX)
        @blueprint.doc(summary=one.export)
        def get(self, asked: dict[str, Any]) -> Response:
            account, form, language = guards.current_account(), asked.pop("format"), asked.pop("language")
            return write(account, form, language, one.wanted(asked, account))
