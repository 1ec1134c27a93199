"""What Kommo holds, in our shapes. Ids are Kommo's; times are aware; amounts are Decimals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

WON, LOST = 142, 143
"""The same in every pipeline: only the pair of pipeline and stage says which won or lost is meant."""
INCOMING = 1
"""The type of the stage where leads wait that nobody took yet."""


class Kind(StrEnum):
    """The three things we write; the value is their part of the address."""

    LEADS = "leads"
    CONTACTS = "contacts"
    COMPANIES = "companies"


class Account(NamedTuple):
    """Who we talk to. `currency` is that of every lead's price."""

    id: int
    name: str
    subdomain: str
    currency: str
    country: str
    current_user_id: int
    is_filter_enabled: bool


class Stage(NamedTuple):
    """A stage of a pipeline; `sort` grows to the right."""

    id: int
    name: str
    sort: int
    pipeline_id: int
    is_incoming: bool


class Pipeline(NamedTuple):
    """A pipeline and its stages from left to right."""

    id: int
    name: str
    is_main: bool
    is_archived: bool
    stages: tuple[Stage, ...]

    def stage(self, stage_id: int) -> Stage | None:
        """The stage with this id."""
        return next((found for found in self.stages if found.id == stage_id), None)


class User(NamedTuple):
    """Somebody who works there."""

    id: int
    name: str
    email: str


class Option(NamedTuple):
    """One choice of a field, or one kind of phone or e-mail."""

    id: int
    text: str


class Field(NamedTuple):
    """The definition of a custom field. `code` is null for most fields people made."""

    id: int
    name: str
    type: str
    code: str | None
    options: tuple[Option, ...]
    is_api_only: bool


class Value(NamedTuple):
    """One value of a field: as Kommo gave it, with its choice where it has one."""

    value: Any
    enum_id: int | None
    enum_code: str | None


class Filled(NamedTuple):
    """A field of one thing, with its values."""

    field_id: int
    code: str | None
    type: str
    values: tuple[Value, ...]


class Tied(NamedTuple):
    """Another thing this one is linked with."""

    id: int
    is_main: bool


class Contact(NamedTuple):
    """A person. `leads` is filled where the list was asked for with them."""

    id: int
    name: str
    first_name: str
    last_name: str
    created_at: datetime
    updated_at: datetime
    is_deleted: bool
    filled: tuple[Filled, ...]
    tags: tuple[str, ...]
    companies: tuple[Tied, ...]
    leads: tuple[Tied, ...]


class Company(NamedTuple):
    """A company."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    is_deleted: bool
    filled: tuple[Filled, ...]
    tags: tuple[str, ...]


class Lead(NamedTuple):
    """A deal. `price` is exact where the account shows minor units (`has_minor_units`), whole elsewhere."""

    id: int
    name: str
    price: Decimal | None
    has_minor_units: bool
    pipeline_id: int
    stage_id: int
    responsible_user_id: int
    created_at: datetime
    updated_at: datetime
    updated_by: int
    is_deleted: bool
    filled: tuple[Filled, ...]
    tags: tuple[str, ...]
    contacts: tuple[Tied, ...]
    companies: tuple[Tied, ...]
    score: int | None = None
    labor_cost: int | None = None
    price_is_computed: bool | None = None

    @property
    def is_open(self) -> bool:
        """Neither won nor lost."""
        return self.stage_id not in (WON, LOST)

    @property
    def main_contact(self) -> int | None:
        """The contact the lead is about."""
        main = [contact.id for contact in self.contacts if contact.is_main]
        return next(iter([*main, *(contact.id for contact in self.contacts)]), None)


class Link(NamedTuple):
    """One thing tied to another, as the links list says."""

    to_id: int
    to_kind: str
    is_main: bool


class Note(NamedTuple):
    """A note on a card."""

    id: int
    entity_id: int
    type: str
    text: str


class Hook(NamedTuple):
    """A subscription of an address to events."""

    id: int
    destination: str
    codes: tuple[str, ...]
    is_disabled: bool


class Together(NamedTuple):
    """What a complex create made, or found already there (`merged`)."""

    lead_id: int
    contact_id: int | None
    company_id: int | None
    merged: bool
