"""Alerts: what somebody must look after, the same as on the overview."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.alerts import AlertOut
from service.web import alerting, guards
from service.web.rooms import rooms

blueprint = Blueprint("alerts", __name__, url_prefix="/api/v1", description="What to look after")
blueprint.before_request(guards.api_account)


@blueprint.route("/alerts")
class Alerts(MethodView):
    """What there is to say."""

    @blueprint.response(200, AlertOut(many=True))
    def get(self) -> Any:
        """List alerts, the worst first; none where all is well."""
        origin = rooms().settings.public_url
        return [{**one._asdict(), "link": f"{origin}{one.path}"} for one in alerting.current()]
