"""The shapes of automations, their history and their trial runs in the API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.asking import Mark
from schemas.resources import ProductRef, Utc
from service.domain.automation.causes import said
from service.domain.automation.leads import Policy
from service.domain.automation.triggers import Trigger

SWITCHES = ("draft", "on", "off")
STATES = ("waiting", "leased", "failed", "done", "given_up", "passed_over", "withdrawn")
STATE = validate.OneOf(STATES)
DESTINATIONS = ("kommo", "webhook")


class AutomationSaid(Schema):
    """What a person says of an automation."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    trigger = fields.Enum(Trigger, by_value=True, required=True)
    filter = fields.Dict(
        keys=fields.String(), load_default=dict, metadata={"description": "`{}` lets everything pass; all, any, not"}
    )
    destination = fields.String(load_default="kommo", validate=validate.OneOf(DESTINATIONS))
    endpoint_id = fields.Integer(
        load_default=None, allow_none=True, metadata={"description": "the webhook address, where `webhook` is chosen"}
    )
    mapping = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "of `webhook`: fields [{key, template}], none for every field; of `kommo`, templates:"
            " lead_name, lead_value, contact {name, email, phone, document, document_field,"
            " criteria}, company, note, tags, fields [{kind, field, value, policy}]; ids: pipeline_id, stage_id,"
            " responsible_user_id, fingerprint_field; name_policy, price_policy, hands_off_hours"
        },
    )
    policy = fields.Enum(Policy, by_value=True, load_default=Policy.ALWAYS_NEW)
    even_overtaken = fields.Boolean(load_default=False)


class AutomationChanged(AutomationSaid):
    """The same, made from this version."""

    version = fields.Integer(required=True)


class AutomationOut(Schema):
    """One automation."""

    id = fields.Integer()
    name = fields.String()
    trigger = fields.String()
    state = fields.String(validate=validate.OneOf(SWITCHES))
    filter = fields.Dict()
    destination = fields.String()
    endpoint_id = fields.Integer(allow_none=True)
    mapping = fields.Dict()
    policy = fields.String()
    even_overtaken = fields.Boolean()
    version = fields.Integer()
    created_at = Utc()
    changed_at = Utc()


class SwitchSaid(Schema):
    """On, off, or a draft again."""

    state = fields.String(required=True, validate=validate.OneOf(SWITCHES))


class TrialSaid(Schema):
    """Which past event to try on."""

    event = Mark(load_default=None, metadata={"description": "transaction code or e-mail; else the latest event"})


class DraftTrialSaid(AutomationSaid, TrialSaid):
    """An automation that is not kept, and which past event to try it on."""


class CardChangeOut(Schema):
    """One thing that reads differently."""

    kind = fields.String()
    field = fields.String()
    before = fields.String()
    after = fields.String()


class TrialOut(Schema):
    """What a run would do; nothing was sent."""

    subject = fields.String(attribute="event.subject")
    occurred_at = Utc(attribute="event.occurred_at")
    passed = fields.Boolean()
    filter = fields.List(fields.Dict())
    card = fields.Dict(allow_none=True)
    decision = fields.Dict(
        allow_none=True, metadata={"description": "which lead, contact, company and why; what is left out"}
    )
    changes = fields.List(fields.Nested(CardChangeOut))
    message = fields.Dict(
        allow_none=True, metadata={"description": "of a webhook: url, headers (the signature masked), body"}
    )


class HistoryFilter(Schema):
    """Which promises."""

    automation_id = fields.Integer(load_default=None)
    states = fields.List(fields.String(validate=STATE), load_default=list, data_key="state")
    cause = fields.String(load_default=None)
    trigger = fields.Enum(Trigger, by_value=True, load_default=None)
    since = Utc(load_default=None, metadata={"description": "promised then or later"})
    until = Utc(load_default=None, metadata={"description": "promised before then"})
    words = Mark(load_default=None, data_key="q", metadata={"description": "an e-mail, a transaction, a lead's number"})


class HistoryQuery(HistoryFilter):
    """One page of them, the newest first."""

    before = fields.Integer(load_default=None, metadata={"description": "the last `id` of the page before"})
    size = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class PromiseOut(Schema):
    """One promise of the history."""

    id = fields.Integer()
    automation_id = fields.Integer()
    automation = fields.String()
    trigger = fields.String()
    subject = fields.String()
    state = fields.String(validate=STATE)
    cause = fields.String(allow_none=True)
    told = fields.Function(lambda row: said(row["cause"] or (row["overtaken"] and "overtaken")))
    overtaken = fields.String(allow_none=True)
    priority = fields.Integer()
    email = fields.String(allow_none=True)
    product = fields.Function(lambda row: ProductRef().dump(row))
    purchase_key = fields.String(allow_none=True)
    delivery_id = fields.Integer()
    lead_id = fields.Integer(allow_none=True)
    attempts = fields.Integer()
    occurred_at = Utc()
    made_at = Utc()
    due_at = Utc()
    done_at = Utc(allow_none=True)


class AttemptOut(Schema):
    """One attempt: what was decided, sent and answered; secrets and documents masked."""

    number = fields.Integer()
    automation_version = fields.Integer()
    began_at = Utc()
    ended_at = Utc()
    outcome = fields.String()
    cause = fields.String(allow_none=True)
    told = fields.Function(lambda row: said(row["cause"]))
    message = fields.String(allow_none=True)
    decision = fields.Dict()
    changes = fields.List(fields.Nested(CardChangeOut))
    exchanges = fields.List(fields.Dict())


class PromiseTold(Schema):
    """One promise with every attempt."""

    promise = fields.Nested(PromiseOut)
    attempts = fields.List(fields.Nested(AttemptOut))


class ResentOut(Schema):
    """How many are tried again."""

    resent = fields.Integer()
