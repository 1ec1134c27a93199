"""Hotmart postback version 1.0.0: flat form fields, and three JSON kinds (webhook reference, section 14)."""

from __future__ import annotations

from schemas.edges import Amount, Code, Day, Flag, Flat, Instant, Text, Whole


class PurchaseV1(Flat):
    """A purchase in any status; every value is text."""

    transaction = Code(data_key="transaction")
    status = Text(data_key="status")
    ordered_at = Instant(data_key="purchase_date")
    approved_at = Instant(data_key="confirmation_purchase_date")
    warranty_on = Day(data_key="warranty_date")
    next_charge_at = Instant(data_key="subscription_date_next_charge")
    price = Amount(data_key="price")
    full_price = Amount(data_key="full_price")
    currency = Text(data_key="currency")
    currency_from = Text(data_key="currency_code_from")
    own_share = Amount(data_key="cms_vendor")
    original_price = Amount(data_key="original_offer_price")
    affiliate_share = Text(data_key="cms_aff")
    affiliate_share_currency = Text(data_key="cms_aff_currency")
    fee = Amount(data_key="cms_marketplace")
    receiver_type = Text(data_key="receiver_type")
    product_id = Code(data_key="prod")
    product_name = Text(data_key="prod_name")
    support_email = Text(data_key="product_support_email")
    hotkey = Text(data_key="hotkey")
    producer = Text(data_key="producer_name")
    producer_document = Text(data_key="producer_document")
    producer_legal_nature = Text(data_key="producer_legal_nature")
    offer_code = Code(data_key="off")
    coupon = Code(data_key="coupon_code")
    affiliate_code = Code(data_key="aff")
    affiliate = Text(data_key="aff_name")
    email = Text(data_key="email")
    name = Text(data_key="name")
    first_name = Text(data_key="first_name")
    last_name = Text(data_key="last_name")
    document = Text(data_key="doc")
    document_type = Text(data_key="doc_type")
    phone = Text(data_key="phone_checkout_number")
    phone_area = Text(data_key="phone_checkout_local_code")
    account_phone = Text(data_key="phone_number")
    account_phone_area = Text(data_key="phone_local_code")
    country = Text(data_key="address_country_ISO")
    state = Text(data_key="address_state")
    city = Text(data_key="address_city")
    postcode = Text(data_key="address_zip_code")
    address = Text(data_key="address")
    address_number = Text(data_key="address_number")
    address_complement = Text(data_key="address_comp")
    district = Text(data_key="address_district")
    payment_engine = Text(data_key="payment_engine")
    payment_type = Text(data_key="payment_type")
    offer_payment_mode = Text(data_key="productOfferPaymentMode")
    external_transaction = Code(data_key="transaction_ext")
    installments = Whole(data_key="installments_number")
    refusal_reason = Text(data_key="refusal_reason")
    billet_url = Text(data_key="billet_url")
    billet_barcode = Text(data_key="billet_barcode")
    src = Text(data_key="src")
    sck = Text(data_key="sck")
    xcod = Text(data_key="xcod")
    subscriber_code = Code(data_key="subscriber_code")
    subscription_status = Text(data_key="subscription_status")
    signature_status = Text(data_key="signature_status")
    plan_name = Text(data_key="name_subscription_plan")
    recurrence_number = Whole(data_key="recurrency")
    recurrence_period = Whole(data_key="recurrency_period")
    is_bump = Flag(data_key="order_bump")
    parent_transaction = Code(data_key="parent_purchase_transaction")


class CartV1(Flat):
    """An abandoned cart, recognised by `buyerVO`."""

    product_id = Code(data_key="productId")
    product_name = Text(data_key="productName")
    product_ucode = Code(data_key="productUcode")
    email = Text(data_key="buyerVO.email")
    name = Text(data_key="buyerVO.name")
    phone = Text(data_key="buyerVO.phone")


class CancellationV1(Flat):
    """The end of a subscription, recognised by `cancellationDate`; has no product id."""

    subscriber_code = Code(data_key="subscriberCode")
    email = Text(data_key="userEmail")
    name = Text(data_key="userName")
    product_name = Text(data_key="productName")
    plan_name = Text(data_key="subscriptionPlanName")
    subscription_id = Code(data_key="subscriptionId")
    recurrence_value = Amount(data_key="actualRecurrenceValue")
    occurred_at = Instant(data_key="cancellationDate")
    next_charge_at = Instant(data_key="dateNextCharge")


class PlanSwitchV1(Flat):
    """A change of plan, recognised by `switchPlanDate`."""

    subscriber_code = Code(data_key="subscription.subscriber.code")
    email = Text(data_key="subscription.subscriber.user.email")
    name = Text(data_key="subscription.subscriber.user.name")
    subscription_status = Text(data_key="subscription.status")
    product_id = Code(data_key="subscription.product.id")
    product_name = Text(data_key="subscription.product.name")
    plan_name = Text(data_key="newSubscriptionPlan.name")
    recurrence_period = Whole(data_key="newSubscriptionPlan.recurrencyPeriod")
    previous_plan_name = Text(data_key="previousSubscriptionPlan.name")
    occurred_at = Instant(data_key="switchPlanDate")
