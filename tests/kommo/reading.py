"""Lists and single things as Kommo shows them: pages, `with`, filters, 204 for nothing."""

from __future__ import annotations

import copy
from typing import Any

from tests.kommo.memory import Account
from tests.kommo.paths import listed

USUAL_LIMIT, MOST = 50, 250
RANGES = ("created_at", "updated_at", "closed_at")


def shown(account: Account, kind: str, row: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
    """One thing with what `with` asks for."""
    wanted = set(str(query.get("with", "")).split(","))
    entity = copy.deepcopy({name: value for name, value in row.items() if name != "tags"})
    embedded: dict[str, Any] = {"tags": copy.deepcopy(row.get("tags", []))}
    if kind != "companies":
        embedded["companies"] = [{"id": link.to_id} for link in account.linked(kind, row["id"], "companies")]
    if kind != "leads" and "leads" in wanted:
        embedded["leads"] = [{"id": link.to_id} for link in account.linked(kind, row["id"], "leads")]
    if kind != "contacts" and "contacts" in wanted:
        embedded["contacts"] = [
            {"id": link.to_id, "is_main": link.is_main} for link in account.linked(kind, row["id"], "contacts")
        ]
    return {**entity, "_embedded": embedded}


def chosen(account: Account, kind: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows a list shows, filtered and in order."""
    rows = [row for row in account.rows[kind].values() if not row["is_deleted"]]
    if query.get("query"):
        rows = _found(account, kind, rows, query["query"])
    filters = query.get("filter") or {}
    rows = [row for row in rows if _passes(account, row, filters)]
    for name, direction in (query.get("order") or {}).items():
        rows.sort(key=lambda row: row[name], reverse=direction == "desc")
    return rows


def _found(account: Account, kind: str, rows: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    by_company = []
    if kind == "contacts":  # companies are looked at before contacts
        by_company = [
            row
            for row in rows
            for link in account.linked("contacts", row["id"], "companies")
            if account.index.finds_phone("companies", link.to_id, words)
        ]
    own = [
        row
        for row in rows
        if account.index.finds_text(kind, row["id"], words) or account.index.finds_phone(kind, row["id"], words)
    ]
    return by_company + [row for row in own if row not in by_company]


def _passes(account: Account, row: dict[str, Any], filters: dict[str, Any]) -> bool:
    for name, wanted in filters.items():
        if name in {"id", "name", "pipeline_id", "responsible_user_id", "created_by", "updated_by", "price"}:
            if str(row.get(name)) not in listed(wanted):
                return False
        elif name in RANGES:
            since, until = wanted.get("from"), wanted.get("to")
            at = row[name] or 0
            if (since and at < int(since)) or (until and at > int(until)):
                return False
        elif name == "statuses":
            pairs = {(str(pair["pipeline_id"]), str(pair["status_id"])) for pair in wanted.values()}
            if (str(row["pipeline_id"]), str(row["status_id"])) not in pairs:
                return False
        elif name == "custom_fields_values" and account.api_filter_enabled and not _has_values(row, wanted):
            return False  # without the feature the filter is ignored, and everybody is returned
    return True


def _has_values(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    stored = {
        str(entry["field_id"]): {str(value["value"]) for value in entry["values"]}
        for entry in row["custom_fields_values"] or []
    }
    return all(stored.get(field_id, set()) & set(listed(values)) for field_id, values in wanted.items())


def page_of(
    rows: list[Any], query: dict[str, Any], address: str, query_string: str
) -> tuple[list[Any], dict[str, Any]]:
    """The rows of the page asked for and its links."""
    page, limit = int(query.get("page", 1)), int(query.get("limit", USUAL_LIMIT))
    start = (page - 1) * limit
    links = {"self": {"href": f"{address}?{query_string}"}}
    if start + limit < len(rows):
        rest = [part for part in query_string.split("&") if part and not part.startswith("page=")]
        links["next"] = {"href": f"{address}?{'&'.join([*rest, f'page={page + 1}'])}"}
    return rows[start : start + limit], links
