"""What was sold, where it came from, who had a part in it, and what of it is earned: as these panels must be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from tests.stories.reckoning import (
    SALES,
    STANDS,
    Asked,
    Figures,
    Options,
    apart,
    counts_at,
    currency_of,
    gross_of,
    in_currency,
    pair,
    product_line,
    share,
    standing,
)
from tests.stories.scenario import DEALS, TODAY, Deal


def sold(asked: Asked, options: Options) -> Figures:
    """Sales and gross by currency, the average; net in the currency it is paid out in; by product and offer."""
    figures, here = Figures(), standing(asked.here)
    before = None if asked.is_all else standing(asked.before)
    for currency, deals in apart(here, currency_of).items():
        figures.put(currency, pair(SALES, deals, None if before is None else in_currency(before, currency), currency))
        if currency:
            figures.put(currency, {"average": (gross_of(deals) / len(deals)).quantize(CENT)})
        tall = ("gross_by_day", lambda deal: deal.gross) if currency else ("sales_by_day", lambda deal: 1)
        figures.bars(currency, tall[0], asked, [(counts_at(deal), tall[1](deal)) for deal in deals])
        for line, some in apart(deals, product_line).items():
            figures.put(currency, pair(SALES, some, None, currency), "products", line)
        for line, some in apart(deals, lambda deal: f"{deal.product.offer} · {deal.product.name}").items():
            figures.put(currency, pair(SALES, some, None, currency), "offers", line)
    for currency in {deal.net[1] for deal in here if deal.net}:
        earlier = None if before is None else _net(before, currency)
        figures.put(currency, {"net": (_net(here, currency), earlier)})
    return figures


def origin(asked: Asked, options: Options) -> Figures:
    """Sales by one origin: by its alias, else (of an SCK) by the chosen part or its alias, else as it came."""
    figures, by = Figures(), options.get("by", "src")
    for currency, deals in apart(standing(asked.here), currency_of).items():
        nowhere = len([deal for deal in deals if not _origin_of(deal, by)])
        figures.put(currency, pair(SALES, deals, None, currency))
        figures.put(currency, {"without_origin": nowhere, "share_without_origin": share(nowhere, len(deals))})
        for line, some in apart(deals, lambda deal: _called(_origin_of(deal, by), by, options)).items():
            values = pair(SALES, some, None, currency) | {"share": share(len(some), len(deals))}
            figures.put(currency, values, f"origin_{by}", line)
    return figures


CENT = Decimal("0.01")
ALIASES = {("src", "instagram"): "Redes", ("src", "google"): "Redes", ("sck", "ads"): "Anúncios"}
"""What the school calls some origins."""


def _origin_of(deal: Deal, by: str) -> str:
    return {"payment_type": deal.payment, "country": "BR"}.get(by) or str(getattr(deal, by, ""))


def _called(value: str, by: str, options: Options) -> str:
    if (by, value) in ALIASES:
        return ALIASES[by, value]
    part = int(options.get("part", "0")) if by == "sck" else 0
    pieces = value.split("|") if part else [value]
    piece = pieces[max(part, 1) - 1] if part <= len(pieces) else ""
    return ALIASES.get((by, piece), piece)


def partners(asked: Asked, options: Options) -> Figures:
    """What affiliates sold and got, in the currency of each; what co-producers got, by product."""
    figures = Figures()
    theirs = [deal for deal in standing(asked.here) if deal.affiliate]
    shared = [deal for deal in standing(asked.here) if deal.coproducer_share]
    for currency in {currency_of(deal) for deal in [*theirs, *shared]}:
        mine, ours = in_currency(theirs, currency), in_currency(shared, currency)
        if mine:
            figures.put(currency, pair(("affiliate_sales", "affiliate_gross"), mine, None, currency))
        figures.put(currency, {"affiliate_commission": _shares(mine, "affiliate_share")})
        figures.put(currency, {"coproducer_commission": _shares(ours, "coproducer_share")})
        for name, some in apart(mine, lambda deal: deal.affiliate).items():
            values = pair(SALES, some, None, currency) | {"commission": _shares(some, "affiliate_share")}
            figures.put(currency, values, "affiliates", name)
        for line, some in apart(ours, product_line).items():
            values = {"sales": len(some), "commission": _shares(some, "coproducer_share")}
            figures.put(currency, values, "coproduced", line)
    return figures


def _shares(deals: Iterable[Deal], name: str) -> Decimal:
    return sum((Decimal(getattr(deal, name) or 0) for deal in deals), Decimal(0))


def balance(asked: Asked, options: Options) -> Figures:
    """Net of all sales that stand; inside the guarantee until its last day, after it, or not known. By week it ends."""
    figures = Figures()
    earning = [deal for deal in DEALS if deal.status in STANDS and deal.net]
    for currency, deals in apart(earning, lambda deal: deal.net[1]).items():
        kept = [deal for deal in deals if deal.guarantee and date.fromisoformat(deal.guarantee) >= TODAY]
        free = [deal for deal in deals if deal.guarantee and date.fromisoformat(deal.guarantee) < TODAY]
        figures.put(currency, {"net_earned": _net(deals, currency), "inside_guarantee": _net(kept, currency)})
        unknown = [deal for deal in deals if not deal.guarantee]
        figures.put(currency, {"released": _net(free, currency), "guarantee_unknown": _net(unknown, currency)})
        for monday, some in apart(kept, _monday).items():
            figures.put(currency, {"released": _net(some, currency)}, "releases", monday)
    return figures


def _monday(deal: Deal) -> str:
    ends = date.fromisoformat(deal.guarantee)
    return (ends - timedelta(days=ends.weekday())).isoformat()


def _net(deals: Iterable[Deal], currency: str) -> Decimal:
    return sum((Decimal(deal.net[0]) for deal in deals if deal.net and deal.net[1] == currency), Decimal(0))
