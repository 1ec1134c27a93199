"""Step 3, then: the card in Kommo or the message of a webhook, each text with what it says for a past event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import RowMapping
from werkzeug import Response

from service.domain.automation import templates
from service.domain.automation.leads import Policy
from service.domain.automation.locales import Language
from service.domain.automation.mapping import CRITERIA, POLICIES
from service.domain.automation.masking import masked
from service.domain.automation.ready import HINTS
from service.domain.automation.templates import TemplateError
from service.domain.automation.triggers import Trigger
from service.domain.automation.values import Values
from service.endpoint_desk import shown
from service.errors import Conflict, NotFound
from service.store import endpoints
from service.store.engine import transaction
from service.web import guards, locale
from service.web.faults import status_of
from service.web.pages.automations.faults import words_of
from service.web.pages.automations.field_lists import grouped
from service.web.pages.automations.keeping import in_words, keep, mark_of
from service.web.pages.automations.kommo_choices import Choice, choices
from service.web.pages.automations.mapping_forms import TEXTS, WEBHOOK, Card, card_of, carded, changed, whole
from service.web.pages.automations.past import last_events
from service.web.pages.automations.room import Step, blueprint, found, frame, live_connection
from service.web.pages.automations.starting import HINT_WORDS, blank_draft
from service.web.rooms import rooms

Answer = str | Response | tuple[str, int]
PART = "X-Part"
AMOUNT = "lead_value"
LONGEST_SAID = 300

POLICY_WORDS: dict[str, LazyString] = {
    "always": _l("always"),
    "only_if_empty": _l("only if it is empty"),
    "append": _l("add to what is there"),
    "never": _l("never"),
}
CRITERIA_WORDS: dict[str, LazyString] = {
    "stored": _l("the contact Marco linked before"),
    "email": _l("the same e-mail"),
    "phone": _l("the same phone"),
    "document": _l("the same document"),
}
LEAD_WORDS: dict[Policy, tuple[LazyString, LazyString]] = {
    Policy.ALWAYS_NEW: (
        _l("Always a lead of its own"),
        _l("Every transaction, subscription or cart has one lead. News about the same one updates it."),
    ),
    Policy.REUSE_OPEN_OF_PRODUCT: (
        _l("Go on with the open lead of this product"),
        _l("A cart that becomes a boleto and then a sale stays one lead, as long as it is neither won nor lost."),
    ),
    Policy.REUSE_ANY_OPEN: (
        _l("Go on with any open lead of the client"),
        _l("One open lead per client, whatever they buy."),
    ),
}
FORMATS: tuple[tuple[str, LazyString], ...] = (
    ("{{Preço da compra | money}}", _l("an amount as people write it: R$ 1.997,00")),
    ("{{Data do acontecimento | date:DD/MM/AAAA HH:mm}}", _l("a date or time in your time zone")),
    ("{{Comprador: Nome completo | title}}", _l("a name with capitals: Maria da Silva")),
    ("{{Comprador: Nome completo | first_word}}", _l("only the first word")),
    ("{{Produto: Nome | upper}}", _l("all in capitals; lower makes all small")),
    ("{{Comprador: Telefone | digits}}", _l("only the digits")),
    ("{{Produto: Nome | limit:40}}", _l("40 signs at most")),
    ("{{Motivo da recusa | default:não informado}}", _l("what stands there when the field is empty")),
)
"""How fields are written, each with an example."""


class Says(NamedTuple):
    """What a template says for an event: its text, or what is wrong with it."""

    text: str = ""
    missing: tuple[str, ...] = ()
    wrong: str = ""


def says(template: str, values: Values | None, *, is_amount: bool = False) -> Says | None:
    """What a template says for the values of an event; documents are masked. None without event or template."""
    if values is None or not template.strip():
        return None
    try:
        parsed = templates.parse(template)
    except TemplateError as refused:
        fault = refused.faults[0]
        return Says(wrong=words_of(fault.code, fault.seen, fault.suggestion))
    if is_amount:
        found_amount = templates.amount(parsed, values)
        if found_amount is None:
            return Says(wrong=_("This gives no amount for this event."))
        return Says(locale.money(found_amount.value, found_amount.currency))
    rendered = templates.render(parsed, values, Language.PT, guards.current_account().zone)
    secret = str(values.get("buyer_document", ""))
    text = str(masked(rendered.text, (secret,) if secret else ()))
    return Says(text[:LONGEST_SAID], rendered.missing)


@blueprint.get("/<int:automation_id>/then")
def then(automation_id: int) -> str:
    """The step as it is kept."""
    row = found(automation_id)
    usual = blank_draft(Trigger(row["trigger"]), row["name"], None).mapping
    return _page(row, carded(row, usual))


@blueprint.post("/<int:automation_id>/then")
def keep_then(automation_id: int) -> Answer:
    """Keep the step; or show the form with a row more or less."""
    row, do, card = found(automation_id), request.form.get("do", ""), card_of(request.form)
    if do not in ("save", "next"):
        return _page(row, changed(card, do), mark=request.form.get("seen", ""))
    card.without_blanks().check()
    if card.has_faults:
        return _page(row, card, {"fields": ""}), 422
    try:
        keep(automation_id, Step.THEN, request.form.get("seen", ""), _part(card))
    except Conflict as fault:
        clash = fault.code == "automation_changed"
        return _page(found(automation_id), card, {"": in_words(fault)}, is_clash=clash), status_of(fault)
    except NotFound:
        card.wrong["endpoint"] = _("This address is no longer there: choose another one.")
        return _page(row, card, {"fields": ""}), 422
    if do == "save":
        flash(_("Saved."), "success")
        return redirect(url_for("automations.then", automation_id=automation_id))
    return redirect(url_for("automations.trying", automation_id=automation_id))


def _part(card: Card) -> dict[str, Any]:
    endpoint = whole(card.endpoint) if card.destination == WEBHOOK else None
    return {
        "destination": card.destination,
        "mapping": card.told(),
        "policy": card.policy,
        "endpoint_id": endpoint if isinstance(endpoint, int) else None,
    }


@blueprint.post("/<int:automation_id>/says")
def say(automation_id: int) -> str:
    """What one template says for the latest event, for those who are typing."""
    row = found(automation_id)
    template, is_amount = request.form.get("template", ""), request.form.get("name") == AMOUNT
    return render_template("automations/_says.html", one=says(template, _latest(row), is_amount=is_amount))


def _latest(row: RowMapping) -> Values | None:
    latest = last_events(Trigger(row["trigger"]), size=1).latest
    return latest.values if latest else None


def _page(
    row: RowMapping, card: Card, wrong: Mapping[str, str] | None = None, *, is_clash: bool = False, mark: str = ""
) -> str:
    account_id, trigger = guards.current_account().id, Trigger(row["trigger"])
    with transaction(rooms().engine) as tx:
        connected = live_connection(tx)
        addresses = [Choice(str(one.id), shown(one.url)) for one in endpoints.every(tx, account_id)]
    looked = last_events(trigger, size=1)
    latest = looked.latest
    return render_template(
        "automations/then.html",
        card=card,
        wrong=wrong or {},
        is_clash=is_clash,
        seen=mark or mark_of(row, Step.THEN),
        connected=connected,
        kommo=choices(connected and connected.book, card),
        addresses=addresses,
        latest=latest,
        in_time=looked.in_time,
        says=_said(card, latest.values if latest else None),
        groups=grouped(latest.values if latest else None),
        hint=HINT_WORDS[HINTS[trigger]] if trigger in HINTS else None,
        formats=FORMATS,
        policies={code: POLICY_WORDS[code] for code in POLICIES},
        criteria=CRITERIA_WORDS,
        places=range(len(CRITERIA)),
        lead_words=LEAD_WORDS,
        **frame(row, Step.THEN),
    )


def _said(card: Card, values: Values | None) -> dict[str, Says | None]:
    """What every template of the form says, by the name of its field."""
    said = {name: says(card.texts.get(name, ""), values, is_amount=name == AMOUNT) for name in TEXTS}
    said["tags"] = says(card.tags, values)
    for name, rows in (("field", card.fields), ("pair", card.pairs)):
        said |= {f"{name}-{number}.value": says(row.text, values) for number, row in enumerate(rows)}
    return said
