"""What was sold, where it came from, who had a part in it, and what of it is earned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from service.panels.looking import (
    ALWAYS,
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
from service.panels.shape import Block, Chart, Label, Line, Opens, Panel, Table, Unit, Value
from service.store.parts import ABSENT
from service.store.sums import reading
from service.store.sums.reading import Days, Sum

SALE_EVENTS = ("PURCHASE_APPROVED", "PURCHASE_COMPLETE")
ORIGINS = ("src", "sck", "affiliate", "coupon", "payment_type", "country")
SOLD = ("sales", "gross")
CENT = Decimal("0.01")


def _active(look: Look, **filters: str) -> Opens:
    return Opens("sales", look.query(category="active", **filters))


def sold(look: Look) -> Panel:
    """Sales that stand and their gross, net beside it, per currency."""
    rows, before = look.sums("sold", "a", "b", "currency"), look.sums_before("sold", "currency")
    nets, nets_before = look.sums("net", "currency"), look.sums_before("net", "currency")
    names, daily = look.product_names(), look.sums("sold", "day", "currency")
    parted = by_currency(rows)
    for row in nets:
        parted.setdefault(row.currency, [])
    blocks = []
    for currency, mine in parted.items():
        values = _headline(look, currency, mine, before)
        if currency:
            values += _net(look, currency, nets, nets_before)
        chart = _over_time(look, only(daily, currency=currency)) if mine else None
        tables = tuple(one for one in _sold_tables(look, mine, currency, names) if one.lines)
        blocks.append(Block(currency, values, chart, tables))
    return Panel("sold", tuple(block for block in blocks if block.values), SALE_EVENTS)


def _headline(look: Look, currency: str, rows: list[Sum], before: list[Sum] | None) -> tuple[Value, ...]:
    if not rows:
        return ()
    earlier = None if before is None else only(before, currency=currency)
    values = pair(rows, earlier, SOLD, _active(look, currency=or_none(currency)))
    if not currency:
        return values
    return (*values, Value("average", (amount(rows) / number(rows)).quantize(CENT), Unit.MONEY, currency))


def _over_time(look: Look, daily: list[Sum]) -> Chart:
    if daily[0].currency:
        return look.chart("gross_by_day", ((row.day, row.amount) for row in daily), Unit.MONEY)
    return look.chart("sales_by_day", ((row.day, Decimal(row.number)) for row in daily), Unit.COUNT)


def _net(look: Look, currency: str, nets: list[Sum], before: list[Sum] | None) -> tuple[Value, ...]:
    """What remains for the receiver, in the currency it is paid out in: of sales in any currency."""
    mine, earlier = only(nets, currency=currency), None if before is None else only(before, currency=currency)
    if not mine:
        return ()
    return (Value("net", amount(mine), Unit.MONEY, currency, compared(earlier, amount), _active(look)),)


def _sold_tables(look: Look, rows: list[Sum], currency: str, names: dict[str, str]) -> Iterator[Table]:
    asked = or_none(currency)
    yield table(
        "products",
        (
            Line(product(code, names), pair(mine, None, SOLD, _active(look, currency=asked, product=or_none(code))))
            for code, mine in grouped(rows, lambda row: row.a).items()
        ),
    )
    yield table(
        "offers",
        (
            Line(
                Label("offer", offer, f"{offer} · {names.get(code, code)}"),
                pair(mine, None, SOLD, _active(look, currency=asked, product=or_none(code), offer=offer)),
            )
            for (code, offer), mine in grouped(rows, lambda row: (row.a, row.b)).items()
            if offer
        ),
    )


def origin(look: Look) -> Panel:
    """Where sales came from, by one origin at a time; values that have an alias are one line."""
    chosen = look.options.get("by", "src")
    by = chosen if chosen in ORIGINS else "src"
    called = reading.aliases(look.tx, look.account.id, by)
    part = int(look.options.get("part", "0") or 0) if by == "sck" else 0
    parted = by_currency(look.sums(by, "a", "currency"))
    blocks = []
    for currency, rows in parted.items():
        nowhere = only(rows, a="")
        asked = {"currency": or_none(currency)}
        values = (
            *pair(rows, None, SOLD, _active(look, **asked)),
            Value("without_origin", number(nowhere), opens=_active(look, **asked, **{by: "~"})),
            Value("share_without_origin", share(number(nowhere), number(rows)), Unit.SHARE),
        )
        found = grouped(rows, lambda row: _origin(row.a, called, part, look.account.sck_separator))
        lines = (
            Line(
                Label("plain" if by not in ("payment_type", "country") else by, name, name or None),
                (
                    *pair(mine, None, SOLD, _active(look, **asked, **_asked(by, name, mine, part))),
                    Value("share", share(number(mine), number(rows)), Unit.SHARE),
                ),
            )
            for name, mine in found.items()
        )
        blocks.append(Block(currency, values, None, (table(f"origin_{by}", lines, 100),)))
    return Panel("origin", tuple(blocks), SALE_EVENTS)


def _origin(value: str, called: dict[str, str], part: int, separator: str) -> str:
    if value in called:
        return called[value]
    if not part or not value:
        return value
    pieces = value.split(separator)
    named = pieces[part - 1] if part <= len(pieces) else ""
    return called.get(named, named)


def _asked(by: str, name: str, rows: list[Sum], part: int) -> dict[str, str]:
    """The filter of a line: of the value itself, or of all values that are called so."""
    values = {row.a for row in rows}
    if values == {name} and not part and name != ABSENT:
        return {by: or_none(name)}
    return {"origin": f"{by}:{part}:{name}"}


def partners(look: Look) -> Panel:
    """Sales of affiliates, and the commissions of affiliates and co-producers, each in its own currency."""
    sales = [row for row in look.sums("affiliate", "a", "currency") if row.a]
    paid, coproduced = (
        look.sums("affiliate_commission", "a", "currency"),
        look.sums("coproducer_commission", "a", "currency"),
    )
    names = look.product_names()
    currencies = by_currency([*sales, *paid, *coproduced])
    blocks = []
    for currency in currencies:
        mine, theirs, others = (only(rows, currency=currency) for rows in (sales, paid, coproduced))
        asked = {"currency": or_none(currency)}
        values = (
            pair(mine, None, ("affiliate_sales", "affiliate_gross"), _active(look, **asked, affiliated="yes"))
            if mine
            else ()
        )
        commissions = {row.a: row for row in theirs}
        if currency:
            values += (
                Value(
                    "affiliate_commission",
                    amount(theirs),
                    Unit.MONEY,
                    currency,
                    opens=_active(look, affiliated="yes"),
                ),
                Value(
                    "coproducer_commission",
                    amount(others),
                    Unit.MONEY,
                    currency,
                    opens=_active(look, coproduced="yes"),
                ),
            )
        affiliates = (
            Line(
                Label("plain", name, name),
                (
                    *pair(rows, None, SOLD, _active(look, **asked, affiliate=name)),
                    *_commission(commissions.get(name), currency, _active(look, affiliate=name)),
                ),
            )
            for name, rows in grouped(mine, lambda row: row.a).items()
        )
        shared = (
            Line(product(code, names), pair(rows, None, ("sales", "commission"), None))
            for code, rows in grouped(others, lambda row: row.a).items()
        )
        tables = (table("affiliates", affiliates), table("coproduced", shared))
        blocks.append(Block(currency, values, None, tuple(one for one in tables if one.lines)))
    return Panel("partners", tuple(block for block in blocks if block.values), SALE_EVENTS)


def _commission(row: Sum | None, currency: str, opens: Opens) -> tuple[Value, ...]:
    if not currency:
        return ()
    return (Value("commission", row.amount if row else Decimal(0), Unit.MONEY, currency, opens=opens),)


def balance(look: Look) -> Panel:
    """Net earned of all sales that stand, and what of it the guarantee still holds."""
    earned, undated = look.sums("net", "currency", days=ALWAYS), look.sums("no_guarantee", "currency", days=ALWAYS)
    held = look.sums("guarantee", "day", "currency", days=Days(look.today, ALWAYS.last))
    free = look.sums("guarantee", "currency", days=Days(ALWAYS.first, day_before(look.today)))
    blocks = []
    for currency, rows in by_currency(earned).items():
        if not currency:
            continue
        kept = only(held, currency=currency)
        today = look.today.isoformat()
        values = (
            Value("net_earned", amount(rows), Unit.MONEY, currency, opens=_all_active()),
            Value("inside_guarantee", amount(kept), Unit.MONEY, currency, opens=_all_active(warranty_from=today)),
            Value(
                "released",
                amount(only(free, currency=currency)),
                Unit.MONEY,
                currency,
                opens=_all_active(warranty_to=day_before(look.today).isoformat()),
            ),
            Value(
                "guarantee_unknown",
                amount(only(undated, currency=currency)),
                Unit.MONEY,
                currency,
                opens=_all_active(warranty="~"),
            ),
        )
        blocks.append(Block(currency, values, None, (_releases(look, kept, currency),)))
    return Panel("balance", tuple(blocks), SALE_EVENTS)


def _all_active(**filters: str) -> Opens:
    return Opens("sales", tuple(({"period": "all", "category": "active"} | filters).items()))


def _releases(look: Look, rows: list[Sum], currency: str) -> Table:
    """What comes out of its guarantee, week by week."""
    weeks = grouped(rows, lambda row: row.day - timedelta(days=row.day.weekday()) if row.day else look.today)
    lines = []
    for monday, mine in sorted(weeks.items()):
        first, last = max(monday, look.today), monday + timedelta(days=6)
        opens = _all_active(warranty_from=first.isoformat(), warranty_to=last.isoformat())
        value = Value("released", amount(mine), Unit.MONEY, currency, opens=opens)
        lines.append(Line(Label("week", monday.isoformat()), (value,)))
    return Table("releases", tuple(lines[:12]), max(len(lines) - 12, 0))
