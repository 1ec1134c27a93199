"""Why a promise was not kept, in words a seller understands; the code is what pages translate by."""

from __future__ import annotations

CAUSES = {
    "automation_deleted": "The automation was deleted.",
    "broken_off": "The answer broke off. Marco looks what was done before it tries again.",
    "fault_of_ours": "Marco made a mistake here. It tries again; tell us if it stays.",
    "filter": "The filter of the automation did not let it pass.",
    "kommo_banned": "Kommo has blocked the address Marco calls from. Calls rest for a while.",
    "kommo_crowd": "Kommo finds too many people or leads that could be meant.",
    "kommo_forbidden": "The owner of the token may not do this in Kommo.",
    "kommo_moved": "The Kommo account has another address now: connect it again.",
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
        "Whether an earlier attempt made the lead cannot be told. Add a text field “Transação Hotmart” to leads in"
        " Kommo, look, then send again."
    ),
    "lead_name_empty": "The template of the lead's name gives nothing for this event.",
    "mapping_unreadable": "The automation names a field or format that does not exist: mend it, then send again.",
    "overtaken": "It was out of date when it came.",
    "road_busy": "Many calls wait for their turn.",
    "road_closed": "Calls rest for a while: Kommo refused us altogether.",
    "road_paused": "Kommo asked for slower calls.",
    "road_unknown": "Redis, which counts the calls, does not answer.",
    "secret_unreadable": "The kept token cannot be read with today's keys: connect again.",
    "undone": "What it was about was taken back before it was sent.",
    "unreachable": "No connection to Kommo.",
    "worker_lost": "The program ended in the middle of it.",
}


def said(cause: str | None) -> str | None:
    """The words; those of a cause nobody wrote words for are its code."""
    return None if cause is None else CAUSES.get(cause, cause.replace("_", " "))
