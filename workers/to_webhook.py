"""The way of a promise to an address of the account: its message, what became of it, when it is tried again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Connection, RowMapping

from service import endpoint_desk
from service.connectors.webhook.messages import message_of
from service.connectors.webhook.schedule import next_attempt
from service.connectors.webhook.sending import Message
from service.domain.automation import payload
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.masking import documents, masked
from service.domain.automation.retrying import Trouble
from service.domain.automation.values import Values
from service.errors import MarcoError, Misconfigured, NotFound, Unprocessable
from service.store import endpoints, knowledge
from service.store.accounts import Account
from service.store.leases import Leased, Settled
from workers.errands import Errand, failed
from workers.workshop import Workshop

WAITING = ("endpoint_disabled", "gone")
"""Nothing is wrong with the promise: it goes on when somebody has switched its address on again."""


@dataclass(frozen=True)
class WebhookErrand(Errand):
    """One message to send."""

    fields: Values
    document: str | None
    endpoint_id: int
    url: str

    @property
    def values(self) -> Values:
        """See `Errand`."""
        return self.fields

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Errand`."""
        return documents(self.document, self.values)

    @property
    def message(self) -> Message:
        """What is sent; the id is the promise's for ever, so that whoever got it twice knows. Raises MappingError."""
        event, pairs = self.leased.event, payload.read(self.automation["mapping"])
        said = payload.filled(pairs, self.fields, self.account.zone)
        return message_of(self.name, str(event.trigger), event.occurred_at, said)

    def having(self, more: Values) -> Self:
        """See `Errand`."""
        return replace(self, fields={**self.fields, **more})

    def bring(self, shop: Workshop) -> Settled:
        """See `Errand`."""
        message, began = self.message, time.monotonic()
        answer: dict[str, Any]
        try:
            taken = endpoint_desk.post(shop.engine, shop.settings, self.account.id, self.endpoint_id, message)
            settled, answer = Settled("done"), {"status": str(taken.status), "answer": taken.excerpt, "cause": None}
        except MarcoError as fault:
            settled = _troubled(self.leased, fault)
            answer = {**dict.fromkeys(("status", "answer")), **fault.facts, "cause": settled.cause}
        return _told(self, settled, message, answer | {"seconds": round(time.monotonic() - began, 3)})


def prepared(tx: Connection, leased: Leased, account: Account, automation: RowMapping) -> WebhookErrand | None:
    """Everything that is known; None where the ledger no longer has what the promise is about.

    Raises NotFound where the address was removed since the promise was taken.
    """
    known = knowledge.known_of(tx, account, leased.event)
    if known is None:
        return None
    endpoint = endpoints.find(tx, account.id, automation["endpoint_id"])
    said = (CATALOGUE.read(known), known.client.get("document"), endpoint.id, endpoint.url)
    return WebhookErrand(leased, account, automation, *said)


def _troubled(leased: Leased, fault: MarcoError) -> Settled:
    """What a foreseen fault means. Only what is wrong with the message itself is for a person at once."""
    met = Settled("failed", fault.code, fault.message)
    if fault.code in WAITING or isinstance(fault, NotFound):
        return failed(leased, Trouble.NO_TURN, met)
    if isinstance(fault, Unprocessable | Misconfigured):
        return failed(leased, Trouble.FOR_A_PERSON, met)
    due_at = next_attempt(leased.failures + 1, datetime.now(UTC), retry_after=fault.retry_after)
    return met._replace(state="failed" if due_at else "given_up", due_at=due_at, counts=True)


def _told(errand: WebhookErrand, settled: Settled, message: Message, answer: dict[str, Any]) -> Settled:
    """With what the history keeps: what was sent and answered; masked."""
    sent = {
        "method": "POST",
        "path": endpoint_desk.shown(errand.url),
        "message_id": message.message_id,
        "body": json.loads(message.body),
    }
    # PostgreSQL keeps no NUL in a text, whatever a receiver answers.
    answer["answer"] = (answer["answer"] or "").replace("\0", "")
    return settled._replace(
        message=masked(settled.message, errand.secrets), exchanges=[masked(sent | answer, errand.secrets)]
    )
