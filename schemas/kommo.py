"""The shapes of the connection to Kommo in the API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources import Utc

STATES = ("none", "connected", "refused", "disconnected")


class KommoSaid(Schema):
    """What a person says to connect."""

    address = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "`cursoexemplo`, `cursoexemplo.kommo.com` or the address of a page there"},
    )
    token = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(20, 5000),
        metadata={"description": "a long-lived token of a private integration; never told again"},
    )


class StageOut(Schema):
    """A stage."""

    id = fields.Integer()
    name = fields.String()


class PipelineOut(Schema):
    """A pipeline with its stages from left to right."""

    id = fields.Integer()
    name = fields.String()
    is_main = fields.Boolean()
    is_archived = fields.Boolean()
    stages = fields.Nested(StageOut(many=True))


class SetupOut(Schema):
    """What is set up there, as it was read last."""

    name = fields.String()
    currency = fields.String()
    users = fields.List(fields.String())
    pipelines = fields.Nested(PipelineOut(many=True))
    fields_ = fields.Dict(
        data_key="fields", attribute="fields", metadata={"description": "number of custom fields by kind"}
    )
    has_fingerprint = fields.Boolean(metadata={"description": "whether leads have the field “Transação Hotmart”"})


class HookOut(Schema):
    """How Kommo's webhook to us stands."""

    state = fields.String(
        allow_none=True,
        metadata={"description": "as found before it was mended: well, missing, disabled, incomplete; or a fault"},
    )
    checked_at = Utc()
    heard_at = Utc(metadata={"description": "in the last 30 days"})
    renewed = fields.Integer()


class UseOut(Schema):
    """Requests of all accounts of this Marco together, and why calls wait."""

    rate = fields.Integer(metadata={"description": "requests a second that are let through"})
    minute = fields.Integer()
    hour = fields.Integer()
    paused_seconds = fields.Integer()
    closed_seconds = fields.Integer()
    trying = fields.Boolean(metadata={"description": "calls were stopped; the next one shows whether they go"})


class KommoOut(Schema):
    """The connection."""

    state = fields.String(validate=validate.OneOf(STATES))
    address = fields.String(allow_none=True)
    cause = fields.String(allow_none=True)
    connected_at = Utc()
    token_ends_at = Utc()
    read_at = Utc()
    setup = fields.Nested(SetupOut, allow_none=True)
    hook = fields.Nested(HookOut, allow_none=True)
    use = fields.Nested(UseOut, allow_none=True)


class LeftOut(Schema):
    """What became of disconnecting."""

    told = fields.Boolean(metadata={"description": "whether Kommo was told to send us nothing more"})
    cause = fields.String(allow_none=True)
