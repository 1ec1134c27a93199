"""What a story says about a client and about a subscription, and what many stories say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from service.domain.facts import Fact, Fields
from service.domain.ledger import Mention
from service.domain.statuses import STAGE, Status

CLIENT_FIELDS = (
    "name",
    "email_text",
    "phone",
    "phone_text",
    "document",
    "document_type",
    "country",
    "state",
    "city",
    "postcode",
    "address",
    "address_number",
    "address_complement",
    "district",
    "instagram",
)
SUBSCRIPTION_FIELDS = (
    "product_id",
    "product_name",
    "plan_name",
    "subscription_status",
    "next_charge_at",
    "canceled_at",
)


class Client(NamedTuple):
    """One buyer, as all stories together describe them."""

    email: str
    first_seen_at: str
    last_seen_at: str
    profile: Fields


class Subscription(NamedTuple):
    """One subscriber code: what was last said of it, its first and last charge."""

    code: str
    email: str | None
    first_at: str
    last_at: str
    charges: int
    terms: Fields


def of_story(
    ranked: Sequence[Fact], *, story: str, owner: str | None = None, subscriber: str | None = None
) -> tuple[Mention, ...]:
    """The mentions of one story, facts in rising rank: of its owner and of its subscription."""
    owner = owner or next((fact.email for fact in reversed(ranked) if fact.email), None)
    if ranked[0].subject.startswith("s:"):
        subscriber = ranked[0].subject[2:]
    if owner is None and subscriber is None:
        return ()
    moments = _moments(ranked)
    first, last, subject = min(moments), max(moments), ranked[0].subject
    said = []
    if owner is not None:
        said.append(Mention("client", owner, story, subject, first, last, _ranked_fields(ranked, CLIENT_FIELDS)))
    if subscriber is not None:
        terms = _ranked_fields(ranked, SUBSCRIPTION_FIELDS) | _charge(ranked, owner)
        said.append(Mention("subscription", subscriber, story, subject, first, last, terms))
    return tuple(said)


def _moments(ranked: Sequence[Fact]) -> list[str]:
    """When the buyer was seen: what happened at the seller, never the moment a file was made."""
    moments = [fact.fields[name] for fact in ranked for name in ("ordered_at", "approved_at") if name in fact.fields]
    return moments + [fact.occurred_at.isoformat() for fact in ranked]


def _ranked_fields(ranked: Sequence[Fact], names: tuple[str, ...]) -> dict[str, list[Any]]:
    newest: dict[str, list[Any]] = {}
    for fact in ranked:
        if not fact.fields.keys().isdisjoint(names):
            rank = _rank(fact)
            newest.update({name: [*rank, fact.fields[name]] for name in names if name in fact.fields})
    return newest


def _rank(fact: Fact) -> list[Any]:
    stage = STAGE[fact.status] if fact.status is not None else 0
    return [int(fact.certainty), fact.as_of.isoformat(), stage, fact.digest.hex()]


def _charge(ranked: Sequence[Fact], owner: str | None) -> dict[str, list[Any]]:
    said = {} if owner is None else {"email": [*_rank(ranked[-1]), owner]}
    paid = [fact for fact in ranked if fact.status is not None and STAGE[fact.status] >= STAGE[Status.APPROVED]]
    if paid:
        said["charged"] = [*_rank(paid[-1]), 1]
    return said


def newest_of(mentions: Iterable[Mention]) -> Fields:
    """The newest value of every field over many mentions."""
    best: dict[str, list[Any]] = {}
    for mention in mentions:
        for name, ranked in mention.fields.items():
            if name not in best or ranked > best[name]:
                best[name] = ranked
    return {name: ranked[-1] for name, ranked in best.items()}


def client_of(mentions: Sequence[Mention]) -> Client:
    """The client all these mentions are about."""
    return Client(
        email=mentions[0].about,
        first_seen_at=min(mention.first_at for mention in mentions),
        last_seen_at=max(mention.last_at for mention in mentions),
        profile=newest_of(mentions),
    )


def subscription_of(mentions: Sequence[Mention]) -> Subscription:
    """The subscription all these mentions are about."""
    terms = newest_of(mentions)
    terms.pop("charged", None)
    return Subscription(
        code=mentions[0].about,
        email=terms.pop("email", None),
        first_at=min(mention.first_at for mention in mentions),
        last_at=max(mention.last_at for mention in mentions),
        charges=sum(1 for mention in mentions if "charged" in mention.fields),
        terms=terms,
    )
