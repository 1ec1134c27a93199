"""Appearances: what one write brought into the ledger for the first time.

A trigger fires on the *first appearance* of what it is about, never on an arrival. So duplicates, resends and repeats
add nothing; nor do rebuild, undo and replay, for they bring no news. Whoever writes the ledger says what is news: the
facts of deliveries that were never applied before (a delivery that was set aside and is understood at last is news, a
replayed one is not). Rows of spreadsheets are news only where their import was confirmed with automations.

A step of a purchase is *overtaken* when the ledger, with the news in it, has the purchase standing elsewhere: an
approval that comes after the refund, or that only the refund tells of. A failed attempt or an abandoned cart is
overtaken when the buyer has bought the product since, a change of a subscription when a later one of its kind is known.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from service.domain.automation.triggers import MEANING, TRIGGER_OF_MILESTONE, Subject, SubjectKind, Trigger
from service.domain.automation.writes import News, Priority, Rows, begins, charge_of
from service.domain.journey import KIND_OF_STATUS
from service.domain.ledger import Folded, Milestone, Purchase
from service.domain.statuses import CATEGORY_OF, STAGE, Category, Status

STATUS_OF_STEP = {kind: status for status, kind in KIND_OF_STATUS.items()} | {
    "subscription_started": Status.APPROVED,
    "subscription_renewed": Status.APPROVED,
}
"""Kind of milestone to the status in which a purchase stands at that step."""
ANSWERED_BY_A_SALE = frozenset({"payment_issued", "canceled", "expired", "overdue"})
"""Steps nobody needs to follow up once the buyer has bought the product another way."""
CHANGES = frozenset({"subscription_canceled", "plan_switched", "charge_date_changed", "lead_stage_reached"})
"""Steps of which only the latest holds."""
NOTHING = Folded()
_STATUS_OF_TRIGGER = {TRIGGER_OF_MILESTONE[kind]: status for kind, status in STATUS_OF_STEP.items()} | {
    Trigger.SALE_RECOVERED: Status.APPROVED
}
_PLACE = {trigger: place for place, trigger in enumerate(Trigger)}


class Overtaken(StrEnum):
    """Why something was out of date in the very write that brought it."""

    MOVED_ON = "moved_on"
    """The purchase stands in another status."""
    BOUGHT = "bought"
    """The buyer has bought the product since."""
    LATER = "later"
    """A later change of the same kind is known."""


class Appearance(NamedTuple):
    """Something that is in the ledger for the first time.

    `subject` is the text that is unique among those of its trigger, `about` what a lead would stand for.
    """

    trigger: Trigger
    subject: str
    about: Subject
    occurred_at: str
    email: str | None
    product_id: str | None
    product_name: str | None
    purchase_key: str | None
    delivery_id: int
    priority: Priority
    overtaken: Overtaken | None = None

    def in_order(self) -> tuple[str, int, int, str, str]:
        """Sort key: when it happened; in the same instant, the order a sale goes through."""
        stage = STAGE[_STATUS_OF_TRIGGER.get(self.trigger, Status.STARTED)]
        return (self.occurred_at, stage, _PLACE[self.trigger], self.subject, self.purchase_key or "")


def appearances(before: Rows, after: Rows, news: News) -> list[Appearance]:
    """Everything a write brought for the first time, in the order in which it happened; each subject once."""
    arrived = news.by_subject()
    if not arrived:
        return []
    answered = {key for one in after.closed for key in one.attempts}
    begun = before.begun | _begun(before.stories.values())
    found = [*_recoveries(before, after, arrived)]
    for subject in arrived.keys() & after.stories.keys():
        was, is_now = before.stories.get(subject, NOTHING), after.stories[subject]
        found += _steps(was, is_now, arrived[subject][0], answered)
        found += _first_sights(was, is_now, begun, arrived[subject])
    unique: dict[tuple[Trigger, str], Appearance] = {}
    for seen in sorted(found, key=Appearance.in_order):
        unique.setdefault((seen.trigger, seen.subject), seen)
    return list(unique.values())


def _steps(was: Folded, is_now: Folded, priority: Priority, answered: Container[str]) -> Iterator[Appearance]:
    """Milestones that were not there."""
    seen, purchases = _seen(was, is_now), {one.key: one for one in is_now.purchases}
    for step in is_now.milestones:
        trigger, purchase = TRIGGER_OF_MILESTONE.get(step.kind), purchases.get(step.key)
        if trigger is None or (step.kind, _name(step.key, purchase)) in seen:
            continue
        subject, about = _subject(MEANING[trigger].subject, step, purchase)
        yield Appearance(
            trigger=trigger,
            subject=subject,
            about=about,
            occurred_at=step.occurred_at,
            email=step.email,
            product_id=step.product_id or (purchase and purchase.product_id),
            product_name=step.product_name or (purchase and purchase.product_name),
            purchase_key=purchase and purchase.key,
            delivery_id=step.delivery_id,
            priority=priority,
            overtaken=_overtaken(step, purchase, is_now, answered),
        )


def _name(key: str, purchase: Purchase | None) -> str:
    return key if purchase is None else charge_of(purchase)


def _seen(was: Folded, is_now: Folded) -> set[tuple[str, str]]:
    """(kind, charge) of the milestones that were there; a charge whose number nobody knew goes by that of now."""
    then, now = ({one.key: one for one in folded.purchases} for folded in (was, is_now))
    numbered = {key for key, one in then.items() if one.recurrence_number is not None}
    known = {key: (then if key in numbered else now).get(key) for key in {step.key for step in was.milestones}}
    return {(step.kind, _name(step.key, known[step.key])) for step in was.milestones}


def _subject(kind: SubjectKind, step: Milestone, purchase: Purchase | None) -> tuple[str, Subject]:
    """The text that is unique among those of the trigger, and what a lead would stand for."""
    if kind is SubjectKind.TRANSACTION:
        charge = _name(step.key, purchase)
        return f"t:{charge}", Subject(kind, charge)
    if purchase is not None and purchase.subscriber_code:
        return f"s:{purchase.subscriber_code}", Subject(kind, purchase.subscriber_code)
    prefix, key = step.subject[:2], step.subject[2:]
    return f"{prefix}{step.key}", Subject(kind, step.key if kind is SubjectKind.CART else key)


def _overtaken(
    step: Milestone, purchase: Purchase | None, is_now: Folded, answered: Container[str]
) -> Overtaken | None:
    if purchase is not None and purchase.status is not STATUS_OF_STEP.get(step.kind, purchase.status):
        return Overtaken.MOVED_ON
    attempt = f"c:{step.key}" if step.kind == "cart_abandoned" else f"t:{_name(step.key, purchase)}"
    if step.kind in {"cart_abandoned", *ANSWERED_BY_A_SALE} and attempt in answered:
        return Overtaken.BOUGHT
    alike = (one.occurred_at for one in is_now.milestones if one.kind == step.kind)
    if step.kind in CHANGES and any(moment > step.occurred_at for moment in alike):
        return Overtaken.LATER
    return None


def _begun(stories: Iterable[Folded]) -> set[str | None]:
    return {one.subscriber_code for story in stories for one in story.purchases if begins(one)}


def _first_sights(
    was: Folded, is_now: Folded, begun: Container[str | None], arrived: tuple[Priority, int]
) -> Iterator[Appearance]:
    """Purchases that were not there, and subscriptions whose first purchase they are. Neither can be overtaken."""
    present = {charge_of(one) for one in was.purchases}
    for one in is_now.purchases:
        if not {one.key, charge_of(one)} & present:
            yield _sight(Trigger.SALE_CREATED, f"t:{charge_of(one)}", charge_of(one), one, arrived)
        code = one.subscriber_code
        if code is not None and begins(one) and code not in begun:
            yield _sight(Trigger.SUBSCRIPTION_CREATED, f"s:{code}", code, one, arrived)


def _sight(trigger: Trigger, subject: str, key: str, one: Purchase, arrived: tuple[Priority, int]) -> Appearance:
    priority, delivery_id = arrived
    return Appearance(
        trigger=trigger,
        subject=subject,
        about=Subject(MEANING[trigger].subject, key),
        occurred_at=one.ordered_at or one.as_of,
        email=one.email,
        product_id=one.product_id,
        product_name=one.product_name,
        purchase_key=one.key,
        delivery_id=delivery_id,
        priority=priority,
    )


def _recoveries(before: Rows, after: Rows, arrived: Mapping[str, tuple[Priority, int]]) -> Iterator[Appearance]:
    """Sales that closed attempts nobody had recovered; news of any of them may have shown it."""
    told = {key for one in before.closed if one.recovered for key in one.parties}
    news = {key: urgent for subject, urgent in arrived.items() for key in _tries(after.stories.get(subject, NOTHING))}
    for one in after.closed:
        shown_by = one.parties & news.keys()
        if not one.recovered or not shown_by or one.parties & told:
            continue
        priority, delivery_id = min(news[key] for key in shown_by)
        yield Appearance(
            trigger=Trigger.SALE_RECOVERED,
            subject=f"t:{one.charge}",
            about=Subject(SubjectKind.TRANSACTION, one.charge),
            occurred_at=one.sold_at,
            email=one.email,
            product_id=one.product_id,
            product_name=one.product_name,
            purchase_key=one.sale,
            delivery_id=delivery_id,
            priority=priority,
            overtaken=None if CATEGORY_OF[one.status] is Category.ACTIVE else Overtaken.MOVED_ON,
        )


def _tries(story: Folded) -> Iterator[str]:
    yield from (f"t:{charge_of(one)}" for one in story.purchases)
    yield from (f"c:{one.key}" for one in story.milestones if one.kind == "cart_abandoned")
