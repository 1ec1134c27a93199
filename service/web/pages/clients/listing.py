"""The list of clients: found as one types, filtered, sorted, taken along as a file."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from marshmallow import EXCLUDE

from schemas.clients import ClientFile, ClientListQuery, ListPlace
from service.store import client_choices, clients
from service.store.clients import Place
from service.store.engine import transaction
from service.web import client_lists, downloads, guards, locale
from service.web.pages.clients.chips import address, chips, countries
from service.web.pages.clients.room import blueprint
from service.web.rooms import rooms

PAGE_SIZE = 50
QUERY, FILE = ClientListQuery(unknown=EXCLUDE), ClientFile(unknown=EXCLUDE)
MORE = ("least", "most", "first_since", "first_until", "last_since", "last_until", "country", "tag", "subscription")
"""Filters behind the fold of the form: it is open when one of them is in force."""


@blueprint.get("")
def index() -> str:
    """The list with its form; the address is the filter."""
    with transaction(rooms().engine) as tx:
        options = client_choices.choices(tx, guards.current_account().id)
    found = _found()
    return render_template(
        "clients/index.html",
        options=options,
        countries=countries(),
        unfolded=any(found["asked"].get(name) is not None for name in MORE),
        nobody=not found["part"].rows and not found["chips"],
        **found,
    )


@blueprint.get("/found")
def found() -> str:
    """The same list without anything around it, for those who are typing."""
    return render_template("clients/_found.html", **_found())


def _found() -> dict[str, Any]:
    account, asked = guards.current_account(), client_lists.understood(QUERY, request.args)
    wanted = client_lists.wanted(asked, PAGE_SIZE)
    sought = client_lists.sought(asked, account)
    with transaction(rooms().engine) as tx:
        part = clients.listed(tx, account.id, sought, wanted)
        count = part.all_of_them or clients.counted(tx, account.id, sought)
        in_force = chips(tx, asked)
    return {
        "asked": asked,
        "part": part,
        "number": count.number,
        "is_more": not count.is_exact,
        "chips": in_force,
        "address": address,
        "before": part.before and address(before=_written(part.before)),
        "after": part.after and address(after=_written(part.after)),
        "is_beginning": wanted.place is None,
    }


def _written(place: Place) -> str:
    return str(ListPlace().serialize("place", {"place": tuple(place)}))


@blueprint.get("/export")
def export() -> Response:
    """The whole filtered list as a file, in the reader's language."""
    account, asked = guards.current_account(), client_lists.understood(FILE, request.args)
    order, sought = client_lists.order(asked), client_lists.sought(asked, account)
    return downloads.clients(account, asked["format"], locale.language(), sought, order)
