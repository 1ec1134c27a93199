"""The panels of Sales Management as JSON: the same figures as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.panels import PanelFilter, PanelOut, asked_days
from service.domain.periods import period_of
from service.errors import NotFound
from service.panels.every import PANELS
from service.panels.looking import Look
from service.store.engine import transaction
from service.web import guards
from service.web.rooms import rooms

blueprint = Blueprint("panels", __name__, url_prefix="/api/v1", description="Sales Management in figures")
blueprint.before_request(guards.api_account)
OPTIONS = ("by", "part", "attempts")


@blueprint.route("/sales/panels")
class Panels(MethodView):
    """Which panels there are."""

    @blueprint.response(200)
    def get(self) -> dict[str, list[str]]:
        """The names of all panels."""
        return {"panels": list(PANELS)}


@blueprint.route("/sales/panels/<name>")
class OnePanel(MethodView):
    """One panel."""

    @blueprint.arguments(PanelFilter, location="query")
    @blueprint.response(200, PanelOut)
    def get(self, wanted: dict[str, Any], name: str) -> Any:
        """Its figures over a period, compared with the period before."""
        if name not in PANELS:
            raise NotFound(f"There is no such panel. The panels are {', '.join(PANELS)}.")
        account = guards.current_account()
        today = datetime.now(account.zone).date()
        preset, first, last = asked_days(wanted)
        period = period_of(preset, today, first, last)
        options = {option: str(wanted[option]) for option in OPTIONS if option in wanted}
        with transaction(rooms().engine) as tx:
            panel = PANELS[name](Look(tx, account, period, today, options))
        return {**panel._asdict(), "first": period.first, "last": period.last}
