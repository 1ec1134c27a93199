"""Languages, and how dates, numbers and money are written in them. Templates use these filters and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale, dates, numbers
from babel.core import get_global
from flask import Flask, g, request
from flask_babel import Babel, get_locale
from flask_babel import lazy_gettext as _l

from service.store.users import LANGUAGES

LOCALES = {"pt": "pt_BR", "en": "en", "es": "es"}
NAMES = {"pt": "Português", "en": "English", "es": "Español"}
"""Every language in its own words: the one text that is never translated."""
NOTHING = "\u2013"
"""What is shown where there is no value: a dash."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(DAY.pattern + r"T\d\d:\d\d:\d\d(\.\d+)?\+00:00")
COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Give the application its languages and filters."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, default_locale="pt_BR", locale_selector=_locale, timezone_selector=_timezone)
    for formatter in (money, number, currency_name, share, day, moment, clock, ago, span, plain):
        app.add_template_filter(formatter)


def language() -> str:
    """The language of this request: the user's choice, the cookie's, the browser's, else Portuguese."""
    person = g.get("person")
    for chosen in (person.language if person else None, request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "pt"


def _locale() -> str:
    return LOCALES[language()]


def _timezone() -> str:
    account = g.get("account")
    return account.timezone if account else "America/Sao_Paulo"


def money(value: Decimal | str | None, currency: str | None) -> str:
    """`R$ 1.234,50`; the code where Babel knows no sign; a dash for no amount, `?` for a currency nobody told."""
    if value is None:
        return NOTHING
    exact = Decimal(value)
    if currency is None:
        return f"? {numbers.format_decimal(exact, locale=_babel())}"
    # Cents that are there are shown, also of currencies that usually have none.
    usual = int(get_global("currency_fractions").get(currency, get_global("currency_fractions")["DEFAULT"])[0])
    shown = exact if exact == round(exact, usual) else exact.normalize()
    return numbers.format_currency(
        shown, currency, locale=_babel(), currency_digits=shown is exact, decimal_quantization=shown is exact
    )


def currency_name(code: str) -> str:
    """`real brasileiro`; the code itself where Babel knows no name."""
    return numbers.get_currency_name(code, locale=_babel())


def country_name(code: str) -> str:
    """`Portugal`; the code itself where Babel knows no country."""
    return str(_babel().territories.get(code, code))


def number(value: float | Decimal) -> str:
    """`1.234`."""
    return numbers.format_decimal(value, locale=_babel())


def share(value: Decimal) -> str:
    """`12,5 %`: a part of one."""
    return numbers.format_percent(value, "#,##0.#%" if abs(value) < 1 else "#,##0%", locale=_babel())


def month(first_day: str) -> str:
    """`julho de 2026`, of an ISO day of it."""
    return step_written(date.fromisoformat(first_day), "month")


def step_written(day_of: date, step: str) -> str:
    """A day, a month, or a week by its first day."""
    return dates.format_skeleton("yMMMM", day_of, locale=_babel()) if step == "month" else day(day_of)


def exact(value: Decimal) -> str:
    """`1.234,5678`: all decimals there are."""
    return numbers.format_decimal(value, locale=_babel(), decimal_quantization=False)


def written(value: datetime) -> str:
    """`2 de jul. de 2026 09:15:04`: a moment of a file by its own clock, month in words so that nothing is mixed up."""
    return dates.format_datetime(value.replace(tzinfo=None), "medium", tzinfo=None, locale=_babel())


def span(seconds: float) -> str:
    """`2 minutos`: how long something takes."""
    return dates.format_timedelta(timedelta(seconds=round(seconds)), threshold=1.5, locale=_babel())


def day(value: date | datetime | None) -> str:
    """`2 de jul. de 2026`; a moment's day is that of the seller's zone."""
    if value is None:
        return NOTHING
    local = _local(value) if isinstance(value, datetime) else value
    return dates.format_date(local, "medium", locale=_babel())


def moment(value: datetime | None) -> str:
    """`02/07/2026 09:15`, in the seller's zone."""
    return NOTHING if value is None else dates.format_datetime(_local(value), "short", locale=_babel())


def clock(value: datetime | None) -> str:
    """`09:15:04`, in the seller's zone."""
    return NOTHING if value is None else dates.format_time(_local(value), "medium", locale=_babel())


def ago(value: datetime | None) -> str:
    """`há 5 minutos`."""
    if value is None:
        return NOTHING
    return dates.format_timedelta(value - datetime.now(UTC), add_direction=True, threshold=1.2, locale=_babel())


def plain(value: Any) -> str:
    """A value of a fact (see `service.domain.facts.Fields`) in the reader's way of writing."""
    match value:
        case bool():
            return str(_l("yes")) if value else str(_l("no"))
        case [*addresses] if addresses and all("@" in str(one) for one in addresses):
            return ", ".join(addresses)
        case [str() as amount, (str() | None) as currency]:
            return money(amount, currency)
        case str() if MOMENT.fullmatch(value):
            return moment(datetime.fromisoformat(value))
        case str() if DAY.fullmatch(value):
            return day(date.fromisoformat(value))
    return str(value)


def _local(value: datetime) -> datetime:
    return value.astimezone(dates.get_timezone(_timezone()))


def _babel() -> Locale:
    found: Any = get_locale()
    return found or Locale("pt", "BR")
