"""What the history keeps of what was said: no secrets, no document numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from service.domain.automation.values import Values

MASK = "•••"
# CPF and CNPJ, written in full or bare. A telephone with its country's code is longer or has a + before it.
_DOCUMENT = re.compile(
    r"(?<![\d+])(?:\d{3}\.\d{3}\.\d{3}-?\d{2}|\d{2}\.\d{3}\.\d{3}/?\d{4}-?\d{2}|\d{11}|\d{14})(?!\d)", re.ASCII
)


def documents(of_client: str | None, values: Values) -> tuple[str, ...]:
    """What must not be shown, whatever it looks like: the documents of the buyer and of the producer."""
    return tuple(str(one) for one in (of_client, values.get("producer_document")) if one)


def masked(told: Any, secrets: Collection[str] = ()) -> Any:
    """The same JSON without document numbers and without these texts."""
    if isinstance(told, str):
        for secret in secrets:
            told = told.replace(secret, MASK) if secret else told
        return _DOCUMENT.sub(MASK, told)
    if isinstance(told, Mapping):
        return {str(name): masked(value, secrets) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [masked(value, secrets) for value in told]
    return told
