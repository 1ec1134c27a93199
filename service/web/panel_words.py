"""What panels, their figures and tables are called, and what every figure means."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString


class Titled(NamedTuple):
    """What a panel is called, and what it answers in one sentence."""

    name: LazyString
    says: LazyString


PANELS = {
    "sold": Titled(_l("Sold"), _l("What was approved and still stands.")),
    "opportunities": Titled(_l("Sales to recover"), _l("Who tried to buy and did not, and still could.")),
    "declined": Titled(_l("Declined cards"), _l("Why cards were refused, and how often the buyer bought after all.")),
    "carts": Titled(_l("Abandoned carts"), _l("Who left the checkout, and who came back to buy.")),
    "recovered": Titled(_l("Recovered sales"), _l("Sales that followed a failed attempt or an abandoned cart.")),
    "origin": Titled(_l("Origin of sales"), _l("Which links, campaigns, partners and means brought the sales.")),
    "renewals": Titled(
        _l("Installments and renewals"), _l("Charges by their number, overdue ones and what became of them.")
    ),
    "refunds": Titled(_l("Refunds and disputes"), _l("Who asks for the money back, and who got it.")),
    "chargebacks": Titled(_l("Chargebacks"), _l("What banks took back, against the share you want to stay below.")),
    "subscriptions": Titled(_l("Subscriptions"), _l("Who pays again and again, who came and who left.")),
    "partners": Titled(_l("Affiliates and co-producers"), _l("What partners sold, and what they received for it.")),
    "members": Titled(_l("Members area"), _l("Who entered, who learns, who bought and never came.")),
    "balance": Titled(_l("Balance"), _l("What you earned, and what of it the guarantee still holds.")),
}
VALUES = {
    "sales": _l("Sales"),
    "gross": _l("Gross"),
    "net": _l("Net"),
    "average": _l("Average sale"),
    "open": _l("Open"),
    "open_amount": _l("Open amount"),
    "attempts": _l("All attempts"),
    "attempted": _l("Amount of all attempts"),
    "won_back": _l("Bought later"),
    "recovery_rate": _l("Recovery rate"),
    "declined": _l("Declined"),
    "declined_amount": _l("Amount declined"),
    "carts": _l("Carts"),
    "bought_later": _l("Bought later"),
    "still_open": _l("Still open"),
    "recovered": _l("Recovered"),
    "recovered_amount": _l("Amount recovered"),
    "time_to_recover": _l("Average time to recover"),
    "without_origin": _l("Without origin"),
    "share_without_origin": _l("Share without origin"),
    "share": _l("Share"),
    "charges": _l("Charges paid"),
    "charged": _l("Amount charged"),
    "renewals": _l("Renewals paid"),
    "renewed": _l("Amount renewed"),
    "lost": _l("Lost"),
    "overdue_open": _l("Overdue, still open"),
    "overdue_recovered": _l("Overdue, paid later"),
    "requests": _l("Refunds asked for"),
    "requested_amount": _l("Amount asked for"),
    "refunds": _l("Refunded"),
    "refunded_amount": _l("Amount refunded"),
    "partial_refunds": _l("Partially refunded"),
    "chargebacks": _l("Chargebacks"),
    "charged_back": _l("Amount charged back"),
    "chargeback_rate": _l("Chargeback rate"),
    "chargeback_line": _l("Your line"),
    "paid_purchases": _l("Paid purchases"),
    "active_subscriptions": _l("Active subscriptions"),
    "overdue_subscriptions": _l("Overdue subscriptions"),
    "new_subscriptions": _l("New subscriptions"),
    "canceled_subscriptions": _l("Canceled subscriptions"),
    "churn": _l("Churn"),
    "running_before": _l("Running when the period began"),
    "period_unknown": _l("Worth a month unknown"),
    "mrr": _l("Monthly recurring revenue"),
    "mrr_subscriptions": _l("Subscriptions in it"),
    "affiliate_sales": _l("Sales by affiliates"),
    "affiliate_gross": _l("Gross by affiliates"),
    "affiliate_commission": _l("Affiliates received"),
    "coproducer_commission": _l("Co-producers received"),
    "commission": _l("Commission"),
    "first_accesses": _l("First accesses"),
    "modules_completed": _l("Modules completed"),
    "never_entered": _l("Never entered"),
    "share_never_entered": _l("Share that never entered"),
    "net_earned": _l("Net earned"),
    "inside_guarantee": _l("Inside the guarantee"),
    "released": _l("Out of the guarantee"),
    "guarantee_unknown": _l("Guarantee unknown"),
}
TABLES = {
    "products": _l("By product"),
    "offers": _l("By offer"),
    "kinds": _l("By kind"),
    "reasons": _l("By reason"),
    "times": _l("Time to recover"),
    "origin_src": _l("By SRC"),
    "origin_sck": _l("By SCK"),
    "origin_affiliate": _l("By affiliate"),
    "origin_coupon": _l("By coupon"),
    "origin_payment_type": _l("By way of paying"),
    "origin_country": _l("By country"),
    "charges": _l("By number of the charge"),
    "ages": _l("By days since the purchase"),
    "months": _l("By month"),
    "plans": _l("By plan"),
    "lives": _l("Cancellations by age of the subscription"),
    "affiliates": _l("By affiliate"),
    "coproduced": _l("Co-produced products"),
    "releases": _l("Leaves the guarantee in the week of"),
}
CHARTS = {
    "gross_by_day": _l("Gross over time"),
    "sales_by_day": _l("Sales over time"),
    "attempts_by_day": _l("Attempts over time"),
    "carts_by_day": _l("Carts over time"),
    "recovered_by_day": _l("Recovered sales over time"),
    "refunds_by_day": _l("Refunds over time"),
    "chargeback_rate_by_month": _l("Chargeback rate by month"),
    "canceled_by_day": _l("Cancellations over time"),
}
COLUMNS = {
    "product": _l("Product"),
    "offer": _l("Offer"),
    "kind": _l("Kind"),
    "reason": _l("Reason"),
    "plain": _l("Name"),
    "payment_type": _l("Way of paying"),
    "country": _l("Country"),
    "charge": _l("Charge"),
    "age": _l("Days"),
    "month": _l("Month"),
    "life": _l("Months"),
    "week": _l("Week"),
}
STEPS = {"day": _l("Day"), "week": _l("Week"), "month": _l("Month")}
ORIGINS = {
    "src": _l("SRC"),
    "sck": _l("SCK"),
    "affiliate": _l("Affiliate"),
    "coupon": _l("Coupon"),
    "payment_type": _l("Way of paying"),
    "country": _l("Country"),
}
SPANS = {
    "1": _l("up to 1 day"),
    "7": _l("2 to 7 days"),
    "14": _l("8 to 14 days"),
    "30": _l("15 to 30 days"),
    "later": _l("more than 30 days"),
    "": _l("unknown"),
}
LIVES = {
    "1": _l("less than 2 months"),
    "3": _l("2 to 4 months"),
    "6": _l("4 to 7 months"),
    "12": _l("7 to 13 months"),
    "later": _l("13 months and more"),
    "": _l("unknown"),
}
_SALE = _l(
    "A sale counts when its payment was approved; where no file or event tells that, when it was ordered. It counts as"
    " long as it stands: refunded, charged back, canceled and disputed purchases are not in it."
)
_GROSS = _l("Gross is the price the product was sold for, before fees and commissions. Currencies are never added.")
_NET = _l("Net is your own commission, in the currency Hotmart pays it in, which may be another than the buyer's.")
_EPISODE = _l(
    "All attempts of one buyer at one product before the same sale are one opportunity, and only the last of them is"
    " listed. An order bump follows the purchase it came with."
)
_CLOSED = _l(
    "It closes by itself when that buyer buys that product, and then counts as recovered, once, whatever happens to the"
    " sale later."
)
_RATE = _l("Recovery rate: opportunities of the period that ended in a sale, of all opportunities of the period.")
DEFINITIONS: dict[str, tuple[LazyString, ...]] = {
    "sold": (_SALE, _GROSS, _NET),
    "opportunities": (
        _EPISODE,
        _CLOSED,
        _RATE,
        _l("The period is that of the last attempt. A cart has no amount, unless its buyer tried the same offer."),
    ),
    "declined": (
        _l("Banks and Hotmart word their refusals in many ways; Marco sorts them into a few, and the list shows the"
           " words as they came."),
        _EPISODE,
        _RATE,
    ),
    "carts": (
        _l("Several carts of one buyer for one product on one day are one. A cart whose buyer went on to a failed"
           " payment is told as that payment."),
        _CLOSED,
        _RATE,
    ),
    "recovered": (
        _CLOSED,
        _l("The period is that of the sale. The time to recover runs from the last attempt to the sale."),
        _l("An overdue renewal is recovered only by a later charge of the same subscription."),
    ),
    "origin": (
        _SALE,
        _l("SRC, SCK, affiliate and coupon are as Hotmart sent them. An alias of the settings joins several values"
           " under one name; the sign that parts an SCK is a setting too."),
    ),
    "renewals": (
        _SALE,
        _l("Charge 1 is the first of a subscription or of smart installments; later ones are renewals. Lost charges"
           " were refunded, charged back, canceled, expired or are overdue."),
    ),
    "refunds": (
        _l("A refund counts on the day it was given, as long as the purchase still is refunded today. Requests are"
           " those that wait for a decision now, whatever the period."),
        _l("What a partial refund gave back is not told by Hotmart, so it is counted without an amount."),
    ),
    "chargebacks": (
        _l("Chargeback rate: chargebacks of the period, of all purchases that were paid in the period, refunded and"
           " disputed ones too. A chargeback often comes months after its purchase, so a month of few sales may show"
           " a high rate."),
        _l("Your line is a setting of the account; card brands begin to ask questions at about 1%."),
    ),
    "subscriptions": (
        _l("Monthly recurring revenue: the last charge that stands of every active subscription, divided by the months"
           " of its period. The period is the time from that charge to the next one, else the time between the last two"
           " charges; where neither is known, the subscription adds nothing."),
        _l("Churn: subscriptions canceled in the period, of those that ran when it began."),
        _l("Smart installments arrive from Hotmart as subscriptions, and are counted as such."),
    ),
    "partners": (
        _SALE,
        _l("Commissions are what Hotmart says each partner received of those sales, in the currency it was paid in."),
    ),
    "members": (
        _l("Only products whose members area has reported a first access. Never entered: first charges of the period"
           " that stand, whose buyer has not entered that product's area to this day."),
    ),
    "balance": (
        _NET,
        _l("All sales that stand, whatever the period. Until the last day of its guarantee a sale may be refunded"
           " without giving a reason; what Hotmart has paid out is not told to Marco."),
    ),
}  # fmt: skip
