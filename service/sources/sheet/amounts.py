"""The amounts of a row, each with the currency its row states for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from service.domain.money import amount_text
from service.sources.sheet.currencies import currency_of
from service.sources.sheet.fields import CURRENCIES_OF
from service.sources.sheet.numbers import Mark, number_of, number_of_cell
from service.sources.sheet.problems import Unreadable
from service.sources.sheet.reading import Reading
from service.sources.sheet.values import BLANKS, text_of

SHARES = ("affiliate_commission", "coproducer_commission")
KEPT = frozenset({"paid", "gross", "gross_receiving", "net_sale", *SHARES})
"""Amounts that are fields of the fact as they are; net and fee are made of others."""

OWN_NET = ("net_sale", "net_offer", "net_home")
"""What the older report calls the receiver's own share, best first. The last is converted to the home currency."""

FEES = ("fee", "fee_streaming", "fee_other")
"""What Hotmart keeps, in parts: the net before shares is the price less these."""


_CURRENCY_FIELDS = dict.fromkeys(code for codes in CURRENCIES_OF.values() for code in codes)

Fault = tuple[str, Unreadable, bool]
"""The field, what is wrong with its cell, and whether that costs the whole row."""


class Amounts:
    """Reads the amounts of rows under one reading."""

    def __init__(self, reading: Reading) -> None:
        self._default = reading.currency
        index_of = {field: position - 1 for position, field in reading.mapping.items()}
        self._codes = [(index_of[code], code) for code in _CURRENCY_FIELDS if code in index_of]
        self._columns = [
            (
                index_of[name],
                name,
                reading.marks[index_of[name] + 1],
                tuple(code for code in codes if code in index_of),
            )
            for name, codes in CURRENCIES_OF.items()
            if name in index_of
        ]
        has_currencies = any(codes for *_, codes in self._columns)
        # Where some amounts have a currency column, nobody was asked about a fee without one.
        self._without_default = frozenset(FEES) if has_currencies else frozenset()
        self._net_of_role = {
            role: _net_sources(role, index_of) for role in (None, "producer", "coproducer", "affiliate")
        }

    def of_row(self, cells: list[Any], sold_as: str | None) -> tuple[dict[str, Any], list[Fault]]:
        """(money fields of the fact, faults). `sold_as` decides which amount is the receiver's own."""
        faults: list[Fault] = []
        stated = self._stated(cells, faults)
        found: dict[str, list[str | None]] = {}
        for index, name, mark, codes in self._columns:
            cell = cells[index]
            if cell is None or cell in BLANKS:
                continue
            try:
                text, sign = _read_text(cell, mark) if type(cell) is str else _read_number(cell)
            except Unreadable as fault:
                faults.append((name, fault, True))
                continue
            for code in codes:
                if code in stated:
                    found[name] = [text, stated[code]]
                    break
            else:
                found[name] = [text, sign or (None if name in self._without_default else self._default)]
        return self._fields(found, sold_as), faults

    def _stated(self, cells: list[Any], faults: list[Fault]) -> dict[str, str | None]:
        """The currencies a row states; None for one that is no currency, whose amounts count nowhere."""
        stated: dict[str, str | None] = {}
        for index, code in self._codes:
            cell = cells[index]
            if cell is None or cell in BLANKS:
                continue
            stated[code] = currency_of(text_of(cell))
            if stated[code] is None:
                faults.append((code, Unreadable("unknown_currency"), False))
        return stated

    def _fields(self, found: dict[str, list[str | None]], sold_as: str | None) -> dict[str, Any]:
        fields: dict[str, Any] = {name: amount for name, amount in found.items() if name in KEPT}
        for name in self._net_of_role[sold_as]:
            if name in found:
                fields["net"] = found[name]
                break
        fees = [found[name] for name in FEES if name in found]
        if fees and len({currency for _, currency in fees}) == 1:
            fields["fee"] = [_sum(tuple(text for text, _ in fees if text)), fees[0][1]]
        return fields


def _net_sources(role: str | None, index_of: dict[str, int]) -> tuple[str, ...]:
    """Where the receiver's own share stands. Never the net of the whole sale where shares have columns of their own."""
    own = {"coproducer": "coproducer_commission", "affiliate": "affiliate_commission"}.get(role or "", "net_producer")
    if own in index_of:
        return (own,)
    return () if "net_producer" in index_of else OWN_NET


@lru_cache(maxsize=8192)
def _read_text(text: str, mark: Mark) -> tuple[str, str | None]:
    value, currency = number_of(text.strip(), mark)
    return amount_text(value), currency


def _read_number(cell: Any) -> tuple[str, None]:
    if isinstance(cell, (bool, date)):
        raise Unreadable("not_a_number")
    return amount_text(number_of_cell(cell)), None


@lru_cache(maxsize=4096)
def _sum(amounts: tuple[str, ...]) -> str:
    return amount_text(sum(map(Decimal, amounts), Decimal(0)))
