"""The filters in force as words, each with the address of the list without it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import NamedTuple

from babel import Locale
from flask import request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import Connection

from schemas.clients import ClientListQuery
from service.store import client_choices
from service.web import guards, locale, words
from service.web.client_lists import BY_REVENUE, Asked

PLACES = {"after", "before", "page"}
KNOWN = {field.data_key or name for name, field in ClientListQuery().fields.items()}
"""Other parameters of an address are nobody's: they are not carried on."""


class Chip(NamedTuple):
    """One filter in force, and where the list without it is."""

    label: str
    url: str


def address(endpoint: str = "clients.index", *, without: AbstractSet[str] = frozenset(), **more: str) -> str:
    """The list as it is asked for now, less some parameters and its place, with others in their stead."""
    left_out = PLACES | without | more.keys()
    kept = {name: value for name, value in request.args.items() if name in KNOWN - left_out and value.strip()}
    return url_for(endpoint, **kept, **more)  # type: ignore[arg-type]  # no parameter is one of url_for's own


def chips(tx: Connection, asked: Asked) -> list[Chip]:
    """What the list is narrowed by, in the order of the form."""
    account_id = guards.current_account().id
    told: list[tuple[str | None, set[str]]] = [
        (asked.get("q") and _("Search: %(words)s", words=asked["q"]), {"q"}),
        (asked.get("email"), {"email"}),
        (_product(tx, account_id, asked.get("product")), {"product"}),
        (asked.get("status") and str(words.STATUSES[asked["status"]]), {"status"}),
        (_subscription(asked), {"subscription"}),
        (_opportunity(asked), {"opportunity"}),
        (_revenue(asked), {"currency", "least", "most"}),
        (_money_in(str(asked["sort"])), {"sort"}),
        (_period(_("First purchase"), asked.get("first_since"), asked.get("first_until")), {"first_from", "first_to"}),
        (_period(_("Last purchase"), asked.get("last_since"), asked.get("last_until")), {"last_from", "last_to"}),
        (asked.get("country") and country_name(asked["country"]), {"country"}),
        (asked.get("tag") and _("Tag: %(name)s", name=asked["tag"]), {"tag"}),
        (_import(tx, account_id, asked.get("import_id")), {"import"}),
    ]
    return [Chip(label, address(without=names)) for label, names in told if label]


def country_name(code: str) -> str:
    """What a country is called; the code itself where Babel knows no name."""
    found = get_locale() or Locale("pt", "BR")
    return str(found.territories.get(code, code))


def countries() -> list[tuple[str, str]]:
    """Every country as (code, name), in the order of the names."""
    found = get_locale() or Locale("pt", "BR")
    named = {
        code: name for code, name in found.territories.items() if len(code) == 2 and code not in ("ZZ", "EU", "UN")
    }
    return sorted(named.items(), key=lambda country: country[1])


def _product(tx: Connection, account_id: int, product: str | None) -> str | None:
    if not product:
        return None
    return str(_("Bought: %(name)s", name=client_choices.product_name(tx, account_id, product) or product))


def _subscription(asked: Asked) -> str | None:
    state = asked.get("subscription")
    return str(_("Subscription: %(state)s", state=words.SUBSCRIPTIONS[state])) if state else None


def _opportunity(asked: Asked) -> str | None:
    if asked.get("opportunity") is None:
        return None
    return str(_("Can still be won") if asked["opportunity"] else _("Nothing left to win"))


def _money_in(sort: str) -> str | None:
    if not sort.startswith(BY_REVENUE):
        return None
    return str(_("With money in %(currency)s", currency=sort.removeprefix(BY_REVENUE)))


def _revenue(asked: Asked) -> str | None:
    least, most, currency = asked.get("least"), asked.get("most"), asked.get("currency")
    if not currency or (least is None and most is None):
        return None
    if most is None:
        return str(_("Revenue from %(least)s", least=locale.money(least, currency)))
    if least is None:
        return str(_("Revenue up to %(most)s", most=locale.money(most, currency)))
    return str(
        _("Revenue %(least)s to %(most)s", least=locale.money(least, currency), most=locale.money(most, currency))
    )


def _period(what: str, since: date | datetime | None, until: date | datetime | None) -> str | None:
    if since is None and until is None:
        return None
    if until is None:
        return str(_("%(what)s from %(since)s", what=what, since=locale.day(since)))
    if since is None:
        return str(_("%(what)s until %(until)s", what=what, until=locale.day(until)))
    return str(_("%(what)s %(since)s to %(until)s", what=what, since=locale.day(since), until=locale.day(until)))


def _import(tx: Connection, account_id: int, import_id: int | None) -> str | None:
    if import_id is None:
        return None
    return str(_("From %(file)s", file=client_choices.file_name(tx, account_id, import_id) or f"#{import_id}"))
