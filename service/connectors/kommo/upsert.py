"""Make Kommo say what is wished, once: look, plan, carry out.

Creating is not idempotent in Kommo and its answers get lost, so an Unconfirmed error means: try later with
`unclear_since` set to when this attempt began. Then what was made after all is found and taken on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from service.connectors.kommo import reading
from service.connectors.kommo.answers import FieldFault, Rejected
from service.connectors.kommo.batches import Outcome, Unclear, Unsent, Wrong
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.looking import look
from service.connectors.kommo.planning import Alter, Body, Make, MakeTogether, Plan, PutNote, Tie, plan
from service.connectors.kommo.shapes import Kind, Link, Together
from service.connectors.kommo.wishes import Book, Stored, Wish
from service.errors import Unconfirmed

Keep = Callable[[Stored], None]
"""Told after every step that made something, so that its id survives whatever happens next."""


Ids = dict[Kind, int | None]


class Done(NamedTuple):
    """What was done. `merged`: Kommo's duplicate control answered with a lead that was there."""

    plan: Plan
    stored: Stored
    merged: bool = False


def bring(kommo: Kommo, wish: Wish, book: Book, keep: Keep) -> Done:
    """Look, plan and carry out. Raises what the client raises; what was made until then has been kept."""
    planned = plan(wish, look(kommo, wish), book)
    stored, merged = carry_out(kommo, planned, keep)
    if not merged:
        return Done(planned, stored)
    # A lead nobody had looked at yet: look again, and change it as any other.
    again = wish._replace(stored=stored)
    planned = plan(again, look(kommo, again), book)
    return Done(planned, carry_out(kommo, planned, keep)[0], merged=True)


def carry_out(kommo: Kommo, planned: Plan, keep: Keep) -> tuple[Stored, bool]:
    """Send the requests of a plan in order; the ids by then, and whether Kommo merged (then the rest is not sent)."""
    ids = ids_of(planned)
    for step in planned.steps:
        if isinstance(step, MakeTogether):
            made = _make_together(kommo, step)
            ids = {Kind.LEADS: made.lead_id, Kind.CONTACTS: made.contact_id, Kind.COMPANIES: made.company_id}
            keep(stored_of(ids))
            if made.merged:
                return stored_of(ids), True
        elif isinstance(step, Make):
            ids[step.kind] = _make(kommo, step, ids)
            keep(stored_of(ids))
        elif isinstance(step, Alter):
            kommo.change(step.kind, step.id, step.body)
        elif isinstance(step, Tie):
            tie(kommo, step, ids)
        else:
            _put_note(kommo, step, ids)
    keep(stored_of(ids))
    return stored_of(ids), False


def ids_of(planned: Plan) -> Ids:
    """The ids a plan knows before anything is made."""
    return {Kind.LEADS: planned.lead_id, Kind.CONTACTS: planned.contact_id, Kind.COMPANIES: planned.company_id}


def stored_of(ids: Ids) -> Stored:
    """The ids as they are kept."""
    return Stored(ids[Kind.LEADS], ids[Kind.CONTACTS], ids[Kind.COMPANIES])


def together_body(step: MakeTogether) -> Body:
    """The body of a complex create. No metadata: with it the lead would land among the incoming ones."""
    embedded = {**step.lead.get("_embedded", {}), "contacts": [step.contact]}
    if step.company is not None:
        embedded["companies"] = [step.company]
    return {**step.lead, "_embedded": embedded}


def lead_body(step: Make, ids: Ids) -> Body:
    """The body of a new thing; a lead's names the contact and company known by now."""
    body: Body = dict(step.body)
    if step.kind is not Kind.LEADS:
        return body
    tied: Body = {}
    if ids[Kind.CONTACTS] is not None:
        tied["contacts"] = [{"id": ids[Kind.CONTACTS], "is_main": True}]
    if ids[Kind.COMPANIES] is not None:
        tied["companies"] = [{"id": ids[Kind.COMPANIES]}]
    if tied:
        body["_embedded"] = {**body.get("_embedded", {}), **tied}
    return body


def note_body(step: PutNote, ids: Ids) -> Body:
    """The body of a note on the lead known by now."""
    return {**step.body, "entity_id": ids[Kind.LEADS]}


def _make_together(kommo: Kommo, step: MakeTogether) -> Together:
    (outcome,) = kommo.create_together([together_body(step)])
    try:
        return reading.together(answer_of(outcome))
    except (KeyError, TypeError, ValueError) as fault:
        raise Unconfirmed("Kommo made it, but its answer cannot be read", code="kommo_unreadable") from fault


def _make(kommo: Kommo, step: Make, ids: Ids) -> int:
    (outcome,) = kommo.create(step.kind, [lead_body(step, ids)])
    return int(answer_of(outcome)["id"])


def answer_of(outcome: Outcome) -> Body:
    """What Kommo answered, or the error the outcome is."""
    if isinstance(outcome, Unclear | Unsent):
        raise outcome.error
    if isinstance(outcome, Wrong):
        raise rejected(outcome.faults)
    return dict(outcome.answer)


def rejected(faults: tuple[FieldFault, ...]) -> Rejected:
    """The error of one thing Kommo did not take."""
    said = "; ".join(f"{fault.path or 'item'}: {fault.detail or fault.code}" for fault in faults)
    return Rejected(f"Kommo did not accept it ({said})", {"0": faults}, {})


def tie(kommo: Kommo, step: Tie, ids: Ids) -> None:
    """Tie two things unless they are: links are read first, because tying what is tied is answered with a 500."""
    this, other = ids[step.kind], ids[step.to]
    if this is None or other is None or _are_tied(kommo, step, this, other):
        return
    try:
        kommo.link(step.kind, this, Link(other, step.to, step.to is Kind.CONTACTS))
    except Unconfirmed:
        if not _are_tied(kommo, step, this, other):
            raise


def _are_tied(kommo: Kommo, step: Tie, this: int, other: int) -> bool:
    return any((link.to_kind, link.to_id) == (step.to, other) for link in kommo.links(step.kind, this))


def _put_note(kommo: Kommo, step: PutNote, ids: Ids) -> None:
    (outcome,) = kommo.add_notes(Kind.LEADS, [note_body(step, ids)])
    answer_of(outcome)
