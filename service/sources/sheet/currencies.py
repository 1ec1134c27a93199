"""Currencies as people write them."""

from __future__ import annotations

from functools import cache, lru_cache

from babel import Locale

from service.sources.spelling import plain

SIGNS = {
    "R$": "BRL",
    "US$": "USD",
    "U$": "USD",
    "€": "EUR",
    "£": "GBP",
    "MX$": "MXN",
    "CO$": "COP",
    "$": None,
    "¥": None,
}
"""Currency signs beside a number; some do not tell the currency."""

_CURRENCY_NAMES = {
    "real": "BRL",
    "reais": "BRL",
    "real brasileiro": "BRL",
    "brazilian real": "BRL",
    "euro": "EUR",
    "euros": "EUR",
    "dolar americano": "USD",
    "us dollar": "USD",
    "dolar estadounidense": "USD",
    "peso mexicano": "MXN",
    "peso colombiano": "COP",
}


@cache
def iso_currencies() -> frozenset[str]:
    """The ISO 4217 codes there are or were, without those for no currency and for tests."""
    return frozenset(Locale.parse("en").currencies) - {"XXX", "XTS"}


@lru_cache(maxsize=512)
def currency_of(label: str) -> str | None:
    """The ISO code a currency cell stands for: a code, an unmistakable sign or name; None otherwise."""
    code = label.strip().upper()
    if code in iso_currencies():
        return code
    return SIGNS.get(code) or _CURRENCY_NAMES.get(plain(label))
