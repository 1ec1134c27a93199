"""From a wish and what is there to a plan: before and after, and the requests in between. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from service.connectors.kommo.looking import Present, Why
from service.connectors.kommo.matching import fingerprints
from service.connectors.kommo.prices import price_in
from service.connectors.kommo.shapes import Company, Contact, Filled, Kind, Lead
from service.connectors.kommo.stages import Move, Pair, move
from service.connectors.kommo.values import Policy, Unfit, encoded, setting
from service.connectors.kommo.wishes import Book, CompanyWish, FieldWish, LeadWish, PersonWish, Wish

MOST_FIELDS_TOGETHER = 40

Body = dict[str, Any]


class Change(NamedTuple):
    """One thing that will read differently. `field` is a name of ours (name, price, stage, tags) or the field's own."""

    kind: Kind
    field: str
    before: str
    after: str


class LeftOut(NamedTuple):
    """One wish that is not fulfilled, and why."""

    kind: Kind
    field: str
    why: str


class MakeTogether(NamedTuple):
    """One request that makes lead, contact and company, tied to each other; only where all are new."""

    lead: Body
    contact: Body
    company: Body | None


class Make(NamedTuple):
    """One new thing. A lead is made with the contact and company known by then."""

    kind: Kind
    body: Body


class Alter(NamedTuple):
    """Only what changes of one thing."""

    kind: Kind
    id: int
    body: Body


class Tie(NamedTuple):
    """Tie a thing to the contact or company known by then."""

    kind: Kind
    to: Kind


class PutNote(NamedTuple):
    """A note on the lead."""

    body: Body
    marker: str


Step = MakeTogether | Make | Alter | Tie | PutNote


class Plan(NamedTuple):
    """What a run would do, and a test run shows. `also` are other contacts that match as well."""

    lead_id: int | None
    lead_why: Why | None
    contact_id: int | None
    contact_why: Why | None
    company_id: int | None
    company_why: Why | None
    also: tuple[int, ...]
    move: Move | None
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]
    left_out: tuple[LeftOut, ...]


class Draft:
    """The body of one thing while it is put together, with what changes and what is left out."""

    def __init__(self, kind: Kind, book: Book, filled: tuple[Filled, ...], country: str) -> None:
        self.kind, self._book, self._country = kind, book, country
        self._filled = {one.field_id: one for one in filled}
        self._entries: dict[int, Body] = {}
        self._plain: Body = {}
        self.changes: list[Change] = []
        self.left_out: list[LeftOut] = []

    @property
    def body(self) -> Body:
        """What is sent; empty where nothing changes."""
        fields = {"custom_fields_values": list(self._entries.values())} if self._entries else {}
        return {**self._plain, **fields}

    @property
    def fields(self) -> int:
        """How many custom fields it fills."""
        return len(self._entries)

    def put(self, name: str, before: object, after: object, sent: Body) -> None:
        """One of Kommo's own properties."""
        self._plain |= sent
        self.changes.append(Change(self.kind, name, _shown(before), _shown(after)))

    def leave_out(self, name: str, why: str) -> None:
        """Say what is not done."""
        self.left_out.append(LeftOut(self.kind, name, why))

    def fill(self, wish: FieldWish) -> None:
        """One custom field, merged with what it holds."""
        field = self._book.field(self.kind, wish.field)
        if field is None:
            self.leave_out(str(wish.field), "the account has no such field")
            return
        try:
            wanted = tuple(encoded(field, value, wish.enum_code) for value in wish.values if _shown(value).strip())
            new = setting(field, self._filled.get(field.id), wanted, wish.policy, self._country)
        except Unfit as unfit:
            self.leave_out(field.name, str(unfit))
            return
        if new is not None:
            self._entries[field.id] = {"field_id": field.id, "values": list(new.values)}
            self.changes.append(Change(self.kind, field.name, ", ".join(new.before), ", ".join(new.after)))

    def tag(self, wanted: Iterable[str], present: tuple[str, ...], *, is_new: bool) -> None:
        """Tags of ours beside those of others: `_embedded.tags` would replace theirs."""
        known = {name.casefold() for name in present}
        added = [name for name in dict.fromkeys(wanted) if name.casefold() not in known]
        if added:
            named = [{"name": name} for name in added]
            sent = {"_embedded": {"tags": named}} if is_new else {"tags_to_add": named}
            self.put("tags", ", ".join(present), ", ".join([*present, *added]), sent)


def plan(wish: Wish, present: Present, book: Book) -> Plan:
    """What has to be done so that Kommo says what is wished. Pure: the same in, the same out.

    A plan carried out once makes the next one empty, but for notes without a lead.
    """
    lead, moved = _lead(wish.lead, present.lead, book)
    contact = _contact(wish.person, present.contact, book) if wish.person else None
    company = _company(wish.company, present.company, book) if wish.company else None
    drafts = [draft for draft in (lead, contact, company) if draft is not None]
    return Plan(
        lead_id=present.lead.id if present.lead else None,
        lead_why=present.lead_why,
        contact_id=present.contact.id if present.contact else None,
        contact_why=present.contact_why,
        company_id=present.company.id if present.company else None,
        company_why=present.company_why,
        also=present.also,
        move=moved,
        steps=(*_steps(present, lead, contact, company), *_note(wish.lead, present)),
        changes=tuple(change for draft in drafts for change in draft.changes),
        left_out=tuple(left for draft in drafts for left in draft.left_out),
    )


def _lead(wish: LeadWish, lead: Lead | None, book: Book) -> tuple[Draft, Move | None]:
    draft = Draft(Kind.LEADS, book, lead.filled if lead else (), book.account.country)
    if _is_put(wish.name_policy, lead.name if lead else "", wish.name):
        draft.put("name", lead.name if lead else "", wish.name, {"name": wish.name})
    _price(draft, wish, lead, book)
    moved = _stage(draft, wish, lead, book)
    if lead is None and wish.responsible_user_id is not None:
        draft.put("responsible", "", wish.responsible_user_id, {"responsible_user_id": wish.responsible_user_id})
    for field in wish.fields:
        draft.fill(field)
    if wish.fingerprint_field is not None:
        known = fingerprints(lead, wish.fingerprint_field) if lead else []
        if wish.fingerprint not in known:
            draft.fill(FieldWish(wish.fingerprint_field, (" ".join([*known, wish.fingerprint]),)))
    draft.tag(wish.tags, lead.tags if lead else (), is_new=lead is None)
    return draft, moved


def _price(draft: Draft, wish: LeadWish, lead: Lead | None, book: Book) -> None:
    priced = price_in(book.prices, wish.money)
    before = lead.price if lead else None
    if priced.value is None:
        if wish.money is not None:
            draft.leave_out("price", priced.why)
        return
    if wish.price_policy is Policy.APPEND:
        draft.leave_out("price", "nothing can be appended to a price")
    elif before != priced.value and (
        wish.price_policy is Policy.ALWAYS or (wish.price_policy is Policy.ONLY_IF_EMPTY and not before)
    ):
        draft.put("price", before, format(priced.value, "f"), {"price": priced.value})


def _stage(draft: Draft, wish: LeadWish, lead: Lead | None, book: Book) -> Move | None:
    if wish.stage is None:
        return None
    if lead is None:
        known = any(one.id == wish.stage.pipeline_id and one.stage(wish.stage.stage_id) for one in book.pipelines)
        moved = Move.FORWARD if known else Move.NO_SUCH_STAGE
    else:
        moved = move(book.pipelines, Pair(lead.pipeline_id, lead.stage_id), wish.stage, wish.freedom)
    if moved is Move.FORWARD:
        before = _stage_name(book, Pair(lead.pipeline_id, lead.stage_id)) if lead else ""
        # Always as a pair: 142 and 143 are in every pipeline.
        sent = {"pipeline_id": wish.stage.pipeline_id, "status_id": wish.stage.stage_id}
        draft.put("stage", before, _stage_name(book, wish.stage), sent)
    elif moved is not Move.SAME:
        draft.leave_out("stage", moved.value)
    return moved


def _stage_name(book: Book, pair: Pair) -> str:
    pipeline = next((one for one in book.pipelines if one.id == pair.pipeline_id), None)
    stage = pipeline.stage(pair.stage_id) if pipeline else None
    return f"{pipeline.name}: {stage.name}" if pipeline and stage else f"{pair.pipeline_id}: {pair.stage_id}"


def _contact(wish: PersonWish, contact: Contact | None, book: Book) -> Draft:
    draft = Draft(Kind.CONTACTS, book, contact.filled if contact else (), wish.country)
    full = f"{wish.first_name} {wish.last_name}".strip()
    if _is_put(wish.name_policy, contact.name if contact else "", full):
        parts = {"first_name": wish.first_name, "last_name": wish.last_name}
        draft.put("name", contact.name if contact else "", full, {key: text for key, text in parts.items() if text})
    if wish.email:
        draft.fill(FieldWish("EMAIL", (wish.email.strip().lower(),), wish.email_policy))
    if wish.phone:
        draft.fill(FieldWish("PHONE", (wish.phone,), wish.phone_policy))
    if wish.document and wish.document_field:
        draft.fill(FieldWish(wish.document_field, (wish.document,), Policy.ONLY_IF_EMPTY))
    for field in wish.fields:
        draft.fill(field)
    draft.tag(wish.tags, contact.tags if contact else (), is_new=contact is None)
    return draft


def _company(wish: CompanyWish, company: Company | None, book: Book) -> Draft:
    draft = Draft(Kind.COMPANIES, book, company.filled if company else (), book.account.country)
    if _is_put(wish.name_policy, company.name if company else "", wish.name):
        draft.put("name", company.name if company else "", wish.name, {"name": wish.name})
    for field in wish.fields:
        draft.fill(field)
    return draft


def _is_put(policy: Policy, before: str, after: str) -> bool:
    """Whether a name is written. A new thing gets its name under every policy but NEVER."""
    if not after or before == after or policy is Policy.NEVER:
        return False
    return policy is Policy.ALWAYS or not before.strip()


def _steps(present: Present, lead: Draft, contact: Draft | None, company: Draft | None) -> Iterable[Step]:
    drafts = [draft for draft in (lead, contact, company) if draft is not None]
    is_new = not (present.lead or present.contact or present.company)
    if is_new and contact is not None and all(draft.fields <= MOST_FIELDS_TOGETHER for draft in drafts):
        yield MakeTogether(lead.body, contact.body, company.body if company else None)
        return
    if contact is not None:
        yield from _made_or_altered(contact, present.contact.id if present.contact else None)
    if company is not None:
        yield from _made_or_altered(company, present.company.id if present.company else None)
    yield from _made_or_altered(lead, present.lead.id if present.lead else None)
    yield from _ties(present, contact, company)


def _made_or_altered(draft: Draft, known: int | None) -> Iterable[Step]:
    if known is None:
        yield Make(draft.kind, draft.body)
    elif draft.body:
        yield Alter(draft.kind, known, draft.body)


def _ties(present: Present, contact: Draft | None, company: Draft | None) -> Iterable[Step]:
    """A new lead is made with its contact and company; what was there before is tied where it is not yet."""
    if contact is not None and present.lead is not None and not _holds(present.lead.contacts, present.contact):
        yield Tie(Kind.LEADS, Kind.CONTACTS)
    if company is None:
        return
    # At most one company each: one chosen by somebody stays.
    if present.lead is not None and not present.lead.companies:
        yield Tie(Kind.LEADS, Kind.COMPANIES)
    if contact is not None and not (present.contact and present.contact.companies):
        yield Tie(Kind.CONTACTS, Kind.COMPANIES)


def _holds(tied: Iterable[Any], thing: Contact | None) -> bool:
    return thing is not None and thing.id in {one.id for one in tied}


def _note(wish: LeadWish, present: Present) -> Iterable[Step]:
    if wish.note is None or present.has_note:
        return
    text = f"{wish.note.text} {wish.note.marker}"
    params = {"service": wish.note.service, "text": text} if wish.note.service else {"text": text}
    kind = "service_message" if wish.note.service else "common"
    # Our own note must not start what a pipeline does upon notes.
    yield PutNote({"note_type": kind, "params": params, "is_need_to_trigger_digital_pipeline": False}, wish.note.marker)


def _shown(value: object) -> str:
    return "" if value is None else str(value)
