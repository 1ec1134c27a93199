"""What comes back and what is given back: renewals, subscriptions, refunds, chargebacks, the members area."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from service.domain.periods import Step, next_month, step_of
from service.domain.recovery import Kind, State
from service.domain.statuses import Category
from service.panels.looking import (
    ALWAYS,
    ZERO,
    Look,
    amount,
    by_currency,
    compared,
    day_before,
    grouped,
    number,
    only,
    or_none,
    pair,
    product,
    share,
    table,
)
from service.panels.shape import Bar, Block, Chart, Label, Line, Opens, Panel, Table, Unit, Value
from service.store.sums.figures import AGES, MONTHS
from service.store.sums.reading import Days, Sum

BACK = ("refunds", "refunded_amount")


def renewals(look: Look) -> Panel:
    """Charges of subscriptions and smart installments by their number, and overdue ones with what became of them."""
    rows = look.sums("recurrence", "a", "b", "currency")
    overdue = only(look.sums("attempts", "a", "b", "currency"), a=Kind.OVERDUE_RENEWAL)
    blocks = []
    for currency in by_currency([*rows, *overdue]):
        mine, late = only(rows, currency=currency), only(overdue, currency=currency)
        asked = {"currency": or_none(currency)}
        charged = only(mine, b=Category.ACTIVE)
        renewed = [row for row in charged if row.a not in ("", "1")]
        values = (
            *_of(currency, charged, ("charges", "charged"), _charges(look, category="active", **asked)),
            *_of(currency, renewed, ("renewals", "renewed"), _charges(look, category="active", renewal="yes", **asked)),
            *_overdue(look, late, asked),
        )
        lines = tuple(
            Line(
                Label("charge", nth),
                (
                    *pair(
                        only(some, b=Category.ACTIVE) or [_empty(currency)],
                        None,
                        ("charges", "charged"),
                        _charges(look, category="active", recurrence=or_none(nth), **asked),
                    ),
                    Value(
                        "lost",
                        number(only(some, b=Category.LOST)),
                        opens=_charges(look, category="lost", recurrence=or_none(nth), **asked),
                    ),
                ),
            )
            for nth, some in sorted(grouped(mine, lambda row: row.a).items(), key=lambda one: int(one[0] or 0))
        )
        blocks.append(Block(currency, values, None, (Table("charges", lines[:24], max(len(lines) - 24, 0)),)))
    return Panel("renewals", tuple(blocks), ("PURCHASE_APPROVED", "PURCHASE_DELAYED"))


def _empty(currency: str) -> Sum:
    return Sum(None, "", "", currency, 0, ZERO)


def _of(currency: str, rows: list[Sum], names: tuple[str, str], opens: Opens | None) -> tuple[Value, ...]:
    return pair(rows or [_empty(currency)], None, names, opens)


def _charges(look: Look, **filters: str) -> Opens:
    return Opens("sales", look.query(subscription="yes", **filters))


def _overdue(look: Look, rows: list[Sum], asked: dict[str, str]) -> tuple[Value, ...]:
    kind = str(Kind.OVERDUE_RENEWAL)
    values = []
    for name, states in (("overdue_open", "open"), ("overdue_recovered", "won_back")):
        wanted = State.OPEN if states == "open" else State.RECOVERED
        opens = Opens("opportunities", look.query(kind=kind, state=states, **asked))
        values.append(Value(name, number(only(rows, b=wanted)), opens=opens))
    return tuple(values)


def refunds(look: Look) -> Panel:
    """Refunds asked for and not decided, and what was refunded in the period."""
    asked_for = look.sums("requests", "a", "currency", days=ALWAYS)
    rows, before = look.sums("refunded", "a", "b", "currency"), look.sums_before("refunded", "currency")
    daily = look.sums("refunded", "day", "currency")
    partly, names = look.sums("partially_refunded", "currency"), look.product_names()
    blocks = []
    for currency in by_currency([*asked_for, *rows, *partly]):
        asked = {"currency": or_none(currency)}
        mine, open_ones = only(rows, currency=currency), only(asked_for, currency=currency)
        earlier = None if before is None else only(before, currency=currency)
        opens = _steps(look, "refunded", **asked)
        values = (
            *_of(currency, open_ones, ("requests", "requested_amount"), Opens("steps", _requests(asked))),
            *pair(mine or [_empty(currency)], earlier, BACK, opens),
            Value(
                "partial_refunds",
                number(only(partly, currency=currency)),
                opens=_steps(look, "partially_refunded", **asked),
            ),
        )
        drawn = only(daily, currency=currency)
        chart = look.chart("refunds_by_day", ((row.day, Decimal(row.number)) for row in drawn), Unit.COUNT)
        tables = (
            table(
                "products",
                (
                    Line(
                        product(code, names),
                        pair(some, None, BACK, _steps(look, "refunded", product=or_none(code), **asked)),
                    )
                    for code, some in grouped(mine, lambda row: row.a).items()
                ),
            ),
            _ages(look, mine, asked),
        )
        blocks.append(Block(currency, values, chart, tuple(one for one in tables if one.lines)))
    return Panel("refunds", tuple(blocks), ("PURCHASE_PROTEST", "PURCHASE_REFUNDED"))


def _requests(asked: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(({"kind": "disputed", "period": "all"} | asked).items())


def _steps(look: Look, kind: str, **filters: str) -> Opens:
    return Opens("steps", look.query(kind=kind, **filters))


def _ages(look: Look, rows: list[Sum], asked: dict[str, str]) -> Table:
    """By days since the purchase, the youngest first."""
    order = [*(str(age) for age in AGES), "later", ""]
    found = grouped(rows, lambda row: row.b)
    return Table(
        "ages",
        tuple(
            Line(Label("age", age), pair(found[age], None, BACK, _steps(look, "refunded", age=or_none(age), **asked)))
            for age in order
            if age in found
        ),
    )


def chargebacks(look: Look) -> Panel:
    """Chargebacks of the period, as a share of the purchases paid in it, against the line the account has drawn."""
    rows, before = look.sums("chargeback", "day", "a", "currency"), look.sums_before("chargeback", "currency")
    paid, daily = look.sums("paid", "a"), look.sums("paid", "day")
    names, blocks = look.product_names(), []
    if not rows and not paid:
        return Panel("chargebacks", (), ("PURCHASE_CHARGEBACK",))
    paid_of = grouped(paid, lambda row: row.a)
    lines = (
        Line(
            product(code, names),
            (
                Value(
                    "chargebacks",
                    number(mine),
                    opens=_steps(look, "chargeback", product=or_none(code)),
                ),
                Value("chargeback_rate", share(number(mine), number(paid_of.get(code))), Unit.SHARE),
            ),
        )
        for code, mine in grouped(rows, lambda row: row.a).items()
    )
    values = (
        Value("chargebacks", number(rows), before=compared(before, number), opens=_steps(look, "chargeback")),
        Value("chargeback_rate", share(number(rows), number(paid)), Unit.SHARE),
        Value("paid_purchases", number(paid), opens=Opens("sales", look.query(paid="yes"))),
        Value("chargeback_line", look.account.chargeback_line, Unit.SHARE),
    )
    blocks.append(
        Block(None, values, _rates(look, rows, daily), (table("products", lines), _months(look, rows, daily)))
    )
    for currency, mine in by_currency(rows).items():
        opens = _steps(look, "chargeback", currency=or_none(currency))
        blocks.append(Block(currency, pair(mine, None, ("chargebacks", "charged_back"), opens)))
    return Panel("chargebacks", tuple(blocks), ("PURCHASE_CHARGEBACK",))


def _monthly(rows: list[Sum], paid: list[Sum]) -> list[tuple[str, Decimal, Decimal]]:
    """(month, chargebacks, paid purchases), oldest first."""
    back, sold = grouped(rows, _month), grouped(paid, _month)
    return [(month, number(back.get(month)), number(sold.get(month))) for month in sorted({*back, *sold})]


def _month(row: Sum) -> str:
    return step_of(row.day, Step.MONTH).isoformat() if row.day else ""


def _rates(look: Look, rows: list[Sum], paid: list[Sum]) -> Chart:
    bars = (Bar(date.fromisoformat(month), share(back, sold) or ZERO) for month, back, sold in _monthly(rows, paid))
    return Chart("chargeback_rate_by_month", Unit.SHARE, str(Step.MONTH), tuple(bars), look.account.chargeback_line)


def _within(look: Look, month: str) -> tuple[tuple[str, str], ...]:
    """The days of a month that the period holds, as filters of a list."""
    first = date.fromisoformat(month)
    last = next_month(first) - timedelta(days=1)
    days = (max(first, look.period.first), min(last, look.period.last))
    return (("period", "range"), ("from", days[0].isoformat()), ("to", days[1].isoformat()))


def _months(look: Look, rows: list[Sum], paid: list[Sum]) -> Table:
    lines = [
        Line(
            Label("month", month),
            (
                Value("chargebacks", back, opens=Opens("steps", (("kind", "chargeback"), *_within(look, month)))),
                Value("paid_purchases", sold, opens=Opens("sales", (("paid", "yes"), *_within(look, month)))),
                Value("chargeback_rate", share(back, sold), Unit.SHARE),
            ),
        )
        for month, back, sold in reversed(_monthly(rows, paid))
    ]
    return Table("months", tuple(lines[:13]), max(len(lines) - 13, 0))


def subscriptions(look: Look) -> Panel:
    """Subscriptions that run today, what they bring a month, and who came and went in the period."""
    standing = look.sums("plans", "a", "b", "currency", days=ALWAYS)
    came, came_before = look.sums("begun"), look.sums_before("begun")
    went, went_before = look.sums("ended", "day", "a", "b"), look.sums_before("ended")
    if not standing:
        return Panel("subscriptions", (), ("PURCHASE_APPROVED", "SUBSCRIPTION_CANCELLATION"))
    active = only(standing, b="active")
    until = Days(ALWAYS.first, day_before(look.period.first))
    running = number(look.sums("begun", days=until)) - number(look.sums("ended", days=until))
    late = number(only(standing, b="overdue"))
    values = (
        Value("active_subscriptions", number(active), opens=_subscribers(status="active")),
        Value("overdue_subscriptions", late, opens=_subscribers(status="overdue")),
        Value(
            "new_subscriptions",
            number(came),
            before=compared(came_before, number),
            opens=Opens("subscriptions", look.query(dated="yes")),
        ),
        Value(
            "canceled_subscriptions",
            number(went),
            before=compared(went_before, number),
            opens=Opens("subscriptions", look.query(of="canceled")),
        ),
        Value("churn", share(number(went), running), Unit.SHARE),
        Value("running_before", running, opens=_subscribers(running=look.period.first.isoformat(), dated="yes")),
        Value(
            "period_unknown",
            number(only(active, currency="")),
            opens=_subscribers(status="active", currency="~"),
        ),
    )
    chart = look.chart("canceled_by_day", ((row.day, Decimal(row.number)) for row in went), Unit.COUNT)
    blocks = [
        Block(None, values, chart, tuple(one for one in (_plans(look, active, went), _lives(look, went)) if one.lines))
    ]
    blocks += [
        Block(
            currency,
            (
                Value(
                    "mrr", amount(mine), Unit.MONEY, currency, opens=_subscribers(status="active", currency=currency)
                ),
                Value("mrr_subscriptions", number(mine), opens=_subscribers(status="active", currency=currency)),
            ),
        )
        for currency, mine in by_currency(active).items()
        if currency
    ]
    return Panel("subscriptions", tuple(blocks), ("PURCHASE_APPROVED", "SUBSCRIPTION_CANCELLATION"))


def _subscribers(**filters: str) -> Opens:
    return Opens("subscriptions", tuple(({"period": "all"} | filters).items()))


def _plans(look: Look, active: list[Sum], went: list[Sum]) -> Table:
    left = grouped(went, lambda row: row.a)
    found = grouped(active, lambda row: row.a)
    return table(
        "plans",
        (
            Line(
                Label("plain", plan, plan or None),
                (
                    Value(
                        "active_subscriptions",
                        number(found.get(plan)),
                        opens=_subscribers(status="active", plan=or_none(plan)),
                    ),
                    Value(
                        "canceled_subscriptions",
                        number(left.get(plan)),
                        opens=Opens("subscriptions", look.query(of="canceled", plan=or_none(plan))),
                    ),
                ),
            )
            for plan in {*found, *left}
        ),
    )


def _lives(look: Look, went: list[Sum]) -> Table:
    """Cancellations by how many months the subscription had run."""
    order = [*(str(months) for months in MONTHS), "later", ""]
    found = grouped(went, lambda row: row.b)
    return Table(
        "lives",
        tuple(
            Line(
                Label("life", months),
                (
                    Value(
                        "canceled_subscriptions",
                        number(found[months]),
                        opens=Opens("subscriptions", look.query(of="canceled", life=or_none(months))),
                    ),
                ),
            )
            for months in order
            if months in found
        ),
    )


def members(look: Look) -> Panel:
    """First accesses and completed modules per product, and who bought and never entered."""
    entered, done = look.sums("first_access", "a"), look.sums("module_completed", "a")
    reporting = {row.a for row in look.sums("first_access", "a", days=ALWAYS)}
    sold = [row for row in look.sums("first_charges", "a") if row.a in reporting]
    absent = [row for row in look.sums("never_entered", "a") if row.a in reporting]
    if not reporting:
        return Panel("members", (), ("CLUB_FIRST_ACCESS", "CLUB_MODULE_COMPLETED"))
    names = look.product_names()
    lines = (
        Line(
            product(code, names),
            (
                Value(
                    "first_accesses", number(only(entered, a=code)), opens=_steps(look, "first_access", product=code)
                ),
                Value(
                    "modules_completed",
                    number(only(done, a=code)),
                    opens=_steps(look, "module_completed", product=code),
                ),
                Value(
                    "never_entered",
                    number(only(absent, a=code)),
                    opens=Opens(
                        "sales",
                        look.query(category="active", first_charge="yes", visited="no", product=code),
                    ),
                ),
                Value(
                    "share_never_entered", share(number(only(absent, a=code)), number(only(sold, a=code))), Unit.SHARE
                ),
            ),
        )
        for code in reporting
    )
    values = (
        Value("first_accesses", number(entered), opens=_steps(look, "first_access")),
        Value("modules_completed", number(done), opens=_steps(look, "module_completed")),
        Value(
            "never_entered",
            number(absent),
            opens=Opens(
                "sales",
                look.query(category="active", first_charge="yes", visited="no", reported="yes"),
            ),
        ),
        Value("share_never_entered", share(number(absent), number(sold)), Unit.SHARE),
    )
    return Panel("members", (Block(None, values, None, (table("products", lines),)),), ("CLUB_FIRST_ACCESS",))
