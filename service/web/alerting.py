"""What somebody must look after, of the account of the request: looked for, in words, with a way to the remedy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from service import kommo_account
from service.domain.alerts import Alert, Kind, Level, alerts_of
from service.errors import Unavailable
from service.store import alerts, crm_hooks
from service.store.engine import transaction
from service.web import guards, kommo_words
from service.web.locale import day, number, span
from service.web.rooms import rooms


class Said(NamedTuple):
    """An alert in the reader's language. `path` is the page where it is mended, `remedy` what to do there."""

    kind: Kind
    level: Level
    sentence: str
    remedy: str
    path: str


class Remedy(NamedTuple):
    """What to do, and the page for it; of the history the part that is meant."""

    says: LazyString
    endpoint: str
    state: str | None = None


CONNECT = Remedy(_l("Connect with a new token"), "connections.kommo")
LOOK_AT_KOMMO = Remedy(_l("Look at the connection"), "connections.kommo")
LOOK_AT_ADDRESSES = Remedy(_l("Look at the addresses"), "connections.webhooks")
REMEDIES = {
    Kind.TOKEN_REFUSED: CONNECT,
    Kind.TOKEN_ENDED: CONNECT,
    Kind.TOKEN_ENDS: CONNECT,
    Kind.ROAD_CLOSED: LOOK_AT_KOMMO,
    Kind.ROAD_UNKNOWN: LOOK_AT_KOMMO,
    Kind.ENDPOINT_DISABLED: LOOK_AT_ADDRESSES,
    Kind.BACKLOG: Remedy(_l("Look at what waits"), "automations.history", "waiting"),
    Kind.ERRORS: Remedy(_l("Look at what failed"), "automations.history", "failed"),
    Kind.GIVEN_UP: Remedy(_l("Look at them and send them again"), "automations.history", "given_up"),
    Kind.ENDPOINT_FAILING: LOOK_AT_ADDRESSES,
    Kind.HOOK_DISABLED: LOOK_AT_KOMMO,
    Kind.HOOK_TROUBLE: LOOK_AT_KOMMO,
}
SENTENCES = {
    Kind.TOKEN_REFUSED: _l("Kommo no longer accepts the token. Nothing is written there; what is owed waits."),
    Kind.TOKEN_ENDED: _l("The token of Kommo ended on %(day)s. Nothing is written there; what is owed waits."),
    Kind.TOKEN_ENDS: _l("The token of Kommo ends on %(day)s, %(left)s. Then nothing is written there any more."),
    Kind.ROAD_CLOSED: _l("Kommo refused us altogether. Marco stays quiet and tries again by itself."),
    Kind.ROAD_UNKNOWN: _l("Redis does not answer. Without it nobody calls Kommo, so that its limit is never broken."),
    Kind.ENDPOINT_DISABLED: _l("The webhook address at %(host)s was disabled, because it failed for days or is gone."),
    Kind.BACKLOG: _l("What automations owe has been waiting for %(span)s."),
    Kind.ERRORS: _l("Much of what automations tried in the last hour failed: %(number)s in 100."),
    Kind.GIVEN_UP: _l("Messages of your automations were given up and wait for you: %(number)s."),
    Kind.ENDPOINT_FAILING: _l("The webhook address at %(host)s has been failing for %(span)s."),
    Kind.HOOK_DISABLED: _l(
        "Kommo had switched our webhook off, as it does after slow or failed answers. Marco switched it on again."
    ),
    Kind.HOOK_TROUBLE: _l("Kommo may not tell us when a lead changes its stage. %(why)s"),
}


def current() -> list[Said]:
    """Everything there is to say, the worst first."""
    now = datetime.now(UTC)
    with transaction(rooms().engine) as tx:
        signs = alerts.signs(tx, guards.current_account().id, now)
    if signs.connection is not None:
        signs = signs._replace(road=_road())
    return [_said(one, now) for one in alerts_of(signs, now, crm_hooks.FOUND)]


def _road() -> str | None:
    """Why nobody calls Kommo; None where calls go, or pause for moments."""
    try:
        use = kommo_account.use(rooms().settings)
    except Unavailable:
        return "road_unknown"
    return "road_closed" if use.closed or use.trying else None


def _said(one: Alert, now: datetime) -> Said:
    remedy = REMEDIES[one.kind]
    path = url_for(remedy.endpoint, account_key=guards.current_account().key, state=remedy.state)
    return Said(one.kind, one.level, str(SENTENCES[one.kind]) % _facts(one, now), str(remedy.says), path)


def _facts(one: Alert, now: datetime) -> dict[str, str]:
    """The values a sentence may name. Of an address only whose it is: the rest of it may be a secret."""
    return {
        "day": day(one.since),
        "left": _left(one.number or 0),
        "span": span((now - one.since).total_seconds()) if one.since else "",
        "host": urlsplit(one.url or "").hostname or "",
        "number": number(one.number or 0),
        "why": str(kommo_words.trouble(one.code).says),
    }


def _left(days: int) -> str:
    return str(ngettext("in %(num)s day", "in %(num)s days", days)) if days else str(_("within a day"))
