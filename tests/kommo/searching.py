"""Kommo's `query`: free text over every filled field, seven digits of phones, and late to know what is new."""

from __future__ import annotations

import re
import time
from typing import Any

TAIL = 7
_NOT_DIGITS = re.compile(r"\D+")


def tail(text: str) -> str | None:
    """The last seven digits, None where there are fewer."""
    digits = _NOT_DIGITS.sub("", text)
    return digits[-TAIL:] if len(digits) >= TAIL else None


def texts_of(row: dict[str, Any]) -> list[str]:
    """Every filled field as text."""
    values = [
        str(value["value"])
        for entry in row.get("custom_fields_values") or []
        for value in entry["values"]
        if value.get("value") is not None
    ]
    return [str(row[key]) for key in ("name", "first_name", "last_name") if row.get(key)] + values


def phones_of(row: dict[str, Any]) -> set[str]:
    """Tails of the phone fields."""
    entries = [entry for entry in row.get("custom_fields_values") or [] if entry.get("field_code") == "PHONE"]
    return {found for entry in entries for value in entry["values"] if (found := tail(str(value["value"])))}


class Index:
    """What the search knows, version by version."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, int], list[tuple[float, list[str], set[str]]]] = {}

    def learn(self, kind: str, row: dict[str, Any], visible_at: float) -> None:
        """A row as it is now, found from `visible_at` (monotonic seconds) on."""
        versions = self._versions.setdefault((kind, row["id"]), [])
        versions.append((visible_at, [text.lower() for text in texts_of(row)], phones_of(row)))

    def catch_up(self) -> None:
        """Know at once whatever was written until now."""
        for key, versions in self._versions.items():
            self._versions[key] = [(0.0, *version[1:]) for version in versions]

    def _known(self, kind: str, row_id: int) -> tuple[list[str], set[str]]:
        now = time.monotonic()
        seen = [version for version in self._versions.get((kind, row_id), []) if version[0] <= now]
        return seen[-1][1:] if seen else ([], set())

    def finds_text(self, kind: str, row_id: int, query: str) -> bool:
        """Whether the words stand anywhere in the row."""
        return any(query.strip().lower() in text for text in self._known(kind, row_id)[0])

    def finds_phone(self, kind: str, row_id: int, query: str) -> bool:
        """Whether the last seven digits are those of one of the row's phones."""
        if _NOT_DIGITS.sub("", query) != query.strip().lstrip("+"):
            return False
        return tail(query) in self._known(kind, row_id)[1]
