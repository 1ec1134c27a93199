"""What was tried and not bought, and what was won back: as these panels must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from tests.stories.reckoning import (
    MONEY_OF_NOBODY,
    Asked,
    Days,
    Figures,
    Options,
    Try,
    apart,
    currency_of,
    in_currency,
    pair,
    product_line,
    share,
    sold_at,
    tried_in,
    tries,
)
from tests.stories.scenario import Deal


def opportunities(asked: Asked, options: Options) -> Figures:
    """The last attempt of each buyer at each product before a sale, or all of them with the switch."""
    figures, is_all = Figures(), options.get("attempts") == "all"
    before = apart(tried_in(asked.before), lambda one: one.currency)
    for currency, every in apart(tried_in(asked.here), lambda one: one.currency).items():
        shown = every if is_all else [one for one in every if one.is_last]
        if not shown:
            continue
        figures.put(currency, _fates(every, currency, is_all=False))
        earlier = before.get(currency, [])
        was = None if asked.is_all else len([one for one in earlier if one.open])
        figures.put(currency, {"open": (len([one for one in every if one.open]), was)})
        if is_all:
            many = (len(every), None if asked.is_all else len(earlier))
            much = (_amounts(every), None if asked.is_all else _amounts(earlier))
            figures.put(currency, {"attempts": many, "attempted": much if currency else MONEY_OF_NOBODY})
        figures.bars(currency, "attempts_by_day", asked, [(one.when, 1) for one in shown])
        for table, line_of in (("kinds", lambda one: one.kind), ("products", product_line)):
            for line, some in apart(shown, line_of).items():
                figures.put(currency, _fates(some, currency, is_all=is_all), table, line)
    return figures


def _amounts(tried: Iterable[Try]) -> Decimal:
    return sum((one.amount or Decimal(0) for one in tried), Decimal(0))


def _fates(tried: Sequence[Try], currency: str, *, is_all: bool) -> dict[str, Any]:
    """Open ones and their amount, those won back, and these as a share of both."""
    still, won = [one for one in tried if one.open], [one for one in tried if one.won]
    return {
        "open": len(still),
        "open_amount": _amounts(still) if currency else MONEY_OF_NOBODY,
        "won_back": len(won),
        "recovery_rate": share(len(won), len(still) + len(won)),
    } | ({"attempts": len(tried)} if is_all else {})


def declined(asked: Asked, options: Options) -> Figures:
    """Opportunities with a reason of the bank, by it, and how many ended in a sale."""
    figures = Figures()
    refused = [one for one in tried_in(asked.here) if one.reason and one.is_last]
    for currency, some in apart(refused, lambda one: one.currency).items():
        for table, line, mine in [("", "", some)] + [
            ("reasons", reason, these) for reason, these in apart(some, lambda one: one.reason).items()
        ]:
            won = len([one for one in mine if one.won])
            amount = _amounts(mine) if currency else MONEY_OF_NOBODY
            values = {"declined": len(mine), "declined_amount": amount, "recovery_rate": share(won, len(mine))}
            figures.put(currency, values | ({"won_back": won} if table else {}), table, line)
    return figures


def carts(asked: Asked, options: Options) -> Figures:
    """Carts that no later attempt took the place of, and whether their buyers bought."""
    figures, here = Figures(), _carts(asked.here)
    if not here:
        return figures
    won = len([one for one in here if one.won])
    many = (len(here), None if asked.is_all else len(_carts(asked.before)))
    figures.put(None, {"carts": many, "bought_later": won, "still_open": len(here) - won})
    figures.put(None, {"recovery_rate": share(won, len(here))})
    figures.bars(None, "carts_by_day", asked, [(one.when, 1) for one in here])
    for line, some in apart(here, product_line).items():
        won = len([one for one in some if one.won])
        values = {"carts": len(some), "bought_later": won, "recovery_rate": share(won, len(some))}
        figures.put(None, values, "products", line)
    return figures


def _carts(days: Days | None) -> list[Try]:
    return [one for one in tried_in(days) if one.kind == "abandoned_cart" and one.is_last]


def recovered(asked: Asked, options: Options) -> Figures:
    """Sales after an attempt, once each, in the currency of the sale; how long they took, from the last attempt."""
    figures, here, names = Figures(), _won(asked.here), ("recovered", "recovered_amount")
    before = None if asked.is_all else [sale for _, sale in _won(asked.before)]
    for currency, mine in apart(here, lambda one: currency_of(one[1])).items():
        earlier = None if before is None else in_currency(before, currency)
        figures.put(currency, pair(names, [sale for _, sale in mine], earlier, currency))
        figures.bars(currency, "recovered_by_day", asked, [(sold_at(sale), 1) for _, sale in mine])
        for table, line_of in (("kinds", lambda one: one[0].kind), ("products", lambda one: product_line(one[0]))):
            for line, some in apart(mine, line_of).items():
                figures.put(currency, pair(names, [sale for _, sale in some], None, currency), table, line)
    if here:
        figures.put(None, {"time_to_recover": _mean_seconds(here)})
    for kind, some in apart(here, lambda one: one[0].kind).items():
        figures.put(None, {"time_to_recover": _mean_seconds(some)}, "times", kind)
    return figures


def _won(days: Days | None) -> list[tuple[Try, Deal]]:
    """Opportunities that ended in a sale of these days, each with it."""
    won = [(one, one.sale) for one in tries() if one.is_last and one.sale is not None]
    return [(one, sale) for one, sale in won if days is not None and sold_at(sale) in days]


def _mean_seconds(won: Sequence[tuple[Try, Deal]]) -> Decimal | None:
    return share(sum(int((sold_at(sale) - tried.when).total_seconds()) for tried, sale in won), len(won))
