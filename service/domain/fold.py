"""The fold: the pure function from the facts of one subject to its ledger rows.

It is free of order: facts are ranked by certainty, the moment they speak for, the stage of their status
and their digest, so any arrival order, repetition or batching gives the same rows. An absent field says
nothing, and so never erases a known one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import methodcaller

from service.domain import identity, journey, mentions, stages
from service.domain.facts import Certainty, Fact, Fields, Kind
from service.domain.ledger import Folded, Mention, Milestone, Purchase
from service.domain.statuses import CATEGORY_OF, STAGE, Status

MONEY_FIELDS = (
    "paid",
    "gross",
    "gross_receiving",
    "net",
    "fee",
    "affiliate_commission",
    "coproducer_commission",
    "producer_commission",
    "original_offer_price",
    "recurrence_value",
)
CHARGE_SUFFIX = re.compile(r"(?<=\d)C\d{1,3}$")

_rank = methodcaller("rank")


def fold(facts: Iterable[Fact]) -> Folded:
    """The ledger rows that the facts of one subject add up to, in any order."""
    ranked = sorted(facts, key=_rank)
    if not ranked:
        return Folded()
    if ranked[0].subject.startswith("t:"):
        return _fold_transaction(ranked)
    if ranked[0].subject.startswith(identity.PREFIX):
        aliases, strangers = identity.of_address(ranked)
        return Folded(aliases=aliases, strangers=strangers)
    if ranked[0].subject.startswith(stages.PREFIX):
        return Folded(milestones=stages.of_lead(ranked), mentions=mentions.of_story(ranked, story=ranked[0].subject))
    return Folded(milestones=journey.of_events(ranked), mentions=mentions.of_story(ranked, story=ranked[0].subject))


def _fold_transaction(ranked: list[Fact]) -> Folded:
    stories = [_fold_story(key, story) for key, story in _stories(ranked)]
    return Folded(
        tuple(purchase for purchase, _, _ in stories if purchase is not None),
        tuple(milestone for _, milestones, _ in stories for milestone in milestones),
        tuple(mention for _, _, said in stories for mention in said),
    )


def _stories(ranked: list[Fact]) -> list[tuple[str, list[Fact]]]:
    """One story per charge: a code that carries several recurrence numbers is several purchases.

    The lowest number keeps the bare code, and so do the facts that name none. A `#` of the code's own is doubled:
    no code can then be taken for another's second charge.
    """
    code = ranked[0].subject[2:].replace("#", "##")
    numbers = sorted({fact.fields["recurrence_number"] for fact in ranked if "recurrence_number" in fact.fields})
    if len(numbers) < 2:
        return [(code, ranked)]
    return [
        (
            code if number == numbers[0] else f"{code}#{number}",
            [fact for fact in ranked if fact.fields.get("recurrence_number", numbers[0]) == number],
        )
        for number in numbers
    ]


def _fold_story(key: str, ranked: list[Fact]) -> tuple[Purchase | None, tuple[Milestone, ...], tuple[Mention, ...]]:
    spoken = [fact for fact in ranked if fact.kind is Kind.PURCHASE]
    merged = merge(spoken)
    purchase = _purchase(key, spoken, merged) if spoken else None
    owner = owner_of(spoken or ranked)
    return (
        purchase,
        journey.of_purchase(key, ranked, purchase, owner),
        mentions.of_story(ranked, story=f"t:{key}", owner=owner, subscriber=merged.get("subscriber_code")),
    )


def merge(ranked: Sequence[Fact]) -> Fields:
    """The newest value of every field; facts in rising rank.

    An amount and its currency are one field, and an amount whose currency nobody stated never takes
    the place of one that is complete.
    """
    merged: Fields = {}
    for fact in ranked:
        merged.update(fact.fields)
    for name in MONEY_FIELDS:
        if name in merged and merged[name][1] is None:
            priced = [fact.fields[name] for fact in ranked if name in fact.fields and fact.fields[name][1] is not None]
            merged[name] = priced[-1] if priced else merged[name]
    return merged


def owner_of(ranked: Sequence[Fact]) -> str | None:
    """The e-mail of the deciding fact: the highest-ranked one that names any."""
    return next((fact.email for fact in reversed(ranked) if fact.email), None)


def decide(ranked: Sequence[Fact]) -> Status:
    """The status of a purchase.

    The newest known fact decides; a guessed one can only raise it to a higher stage, never lower it;
    a filler decides only where nobody else speaks.
    """
    spoken = [(fact.certainty, fact.status) for fact in ranked if fact.status is not None]
    known = [status for certainty, status in spoken if certainty is Certainty.KNOWN][-1:]
    guessed = [status for certainty, status in spoken if certainty is Certainty.GUESSED]
    if known or guessed:
        # max() keeps the first of equals: a guess must be higher to matter, the newest guess first.
        return max(known + guessed[::-1], key=STAGE.__getitem__)
    return spoken[-1][1] if spoken else Status.STARTED


def _purchase(key: str, ranked: Sequence[Fact], merged: Fields) -> Purchase:
    status = decide(ranked)
    code = ranked[0].subject[2:]
    transaction = merged.get("transaction")
    parent = merged.get("parent_transaction")
    parent = parent if parent not in (code, transaction) else None
    gross, basis = _gross(merged)
    get = merged.get
    paid, net, fee = get("paid", _NONE), get("net", _NONE), get("fee", _NONE)
    affiliate_share = get("affiliate_commission", _NONE)
    coproducer_share = get("coproducer_commission", _NONE)
    return Purchase(
        key=key,
        subject=ranked[0].subject,
        transaction=transaction,
        email=owner_of(ranked),
        status=status,
        category=CATEGORY_OF[status],
        product_id=get("product_id"),
        product_name=get("product_name"),
        product_ucode=get("product_ucode"),
        offer_code=get("offer_code"),
        offer_name=get("offer_name"),
        coupon=get("coupon"),
        paid_value=paid[0],
        paid_currency=paid[1],
        gross_value=gross[0],
        gross_currency=gross[1],
        gross_basis=basis,
        net_value=net[0],
        net_currency=net[1],
        fee_value=fee[0],
        fee_currency=fee[1],
        affiliate_commission_value=affiliate_share[0],
        affiliate_commission_currency=affiliate_share[1],
        coproducer_commission_value=coproducer_share[0],
        coproducer_commission_currency=coproducer_share[1],
        payment_type=get("payment_type"),
        billing_type=get("billing_type"),
        installments=get("installments"),
        recurrence_number=recurrence_of(merged),
        charge_count=get("charge_count"),
        subscriber_code=get("subscriber_code"),
        plan_name=get("plan_name"),
        order_group=CHARGE_SUFFIX.sub("", parent or code),
        parent_transaction=parent,
        is_bump=bool(parent) and get("is_bump", True) is not False,
        src=get("src"),
        sck=get("sck"),
        xcod=get("xcod"),
        channel=get("channel"),
        affiliate=get("affiliate"),
        affiliate_code=get("affiliate_code"),
        sold_as=get("sold_as"),
        refusal_reason=get("refusal_reason"),
        payment_link=get("payment_link"),
        country=get("checkout_country") or get("country"),
        quantity=get("quantity"),
        flags=",".join(_flags(status, merged, gross, basis)),
        ordered_at=get("ordered_at"),
        approved_at=get("approved_at"),
        due_at=get("due_at"),
        warranty_on=get("warranty_on"),
        as_of=ranked[-1].as_of.isoformat(),
    )


_NONE: tuple[str | None, str | None] = (None, None)


def recurrence_of(merged: Fields) -> int | None:
    """The number of this charge of a subscription.

    The detailed report numbers charges in a column of its own, which for `Parcelado Hotmart` counts
    instalments of one and the same purchase instead.
    """
    if "recurrence_number" in merged:
        return int(merged["recurrence_number"])
    if merged.get("subscriber_code") and not merged.get("financed"):
        return merged.get("charge_count")
    return None


def _gross(merged: Fields) -> tuple[Sequence[str | None], str | None]:
    """What revenue counts: the price sold at, else what was paid, else the price in the receiving currency."""
    for name, basis in (("gross", "gross"), ("paid", "paid"), ("gross_receiving", "receiving")):
        if name in merged:
            return merged[name], basis
    return _NONE, None


def _flags(status: Status, merged: Fields, gross: Sequence[str | None], basis: str | None) -> Iterable[str]:
    if status is Status.PARTIALLY_REFUNDED:
        yield "refunded_amount_unknown"
    if basis == "paid":
        yield "gross_from_paid"
    if basis == "receiving":
        yield "gross_from_receiving"
    if gross[0] is not None and gross[1] is None:
        yield "currency_unknown"
    if merged.get("financed") and (merged.get("charge_count") or 1) > 1:
        yield "at_least"
