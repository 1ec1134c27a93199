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
        said.append(Mention("client", owner, story, subject, first, last, _layers(ranked, CLIENT_FIELDS)))
    if subject.startswith("s:"):
        # Every event of a subscription belongs to the e-mail it names, also when a later one names another.
        for email in sorted({fact.email for fact in ranked if fact.email and fact.email != owner}):
            own = [fact for fact in ranked if fact.email == email]
            seen = _moments(own)
            said.append(Mention("client", email, story, subject, min(seen), max(seen), _layers(own, CLIENT_FIELDS)))
    if subscriber is not None:
        terms = _layers(ranked, SUBSCRIPTION_FIELDS, _charge(ranked, owner))
        said.append(Mention("subscription", subscriber, story, subject, first, last, terms))
    return tuple(said)


def _moments(ranked: Sequence[Fact]) -> list[str]:
    """When the buyer was seen: what happened at the seller, never the moment a file was made."""
    moments = [fact.fields[name] for fact in ranked for name in ("ordered_at", "approved_at") if name in fact.fields]
    return moments + [fact.occurred_at.isoformat() for fact in ranked]


def _layers(ranked: Sequence[Fact], names: tuple[str, ...], more: Fields | None = None) -> list[list[Any]]:
    """What each fact decides, facts in rising rank; `more` goes with the last."""
    decided: set[str] = set()
    layers: list[list[Any]] = []
    for fact in reversed(ranked):
        fields = {name: fact.fields[name] for name in names if name in fact.fields and name not in decided}
        decided |= fields.keys()
        if more:
            fields, more = fields | more, None
        if fields:
            stage = STAGE[fact.status] if fact.status is not None else 0
            layers.append([int(fact.certainty), fact.as_of.isoformat(), stage, fact.digest.hex(), fields])
    return layers[::-1]


def _charge(ranked: Sequence[Fact], owner: str | None) -> Fields:
    """Whose subscription it is, and whether this story is a charge that was paid."""
    said: Fields = {} if owner is None else {"email": owner}
    if any(fact.status is not None and STAGE[fact.status] >= STAGE[Status.APPROVED] for fact in ranked):
        said["charged"] = True
    return said


def newest_of(mentions: Iterable[Mention]) -> Fields:
    """The newest value of every field over many mentions."""
    newest: Fields = {}
    for *_, fields in sorted((layer for mention in mentions for layer in mention.layers), key=_rank):
        newest.update(fields)
    return newest


def _rank(layer: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(layer[:4])


def client_of(mentions: Sequence[Mention], email: str) -> Client:
    """The client known by `email` that all these mentions are about, by whatever address.

    How the address itself is written is told by mentions of that very one.
    """
    profile = newest_of(mentions)
    if any(mention.about != email for mention in mentions):
        own = newest_of(mention for mention in mentions if mention.about == email)
        profile = {name: value for name, value in profile.items() if name != "email_text" or name in own}
        profile |= {name: own[name] for name in ("email_text",) if name in own}
    return Client(
        email=email,
        first_seen_at=min(mention.first_at for mention in mentions),
        last_seen_at=max(mention.last_at for mention in mentions),
        profile=profile,
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
        charges=sum(any("charged" in layer[-1] for layer in mention.layers) for mention in mentions),
        terms=terms,
    )
