"""The shapes of notes and tags in the API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources import Utc
from service.domain.remarks import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS

LONGEST_LINE = MOST_TAGS * (LONGEST_TAG + 2)


class NoteOut(Schema):
    """A note on a client; `author` is null where it was written through the API."""

    id = fields.UUID()
    email = fields.String(metadata={"description": "the e-mail of the client it was written about"})
    body = fields.String()
    author = fields.String(allow_none=True)
    written_at = Utc()
    edition = fields.Integer(metadata={"description": "counts its texts; give it back to change the note"})
    editor = fields.String(allow_none=True)
    edited_at = Utc(allow_none=True)


class NoteIn(Schema):
    """A new note."""

    body = fields.String(required=True, metadata={"description": f"{LONGEST_NOTE} signs at most"})
    id = fields.UUID(metadata={"description": "your own id, so that a note sent twice is kept once"})


class NoteEdit(Schema):
    """A new text for a note."""

    body = fields.String(required=True)
    edition = fields.Integer(required=True, metadata={"description": "of the text this one was made from"})


class TagsIn(Schema):
    """Tags to put on a client."""

    tags = fields.List(fields.String(validate=validate.Length(1, LONGEST_LINE)), required=True)


class TagsOut(Schema):
    """The tags of a client, as they were first written."""

    tags = fields.List(fields.String())


class TagFilter(Schema):
    """Which tags of the account."""

    q = fields.String(load_default="", validate=validate.Length(max=200))
    size = fields.Integer(load_default=200, validate=validate.Range(1, 1000))


class TagOut(Schema):
    """One tag of the account."""

    name = fields.String()
    clients = fields.Integer(metadata={"description": "how many clients have it"})
