"""Why a promise was not kept, in words a seller understands; the code is what pages translate by."""

from __future__ import annotations

CAUSES = {
    "automation_deleted": "The automation was deleted.",
    "bad_address": "This is not the address of a Kommo account.",
    "bad_message_id": "Marco gave the message a name that cannot be sent; tell us.",
    "bad_secret": "The signing secret of the webhook address cannot be used: make a new one.",
    "bad_token": "This is not a token of Kommo.",
    "bad_url": "The webhook address cannot be used: correct it, then send again.",
    "broken_off": "The answer broke off. Marco looks what was done before it tries again.",
    "busy": "The receiver asked to wait. Marco tries again.",
    "conflict": "Something changed while it was being sent.",
    "endpoint_disabled": "The webhook address is switched off: it failed for days, or is gone.",
    "error": "Marco made a mistake here; tell us if it stays.",
    "failing_for_days": "The webhook address failed for days and was switched off.",
    "fault_of_ours": "Marco made a mistake here. It tries again; tell us if it stays.",
    "filter": "The filter of the automation did not let it pass.",
    "forbidden_address": "The webhook address leads into a closed network, where Marco sends nothing.",
    "gone": "The receiver says that this address is gone for good.",
    "kommo_banned": "Kommo has blocked the address Marco calls from. Calls rest for a while.",
    "kommo_crowd": "Kommo finds too many people or leads that could be meant.",
    "kommo_forbidden": "The owner of the token may not do this in Kommo.",
    "kommo_hook": "Kommo did not keep the address that tells of stages.",
    "kommo_moved": "The Kommo account has another address now: connect it again.",
    "kommo_not_connected": "No Kommo account is connected.",
    "kommo_not_found": "Something the automation names is no longer in Kommo.",
    "kommo_refused": "Kommo refused it.",
    "kommo_rejected": "Kommo did not accept a value: see the answer, mend the automation, send again.",
    "kommo_slow_down": "Kommo asked for slower calls.",
    "kommo_token_refused": "Kommo no longer accepts the token: connect again with a new one.",
    "kommo_too_much": "Kommo took too long. Marco looks what was done before it tries again.",
    "kommo_trouble": "Kommo has trouble of its own.",
    "kommo_unpaid": "The plan of the Kommo account does not allow this.",
    "kommo_unreadable": "Kommo's answer could not be read.",
    "kommo_unrecognizable": (
        "Whether an earlier attempt made the lead cannot be told. Add a text field “Transação Hotmart”"
        " to leads in Kommo, look, then send again."
    ),
    "lead_name_empty": "The template of the lead's name gives nothing for this event.",
    "lease_lost": "Another worker took it over.",
    "malformed": "What was to be sent cannot be read; tell us.",
    "mapping_unreadable": "The automation names a field or format that does not exist: mend it, then send again.",
    "misconfigured": "A setting of this Marco is wrong.",
    "no_endpoint": "The webhook address of the automation was deleted.",
    "no_answer": "The receiver did not answer in time. The same message is sent again.",
    "not_found": "Something that is needed for it is gone.",
    "not_taken": "The receiver answered with an error. Marco tries again over a day.",
    "overtaken": "It was out of date when it came.",
    "refused": "The other side refused it.",
    "road_busy": "Many calls wait for their turn.",
    "road_closed": "Calls rest for a while: Kommo refused us altogether.",
    "road_paused": "Kommo asked for slower calls.",
    "road_unknown": "Redis, which counts the calls, does not answer.",
    "secret_unreadable": "The kept token cannot be read with today's keys: connect again.",
    "too_large": "The message is larger than 256 KiB: send fewer fields.",
    "unauthorized": "The other side does not accept who we are: connect again.",
    "unavailable": "The other side cannot be reached. Marco tries again.",
    "unconfirmed": "Whether it was done is not known. Marco looks before it tries again.",
    "undone": "What it was about was taken back before it was sent.",
    "unencrypted": "The webhook address is not encrypted: use https.",
    "unknown_host": "Nobody knows the name of the webhook address.",
    "unprocessable": "It cannot be sent as it is.",
    "unreachable": "No connection to Kommo.",
    "worker_lost": "The program ended in the middle of it.",
}


def said(cause: str | None) -> str | None:
    """The words; those of a cause nobody wrote words for are its code."""
    return None if cause is None else CAUSES.get(cause, cause.replace("_", " "))
