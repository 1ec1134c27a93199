"""Why a promise was not kept, in the reader's language: what happened, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.automation.causes import said


class Told(NamedTuple):
    """A cause in words. `remedy` says what a person can do; None where nothing is to be done."""

    what: LazyString | str
    remedy: LazyString | str | None = None


BY_ITSELF = _l("Nothing to do: Marco tries again by itself.")
LOOKS_FIRST = _l("Nothing to do: Marco first looks whether it was done, then tries again by itself.")
OUR_FAULT = _l("Tell whoever runs this Marco if it stays like this.")
CONNECT_AGAIN = _l("Make a new long-lived token in Kommo and connect again. What waits goes on by itself.")
MEND_AND_SEND = _l("Mend the automation, then send it again.")
MEND_ADDRESS = _l("Correct the webhook address, then send it again.")
ASK_RECEIVER = _l("Ask whoever runs the receiving system. Marco tries again over a day; after that, send it again.")

CAUSES: dict[str, Told] = {
    "automation_deleted": Told(_l("The automation was deleted before this was sent.")),
    "bad_address": Told(
        _l("This is not the address of a Kommo account."),
        _l("Write it as in the browser, such as cursoexemplo.kommo.com."),
    ),
    "bad_message_id": Told(_l("Marco gave the message a name that cannot be sent."), OUR_FAULT),
    "bad_secret": Told(
        _l("The signing secret of the webhook address cannot be used."),
        _l("Make a new secret for the address, then send it again."),
    ),
    "bad_token": Told(
        _l("This is not a token of Kommo."),
        _l("Copy the whole long-lived token of your private integration in Kommo."),
    ),
    "bad_url": Told(_l("The webhook address cannot be used."), MEND_ADDRESS),
    "broken_off": Told(_l("The connection broke off before the answer came."), LOOKS_FIRST),
    "busy": Told(_l("The receiving system is busy and asked to wait."), BY_ITSELF),
    "conflict": Told(_l("Something changed while it was being sent."), _l("Look at it, then send it again.")),
    "endpoint_disabled": Told(
        _l("The webhook address is switched off: it failed for days, or said that it is gone."),
        _l("Mend the receiving system, switch the address on, then send it again."),
    ),
    "error": Told(_l("Marco made a mistake here."), OUR_FAULT),
    "failing_for_days": Told(
        _l("The webhook address failed for days and was switched off."),
        _l("Mend the receiving system, then switch the address on again."),
    ),
    "fault_of_ours": Told(_l("Marco made a mistake here. It tries again by itself."), OUR_FAULT),
    "filter": Told(
        _l("The filter of the automation did not let it pass."),
        _l("If it should have passed, change the filter, then send it again."),
    ),
    "forbidden_address": Told(
        _l("The webhook address leads into a closed network, where Marco does not send anything."), MEND_ADDRESS
    ),
    "gone": Told(
        _l("The receiving system says that this address is gone for good."),
        _l("Give the automation another address, then send it again."),
    ),
    "kommo_banned": Told(
        _l("Kommo has blocked the network address Marco calls from."),
        _l("Marco rests and tries again by itself. If it lasts for hours, write to Kommo's support."),
    ),
    "kommo_crowd": Told(
        _l("Kommo finds so many people or leads that could be meant that Marco does not guess."),
        _l("Join duplicates in Kommo, or let the automation recognise the contact by e-mail, then send it again."),
    ),
    "kommo_forbidden": Told(
        _l("The owner of the token may not do this in Kommo."),
        _l("Give this user more rights in Kommo, or connect with an administrator's token; then send it again."),
    ),
    "kommo_hook": Told(_l("Kommo did not keep the address that tells Marco of stages."), BY_ITSELF),
    "kommo_moved": Told(
        _l("The Kommo account has another address now."), _l("Connect it again under its new address.")
    ),
    "kommo_not_connected": Told(
        _l("No Kommo account is connected."), _l("Connect one, and what waits goes on by itself.")
    ),
    "kommo_not_found": Told(
        _l("Something the automation names is no longer in Kommo: a pipeline, stage, user or field."), MEND_AND_SEND
    ),
    "kommo_refused": Told(_l("Kommo refused it."), _l("Look at Kommo's answer below, mend it, then send it again.")),
    "kommo_rejected": Told(
        _l("Kommo did not accept a value."),
        _l("Kommo's answer below says which one. Mend the automation, then send it again."),
    ),
    "kommo_slow_down": Told(_l("Kommo asked for slower calls."), BY_ITSELF),
    "kommo_token_refused": Told(_l("Kommo no longer accepts the token."), CONNECT_AGAIN),
    "kommo_too_much": Told(_l("Kommo took too long to answer."), LOOKS_FIRST),
    "kommo_trouble": Told(
        _l("Kommo has trouble of its own."),
        _l("Marco tries again by itself, for about a day. After that, send it again."),
    ),
    "kommo_unpaid": Told(
        _l("The plan of the Kommo account does not allow this, or is not paid."),
        _l("Settle it in Kommo, then send it again."),
    ),
    "kommo_unreadable": Told(_l("Kommo's answer could not be read."), LOOKS_FIRST),
    "kommo_unrecognizable": Told(
        _l("An earlier attempt may have made the lead, and nothing tells which one it is."),
        _l(
            "Look for the lead in Kommo. Add a text field “Transação Hotmart” to leads, so that Marco recognises"
            " them from now on; then send it again."
        ),
    ),
    "lead_name_empty": Told(
        _l("The template of the lead's name gives nothing for this event."),
        _l("Give the name a field that is always there, then send it again."),
    ),
    "lease_lost": Told(_l("Another worker took it over."), BY_ITSELF),
    "malformed": Told(_l("What was to be sent cannot be read."), OUR_FAULT),
    "mapping_unreadable": Told(_l("The automation names a field or format that does not exist."), MEND_AND_SEND),
    "misconfigured": Told(_l("A setting of this Marco is wrong."), OUR_FAULT),
    "no_endpoint": Told(
        _l("The webhook address of the automation was deleted."),
        _l("Give the automation another address, then send it again."),
    ),
    "no_answer": Told(
        _l("The receiving system did not answer in time, or broke off."),
        _l("It should answer within 15 seconds and do its work afterwards. Marco sends the same message again."),
    ),
    "not_found": Told(_l("Something that is needed for it is gone."), MEND_AND_SEND),
    "not_taken": Told(_l("The receiving system answered with an error."), ASK_RECEIVER),
    "refused": Told(_l("The other side refused it."), _l("Look at the answer below, mend it, then send it again.")),
    "road_busy": Told(_l("Many calls wait for their turn at Kommo."), BY_ITSELF),
    "road_closed": Told(
        _l("Calls to Kommo rest for a while, because Kommo refused all of them."),
        _l("Nothing to do: Marco looks every few minutes whether Kommo answers again."),
    ),
    "road_paused": Told(_l("Calls to Kommo pause, as Kommo asked."), BY_ITSELF),
    "road_unknown": Told(
        _l("Redis, which counts the calls to Kommo, does not answer."),
        _l("Tell whoever runs this Marco. It goes on by itself once Redis is back."),
    ),
    "secret_unreadable": Told(
        _l("The kept token or secret cannot be read with today's keys."),
        _l("Connect again, or give Marco back the key it was kept with."),
    ),
    "too_large": Told(_l("The message is larger than 256 KB."), _l("Send fewer fields, then send it again.")),
    "unauthorized": Told(_l("The other side does not accept who we are."), CONNECT_AGAIN),
    "unavailable": Told(_l("The other side cannot be reached right now."), BY_ITSELF),
    "unconfirmed": Told(_l("Whether it was done is not known yet."), LOOKS_FIRST),
    "undone": Told(_l("What it was about was taken back before it was sent.")),
    "unencrypted": Told(_l("The webhook address is not encrypted."), _l("Use an address that begins with https://.")),
    "unknown_host": Told(_l("Nobody knows the name of the webhook address."), MEND_ADDRESS),
    "unprocessable": Told(_l("It cannot be sent as it is."), MEND_AND_SEND),
    "unreachable": Told(_l("There was no connection to the other side."), BY_ITSELF),
    "worker_lost": Told(_l("The program ended in the middle of it."), LOOKS_FIRST),
}
"""Every code an attempt or a connection can end with."""

SEND_ANYWAY = _l("If it should be sent all the same, send it again.")
OVERTAKEN: dict[str, Told] = {
    "moved_on": Told(_l("When the news came, the sale already stood somewhere else."), SEND_ANYWAY),
    "bought": Told(_l("When the news came, the buyer had already bought the product."), SEND_ANYWAY),
    "later": Told(_l("When the news came, a later change of the same kind was known."), SEND_ANYWAY),
}
"""Why something was passed over the moment it came."""
OUT_OF_DATE = _l("It was out of date when it came.")
ENDED: dict[str, Told] = {
    "worker_lost": Told(_l("The program ended in the middle of it, again and again."), OUR_FAULT),
    "fault_of_ours": Told(_l("Marco made a mistake here, again and again."), OUR_FAULT),
}
"""What is said of causes that Marco would wait out, where it does so no longer."""
PATIENCE_IS_OVER = _l("Marco tried for about a day. Send it again when the cause is gone.")
PATIENT = (BY_ITSELF, LOOKS_FIRST, ASK_RECEIVER, CAUSES["kommo_trouble"].remedy)
"""Remedies of causes that are waited out, for about a day."""


def cause_told(cause: str | None, overtaken: str | None = None, state: str | None = None) -> Told | None:
    """What stands in the way of a promise in this state, and what to do; None where nothing does.

    A code nobody wrote words for keeps its own, so that nothing is hidden.
    """
    if cause is None:
        return OVERTAKEN.get(overtaken, Told(OUT_OF_DATE)) if overtaken else None
    told = CAUSES.get(cause) or Told(str(said(cause)))
    if state != "given_up":
        return told
    told = ENDED.get(cause, told)
    # By identity: to compare words in the reader's language would translate all of them.
    waited_out = any(told.remedy is remedy for remedy in PATIENT)
    return told._replace(remedy=PATIENCE_IS_OVER) if waited_out else told


def cause_title(cause: str) -> str:
    """A cause in one sentence, for lists of causes."""
    if cause == "overtaken":
        return str(OUT_OF_DATE)
    return str((CAUSES.get(cause) or Told(str(said(cause)))).what)
