"""The shapes of possible duplicates: groups of clients who share a document or a telephone."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.clients import ListPlace
from schemas.merging import Key
from schemas.resources import Revenue, Utc

SHARED = ("document", "phone")


class DuplicatesQuery(Schema):
    """Which groups, and where the page before ended."""

    same = fields.String(validate=validate.OneOf(SHARED), metadata={"description": "only groups that share this"})
    after = ListPlace(metadata={"type": "string", "description": "`next` of the page before"})
    page_size = fields.Integer(load_default=20, validate=validate.Range(1, 50))


class MemberOut(Schema):
    """A client of a group, in one line."""

    id = fields.UUID()
    email = fields.String()
    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164"})
    document = fields.String(allow_none=True)
    purchases = fields.Integer(metadata={"description": "active ones"})
    first_seen_at = Utc()
    last_seen_at = Utc()
    revenue = fields.List(fields.Nested(Revenue))


class GroupOut(Schema):
    """Clients who share a document or telephone, the last seen first."""

    same = fields.String(attribute="field", validate=validate.OneOf(SHARED))
    value = fields.String()
    number = fields.Integer(metadata={"description": "clients who share it; 1001 means more than a thousand"})
    reasons = fields.List(fields.String(validate=validate.OneOf(SHARED)), metadata={"description": "all they share"})
    clients = fields.List(
        fields.Nested(MemberOut),
        attribute="clients",
        metadata={"description": "empty where more than five share it: a family's number, or a shop's"},
    )


class DuplicatesPage(Schema):
    """One page, and where the next one begins: null on the last. A page may be short, even empty, and not the last."""

    groups = fields.List(fields.Nested(GroupOut))
    next = ListPlace(attribute="after", allow_none=True, metadata={"type": ["string", "null"]})


class DifferentPeople(Key):
    """Clients of whom each is somebody else."""

    client_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(2, 5))
