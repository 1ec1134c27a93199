"""Sends the messages of an account to an address of its own, and gives the address up when it fails for days."""

from __future__ import annotations

from datetime import UTC, datetime

from service.connectors.webhook.addresses import Reach
from service.connectors.webhook.schedule import Failing, Standing, standing
from service.connectors.webhook.sending import Message, Sender, Taken
from service.errors import MarcoError, Refused, Unavailable, Unprocessable
from service.store import endpoints
from service.store.engine import transaction
from service.store.vault import vault_of
from workers.workshop import Workshop

FAILING_FOR_DAYS = "failing_for_days"


def post(shop: Workshop, account_id: int, endpoint_id: int, message: Message) -> Taken:
    """Send one message once. Call it outside of any transaction.

    Raises as `Sender.send` does, and Refused (`endpoint_disabled`) where the address was given up. When to try again is
    `schedule.next_attempt`.
    """
    with transaction(shop.engine) as tx:
        endpoint = endpoints.find(tx, account_id, endpoint_id)
    if endpoint.state == "disabled":
        raise Refused("This webhook address is disabled: it failed for days, or is gone.", code="endpoint_disabled")
    sender = Sender(Reach(loopback=shop.settings.webhooks_to_self))
    try:
        taken = sender.send(endpoint.url, message, endpoint.secrets(vault_of(shop.settings)), datetime.now(UTC))
    except (Unavailable, Refused) as fault:
        _failed(shop, account_id, endpoint_id, fault)
        raise
    except Unprocessable:
        raise  # the message or the address is wrong, which says nothing of the receiver
    with transaction(shop.engine) as tx:
        endpoints.worked(tx, endpoint)
    return taken


def _failed(shop: Workshop, account_id: int, endpoint_id: int, fault: MarcoError) -> None:
    now = datetime.now(UTC)
    with transaction(shop.engine) as tx:
        after = endpoints.failed(tx, account_id, endpoint_id, now)
        failing = Failing(after.failing_since or now, after.failures)
        if fault.code == "gone":
            endpoints.switch(tx, account_id, endpoint_id, "disabled", fault.code)
        elif standing(failing, now) is Standing.DISABLED:
            endpoints.switch(tx, account_id, endpoint_id, "disabled", FAILING_FOR_DAYS)
