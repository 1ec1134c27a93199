"""What an automation writes, as a form: the card in Kommo or the message of a webhook, a row for each further field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from service.domain.automation import mapping, payload
from service.domain.automation.leads import Policy
from service.domain.automation.mapping import CRITERIA, KINDS, POLICIES, Fault, MappingError
from service.web.pages.automations.faults import words_of

KOMMO, WEBHOOK = "kommo", "webhook"
LONGEST = 20_000
TEXTS = {
    "lead_name": "lead_name",
    "lead_value": "lead_value",
    "note": "note",
    "company": "company",
    "contact_name": "contact.name",
    "contact_email": "contact.email",
    "contact_phone": "contact.phone",
    "contact_document": "contact.document",
}
"""Names of the form's templates to their places in the mapping."""
NUMBERS = {
    "responsible": "responsible_user_id",
    "fingerprint": "fingerprint_field",
    "hands_off": "hands_off_hours",
    "document_field": "contact.document_field",
}
PLACE_OF = {place: name for name, place in {**TEXTS, **NUMBERS}.items()} | {"stage_id": "stage", "pipeline_id": "stage"}
_AT = re.compile(r"\[\d+\]$")
_ROW = re.compile(r"fields\[(?P<number>\d+)\](?:\.(?P<name>\w+))?(?:\[\d+\])?")
_OF_ROW = {"field": "target", "key": "target", "value": "value", "template": "value", "kind": "target"}
Form = Mapping[str, str]


@dataclass
class Further:
    """One row: a custom field (`leads:880101`) or a name in the message, its template, when it is written."""

    target: str = ""
    text: str = ""
    policy: str = POLICIES[0]
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written yet."""
        return not (self.target or self.text.strip())

    def as_field(self) -> dict[str, Any]:
        """The row as a custom field of the mapping."""
        kind, _, number = self.target.partition(":")
        return {
            "kind": kind if kind in KINDS else KINDS[0],
            "field": whole(number),
            "value": self.text,
            "policy": self.policy,
        }


@dataclass
class Card:
    """The form of this step as it was sent, or as it is kept; `wrong` says what is wrong by the form's names."""

    destination: str = KOMMO
    endpoint: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    tags: str = ""
    stage: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    name_policy: str = "only_if_empty"
    price_policy: str = "always"
    policy: str = Policy.ALWAYS_NEW
    with_contact: bool = True
    with_company: bool = False
    criteria: list[str] = field(default_factory=list)
    fields: list[Further] = field(default_factory=list)
    pairs: list[Further] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def has_faults(self) -> bool:
        """Whether anything is wrong with it."""
        return bool(self.wrong) or any(row.wrong for row in [*self.fields, *self.pairs])

    def told(self) -> dict[str, Any]:
        """The mapping as JSON, of whichever destination is chosen."""
        if self.destination == WEBHOOK:
            return {"fields": [{"key": row.target.strip(), "template": row.text} for row in self.pairs]}
        pipeline, _, stage = self.stage.partition(":")
        told: dict[str, Any] = {
            "lead_name": self.texts.get("lead_name", ""),
            "lead_value": self.texts.get("lead_value", ""),
            "note": self.texts.get("note", ""),
            "tags": [line.strip() for line in self.tags.splitlines() if line.strip()],
            "fields": [row.as_field() for row in self.fields],
            "name_policy": self.name_policy,
            "price_policy": self.price_policy,
            "pipeline_id": whole(pipeline),
            "stage_id": whole(stage),
        }
        told |= {NUMBERS[name]: whole(self.numbers.get(name, "")) for name in NUMBERS if name != "document_field"}
        told |= {"contact": self._contact()} if self.with_contact else {}
        told |= {"company": self.texts.get("company", "")} if self.with_company else {}
        return {name: value for name, value in told.items() if value not in (None, "", [])}

    def _contact(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            name: self.texts[f"contact_{name}"]
            for name in ("name", "email", "phone", "document")
            if self.texts.get(f"contact_{name}")
        }
        number = whole(self.numbers.get("document_field", ""))
        told |= {"document_field": number} if number is not None else {}
        return told | ({"criteria": self.criteria} if self.criteria else {})

    def check(self) -> None:
        """Write down everything that is wrong with it."""
        try:
            (payload.read if self.destination == WEBHOOK else mapping.read)(self.told())
        except MappingError as refused:
            self._blame(refused.faults)
        if self.destination == KOMMO and not self.texts.get("lead_value", "").strip():
            self.wrong.setdefault("lead_value", words_of("missing"))
        if self.destination == KOMMO and self.with_company and not self.texts.get("company", "").strip():
            self.wrong.setdefault("company", words_of("missing"))

    def _blame(self, faults: Iterable[Fault]) -> None:
        rows = self.pairs if self.destination == WEBHOOK else self.fields
        for fault in faults:
            said, row = words_of(fault.code, fault.seen, fault.suggestion), _ROW.match(fault.place)
            if row is not None and int(row["number"]) < len(rows):
                rows[int(row["number"])].wrong.setdefault(_OF_ROW.get(row["name"] or "", "value"), said)
            else:
                place = _AT.sub("", fault.place)
                self.wrong.setdefault("tags" if place.startswith("tags") else PLACE_OF.get(place, place), said)

    def without_blanks(self) -> Card:
        """The same without rows nobody wrote anything into."""
        self.fields = [row for row in self.fields if not row.is_blank]
        self.pairs = [row for row in self.pairs if not row.is_blank]
        return self


def whole(text: str) -> int | str | None:
    """A whole number; None for nothing; what is none stays as it is, to be refused with its fault."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text


# From what is kept.


def carded(row: RowMapping, usual: Mapping[str, Any]) -> Card:
    """The step as it is kept. Of a webhook the card's side is filled from a `usual` mapping, should it be chosen."""
    is_message = row["destination"] == WEBHOOK
    kept = usual if is_message else row["mapping"]
    card = Card(row["destination"], str(row["endpoint_id"] or ""), policy=row["policy"])
    if is_message:
        card.pairs = [Further(one["key"], one["template"]) for one in row["mapping"].get("fields", ())]
    person = kept.get("contact") or {}
    told = {**kept, **{f"contact.{name}": value for name, value in person.items()}}
    card.texts = {name: told.get(place) or "" for name, place in TEXTS.items()}
    card.numbers = {name: "" if told.get(place) is None else str(told[place]) for name, place in NUMBERS.items()}
    card.tags = "\n".join(kept.get("tags") or ())
    card.stage = f"{kept['pipeline_id']}:{kept['stage_id']}" if kept.get("stage_id") is not None else ""
    card.name_policy = kept.get("name_policy") or card.name_policy
    card.price_policy = kept.get("price_policy") or card.price_policy
    card.with_contact, card.with_company = kept.get("contact") is not None, bool(kept.get("company"))
    card.criteria = list(person.get("criteria") or CRITERIA[:3])
    card.fields = [
        Further(f"{one.get('kind', KINDS[0])}:{one['field']}", one["value"], one.get("policy") or POLICIES[0])
        for one in kept.get("fields") or ()
    ]
    return card


# From the form.


def card_of(form: Form) -> Card:
    """The step as it was sent."""

    def told(name: str) -> str:
        return form.get(name, "")[:LONGEST]

    criteria = (form.get(f"criterion-{place}", "") for place in range(len(CRITERIA)))
    return Card(
        destination=WEBHOOK if form.get("destination") == WEBHOOK else KOMMO,
        endpoint=told("endpoint"),
        texts={name: told(name).replace("\r\n", "\n").strip() for name in TEXTS},
        tags=told("tags"),
        stage=told("stage"),
        numbers={name: told(name) for name in NUMBERS},
        name_policy=_one_of(told("name_policy"), POLICIES, "only_if_empty"),
        price_policy=_one_of(told("price_policy"), POLICIES, "always"),
        policy=_one_of(told("policy"), tuple(map(str, Policy)), str(Policy.ALWAYS_NEW)),
        with_contact=form.get("with_contact") == "yes",
        with_company=form.get("with_company") == "yes",
        criteria=list(dict.fromkeys(one for one in criteria if one in CRITERIA)),
        fields=_rows(form, "field"),
        pairs=_rows(form, "pair"),
    )


def _one_of(word: str, words: tuple[str, ...], usual: str) -> str:
    return word if word in words else usual


def _rows(form: Form, name: str) -> list[Further]:
    begin = f"{name}-"
    said = {one[len(begin) :].partition(".")[0] for one in form if one.startswith(begin)}
    numbers = sorted(int(one) for one in said if one.isascii() and one.isdigit() and len(one) < 4)
    return [
        Further(
            form.get(f"{begin}{number}.target", "")[:LONGEST],
            form.get(f"{begin}{number}.value", "")[:LONGEST],
            _one_of(form.get(f"{begin}{number}.policy", ""), POLICIES, POLICIES[0]),
        )
        for number in numbers
    ]


def changed(card: Card, do: str) -> Card:
    """The form after a press on one of its buttons: `add field`, `remove pair-2`; others change nothing."""
    verb, _, what = do.partition(" ")
    name, _, number = what.partition("-")
    rows = {"field": card.fields, "pair": card.pairs}.get(name)
    if rows is None:
        return card
    if verb == "add":
        rows.append(Further())
    elif verb == "remove" and number.isascii() and number.isdigit() and int(number) < len(rows):
        del rows[int(number)]
    return card
