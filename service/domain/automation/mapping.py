"""What an automation writes to a card of Kommo: templates, ids of the account there, what may be overwritten."""

from __future__ import annotations

from collections.abc import Mapping as Json
from typing import Any, NamedTuple

from service.domain.automation.templates import Template, TemplateError, parse

POLICIES = ("always", "only_if_empty", "never", "append")
CRITERIA = ("stored", "email", "phone", "document")
KINDS = ("leads", "contacts", "companies")
MOST_FIELDS, MOST_TAGS, LONGEST_REST = 200, 50, 24 * 90


class Fault(NamedTuple):
    """One thing wrong with a mapping: where (`contact.email`), what, and what was probably meant."""

    place: str
    code: str
    seen: str = ""
    suggestion: str | None = None


class MappingError(ValueError):
    """A mapping that cannot be understood; `faults` says everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{one.place}: {one.code}" for one in faults))
        self.faults = tuple(faults)


class FieldMapping(NamedTuple):
    """One custom field of a lead, contact or company."""

    kind: str
    field: int
    value: Template
    policy: str


class ContactMapping(NamedTuple):
    """Who the contact is, and by what they are recognised, in this order."""

    name: Template
    email: Template | None
    phone: Template | None
    document: Template | None
    document_field: int | None
    criteria: tuple[str, ...]


class Mapping(NamedTuple):
    """All of it. A stage that a person chose in the last `hands_off_hours` is left alone."""

    lead_name: Template
    lead_value: Template | None
    pipeline_id: int | None
    stage_id: int | None
    responsible_user_id: int | None
    contact: ContactMapping | None
    company: Template | None
    note: Template | None
    tags: tuple[Template, ...]
    fields: tuple[FieldMapping, ...]
    fingerprint_field: int | None
    name_policy: str
    price_policy: str
    hands_off_hours: int


def read(raw: Any) -> Mapping:
    """The mapping that stored or posted JSON describes. Raises MappingError with every fault."""
    if not isinstance(raw, dict):
        raise MappingError([Fault("", "not_an_object")])
    reader = Reader(raw)
    mapping = _mapping(reader)
    reader.refuse_strange_names()
    if not mapping.lead_name.text.strip():
        reader.fault("lead_name", "missing")
    if (mapping.pipeline_id is None) != (mapping.stage_id is None):
        reader.fault("stage_id", "pipeline_and_stage_belong_together")
    if reader.faults:
        raise MappingError(reader.faults)
    return mapping


def _mapping(reader: Reader) -> Mapping:
    return Mapping(
        lead_name=reader.template("lead_name") or parse(""),
        lead_value=reader.template("lead_value"),
        pipeline_id=reader.number("pipeline_id"),
        stage_id=reader.number("stage_id"),
        responsible_user_id=reader.number("responsible_user_id"),
        contact=_contact(reader),
        company=reader.template("company"),
        note=reader.template("note"),
        tags=tuple(filter(None, reader.templates("tags"))),
        fields=tuple(filter(None, map(_field, reader.parts("fields", MOST_FIELDS)))),
        fingerprint_field=reader.number("fingerprint_field"),
        name_policy=reader.choice("name_policy", POLICIES, "only_if_empty"),
        price_policy=reader.choice("price_policy", POLICIES, "always"),
        hands_off_hours=min(reader.number("hands_off_hours") or 0, LONGEST_REST),
    )


def _contact(reader: Reader) -> ContactMapping | None:
    part = reader.part("contact")
    if part is None:
        return None
    contact = ContactMapping(
        name=part.template("name") or parse(""),
        email=part.template("email"),
        phone=part.template("phone"),
        document=part.template("document"),
        document_field=part.number("document_field"),
        criteria=tuple(dict.fromkeys(part.choices("criteria", CRITERIA, ("stored", "email", "phone")))),
    )
    part.refuse_strange_names()
    return contact


def _field(part: Reader) -> FieldMapping | None:
    kind, field, value = part.choice("kind", KINDS, "leads"), part.number("field"), part.template("value")
    policy = part.choice("policy", POLICIES, "always")
    part.refuse_strange_names()
    if field is None:
        part.fault("field", "missing")
    if field is None or value is None:
        return None
    return FieldMapping(kind, field, value, policy)


class Reader:
    """Reads one object of the JSON, and remembers what is wrong with it."""

    def __init__(self, raw: Json[str, Any], place: str = "", faults: list[Fault] | None = None) -> None:
        self.place, self._raw, self._known = place, raw, set[str]()
        self.faults: list[Fault] = [] if faults is None else faults

    def fault(self, name: str, code: str, seen: object = "", suggestion: str | None = None) -> None:
        """Something is wrong with the value of this name."""
        place = ".".join(filter(None, (self.place, name)))
        self.faults.append(Fault(place, code, str(seen)[:80], suggestion))

    def _take(self, name: str) -> Any:
        self._known.add(name)
        return self._raw.get(name)

    def refuse_strange_names(self) -> None:
        """Names that nobody asked for are spelling mistakes."""
        for name in sorted(map(str, self._raw.keys() - self._known)):
            self.fault(name[:80], "unknown_member")

    def template(self, name: str) -> Template | None:
        """A template; None where there is none."""
        return self._parsed(name, self._take(name))

    def templates(self, name: str) -> list[Template | None]:
        """Several."""
        listed = self._list(name, MOST_TAGS)
        return [self._parsed(f"{name}[{place}]", one) for place, one in enumerate(listed)]

    def _parsed(self, name: str, text: Any) -> Template | None:
        if text is None or text == "":
            return None
        if not isinstance(text, str):
            self.fault(name, "not_a_text")
            return None
        try:
            return parse(text)
        except TemplateError as refused:
            for one in refused.faults:
                self.fault(f"{name}[{one.at}]", one.code, one.seen, one.suggestion)
        return None

    def number(self, name: str) -> int | None:
        """An id or a number of hours."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
            self.fault(name, "not_a_whole_number")
            return None
        return value

    def word(self, name: str) -> str:
        """A text of its own, no template; empty where there is none."""
        value = self._take(name)
        if value is not None and not isinstance(value, str):
            self.fault(name, "not_a_text")
        return value.strip() if isinstance(value, str) else ""

    def choice(self, name: str, words: tuple[str, ...], usual: str) -> str:
        """One of a few words."""
        value = self._take(name)
        if value is not None and value not in words:
            self.fault(name, "not_one_of", ", ".join(words))
        return str(value) if value in words else usual

    def choices(self, name: str, words: tuple[str, ...], usual: tuple[str, ...]) -> tuple[str, ...]:
        """Several of a few words."""
        listed = self._list(name, len(words))
        if any(one not in words for one in listed):
            self.fault(name, "not_one_of", ", ".join(words))
        return tuple(one for one in listed if one in words) or usual

    def part(self, name: str) -> Reader | None:
        """An object within."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(name, "not_an_object")
            return None
        return Reader(value, ".".join(filter(None, (self.place, name))), self.faults)

    def parts(self, name: str, most: int) -> list[Reader]:
        """A list of objects."""
        listed = self._list(name, most)
        if any(not isinstance(one, dict) for one in listed):
            self.fault(name, "not_an_object")
        return [
            Reader(one, f"{name}[{place}]", self.faults) for place, one in enumerate(listed) if isinstance(one, dict)
        ]

    def _list(self, name: str, most: int) -> list[Any]:
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            self.fault(name, "not_a_list" if not isinstance(value, list) else "too_many")
            return []
        return value
