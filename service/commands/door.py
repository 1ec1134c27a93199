"""The running door, seen from outside: posts to it over HTTP as Hotmart and API users do."""

from __future__ import annotations

import http.client
import json
import secrets
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from service.errors import MarcoError, Refused, Unavailable

SECONDS = 20.0


class Answer(NamedTuple):
    """What the door said."""

    status: int
    body: Any

    @property
    def accepted(self) -> bool:
        """Whether Hotmart would take it for delivered."""
        return 200 <= self.status < 300

    def said(self) -> str:
        """One line of it."""
        if isinstance(self.body, dict):
            word = self.body.get("status") if self.accepted else self.body.get("message")
            return str(word)
        return str(self.body)[:200]


class Door:
    """One kept-open connection to the address of a Marco."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise Refused(f"'{url}' is no address of a door. Write it like http://127.0.0.1:8000")
        self.url = url.rstrip("/")
        self._prefix = address.path.rstrip("/")
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(address.hostname, address.port, timeout=SECONDS)

    def post_event(self, path: str, hottok: str, event: dict[str, Any]) -> Answer:
        """Deliver one event as Hotmart does. Raises Unavailable when nothing answers."""
        headers = {"X-Hotmart-Hottok": hottok, "Content-Type": "application/json", "User-Agent": "Marco samples"}
        return self._send("POST", path, json.dumps(event, ensure_ascii=False).encode(), headers)

    def call(self, method: str, path: str, token: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the API; its JSON. Raises MarcoError with the API's own message when it is refused."""
        headers = {"Authorization": f"Bearer {token}"}
        if body is None:
            return _content(self._send(method, path, b"", headers))
        return _content(
            self._send(method, path, json.dumps(body).encode(), {**headers, "Content-Type": "application/json"})
        )

    def upload(self, path: str, token: str, file_name: str, content: bytes) -> Any:
        """Send a file in the field `file`; the API's JSON."""
        boundary = secrets.token_hex(16)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return _content(self._send("POST", path, body, {"Authorization": f"Bearer {token}", "Content-Type": kind}))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return self._exchange(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The door hangs up on connections that were idle; what we send may safely be sent twice.
            self._connection.close()
        except OSError as fault:
            raise self._away(fault) from fault
        try:
            return self._exchange(method, path, body, headers)
        except (OSError, http.client.HTTPException) as fault:
            raise self._away(fault) from fault

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        self._connection.request(method, f"{self._prefix}{path}", body, headers)
        response = self._connection.getresponse()
        content = response.read()
        try:
            return Answer(response.status, json.loads(content))
        except ValueError:
            return Answer(response.status, content.decode("utf-8", "replace"))

    def _away(self, fault: Exception) -> Unavailable:
        return Unavailable(
            f"Nothing answers at {self.url} ({fault}). Start Marco with: make run"
            " — or say where it runs with --url, PORT or PUBLIC_URL."
        )


def _content(answer: Answer) -> Any:
    if not answer.accepted:
        raise MarcoError(f"The door answered {answer.status}: {answer.said()}")
    return answer.body
