"""How amounts, dates and yes or no are written in the three languages of our pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from service.domain.automation.catalogue import symbol_of
from service.domain.automation.values import Value
from service.domain.money import Money, amount_text

WITHOUT_CENTS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
"""Currencies whose smallest unit is the whole one (ISO 4217, exponent 0)."""


class Language(StrEnum):
    """A language of our pages, and of texts made from templates."""

    PT = "pt"
    EN = "en"
    ES = "es"


class Manner(NamedTuple):
    """What one language does with numbers, months and booleans."""

    decimal_mark: str
    group_mark: str
    after_symbol: str
    yes: str
    no: str
    months: tuple[str, ...]


MANNERS = {
    Language.PT: Manner(
        ",",
        ".",
        " ",
        "Sim",
        "Não",
        tuple("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split()),
    ),
    Language.EN: Manner(
        ".",
        ",",
        "",
        "Yes",
        "No",
        tuple("January February March April May June July August September October November December".split()),
    ),
    Language.ES: Manner(
        ",",
        ".",
        " ",
        "Sí",
        "No",
        tuple("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()),
    ),
}


class Setting(NamedTuple):
    """For whom a text is written: in which language, and in which zone its days are."""

    language: Language = Language.PT
    zone: tzinfo = UTC

    @property
    def manner(self) -> Manner:
        """What the language does with numbers, months and booleans."""
        return MANNERS[self.language]


def money_text(amount: Money, setting: Setting) -> str:
    """An amount as people write it: `R$ 1.997,00`, `CL$ 12.990`; exact, never rounded."""
    has_cents = amount.currency not in WITHOUT_CENTS
    written = number_text(abs(amount.value), setting, text=amount_text(abs(amount.value)) if has_cents else None)
    sign = "-" if amount.value < 0 else ""
    return (
        f"{sign}{symbol_of(amount.currency)}{setting.manner.after_symbol}{written}"
        if amount.currency
        else sign + written
    )


def number_text(number: Decimal, setting: Setting, *, text: str | None = None) -> str:
    """A number with the marks of the language: `1.234,5`."""
    whole, _, fraction = (text or plain_number(number)).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    groups = f"{int(digits):,}".replace(",", setting.manner.group_mark)
    return f"{sign}{groups}{setting.manner.decimal_mark}{fraction}" if fraction else f"{sign}{groups}"


def plain_number(number: Decimal) -> str:
    """A number without marks, exponent and needless zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_text(value: Value, style: str, setting: Setting) -> str:
    """A value as text where nothing else is asked for: as a machine reads it, save for days and yes or no."""
    if isinstance(value, Money):
        return amount_text(value.value)
    if isinstance(value, bool):
        return setting.manner.yes if value else setting.manner.no
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, date):
        return f"{local_day(value, setting):%d/%m/%Y}" if style == "day" else iso_text(value)
    return value


def iso_text(moment: date) -> str:
    """ISO 8601: a moment in UTC to the second, or a day."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(moment, datetime) else moment.isoformat()


def local_day(moment: date, setting: Setting) -> date:
    """The day in the zone."""
    return moment.astimezone(setting.zone).date() if isinstance(moment, datetime) else moment


def local_moment(moment: date, zone: tzinfo) -> datetime:
    """The moment in a zone; of a day its first one."""
    return moment.astimezone(zone) if isinstance(moment, datetime) else datetime.combine(moment, time(), zone)
