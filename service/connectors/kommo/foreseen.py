"""Things of Kommo read ahead by their ids, fifty to a request, for who plans many changes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from service.connectors.http import Query
from service.connectors.kommo.client import FEW, Kommo
from service.connectors.kommo.shapes import Company, Contact, Lead
from service.connectors.kommo.wishes import Stored

Thing = TypeVar("Thing", Lead, Contact, Company)


class Foreseen(NamedTuple):
    """What was read ahead, by id. What is missing here has to be asked for: it may be deleted, or a filter ignored."""

    leads: dict[int, Lead] = {}  # noqa: RUF012  # a field's default, never written to
    contacts: dict[int, Contact] = {}  # noqa: RUF012  # the same
    companies: dict[int, Company] = {}  # noqa: RUF012  # the same


def foresee(kommo: Kommo, stored: Iterable[Stored]) -> Foreseen:
    """The leads, contacts and companies that were kept earlier, and the contacts these leads are about."""
    kept = list(stored)
    leads = _read(lambda query: kommo.leads(query, pages=1), (one.lead_id for one in kept))
    people = [*(one.contact_id for one in kept), *(lead.main_contact for lead in leads.values())]
    return Foreseen(
        leads,
        _read(lambda query: kommo.contacts(query, pages=1), people),
        _read(lambda query: kommo.companies(query, pages=1), (one.company_id for one in kept)),
    )


def _read(ask: Callable[[Query], Iterator[Thing]], ids: Iterable[int | None]) -> dict[int, Thing]:
    wanted = sorted({one for one in ids if one is not None})
    found: dict[int, Thing] = {}
    for start in range(0, len(wanted), FEW):
        few = wanted[start : start + FEW]
        things = ask(tuple(("filter[id][]", str(one)) for one in few))
        # Kommo's filters have been seen to be ignored: filtered again here.
        found |= {one.id: one for one in things if one.id in few and not one.is_deleted}
    return found
