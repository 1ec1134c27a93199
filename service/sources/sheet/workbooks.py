"""Workbooks (XLSX, XLSB, XLS, ODS) through calamine, which loads one whole sheet at a time.

Traps of calamine, seen: `from_path` believes the file name, so it is given an open file; it gives a date for
midnight and a datetime for any other time in the same column; whole numbers arrive as floats; broken files can
make it panic, an exception that is no `Exception`; one far cell can make it abort the process (see `zips`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from service.sources.sheet.faults import phrase, unreadable
from service.sources.sheet.grid import Bounds, Cell, Choices, Grid, Layout, Row, ScoreHeaders
from service.sources.sheet.header_row import Heading, find_heading, first_rows, heading_at

EXACT_FLOAT = 2.0**53
"""Whole numbers beyond this are not exact in a spreadsheet and stay floats."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet of a workbook in memory."""

    name: str
    visible: bool
    cells: CalamineSheet

    def records(self) -> Iterator[Row]:
        with _broken_files_reported():
            for number, values in enumerate(self.cells.iter_rows(), 1):
                yield number, [_CLEAN[type(value)](value) for value in values]


def open_workbook(path: Path, container: str, choices: Choices, score: ScoreHeaders, bounds: Bounds) -> Grid:
    """A grid over the sheet with the most known headers, or the chosen one.

    Raises `empty_file`, `no_header`, `password_protected`, `truncated`, `unknown_choice`.
    """
    with _broken_files_reported(), path.open("rb") as file:
        workbook = CalamineWorkbook.from_filelike(file)
        sheets = [meta for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet][: bounds.sheets]
        wanted = [meta for meta in sheets if choices.sheet in (None, meta.name)]
        names = [meta.name for meta in sheets]
        if not wanted and sheets:
            raise unreadable("unknown_choice", what=phrase("sheet"), value=choices.sheet, known=", ".join(names))
        best, heading = _best_sheet(workbook, wanted, choices.header_row, score, bounds)
    layout = Layout(
        container=container,
        encoding=None,
        delimiter=None,
        sheets=names,
        sheet=best.name,
        header_row=heading.row,
        headers=heading.headers,
        candidates={
            "sheet": [best.name, *(name for name in names if name != best.name)],
            "header_row": [heading.row, *heading.others],
        },
    )
    return Grid(layout, best.records, bounds)


@contextmanager
def _broken_files_reported() -> Iterator[None]:
    try:
        yield
    except PasswordError:
        raise unreadable("password_protected") from None
    except (CalamineError, OSError, ValueError) as fault:
        raise unreadable("truncated", what=phrase("workbook_fault", fault=type(fault).__name__)) from fault
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":  # Rust's panic; its class cannot be imported
            raise
        raise unreadable("truncated", what=phrase("workbook")) from fault


def _best_sheet(
    workbook: CalamineWorkbook,
    sheets: list[SheetMetadata],
    header_row: int | None,
    score: ScoreHeaders,
    bounds: Bounds,
) -> tuple[_Sheet, Heading]:
    """The sheet whose header row has the most known names; a visible and then an earlier one in a tie.

    Only the best one so far is kept in memory.
    """
    best: tuple[tuple[float, bool], _Sheet, Heading] | None = None
    is_blank = True
    for meta in sheets:
        sheet = _Sheet(meta.name, meta.visible == SheetVisibleEnum.Visible, workbook.get_sheet_by_name(meta.name))
        rows = first_rows(sheet.records(), bounds)
        is_blank = is_blank and not rows
        heading = _heading(sheet, rows, header_row, score, is_only=len(sheets) == 1)
        if heading is not None and (best is None or (heading.score, sheet.visible) > best[0]):
            best = ((heading.score, sheet.visible), sheet, heading)
    if best is None:
        raise unreadable("empty_file" if is_blank else "no_header")
    return best[1], best[2]


def _heading(
    sheet: _Sheet, rows: list[Row], chosen: int | None, score: ScoreHeaders, *, is_only: bool
) -> Heading | None:
    if chosen is None:
        return find_heading(rows, score)
    if is_only or any(number == chosen for number, _ in rows):
        return heading_at(sheet.records(), chosen, score)
    return None


def _clean_text(value: str) -> Cell:
    return (value.replace("\0", "") if "\0" in value else value).strip() or None


def _clean_float(value: float) -> Cell:
    if not isfinite(value):
        return str(value)
    return int(value) if value.is_integer() and abs(value) <= EXACT_FLOAT else value


def _same(value: Any) -> Any:
    return value


def _at_midnight(value: date) -> Cell:
    return datetime.combine(value, time.min)


def _text_of(value: time | timedelta) -> Cell:
    return str(value)


_CLEAN: dict[type, Callable[[Any], Cell]] = {
    str: _clean_text,
    float: _clean_float,
    int: _same,
    bool: _same,
    datetime: _same,
    date: _at_midnight,
    time: _text_of,
    timedelta: _text_of,
}
