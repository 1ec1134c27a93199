"""Lists as files to take away."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.sales import SaleFile
from service.web import downloads, guards, spans

blueprint = Blueprint("exports", __name__, url_prefix="/api/v1", description="Lists as CSV and XLSX files")
blueprint.before_request(guards.api_account)


@blueprint.route("/sales/export")
class SalesExport(MethodView):
    """All sales as a file."""

    @blueprint.arguments(SaleFile, location="query")
    @blueprint.response(200, content_type="text/csv")
    @blueprint.alt_response(200, content_type=downloads.XLSX)
    def get(self, asked: dict[str, Any]) -> Response:
        """CSV or XLSX of the sales that match; importing the file again changes nothing."""
        account, form, language = guards.current_account(), asked.pop("format"), asked.pop("language")
        return downloads.sales(account, form, language, spans.sales(asked, account))
