"""Files that people take with them, sent as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Response, stream_with_context

from service import problem_files
from service.exports import sales as sales_export
from service.exports import xlsx_file
from service.problem_files import ENGLISH, Wording
from service.store.accounts import Account
from service.store.engine import transaction
from service.store.exporting import SalesFilter
from service.store.imports import Ref
from service.web.rooms import rooms

__all__ = ["XLSX", "SalesFilter", "problems", "sales"]
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
    asked = sales_export.Asked(form, language, account.zone, datetime.now(UTC))
    pieces = sales_export.sales_file(rooms().engine, account.id, asked, wanted)
    headers = {"Content-Disposition": f"attachment; filename={asked.file_name()}", "Cache-Control": "no-store"}
    content_type = sales_export.FORMATS[form]
    return Response(stream_with_context(pieces), content_type=content_type, headers=headers)
