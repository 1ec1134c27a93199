"""Trying an automation out on something that happened: what it would say and change. Nothing is sent, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from service import endpoint_desk
from service.connectors.kommo.decisions import changes_of, decision_of
from service.connectors.kommo.wishes import Wish
from service.connectors.kommo.wishing import Occasion, planned, wish_of
from service.connectors.webhook.messages import message_of
from service.domain.automation import filters, mapping, payload
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.judging import failures_of, judge
from service.domain.automation.leads import Policy
from service.domain.automation.masking import documents, masked
from service.errors import Conflict, NotFound
from service.kommo_account import calling, opened
from service.kommo_desk import Ground, book_at, ground_of
from service.settings import Settings
from service.store import endpoints, knowledge
from service.store.accounts import Account
from service.store.automations import Draft
from service.store.engine import transaction
from service.store.knowledge import Event


class Trial(NamedTuple):
    """What a run would do. `filter` says why it would not run; then nothing is planned.

    `card`, `decision` and `changes` are of Kommo; `message` (url, headers, body) is what a webhook would be sent.
    """

    event: Event
    passed: bool
    filter: Sequence[dict[str, Any]] = ()
    card: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    changes: Sequence[dict[str, Any]] = ()
    message: dict[str, Any] | None = None


def try_out(engine: Engine, settings: Settings, account: Account, draft: Draft, wanted: str | None = None) -> Trial:
    """Run an automation on the latest event of its trigger, or that of a transaction or e-mail, only reading.

    Raises NotFound where nothing of the kind has happened, Conflict where no Kommo is connected, FilterError and
    MappingError for a draft that cannot be understood, and what calling Kommo raises.
    """
    return (_message_trial if draft.destination == "webhook" else _card_trial)(engine, settings, account, draft, wanted)


def _card_trial(engine: Engine, settings: Settings, account: Account, draft: Draft, wanted: str | None) -> Trial:
    one, rules = filters.read(draft.filter), mapping.read(draft.mapping)
    event, ground = _ground(engine, account, draft, wanted)
    verdict = judge(one, ground.values, account.zone)
    secrets = documents(ground.document, ground.values)
    why = masked(failures_of(verdict), secrets)
    if not verdict.passed:
        return Trial(event, passed=False, filter=why)
    occasion = Occasion(event.about, f"trial {event.subject}", ground.values, account.zone)
    with calling(settings, opened(settings, ground.connected)) as kommo:
        book, _ = book_at(engine, ground.connected, kommo, datetime.now(UTC))
        wish = wish_of(rules, Policy(draft.policy), occasion, ground.past, book)
        plan = planned(kommo, wish, book, rules.hands_off_hours)
    card, decision, changes = masked([_card(wish), decision_of(plan), changes_of(plan)], secrets)
    return Trial(event, passed=True, card=card, decision=decision, changes=changes)


def _message_trial(engine: Engine, _: Settings, account: Account, draft: Draft, wanted: str | None) -> Trial:
    one, pairs, now = filters.read(draft.filter), payload.read(draft.mapping), datetime.now(UTC)
    with transaction(engine) as tx:
        event = _event(tx, account, draft, wanted)
        known = knowledge.known_of(tx, account, event)
        endpoint = endpoints.find(tx, account.id, draft.endpoint_id) if draft.endpoint_id is not None else None
    if known is None:
        raise NotFound("Nothing of this kind has happened yet.", code="no_such_event")
    values = CATALOGUE.read(known)
    secrets = documents(known.client.get("document"), values)
    verdict = judge(one, values, account.zone)
    if not verdict.passed:
        return Trial(event, passed=False, filter=masked(failures_of(verdict), secrets))
    said = payload.filled(pairs, values, account.zone)
    message = message_of(f"trial {event.subject}", str(event.trigger), event.occurred_at, said)
    shown = endpoint_desk.preview(message, now, endpoint and endpoint.url)
    return Trial(event, passed=True, message=masked(shown, secrets))


def _event(tx: Connection, account: Account, draft: Draft, wanted: str | None) -> Event:
    event = knowledge.past_event(tx, account.id, draft.trigger, wanted)
    if event is None:
        raise NotFound("Nothing of this kind has happened yet.", code="no_such_event")
    return event


def _ground(engine: Engine, account: Account, draft: Draft, wanted: str | None) -> tuple[Event, Ground]:
    with transaction(engine) as tx:
        event = _event(tx, account, draft, wanted)
        ground = ground_of(tx, account, event)
    if ground is None or ground.connected.state == "disconnected":
        raise Conflict("Connect a Kommo account first.", code="kommo_not_connected")
    return event, ground


def _card(wish: Wish) -> dict[str, Any]:
    """What the templates say."""
    lead, person = wish.lead, wish.person
    return {
        "lead_name": lead.name,
        "amount": lead.money and {"value": format(lead.money.value, "f"), "currency": lead.money.currency},
        "note": lead.note and lead.note.text,
        "tags": [*lead.tags],
        "contact": person
        and {"name": f"{person.first_name} {person.last_name}".strip(), "email": person.email, "phone": person.phone},
        "company": wish.company and wish.company.name,
        "fingerprint": lead.fingerprint,
    }
