"""Hides personal data in what arrived: shown is only what is known to be about a sale, not about a person.

A field nobody knows yet is hidden: Hotmart adds some now and then.
"""

from __future__ import annotations

import re
from typing import Any

from service.domain.facts import Fact
from service.domain.mentions import CLIENT_FIELDS

HIDDEN = "•••••"

PEOPLE = set("address affiliates billing buyer buyerVO destination producer seller shopper subscriber user".split())
"""Members that describe somebody: of these, and of all below them, only what OF_PEOPLE names is shown."""
OF_PEOPLE = {"code", "country", "country_iso", "document_type", "locale", "time_zone"}

THINGS = set(
    """
    carrier checkout_country line_items module newSubscriptionPlan offer plan plans previousSubscriptionPlan product
    products purchase subscription variant
    """.split()
)
"""Members whose `id` and `name` are those of a thing."""

CODES = {"id", "parent_transaction", "product_id", "product_ucode", "productUcode", "sku", "transaction"} | {
    "transaction_ext",
    "ucode",
}
"""Long numbers of Hotmart's own: no telephones, whatever they look like."""

ABOUT_SALES = CODES | set(
    """
    actualRecurrenceValue actual_recurrence_value affiliate amount approved_date business_model callback_type
    cancellationDate cancellation_date cms_affiliate cms_marketplace cms_vendor code confirmation_purchase_date
    conversion_rate converted_to_currency converted_value country country_iso coupon_code creationDate creation_date
    currency currencyCode currency_code_from currency_code_from_ currency_value current dateNextCharge
    date_next_charge delivery_time depth estimated_delivery_days event format full_price hasNegotiate
    has_co_production has_physical_products height installments_number invoice_by is_funnel is_order_bump
    is_physical_product iso key legal_nature maxChargeCycles method_type name_subscription_plan newChargeDay
    new_charge_day occurrence off oldChargeDay old_charge_day order_date original_offer_price
    parent_purchase_transaction payment_engine payment_type pix_expiration_date price prod prod_name productCategory
    productId productName productOfferPaymentMode purchase_date quantity receiver_type recurrenceNumber
    recurrence_number recurrencyPeriod recurrency refusal_reason sck service service_type shipping_logistics_time
    shipping_processing_time signature_status source src statement status subscriberCode subscriber_code subscriptionId
    subscriptionPlanId subscriptionPlanName subscription_anticipation_purchase subscription_status switchPlanDate
    switch_plan_date type value version warranty_date weight width xcod
    """.split()
)

PERSONAL_FIELDS = frozenset(CLIENT_FIELDS) | set(
    "absorbs affiliate apart billet_barcode billet_url into lead payment_link phone_area pix_code pix_qrcode producer"
    " producer_document".split()
)
"""Fields of facts that describe a person, or let somebody pay in their place."""

AMOUNT = re.compile(r"-?[\d.,]{0,12}")
EMAIL = re.compile(r"[^\s@|]+@[^\s@|]+")
DIGITS = re.compile(r"(?<!\d)\+?\(?\d(?:[ ().\-/]{0,2}\d){8,}(?!\d)")
"""A document or a telephone inside a text (people paste them into `sck`): nine digits or more, so a date is none."""


def masked(content: Any) -> Any:
    """The same content with every value hidden that may be personal. The names of members stay."""
    if isinstance(content, dict):
        return {key: _member(key, value, parent="", of_person=False) for key, value in content.items()}
    return _hidden(content)


def _member(key: str, value: Any, *, parent: str, of_person: bool) -> Any:
    if isinstance(value, dict):
        below = of_person or key in PEOPLE
        return {name: _member(name, inner, parent=key, of_person=below) for name, inner in value.items()}
    if isinstance(value, list):
        return [_member(key, one, parent=parent, of_person=of_person) for one in value]
    shown = key in OF_PEOPLE if of_person else key in ABOUT_SALES or (key == "name" and parent in THINGS)
    return _scrubbed(key, value) if shown else _hidden(value)


def _hidden(value: Any) -> Any:
    """Nothing of the value, but whether there is one."""
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return value if value is None or value == "" or isinstance(value, bool) else HIDDEN


def _scrubbed(key: str, value: Any) -> Any:
    if not isinstance(value, str) or key in CODES or "date" in key.lower():
        return value
    # Anything may be called a value; only amounts are sure to be one of a sale.
    return HIDDEN if key == "value" and not AMOUNT.fullmatch(value) else scrubbed(value)


def scrubbed(text: str) -> str:
    """The text without e-mails, documents and telephones in it."""
    return DIGITS.sub(HIDDEN, EMAIL.sub(HIDDEN, text))


def masked_fields(fact: Fact) -> dict[str, Any]:
    """A fact's fields without what describes a person."""
    return {name: HIDDEN if name in PERSONAL_FIELDS else _scrubbed(name, value) for name, value in fact.fields.items()}


def masked_subject(subject: str) -> str:
    """What a fact is about, without the e-mail in it."""
    return EMAIL.sub(HIDDEN, subject)
