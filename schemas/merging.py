"""The shapes of merging and separating clients."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from schemas.resources import STATES, Revenue, Utc


class Other(Schema):
    """Another client of the account."""

    client_id = fields.UUID(required=True, metadata={"description": "the other client"})


class Address(Schema):
    """An address that was merged into the client."""

    email = fields.String(required=True, validate=validate.Length(1, 254))


class Key(Schema):
    """What tells a repeated request from another one."""

    key = fields.String(
        validate=validate.Regexp(r"[\w-]{8,64}\Z"),
        metadata={"description": "the same key is the same statement: asked twice, it is kept once"},
    )


class OtherSaid(Key, Other):
    """That another client is the same person, or is not."""


class AddressSaid(Key, Address):
    """That an address is somebody else's."""


class StatementOut(Schema):
    """What was said, kept and worked off like any delivery."""

    delivery_id = fields.Integer(attribute="id")
    key = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))


class PortraitOut(Schema):
    """A client as it is or would be; `profile` holds the newest value of each contact field."""

    email = fields.String()
    emails = fields.List(fields.String())
    first_seen_at = Utc()
    last_seen_at = Utc()
    profile = fields.Dict(keys=fields.String(), values=fields.String())
    revenue = fields.List(fields.Nested(Revenue))
    purchases = fields.Integer()
    products = fields.List(fields.String())
    subscriptions = fields.Integer()
    opportunities = fields.Integer(metadata={"description": "those still open"})


class MergeOut(Schema):
    """Two clients, and what they would be together. The one that stays keeps its id."""

    stays = fields.Nested(PortraitOut)
    goes = fields.Nested(PortraitOut)
    together = fields.Nested(PortraitOut)


class SeparationOut(Schema):
    """One client, and the two it would be; null for one of whom nothing is told any more."""

    together = fields.Nested(PortraitOut)
    stays = fields.Nested(PortraitOut, allow_none=True)
    leaves = fields.Nested(PortraitOut, allow_none=True)


class SuggestionOut(Schema):
    """A client who may be the same person, and why."""

    id = fields.Function(lambda one: _of_client(one, "id"), metadata={"type": "string", "format": "uuid"})
    email = fields.Function(lambda one: _of_client(one, "email"), metadata={"type": "string"})
    name = fields.Function(lambda one: _of_client(one, "name"), metadata={"type": ["string", "null"]})
    reasons = fields.List(fields.String(validate=validate.OneOf(("document", "phone"))))


def _of_client(suggestion: Any, name: str) -> Any:
    return suggestion.client[name]
