"""Files that people take with them, sent as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Response, stream_with_context

from service import problem_files
from service.domain.after_sale import StepKind
from service.exports import clients as client_exports
from service.exports import lists as list_exports
from service.exports import sales as sales_export
from service.exports import xlsx_file
from service.exports.sales import Asked
from service.problem_files import ENGLISH, Wording
from service.store import client_choices, exporting
from service.store import clients as client_store
from service.store.accounts import Account
from service.store.client_filters import Sought as ClientsSought
from service.store.clients import Order
from service.store.engine import transaction
from service.store.imports import Ref
from service.store.opportunities import Sought
from service.store.sales import SalesFilter
from service.store.steps import StepFilter
from service.store.subscribers import SubscriptionFilter
from service.web.rooms import rooms

XLSX = xlsx_file.MEDIA_TYPE


def problems(ref: Ref, wording: Wording = ENGLISH) -> Response:
    """The rows of an import that were not taken, as CSV. Raises NotFound before anything is sent.

    Each piece is read in a transaction of its own: somebody with a slow connection holds none open.
    """
    with transaction(rooms().engine) as tx:
        piece = problem_files.beginning(tx, ref, wording)

    def pieces() -> Iterator[str]:
        present: problem_files.Piece | None = piece
        while present is not None:
            yield present.text
            with transaction(rooms().engine) as tx:
                present = problem_files.piece_after(tx, ref, present.last_row, wording)

    headers = {"Content-Disposition": f"attachment; filename=import-{ref.id}-problems.csv"}
    return Response(stream_with_context(pieces()), content_type="text/csv; charset=utf-8", headers=headers)


def sales(account: Account, form: str, language: str, wanted: SalesFilter) -> Response:
    """The sales of an account that match, as `form` csv or xlsx, with headers in `language` pt, en or es.

    All of it shows one moment, and importing the file again changes nothing.
    """
    asked = Asked(form, language, account.zone, datetime.now(UTC))
    return _file(asked, asked.file_name(), sales_export.sales_file(rooms().engine, account.id, asked, wanted))


def opportunities(account: Account, form: str, language: str, wanted: Sought) -> Response:
    """The opportunities that match, as a file to work through."""
    asked = Asked(form, language, account.zone, datetime.now(UTC))
    rows = exporting.opportunities(rooms().engine, account.id, wanted)
    return _file(asked, _named(asked, "opportunities"), list_exports.opportunities_file(rows, asked))


def steps(account: Account, form: str, language: str, wanted: StepFilter) -> Response:
    """The steps that match, as a file; of open disputes with the day an answer is due."""
    asked = Asked(form, language, account.zone, datetime.now(UTC))
    rows = exporting.steps(rooms().engine, account.id, wanted)
    days = account.refund_days if wanted.kind is StepKind.DISPUTED else None
    return _file(asked, _named(asked, str(wanted.kind)), list_exports.steps_file(rows, asked, days))


def subscriptions(account: Account, form: str, language: str, wanted: SubscriptionFilter) -> Response:
    """The subscriptions that match, as a file."""
    asked = Asked(form, language, account.zone, datetime.now(UTC))
    rows = exporting.subscriptions(rooms().engine, account.id, wanted)
    return _file(asked, _named(asked, "subscriptions"), list_exports.subscriptions_file(rows, asked))


def clients(account: Account, form: str, language: str, wanted: ClientsSought, order: Order) -> Response:
    """The clients that match, in the order of their list."""
    asked = Asked(form, language, account.zone, datetime.now(UTC))
    with transaction(rooms().engine) as tx:
        currencies = client_choices.currencies(tx, account.id)
    rows = client_store.everybody(rooms().engine, account.id, wanted, order)
    return _file(asked, _named(asked, "clients"), client_exports.clients_file(rows, currencies, asked))


def _named(asked: Asked, what: str) -> str:
    return f"{what}_{asked.now.astimezone(asked.zone):%Y%m%d%H%M%S}_marco.{asked.form}"


def _file(asked: Asked, name: str, pieces: Iterator[bytes]) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    content_type = sales_export.FORMATS[asked.form]
    return Response(stream_with_context(pieces), content_type=content_type, headers=headers)
