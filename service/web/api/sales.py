"""The lists around sales: transactions, steps after them, subscriptions; each with totals and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.views import MethodView
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
    TotalOut,
)
from service.domain.after_sale import StepKind
from service.store import sales, steps, subscribers
from service.store.engine import transaction
from service.store.parts import Part, Place, patience
from service.web import downloads, guards, spans
from service.web.rooms import rooms

blueprint = Blueprint("sales_lists", __name__, url_prefix="/api/v1", description="Sales, and what follows them")
blueprint.before_request(guards.api_account)


def place_of(asked: dict[str, Any]) -> tuple[Place | None, int]:
    """Takes where the page begins and its size out of a query."""
    after = asked.pop("after", None)
    return (Place(*after) if after else None), asked.pop("size")


@blueprint.route("/sales")
class Sales(MethodView):
    """All transactions."""

    @blueprint.arguments(SaleQuery, location="query")
    @blueprint.response(200, SalePage)
    def get(self, asked: dict[str, Any]) -> Any:
        """List sales, the last first; `next` of the answer is `after` of the next question."""
        account, (place, size) = guards.current_account(), place_of(asked)
        with transaction(rooms().engine) as tx, patience(tx):
            return sales.listed(tx, account.id, spans.sales(asked, account), after=place, size=size)


@blueprint.route("/sales/totals")
class SaleTotals(MethodView):
    """What they add up to."""

    @blueprint.arguments(SaleFilter, location="query")
    @blueprint.response(200, TotalOut(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """Number, gross (`amount`) and net by currency. 422 `period_too_long` when that takes too long."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx, patience(tx):
            return sales.total(tx, account.id, spans.sales(asked, account))


@blueprint.route("/steps")
class Steps(MethodView):
    """Refunds, chargebacks, open disputes, visits."""

    @blueprint.arguments(StepQuery, location="query")
    @blueprint.response(200, StepPage)
    def get(self, asked: dict[str, Any]) -> Any:
        """List steps of one kind, the last first; `next` of the answer is `after` of the next question."""
        account, (place, size) = guards.current_account(), place_of(asked)
        wanted = spans.steps(asked, account)
        with transaction(rooms().engine) as tx, patience(tx):
            part = steps.listed(tx, account.id, wanted, after=place, size=size)
        return with_due_days(part, account.refund_days if wanted.kind is StepKind.DISPUTED else None)


def with_due_days(part: Part, refund_days: int | None) -> Mapping[str, Any]:
    """Steps with the moment an answer is due; None where nothing is asked."""
    rows = [
        {**row, "due_at": None if refund_days is None else steps.due_at(row["listed_at"], refund_days)}
        for row in part.rows
    ]
    return {"rows": rows, "after": part.after}


@blueprint.route("/steps/totals")
class StepTotals(MethodView):
    """What they add up to."""

    @blueprint.arguments(StepFilter, location="query")
    @blueprint.response(200, TotalOut(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """Number of steps and gross of their purchases, by currency."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx, patience(tx):
            return steps.total(tx, account.id, spans.steps(asked, account))


@blueprint.route("/steps/export")
class StepsExport(MethodView):
    """Steps as a file."""

    @blueprint.arguments(StepFile, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(200, content_type=downloads.XLSX)
    def get(self, asked: dict[str, Any]) -> Response:
        """CSV or XLSX of the steps that match."""
        account, form, language = guards.current_account(), asked.pop("format"), asked.pop("language")
        return downloads.steps(account, form, language, spans.steps(asked, account))


@blueprint.route("/subscriptions")
class Subscriptions(MethodView):
    """Subscriptions of all buyers."""

    @blueprint.arguments(SubscriptionQuery, location="query")
    @blueprint.response(200, SubscriptionPage)
    def get(self, asked: dict[str, Any]) -> Any:
        """List subscriptions, the last begun first; `next` of the answer is `after` of the next question."""
        account, (place, size) = guards.current_account(), place_of(asked)
        with transaction(rooms().engine) as tx, patience(tx):
            return subscribers.listed(tx, account.id, spans.subscriptions(asked, account), after=place, size=size)


@blueprint.route("/subscriptions/totals")
class SubscriptionTotals(MethodView):
    """What they add up to."""

    @blueprint.arguments(SubscriptionFilter, location="query")
    @blueprint.response(200, TotalOut(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """Number and monthly value by the currency of the last charge."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx, patience(tx):
            return subscribers.total(tx, account.id, spans.subscriptions(asked, account))


@blueprint.route("/subscriptions/export")
class SubscriptionsExport(MethodView):
    """Subscriptions as a file."""

    @blueprint.arguments(SubscriptionFile, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(200, content_type=downloads.XLSX)
    def get(self, asked: dict[str, Any]) -> Response:
        """CSV or XLSX of the subscriptions that match."""
        account, form, language = guards.current_account(), asked.pop("format"), asked.pop("language")
        return downloads.subscriptions(account, form, language, spans.subscriptions(asked, account))
