"""What was tried and not bought, and what was won back. What an attempt is: decision 0016."""

from __future__ import annotations

from decimal import Decimal

from service.domain.recovery import Kind, State
from service.panels.looking import (
    Look,
    amount,
    by_currency,
    compared,
    grouped,
    number,
    only,
    or_none,
    pair,
    product,
    share,
    table,
)
from service.panels.shape import Block, Label, Line, Opens, Panel, Table, Unit, Value
from service.store.sums.reading import Sum

FAILURES = (
    "PURCHASE_CANCELED",
    "PURCHASE_EXPIRED",
    "PURCHASE_DELAYED",
    "PURCHASE_BILLET_PRINTED",
    "PURCHASE_OUT_OF_SHOPPING_CART",
)
ENDED = frozenset({State.OPEN, State.RECOVERED})
"""Attempts that stand for their episode."""
OPEN = ("open", "open_amount")
WON = ("recovered", "recovered_amount")


def _attempts(look: Look, **filters: str) -> Opens:
    return Opens("opportunities", look.query(**filters))


def opportunities(look: Look) -> Panel:
    """The last unsuccessful attempts of the period: still open, or followed by a sale; with a switch, every attempt."""
    is_all = look.options.get("attempts") == "all"
    rows, before = look.sums("attempts", "a", "b", "currency"), look.sums_before("attempts", "b", "currency")
    daily = look.sums("attempts", "day", "b", "currency")
    products = look.sums("attempted_products", "a", "b", "currency")
    names = look.product_names()
    blocks = []
    for currency, mine in by_currency(rows).items():
        asked = {"currency": or_none(currency)}
        earlier = None if before is None else only(before, currency=currency)
        counted = mine if is_all else only(mine, b=ENDED)
        if not counted:
            continue
        values = _headline(look, mine, earlier, asked)
        if is_all:
            values += pair(mine, earlier, ("attempts", "attempted"), _attempts(look, attempts="all", **asked))
        kinds = _kinds(look, mine, asked, is_all=is_all)
        tried = (
            Line(product(code, names), _line(look, some, asked | {"product": or_none(code)}, is_all=is_all))
            for code, some in grouped(only(products, currency=currency), lambda row: row.a).items()
            if is_all or only(some, b=ENDED)
        )
        drawn = only(daily, currency=currency) if is_all else only(daily, currency=currency, b=ENDED)
        chart = look.chart("attempts_by_day", ((row.day, Decimal(row.number)) for row in drawn), Unit.COUNT)
        blocks.append(Block(currency, values, chart, (kinds, table("products", tried))))
    return Panel("opportunities", tuple(blocks), FAILURES)


def _headline(look: Look, rows: list[Sum], before: list[Sum] | None, asked: dict[str, str]) -> tuple[Value, ...]:
    still = only(rows, b=State.OPEN)
    won, ended = only(rows, b=State.RECOVERED), only(rows, b=ENDED)
    currency = rows[0].currency
    values = [
        Value(
            "open",
            number(still),
            before=compared(None if before is None else only(before, b=State.OPEN), number),
            opens=_attempts(look, state="open", **asked),
        )
    ]
    if currency:
        values.append(Value("open_amount", amount(still), Unit.MONEY, currency, opens=values[0].opens))
    values.append(Value("won_back", number(won), opens=_attempts(look, state="won_back", **asked)))
    values.append(Value("recovery_rate", share(number(won), number(ended)), Unit.SHARE))
    return tuple(values)


def _line(look: Look, rows: list[Sum], asked: dict[str, str], *, is_all: bool) -> tuple[Value, ...]:
    still, won = only(rows, b=State.OPEN), only(rows, b=State.RECOVERED)
    currency = rows[0].currency
    opens = _attempts(look, state="open", **asked)
    values = [Value("open", number(still), opens=opens)]
    if currency:
        values.append(Value("open_amount", amount(still), Unit.MONEY, currency, opens=opens))
    values.append(Value("won_back", number(won), opens=_attempts(look, state="won_back", **asked)))
    values.append(Value("recovery_rate", share(number(won), number([*still, *won])), Unit.SHARE))
    if is_all:
        values.append(Value("attempts", number(rows), opens=_attempts(look, attempts="all", **asked)))
    return tuple(values)


def _kinds(look: Look, rows: list[Sum], asked: dict[str, str], *, is_all: bool) -> Table:
    return table(
        "kinds",
        (
            Line(Label("kind", kind), _line(look, mine, asked | {"kind": kind}, is_all=is_all))
            for kind, mine in grouped(rows, lambda row: row.a).items()
            if is_all or only(mine, b=ENDED)
        ),
    )


def declined(look: Look) -> Panel:
    """Why cards were refused, in a small set of reasons, and how often the buyer bought after all."""
    rows = only(look.sums("declined", "a", "b", "currency"), b=ENDED)
    blocks = []
    for currency, mine in by_currency(rows).items():
        asked = {"currency": or_none(currency)}
        won = only(mine, b=State.RECOVERED)
        opens = _attempts(look, reason="any", **asked)
        values = (
            *pair(mine, None, ("declined", "declined_amount"), opens),
            Value("recovery_rate", share(number(won), number(mine)), Unit.SHARE),
        )
        lines = (
            Line(
                Label("reason", reason),
                (
                    *pair(some, None, ("declined", "declined_amount"), _attempts(look, reason=reason, **asked)),
                    Value(
                        "won_back",
                        number(only(some, b=State.RECOVERED)),
                        opens=_attempts(look, reason=reason, state="won_back", **asked),
                    ),
                    Value("recovery_rate", share(number(only(some, b=State.RECOVERED)), number(some)), Unit.SHARE),
                ),
            )
            for reason, some in grouped(mine, lambda row: row.a).items()
        )
        blocks.append(Block(currency, values, None, (table("reasons", lines),)))
    return Panel("declined", tuple(blocks), ("PURCHASE_CANCELED",))


def carts(look: Look) -> Panel:
    """Abandoned carts, and whether their buyers bought later."""
    rows, daily = look.sums("carts", "a", "b"), look.sums("carts", "day", "b")
    ended, names = only(rows, b=ENDED), look.product_names()
    if not ended:
        return Panel("carts", (), ("PURCHASE_OUT_OF_SHOPPING_CART",))
    before = look.sums_before("carts", "b")
    kind = str(Kind.ABANDONED_CART)
    won = only(ended, b=State.RECOVERED)
    values = (
        Value(
            "carts",
            number(ended),
            before=compared(None if before is None else only(before, b=ENDED), number),
            opens=_attempts(look, kind=kind),
        ),
        Value("bought_later", number(won), opens=_attempts(look, kind=kind, state="won_back")),
        Value("still_open", number(only(ended, b=State.OPEN)), opens=_attempts(look, kind=kind, state="open")),
        Value("recovery_rate", share(number(won), number(ended)), Unit.SHARE),
    )
    lines = (
        Line(
            product(code, names),
            (
                Value("carts", number(mine), opens=_attempts(look, kind=kind, product=or_none(code))),
                Value(
                    "bought_later",
                    number(only(mine, b=State.RECOVERED)),
                    opens=_attempts(look, kind=kind, product=or_none(code), state="won_back"),
                ),
                Value("recovery_rate", share(number(only(mine, b=State.RECOVERED)), number(mine)), Unit.SHARE),
            ),
        )
        for code, mine in grouped(ended, lambda row: row.a).items()
    )
    chart = look.chart("carts_by_day", ((row.day, Decimal(row.number)) for row in only(daily, b=ENDED)), Unit.COUNT)
    return Panel(
        "carts", (Block(None, values, chart, (table("products", lines),)),), ("PURCHASE_OUT_OF_SHOPPING_CART",)
    )


def recovered(look: Look) -> Panel:
    """Sales of the period that followed a failed attempt or an abandoned cart."""
    rows, before = look.sums("recovered", "a", "b", "currency"), look.sums_before("recovered", "currency")
    daily = look.sums("recovered", "day", "currency")
    times = {row.a: row for row in look.sums("recovery_seconds", "a")}
    names = look.product_names()
    blocks = [
        _won(look, mine, before, only(daily, currency=currency), names) for currency, mine in by_currency(rows).items()
    ]
    if blocks:
        taken = Value("time_to_recover", _mean(list(times.values())), Unit.DURATION)
        lines = (
            Line(Label("kind", kind), (Value("time_to_recover", _mean([row]), Unit.DURATION),))
            for kind, row in sorted(times.items())
        )
        blocks.append(Block(None, (taken,), None, (Table("times", tuple(lines)),)))
    return Panel("recovered", tuple(blocks), (*FAILURES, "PURCHASE_APPROVED"))


def _won(look: Look, rows: list[Sum], before: list[Sum] | None, daily: list[Sum], names: dict[str, str]) -> Block:
    currency = rows[0].currency
    asked = {"state": "recovered", "currency": or_none(currency)}
    earlier = None if before is None else only(before, currency=currency)
    kinds = (
        Line(Label("kind", kind), pair(mine, None, WON, _attempts(look, kind=kind, **asked)))
        for kind, mine in grouped(rows, lambda row: row.a).items()
    )
    products = (
        Line(product(code, names), pair(mine, None, WON, _attempts(look, product=or_none(code), **asked)))
        for code, mine in grouped(rows, lambda row: row.b).items()
    )
    chart = look.chart("recovered_by_day", ((row.day, Decimal(row.number)) for row in daily), Unit.COUNT)
    return Block(
        currency,
        pair(rows, earlier, WON, _attempts(look, **asked)),
        chart,
        (table("kinds", kinds), table("products", products)),
    )


def _mean(rows: list[Sum]) -> Decimal | None:
    return share(amount(rows), number(rows))
