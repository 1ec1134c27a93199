"""A client that keeps what was said, for the history: every request and how it ended, writes with their words."""

from __future__ import annotations

import json
import time
from typing import Any

from service.connectors.http import Answer, Query, as_json
from service.connectors.kommo.client import Kommo
from service.errors import MarcoError

READING = "GET"


class Exchanged(Kommo):
    """A Kommo that remembers since `begin` what was sent and answered. For one thread."""

    exchanges: list[dict[str, Any]]

    def begin(self, *, urgent: bool) -> None:
        """Forget what was said; from here on it belongs to the next promise."""
        self.exchanges, self._urgent = [], urgent

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
