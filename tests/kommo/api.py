"""The paths of the fake: method and path to status and body."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from tests.kommo import writing
from tests.kommo.memory import KINDS, Account, Invalid, Link
from tests.kommo.paths import listed, unfold
from tests.kommo.reading import MOST, chosen, page_of, shown
from tests.kommo.values import NOT_A_CHOICE

MOST_WRITTEN, MOST_TOGETHER = 250, 50
NOTE_TYPES = {
    "common": {"text"},
    "service_message": {"service", "text"},
    "extended_service_message": {"service", "text"},
    "sms_in": {"text", "phone"},
    "sms_out": {"text", "phone"},
    "geolocation": {"text", "address", "longitude", "latitude"},
}
HOOK_CODES = {
    f"{verb}_{kind}"
    for kind in ("lead", "contact", "company")
    for verb in ("add", "update", "delete", "restore", "responsible", "note")
} | {"status_lead", "add_task", "delete_task", "responsible_task", "add_talk", "add_message"}

Answer = tuple[int, Any]


@dataclass
class Call:
    """One request, read."""

    account: Account
    method: str
    path: str
    query_string: str
    body: Any
    address: str

    @property
    def query(self) -> dict[str, Any]:
        """The query, brackets unfolded."""
        return unfold(self.query_string)


class Problem(Exception):
    """An answer that is a fault."""

    def __init__(self, status: int, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"title": title, "type": f"https://httpstatus.es/{status}", "status": status, "detail": detail}
        self.body |= more


def bad_request(errors: list[tuple[str, Invalid]]) -> Problem:
    """The 400 of the reference: which item, which field, which code."""
    said = [
        {
            "request_id": request_id,
            "errors": [{"code": code, "path": path, "detail": detail} for code, path, detail in invalid.errors],
        }
        for request_id, invalid in errors
    ]
    return Problem(400, "Bad Request", "Request validation failed", **{"validation-errors": said})


def account(call: Call) -> Answer:
    own = call.account
    wanted = str(call.query.get("with", "")).split(",")
    about: dict[str, Any] = {
        "id": own.id,
        "name": own.name,
        "subdomain": own.subdomain,
        "current_user_id": next(iter(own.users)),
        "country": "BR",
        "currency": own.currency,
        "currency_symbol": "R$",
        "is_unsorted_on": True,
        "is_loss_reason_enabled": True,
        "_links": {"self": {"href": call.address}},
    }
    if "is_api_filter_enabled" in wanted:
        about["is_api_filter_enabled"] = own.api_filter_enabled
    return 200, about


def pipelines(call: Call) -> Answer:
    own = copy.deepcopy(call.account.pipelines)
    return 200, {"_total_items": len(own), "_embedded": {"pipelines": own}}


def users(call: Call) -> Answer:
    people = [
        {"id": user_id, "name": name, "email": f"user{user_id}@example.com", "rights": {"is_active": True}}
        for user_id, name in call.account.users.items()
    ]
    return listing(call, "users", people)


def fields(call: Call, kind: str) -> Answer:
    return listing(call, "custom_fields", copy.deepcopy(call.account.fields[kind]))


def add_fields(call: Call, kind: str) -> Answer:
    own = call.account
    if not own.is_administrators:
        raise Problem(403, "Forbidden", "Access denied")
    if not isinstance(call.body, list) or not all(one.get("name") and one.get("type") for one in call.body):
        raise bad_request([("0", Invalid(("FieldMissing", "name", "This field is missing.")))])
    made = [own.next_id(880900) for _ in call.body]
    for field_id, one in zip(made, call.body, strict=True):
        own.add_field(kind, field_id, one["name"], one["type"], code=one.get("code"))
    return 201, {"_embedded": {"custom_fields": [one for one in own.fields[kind] if one["id"] in made]}}


def listing(call: Call, name: str, rows: list[Any]) -> Answer:
    if int(call.query.get("limit", 1)) > MOST:
        raise Problem(400, "Bad Request", "limit is too large")
    part, links = page_of(rows, call.query, call.address, call.query_string)
    if not part:
        return 204, None
    return 200, {"_page": int(call.query.get("page", 1)), "_links": links, "_embedded": {name: part}}


def entities(call: Call, kind: str) -> Answer:
    rows = chosen(call.account, kind, call.query)
    return listing(call, kind, [shown(call.account, kind, row, call.query) for row in rows])


def entity(call: Call, kind: str, row_id: str) -> Answer:
    row = call.account.rows[kind].get(int(row_id))
    return (204, None) if row is None else (200, shown(call.account, kind, row, call.query))


def written(call: Call, work: Callable[[Account, dict[str, Any]], dict[str, Any]], most: int) -> list[Any]:
    """Each item of an array written, or none of them where one is wrong."""
    if not isinstance(call.body, list) or not all(isinstance(item, dict) for item in call.body):
        raise bad_request([("0", Invalid(("InvalidType", "", "This value should be of type array.")))])
    if len(call.body) > most:
        raise Problem(400, "Bad Request", f"no more than {most} at once")
    with _all_or_nothing(call.account) as undoing:
        done, wrong = [], []
        for place, item in enumerate(call.body):
            try:
                done.append(work(call.account, item))
            except Invalid as invalid:
                wrong.append((str(item.get("request_id", place)), invalid))
            except KeyError:
                invalid = Invalid(("NotSupportedChoice", "id", NOT_A_CHOICE))
                wrong.append((str(item.get("request_id", place)), invalid))
        if wrong:
            undoing.wanted = True
            raise bad_request(wrong)
    return done


class _all_or_nothing:  # noqa: N801  # read as words where it is used
    def __init__(self, account: Account) -> None:
        self.account, self.wanted = account, False

    def __enter__(self) -> Self:
        own = self.account
        self.rows = {kind: {key: dict(row) for key, row in own.rows[kind].items()} for kind in KINDS}
        self.links, self.events, self.notes = list(own.links), len(own.events), len(own.notes)
        return self

    def __exit__(self, *_: object) -> None:
        if self.wanted:
            self.account.rows, self.account.links = self.rows, self.links
            del self.account.events[self.events :]
            del self.account.notes[self.notes :]


def create(call: Call, kind: str) -> Answer:
    rows = written(call, lambda own, item: writing.create(own, kind, item), MOST_WRITTEN)
    answers = [
        {
            "id": row["id"],
            **({} if kind == "leads" else {"is_deleted": False, "is_unsorted": False}),
            "request_id": str(item.get("request_id", place)),
            "_links": {"self": {"href": f"{call.address}/{row['id']}"}},
        }
        for place, (row, item) in enumerate(zip(rows, call.body, strict=True))
    ]
    if call.account.shuffles_answers:
        answers.reverse()
    return 200, {"_embedded": {kind: answers}}


def change(call: Call, kind: str) -> Answer:
    rows = written(call, lambda own, item: writing.change(own, kind, item["id"], item), MOST_WRITTEN)
    answers = [
        {"id": row["id"], "updated_at": row["updated_at"], "request_id": str(item.get("request_id", place))}
        for place, (row, item) in enumerate(zip(rows, call.body, strict=True))
    ]
    return 200, {"_embedded": {kind: answers}}


def change_one(call: Call, kind: str, row_id: str) -> Answer:
    if not isinstance(call.body, dict):
        raise bad_request([("0", Invalid(("InvalidType", "", "This value should be of type object.")))])
    try:
        row = writing.change(call.account, kind, row_id, call.body)
    except KeyError:
        raise Problem(404, "Not Found", "Entity not found") from None
    except Invalid as invalid:
        raise bad_request([("0", invalid)]) from None
    return 200, {"id": row["id"], "updated_at": row["updated_at"]}


def together(call: Call) -> Answer:
    return 200, written(call, writing.create_together, MOST_TOGETHER)


def links(call: Call, kind: str, row_id: str) -> Answer:
    own, filters = call.account, call.query.get("filter") or {}
    if int(row_id) not in own.rows[kind]:
        return 204, None
    found = [link for other in KINDS for link in own.linked(kind, int(row_id), other)]
    shown_links = [
        {
            "to_entity_id": link.to_id,
            "to_entity_type": link.to_kind,
            "metadata": {"main_contact": link.is_main} if link.to_kind == "contacts" else None,
        }
        for link in found
        if filters.get("to_entity_type") in (None, link.to_kind)
        and str(filters.get("to_entity_id", link.to_id)) == str(link.to_id)
    ]
    return 200, {"_embedded": {"links": shown_links}}


def tie(call: Call, kind: str, row_id: str) -> Answer:
    own, asked = call.account, []
    for item in call.body:
        metadata = item.get("metadata") or {}
        if metadata.get("updated_by") and metadata["updated_by"] not in own.users:
            raise bad_request([("0", Invalid(("NotSupportedChoice", "metadata.updated_by", NOT_A_CHOICE)))])
        wanted = Link(kind, int(row_id), item["to_entity_type"], item["to_entity_id"], metadata.get("is_main", False))
        if any(old.to_id == wanted.to_id for old in own.linked(kind, int(row_id), wanted.to_kind)):
            raise Problem(500, "Internal Server Error", "already linked")
        asked.append(wanted)
    for wanted in asked:
        try:
            writing.link(own, wanted)
        except Invalid as invalid:
            raise bad_request([("0", invalid)]) from None
    return 200, {"_embedded": {"links": call.body}}


def untie(call: Call, kind: str, row_id: str) -> Answer:
    gone = {(item["to_entity_type"], item["to_entity_id"]) for item in call.body}
    call.account.links = [
        link
        for link in call.account.links
        if (link.from_kind, link.from_id) != (kind, int(row_id)) or (link.to_kind, link.to_id) not in gone
    ]
    return 204, None


def notes(call: Call, kind: str, row_id: str) -> Answer:
    wanted = listed((call.query.get("filter") or {}).get("note_type"))
    own = [note for note in call.account.notes if (note["kind"], note["entity_id"]) == (kind, int(row_id))]
    return listing(call, "notes", [note for note in own if not wanted or note["note_type"] in wanted])


def add_notes(call: Call, kind: str, row_id: str | None = None) -> Answer:
    done = written(call, lambda own, item: _note(own, kind, item, row_id), MOST_WRITTEN)
    return 200, {
        "_embedded": {
            "notes": [
                {"id": note["id"], "entity_id": note["entity_id"], "request_id": str(item.get("request_id", place))}
                for place, (note, item) in enumerate(zip(done, call.body, strict=True))
            ]
        }
    }


def _note(own: Account, kind: str, item: dict[str, Any], row_id: str | None) -> dict[str, Any]:
    entity_id = int(row_id) if row_id else item.get("entity_id")
    needed = NOTE_TYPES.get(item.get("note_type", ""))
    if entity_id not in own.rows[kind]:
        raise Invalid(("NotSupportedChoice", "entity_id", NOT_A_CHOICE))
    if needed is None:
        raise Invalid(("NotSupportedChoice", "note_type", NOT_A_CHOICE))
    missing = needed - set(item.get("params") or {})
    if missing:
        raise Invalid(*(("FieldMissing", f"params.{name}", "This field is missing.") for name in sorted(missing)))
    note = {
        "id": own.next_id(42000),
        "kind": kind,
        "entity_id": entity_id,
        "note_type": item["note_type"],
        "params": item["params"],
        "created_at": own.now(),
        "triggers": item.get("is_need_to_trigger_digital_pipeline", True),
    }
    own.notes.append(note)
    return note


def tags(call: Call, kind: str) -> Answer:
    made = [{"id": call.account.tag_id(kind, item["name"]), "name": item["name"]} for item in call.body]
    return 200, {"_embedded": {"tags": made}}


def hooks(call: Call) -> Answer:
    wanted = (call.query.get("filter") or {}).get("destination")
    own = [hook for url, hook in call.account.hooks.items() if wanted in (None, url)]
    return (200, {"_embedded": {"webhooks": copy.deepcopy(own)}}) if own else (204, None)


def subscribe(call: Call) -> Answer:
    own, body = call.account, call.body
    if not own.allows_hooks:
        raise Problem(402, "Payment Required", "Webhooks are not part of your plan")
    if not isinstance(body, dict) or not body.get("destination") or not isinstance(body.get("settings"), list):
        raise bad_request([("0", Invalid(("FieldMissing", "destination", "This field is missing.")))])
    if set(body["settings"]) - HOOK_CODES:
        raise bad_request([("0", Invalid(("NotSupportedChoice", "settings", NOT_A_CHOICE)))])
    old = own.hooks.get(body["destination"])
    if old and not own.resubscribing_wakes:
        return 200, copy.deepcopy(old)
    hook = {
        "id": old["id"] if old else own.next_id(8000),
        "destination": body["destination"],
        "settings": body["settings"],
        "sort": body.get("sort", 0),
        "disabled": False,
        "created_by": next(iter(own.users)),
        "created_at": own.now(),
        "updated_at": own.now(),
        "account_id": own.id,
    }
    own.hooks[body["destination"]] = hook
    return 201, hook


def unsubscribe(call: Call) -> Answer:
    call.account.hooks.pop((call.body or {}).get("destination"), None)
    return 204, None


KIND = "(leads|contacts|companies)"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "account", account),
    ("GET", "leads/pipelines", pipelines),
    ("GET", "users", users),
    ("GET", f"{KIND}/custom_fields", fields),
    ("POST", f"{KIND}/custom_fields", add_fields),
    ("POST", "leads/complex", together),
    ("GET", KIND, entities),
    ("POST", KIND, create),
    ("PATCH", KIND, change),
    ("POST", f"{KIND}/tags", tags),
    ("POST", f"{KIND}/notes", add_notes),
    ("GET", rf"{KIND}/(\d+)", entity),
    ("PATCH", rf"{KIND}/(\d+)", change_one),
    ("GET", rf"{KIND}/(\d+)/notes", notes),
    ("POST", rf"{KIND}/(\d+)/notes", add_notes),
    ("GET", rf"{KIND}/(\d+)/links", links),
    ("POST", rf"{KIND}/(\d+)/link", tie),
    ("POST", rf"{KIND}/(\d+)/unlink", untie),
    ("GET", "webhooks", hooks),
    ("POST", "webhooks", subscribe),
    ("DELETE", "webhooks", unsubscribe),
]


def answer(call: Call) -> Answer:
    """What Kommo says to a request; raises Problem."""
    known = False
    for method, pattern, view in ROUTES:
        found = re.fullmatch(f"/api/v4/{pattern}", call.path)
        if found is None:
            continue
        known = True
        if method == call.method:
            with call.account.lock:
                return view(call, *found.groups())
    raise Problem(405, "Method Not Allowed", "No such method") if known else Problem(404, "Not Found", "No such path")
