"""How an automation begins: from a ready one, from a blank sheet, from another one; always as a draft that works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from service.domain.automation.leads import LOST, WON, Policy
from service.domain.automation.ready import HINTS, READY, SALE_NAME, SALE_VALUE, Ready, StageHint
from service.domain.automation.triggers import Trigger
from service.domain.automation.values import folded
from service.store.automations import Draft
from service.web.automation_words import trigger_name

LONGEST_NAME = 200
Book = Mapping[str, Any]
"""What is set up in Kommo, as `connectors.kommo.books` keeps it."""

READY_OF = {one.key: one for one in READY}
HINT_WORDS = {
    StageHint.ENTRY: _l("Usually the first stage of your pipeline."),
    StageHint.TO_RECOVER: _l("Usually a stage for sales that can still be recovered."),
    StageHint.WAITING: _l("Usually a stage for payments that are waited for."),
    StageHint.WON: _l("Usually the stage “won”."),
    StageHint.AT_RISK: _l("Usually a stage for sales at risk."),
    StageHint.LOST: _l("Usually the stage “lost”."),
}
TELLING = {
    StageHint.TO_RECOVER: ("recuper", "resgat", "recover"),
    StageHint.WAITING: ("aguard", "boleto", "pendente", "espera", "waiting", "pending", "atras"),
    StageHint.AT_RISK: ("reembolso", "risco", "riesgo", "risk", "refund"),
}
"""What stages of this kind are often called."""
CLOSED = {StageHint.WON: WON, StageHint.LOST: LOST}


def ready_draft(one: Ready, book: Book | None) -> Draft:
    """A ready automation as a draft, with the stage it usually goes to where that can be told."""
    pair = suggested(one.trigger, book)
    mapping: dict[str, Any] = {
        "lead_name": one.lead_name,
        "lead_value": one.lead_value,
        "contact": _contact(one),
        "note": one.note,
        "tags": [*one.tags],
    }
    if pair is not None:
        mapping |= {"pipeline_id": pair[0], "stage_id": pair[1]}
    return Draft(trigger_name(one.trigger), one.trigger, {}, "kommo", mapping, str(one.policy))


def _contact(one: Ready) -> dict[str, Any]:
    return {"name": one.contact_name, "email": one.contact_email, "phone": one.contact_phone}


def blank_draft(trigger: Trigger, name: str, book: Book | None) -> Draft:
    """A draft for any trigger: what its ready automation says, else a lead named after product and buyer."""
    ready = next((one for one in READY if one.trigger is trigger), None)
    if ready is not None:
        return ready_draft(ready, book)._replace(name=name)
    contact = _contact(READY[0])
    mapping = {"lead_name": SALE_NAME, "lead_value": SALE_VALUE, "contact": contact, "tags": ["hotmart"]}
    return Draft(name, trigger, {}, "kommo", mapping, str(Policy.REUSE_OPEN_OF_PRODUCT))


def copy_of(draft: Draft) -> Draft:
    """The same under another name."""
    name = _("%(name)s (copy)", name=draft.name)
    return draft._replace(name=name[:LONGEST_NAME])


def suggested(trigger: Trigger, book: Book | None) -> tuple[int, int] | None:
    """(pipeline, stage) where leads of this trigger usually go; None where nothing in Kommo says so."""
    hint = HINTS.get(trigger)
    pipelines = [one for one in (book or {}).get("pipelines", ()) if not one["is_archived"]]
    pipelines.sort(key=lambda one: not one["is_main"])
    if hint is None or not pipelines:
        return None
    main = pipelines[0]
    if hint in CLOSED:
        return main["id"], CLOSED[hint]
    open_stages = [one for one in main["stages"] if not one["is_incoming"] and one["id"] not in CLOSED.values()]
    if hint is StageHint.ENTRY:
        return next(((main["id"], one["id"]) for one in open_stages), None)
    named = (one for one in open_stages if any(word in folded(one["name"]) for word in TELLING[hint]))
    return next(((main["id"], one["id"]) for one in named), None)
