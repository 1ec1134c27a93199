"""Whether a contact is the person meant. Kommo's search is a rumour; only an exact comparison is a match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from service.connectors.kommo.phones import phone_key
from service.connectors.kommo.shapes import Company, Contact, Filled, Lead

_APART = re.compile(r"[\s,;]+")
_SIGNS = re.compile(r"[\s./-]+")


def texts(filled: Iterable[Filled], field: int | str) -> Iterator[str]:
    """The values of one field, named by id or code, as text."""
    for one in filled:
        if field in (one.field_id, one.code):
            yield from (str(value.value) for value in one.values if value.value is not None)


def has_email(contact: Contact | Company, email: str) -> bool:
    """Whether one of the contact's addresses is exactly this one."""
    return email.strip().lower() in {text.strip().lower() for text in texts(contact.filled, "EMAIL")}


def has_phone(contact: Contact | Company, phone: str, country: str) -> bool:
    """Whether one of the contact's numbers is this line, with or without Brazil's ninth digit."""
    wanted = phone_key(phone, country)
    return wanted is not None and wanted in {phone_key(text, country) for text in texts(contact.filled, "PHONE")}


def has_document(contact: Contact, document: str, field: int) -> bool:
    """Whether the field holds this document, points and dashes aside."""
    return plain(document) in {plain(text) for text in texts(contact.filled, field)}


def plain(document: str) -> str:
    """A document without its points, dashes and blanks."""
    return _SIGNS.sub("", document).upper()


def fingerprints(lead: Lead, field: int) -> list[str]:
    """What a lead stands for: one transaction, or several where it was taken again."""
    return [part for text in texts(lead.filled, field) for part in _APART.split(text) if part]


def oldest_first(contacts: Iterable[Contact]) -> list[Contact]:
    """The same contact once, the oldest first."""
    by_id = {contact.id: contact for contact in contacts}
    return sorted(by_id.values(), key=lambda contact: (contact.created_at, contact.id))
