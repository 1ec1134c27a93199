"""Custom field values: what Kommo accepts, and how it shows them again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tests.kommo.memory import Account, Invalid

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
TEXTS = {"text", "textarea", "url", "streetaddress", "tracking_data"}
DATES = {"date", "date_time", "birthday"}
CHOICES = {"select", "radiobutton", "multiselect", "multitext"}
NOT_A_CHOICE = "The value you selected is not a valid choice."


def replaced(
    account: Account, kind: str, stored: list[dict[str, Any]] | None, sent: Any
) -> list[dict[str, Any]] | None:
    """The fields after a write: each one sent is replaced whole, the others stay."""
    if sent is None:
        return stored
    if not isinstance(sent, list):
        raise Invalid(("InvalidType", "custom_fields_values", "This value should be of type array."))
    kept = {entry["field_id"]: entry for entry in stored or []}
    for place, entry in enumerate(sent):
        path = f"custom_fields_values.{place}"
        definition = account.field(kind, entry)
        if definition is None:
            raise Invalid(("NotSupportedChoice", f"{path}.field_id", NOT_A_CHOICE))
        kept.pop(definition["id"], None)
        if entry.get("values"):
            kept[definition["id"]] = {
                "field_id": definition["id"],
                "field_name": definition["name"],
                "field_code": definition["code"],
                "field_type": definition["type"],
                "values": [
                    _value(definition, value, f"{path}.values.{at}") for at, value in enumerate(entry["values"])
                ],
            }
    return list(kept.values()) or None


def _value(definition: dict[str, Any], sent: Any, path: str) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise Invalid(("InvalidType", path, "This value should be of type object."))
    type_ = definition["type"]
    if type_ in CHOICES:
        return _choice(definition, sent, path)
    value = sent.get("value")
    if not _fits(type_, value):
        raise Invalid(("InvalidType", f"{path}.value", f"This value is not of the type {type_}."))
    if type_ in DATES:
        return {"value": value if isinstance(value, int) else int(datetime.fromisoformat(value).timestamp())}
    return {"value": value}


def _fits(type_: str, value: Any) -> bool:
    if type_ in TEXTS:
        return isinstance(value, str)
    if type_ in {"numeric", "monetary"}:
        return isinstance(value, str) and _NUMBER.fullmatch(value) is not None
    if type_ == "checkbox":
        return isinstance(value, bool)
    if type_ in DATES:
        return (isinstance(value, int) and not isinstance(value, bool)) or _is_a_date(value)
    return True


def _is_a_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _choice(definition: dict[str, Any], sent: dict[str, Any], path: str) -> dict[str, Any]:
    enums = definition["enums"] or []
    if definition["type"] == "multitext":
        if not isinstance(sent.get("value"), str):
            raise Invalid(("InvalidType", f"{path}.value", "This value should be of type string."))
        wanted = sent.get("enum_code") or "WORK"
        found = next((e for e in enums if e["id"] == sent.get("enum_id") or e["value"] == wanted), None)
        if found is None:
            raise Invalid(("NotSupportedChoice", f"{path}.enum_code", NOT_A_CHOICE))
        if sent.get("enum_id") is not None:
            found = next(e for e in enums if e["id"] == sent["enum_id"])
        return {"value": sent["value"], "enum_id": found["id"], "enum_code": found["value"]}
    found = next((e for e in enums if e["id"] == sent.get("enum_id") or e["value"] == sent.get("value")), None)
    if found is None:
        raise Invalid(("NotSupportedChoice", f"{path}.{'enum_id' if 'enum_id' in sent else 'value'}", NOT_A_CHOICE))
    return {"value": found["value"], "enum_id": found["id"], "enum_code": None}
