"""Addresses our messages go to: judged when they are given, sent to, given up when they fail for days."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Engine

from service.connectors.webhook.addresses import Reach, is_loopback, judged, resolved
from service.connectors.webhook.messages import trial_message
from service.connectors.webhook.schedule import Failing, Standing, standing
from service.connectors.webhook.sending import USUAL_HEADERS, Message, Sender, Taken
from service.connectors.webhook.signing import new_secret, unsigned
from service.connectors.webhook.targets import target_of
from service.errors import MarcoError, Refused, Unavailable, Unprocessable
from service.settings import Settings
from service.store import automations, endpoints, history
from service.store.endpoints import Endpoint
from service.store.engine import transaction
from service.store.vault import vault_of

FAILING_FOR_DAYS = "failing_for_days"
DISABLED = "disabled"
PATIENCE = (3.0, 8.0)
"""Seconds to connect, and for all of it, while a person waits for the answer."""


class Sent(NamedTuple):
    """What became of one message somebody tried an address with. `cause` is None where it was taken."""

    message_id: str
    seconds: float
    status: int | None
    answer: str
    cause: str | None


def reach_of(settings: Settings) -> Reach:
    """How far messages of this Marco may go."""
    return Reach(loopback=settings.webhooks_to_self)


def check(settings: Settings, url: str) -> str:
    """The address, trimmed, if messages may go there as things are now; its name is resolved.

    Raises Unprocessable, its code the reason: bad_url, unknown_host, forbidden_address, unencrypted.
    """
    wanted = url.strip()
    target = target_of(wanted)
    try:
        addresses = judged(target.host, target.port, reach_of(settings), resolved)
    except (Refused, Unavailable) as fault:
        raise Unprocessable(fault.message, code=fault.code) from fault
    if target.scheme == "http" and not all(map(is_loopback, addresses)):
        raise Unprocessable("A message leaves this machine encrypted only: use https.", code="unencrypted")
    return wanted


def add(engine: Engine, settings: Settings, account_id: int, url: str) -> tuple[int, str]:
    """Check and keep an address; its id, and the secret, never to be read again. Raises as `check`, and Conflict."""
    checked, secret = check(settings, url), new_secret()
    with transaction(engine) as tx:
        return endpoints.create(tx, account_id, checked, secret, vault_of(settings)), secret


def move(engine: Engine, settings: Settings, account_id: int, endpoint_id: int, url: str) -> None:
    """Send to another URL from now on, what waits too; a disabled address stays so. Raises as `check`, and NotFound."""
    with transaction(engine) as tx:
        endpoints.find(tx, account_id, endpoint_id)
    checked = check(settings, url)
    with transaction(engine) as tx:
        endpoints.move(tx, account_id, endpoint_id, checked)


def rotate(engine: Engine, settings: Settings, account_id: int, endpoint_id: int) -> str:
    """A new secret to sign with, beside the one before until that is retired."""
    secret = new_secret()
    with transaction(engine) as tx:
        endpoints.rotate(tx, account_id, endpoint_id, secret, vault_of(settings))
    return secret


def preview(message: Message, now: datetime, url: str | None) -> dict[str, Any]:
    """What would be sent, for people to look at: the address, the headers with the signature masked, the body."""
    headers = USUAL_HEADERS | unsigned(message.message_id, now)
    return {"url": url and shown(url), "headers": headers, "body": json.loads(message.body)}


def switch_on(engine: Engine, account_id: int, endpoint_id: int, *, resend: bool = False) -> int:
    """Send there again; what waited goes on. With `resend` what was given up is sent again too: how many."""
    now = datetime.now(UTC)
    with transaction(engine) as tx:
        endpoints.switch(tx, account_id, endpoint_id, "on")
        if not resend:
            return 0
        sending = [one["id"] for one in automations.every(tx, account_id) if one["endpoint_id"] == endpoint_id]
        given_up = [history.Wanted(automation_id=one, states=("given_up",)) for one in sending]
        return sum(history.resend_all(tx, account_id, wanted, now) for wanted in given_up)


def switch_off(engine: Engine, account_id: int, endpoint_id: int) -> None:
    """Send nothing there; what its automations are owed waits."""
    with transaction(engine) as tx:
        endpoints.switch(tx, account_id, endpoint_id, DISABLED, endpoints.SWITCHED_OFF)


def post(engine: Engine, settings: Settings, account_id: int, endpoint_id: int, message: Message) -> Taken:
    """Send one message once. Call it outside of any transaction.

    Raises as `Sender.send` does, and Refused (`endpoint_disabled`) where the address was given up. When to try again is
    `schedule.next_attempt`.
    """
    with transaction(engine) as tx:
        endpoint = endpoints.find(tx, account_id, endpoint_id)
    if endpoint.state == DISABLED:
        raise Refused("This webhook address is disabled: it failed for days, or is gone.", code="endpoint_disabled")
    try:
        taken = _sent(settings, endpoint, message, Sender(reach_of(settings)))
    except (Unavailable, Refused) as fault:
        _count(engine, endpoint, fault)
        raise
    except Unprocessable:
        raise  # the message or the address is wrong, which says nothing of the receiver
    with transaction(engine) as tx:
        endpoints.worked(tx, endpoint)
    return taken


def try_out(engine: Engine, settings: Settings, account_id: int, endpoint_id: int) -> Sent:
    """Really send a message that says it is a test; also to an address that is disabled, and counted nowhere.

    Raises NotFound; what the receiver does is told, not raised.
    """
    with transaction(engine) as tx:
        endpoint = endpoints.find(tx, account_id, endpoint_id)
    message, began = trial_message(datetime.now(UTC)), time.monotonic()
    try:
        taken = _sent(settings, endpoint, message, Sender(reach_of(settings), resolved, *PATIENCE))
        told: tuple[int | None, str, str | None] = (taken.status, taken.excerpt, None)
    except MarcoError as fault:
        status = fault.facts.get("status")
        told = (int(status) if status else None, fault.facts.get("answer", ""), fault.code)
    return Sent(message.message_id, round(time.monotonic() - began, 2), *told)


def shown(url: str) -> str:
    """An address as the history shows it: without its query, where receivers keep keys."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="…" if parts.query else "", fragment=""))


def standing_of(endpoint: Endpoint, now: datetime) -> Standing:
    """How an address stands for its owner."""
    if endpoint.state == DISABLED:
        return Standing.DISABLED
    return standing(_failing(endpoint, now), now) if endpoint.failures else Standing.WELL


def _sent(settings: Settings, endpoint: Endpoint, message: Message, sender: Sender) -> Taken:
    return sender.send(endpoint.url, message, endpoint.secrets(vault_of(settings)), datetime.now(UTC))


def _failing(endpoint: Endpoint, now: datetime) -> Failing:
    return Failing(endpoint.failing_since or now, endpoint.failures)


def _count(engine: Engine, endpoint: Endpoint, fault: MarcoError) -> None:
    now = datetime.now(UTC)
    with transaction(engine) as tx:
        after = endpoints.failed(tx, endpoint.account_id, endpoint.id, fault.code, now)
        if fault.code == "gone":
            endpoints.disable(tx, after, fault.code)
        elif standing(_failing(after, now), now) is Standing.DISABLED:
            endpoints.disable(tx, after, FAILING_FOR_DAYS)


def told_of(endpoint: Endpoint) -> dict[str, Any]:
    """One address for the API: no secret, how it stands, and of what it failed last."""
    told = {name: value for name, value in endpoint._asdict().items() if name not in ("secret", "older")}
    return told | {"secrets": endpoint.live_secrets}
