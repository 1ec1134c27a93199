"""What a message says: the event in the words of the catalogue, as Standard Webhooks shapes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from secrets import token_hex
from typing import Any

from service.connectors.http import as_json
from service.connectors.webhook.sending import Message
from service.domain.automation.values import Value
from service.domain.money import Money, amount_text


def message_of(promise: str, trigger: str, occurred_at: datetime, values: Mapping[str, Value | None]) -> Message:
    """The message of one promise: `type`, `timestamp` (of the event) and `data`, these fields in this order.

    `promise` is the promise's name, the same for ever: receivers know by the id made of it what they had already.
    Amounts are exact text with their currency (null: unknown), numbers exact text, days and moments ISO 8601.
    """
    content = {
        "type": trigger,
        "timestamp": occurred_at.isoformat(),
        "data": {key: _plain(value) for key, value in values.items()},
    }
    return Message(f"msg_{blake2b(promise.encode(), digest_size=16).hexdigest()}", as_json(content))


def trial_message(now: datetime) -> Message:
    """A message that says it is a test, with an id nobody has seen."""
    said = {"test": True, "text": "Mensagem de teste do Marco: nenhuma venda aconteceu."}
    content = {"type": "test", "timestamp": now.isoformat(), "data": said}
    return Message(f"msg_test_{token_hex(16)}", as_json(content))


def _plain(value: Value | None) -> Any:
    if isinstance(value, Money):
        return {"value": amount_text(value.value), "currency": value.currency}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
