"""Before and after, field by field, in words and numbers of the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.web import words
from service.web.locale import NOTHING, money, plain

NAMES: dict[str, LazyString] = {
    "category": _l("Counts as"),
    "flags": _l("Notes"),
    "gross_basis": _l("Price taken from"),
    "transaction": _l("Transaction code"),
    "product_ucode": _l("Product code (ucode)"),
    "xcod": _l("Campaign code (xcod)"),
}
CATEGORIES: dict[str, LazyString] = {
    "active": _l("Active"),
    "lost": _l("Lost"),
    "disputed": _l("Disputed"),
    "pending": _l("Pending"),
}
BASES: dict[str, LazyString] = {
    "gross": _l("price sold at"),
    "paid": _l("price paid"),
    "receiving": _l("price in the receiving currency"),
}
FLAGS: dict[str, LazyString] = {
    "refunded_amount_unknown": _l("the amount given back is unknown"),
    "gross_from_paid": _l("no price sold at is known: what was paid counts"),
    "gross_from_receiving": _l("no price sold at is known: the price in the receiving currency counts"),
    "currency_unknown": _l("the currency is unknown: it counts nowhere"),
    "at_least": _l("at least this much: charges may be missing"),
}
AMOUNT, CURRENCY = "_value", "_currency"


def told(change: Mapping[str, Any]) -> dict[str, Any]:
    """One changed purchase or client: what it is called, and `fields` as (name, before, after)."""
    return {"key": change["key"], "email": change["email"], "fields": list(_fields(change["fields_"]))}


def _fields(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, (was, now) in fields.items():
        if name.endswith(CURRENCY) and name.removesuffix(CURRENCY) + AMOUNT in fields:
            continue
        if name.endswith(AMOUNT):
            stem = name.removesuffix(AMOUNT)
            was_in, now_in = fields.get(stem + CURRENCY, (None, None))
            yield str(words.field_name(stem)), _amount(was, was_in), _amount(now, now_in)
        else:
            yield _name(name), _value(name, was), _value(name, now)


def _name(field: str) -> str:
    return str(NAMES[field]) if field in NAMES else words.field_name(field.removesuffix(CURRENCY))


def _amount(amount: str | None, currency: str | None) -> str:
    return NOTHING if amount is None else money(amount, currency)


def _value(field: str, found: Any) -> str:
    if found is None or found == "":
        return NOTHING
    if field == "flags":
        return ", ".join(str(FLAGS.get(flag, flag)) for flag in found.split(","))
    tables = {"status": words.STATUSES, "category": CATEGORIES, "gross_basis": BASES}
    return str(tables[field].get(found, found)) if field in tables else plain(found)
