"""What is there already: which lead, contact and company of Kommo a wish is about, and why we think so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeVar

from service.connectors.http import Query
from service.connectors.kommo.client import FEW, PAGE, Kommo
from service.connectors.kommo.matching import (
    fingerprints,
    has_document,
    has_email,
    has_phone,
    oldest_first,
    plain,
)
from service.connectors.kommo.phones import searches
from service.connectors.kommo.shapes import Company, Contact, Kind, Lead
from service.connectors.kommo.wishes import Criterion, LeadWish, PersonWish, Reuse, Wish
from service.errors import Unprocessable

PAGES = 5
HITS = PAGES * FEW
"""More of them than this are a crowd: reported to a person, not guessed through."""
NEWS_PAGES = 40
NEWS = {"pages": NEWS_PAGES, "limit": PAGE}
CLOCKS_DIFFER = timedelta(minutes=2)
T = TypeVar("T")


class Why(StrEnum):
    """How something was recognised."""

    STORED = "stored"
    FINGERPRINT = "fingerprint"
    LEAD = "lead"
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"
    SAME_PRODUCT = "same_product"
    ANY_OPEN = "any_open"
    CONTACT = "contact"
    NAME = "name"


class Present(NamedTuple):
    """The state before. `also` are other contacts that match as well: nobody merges them but a person."""

    lead: Lead | None = None
    lead_why: Why | None = None
    contact: Contact | None = None
    contact_why: Why | None = None
    also: tuple[int, ...] = ()
    company: Company | None = None
    company_why: Why | None = None
    has_note: bool = False


def look(kommo: Kommo, wish: Wish) -> Present:
    """Find what a wish is about; only reads.

    Raises Unprocessable where an unclear earlier attempt cannot be recognised, or a search finds too much to tell.
    """
    lead, lead_why = _known_lead(kommo, wish)
    contact, contact_why, also = _contact(kommo, wish, lead)
    if lead is None:
        lead, lead_why = _reused(kommo, wish.lead, contact)
    company, company_why = _company(kommo, wish, lead, contact)
    return Present(
        lead=lead,
        lead_why=lead_why,
        contact=contact,
        contact_why=contact_why,
        also=also,
        company=company,
        company_why=company_why,
        has_note=lead is not None and _has_note(kommo, wish.lead, lead),
    )


def _known_lead(kommo: Kommo, wish: Wish) -> tuple[Lead | None, Why | None]:
    if wish.stored.lead_id is not None:
        stored = kommo.lead(wish.stored.lead_id)
        if stored is not None:
            return stored, Why.STORED
    field = wish.lead.fingerprint_field
    if field is None:
        if wish.unclear_since is not None:
            raise Unprocessable(
                "An earlier attempt may have made this lead, and no field holds what we would know it by",
                code="kommo_unrecognizable",
            )
        return None, None
    hits = kommo.leads((("query", wish.lead.fingerprint),), pages=PAGES)
    news = kommo.leads(_since("created_at", wish.unclear_since), **NEWS) if wish.unclear_since else ()
    rumours = chain(_no_crowd(hits, HITS), _no_crowd(news, NEWS_PAGES * PAGE))
    found = next((lead for lead in rumours if wish.lead.fingerprint in fingerprints(lead, field)), None)
    return found, Why.FINGERPRINT if found else None


def _no_crowd(found: Iterable[T], most: int) -> Iterator[T]:
    """What was found, up to where reading stopped before the end. Raises Unprocessable there."""
    for number, one in enumerate(found, start=1):
        yield one
        if number >= most:
            raise Unprocessable("Kommo finds too much to tell which is meant", code="kommo_crowd")


def _since(name: str, moment: datetime) -> Query:
    since = int((moment - CLOCKS_DIFFER).timestamp())
    return ((f"filter[{name}][from]", str(since)), (f"order[{name}]", "asc"))


def _contact(kommo: Kommo, wish: Wish, lead: Lead | None) -> tuple[Contact | None, Why | None, tuple[int, ...]]:
    if lead is not None and lead.main_contact is not None:
        main = kommo.contact(lead.main_contact)
        if main is not None:
            return main, Why.LEAD, ()
    if wish.person is None:
        return None, None, ()
    for criterion in wish.person.criteria:
        matches = _matching(kommo, wish, wish.person, criterion)
        if matches:
            chosen = matches[0] if len(matches) == 1 else _preferred(kommo, wish, matches)
            return chosen, Why(criterion.value), tuple(one.id for one in matches if one.id != chosen.id)
    return None, None, ()


def _matching(kommo: Kommo, wish: Wish, person: PersonWish, criterion: Criterion) -> list[Contact]:
    """Everybody who is exactly this person by one criterion, the oldest first."""
    if criterion is Criterion.STORED:
        stored = kommo.contact(wish.stored.contact_id) if wish.stored.contact_id is not None else None
        return [stored] if stored else []
    words = _words(person, criterion)
    rumours: list[Contact] = []
    for query in words:
        rumours += _no_crowd(kommo.contacts((("query", query),), pages=PAGES), HITS)
    if words and wish.unclear_since is not None:
        rumours += _no_crowd(kommo.contacts(_since("updated_at", wish.unclear_since), **NEWS), NEWS_PAGES * PAGE)
    return oldest_first(contact for contact in rumours if _is_same(contact, person, criterion))


def _words(person: PersonWish, criterion: Criterion) -> tuple[str, ...]:
    if criterion is Criterion.EMAIL and person.email:
        return (person.email.strip().lower(),)
    if criterion is Criterion.PHONE and person.phone:
        return searches(person.phone, person.country)
    if criterion is Criterion.DOCUMENT and person.document and person.document_field:
        return tuple(dict.fromkeys((person.document.strip(), plain(person.document))))
    return ()


def _is_same(contact: Contact, person: PersonWish, criterion: Criterion) -> bool:
    if contact.is_deleted:
        return False
    if criterion is Criterion.EMAIL:
        return person.email is not None and has_email(contact, person.email)
    if criterion is Criterion.PHONE:
        return person.phone is not None and has_phone(contact, person.phone, person.country)
    return bool(person.document and person.document_field) and has_document(
        contact, person.document or "", person.document_field or 0
    )


def _preferred(kommo: Kommo, wish: Wish, matches: list[Contact]) -> Contact:
    """Of several: ours, then one with an open lead in the pipeline meant, then the oldest (reference 7.2)."""
    ours = {wish.stored.lead_id, *wish.lead.same_product} - {None}
    for contact in matches:
        if contact.id == wish.stored.contact_id or ours & {lead.id for lead in contact.leads}:
            return contact
    if wish.lead.stage is not None:
        wanted = wish.lead.stage.pipeline_id
        leads = _leads_of(kommo, (lead.id for contact in matches for lead in contact.leads))
        busy = {lead.id for lead in leads if lead.is_open and lead.pipeline_id == wanted}
        for contact in matches:
            if busy & {lead.id for lead in contact.leads}:
                return contact
    return matches[0]


def _leads_of(kommo: Kommo, ids: Iterable[int]) -> list[Lead]:
    """The leads with these ids, the newest first."""
    wanted = sorted(set(ids), reverse=True)[:FEW]
    if not wanted:
        return []
    query = tuple(("filter[id][]", str(lead_id)) for lead_id in wanted)
    # Kommo's filters have been seen to be ignored: filtered again here.
    found = [lead for lead in kommo.leads(query, pages=1) if lead.id in wanted and not lead.is_deleted]
    return sorted(found, key=lambda lead: (lead.created_at, lead.id), reverse=True)


def _reused(kommo: Kommo, wish: LeadWish, contact: Contact | None) -> tuple[Lead | None, Why | None]:
    if wish.reuse is Reuse.SAME_PRODUCT:
        found = [lead for lead in _leads_of(kommo, wish.same_product) if lead.is_open]
        return next(iter(found), None), Why.SAME_PRODUCT if found else None
    if wish.reuse is Reuse.ANY_OPEN and contact is not None:
        pipeline = wish.stage.pipeline_id if wish.stage else None
        leads = _leads_of(kommo, (lead.id for lead in contact.leads))
        found = [lead for lead in leads if lead.is_open and pipeline in (None, lead.pipeline_id)]
        return next(iter(found), None), Why.ANY_OPEN if found else None
    return None, None


def _company(kommo: Kommo, wish: Wish, lead: Lead | None, contact: Contact | None) -> tuple[Company | None, Why | None]:
    if wish.company is None:
        return None, None
    known = [
        (lead.companies[0].id if lead and lead.companies else None, Why.LEAD),
        (contact.companies[0].id if contact and contact.companies else None, Why.CONTACT),
        (wish.stored.company_id, Why.STORED),
    ]
    for company_id, why in known:
        found = kommo.company(company_id) if company_id is not None else None
        if found is not None:
            return found, why
    name = wish.company.name.strip().casefold()
    hits = kommo.companies((("query", wish.company.name.strip()),), pages=PAGES)
    news = kommo.companies(_since("updated_at", wish.unclear_since), **NEWS) if wish.unclear_since else ()
    rumours = chain(_no_crowd(hits, HITS), _no_crowd(news, NEWS_PAGES * PAGE))
    alike = [one for one in rumours if one.name.strip().casefold() == name and not one.is_deleted]
    return min(alike, key=lambda one: (one.created_at, one.id), default=None), Why.NAME if alike else None


def _has_note(kommo: Kommo, wish: LeadWish, lead: Lead) -> bool:
    if wish.note is None:
        return False
    note_type = "service_message" if wish.note.service else "common"
    return any(wish.note.marker in note.text for note in kommo.notes(Kind.LEADS, lead.id, note_type))
