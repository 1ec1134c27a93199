"""The shape of alerts in the API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from service.domain.alerts import Kind, Level


class AlertOut(Schema):
    """One thing somebody must look after."""

    kind = fields.String(validate=validate.OneOf(list(Kind)))
    level = fields.String(
        validate=validate.OneOf(list(Level)),
        metadata={"description": "bad: something stands still; warning: it may"},
    )
    sentence = fields.String(metadata={"description": "in the language of Accept-Language: pt, en or es"})
    remedy = fields.String()
    link = fields.String(metadata={"description": "the page where it is mended"})
