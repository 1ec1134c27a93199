"""Sales that could still be won, and those that were."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.recovery import OpportunityFilter, OpportunityPage
from service.store import opportunities
from service.store.engine import transaction
from service.store.opportunities import Place, Sought
from service.web import guards
from service.web.rooms import rooms

blueprint = Blueprint("opportunities", __name__, url_prefix="/api/v1", description="Sales recovery")
blueprint.before_request(guards.api_account)


@blueprint.route("/opportunities")
class Opportunities(MethodView):
    """The opportunity list."""

    @blueprint.arguments(OpportunityFilter, location="query")
    @blueprint.response(200, OpportunityPage)
    def get(self, wanted: dict[str, Any]) -> Any:
        """List opportunities, the last first; `next` of the answer is `after` of the next question."""
        after, size = wanted.pop("after", None), wanted.pop("size")
        place = Place(*after) if after else None
        with transaction(rooms().engine) as tx:
            return opportunities.listed(tx, guards.current_account().id, Sought(**wanted), after=place, size=size)
