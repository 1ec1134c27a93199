"""Imports: upload, preview, confirm, watch, undo."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.imports import ConfirmIn, FieldOut, ImportOut, LayoutIn, UploadIn
from service import desk
from service.errors import Unprocessable
from service.queues import Lane
from service.store import imports
from service.store.engine import transaction
from service.store.imports import Ref
from service.web import downloads, guards
from service.web.api.pages import page_of
from service.web.rooms import rooms

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1/imports", description="Spreadsheet imports")
blueprint.before_request(guards.api_account)


def _ref(import_id: int) -> Ref:
    return Ref(guards.current_account().id, import_id)


@blueprint.route("/fields")
class Fields(MethodView):
    """What a column can be mapped to."""

    @blueprint.response(200, FieldOut(many=True))
    def get(self) -> Any:
        """List the fields, with labels in three languages."""
        return desk.fields()


@blueprint.route("")
class Imports(MethodView):
    """All imports."""

    @blueprint.response(200, ImportOut(many=True))
    @blueprint.paginate()
    def get(self, pagination_parameters: Any) -> Any:
        """List imports, newest first."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            listed = imports.history(tx, account.id, page_of(pagination_parameters))
            pagination_parameters.item_count = listed.total
            return [desk.shown(tx, account, row) for row in listed.rows]

    @blueprint.arguments(UploadIn, location="form")
    @blueprint.response(201, ImportOut)
    def post(self, said: dict[str, Any]) -> Any:
        """Upload a spreadsheet (multipart, field `file`); a worker looks into it at once."""
        uploaded = request.files.get("file")
        if uploaded is None:
            raise Unprocessable("Send the spreadsheet as multipart form field 'file'.", code="file_missing")
        account = guards.current_account()
        sent = desk.Sent(
            uploaded.stream,
            uploaded.filename or "upload",
            by="API",
            last_modified=said.get("last_modified"),
            exported_at=said.get("exported_at"),
        )
        with transaction(rooms().engine) as tx:
            limit = rooms().settings.max_upload_bytes
            ref = desk.open_file(tx, account, sent, limit=limit, now=datetime.now(UTC))
            answer = desk.shown(tx, account, desk.found(tx, ref))
        rooms().bell.ring(Lane.FILES)
        return answer


@blueprint.route("/<int:import_id>")
class OneImport(MethodView):
    """One import."""

    @blueprint.response(200, ImportOut)
    def get(self, import_id: int) -> Any:
        """One import: what was found, how far it is, what it did."""
        with transaction(rooms().engine) as tx:
            return desk.shown(tx, guards.current_account(), desk.found(tx, _ref(import_id)))


@blueprint.route("/<int:import_id>/confirm")
class Confirm(MethodView):
    """Trying and running."""

    @blueprint.arguments(ConfirmIn)
    @blueprint.response(202, ImportOut)
    def post(self, options: dict[str, Any], import_id: int) -> Any:
        """Run an import that is ready, or try it with `dry_run`."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            row = desk.confirm(tx, account, _ref(import_id), options, now=datetime.now(UTC))
            answer = desk.shown(tx, account, row)
        rooms().bell.ring(Lane.FILES)
        rooms().bell.ring(Lane.BULK)
        return answer


@blueprint.route("/<int:import_id>/reread")
class Reread(MethodView):
    """Looking again."""

    @blueprint.arguments(LayoutIn)
    @blueprint.response(202, ImportOut)
    def post(self, layout: dict[str, Any], import_id: int) -> Any:
        """Look into the file again with another encoding, delimiter, sheet or header row."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            answer = desk.shown(tx, account, desk.read_again(tx, _ref(import_id), layout))
        rooms().bell.ring(Lane.FILES)
        return answer


@blueprint.route("/<int:import_id>/cancel")
class Cancel(MethodView):
    """Stopping."""

    @blueprint.response(202, ImportOut)
    def post(self, import_id: int) -> Any:
        """Stop an import after the present chunk."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            answer = desk.shown(tx, account, desk.cancel(tx, _ref(import_id), now=datetime.now(UTC)))
        rooms().bell.ring(Lane.BULK)
        return answer


@blueprint.route("/<int:import_id>/undo")
class Undo(MethodView):
    """Taking back."""

    @blueprint.response(202, ImportOut)
    def post(self, import_id: int) -> Any:
        """Take an import back: what it said goes, what newer information says stays."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            answer = desk.shown(tx, account, desk.undo(tx, _ref(import_id)))
        rooms().bell.ring(Lane.BULK)
        return answer


@blueprint.route("/<int:import_id>/problems")
class Problems(MethodView):
    """The rows that were not taken."""

    @blueprint.response(200, content_type="text/csv")
    def get(self, import_id: int) -> Response:
        """CSV of the rows that were not taken: original columns, row number, column, reason, hint."""
        return downloads.problems(_ref(import_id))
