"""A client that keeps what was said, for the history: every request and how it ended, writes with their words.

It may know some things already, which were read ahead for many promises; of these it does not ask again.
"""

from __future__ import annotations

import json
import time
from typing import Any

from service.connectors.http import Answer, Query, as_json
from service.connectors.kommo.client import Kommo
from service.connectors.kommo.foreseen import Foreseen
from service.connectors.kommo.shapes import Company, Contact, Lead
from service.errors import MarcoError

READING = "GET"


class Exchanged(Kommo):
    """A Kommo that remembers since `begin` what was sent and answered. For one thread."""

    exchanges: list[dict[str, Any]]
    _foreseen = Foreseen()

    def begin(self, *, urgent: bool, foreseen: Foreseen | None = None) -> None:
        """Forget what was said; from here on it belongs to the next promise, for which this was read ahead."""
        self.exchanges, self._urgent, self._foreseen = [], urgent, foreseen or Foreseen()

    def lead(self, lead_id: int) -> Lead | None:
        """See `Kommo`."""
        return self._foreseen.leads.get(lead_id) or super().lead(lead_id)

    def contact(self, contact_id: int) -> Contact | None:
        """See `Kommo`."""
        return self._foreseen.contacts.get(contact_id) or super().contact(contact_id)

    def company(self, company_id: int) -> Company | None:
        """See `Kommo`."""
        return self._foreseen.companies.get(company_id) or super().company(company_id)

    def _once(self, method: str, path: str, *, query: Query = (), body: Any = None) -> Answer:
        began = time.monotonic()
        try:
            answer = super()._once(method, path, query=query, body=body)
        except MarcoError as fault:
            said = (fault.facts.get("status"), fault.facts.get("answer"), fault.code)
            self._note(began, method, path, body, said)
            raise
        self._note(began, method, path, body, (str(answer.status), answer.excerpt, None))
        return answer

    def _note(
        self, began: float, method: str, path: str, body: Any, said: tuple[str | None, str | None, str | None]
    ) -> None:
        """Of readings only what was asked and how it ended: their answers are other people's cards."""
        status, text, cause = said
        seconds = round(time.monotonic() - began, 3)
        told = {"method": method, "path": path, "status": status, "cause": cause, "seconds": seconds}
        sent = None if body is None else json.loads(as_json(body))
        words = {} if method == READING else {"body": sent, "answer": text}
        self.exchanges.append(told | words)
