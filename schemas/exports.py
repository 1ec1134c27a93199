"""What is taken to write lists into files."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources import StatusWord, Utc


class SalesExportFilter(Schema):
    """Which sales, and as what file. Moments are those of the order; `from` is in, `to` is out."""

    form = fields.String(
        data_key="format", attribute="format", load_default="csv", validate=validate.OneOf(("csv", "xlsx"))
    )
    language = fields.String(
        load_default="pt",
        validate=validate.OneOf(("pt", "en", "es")),
        metadata={"description": "of the headers, and of the delimiter and decimal mark of a CSV"},
    )
    since = Utc(data_key="from")
    until = Utc(data_key="to")
    statuses = fields.List(StatusWord(), data_key="status", metadata={"description": "may be given several times"})
    product = fields.String(metadata={"description": "product id, or the name where a product has no id"})
    offer = fields.String()
    currency = fields.String(validate=validate.Length(equal=3))
    payment_type = fields.String()
    affiliate = fields.String(metadata={"description": "name or code"})
    src = fields.String()
    sck = fields.String()
    coupon = fields.String()
    recurrence = fields.Integer(validate=validate.Range(min=1, max=10**6))
    bump = fields.Boolean()
