"""The shapes of webhook addresses in the API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources import Utc

SWITCHES = ("on", "off")


class EndpointSaid(Schema):
    """A new address."""

    url = fields.String(
        required=True, validate=validate.Length(1, 2000), metadata={"description": "https, of the public internet"}
    )


class EndpointOut(Schema):
    """One address. `secrets` is how many sign; `trouble` is what the latest attempt since `failing_since` failed of."""

    id = fields.Integer()
    url = fields.String()
    state = fields.String(validate=validate.OneOf(("on", "disabled")))
    cause = fields.String(allow_none=True)
    failing_since = Utc(allow_none=True)
    failures = fields.Integer()
    trouble = fields.String(allow_none=True)
    secrets = fields.Integer(validate=validate.Range(1, 2))
    rotated_at = Utc(allow_none=True)
    created_at = Utc()
    changed_at = Utc()


class EndpointMade(EndpointOut):
    """An address with its new secret, told this once."""

    secret = fields.String()


class EndpointSwitch(Schema):
    """On or off; put on, what was given up is sent again where `resend` says so."""

    state = fields.String(required=True, validate=validate.OneOf(SWITCHES))
    resend = fields.Boolean(load_default=False)


class EndpointSwitched(EndpointOut):
    """The address, and how many messages that were given up are sent again."""

    resent = fields.Integer()


class SentOut(Schema):
    """What became of a test message. `cause` is null where the receiver took it."""

    message_id = fields.String()
    seconds = fields.Float()
    status = fields.Integer(allow_none=True)
    answer = fields.String()
    cause = fields.String(allow_none=True)
