"""What codes are called by people: events, states, reasons, roles, faults."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.roles import Role
from service.sources.sheet import fields as sheet_fields
from service.web.locale import language

EVENTS = {
    "PURCHASE_APPROVED": _l("Purchase approved"),
    "PURCHASE_COMPLETE": _l("Purchase complete"),
    "PURCHASE_BILLET_PRINTED": _l("Waiting for payment"),
    "PURCHASE_CANCELED": _l("Purchase canceled"),
    "PURCHASE_DELAYED": _l("Payment overdue"),
    "PURCHASE_EXPIRED": _l("Purchase expired"),
    "PURCHASE_PROTEST": _l("Refund asked for"),
    "PURCHASE_REFUNDED": _l("Purchase refunded"),
    "PURCHASE_CHARGEBACK": _l("Chargeback"),
    "PURCHASE_OUT_OF_SHOPPING_CART": _l("Cart abandoned"),
    "SUBSCRIPTION_CANCELLATION": _l("Subscription canceled"),
    "SWITCH_PLAN": _l("Plan switched"),
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": _l("Charge date changed"),
    "CLUB_FIRST_ACCESS": _l("First access"),
    "CLUB_MODULE_COMPLETED": _l("Module completed"),
    "ORDER_FULFILLMENT": _l("Shipping details"),
    "v1:cart_abandonment": _l("Cart abandoned"),
    "v1:subscription_cancellation": _l("Subscription canceled"),
    "v1:switch_plan": _l("Plan switched"),
    "row": _l("Spreadsheet row"),
    "one_person": _l("Two clients are one person"),
    "two_people": _l("Two clients are two people"),
    "lead_add": _l("Lead created"),
    "lead_status": _l("Lead reached a stage"),
    "lead_update": _l("Lead changed"),
    "lead_delete": _l("Lead deleted"),
    "lead_restore": _l("Lead restored"),
    "lead_found": _l("Lead found in another stage"),
}
SOURCES = {
    "hotmart": _l("Hotmart"),
    "sheet": _l("Spreadsheet"),
    "person": _l("People"),
    "kommo": _l("Kommo"),
}
STATES = {
    "pending": _l("Waiting"),
    "done": _l("Applied"),
    "set_aside": _l("Set aside"),
    "kept": _l("Kept"),
    "test": _l("Test"),
    "withdrawn": _l("Withdrawn"),
}
MEANINGS = {
    "pending": _l("It is safely kept and waits for a worker; usually that takes less than a second."),
    "done": _l("It was understood, and clients, purchases and milestones say what it said."),
    "set_aside": _l("It could not be understood. Nothing of it was lost: replay it once the cause is gone."),
    "kept": _l("It is kept as it came, but it says nothing about clients or sales."),
    "test": _l("Hotmart's own test button made it. It proves that the connection works and counts nowhere."),
    "withdrawn": _l("It belongs to an import that was undone or canceled, and counts nowhere."),
}
REASONS = {
    "unknown_event": _l("Marco does not know this kind of event yet. It is kept, to be read once it does."),
    "data_missing": _l("The event came without its content."),
    "lead_unknown": _l("No client is linked to this lead yet. It is read again once one is."),
    "transaction_missing": _l("The event names no transaction code, so it belongs to no purchase."),
    "email_missing": _l("The event names no e-mail, so it belongs to no client."),
    "subscriber_code_missing": _l("The event names no subscriber code, so it belongs to no subscription."),
    "status_unknown": _l("The event carries a status that Marco does not know."),
    "panel_test": _l("It was sent by the test button of Hotmart's panel."),
    "body_purged": _l("Its content was deleted after the time you chose to keep it."),
    "crashed": _l("Reading it failed three times. This is a fault of Marco: please report it."),
    "undo_crashed": _l("Taking it back failed three times. This is a fault of Marco: undo its import once more later."),
    "variant": _l("Another event with the same id but other content was here before; that one counts."),
}
FATES = {
    "created": _l("New purchase"),
    "updated": _l("Purchase updated"),
    "unchanged": _l("Nothing new"),
    "skipped": _l("Skipped, as chosen"),
    "failed": _l("Not readable"),
}
STATUSES = {
    "started": _l("Started"),
    "waiting_payment": _l("Waiting for payment"),
    "in_review": _l("In review"),
    "overdue": _l("Overdue"),
    "expired": _l("Expired"),
    "canceled": _l("Canceled"),
    "approved": _l("Approved"),
    "complete": _l("Complete"),
    "disputed": _l("Disputed"),
    "partially_refunded": _l("Partially refunded"),
    "refunded": _l("Refunded"),
    "chargeback": _l("Chargeback"),
}
REFUSALS = {
    "insufficient_funds": _l("insufficient funds"),
    "card_limit": _l("card limit reached"),
    "wrong_card_data": _l("wrong card data"),
    "expired_card": _l("expired card"),
    "blocked_card": _l("blocked card"),
    "suspected_fraud": _l("suspected fraud"),
    "too_many_tries": _l("too many tries"),
    "not_authenticated": _l("not authenticated"),
    "technical_fault": _l("technical fault"),
    "bank_declined": _l("declined by the bank"),
    "other": _l("another reason"),
}
OPPORTUNITIES = {
    "declined_card": _l("Declined card"),
    "expired_boleto": _l("Expired boleto"),
    "expired_pix": _l("Expired Pix"),
    "expired_other": _l("Expired payment"),
    "canceled": _l("Canceled"),
    "waiting_payment": _l("Waiting for payment"),
    "abandoned_cart": _l("Cart abandoned"),
    "overdue_renewal": _l("Overdue renewal"),
}
PAYMENT_TYPES = {
    "CREDIT_CARD": _l("Credit card"),
    "DEBIT_CARD": _l("Debit card"),
    "PIX": _l("Pix"),
    "BILLET": _l("Boleto"),
    "FINANCED_BILLET": _l("Financed boleto"),
    "FINANCED_INSTALLMENT": _l("Financed installments"),
    "PAYPAL": _l("PayPal"),
    "PAYPAL_INTERNACIONAL": _l("PayPal International"),
    "GOOGLE_PAY": _l("Google Pay"),
    "SAMSUNG_PAY": _l("Samsung Pay"),
    "APPLE_PAY": _l("Apple Pay"),
    "PICPAY": _l("PicPay"),
    "WALLET": _l("Hotmart balance"),
    "HYBRID": _l("Two ways of paying"),
    "HOTCARD": _l("Hotmart Card"),
    "DIRECT_DEBIT": _l("Direct debit"),
    "DIRECT_BANK_TRANSFER": _l("Bank transfer"),
    "MANUAL_TRANSFER": _l("Manual transfer"),
    "CASH_PAYMENT": _l("Cash"),
}
SUBSCRIPTIONS = {
    "active": _l("Active"),
    "started": _l("Started"),
    "inactive": _l("Inactive"),
    "delayed": _l("Overdue"),
    "overdue": _l("Overdue"),
    "expired": _l("Expired"),
    "canceled": _l("Canceled"),
    "canceled_by_customer": _l("Canceled by the customer"),
    "canceled_by_seller": _l("Canceled by the seller"),
    "canceled_by_admin": _l("Canceled by Hotmart"),
}
SUBSCRIPTION_MOODS = dict.fromkeys(SUBSCRIPTIONS, "bad") | {"active": "good", "started": "good", "inactive": "calm"}
CATEGORIES = {
    "active": _l("Total revenue"),
    "lost": _l("Lost revenue"),
    "disputed": _l("Disputed revenue"),
    "pending": _l("Pending revenue"),
}
KINDS = {
    "purchase": _l("Purchase"),
    "cart": _l("Cart"),
    "subscription": _l("Subscription"),
    "access": _l("Access"),
    "shipment": _l("Shipment"),
    "identity": _l("Who is who"),
}
CERTAINTIES = {
    "known": _l("known"),
    "guessed": _l("guessed"),
    "filler": _l("fills gaps only"),
}
ROLES = {
    Role.OWNER: _l("Owner"),
    Role.OPERATOR: _l("Operator"),
    Role.READER: _l("Reader"),
}
POWERS = {
    Role.OWNER: _l("everything, people and tokens too"),
    Role.OPERATOR: _l("imports, replays and reveals"),
    Role.READER: _l("looks, changes nothing"),
}
FAULTS = {
    "only_reading": _l("You can look at everything in this account but change nothing. Ask an owner for another role."),
    "only_owners": _l("Only an owner of this account may do this."),
    "last_owner": _l("An account needs an owner. Make somebody else an owner first."),
    "already_there": _l("This person is already in the account."),
    "already_set_up": _l("This Marco is already set up. Sign in instead."),
    "email_taken": _l("Somebody with this e-mail is already a user."),
    "name_missing": _l("The account needs a name."),
    "not_yours": _l("Only who wrote a note, or an owner of the account, may change it."),
    "note_empty": _l("A note needs a text."),
    "note_too_long": _l("This note is too long: 5,000 signs are the most."),
    "note_changed": _l("Somebody changed this note while you were writing. Yours is not saved yet: compare them."),
    "too_many_notes": _l("This client has 500 notes, which is the most. Delete old ones first."),
    "tag_empty": _l("A tag needs a name."),
    "tag_too_long": _l("A tag may have 40 signs at most."),
    "too_many_tags": _l("A client may have 30 tags at most."),
    "too_many_account_tags": _l("This account has 1,000 different tags, which is the most."),
    "timezone_unknown": _l("Choose a time zone such as America/Sao_Paulo."),
    "automation_changed": _l("Somebody changed this step while you were writing. Yours is not saved yet."),
    "too_many_automations": _l("An account may have 200 automations at most. Delete old ones first."),
    "kommo_not_connected": _l("Connect a Kommo account first: it is where this automation writes."),
    "endpoint_needed": _l("Choose the webhook address this automation sends to first."),
    "endpoint_removed": _l("The webhook address of this automation was removed: choose another one first."),
    "endpoint_not_on": _l("The webhook address of this automation is switched off: switch it on first."),
}


def field_name(field: str) -> str:
    """What a field of a fact is called; one nobody named keeps its own name."""
    labels = LABELS.get(field)
    return labels[language()] if labels else str(FIELDS.get(field, field))


def event_name(event: str | None) -> LazyString | str:
    """What an event is called; one nobody knows keeps the word Hotmart gave it."""
    if event is None:
        return _l("Event without a name")
    if event.startswith("v1:") and (status := STATUSES.get(V1_STATUS.get(event[3:], event[3:]))):
        return status
    return EVENTS.get(event, event)


LABELS = {field.id: {"pt": field.pt, "en": field.en, "es": field.es} for field in sheet_fields.FIELDS}
"""Fields a spreadsheet can have too are called there as here."""

FIELDS = {
    "absorbs": _l("Joined by"),
    "apart": _l("Not the same person as"),
    "by": _l("Said by user no."),
    "into": _l("Goes by"),
    "business_model": _l("Business model"),
    "canceled_at": _l("Canceled"),
    "carrier": _l("Carrier"),
    "checkout_country": _l("Country of the checkout"),
    "day": _l("Day"),
    "document_type": _l("Kind of document"),
    "is_bump": _l("Order bump"),
    "is_funnel": _l("Sold by a funnel"),
    "net": _l("Net"),
    "new_charge_day": _l("New charge day"),
    "next_charge_at": _l("Next charge"),
    "old_charge_day": _l("Old charge day"),
    "payment_link": _l("Payment link"),
    "phone_text": _l("Telephone as written"),
    "pix_expires_at": _l("Pix expires"),
    "previous_plan_name": _l("Plan before"),
    "subscription_status": _l("Subscription"),
    "warranty_on": _l("Guarantee until"),
}

V1_STATUS = {
    "billet_printed": "waiting_payment",
    "started": "started",
    "completed": "complete",
    "cancelled": "canceled",
    "delayed": "overdue",
    "dispute": "disputed",
}
"""Statuses of the old postbacks that are spelled otherwise here."""
