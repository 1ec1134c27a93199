"""The rows of the ledger, as the fold makes them.

Amounts are canonical text (`money.amount_text`), instants ISO 8601 text in UTC: text compares and
travels as it is, the database gives it its type. `story` names the group of facts a row was folded
from: the purchase key for purchases, else the subject.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from service.domain.statuses import Category, Status


class Purchase(NamedTuple):
    """One Hotmart transaction; `key` is its code, or `code#n` where one code was used for several charges."""

    key: str
    subject: str
    transaction: str | None
    email: str | None
    status: Status
    category: Category
    product_id: str | None
    product_name: str | None
    product_ucode: str | None
    offer_code: str | None
    offer_name: str | None
    coupon: str | None
    paid_value: str | None
    paid_currency: str | None
    gross_value: str | None
    gross_currency: str | None
    gross_basis: str | None
    net_value: str | None
    net_currency: str | None
    fee_value: str | None
    fee_currency: str | None
    affiliate_commission_value: str | None
    affiliate_commission_currency: str | None
    coproducer_commission_value: str | None
    coproducer_commission_currency: str | None
    payment_type: str | None
    billing_type: str | None
    installments: int | None
    recurrence_number: int | None
    charge_count: int | None
    subscriber_code: str | None
    plan_name: str | None
    order_group: str
    parent_transaction: str | None
    is_bump: bool
    src: str | None
    sck: str | None
    xcod: str | None
    channel: str | None
    affiliate: str | None
    affiliate_code: str | None
    sold_as: str | None
    refusal_reason: str | None
    payment_link: str | None
    country: str | None
    quantity: int | None
    flags: str
    ordered_at: str | None
    approved_at: str | None
    due_at: str | None
    warranty_on: str | None
    as_of: str

    def tells(self) -> tuple[Any, ...]:
        """What a person would call the purchase: everything but the moment it was last confirmed."""
        return self[:-1]


class Milestone(NamedTuple):
    """One dated step of a client's journey. `key` is unique per kind; the link is one delivery."""

    kind: str
    key: str
    subject: str
    email: str | None
    occurred_at: str
    approximate: bool
    times: int
    last_at: str
    product_id: str | None
    product_name: str | None
    transaction: str | None
    amount_value: str | None
    amount_currency: str | None
    status: str | None
    detail: str | None
    source: str
    delivery_id: int


class Mention(NamedTuple):
    """What one story says about a client (`about` = e-mail) or a subscription (`about` = subscriber code).

    `layers` are `[certainty, as_of, stage, digest, {field: value}]`, one for each fact that decides a field,
    so that the newest value can be found among many mentions without the facts behind them.
    """

    kind: str
    about: str
    story: str
    subject: str
    first_at: str
    last_at: str
    layers: list[list[Any]]

    def says(self) -> dict[str, Any]:
        """The fields without their ranks."""
        return {name: value for *_, fields in self.layers for name, value in fields.items()}


class Alias(NamedTuple):
    """An address whose buyer goes by another one since a person said so; `delivery_id` is where they did."""

    email: str
    into_email: str
    since: str
    delivery_id: int


class Stranger(NamedTuple):
    """Two addresses of which a person said that they are not one buyer; told once from either side."""

    email: str
    other: str


class Folded(NamedTuple):
    """All ledger rows of one subject."""

    purchases: tuple[Purchase, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    mentions: tuple[Mention, ...] = ()
    aliases: tuple[Alias, ...] = ()
    strangers: tuple[Stranger, ...] = ()

    def owners(self) -> set[str]:
        """E-mails of the clients these rows belong to."""
        return {mention.about for mention in self.mentions if mention.kind == "client"}

    def subscriptions(self) -> set[str]:
        """Subscriber codes these rows speak of."""
        return {mention.about for mention in self.mentions if mention.kind == "subscription"}

    def tells(self) -> tuple[Any, ...]:
        """What changed means: purchases and what is said of people, without when it was last confirmed."""
        people = tuple((mention.kind, mention.about, mention.says()) for mention in self.mentions)
        return (tuple(purchase.tells() for purchase in self.purchases), people)


@lru_cache(maxsize=4096)
def client_id(salt: bytes, email: str) -> UUID:
    """The id of the client with this e-mail: the same in every rebuild, not guessable without the account's salt."""
    return UUID(bytes=blake2b(email.encode("utf-8", "replace"), key=salt, digest_size=16).digest())


def milestone_id(salt: bytes, kind: str, key: str) -> UUID:
    """The id of a milestone, made like a client's."""
    return UUID(bytes=blake2b(f"{kind}\n{key}".encode("utf-8", "replace"), key=salt, digest_size=16).digest())
