"""What can be chosen of a Kommo account: stages, users, custom fields; and what was chosen and is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext as _

from service.domain.automation.mapping import KINDS
from service.web.automation_words import KINDS as KIND_WORDS
from service.web.pages.automations.mapping_forms import Card

OWN = frozenset({"PHONE", "EMAIL"})
"""Codes of contact fields that the contact's own templates fill."""
FILLED = frozenset(
    "text textarea url streetaddress tracking_data numeric monetary date date_time birthday select radiobutton"
    " multiselect multitext checkbox".split()
)
"""Types of fields the connector fills."""
TEXT_TYPES = ("text", "textarea")
MOST_OPTIONS = 100


class Choice(NamedTuple):
    """One thing to choose: what is sent, what is read, which options it has there."""

    code: str
    label: str
    options: Sequence[str] = ()


class Choices(NamedTuple):
    """Choices under one heading: a pipeline, a kind of thing."""

    label: str
    choices: Sequence[Choice]


class Kommo(NamedTuple):
    """All that can be chosen."""

    stages: Sequence[Choices]
    users: Sequence[Choice]
    fields: Sequence[Choices]
    lead_texts: Sequence[Choice]
    contact_fields: Sequence[Choice]

    def options_of(self, target: str) -> Sequence[str]:
        """The options of a custom field; none where it has none."""
        every = (one for group in self.fields for one in group.choices)
        return next((one.options for one in every if one.code == target), ())


def choices(book: Mapping[str, Any] | None, card: Card) -> Kommo:
    """What a book offers, and beside it what the card has chosen and the book does not know."""
    known: Mapping[str, Any] = book or {"pipelines": [], "fields": {}, "users": []}
    fields = [Choices(str(KIND_WORDS[kind]), _fields(known["fields"].get(kind, ()), kind)) for kind in KINDS]
    pipelines = [one for one in known["pipelines"] if not one["is_archived"]]
    stages = [Choices(one["name"], _stages(one, is_only=len(pipelines) == 1)) for one in pipelines]
    return Kommo(
        stages=_with_gone(stages, [card.stage]),
        users=_chosen([Choice(str(one["id"]), one["name"]) for one in known["users"]], card.numbers.get("responsible")),
        fields=_with_gone([group for group in fields if group.choices], [row.target for row in card.fields]),
        lead_texts=_chosen(_plain(known, "leads", TEXT_TYPES), card.numbers.get("fingerprint")),
        contact_fields=_chosen(_plain(known, "contacts"), card.numbers.get("document_field")),
    )


def _stages(pipeline: Mapping[str, Any], *, is_only: bool) -> list[Choice]:
    """The stages of a pipeline; where there are several, a chosen stage says whose it is."""
    whose = "" if is_only else f"{pipeline['name']}: "
    return [Choice(f"{pipeline['id']}:{stage['id']}", whose + stage["name"]) for stage in pipeline["stages"]]


def _fields(fields: Sequence[Mapping[str, Any]], kind: str) -> list[Choice]:
    return [
        Choice(f"{kind}:{one['id']}", one["name"], [option["text"] for option in one["options"][:MOST_OPTIONS]])
        for one in fields
        if one["type"] in FILLED and one["code"] not in OWN
    ]


def _plain(known: Mapping[str, Any], kind: str, types: Sequence[str] = ()) -> list[Choice]:
    return [
        Choice(str(one["id"]), one["name"])
        for one in known["fields"].get(kind, ())
        if (one["type"] in types if types else one["type"] in FILLED) and one["code"] not in OWN
    ]


def _gone(value: str) -> Choice:
    return Choice(value, _("%(id)s (not known in Kommo)", id=value.rpartition(":")[2]))


def _chosen(offered: list[Choice], value: str | None) -> list[Choice]:
    return [*offered, _gone(value)] if value and value not in {one.code for one in offered} else offered


def _with_gone(groups: list[Choices], values: Sequence[str]) -> list[Choices]:
    known = {one.code for group in groups for one in group.choices}
    gone = [_gone(value) for value in dict.fromkeys(values) if value and value not in known]
    return [*groups, Choices(_("Chosen before"), gone)] if gone else groups
