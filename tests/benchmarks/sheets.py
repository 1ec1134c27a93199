"""The files that are imported: years of a shop's sales, the detailed model with its 63 columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook

from service.samples import BOLETO, CARD, PIX
from service.samples.cast import PRODUCTS
from service.samples.sheets import HEADERS, NONE, Row, a_row

FIRST_SALE = datetime(2022, 1, 3, 12, 0, tzinfo=UTC)
LABELS = (*("Completo",) * 12, *("Aprovado",) * 2, "Reembolsado", "Cancelado", "Expirado", "Expirado", "Chargeback")
PAYMENTS = (PIX, CARD, CARD, BOLETO)
FILE_NAME = "sales_history_20260701120000_1a2b3c4d"
"""As the panel names its files: the name holds the moment of the export."""


def sales(rows: int) -> Iterator[Row]:
    """So many sales of different codes; every second buyer has bought before."""
    for number in range(rows):
        label, payment = LABELS[number % len(LABELS)], PAYMENTS[number % len(PAYMENTS)]
        buyer = number if number % 2 else number // 4
        yield a_row(
            label,
            email=f"buyer.{buyer}@example.com",
            product=PRODUCTS[number % len(PRODUCTS)],
            payment=payment,
            installments=12 if payment == CARD and number % 3 == 0 else 1,
            ordered_at=FIRST_SALE + timedelta(minutes=8 * number),
            transaction=f"HP2{number:012d}",
            seed=number,
        )


def written_csv(folder: Path, rows: int) -> Path:
    """The file as the panel writes it: `;`, UTF-8 with BOM, CRLF."""
    path = folder / f"{FILE_NAME}_{rows}.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as writing:
        lines = csv.DictWriter(writing, HEADERS, restval=NONE, delimiter=";")
        lines.writeheader()
        lines.writerows(sales(rows))
    return path


def written_xlsx(folder: Path, rows: int) -> Path:
    """The same rows as a workbook: amounts and counts as numbers, everything else as text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Vendas")
    sheet.append(HEADERS)
    for row in sales(rows):
        sheet.append([_cell(row[header]) for header in HEADERS])
    path = folder / f"{FILE_NAME}_{rows}.xlsx"
    book.save(path)
    return path


def _cell(text: str) -> str | float:
    """Decimals become numbers as in the panel's workbooks; codes and documents stay text."""
    whole, point, cents = text.partition(".")
    return float(text) if point and whole.isdecimal() and cents.isdecimal() else text
