"""From an automation's mapping and the values of one event to the wish that is brought to Kommo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import blake2b
from typing import NamedTuple

from service.connectors.kommo.books import fingerprint_field
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.looking import Present, look
from service.connectors.kommo.planning import Plan, plan
from service.connectors.kommo.shapes import Kind
from service.connectors.kommo.stages import Freedom, Pair
from service.connectors.kommo.upsert import Done, Keep, carry_out
from service.connectors.kommo.values import Policy
from service.connectors.kommo.wishes import (
    Book,
    CompanyWish,
    Criterion,
    FieldWish,
    LeadWish,
    NoteWish,
    PersonWish,
    Reuse,
    Stored,
    Wish,
)
from service.domain.automation.leads import Policy as LeadPolicy
from service.domain.automation.locales import Language
from service.domain.automation.mapping import ContactMapping, Mapping
from service.domain.automation.templates import Template, amount, render
from service.domain.automation.triggers import Subject, SubjectKind
from service.domain.automation.values import Values
from service.errors import Unprocessable

REUSE = {
    LeadPolicy.ALWAYS_NEW: Reuse.ALWAYS_NEW,
    LeadPolicy.REUSE_OPEN_OF_PRODUCT: Reuse.SAME_PRODUCT,
    LeadPolicy.REUSE_ANY_OPEN: Reuse.ANY_OPEN,
}
SPOKEN = frozenset({SubjectKind.TRANSACTION, SubjectKind.SUBSCRIPTION})
"""Kinds of subjects whose key is a code that people know; of others the key may hold an e-mail."""


class Occasion(NamedTuple):
    """What one promise is about: its subject, a name of its own that stays the same, the values of its fields."""

    about: Subject
    name: str
    values: Values
    zone: tzinfo


class Past(NamedTuple):
    """What earlier attempts and promises left: ids, leads of the same client and product, an unclear attempt."""

    stored: Stored = Stored()
    same_product: tuple[int, ...] = ()
    unclear_since: datetime | None = None


@dataclass(frozen=True)
class Writer:
    """Fills the templates of a mapping with the values of one occasion."""

    occasion: Occasion

    def text(self, template: Template | None) -> str:
        """The text; empty where there is no template, or nothing to say."""
        if template is None:
            return ""
        return render(template, self.occasion.values, Language.PT, self.occasion.zone).text.strip()


def wish_of(mapping: Mapping, policy: LeadPolicy, occasion: Occasion, past: Past, book: Book) -> Wish:
    """The wish. Raises Unprocessable (`lead_name_empty`) where the lead would have no name."""
    writer = Writer(occasion)
    name = writer.text(mapping.lead_name)
    if not name:
        raise Unprocessable("The template of the lead's name gives nothing for this event", code="lead_name_empty")
    note = writer.text(mapping.note)
    pair = None if mapping.stage_id is None else Pair(mapping.pipeline_id or 0, mapping.stage_id)
    lead = LeadWish(
        name=name,
        fingerprint=fingerprint_of(occasion.about),
        fingerprint_field=mapping.fingerprint_field or fingerprint_field(book),
        money=amount(mapping.lead_value, occasion.values) if mapping.lead_value else None,
        stage=pair,
        name_policy=Policy(mapping.name_policy),
        price_policy=Policy(mapping.price_policy),
        responsible_user_id=mapping.responsible_user_id,
        fields=_fields(mapping, writer, Kind.LEADS),
        tags=tuple(filter(None, map(writer.text, mapping.tags))),
        note=NoteWish(note, marker_of(occasion)) if note else None,
        reuse=REUSE[policy],
        same_product=past.same_product,
    )
    company = writer.text(mapping.company)
    return Wish(
        lead=lead,
        person=_person(mapping, mapping.contact, writer) if mapping.contact else None,
        company=CompanyWish(company, fields=_fields(mapping, writer, Kind.COMPANIES)) if company else None,
        stored=past.stored,
        unclear_since=past.unclear_since,
    )


def fingerprint_of(about: Subject) -> str:
    """What a lead is found again by: the code people know, or a digest where the subject's key holds an e-mail."""
    if about.kind in SPOKEN and not any(sign.isspace() or sign in ",;" for sign in about.key):
        return about.key
    return f"M{blake2b(f'{about.kind} {about.key}'.encode(), digest_size=8).hexdigest()}"


def marker_of(occasion: Occasion) -> str:
    """A short mark of its own for the note of a promise, so that it is never written twice."""
    return f"#{blake2b(occasion.name.encode(), digest_size=5).hexdigest()}"


def _fields(mapping: Mapping, writer: Writer, kind: Kind) -> tuple[FieldWish, ...]:
    return tuple(
        FieldWish(one.field, (writer.text(one.value),), Policy(one.policy))
        for one in mapping.fields
        if one.kind == str(kind)
    )


def _person(mapping: Mapping, contact: ContactMapping, writer: Writer) -> PersonWish | None:
    """Nobody, where not even a name is known."""
    first, _, last = writer.text(contact.name).partition(" ")
    email, phone = writer.text(contact.email), writer.text(contact.phone)
    if not (first or email or phone):
        return None
    return PersonWish(
        first_name=first or email or phone,
        last_name=last.strip(),
        email=email or None,
        phone=phone or None,
        document=writer.text(contact.document) or None,
        document_field=contact.document_field,
        criteria=tuple(Criterion(one) for one in contact.criteria),
        fields=_fields(mapping, writer, Kind.CONTACTS),
    )


def considered(wish: Wish, present: Present, book: Book, hours: int, now: datetime) -> Wish:
    """The wish, hands off the stage where a person changed the lead in the last so many hours.

    Kommo tells of a lead who changed it last and when, whatever was changed; 0 is a robot, the token's owner is us.
    """
    lead = present.lead
    if lead is None or not hours or lead.updated_by in (0, book.account.current_user_id):
        return wish
    if lead.updated_at < now - timedelta(hours=hours):
        return wish
    return wish._replace(lead=wish.lead._replace(freedom=Freedom(hands_off=True)))


def planned(kommo: Kommo, wish: Wish, book: Book, hours: int) -> Plan:
    """Look, and say what would be done; only reads."""
    present = look(kommo, wish)
    return plan(considered(wish, present, book, hours, datetime.now(UTC)), present, book)


def bring(kommo: Kommo, wish: Wish, book: Book, keep: Keep, *, hours: int, told: Callable[[Plan], None]) -> Done:
    """Look, plan, tell the plan, carry it out; twice where Kommo answers a create with a lead that was there."""
    first = planned(kommo, wish, book, hours)
    told(first)
    stored, merged = carry_out(kommo, first, keep)
    if not merged:
        return Done(first, stored)
    again = wish._replace(stored=stored)
    second = planned(kommo, again, book, hours)
    told(second)
    return Done(second, carry_out(kommo, second, keep)[0], merged=True)
