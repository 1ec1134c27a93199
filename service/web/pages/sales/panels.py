"""The panels of Sales Management as pages: figures, a chart, tables, and what everything means."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from werkzeug import Response

from service.panels.every import PANELS, TIMELESS
from service.panels.looking import Look
from service.panels.selling import ORIGINS
from service.panels.shape import Chart, Label, Opens, Table, Unit, Value
from service.store.engine import transaction
from service.web import guards, locale, panel_words, words
from service.web.pages.accounts import local_now
from service.web.pages.sales.periods import control, named, period_asked
from service.web.pages.sales.room import blueprint
from service.web.rooms import rooms

LISTS = {
    "sales": "sales.transactions",
    "opportunities": "sales.opportunities",
    "steps": "sales.steps",
    "subscriptions": "sales.subscriptions",
}
OPTIONS = ("by", "part", "attempts")
NONE = _l("none")
PLOT_WIDTH, PLOT_HEIGHT, GAP = 640, 180, 0.25
"""Of the chart's picture, in its own units; and which part of a bar's room stays empty."""


@blueprint.get("")
def panel() -> Response:
    """Sales Management begins with what was sold."""
    kept: dict[str, Any] = dict(request.args)
    return redirect(url_for("sales.show_panel", **kept | {"name": "sold"}))


@blueprint.get("/panel/<name>")
def show_panel(name: str) -> str:
    """One panel over one period."""
    if name not in PANELS:
        abort(404)
    period, account = period_asked(), guards.current_account()
    options = {option: request.args[option] for option in OPTIONS if request.args.get(option)}
    with transaction(rooms().engine) as tx:
        shown = PANELS[name](Look(tx, account, period, local_now().date(), options))
    return render_template(
        "sales/panel.html",
        panel=shown,
        titled=panel_words.PANELS[name],
        panels=[(one, panel_words.PANELS[one].name, _address(one)) for one in PANELS],
        definitions=panel_words.DEFINITIONS[name],
        control=None if name in TIMELESS else control(period),
        options=options,
        origins=[(by, panel_words.ORIGINS[by]) for by in ORIGINS],
        panel_words=panel_words,
        chart_of=picture,
        opened=opened,
        label_of=label_of,
        value_of=value_of,
        change_of=change_of,
        columns_of=columns_of,
        currency_name=locale.currency_name,
        link=_address,
        link_all=url_for("sales.show_panel", name=name, period="all"),
    )


def _address(name: str, **options: str) -> str:
    """A panel over the period that is shown."""
    kept: dict[str, Any] = {**named(period_asked()), **options}
    return url_for("sales.show_panel", name=name, **kept)


def opened(opens: Opens | None) -> str | None:
    """The address of the list behind a number."""
    if opens is None:
        return None
    query: dict[str, Any] = dict(opens.query)
    return url_for(LISTS[opens.page], **query)


def value_of(value: Value) -> str:
    """A number in the reader's way of writing; a dash where there is none."""
    return _written(value.amount, value.unit, value.currency)


def _written(amount: Any, unit: Unit, currency: str) -> str:
    if amount is None:
        return locale.NOTHING
    match unit:
        case Unit.MONEY:
            return locale.money(amount, currency)
        case Unit.SHARE:
            return locale.share(amount)
        case Unit.DURATION:
            return locale.span(float(amount))
    return locale.number(amount)


def change_of(value: Value) -> tuple[str, str, str] | None:
    """(up, down or same; the change as a share; what it was before); None where nothing is compared."""
    if value.before is None or value.amount is None:
        return None
    was = _written(value.before, value.unit, value.currency)
    if value.amount == value.before:
        return "same", "", was
    way = "up" if value.amount > value.before else "down"
    grown = locale.share(abs(value.amount - value.before) / value.before) if value.before else ""
    return way, grown, was


def label_of(label: Label) -> str | LazyString:
    """What a line is about, in words."""
    tables: dict[str, dict[str, LazyString]] = {
        "kind": words.OPPORTUNITIES,
        "reason": words.REFUSALS,
        "age": panel_words.SPANS,
        "life": panel_words.LIVES,
        "payment_type": words.PAYMENT_TYPES,
    }
    if label.kind in tables:
        return tables[label.kind].get(label.code, label.code or NONE)
    if label.kind == "country":
        return locale.country_name(label.code) if label.code else NONE
    if label.kind in ("month", "week"):
        return (
            locale.month(label.code)
            if label.kind == "month"
            else locale.step_written(date.fromisoformat(label.code), "week")
        )
    return label.name or label.code or NONE


def columns_of(table: Table) -> list[Value]:
    """The values whose names head a table: those of its fullest line."""
    widest = max(table.lines, key=lambda line: len(line.values), default=None)
    return [] if widest is None else list(widest.values)


def picture(chart: Chart, currency: str) -> dict[str, Any]:
    """A chart as bars of a picture of PLOT_WIDTH by PLOT_HEIGHT, with a text for each and one for all."""
    tallest = max((bar.amount for bar in chart.bars), default=0)
    height = max(tallest, chart.line or 0) or 1
    room = PLOT_WIDTH / max(len(chart.bars), 1)
    bars = [
        {
            "x": round(index * room + room * GAP / 2, 2),
            "width": round(room * (1 - GAP), 2),
            "height": round(float(bar.amount / height) * PLOT_HEIGHT, 2),
            "when": locale.step_written(bar.day, chart.step),
            "says": _written(bar.amount, chart.unit, currency),
        }
        for index, bar in enumerate(chart.bars)
    ]
    line = None if chart.line is None else round(PLOT_HEIGHT - float(chart.line / height) * PLOT_HEIGHT, 2)
    return {
        "bars": bars,
        "line": line,
        "tallest": _written(tallest, chart.unit, currency),
        "line_amount": _written(chart.line, chart.unit, currency),
        "first": bars[0]["when"] if bars else "",
        "last": bars[-1]["when"] if bars else "",
        "width": PLOT_WIDTH,
        "height": PLOT_HEIGHT,
    }
