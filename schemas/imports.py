"""The shapes of imports in the API."""

from __future__ import annotations

from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from schemas.resources import Revenue, StatusWord, Utc
from service.domain import fates

IMPORT_STATUSES = (
    "checking",
    "ready",
    "trying",
    "running",
    "completed",
    "failed",
    "canceled",
    "undoing",
    "undone",
)


def _known_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("Use the name of a time zone, such as America/Sao_Paulo.")


class FieldOut(Schema):
    """A field a column can be mapped to."""

    id = fields.String()
    labels = fields.Dict(keys=fields.String(), values=fields.String())
    type = fields.String()
    required = fields.Boolean()
    group = fields.String(allow_none=True, metadata={"description": "of the fields of one group one is enough"})


class ColumnOut(Schema):
    """One column of the file."""

    position = fields.Integer()
    header = fields.String()
    field = fields.String(allow_none=True)
    confidence = fields.String(validate=validate.OneOf(("certain", "likely", "unsure")))
    reason = fields.String()
    suggestion = fields.String(allow_none=True)
    samples = fields.List(fields.Raw())
    filled = fields.Integer()


class ExportedAt(Schema):
    """The moment the file speaks for."""

    value = Utc(allow_none=True)
    from_ = fields.String(
        data_key="from",
        validate=validate.OneOf(("stated", "file_name", "last_modified", "newest_date", "received")),
    )
    certainty = fields.String(validate=validate.OneOf(("known", "guessed")))


class RowCounts(Schema):
    """The fates of the rows; they add up to the total."""

    total = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    skipped = fields.Integer()
    failed = fields.Integer()


class ClientCounts(Schema):
    """Clients the file made or changed."""

    created = fields.Integer()
    updated = fields.Integer()


class ProblemOut(Schema):
    """Why an import cannot go on."""

    code = fields.String()
    message = fields.String()


class FileRevenue(Revenue):
    """What the rows of one file add up to."""

    class Meta:
        """Net belongs to clients, not to files."""

        exclude = ("net",)


class ChangeOut(Schema):
    """A purchase that was there before, and what the file changes of it and of its buyer."""

    key = fields.String()
    email = fields.String(allow_none=True)
    fields_ = fields.Dict(data_key="fields", metadata={"description": "field to [before, after]"})


class FailureOut(Schema):
    """A row that cannot be taken."""

    row = fields.Integer()
    problems = fields.List(fields.Dict())


class DryRun(Schema):
    """What running the import would do, with the first 200 changes and failures."""

    changes = fields.List(fields.Nested(ChangeOut))
    failures = fields.List(fields.Nested(FailureOut))
    rows = fields.Nested(RowCounts)
    clients = fields.Nested(ClientCounts)
    revenue = fields.List(fields.Nested(FileRevenue))


class Chunk(Schema):
    """How far the rows have come."""

    done = fields.Integer()
    total = fields.Integer()


class RowsRead(Schema):
    """How far the reading of a file is; every row is read twice before it is poured."""

    done = fields.Integer()
    total = fields.Integer(allow_none=True)


class ImportOut(Schema):
    """One uploaded file and what became of it."""

    id = fields.Integer()
    file_name = fields.String()
    size = fields.Integer(metadata={"description": "bytes"})
    status = fields.String(validate=validate.OneOf(IMPORT_STATUSES))
    created_at = Utc()
    started_at = Utc(allow_none=True)
    finished_at = Utc(allow_none=True)
    same_file_as = fields.Integer(allow_none=True, metadata={"description": "an earlier import of this very file"})
    report = fields.String(allow_none=True)
    layout = fields.Raw(allow_none=True, metadata={"description": "container, encoding, delimiter, sheet, header row"})
    exported_at = fields.Nested(ExportedAt, allow_none=True)
    columns = fields.List(fields.Nested(ColumnOut))
    missing_fields = fields.List(fields.String())
    questions = fields.List(fields.Raw())
    rows = fields.Nested(RowCounts)
    clients = fields.Nested(ClientCounts)
    revenue = fields.List(fields.Nested(FileRevenue))
    dry_run = fields.Nested(DryRun, allow_none=True)
    rows_read = fields.Nested(RowsRead, allow_none=True)
    chunk = fields.Nested(Chunk)
    problem = fields.Nested(ProblemOut, allow_none=True)


class UploadIn(Schema):
    """What may come with a file."""

    exported_at = Utc(metadata={"description": "when the file was exported, if you know"})
    last_modified = Utc(metadata={"description": "the file's own last-modified time"})


class LayoutIn(Schema):
    """How a person insists the file be read; what is left out is found again."""

    encoding = fields.String(allow_none=True)
    delimiter = fields.String(allow_none=True)
    sheet = fields.String(allow_none=True)
    header_row = fields.Integer(allow_none=True, validate=validate.Range(min=1))


class Defaults(Schema):
    """What rows take that say nothing themselves.

    A null currency is the answer "unknown": the amounts are kept, and count nowhere.
    """

    currency = fields.String(allow_none=True, validate=validate.Regexp(r"[A-Za-z]{3}\Z", error="Use an ISO 4217 code."))
    status = StatusWord()


class ConfirmIn(Schema):
    """How to import; everything is optional."""

    mapping = fields.Dict(
        keys=fields.Integer(validate=validate.Range(min=1)),
        values=fields.String(allow_none=True),
        metadata={"description": "column position from 1 to field, or null to leave it out"},
    )
    existing = fields.String(validate=validate.OneOf(fates.POLICIES), load_default=fates.UPDATE)
    exported_at = Utc()
    timezone = fields.String(validate=_known_zone)
    defaults = fields.Nested(Defaults)
    words = fields.Dict(keys=fields.String(), values=StatusWord())
    formats = fields.Dict(
        keys=fields.Integer(validate=validate.Range(min=1)),
        values=fields.String(validate=validate.OneOf(("dot", "comma", "day_first", "month_first"))),
        metadata={"description": "column position to decimal mark or order of dates, where asked"},
    )
    run_automations = fields.Boolean(
        load_default=False,
        metadata={"description": "tell automations of what the rows bring for the first time, behind live sales"},
    )
    dry_run = fields.Boolean(load_default=False)
