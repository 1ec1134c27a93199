"""Creating and changing leads, contacts and companies the way Kommo does, unpleasant parts included."""

from __future__ import annotations

from typing import Any

from tests.kommo.memory import FIRST_USER, LOST, WON, Account, Invalid, Link
from tests.kommo.searching import phones_of
from tests.kommo.values import NOT_A_CHOICE, replaced

FIRST_ID = {"leads": 9001000, "contacts": 5551000, "companies": 4441000}
PLAIN = ("name", "first_name", "last_name", "responsible_user_id", "loss_reason_id")


def create(account: Account, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """A new thing; raises Invalid."""
    now = account.now()
    row: dict[str, Any] = {
        "id": account.next_id(FIRST_ID[kind]),
        "name": "",
        "responsible_user_id": FIRST_USER,
        "created_by": 0,
        "updated_by": 0,
        "created_at": body.get("created_at", now),
        "updated_at": now,
        "is_deleted": False,
        "custom_fields_values": None,
        "account_id": account.id,
    }
    if kind == "leads":
        main = next(found for found in account.pipelines if found["is_main"])
        row |= {"price": 0, "pipeline_id": main["id"], "status_id": first_stage(main), "closed_at": None}
        row["loss_reason_id"] = None
    _write(account, kind, row, body)
    account.rows[kind][row["id"]] = row
    _embedded(account, kind, row, body)
    account.indexed(kind, row)
    if kind == "leads":
        account.events.append({"action": "add", "lead": dict(row)})
    return row


def change(account: Account, kind: str, row_id: Any, body: dict[str, Any]) -> dict[str, Any]:
    """An existing thing with what was sent; raises Invalid, KeyError where there is none."""
    row = account.rows[kind][int(row_id)]
    if row["is_deleted"]:
        raise KeyError(row_id)
    before = dict(row)
    fresh = dict(row)
    _write(account, kind, fresh, body)
    row.update(fresh, updated_at=account.now())
    _embedded(account, kind, row, body)
    account.indexed(kind, row)
    if kind == "leads" and (before["status_id"], before["pipeline_id"]) != (row["status_id"], row["pipeline_id"]):
        account.events.append({"action": "status", "lead": dict(row), "before": before})
    return row


def first_stage(pipeline: dict[str, Any]) -> int:
    """The first stage of a pipeline that is not for incoming leads."""
    return int(next(stage["id"] for stage in pipeline["_embedded"]["statuses"] if stage["type"] == 0))


def _write(account: Account, kind: str, row: dict[str, Any], body: dict[str, Any]) -> None:
    for name in ("created_by", "updated_by", "responsible_user_id"):
        if body.get(name) and body[name] not in account.users:
            raise Invalid(("NotSupportedChoice", name, NOT_A_CHOICE))
    for name in ("name", "first_name", "last_name"):
        if body.get(name) is not None and not isinstance(body[name], str):
            raise Invalid(("InvalidType", name, "This value should be of type string."))
    row.update({name: body[name] for name in PLAIN if name in body})
    if kind == "contacts" and "name" not in body and ("first_name" in body or "last_name" in body):
        row["name"] = f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip()
    if kind == "contacts" and "name" in body and "first_name" not in body:
        row["first_name"], _, row["last_name"] = body["name"].partition(" ")
    row["custom_fields_values"] = replaced(account, kind, row["custom_fields_values"], body.get("custom_fields_values"))
    if kind == "leads":
        _write_lead(account, row, body)


def _write_lead(account: Account, row: dict[str, Any], body: dict[str, Any]) -> None:
    pipeline = account.pipeline(body.get("pipeline_id") or row["pipeline_id"])
    if pipeline is None:
        raise Invalid(("NotSupportedChoice", "pipeline_id", NOT_A_CHOICE))
    status = body.get("status_id") or (row["status_id"] if "pipeline_id" not in body else first_stage(pipeline))
    if status not in {stage["id"] for stage in pipeline["_embedded"]["statuses"]}:
        raise Invalid(("NotSupportedChoice", "status_id", NOT_A_CHOICE))
    row["pipeline_id"], row["status_id"] = pipeline["id"], status
    row["closed_at"] = account.now() if status in (WON, LOST) else None
    if "price" in body:
        _write_price(account, row, body["price"])


def _write_price(account: Account, row: dict[str, Any], price: Any) -> None:
    is_number = isinstance(price, int | float) and not isinstance(price, bool)
    if not is_number or (isinstance(price, float) and not account.minor_units):
        raise Invalid(("InvalidType", "price", "This value should be of type int."))
    row["price"] = int(price)
    if account.minor_units:
        row["price_with_minor_units"] = price


def _embedded(account: Account, kind: str, row: dict[str, Any], body: dict[str, Any]) -> None:
    embedded = body.get("_embedded") or {}
    if "tags" in embedded:
        row["tags"] = _tags(account, kind, embedded["tags"] or [])
    elif "tags_to_add" in body or "tags_to_delete" in body:
        gone = {tag["name"] for tag in _tags(account, kind, body.get("tags_to_delete") or [])}
        stays = [tag for tag in row.get("tags", []) if tag["name"] not in gone]
        added = [tag for tag in _tags(account, kind, body.get("tags_to_add") or []) if tag not in stays]
        row["tags"] = stays + added
    if kind != "leads":
        return
    for place, contact in enumerate(embedded.get("contacts") or []):
        link(account, Link(kind, row["id"], "contacts", contact["id"], contact.get("is_main", place == 0)))
    for company in embedded.get("companies") or []:
        link(account, Link(kind, row["id"], "companies", company["id"]))


def _tags(account: Account, kind: str, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {tag_id: name for name, tag_id in account.tags[kind].items()}
    found = []
    for tag in sent:
        # Name and id together show the tag twice (reference 11).
        if tag.get("id") is not None:
            found.append({"id": tag["id"], "name": names.get(tag["id"], "")})
        if tag.get("name") is not None:
            found.append({"id": account.tag_id(kind, tag["name"]), "name": tag["name"]})
    return found


def link(account: Account, wanted: Link) -> None:
    """Tie two things; raises Invalid for an unknown one. A contact or lead has one company at most."""
    if wanted.to_id not in account.rows[wanted.to_kind]:
        raise Invalid(("NotSupportedChoice", "to_entity_id", NOT_A_CHOICE))
    account.links = [
        old
        for old in account.links
        if not (
            (old.from_kind, old.from_id, old.to_kind) == (wanted.from_kind, wanted.from_id, wanted.to_kind)
            and (old.to_id == wanted.to_id or wanted.to_kind == "companies")
        )
    ]
    account.links.append(wanted)


def create_together(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """A lead with its contact and company (`/leads/complex`); raises Invalid."""
    embedded = body.get("_embedded") or {}
    contact_body = next(iter(embedded.get("contacts") or []), None)
    company_body = next(iter(embedded.get("companies") or []), None)
    for part in (body, contact_body or {}, company_body or {}):
        if len(part.get("custom_fields_values") or []) > 40:
            raise Invalid(("TooMany", "custom_fields_values", "This collection should contain 40 elements or less."))
    twin = _twin(account, contact_body) if account.duplicate_control else None
    if twin is not None:
        return _answer_together(body, twin, account, merged=True)
    contact = _contact_of(account, contact_body)
    company = None
    if company_body is not None and not company_body.get("id"):  # an existing company is not linked (ISS-370)
        company = create(account, "companies", company_body)
    lead = _lead_of(account, body, embedded)
    if contact is not None:
        link(account, Link("leads", lead["id"], "contacts", contact["id"], is_main=True))
    if company is not None:
        link(account, Link("leads", lead["id"], "companies", company["id"]))
    if contact is not None and company is not None:
        link(account, Link("contacts", contact["id"], "companies", company["id"]))
    return _answer_together(body, lead, account, merged=False)


def _contact_of(account: Account, body: dict[str, Any] | None) -> dict[str, Any] | None:
    if body is None:
        return None
    return account.rows["contacts"].get(body["id"]) if body.get("id") else create(account, "contacts", body)


def _lead_of(account: Account, body: dict[str, Any], embedded: dict[str, Any]) -> dict[str, Any]:
    own = {**body, "_embedded": {"tags": embedded.get("tags") or []}}
    if not embedded.get("metadata"):
        return create(account, "leads", own)
    own.pop("status_id", None)  # an incoming lead: the stage is ignored
    lead = create(account, "leads", own)
    lead["status_id"] = lead["pipeline_id"] * 10 + 1
    return lead


def _twin(account: Account, contact_body: dict[str, Any] | None) -> dict[str, Any] | None:
    if contact_body is None:
        return None
    sent = replaced(account, "contacts", None, contact_body.get("custom_fields_values"))
    wanted = phones_of({"custom_fields_values": sent})
    for contact in account.rows["contacts"].values():
        if wanted & phones_of(contact):
            for known in account.linked("contacts", contact["id"], "leads"):
                return account.rows["leads"][known.to_id]
    return None


def _answer_together(body: dict[str, Any], lead: dict[str, Any], account: Account, *, merged: bool) -> dict[str, Any]:
    contacts = account.linked("leads", lead["id"], "contacts")
    companies = account.linked("leads", lead["id"], "companies")
    return {
        "id": lead["id"],
        "contact_id": contacts[0].to_id if contacts else None,
        "company_id": companies[0].to_id if companies else None,
        "request_id": [str(body.get("request_id", "0"))],
        "merged": merged,
    }
