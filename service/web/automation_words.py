"""Automations and their history in words: triggers, states, which lead and contact was chosen and why, what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.triggers import Trigger
from service.web import locale

Told = Mapping[str, Any]

TRIGGERS: dict[str, LazyString] = {
    Trigger.SALE_APPROVED: _l("Sale approved"),
    Trigger.SALE_EXPIRED: _l("Sale expired"),
    Trigger.SALE_OVERDUE: _l("Sale overdue"),
    Trigger.SUBSCRIPTION_CREATED: _l("Subscription created"),
    Trigger.SALE_CANCELED: _l("Sale canceled"),
    Trigger.SALE_REFUNDED: _l("Sale refunded"),
    Trigger.REFUND_REQUESTED: _l("Refund requested"),
    Trigger.CART_ABANDONED: _l("Abandoned cart"),
    Trigger.SALE_COMPLETE: _l("Sale complete"),
    Trigger.SALE_CREATED: _l("Sale created"),
    Trigger.SUBSCRIPTION_CANCELED: _l("Subscription canceled"),
    Trigger.LEAD_STAGE_REACHED: _l("Lead reached a stage"),
    Trigger.CHARGEBACK: _l("Chargeback"),
    Trigger.PAYMENT_ISSUED: _l("Waiting for payment"),
    Trigger.SALE_PARTIALLY_REFUNDED: _l("Sale partially refunded"),
    Trigger.SUBSCRIPTION_STARTED: _l("Subscription started"),
    Trigger.SUBSCRIPTION_RENEWED: _l("Subscription renewed"),
    Trigger.PLAN_SWITCHED: _l("Plan switched"),
    Trigger.CHARGE_DATE_CHANGED: _l("Charge date changed"),
    Trigger.FIRST_ACCESS: _l("First access"),
    Trigger.MODULE_COMPLETED: _l("Module completed"),
    Trigger.SALE_SHIPPED: _l("Sale shipped"),
    Trigger.SALE_RECOVERED: _l("Sale recovered"),
}
"""What can start an automation; in Portuguese as the integrators' list has it."""
STATES: dict[str, LazyString] = {
    "waiting": _l("Waiting"),
    "leased": _l("Being sent"),
    "failed": _l("Will be tried again"),
    "done": _l("Done"),
    "given_up": _l("Needs you"),
    "passed_over": _l("Passed over"),
    "withdrawn": _l("Taken back"),
}
MEANINGS: dict[str, LazyString] = {
    "waiting": _l("It waits for its turn; live sales go before history."),
    "leased": _l("A worker is sending it right now."),
    "failed": _l("It did not work yet. Marco tries again by itself."),
    "done": _l("It was done, and the other side confirmed it."),
    "given_up": _l("Marco cannot go on alone. Look at the cause, mend it, and send it again."),
    "passed_over": _l("It was not sent, on purpose."),
    "withdrawn": _l("What it was about was taken back before anything was sent."),
}
ICONS = {
    "waiting": "clock",
    "leased": "next",
    "failed": "again",
    "done": "check",
    "given_up": "warning",
    "passed_over": "swap",
    "withdrawn": "undo",
}
"""The symbol of every state in `static/icons.svg`."""
MOODS = {
    "waiting": "wait",
    "leased": "wait",
    "failed": "warn",
    "done": "good",
    "given_up": "bad",
    "passed_over": "calm",
    "withdrawn": "calm",
}
"""How a state is tinted; its word says the same."""
OUTCOMES: dict[str, LazyString] = {**STATES, "failed": _l("Did not work"), "given_up": _l("Given up")} | {
    "lost": _l("Broken off")
}
"""How an attempt ended."""

LEAD_BY: dict[str, LazyString] = {
    "stored": _l("Marco made or found this lead for it before."),
    "fingerprint": _l("The lead carries this transaction in its field."),
    "same_product": _l("It is the newest open lead of this client for this product."),
    "any_open": _l("It is the newest open lead of this contact."),
}
"""Which rule chose the lead."""
LEAD_NEW = _l("No lead was there that fits, so a new one is made.")
CONTACT_BY: dict[str, LazyString] = {
    "stored": _l("Marco made or found this contact for the client before."),
    "lead": _l("It is the contact of the lead."),
    "email": _l("The e-mail is exactly the same."),
    "phone": _l("The telephone is exactly the same, with or without the ninth digit."),
    "document": _l("The document is exactly the same."),
}
"""What a contact was recognised by."""
CONTACT_NEW = _l("Nobody in Kommo matches exactly, so a new contact is made.")
COMPANY_BY: dict[str, LazyString] = {
    "lead": _l("It is the company of the lead."),
    "contact": _l("It is the company of the contact."),
    "stored": _l("Marco made or found this company before."),
    "name": _l("The name is exactly the same."),
}
"""What a company was recognised by."""
COMPANY_NEW = _l("No company has exactly this name, so a new one is made.")
MOVES: dict[str, LazyString] = {
    "forward": _l("The lead goes to the stage the automation asks for."),
    "same": _l("The lead is in this stage already."),
    "backwards": _l("The lead is further along already: a stage never moves backwards."),
    "reopens": _l("The lead is won or lost already, and is not opened again."),
    "other_pipeline": _l("The lead is in another pipeline, where somebody put it: it stays there."),
    "left_alone": _l("Somebody changed the lead lately, so its stage is left alone."),
    "no_such_stage": _l("The stage is no longer in Kommo: choose another one in the automation."),
}
"""What became of the stage."""
KINDS: dict[str, LazyString] = {
    "leads": _l("Lead"),
    "contacts": _l("Contact"),
    "companies": _l("Company"),
}
"""What a change is made to."""
FIELDS: dict[str, LazyString] = {
    "name": _l("Name"),
    "price": _l("Price"),
    "stage": _l("Stage"),
    "tags": _l("Tags"),
    "responsible": _l("Responsible user"),
}
"""Kommo's own fields; others are called as they are called there."""
LEFT_OUT: dict[str, LazyString] = {
    "the account has no such field": _l("Kommo has no such field any more."),
    "nothing can be appended to a price": _l("Nothing can be appended to a price."),
    "no amount": _l("The event has no amount."),
    "amount without currency": _l("Nobody told the currency of the amount, and Marco does not guess."),
    "not a number": _l("The text is no number."),
    "neither yes nor no": _l("The text is neither yes nor no."),
    "not a date": _l("The text is no date."),
    "a time without time zone": _l("The time has no time zone."),
    "not one of the field's options": _l("It is none of the options of this field in Kommo."),
}
"""Why one wish was left out, by the connector's words."""
_OF_TYPE = {
    "filled": _l("Marco does not fill fields of the type %(type)s."),
    "appended": _l("Nothing can be appended to a field of the type %(type)s."),
}
_TYPED = (
    ("filled", re.compile(r"fields of the type (?P<type>\S+) are not filled by us")),
    ("appended", re.compile(r"nothing can be appended to a field of the type (?P<type>\S+)")),
)
_CURRENCIES = re.compile(r"in (?P<one>\S+), the account is in (?P<other>\S+)")
LONGEST = 60
"""Signs of a compared value that are shown."""


class Reason(NamedTuple):
    """One condition that stopped an event: the field's name, and the sentence about it."""

    field: str
    sentence: str


def trigger_name(trigger: str) -> str:
    """What a trigger is called; one nobody named keeps its code."""
    return str(TRIGGERS.get(trigger, trigger.replace("_", " ")))


def field_label(key: str) -> str:
    """What a field of filters and templates is called, as the integrators' list has it."""
    found = CATALOGUE.find(key)
    return found.label if found else key


def changed_field(field: str) -> str:
    """What a field of Kommo is called."""
    return str(FIELDS.get(field, field))


def left_out(why: str) -> str:
    """Why a wish was left out; the connector's own words where nobody translated them."""
    if why in LEFT_OUT or why in MOVES:
        return str(LEFT_OUT.get(why) or MOVES[why])
    if match := _CURRENCIES.fullmatch(why):
        return str(_("The amount is in %(one)s, but the Kommo account counts in %(other)s.", **match.groupdict()))
    for code, pattern in _TYPED:
        if match := pattern.fullmatch(why):
            return str(_OF_TYPE[code]) % match.groupdict()
    return why


SENTENCES: dict[str, LazyString] = {
    "equals": _l("It had to be %(wanted)s, but is %(seen)s."),
    "not_equals": _l("It must not be %(wanted)s, and is just that."),
    "contains": _l("It had to contain %(wanted)s, but is %(seen)s."),
    "not_contains": _l("It must not contain %(wanted)s, but is %(seen)s."),
    "starts_with": _l("It had to begin with %(wanted)s, but is %(seen)s."),
    "one_of": _l("It had to be one of %(wanted)s, but is %(seen)s."),
    "none_of": _l("It must be none of %(wanted)s, but is %(seen)s."),
    "empty": _l("It had to be empty, but is %(seen)s."),
    "not_empty": _l("It had to be filled, but is empty."),
    "less": _l("It had to be less than %(wanted)s, but is %(seen)s."),
    "at_most": _l("It had to be %(wanted)s at most, but is %(seen)s."),
    "more": _l("It had to be more than %(wanted)s, but is %(seen)s."),
    "at_least": _l("It had to be %(wanted)s at least, but is %(seen)s."),
    "before": _l("It had to be before %(wanted)s, but is %(seen)s."),
    "until": _l("It had to be %(wanted)s at the latest, but is %(seen)s."),
    "after": _l("It had to be after %(wanted)s, but is %(seen)s."),
    "since": _l("It had to be %(wanted)s at the earliest, but is %(seen)s."),
}
"""What a condition says that was not met, by its operator."""
UNDER_NOT = _l("The filter leaves this out: it is %(seen)s.")
EMPTY_SEEN = _l("empty")
UNTOLD: dict[str, LazyString] = {
    "other_currency": _l("It cannot be compared with %(wanted)s: it is %(seen)s, in another currency."),
    "currency_unknown": _l("It cannot be compared with %(wanted)s: nobody told its currency."),
    "only_day_known": _l("It cannot be compared with %(wanted)s: only the day is known, %(seen)s."),
}
"""Why a condition could not be told."""


def reason(failure: Told) -> Reason:
    """One condition that stopped an event (`judging.Failure` as JSON), as a sentence about its field."""
    sentence = UNTOLD.get(failure["reason"]) or SENTENCES.get(failure["operator"])
    if failure["reason"] == "met":
        sentence = UNDER_NOT
    values = {"wanted": compared(failure["wanted"]), "seen": compared(failure["seen"])}
    return Reason(field_label(failure["field"]), str(sentence or failure["reason"]) % values)


def compared(value: Any) -> str:
    """A compared value as people write it; texts in quotes, several with commas between them."""
    match value:
        case None:
            return str(EMPTY_SEEN)
        case bool():
            return locale.plain(value)
        case list():
            return ", ".join(map(compared, value))
        case {"amount": str() as amount, "currency": currency}:
            return locale.money(amount, currency)
        case str() if (moment := _moment(value)) is not None:
            return moment
    text = str(value)
    return f"“{text[:LONGEST]}…”" if len(text) > LONGEST else f"“{text}”"


def _moment(text: str) -> str | None:
    """A day or moment in the reader's way of writing; None for other texts."""
    try:
        if locale.DAY.fullmatch(text):
            return locale.day(date.fromisoformat(text))
        return locale.moment(datetime.fromisoformat(text)) if locale.DAY.match(text) and "T" in text else None
    except ValueError:
        return None


def readable(content: Any) -> str:
    """What was sent or answered, indented where it is JSON; other texts as they are."""
    if isinstance(content, str):
        try:
            content = orjson.loads(content)
        except orjson.JSONDecodeError:
            return str(content)
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
