"""A seller at the API: uploads a spreadsheet, confirms it, waits for its end."""

from __future__ import annotations

import http.client
import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.house import Failed, Seller, until

LONGEST_IMPORT = 1800.0


class Office:
    """One account at one door."""

    def __init__(self, port: int, seller: Seller) -> None:
        self._port, self._bearer = port, {"Authorization": f"Bearer {seller.api_token}"}

    def sent(self, path: Path) -> int:
        """Upload a file; the id of its import."""
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        return int(self._asked("POST", "", body, f"multipart/form-data; boundary={boundary}")["id"])

    def uploaded(self, path: Path) -> int:
        """Upload a file and wait until it is ready to be confirmed; its id."""
        import_id = self.sent(path)
        until(lambda: self.status(import_id) != "checking", f"{path.name} to be looked into", LONGEST_IMPORT, pause=0.1)
        found = self.found(import_id)
        if found["status"] != "ready" or found["questions"]:
            raise Failed(f"{path.name} is {found['status']}: {found['problem']} {found['questions']}")
        return import_id

    def confirm(self, import_id: int, *, dry_run: bool = False) -> None:
        """Have it run, or only tried."""
        self._asked("POST", f"/{import_id}/confirm", json.dumps({"dry_run": dry_run}).encode(), "application/json")

    def completed(self, import_id: int) -> dict[str, Any]:
        """Wait for its end. Raises Failed unless every row became a purchase."""
        until(lambda: self.status(import_id) not in ("ready", "running"), "an import to end", LONGEST_IMPORT, pause=0.1)
        found = self.found(import_id)
        rows = found["rows"]
        if found["status"] != "completed" or rows["created"] != rows["total"]:
            raise Failed(f"the import is {found['status']}: {rows} {found['problem']}")
        return found

    def imported(self, path: Path) -> float:
        """Import a file; seconds from its confirmation to its completion, as the import itself tells them."""
        import_id = self.uploaded(path)
        self.confirm(import_id)
        return seconds_of(self.completed(import_id))

    def status(self, import_id: int) -> str:
        """Where it stands."""
        return str(self.found(import_id)["status"])

    def found(self, import_id: int) -> dict[str, Any]:
        """The import."""
        return self._asked("GET", f"/{import_id}")

    def _asked(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONGEST_IMPORT)
        try:
            headers = {**self._bearer, **({"Content-Type": kind} if kind else {})}
            connection.request(method, f"/api/v1/imports{path}", body, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Failed(f"{method} {path} answered {answer.status}: {said[:300]!r}")
        told: dict[str, Any] = json.loads(said)
        return told


def seconds_of(completed: dict[str, Any]) -> float:
    """How long an import ran, from confirmation to completion."""
    begun, ended = (datetime.fromisoformat(completed[name]) for name in ("started_at", "finished_at"))
    return (ended - begun).total_seconds()
