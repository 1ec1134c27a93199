"""The clean grid every container is turned into: a header row and rows of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from service.sources.sheet.faults import unreadable

Cell = str | int | float | bool | datetime | date | None
"""One cell. Empty and blank cells are None; text has no outer blanks and no NUL; a number is an `int`
when it is whole; date cells of workbooks are `datetime` without zone. `(none)` is left as it is."""

Row = tuple[int, list[Cell]]
"""Row number as the spreadsheet program shows it (first row = 1), and the cells from the left."""

Records = Callable[[], Iterator[Row]]
"""Reads the file from its first row, as often as it is called. Cells are clean, rows may be ragged or blank."""

ScoreHeaders = Callable[[list[str]], float]
"""How many known headers a row holds; 0 or less: none."""

SHOWN_SURPLUS_ROWS = 20
OWN_HEADER = "Marco: "
"""How the headers begin that we add to the files we write."""
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = (*FORMULA_SIGNS, "'", " ", "\n")


def quoted(text: str) -> str:
    """Text that no spreadsheet program takes for a formula, in the files we write.

    A quote in front, also of what begins with one or with a blank: reading our files takes away one quote, no more.
    """
    return f"'{text}" if text.startswith(_QUOTED) else text


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person insists on; None leaves it to us. `header_row` is a row number (first row = 1)."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be. The defaults fit a child process with 1 GiB of memory."""

    rows: int = 1_000_000
    columns: int = 702
    """Up to column ZZ."""
    dense_cells: int = 16_000_000
    """Rows times columns of one sheet of a workbook: its reader allocates all of them, filled or not."""
    cell_chars: int = 1 << 20
    expanded_bytes: int = 1 << 30
    ratio: int = 150
    """Expanded size over file size; only asked above `ratio_from` bytes, small files compress well."""
    ratio_from: int = 64 << 20
    zip_entries: int = 2_000
    sheets: int = 50


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file was read. Each guess has its alternatives in `candidates` (the chosen one first)."""

    container: str
    """`csv`, `xlsx`, `xlsb`, `xls`, `html` or `ods`."""
    encoding: str | None
    """A Python codec name, for text containers."""
    delimiter: str | None
    sheets: list[str]
    sheet: str | None
    header_row: int
    headers: list[str]
    """Text as in the file, trimmed; empty where a column has no name."""
    candidates: dict[str, list[str | int]] = field(default_factory=dict)


class Grid:
    """The rows below the header, each as wide as the header."""

    def __init__(self, layout: Layout, records: Records, bounds: Bounds) -> None:
        self.layout = layout
        self.surplus = 0
        """Filled cells beyond the last header, in the row given last."""
        self.surplus_rows = 0
        """How many rows had such cells, in the last pass."""
        self.first_surplus_rows: list[int] = []
        """The numbers of the first of them."""
        self._records = records
        self._bounds = bounds

    def beginning(self, rows: int) -> list[Row]:
        """The first rows of the file as they are, the header and what stands above it too."""
        return list(islice(self._records(), rows))

    def rows(self) -> Iterator[Row]:
        """The rows that hold anything under a header, in file order; may be called again for another pass.

        Blank rows are left out but counted in the numbering. Short rows are filled up with None; cells
        beyond the last header are cut off and told in `surplus`. Raises `too_many_rows`.
        """
        width, header_row, limit = len(self.layout.headers), self.layout.header_row, self._bounds.rows
        self.surplus_rows, self.first_surplus_rows = 0, []
        given = 0
        ours = any(header.startswith(OWN_HEADER) for header in self.layout.headers)
        for number, cells in self._records():
            if number <= header_row:
                continue
            self.surplus = 0
            if len(cells) != width:
                self._fit(number, cells, width)
            # `any` stops at the first filled cell; only rows of zeros and blanks need the count
            if not any(cells) and cells.count(None) == width:
                continue
            given += 1
            if given > limit:
                raise unreadable("too_many_rows", limit=limit)
            yield number, _unquoted(cells) if ours else cells

    def _fit(self, number: int, cells: list[Cell], width: int) -> None:
        if len(cells) < width:
            cells.extend([None] * (width - len(cells)))
            return
        self.surplus = len(cells) - width - cells[width:].count(None)
        del cells[width:]
        if self.surplus:
            self.surplus_rows += 1
            if len(self.first_surplus_rows) < SHOWN_SURPLUS_ROWS:
                self.first_surplus_rows.append(number)


def _unquoted(cells: list[Cell]) -> list[Cell]:
    """The cells of a file we wrote, without the quote that kept a formula from being one."""
    return [cell[1:] if type(cell) is str and cell.startswith(_SPOKEN) else cell for cell in cells]


_SPOKEN = tuple("'" + sign for sign in _QUOTED)
