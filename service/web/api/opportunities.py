"""Sales that could still be won, and those that were."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.recovery import OpportunityFile, OpportunityFilter, OpportunityPage, OpportunityQuery
from schemas.sales import TotalOut
from service.store import opportunities
from service.store.engine import transaction
from service.store.parts import patience
from service.web import downloads, guards, spans
from service.web.api.sales import place_of
from service.web.rooms import rooms

blueprint = Blueprint("opportunities", __name__, url_prefix="/api/v1", description="Sales recovery")
blueprint.before_request(guards.api_account)


@blueprint.route("/opportunities")
class Opportunities(MethodView):
    """The opportunity list."""

    @blueprint.arguments(OpportunityQuery, location="query")
    @blueprint.response(200, OpportunityPage)
    def get(self, asked: dict[str, Any]) -> Any:
        """List opportunities, the last first; `next` of the answer is `after` of the next question."""
        account, (place, size) = guards.current_account(), place_of(asked)
        with transaction(rooms().engine) as tx, patience(tx):
            return opportunities.listed(tx, account.id, spans.opportunities(asked, account), after=place, size=size)


@blueprint.route("/opportunities/totals")
class OpportunityTotals(MethodView):
    """What they add up to."""

    @blueprint.arguments(OpportunityFilter, location="query")
    @blueprint.response(200, TotalOut(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """Number and amount by currency; with `state=recovered` of the sales that followed."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx, patience(tx):
            return opportunities.total(tx, account.id, spans.opportunities(asked, account))


@blueprint.route("/opportunities/export")
class OpportunitiesExport(MethodView):
    """Opportunities as a file."""

    @blueprint.arguments(OpportunityFile, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(200, content_type=downloads.XLSX)
    def get(self, asked: dict[str, Any]) -> Response:
        """CSV or XLSX of the opportunities that match: who, how to reach them, what failed and why."""
        account, form, language = guards.current_account(), asked.pop("format"), asked.pop("language")
        return downloads.opportunities(account, form, language, spans.opportunities(asked, account))
