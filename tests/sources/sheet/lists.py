"""Small spreadsheets written as text, and their way to facts."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.sources.sheet.columns import Study
from service.sources.sheet.moments import exported_at
from service.sources.sheet.reading import Reading, reading_of
from service.sources.sheet.rows import RowFacts, facts_of_row

SAO_PAULO = "America/Sao_Paulo"
RECEIVED = datetime(2026, 8, 1, tzinfo=UTC)
BRL = {"defaults": {"currency": "BRL"}}


def cells_of(line: str) -> list[Any]:
    (cells,) = csv.reader([line], delimiter=";")
    return [cell.strip() or None for cell in cells]


def studied(headers: str, *lines: str, remembered: dict[Any, str | None] | None = None) -> dict[str, Any]:
    """The report of a study over a list; columns are parted by `;`."""
    study = Study(headers.split(";"), remembered=remembered)
    study.add([cells_of(line) for line in lines])
    return study.report()


def a_reading(report: dict[str, Any], options: dict[str, Any] | None = None, *, zone: str = SAO_PAULO) -> Reading:
    exported = exported_at(report, "list.csv", ZoneInfo(zone), received_at=RECEIVED)
    return reading_of(report, options or {}, zone=zone, exported=exported)


def read(headers: str, *lines: str, options: dict[str, Any] | None = None) -> list[RowFacts]:
    """All rows of a list, read as it proposes itself and with these answers."""
    reading = a_reading(studied(headers, *lines), options)
    return [facts_of_row(reading, "acc", row, {"cells": cells_of(line)}) for row, line in enumerate(lines, 2)]


def read_one(headers: str, line: str, options: dict[str, Any] | None = None) -> RowFacts:
    (row,) = read(headers, line, options=options)
    return row
