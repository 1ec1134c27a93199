"""Step 1: a file comes in."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import jsonify, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug import Response
from werkzeug.exceptions import RequestEntityTooLarge

from schemas.imports import UploadIn
from service import desk
from service.errors import MarcoError, TooLarge, Unprocessable
from service.queues import Lane
from service.store.engine import transaction
from service.web import guards, import_words
from service.web.faults import status_of
from service.web.pages.wizard.room import Step, blueprint, step_page
from service.web.rooms import rooms

KINDS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsb", ".ods", ".html", ".htm")
"""What the file chooser of the browser offers first. The content decides, never the name."""


@blueprint.get("/new")
def new() -> str:
    """Where to drop the file, and what the plan still allows."""
    return _page()


def _page(fault: MarcoError | None = None) -> str:
    account, settings = guards.current_account(), rooms().settings
    with transaction(rooms().engine) as tx:
        allowance = desk.allowance(tx, account, datetime.now(UTC))
    return step_page(
        "upload",
        Step.UPLOAD,
        allowance=allowance,
        limit_mb=settings.max_upload_bytes // 2**20,
        limit_bytes=settings.max_upload_bytes,
        keep_days=settings.upload_keep_days,
        kinds=",".join(KINDS),
        refusal=import_words.refusal(fault) if fault else None,
    )


@blueprint.post("/new")
def upload() -> Response | tuple[str, int]:
    """Keep the file and have it looked into; nothing of it stays when it cannot be kept whole."""
    try:
        import_id = _kept()
    except Unprocessable as fault:
        return _refused(fault)
    rooms().bell.ring(Lane.FILES)
    address = url_for("wizard.show", import_id=import_id)
    return jsonify(next=address) if _asked_by_script() else redirect(address)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_: RequestEntityTooLarge) -> Response | tuple[str, int]:
    """A body beyond the limit, refused before it was read."""
    limit = rooms().settings.max_upload_bytes // 2**20
    return _refused(
        TooLarge(f"The file is larger than {limit} MB.", code="file_too_large", facts={"limit": str(limit)})
    )


def _kept() -> int:
    uploaded = request.files.get("file")
    if uploaded is None or not uploaded.filename:
        raise Unprocessable("Choose a spreadsheet first.", code="file_missing")
    sent = desk.Sent(
        uploaded.stream, uploaded.filename, by=guards.current_person().name, last_modified=_last_modified()
    )
    with transaction(rooms().engine) as tx:
        limit = rooms().settings.max_upload_bytes
        return desk.open_file(tx, guards.current_account(), sent, limit=limit, now=datetime.now(UTC)).id


def _last_modified() -> datetime | None:
    """What the browser knows of the file; a script fills it in, so it may be missing or nonsense."""
    try:
        loaded: dict[str, datetime] = UploadIn().load({"last_modified": request.form.get("last_modified")})
    except ValidationError:
        return None
    return loaded["last_modified"]


def _asked_by_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _refused(fault: MarcoError) -> Response | tuple[str, int]:
    status = status_of(fault)
    if not _asked_by_script():
        return _page(fault), status
    answer = jsonify(message=" ".join(filter(None, import_words.refusal(fault))))
    answer.status_code = status
    return answer
