"""Readable columns, money and local times for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import click

from service.domain.money import CENT


def show(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """Print columns as wide as their longest cell; those named in `right` are aligned to the right."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(line[place]) for line in [list(headers), *cells]) for place in range(len(headers))]
    click.secho(_line(headers, headers, widths, right), bold=True)
    for row in cells:
        click.echo(_line(row, headers, widths, right))


def _line(cells: Sequence[str], headers: Sequence[str], widths: Sequence[int], right: Sequence[str]) -> str:
    padded = (
        cell.rjust(width) if header in right else cell.ljust(width)
        for cell, header, width in zip(cells, headers, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


def money(value: Decimal | str | None, currency: str | None) -> str:
    """`BRL 1,234.50`; nothing for no amount, `?` for a currency nobody told."""
    if value is None:
        return ""
    exact = Decimal(value)
    shown = exact.quantize(CENT) if exact == exact.quantize(CENT) else exact
    return f"{currency or '?'} {shown:,}"


def revenue(sums: Iterable[Mapping[str, Any]], column: str) -> str:
    """One column of revenue in every currency that has some, never added together."""
    return ", ".join(money(one[column], one["currency"]) for one in sums if Decimal(one[column]))


def local(instant: datetime | None, zone: ZoneInfo) -> str:
    """`2026-07-02 09:15` in the seller's zone."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}" if instant else ""


def shortened(text: str | None, width: int) -> str:
    """The text, cut where it would break the columns."""
    if not text:
        return ""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 purchase`, `2 purchases`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
