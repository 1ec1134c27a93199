"""Hooks as Kommo sends them: form bodies with bracket keys, repeated, lost, tried again, switched off."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from tests.kommo.memory import Account
from tests.kommo.paths import fold

PATIENCE = 2.0
"""Seconds the receiver has (reference 13.1)."""
ATTEMPTS = 5
INVALID_ALLOWED = 100
WINDOW = 2 * 3600.0
ACTIONS = {"add": "add_lead", "status": "status_lead", "delete": "delete_lead"}
SERVER_TROUBLE_ONLY = 4
"""From this attempt on only 499 and 5xx are tried again."""


@dataclass
class Delivery:
    """One hook on its way."""

    destination: str
    body: str
    attempts: int = 0
    answers: list[int] = field(default_factory=list)


class Hooks:
    """Sends what happened in an account to whoever subscribed. Nothing is sent before `send`."""

    def __init__(self, account: Account, *, invalid_allowed: int = INVALID_ALLOWED) -> None:
        self.account, self.invalid_allowed = account, invalid_allowed
        self.waiting: list[Delivery] = []
        self.done: list[Delivery] = []
        self._read = 0
        self._lose = self._repeat = 0
        self._invalid: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def lose(self, number: int) -> None:
        """The next hooks never leave."""
        self._lose = number

    def repeat(self, number: int) -> None:
        """The next hooks are sent twice, the same body."""
        self._repeat = number

    def send(self) -> list[Delivery]:
        """Try everything that waits once; what failed waits for the next call. Those tried."""
        with self._lock:
            self._collect()
            tried, self.waiting = self.waiting, []
            for delivery in tried:
                status = self._attempt(delivery)
                if not 100 <= status < 300 and self._is_tried_again(delivery, status):
                    self.waiting.append(delivery)
                else:
                    self.done.append(delivery)
            return tried

    def _collect(self) -> None:
        events, self._read = self.account.events[self._read :], len(self.account.events)
        for event in events:
            for hook in self.account.hooks.values():
                if not hook["disabled"] and ACTIONS[event["action"]] in hook["settings"]:
                    self.waiting += self._copies(Delivery(hook["destination"], body_of(self.account, event)))

    def _copies(self, delivery: Delivery) -> list[Delivery]:
        if self._lose:
            self._lose -= 1
            return []
        if self._repeat:
            self._repeat -= 1
            return [delivery, Delivery(delivery.destination, delivery.body)]
        return [delivery]

    def _attempt(self, delivery: Delivery) -> int:
        request = urllib.request.Request(delivery.destination, delivery.body.encode(), method="POST")  # loopback only
        request.add_header("Content-Type", "application/x-www-form-urlencoded")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as refused:
            status = refused.code
        except OSError:
            status = 0
        delivery.attempts += 1
        delivery.answers.append(status)
        self._judge(delivery.destination, status)
        return status

    def _is_tried_again(self, delivery: Delivery, status: int) -> bool:
        if delivery.attempts >= ATTEMPTS:
            return False
        return delivery.attempts + 1 < SERVER_TROUBLE_ONLY or status == 499 or 500 <= status < 600

    def _judge(self, destination: str, status: int) -> None:
        now = time.monotonic()
        recent = [at for at in self._invalid.get(destination, []) if at > now - WINDOW]
        if not 100 <= status < 300:
            recent.append(now)
            if len(recent) > self.invalid_allowed and destination in self.account.hooks:
                self.account.hooks[destination]["disabled"] = True
        self._invalid[destination] = recent


def body_of(account: Account, event: dict[str, Any]) -> str:
    """The form body of one event (reference 13): every value text, empty things left out."""
    lead, before = event["lead"], event.get("before")
    if event["action"] == "delete":
        told: dict[str, Any] = {"id": lead["id"]}
    else:
        told = {name: lead[name] for name in ("id", "name", "status_id", "pipeline_id", "price", "responsible_user_id")}
        if before:
            told |= {"old_status_id": before["status_id"], "old_pipeline_id": before["pipeline_id"]}
        if "price_with_minor_units" in lead:
            told["price_with_minor_units"] = lead["price_with_minor_units"]
        told |= {"modified_user_id": lead["updated_by"], "last_modified": lead["updated_at"]}
        told |= {name: lead[name] for name in ("created_at", "updated_at", "account_id")}
        if lead["custom_fields_values"]:
            told["custom_fields"] = [
                {
                    "id": entry["field_id"],
                    "name": entry["field_name"],
                    "values": [
                        {"value": value["value"], **({"enum": value["enum_id"]} if value.get("enum_id") else {})}
                        for value in entry["values"]
                    ],
                }
                for entry in lead["custom_fields_values"]
            ]
    address = f"https://{account.subdomain}.kommo.com"
    block = {"subdomain": account.subdomain, "id": account.id, "_links": {"self": address}}
    return fold({"leads": {event["action"]: [told]}, "account": block})
