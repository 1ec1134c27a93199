"""What each figure adds up, and by what: the one definition that kept and fresh sums share."""

from __future__ import annotations

from typing import NamedTuple

from service.domain.after_sale import LIVES, PANEL_AGES, WORDS_OF
from service.domain.statuses import PAID_ONCE

PRODUCT = "coalesce({0}.product_id, {0}.product_name, '')"
AGES = tuple(int(last) for last in PANEL_AGES if last.isdigit())
"""The last days of the spans since a purchase that refunds are told apart by."""
MONTHS = tuple(int(last) for last in LIVES if last.isdigit())
"""The same for the age of a subscription that ends."""
LONGEST = 500
"""Signs of what figures are told apart by. Anybody may put thousands into a link, and no index holds more than 2,700
bytes; lists take values that begin alike for one, too (`sales.CONDITIONS`)."""


class Amount(NamedTuple):
    """Money of a row. Of an amount without currency, or a currency without amount, only the row is counted."""

    value: str
    currency: str

    def selected(self) -> tuple[str, str]:
        """(currency, amount) as columns."""
        known = f"{self.value} IS NOT NULL AND {self.currency} IS NOT NULL"
        return f"CASE WHEN {known} THEN {self.currency} ELSE '' END", f"CASE WHEN {known} THEN {self.value} ELSE 0 END"


class Plain(NamedTuple):
    """A number of a row that is no money."""

    value: str = "0"

    def selected(self) -> tuple[str, str]:
        """('', amount)."""
        return "''", self.value


class Figure(NamedTuple):
    """Rows of `rows` whose `moment` lies in a day and that fit `where`, counted and added up by `a` and `b`."""

    rows: str
    moment: str
    where: str
    amount: Amount | Plain
    a: str
    b: str = "''"
    whole_days: bool = False
    """Whether `moment` is a date."""

    def select(self) -> str:
        """SELECT of (day, a, b, currency, number, amount) over a relation `days` (day, starts, ends)."""
        in_day = (
            f"{self.moment} = days.day"
            if self.whole_days
            else f"{self.moment} >= days.starts AND {self.moment} < days.ends"
        )
        # LATERAL with OFFSET 0: each day is looked up by the index, however wrong the planner guesses their number.
        return (
            f"SELECT days.day, told.* FROM days CROSS JOIN LATERAL (SELECT {self._columns()}"
            f" FROM {self.rows} WHERE {in_day} AND {self.where} GROUP BY 1, 2, 3 OFFSET 0) told"
        )

    def select_from_gathered(self) -> str:
        """The same over what `GATHERED` holds of those days, where it holds it."""
        name = next((one.name for one in GATHERED if (one.rows, one.moment) == (self.rows, self.moment)), None)
        if name is None:
            return self.select()
        alias = self.rows.split()[1]
        return f"SELECT {alias}.day, {self._columns()} FROM {name} {alias} WHERE {self.where} GROUP BY 1, 2, 3, 4"

    def _columns(self) -> str:
        currency, amount = self.amount.selected()
        return (
            f"left({self.a}, {LONGEST}) AS a, left({self.b}, {LONGEST}) AS b, {currency} AS currency,"
            f" count(*) AS number, coalesce(sum({amount}), 0) AS amount"
        )


class Gathered(NamedTuple):
    """Rows that many figures add up, fetched once for all of them: days of a relation, with the columns they name."""

    name: str
    rows: str
    moment: str
    columns: str

    def select(self) -> str:
        """SELECT of (day, columns) over a relation `days`."""
        alias = self.rows.split()[1]
        named = ", ".join(f"{alias}.{column}" for column in self.columns.split())
        return (
            f"SELECT days.day, told.* FROM days CROSS JOIN LATERAL (SELECT {named} FROM {self.rows}"
            f" WHERE {alias}.account_id = %(account)s AND {self.moment} >= days.starts AND {self.moment} < days.ends"
            " OFFSET 0) told"
        )


GATHERED = (
    Gathered(
        "sales",
        "purchases p",
        "p.counted_at",
        "account_id client_id product_id product_name offer_code category status gross_value gross_currency net_value"
        " net_currency src sck affiliate affiliate_code coupon payment_type country recurrence_number subscriber_code"
        " affiliate_commission_value affiliate_commission_currency coproducer_commission_value"
        " coproducer_commission_currency warranty_on",
    ),
    Gathered(
        "attempts",
        "opportunities o",
        "o.last_at",
        "account_id kind state reason product_id product_name amount_value amount_currency",
    ),
)


SALES = "purchases p"
OF_ACCOUNT = "{0}.account_id = %(account)s"
GROSS = Amount("p.gross_value", "p.gross_currency")
NET = Amount("p.net_value", "p.net_currency")
ACTIVE = OF_ACCOUNT.format("p") + " AND p.category = 'active'"
FIRST_CHARGE = "coalesce(p.recurrence_number, 1) = 1"
NEVER_ENTERED = """NOT EXISTS (SELECT 1 FROM milestones m WHERE m.account_id = p.account_id
    AND m.client_id = p.client_id AND m.kind = 'first_access' AND m.product_id = p.product_id)"""


def _sold(a: str, b: str = "''", amount: Amount = GROSS, also: str = "true") -> Figure:
    return Figure(SALES, "p.counted_at", f"{ACTIVE} AND {also}", amount, a, b)


def _spans(days: str, ends: tuple[int, ...]) -> str:
    cases = " ".join(f"WHEN {days} < {end + 1} THEN '{end}'" for end in ends)
    return f"CASE WHEN {days} IS NULL OR {days} < 0 THEN '' {cases} ELSE 'later' END"


def _given_back(kind: str) -> Figure:
    """Steps of this kind whose purchase has that status today, by product and days since it counted."""
    return Figure(
        "milestones m JOIN purchases p ON p.account_id = m.account_id AND p.key = m.key",
        "m.occurred_at",
        f"{OF_ACCOUNT.format('m')} AND m.kind = '{kind}' AND p.status = '{kind}'",
        GROSS,
        PRODUCT.format("p"),
        _spans("extract(epoch FROM m.occurred_at - p.counted_at) / 86400", AGES),
    )


def _attempts(a: str, b: str, also: str = "true") -> Figure:
    where = f"{OF_ACCOUNT.format('o')} AND {also}"
    return Figure("opportunities o", "o.last_at", where, Amount("o.amount_value", "o.amount_currency"), a, b)


def _recovered(amount: Amount | Plain) -> Figure:
    where = f"{OF_ACCOUNT.format('o')} AND o.state = 'recovered'"
    return Figure("opportunities o", "o.recovered_at", where, amount, "o.kind", PRODUCT.format("o"))


def _visits(kind: str) -> Figure:
    where = f"{OF_ACCOUNT.format('m')} AND m.kind = '{kind}'"
    return Figure("milestones m", "m.occurred_at", where, Plain(), PRODUCT.format("m"))


MONTHLY = Amount("s.monthly_value", "s.charge_currency")
WORDS = {state: ", ".join(f"'{word}'" for word in words) for state, words in WORDS_OF.items()}
STATES = " ".join(f"WHEN s.status IN ({words}) THEN '{state}'" for state, words in WORDS.items())
STATE = f"CASE {STATES} ELSE '' END"
"""What a subscription is today, in one word of the several Hotmart has for it."""
ENDED = f"s.status IN ({WORDS['canceled']})"
PLAN = "coalesce(s.plan_name, '')"
DATED = f"({ENDED} IS NOT TRUE OR s.canceled_at IS NOT NULL)"


def _subscribed(a: str) -> Figure:
    return Figure("subscription_terms s", "s.first_at", OF_ACCOUNT.format("s"), MONTHLY, a, STATE)


FIGURES: dict[str, Figure] = {
    "sold": _sold(PRODUCT.format("p"), "coalesce(p.offer_code, '')"),
    "net": _sold(PRODUCT.format("p"), amount=NET),
    "src": _sold("coalesce(p.src, '')"),
    "sck": _sold("coalesce(p.sck, '')"),
    "affiliate": _sold("coalesce(p.affiliate, p.affiliate_code, '')"),
    "coupon": _sold("coalesce(p.coupon, '')"),
    "payment_type": _sold("coalesce(p.payment_type, '')"),
    "country": _sold("coalesce(p.country, '')"),
    "statuses": Figure(SALES, "p.counted_at", OF_ACCOUNT.format("p"), GROSS, "p.status", PRODUCT.format("p")),
    "paid": Figure(
        SALES,
        "p.counted_at",
        f"{OF_ACCOUNT.format('p')} AND p.status IN ({', '.join(repr(str(one)) for one in sorted(PAID_ONCE))})",
        Plain(),
        PRODUCT.format("p"),
    ),
    "requests": Figure(
        SALES,
        "p.counted_at",
        f"{OF_ACCOUNT.format('p')} AND p.status = 'disputed'",
        GROSS,
        PRODUCT.format("p"),
    ),
    "recurrence": Figure(
        SALES,
        "p.counted_at",
        f"{OF_ACCOUNT.format('p')} AND p.subscriber_code IS NOT NULL",
        GROSS,
        "coalesce(p.recurrence_number::text, '')",
        "p.category",
    ),
    "affiliate_commission": _sold(
        "coalesce(p.affiliate, p.affiliate_code, '')",
        amount=Amount("p.affiliate_commission_value", "p.affiliate_commission_currency"),
        also="coalesce(p.affiliate, p.affiliate_code) IS NOT NULL",
    ),
    "coproducer_commission": _sold(
        PRODUCT.format("p"),
        amount=Amount("p.coproducer_commission_value", "p.coproducer_commission_currency"),
        also="p.coproducer_commission_value <> 0",  # a file writes 0 where there is no co-producer
    ),
    "first_charges": _sold(PRODUCT.format("p"), also=FIRST_CHARGE),
    "never_entered": _sold(
        PRODUCT.format("p"), also=f"{FIRST_CHARGE} AND p.product_id IS NOT NULL AND {NEVER_ENTERED}"
    ),
    "guarantee": Figure(SALES, "p.warranty_on", ACTIVE, NET, PRODUCT.format("p"), whole_days=True),
    "no_guarantee": _sold(PRODUCT.format("p"), amount=NET, also="p.warranty_on IS NULL"),
    "refunded": _given_back("refunded"),
    "partially_refunded": _given_back("partially_refunded"),
    "chargeback": _given_back("chargeback"),
    "attempts": _attempts("o.kind", "o.state"),
    "attempted_products": _attempts(PRODUCT.format("o"), "o.state"),
    "carts": _attempts(PRODUCT.format("o"), "o.state", "o.kind = 'abandoned_cart'"),
    "declined": _attempts("o.reason", "o.state", "o.reason IS NOT NULL"),
    "recovered": _recovered(Amount("o.recovered_value", "o.recovered_currency")),
    "recovery_seconds": _recovered(Plain("extract(epoch FROM o.recovered_at - o.last_at)")),
    "first_access": _visits("first_access"),
    "module_completed": _visits("module_completed"),
    "subscribed": _subscribed(PRODUCT.format("s")),
    "plans": _subscribed(PLAN),
    "begun": Figure("subscriptions s", "s.first_at", f"{OF_ACCOUNT.format('s')} AND {DATED}", Plain(), "''"),
    "ended": Figure(
        "subscriptions s",
        "s.canceled_at",
        f"{OF_ACCOUNT.format('s')} AND {ENDED}",
        Plain(),
        PLAN,
        _spans("extract(epoch FROM s.canceled_at - s.first_at) / 2629800", MONTHS),
    ),
}
"""Every figure by name. `begun` less `ended` is how many subscriptions ran at a moment."""
