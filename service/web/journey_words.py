"""The journey in words: one sentence, one short name and one icon for every kind of milestone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from service.domain import stages
from service.domain.journey import KIND_OF_STATUS
from service.domain.refusals import Reason, reason_of
from service.domain.statuses import CATEGORY_OF, Status
from service.store.journeys import Entry
from service.web import locale, words

Row = Mapping[str, Any]
PLAIN = 500
"""Signs of a saying that are shown; it comes from outside."""

NAMES = {
    "cart_abandoned": _l("Cart abandoned"),
    "payment_issued": _l("Boleto or Pix issued"),
    "overdue": _l("Payment overdue"),
    "expired": _l("Payment expired"),
    "canceled": _l("Purchase canceled"),
    "approved": _l("Purchase approved"),
    "subscription_started": _l("Subscription started"),
    "subscription_renewed": _l("Subscription renewed"),
    "complete": _l("Purchase complete"),
    "disputed": _l("Purchase disputed"),
    "partially_refunded": _l("Partially refunded"),
    "refunded": _l("Purchase refunded"),
    "chargeback": _l("Chargeback"),
    "subscription_canceled": _l("Subscription canceled"),
    "plan_switched": _l("Plan switched"),
    "charge_date_changed": _l("Charge date changed"),
    "first_access": _l("First access"),
    "module_completed": _l("Module completed"),
    "shipped": _l("Shipping details"),
    "lead_stage_reached": _l("Lead reached a stage"),
}
"""Every kind by its short name, as the filter lists them."""

SENTENCES: dict[str, LazyString] = {
    "cart_abandoned": _l("Left the cart without buying"),
    "payment_issued": _l("Was given something to pay"),
    "overdue": _l("The payment is overdue"),
    "expired": _l("The time to pay ran out"),
    "canceled": _l("The purchase was canceled"),
    "approved": _l("The payment was approved"),
    "subscription_started": _l("The subscription started"),
    "subscription_renewed": _l("The subscription was renewed"),
    "complete": _l("The purchase is complete: the guarantee is over"),
    "disputed": _l("Asked for a refund, or disputed the payment"),
    "partially_refunded": _l("Got part of the money back"),
    "refunded": _l("Got the money back"),
    "chargeback": _l("The bank took the payment back"),
    "subscription_canceled": _l("The subscription was canceled"),
    "plan_switched": _l("Switched to another plan"),
    "charge_date_changed": _l("The charge day of the subscription changed"),
    "first_access": _l("Entered the members area for the first time"),
    "module_completed": _l("Completed a module"),
    "shipped": _l("The order was handed over for shipping"),
    "lead_stage_reached": _l("The lead in Kommo reached another stage"),
}
"""What is said where the milestone tells no more than its kind."""

OF_PAYMENT: dict[tuple[str, str], LazyString] = {
    ("payment_issued", "BILLET"): _l("Was given a boleto to pay"),
    ("payment_issued", "FINANCED_BILLET"): _l("Was given a boleto to pay"),
    ("payment_issued", "PIX"): _l("Was given a Pix code to pay"),
    ("expired", "BILLET"): _l("The boleto expired"),
    ("expired", "FINANCED_BILLET"): _l("The boleto expired"),
    ("expired", "PIX"): _l("The Pix code expired"),
    ("approved", "BILLET"): _l("The boleto was paid"),
    ("approved", "FINANCED_BILLET"): _l("The boleto was paid"),
    ("approved", "PIX"): _l("The Pix was paid"),
    ("approved", "CREDIT_CARD"): _l("The card payment was approved"),
}
"""What is said where the way of paying is known."""

OF_END: dict[tuple[str, str], LazyString] = {
    (stages.KIND, "won"): _l("The lead in Kommo was won"),
    (stages.KIND, "lost"): _l("The lead in Kommo was lost"),
}
"""What is said of a lead that reached an end."""

ICONS = {
    "cart_abandoned": "cart",
    "payment_issued": "barcode",
    "overdue": "clock",
    "expired": "clock",
    "canceled": "cross",
    "approved": "check",
    "subscription_started": "flag",
    "subscription_renewed": "again",
    "complete": "shield",
    "disputed": "scales",
    "partially_refunded": "undo",
    "refunded": "undo",
    "chargeback": "bank",
    "subscription_canceled": "cross",
    "plan_switched": "swap",
    "charge_date_changed": "calendar",
    "first_access": "door",
    "module_completed": "book",
    "shipped": "truck",
    "lead_stage_reached": "plug",
}
"""The symbol of every kind in `static/icons.svg`."""

MOODS = {"active": "good", "lost": "bad", "disputed": "warn", "pending": "wait"}
MOOD_OF = {kind: MOODS[CATEGORY_OF[status]] for status, kind in KIND_OF_STATUS.items()} | {
    "cart_abandoned": "bad",
    "subscription_canceled": "bad",
    "subscription_started": "good",
    "subscription_renewed": "good",
}
"""How a step is tinted; the sentence says the same."""


def sentence(row: Row, stage_names: Mapping[tuple[int, int], str] | None = None) -> str:
    """What happened, in the reader's language. `row` is a milestone as `journeys` reads it.

    `stage_names` are those of the connected Kommo, by pipeline and stage; without them a stage goes by its number.
    """
    usual = OF_PAYMENT.get((row["kind"], row["payment_type"] or ""), SENTENCES[row["kind"]])
    detail = (row["detail"] or "")[:PLAIN]
    said = _of_number(row) or OF_END.get((row["kind"], detail)) or (_of_detail(row["kind"], detail) if detail else None)
    if row["kind"] == stages.KIND and said is None:
        said = _of_stage(row["key"], stage_names or {})
    return str(usual if said is None else said)


def _of_number(row: Row) -> str | None:
    """What is said of a later charge and of an order bump."""
    number: str | None = None
    if row["kind"] == "subscription_renewed" and (row["recurrence_number"] or 0) > 1:
        charge = locale.number(row["recurrence_number"])
        number = _("The subscription was renewed: charge %(number)s", number=charge)
    elif row["kind"] == "approved" and row["is_bump"]:
        number = _("The order bump was paid")
    return number


def _of_stage(key: str, names: Mapping[tuple[int, int], str]) -> str | None:
    """What is said of a lead in a stage that is no end."""
    place = stages.place_of(key)
    if place is None:
        return None
    told = names.get(place) or _("%(stage)s of the pipeline %(pipeline)s", stage=place.stage, pipeline=place.pipeline)
    return str(_("The lead in Kommo reached the stage %(stage)s", stage=told))


def _of_detail(kind: str, detail: str) -> str | None:
    """What is said where the milestone tells of a reason, plan, day, module or carrier."""
    said: str | None = None
    match kind:
        case "canceled" if reason_of(detail) is Reason.BANK_DECLINED:
            said = _("The bank declined the payment")
        case "canceled" if reason_of(detail) is Reason.OTHER:
            said = _("The payment was declined")
        case "canceled":
            said = _("The payment was declined: %(reason)s", reason=refusal(detail))
        case "overdue" if reason_of(detail) is not Reason.OTHER:
            said = _("The payment is overdue: %(reason)s", reason=refusal(detail))
        case "subscription_canceled":
            said = _("The subscription of the plan %(plan)s was canceled", plan=detail)
        case "plan_switched":
            said = _("Switched to the plan %(plan)s", plan=detail)
        case "charge_date_changed":
            said = _("The charge day of the subscription is now day %(day)s", day=detail)
        case "module_completed":
            said = _("Completed the module %(module)s", module=detail)
        case "shipped":
            said = _("The order was handed over to %(carrier)s", carrier=detail)
    return said


def refusal(text: str) -> str:
    """Why a payment was declined, in the reader's language; words that tell nothing are shown as they came."""
    reason = reason_of(text)
    if reason in (None, Reason.OTHER):
        return text[:PLAIN]
    return str(words.REFUSALS[reason])


def raw_refusal(row: Row) -> str | None:
    """What the bank said, as it came."""
    return row["detail"][:PLAIN] if row["kind"] in ("canceled", "overdue") and row["detail"] else None


def group_sentence(entry: Entry) -> str:
    """`3 attempts in 20 minutes, last refused: insufficient funds`."""
    told: str = ngettext("%(num)s attempt", "%(num)s attempts", entry.attempts)
    seconds = (entry.head["occurred_at"] - entry.first_at).total_seconds()
    if seconds:
        told = _("%(attempts)s in %(time)s", attempts=told, time=locale.span(seconds))
    refused = next((row for row in entry.milestones if row["kind"] in ("canceled", "overdue") and row["detail"]), None)
    if refused is not None:
        told = _("%(attempts)s, last refused: %(reason)s", attempts=told, reason=refusal(refused["detail"]))
    return told


def present_status(row: Row) -> tuple[str, bool] | None:
    """The status of the purchase a step belongs to, and whether that is another one than the step tells of."""
    status = row["purchase_status"]
    if status is None:
        return None
    own = KIND_OF_STATUS.get(Status(status))
    kind = "approved" if row["kind"] in ("subscription_started", "subscription_renewed") else row["kind"]
    return status, own != kind


def mood_of_status(status: str) -> str:
    """How a status is tinted."""
    return MOODS[CATEGORY_OF[Status(status)]]


def details_meaning(said: str, details: Iterable[str]) -> list[str]:
    """Which refusals mean what somebody searches for: `saldo` finds `insufficient funds` in whatever language."""
    wanted = said.casefold()
    return [detail for detail in details if wanted in refusal(detail).casefold()]
