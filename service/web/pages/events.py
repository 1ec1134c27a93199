"""The inbox as a page: what arrived, what became of it, and doing it again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson
import structlog
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import RowMapping
from werkzeug import Response

from schemas.bodies import form_of
from service.errors import Conflict, NotFound
from service.store import facts, lists, panel
from service.store.engine import transaction
from service.store.lists import Page as Part
from service.web import guards, masking, words
from service.web.days import midnight
from service.web.pages.accounts import Entry, Page, account_pages
from service.web.replays import replay
from service.web.rooms import rooms

blueprint = account_pages("events", __name__, "/events")
PAGE = Page(blueprint, Entry(_l("Events"), "events", "events.index", at_hand=True))
PAGE_SIZE = 50
LONGEST_WORDS = 200
LAST_PAGE = 10_000
log = structlog.get_logger()


@blueprint.get("")
def index() -> str:
    """The inbox, newest first; postbacks, unless another source is asked for."""
    asked = _asked()
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        listed = lists.deliveries(tx, account.id, Part(number, PAGE_SIZE), **_conditions(asked, account.zone))
        names = panel.event_names(tx, account.id)
        anything = bool(listed.total) or lists.deliveries(tx, account.id, Part(1, 1)).total > 0
    return render_template(
        "events/index.html",
        listed=listed,
        asked=asked,
        names=sorted(names, key=lambda name: str(words.event_name(name))),
        number=number,
        address=lambda page: url_for("events.index") + "?" + urlencode({**asked, "page": page}),
        pages=max(-(-listed.total // PAGE_SIZE), 1),
        anything=anything,
        filtered=any(value for name, value in asked.items() if name != "source"),
    )


def _asked() -> dict[str, str]:
    """The filters of the request; the URL is the filter."""
    asked = {name: request.args.get(name, "").strip()[:LONGEST_WORDS] for name in ("state", "event", "q", "from", "to")}
    source = request.args.get("source", "hotmart")
    return {"source": source if source in (*words.SOURCES, "all") else "hotmart", **asked}


def _conditions(asked: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "source": None if asked["source"] == "all" else asked["source"],
        "state": asked["state"] or None,
        "event": asked["event"] or None,
        "about": asked["q"].replace("\x00", "") or None,
        "since": midnight(asked["from"], zone),
        "until": midnight(asked["to"], zone, after=1),
    }


@blueprint.get("/<int:delivery_id>")
def show(delivery_id: int) -> str:
    """One event: what became of it, and its content without personal data."""
    return _page(delivery_id, revealed=False)


@blueprint.post("/<int:delivery_id>/reveal")
def reveal(delivery_id: int) -> str:
    """The same with personal data; who looked is kept."""
    account, person = guards.current_account(), guards.current_person()
    with transaction(rooms().engine) as tx:
        if lists.delivery(tx, account.id, delivery_id) is None:
            raise NotFound("There is no such event.")
        panel.note_reveal(tx, account.id, delivery_id, person.id)
    log.info("personal data revealed", account_id=account.id, delivery_id=delivery_id, user=person.id)
    return _page(delivery_id, revealed=True)


@blueprint.post("/<int:delivery_id>/replay")
def work_again(delivery_id: int) -> Response:
    """Read a kept event again; what it says is replaced by what it says now."""
    try:
        replay(guards.current_account().id, delivery_id)
    except Conflict:
        flash(_("This event cannot be read again: it was withdrawn, or its content was deleted."), "danger")
    else:
        flash(_("The event is being read again. Load the page once more to see what became of it."), "success")
    return redirect(url_for("events.show", delivery_id=delivery_id))


def _page(delivery_id: int, *, revealed: bool) -> str:
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        found = lists.delivery(tx, account_id, delivery_id)
        if found is None:
            raise NotFound("There is no such event.")
        told = facts.of_deliveries(tx, account_id, [delivery_id])
        looked = panel.reveals(tx, account_id, delivery_id)
    return render_template(
        "events/show.html",
        event=found,
        body=_readable(found["body"], revealed=revealed),
        facts=[
            (fact, fact.fields if revealed else masking.masked_fields(fact), _subject(fact.subject, revealed=revealed))
            for fact in told
        ],
        notes=_notes(found, revealed=revealed),
        looked=looked,
        revealed=revealed,
        may_replay=found["state"] != "withdrawn" and found["body"] is not None and guards.current_role().may_change,
    )


def _subject(subject: str, *, revealed: bool) -> str:
    return subject if revealed else masking.masked_subject(subject)


def _readable(body: bytes | None, *, revealed: bool) -> str | None:
    """The content as indented JSON, a form as its fields; text that is neither is shown only when revealed."""
    if body is None:
        return None
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = form_of(bytes(body))
        if content is None:
            return bytes(body).decode("utf-8", "replace") if revealed else masking.HIDDEN
    shown = content if revealed else masking.masked(content)
    return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()


def _notes(found: RowMapping, *, revealed: bool) -> list[tuple[str, str]]:
    """(where, what) for every part of the event that could not be read."""
    notes = found["notes"] or {}
    if isinstance(notes, dict):
        return [(field, _told(str(said), revealed=revealed)) for field, said in notes.items()]
    return [
        (str(note.get("header") or note.get("field") or ""), _told(str(note.get("message") or ""), revealed=revealed))
        for note in notes
    ]


def _told(said: str, *, revealed: bool) -> str:
    return said if revealed else masking.scrubbed(said)
