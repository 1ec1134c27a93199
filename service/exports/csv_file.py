"""CSV as the spreadsheet programs of a language open it by a double click, piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

from service.exports.columns import Column, Kind, Looks, Row
from service.sources.sheet.grid import quoted

MEDIA_TYPE = "text/csv; charset=utf-8"
PIECE_ROWS = 500
BOM = "\ufeff"


def csv_pieces(columns: Sequence[Column], rows: Iterable[Row], looks: Looks) -> Iterator[bytes]:
    """The file in pieces of some hundred lines: UTF-8 with a BOM, without which Excel takes it for another encoding.

    Text a program could take for a formula gets a quote in front, which our own import takes away again.
    """
    yield (BOM + line([quoted(column.name) for column in columns], looks.delimiter)).encode()
    written = [_writer(column.kind, looks) for column in columns]
    remaining = iter(rows)
    while some := list(islice(remaining, PIECE_ROWS)):
        text = io.StringIO()
        lines = csv.writer(text, delimiter=looks.delimiter)
        for row in some:
            lines.writerow(["" if value is None else write(value) for write, value in zip(written, row, strict=True)])
        yield text.getvalue().encode("utf-8", "replace")


def line(cells: Sequence[Any], delimiter: str) -> str:
    """One line of a CSV file with its end."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerow(cells)
    return text.getvalue()


def _writer(kind: Kind, looks: Looks) -> Callable[[Any], str]:
    if kind is Kind.MONEY:
        return lambda value: amount(value, looks.decimal)
    if kind in (Kind.DAY, Kind.MOMENT):
        pattern = looks.moment if kind is Kind.MOMENT else looks.day
        return lambda value: _date(value, pattern)
    return str if kind is Kind.WHOLE else quoted


def _date(value: date, pattern: str) -> str:
    return value.strftime(pattern)


@lru_cache(maxsize=8192)
def amount(value: Decimal, mark: str) -> str:
    """An amount with two decimals or more; never three, for `1,234` can be read in two ways."""
    text = format(value, "f")
    whole, _, decimals = text.partition(".")
    decimals = decimals.ljust(2, "0")
    return f"{whole}{mark}{decimals}{'0' if len(decimals) == 3 else ''}"
