"""Cells to plain values: what counts as blank, text, whole numbers, yes and no."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

LONGEST_TEXT = 4000
LONGEST_CODE = 200

BLANKS = frozenset(
    {"", "(none)", "(None)", "(NONE)", "-", "--", "\u2013", "\u2014", "n/a", "N/A", "#N/A", "null", "NULL"}
)
"""What stands for nothing: Hotmart writes `(none)` in every empty cell, people write dashes."""


def text_of(cell: Any) -> str:
    """A cell as the text a person sees in it, "" when blank.

    Numbers lose the `.0` a reader may have put there: a phone cell of 21.0 is 21, not 210.
    """
    if type(cell) is str:
        text = cell.strip()
        if text in BLANKS:
            return ""
        if "\x00" in text:
            text = text.replace("\x00", "").strip()
        return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT]
    if cell is None:
        return ""
    return _written_out(cell)


def _written_out(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f") if cell.is_finite() else str(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()
