"""Milestones: the dated steps of a client's journey, folded from facts.

Date, amount and link of a milestone come from one source, the best: a postback before a spreadsheet
row, one that announces the step before one that only mentions it, then the earliest. A repeated
announcement raises `times` and `last_at`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from service.domain import stages
from service.domain.facts import Certainty, Fact, Kind
from service.domain.ledger import Milestone, Purchase
from service.domain.statuses import STAGE, Status

KIND_OF_STATUS = {
    Status.WAITING_PAYMENT: "payment_issued",
    Status.OVERDUE: "overdue",
    Status.EXPIRED: "expired",
    Status.CANCELED: "canceled",
    Status.APPROVED: "approved",
    Status.COMPLETE: "complete",
    Status.DISPUTED: "disputed",
    Status.PARTIALLY_REFUNDED: "partially_refunded",
    Status.REFUNDED: "refunded",
    Status.CHARGEBACK: "chargeback",
}
KIND_OF_EVENT = {
    "PURCHASE_OUT_OF_SHOPPING_CART": "cart_abandoned",
    "SUBSCRIPTION_CANCELLATION": "subscription_canceled",
    "SWITCH_PLAN": "plan_switched",
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": "charge_date_changed",
    "CLUB_FIRST_ACCESS": "first_access",
    "CLUB_MODULE_COMPLETED": "module_completed",
    "ORDER_FULFILLMENT": "shipped",
}
KINDS = frozenset(
    {
        *KIND_OF_STATUS.values(),
        *KIND_OF_EVENT.values(),
        *("subscription_started", "subscription_renewed", stages.KIND),
    }
)
ROW = "row"


class Statement(NamedTuple):
    """One fact's word about one milestone."""

    when: str
    fact: Fact
    derived: bool = False
    approximate: bool = False

    @property
    def from_row(self) -> bool:
        """Whether a spreadsheet row says so."""
        return self.fact.said == ROW

    def worth(self) -> tuple[bool, bool, str, bytes, int]:
        """Sort key, the best source first. Two deliveries may say the very same: the earlier kept one stands."""
        return (self.from_row, self.derived, self.when, self.fact.digest, self.fact.delivery_id)


def of_purchase(
    key: str, ranked: Sequence[Fact], purchase: Purchase | None, owner: str | None
) -> tuple[Milestone, ...]:
    """The milestones of one purchase story."""
    statements: dict[str, list[Statement]] = {}
    stated = [fact for fact in ranked if not _only_repeats(fact)]
    # A filler tells of no step where anybody else speaks: it was only to fill gaps. Nor does a row we exported.
    for fact in stated or [fact for fact in ranked if "echo" not in fact.fields] or ranked:
        for kind, statement in _statements(fact):
            statements.setdefault(kind, []).append(statement)
    number = purchase.recurrence_number if purchase is not None and purchase.subscriber_code else None
    if number is not None and "approved" in statements:
        kind = "subscription_started" if number == 1 else "subscription_renewed"
        statements[kind] = statements["approved"]
    return tuple(_milestone(kind, key, statements[kind], owner) for kind in sorted(statements))


def _only_repeats(fact: Fact) -> bool:
    return fact.status is not None and (fact.certainty is Certainty.FILLER or "echo" in fact.fields)


def _statements(fact: Fact) -> Iterator[tuple[str, Statement]]:
    if fact.kind is Kind.SHIPMENT:
        yield "shipped", Statement(fact.occurred_at.isoformat(), fact)
    if fact.status is None:
        return
    kind = KIND_OF_STATUS.get(fact.status)
    from_row = fact.said == ROW
    if kind is not None:
        when, approximate = _row_moment(kind, fact) if from_row else (_event_moment(kind, fact), False)
        yield kind, Statement(when, fact, approximate=approximate)
    paid_at = fact.fields.get("approved_at")
    if paid_at and kind != "approved" and STAGE[fact.status] > STAGE[Status.APPROVED]:
        # A refund, dispute or end of guarantee that names its approval date also tells of the approval.
        yield "approved", Statement(paid_at, fact, derived=True)


def _event_moment(kind: str, fact: Fact) -> str:
    if kind == "approved" and "approved_at" in fact.fields:
        return str(fact.fields["approved_at"])
    return fact.occurred_at.isoformat()


def _row_moment(kind: str, fact: Fact) -> tuple[str, bool]:
    """When a row says it happened, and whether that is only near the truth."""
    ordered, confirmed = fact.fields.get("ordered_at"), fact.fields.get("approved_at")
    if kind == "payment_issued":
        return ordered or fact.occurred_at.isoformat(), ordered is None
    if kind in ("approved", "complete"):
        return confirmed or ordered or fact.occurred_at.isoformat(), kind == "complete" or confirmed is None
    return ordered or fact.occurred_at.isoformat(), True


def _milestone(kind: str, key: str, statements: Sequence[Statement], owner: str | None) -> Milestone:
    best = min(statements, key=Statement.worth)
    fact, fields = best.fact, best.fact.fields
    announced = {one.when for one in statements if one.from_row == best.from_row and not one.derived} or {best.when}
    moments = {best.when} if best.from_row else announced | {best.when}
    amount = fields.get("gross") or fields.get("paid") or fields.get("gross_receiving") or (None, None)
    return Milestone(
        kind=kind,
        key=key,
        subject=fact.subject,
        email=owner,
        occurred_at=best.when,
        approximate=best.approximate,
        times=len(moments),
        last_at=max(moments),
        product_id=fields.get("product_id"),
        product_name=fields.get("product_name"),
        transaction=fields.get("transaction"),
        amount_value=amount[0],
        amount_currency=amount[1],
        status=str(fact.status) if fact.status is not None else None,
        detail=_detail(kind, fact),
        source=fact.source,
        delivery_id=fact.delivery_id,
    )


DETAIL_OF = {
    "canceled": "refusal_reason",
    "overdue": "refusal_reason",
    "module_completed": "module_name",
    "plan_switched": "plan_name",
    "subscription_canceled": "plan_name",
    "charge_date_changed": "new_charge_day",
    "cart_abandoned": "offer_code",
    "shipped": "carrier",
}


def _detail(kind: str, fact: Fact) -> str | None:
    detail = fact.fields.get(DETAIL_OF.get(kind, ""))
    return None if detail is None else str(detail)


def of_events(ranked: Sequence[Fact]) -> tuple[Milestone, ...]:
    """The milestones of carts, subscription changes and member-area visits: facts of one subject."""
    statements: dict[tuple[str, str], list[Statement]] = {}
    for fact in ranked:
        kind = KIND_OF_EVENT.get(fact.said)
        if kind is not None:
            when = fact.occurred_at.isoformat()
            statements.setdefault((kind, _event_key(kind, fact)), []).append(Statement(when, fact))
    return tuple(
        _milestone(kind, key, statements[kind, key], _owner(statements[kind, key])) for kind, key in sorted(statements)
    )


def _event_key(kind: str, fact: Fact) -> str:
    """One per buyer, product and day for carts; per buyer, product (and module) for visits; else per event."""
    if kind == "cart_abandoned":
        return f"{fact.subject[2:]}|{fact.fields['day']}"
    if kind == "first_access":
        return fact.subject[2:]
    if kind == "module_completed":
        return f"{fact.subject[2:]}|{fact.fields.get('module_id') or fact.fields.get('module_name')}"
    return f"{fact.subject[2:]}|{fact.occurred_at.isoformat()}"


def _owner(statements: Sequence[Statement]) -> str | None:
    return max(((one.fact.rank(), one.fact.email) for one in statements if one.fact.email), default=(None, None))[1]
