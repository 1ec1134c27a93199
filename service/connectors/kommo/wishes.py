"""What an automation wants a card of Kommo to say, before anybody looked at what is there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from service.connectors.kommo.client import Kommo
from service.connectors.kommo.prices import Prices, Rounding
from service.connectors.kommo.shapes import Account, Field, Kind, Pipeline
from service.connectors.kommo.stages import Freedom, Pair
from service.connectors.kommo.values import Policy, Wanted
from service.domain.money import Money


class Criterion(StrEnum):
    """How a person is recognised, in the order an automation lists them."""

    STORED = "stored"
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"


class Reuse(StrEnum):
    """Which lead is taken where none carries the fingerprint yet."""

    ALWAYS_NEW = "always_new"
    SAME_PRODUCT = "same_product"
    ANY_OPEN = "any_open"


class FieldWish(NamedTuple):
    """Values for one custom field, named by its id or its code. Empty values wish nothing."""

    field: int | str
    values: tuple[Wanted, ...]
    policy: Policy = Policy.ALWAYS
    enum_code: str | None = None


class PersonWish(NamedTuple):
    """The contact. `country` (ISO code) is where phones without country code are from."""

    first_name: str
    last_name: str = ""
    email: str | None = None
    phone: str | None = None
    document: str | None = None
    document_field: int | None = None
    country: str = "BR"
    criteria: tuple[Criterion, ...] = (Criterion.STORED, Criterion.EMAIL, Criterion.PHONE)
    name_policy: Policy = Policy.ONLY_IF_EMPTY
    email_policy: Policy = Policy.APPEND
    phone_policy: Policy = Policy.APPEND
    fields: tuple[FieldWish, ...] = ()
    tags: tuple[str, ...] = ()


class CompanyWish(NamedTuple):
    """The company. A known one is renamed only under ALWAYS."""

    name: str
    name_policy: Policy = Policy.ONLY_IF_EMPTY
    fields: tuple[FieldWish, ...] = ()


class NoteWish(NamedTuple):
    """A note. `marker`, a short text of its own kind, is put into it: notes with it are never written twice."""

    text: str
    marker: str
    service: str | None = "Marco"
    """Shown as the sender; None writes a plain note."""


class LeadWish(NamedTuple):
    """The deal. `fingerprint` names it for good (the transaction, subscription or cart), in `fingerprint_field`.

    `same_product` are ids of leads we made for this person and product, for `Reuse.SAME_PRODUCT`.
    """

    name: str
    fingerprint: str
    fingerprint_field: int | None
    money: Money | None = None
    stage: Pair | None = None
    freedom: Freedom = Freedom()
    name_policy: Policy = Policy.ONLY_IF_EMPTY
    price_policy: Policy = Policy.ALWAYS
    responsible_user_id: int | None = None
    fields: tuple[FieldWish, ...] = ()
    tags: tuple[str, ...] = ()
    note: NoteWish | None = None
    reuse: Reuse = Reuse.ALWAYS_NEW
    same_product: tuple[int, ...] = ()


class Stored(NamedTuple):
    """The ids we keep of an earlier time."""

    lead_id: int | None = None
    contact_id: int | None = None
    company_id: int | None = None


class Wish(NamedTuple):
    """All of it. `unclear_since` is when an earlier attempt began that ended Unconfirmed.

    With it we also look where Kommo's search, which is late, does not: among what is new since then.
    """

    lead: LeadWish
    person: PersonWish | None = None
    company: CompanyWish | None = None
    stored: Stored = Stored()
    unclear_since: datetime | None = None


class Book(NamedTuple):
    """What is set up in the account: good for about ten minutes, and until a 400 names a field or stage."""

    account: Account
    pipelines: tuple[Pipeline, ...]
    fields: dict[Kind, tuple[Field, ...]]
    prices: Prices

    def field(self, kind: Kind, wanted: int | str) -> Field | None:
        """A field by its id or code."""
        return next((one for one in self.fields[kind] if wanted in (one.id, one.code)), None)


def read_book(kommo: Kommo, rounding: Rounding = Rounding.HALF_UP) -> Book:
    """Six requests. Whether prices have cents is seen at any lead; an account without leads does not tell."""
    account = kommo.account()
    some_lead = next(kommo.leads(pages=1, limit=1), None)
    return Book(
        account=account,
        pipelines=kommo.pipelines(),
        fields={kind: kommo.fields(kind) for kind in Kind},
        prices=Prices(account.currency, some_lead.has_minor_units if some_lead else None, rounding),
    )
