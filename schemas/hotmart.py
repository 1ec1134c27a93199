"""Hotmart webhook version 2.0.0: the shapes of `data`, by event (webhook reference, sections 4 to 7)."""

from __future__ import annotations

from schemas.edges import Amount, Code, Day, Flag, Flat, Instant, Text, Whole


class Envelope(Flat):
    """The outside of a notification. Some events write `creationDate`."""

    event = Text(data_key="event")
    created_at = Instant(data_key="creation_date")
    created_at_camel = Instant(data_key="creationDate")


class Order(Flat):
    """`PURCHASE_*` except the abandoned cart."""

    transaction = Code(data_key="purchase.transaction")
    status = Text(data_key="purchase.status")
    ordered_at = Instant(data_key="purchase.order_date")
    approved_at = Instant(data_key="purchase.approved_date")
    next_charge_at = Instant(data_key="purchase.date_next_charge")
    price = Amount(data_key="purchase.price.value")
    price_currency = Text(data_key="purchase.price.currency_value")
    full_price = Amount(data_key="purchase.full_price.value")
    full_price_currency = Text(data_key="purchase.full_price.currency_value")
    original_price = Amount(data_key="purchase.original_offer_price.value")
    original_price_currency = Text(data_key="purchase.original_offer_price.currency_value")
    offer_code = Code(data_key="purchase.offer.code")
    offer_name = Text(data_key="purchase.offer.name")
    coupon = Code(data_key="purchase.offer.coupon_code")
    recurrence_number = Whole(data_key="purchase.recurrence_number")
    src = Text(data_key="purchase.origin.src")
    sck = Text(data_key="purchase.origin.sck")
    xcod = Text(data_key="purchase.origin.xcod")
    checkout_country = Text(data_key="purchase.checkout_country.iso")
    is_bump = Flag(data_key="purchase.order_bump.is_order_bump")
    parent_transaction = Code(data_key="purchase.order_bump.parent_purchase_transaction")
    payment_type = Text(data_key="purchase.payment.type")
    installments = Whole(data_key="purchase.payment.installments_number")
    refusal_reason = Text(data_key="purchase.payment.refusal_reason")
    billet_url = Text(data_key="purchase.payment.billet_url")
    billet_barcode = Text(data_key="purchase.payment.billet_barcode")
    pix_code = Text(data_key="purchase.payment.pix_code")
    pix_qrcode = Text(data_key="purchase.payment.pix_qrcode")
    pix_expires_at = Instant(data_key="purchase.payment.pix_expiration_date")
    business_model = Text(data_key="purchase.business_model")
    is_funnel = Flag(data_key="purchase.is_funnel")
    tickets = Whole(data_key="purchase.event_tickets.amount")
    product_id = Code(data_key="product.id")
    product_ucode = Code(data_key="product.ucode")
    product_name = Text(data_key="product.name")
    warranty_on = Day(data_key="product.warranty_date")
    support_email = Text(data_key="product.support_email")
    producer = Text(data_key="producer.name")
    producer_document = Text(data_key="producer.document")
    producer_legal_nature = Text(data_key="producer.legal_nature")
    email = Text(data_key="buyer.email")
    name = Text(data_key="buyer.name")
    first_name = Text(data_key="buyer.first_name")
    last_name = Text(data_key="buyer.last_name")
    buyer_ucode = Text(data_key="buyer.ucode")
    phone = Text(data_key="buyer.checkout_phone")
    phone_area = Text(data_key="buyer.checkout_phone_code")
    document = Text(data_key="buyer.document")
    document_type = Text(data_key="buyer.document_type")
    country = Text(data_key="buyer.address.country_iso")
    state = Text(data_key="buyer.address.state")
    city = Text(data_key="buyer.address.city")
    postcode = Text(data_key="buyer.address.zipcode")
    address = Text(data_key="buyer.address.address")
    street = Text(data_key="buyer.address.street")
    address_number = Text(data_key="buyer.address.number")
    address_complement = Text(data_key="buyer.address.complement")
    district = Text(data_key="buyer.address.neighborhood")
    subscriber_code = Code(data_key="subscription.subscriber.code")
    subscription_status = Text(data_key="subscription.status")
    plan_name = Text(data_key="subscription.plan.name")


class Commission(Flat):
    """One share of a sale. `currency_value` is a currency code, not a value."""

    source = Text(data_key="source")
    value = Amount(data_key="value")
    currency = Text(data_key="currency_value")
    converted = Amount(data_key="currency_conversion.converted_value")
    converted_currency = Text(data_key="currency_conversion.converted_to_currency")


class Affiliate(Flat):
    """Placeholders of empty text stand where there is no affiliate."""

    affiliate_code = Code(data_key="affiliate_code")
    affiliate = Text(data_key="name")


class Cart(Flat):
    """`PURCHASE_OUT_OF_SHOPPING_CART`."""

    product_id = Code(data_key="product.id")
    product_name = Text(data_key="product.name")
    email = Text(data_key="buyer.email")
    name = Text(data_key="buyer.name")
    phone = Text(data_key="buyer.phone")
    offer_code = Code(data_key="offer.code")
    checkout_country = Text(data_key="checkout_country.iso")


class Cancellation(Flat):
    """`SUBSCRIPTION_CANCELLATION`."""

    subscriber_code = Code(data_key="subscriber.code")
    email = Text(data_key="subscriber.email")
    name = Text(data_key="subscriber.name")
    cell = Text(data_key="subscriber.phone.cell")
    cell_area = Text(data_key="subscriber.phone.dddCell")
    phone = Text(data_key="subscriber.phone.phone")
    phone_area = Text(data_key="subscriber.phone.dddPhone")
    product_id = Code(data_key="product.id")
    product_name = Text(data_key="product.name")
    plan_name = Text(data_key="subscription.plan.name")
    subscription_id = Code(data_key="subscription.id")
    recurrence_value = Amount(data_key="actual_recurrence_value")
    occurred_at = Instant(data_key="cancellation_date")
    next_charge_at = Instant(data_key="date_next_charge")


class PlanSwitch(Flat):
    """`SWITCH_PLAN`; the plans themselves are read by `Plan`."""

    subscriber_code = Code(data_key="subscription.subscriber_code")
    subscription_status = Text(data_key="subscription.status")
    product_id = Code(data_key="subscription.product.id")
    product_name = Text(data_key="subscription.product.name")
    email = Text(data_key="subscription.user.email")
    next_charge_at = Instant(data_key="subscription.date_next_charge")
    occurred_at = Instant(data_key="switch_plan_date")


class Plan(Flat):
    """One of the plans of a switch; the present one says so."""

    name = Text(data_key="name")
    current = Flag(data_key="current")


class ChargeDate(Flat):
    """`UPDATE_SUBSCRIPTION_CHARGE_DATE`, in both spellings seen."""

    subscriber_code = Code(data_key="subscriber.code")
    email = Text(data_key="subscriber.email")
    name = Text(data_key="subscriber.name")
    subscription_status = Text(data_key="subscription.status")
    product_id = Code(data_key="subscription.product.id")
    product_name = Text(data_key="subscription.product.name")
    plan_name = Text(data_key="plan.name")
    old_charge_day = Whole(data_key="subscription.old_charge_day")
    old_charge_day_camel = Whole(data_key="subscription.oldChargeDay")
    new_charge_day = Whole(data_key="subscription.new_charge_day")
    new_charge_day_camel = Whole(data_key="subscription.newChargeDay")
    next_charge_at = Instant(data_key="subscription.date_next_charge")
    next_charge_at_camel = Instant(data_key="subscription.dateNextCharge")


class Visit(Flat):
    """`CLUB_FIRST_ACCESS` and `CLUB_MODULE_COMPLETED`."""

    product_id = Code(data_key="product.id")
    product_name = Text(data_key="product.name")
    email = Text(data_key="user.email")
    name = Text(data_key="user.name")
    module_id = Code(data_key="module.id")
    module_name = Text(data_key="module.name")


class Fulfillment(Flat):
    """`ORDER_FULFILLMENT`: logistics of a sale that was told before; says nothing about its status."""

    transaction = Code(data_key="purchase.transaction")
    email = Text(data_key="purchase.shopper.email")
    name = Text(data_key="purchase.shopper.name")
    phone = Text(data_key="purchase.shopper.phone")
    document = Text(data_key="purchase.shopper.document")
    carrier = Text(data_key="shipping.carrier.name")
