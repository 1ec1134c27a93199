"""The doors for postbacks and hooks: guard, keep, ring, answer. It does not understand what it keeps."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, request

from service.errors import Malformed
from service.queues import Lane
from service.sources.brackets import NotAForm
from service.sources.kommo import SOURCE, open_hook
from service.store.inbox import DUPLICATE, Arrival
from service.web import guards
from service.web.metrics import count_delivery
from service.web.postbacks import open_body, scrubbed
from service.web.rooms import rooms

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@webhooks.post("/hotmart/<account_key>")
def hotmart(account_key: str) -> dict[str, str]:
    """Keep one postback of Hotmart. Answers 2xx only after it is committed."""
    account = guards.webhook_account(account_key)
    header = request.headers.get(guards.HOTTOK_HEADER) or None
    if header is not None:
        guards.check_hottok(account, header)
    now = datetime.now(UTC)
    opened = open_body(guards.webhook_body(), now.date())
    if header is None:
        guards.check_hottok(account, opened.token)
    body = scrubbed(opened.body, header or opened.token or "")
    answer = rooms().keeper.keep(Arrival(account.id, "hotmart", opened.key, opened.event, opened.digest, body, now))
    count_delivery("hotmart", answer)
    rooms().bell.ring(Lane.REALTIME)
    return {"status": "duplicate" if answer == DUPLICATE else "accepted"}


@webhooks.post("/kommo/<account_key>/<secret>")
def kommo(account_key: str, secret: str) -> dict[str, str]:
    """Keep one hook of Kommo. Answers 2xx only after it is committed; what it says is found out afterwards."""
    account = guards.crm_account(account_key, secret)
    now, body = datetime.now(UTC), guards.webhook_body()
    try:
        opened = open_hook(body)
    except NotAForm as fault:
        raise Malformed(f"The hook is {fault}.") from None
    arrival = Arrival(account.id, SOURCE, opened.key, opened.event, opened.digest, body, now)
    answer = rooms().keeper.keep(arrival)
    count_delivery(SOURCE, answer)
    rooms().bell.ring(Lane.REALTIME)
    return {"status": "duplicate" if answer == DUPLICATE else "accepted"}


kommo.__guard__ = guards.crm_account  # type: ignore[attr-defined]  # read by the test that asks every view for its guard
hotmart.__guard__ = guards.webhook_account  # type: ignore[attr-defined]  # read by the test that asks every view for its guard
