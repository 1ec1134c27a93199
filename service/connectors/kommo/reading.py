"""Kommo's JSON in our shapes. A shape that is not as the reference says raises KeyError, TypeError or ValueError."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from service.connectors.kommo.shapes import (
    INCOMING,
    Account,
    Company,
    Contact,
    Field,
    Filled,
    Hook,
    Lead,
    Link,
    Note,
    Option,
    Pipeline,
    Stage,
    Tied,
    Together,
    User,
    Value,
)

Json = Mapping[str, Any]


def account(said: Json) -> Account:
    """`GET /account`."""
    return Account(
        id=int(said["id"]),
        name=said.get("name") or "",
        subdomain=said.get("subdomain") or "",
        currency=said.get("currency") or "",
        country=said.get("country") or "",
        current_user_id=int(said.get("current_user_id") or 0),
        is_filter_enabled=bool(said.get("is_api_filter_enabled")),
    )


def pipeline(said: Json) -> Pipeline:
    """One of `GET /leads/pipelines`."""
    stages = [
        Stage(
            id=int(stage["id"]),
            name=stage["name"],
            sort=int(stage["sort"]),
            pipeline_id=int(said["id"]),
            is_incoming=stage.get("type") == INCOMING,
        )
        for stage in said["_embedded"]["statuses"]
    ]
    return Pipeline(
        id=int(said["id"]),
        name=said["name"],
        is_main=bool(said.get("is_main")),
        is_archived=bool(said.get("is_archive")),
        stages=tuple(sorted(stages, key=lambda stage: stage.sort)),
    )


def user(said: Json) -> User:
    """One of `GET /users`."""
    return User(int(said["id"]), said.get("name") or "", said.get("email") or "")


def field(said: Json) -> Field:
    """One of `GET /{kind}/custom_fields`."""
    options = [Option(int(enum["id"]), str(enum["value"])) for enum in said.get("enums") or []]
    return Field(
        id=int(said["id"]),
        name=said["name"],
        type=said["type"],
        code=said.get("code"),
        options=tuple(options),
        is_api_only=bool(said.get("is_api_only")),
    )


def contact(said: Json) -> Contact:
    """A contact, alone or of a list."""
    embedded = said.get("_embedded") or {}
    return Contact(
        id=int(said["id"]),
        name=said.get("name") or "",
        first_name=said.get("first_name") or "",
        last_name=said.get("last_name") or "",
        created_at=_time(said["created_at"]),
        updated_at=_time(said["updated_at"]),
        is_deleted=bool(said.get("is_deleted")),
        filled=_filled(said),
        tags=_tags(embedded),
        companies=_tied(embedded, "companies"),
        leads=_tied(embedded, "leads"),
    )


def company(said: Json) -> Company:
    """A company, alone or of a list."""
    return Company(
        id=int(said["id"]),
        name=said.get("name") or "",
        created_at=_time(said["created_at"]),
        updated_at=_time(said["updated_at"]),
        is_deleted=bool(said.get("is_deleted")),
        filled=_filled(said),
        tags=_tags(said.get("_embedded") or {}),
    )


def lead(said: Json) -> Lead:
    """A lead, alone or of a list."""
    embedded = said.get("_embedded") or {}
    exact = said.get("price_with_minor_units")
    price = said.get("price") if exact is None else exact
    return Lead(
        id=int(said["id"]),
        name=said.get("name") or "",
        price=None if price is None else Decimal(str(price)),
        has_minor_units="price_with_minor_units" in said,
        pipeline_id=int(said["pipeline_id"]),
        stage_id=int(said["status_id"]),
        responsible_user_id=int(said.get("responsible_user_id") or 0),
        created_at=_time(said["created_at"]),
        updated_at=_time(said["updated_at"]),
        updated_by=int(said.get("updated_by") or 0),
        is_deleted=bool(said.get("is_deleted")),
        filled=_filled(said),
        tags=_tags(embedded),
        contacts=_tied(embedded, "contacts"),
        companies=_tied(embedded, "companies"),
        score=_whole(said.get("score")),
        labor_cost=_whole(said.get("labor_cost")),
        price_is_computed=said.get("is_price_computed"),
    )


def _whole(said: Any) -> int | None:
    return None if said is None else int(said)


def link(said: Json) -> Link:
    """One of `GET /{kind}/{id}/links`; read as `main_contact`, written as `is_main`."""
    metadata = said.get("metadata") or {}
    return Link(int(said["to_entity_id"]), said["to_entity_type"], bool(metadata.get("main_contact")))


def note(said: Json) -> Note:
    """One of `GET /{kind}/{id}/notes`."""
    params = said.get("params") or {}
    return Note(int(said["id"]), int(said["entity_id"]), said["note_type"], str(params.get("text") or ""))


def hook(said: Json) -> Hook:
    """One of `GET /webhooks`."""
    return Hook(int(said["id"]), said["destination"], tuple(said.get("settings") or ()), bool(said.get("disabled")))


def together(said: Json) -> Together:
    """One answer of `POST /leads/complex`."""
    contact_id, company_id = said.get("contact_id"), said.get("company_id")
    return Together(
        lead_id=int(said["id"]),
        contact_id=int(contact_id) if contact_id else None,
        company_id=int(company_id) if company_id else None,
        merged=bool(said.get("merged")),
    )


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _filled(said: Json) -> tuple[Filled, ...]:
    entries = said.get("custom_fields_values") or []  # null, not [], where nothing is filled
    return tuple(
        Filled(
            field_id=int(entry["field_id"]),
            code=entry.get("field_code"),
            type=entry.get("field_type") or "",
            values=tuple(
                Value(value.get("value"), value.get("enum_id"), value.get("enum_code"))
                for value in entry.get("values") or []
            ),
        )
        for entry in entries
    )


def _tags(embedded: Json) -> tuple[str, ...]:
    return tuple(tag["name"] for tag in embedded.get("tags") or [])


def _tied(embedded: Json, kind: str) -> tuple[Tied, ...]:
    return tuple(Tied(int(one["id"]), bool(one.get("is_main"))) for one in embedded.get(kind) or [])
