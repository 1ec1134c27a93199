"""Sales that could still be won, and those that were."""

from __future__ import annotations

from flask_smorest import Blueprint

from schemas.recovery import OpportunityFile, OpportunityFilter, OpportunityPage, OpportunityQuery
from service.store import opportunities
from service.web import downloads, guards, spans
from service.web.api.lists import ListResource, offer

blueprint = Blueprint("opportunities", __name__, url_prefix="/api/v1", description="Sales recovery")
blueprint.before_request(guards.api_account)

offer(
    blueprint,
    ListResource(
        "opportunities",
        OpportunityQuery,
        OpportunityPage,
        OpportunityFilter,
        spans.opportunities,
        opportunities.listed,
        opportunities.total,
        listing="List opportunities, the last first; `next` of the answer is `after` of the next question.",
        totals="Number and amount by currency; with `state=recovered` of the sales that followed.",
        file=OpportunityFile,
        write=downloads.opportunities,
        export="CSV or XLSX of the opportunities that match: who, how to reach them, what failed and why.",
    ),
)
