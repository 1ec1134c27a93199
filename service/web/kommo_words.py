"""What stands between us and Kommo, in words a seller can use: what is the matter, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString


class Trouble(NamedTuple):
    """What is the matter, and the remedy."""

    says: LazyString
    remedy: LazyString


_WAIT = _l("Nothing is lost: what is to be written waits. Try again in a few minutes.")
TROUBLES = {
    "bad_address": Trouble(
        _l("This is not the address of a Kommo account."),
        _l("Write what stands before .kommo.com in your browser, such as cursoexemplo."),
    ),
    "bad_token": Trouble(
        _l("This is not a token of Kommo."),
        _l("Copy the whole long-lived token again; it is one very long line of letters and digits."),
    ),
    "token_expired": Trouble(
        _l("This token has ended."),
        _l("Make a new long-lived token in Kommo, with a later end, and connect with it."),
    ),
    "kommo_token_refused": Trouble(
        _l("Kommo does not accept this token."),
        _l("It was revoked or has ended, or it is of another account. Make a new one in this account and connect."),
    ),
    "kommo_other_account": Trouble(
        _l("The token is of another Kommo account than the address."),
        _l("Write the address of the token's account, or make a token in the account of the address."),
    ),
    "kommo_not_found": Trouble(
        _l("There is no Kommo account at this address."),
        _l("Look at the address in your browser while you are in Kommo: what stands before .kommo.com."),
    ),
    "kommo_moved": Trouble(
        _l("The Kommo account has another address now."),
        _l("Open Kommo, look at the address in your browser, and connect with that one."),
    ),
    "kommo_forbidden": Trouble(
        _l("The owner of the token may not do this in Kommo."),
        _l("Have an administrator of the Kommo account make the token."),
    ),
    "kommo_unpaid": Trouble(
        _l("The plan of the Kommo account does not allow this."),
        _l("Look in Kommo whether the account is paid, and whether its plan has API and webhooks."),
    ),
    "kommo_banned": Trouble(
        _l("Kommo has blocked the address that Marco calls from."),
        _l("Marco stays quiet for a while and then looks again. If it stays blocked, write to the support of Kommo."),
    ),
    "kommo_slow_down": Trouble(
        _l("Kommo asked for slower calls."),
        _l("Marco waits by itself. Try again in a minute."),
    ),
    "kommo_trouble": Trouble(_l("Kommo has trouble of its own."), _WAIT),
    "kommo_unreadable": Trouble(
        _l("Kommo answered with something that is no answer of its API."),
        _l("Look whether the address is right and Kommo opens in your browser, then try again."),
    ),
    "kommo_refused": Trouble(_l("Kommo refused it."), _l("Look in Kommo whether the account is in order.")),
    "kommo_rejected": Trouble(_l("Kommo did not accept it."), _l("Look in Kommo whether the account is in order.")),
    "kommo_hook": Trouble(
        _l("Kommo did not keep our webhook."),
        _l("Look in Kommo whether the account has webhooks to spare; Marco tries again every quarter of an hour."),
    ),
    "unreachable": Trouble(
        _l("No connection to Kommo."),
        _l("Look whether the address is right, and whether the server of Marco may reach the internet."),
    ),
    "broken_off": Trouble(_l("The answer of Kommo broke off."), _WAIT),
    "road_paused": Trouble(_l("Kommo asked for slower calls."), _l("Marco waits by itself. Try again in a minute.")),
    "road_closed": Trouble(
        _l("Calls to Kommo rest, because it refused them altogether."),
        _l("Marco tries again by itself. Do not switch anything: calls in the meantime prolong it."),
    ),
    "road_busy": Trouble(_l("Many calls wait for their turn."), _WAIT),
    "road_unknown": Trouble(
        _l("Redis, which counts the calls to Kommo, does not answer."),
        _l("Start Redis again. Until then nobody calls Kommo, so that its limit is never broken; what waits is kept."),
    ),
    "secret_unreadable": Trouble(
        _l("The kept token cannot be read with today's keys."),
        _l("Put the old key back at the end of SECRETS_KEYS, or connect anew."),
    ),
    "kommo_not_connected": Trouble(_l("No account of Kommo is connected."), _l("Connect one.")),
}
_UNKNOWN = Trouble(_l("Something stands in the way between Marco and Kommo."), _WAIT)

FIELDS = {"leads": _l("Leads"), "contacts": _l("Contacts"), "companies": _l("Companies")}


def trouble(code: str | None) -> Trouble:
    """What a code of the connector means."""
    return TROUBLES.get(code or "", _UNKNOWN)
