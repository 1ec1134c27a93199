"""The lists around sales: transactions, steps after them, subscriptions; each with totals and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from schemas.sales import (
    SaleFilter,
    SalePage,
    SaleQuery,
    StepFile,
    StepFilter,
    StepPage,
    StepQuery,
    SubscriptionFile,
    SubscriptionFilter,
    SubscriptionPage,
    SubscriptionQuery,
)
from service.domain.after_sale import StepKind
from service.store import sales, steps, subscribers
from service.store.accounts import Account
from service.store.parts import Part
from service.web import downloads, guards, spans
from service.web.api.lists import ListResource, offer

blueprint = Blueprint("sales_lists", __name__, url_prefix="/api/v1", description="Sales, and what follows them")
blueprint.before_request(guards.api_account)


def with_due_days(part: Part, wanted: steps.StepFilter, account: Account) -> Mapping[str, Any]:
    """Steps with the moment an answer is due, where one is asked for: to requests for a refund."""
    asks = wanted.kind is StepKind.DISPUTED
    rows = [
        {**row, "due_at": steps.due_at(row["listed_at"], account.refund_days) if asks else None} for row in part.rows
    ]
    return {"rows": rows, "after": part.after}


LISTS = (
    ListResource(
        "sales",
        SaleQuery,
        SalePage,
        SaleFilter,
        spans.sales,
        sales.listed,
        sales.total,
        listing="List sales, the last first; `next` of the answer is `after` of the next question.",
        totals="Number, gross (`amount`) and net by currency. 422 `period_too_long` when that takes too long.",
    ),
    ListResource(
        "steps",
        StepQuery,
        StepPage,
        StepFilter,
        spans.steps,
        steps.listed,
        steps.total,
        listing="List steps of one kind, the last first; `next` of the answer is `after` of the next question.",
        totals="Number of steps and gross of their purchases, by currency.",
        file=StepFile,
        write=downloads.steps,
        export="CSV or XLSX of the steps that match.",
        shown=with_due_days,
    ),
    ListResource(
        "subscriptions",
        SubscriptionQuery,
        SubscriptionPage,
        SubscriptionFilter,
        spans.subscriptions,
        subscribers.listed,
        subscribers.total,
        listing="List subscriptions, the last begun first; `next` of the answer is `after` of the next question.",
        totals="Number and monthly value by the currency of the last charge.",
        file=SubscriptionFile,
        write=downloads.subscriptions,
        export="CSV or XLSX of the subscriptions that match.",
    ),
)
for _one in LISTS:
    offer(blueprint, _one)
