"""Formats: what may follow a field in a template, `{{Valor total da venda | money}}`, by English or Portuguese name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.domain.automation.locales import Setting, iso_text, local_moment, money_text, number_text
from service.domain.automation.values import FieldType, Value, bare, nearest
from service.domain.money import Money

Apply = Callable[[Value, tuple[str, ...], Setting], str]

ISO, UNIX = "iso", "unix"
DAY = "DD/MM/AAAA"
LONGEST_LIMIT = 5_000
_TOKENS = re.compile(r"AAAA|YYYY|MMMM|MM|DD|HH|mm|ss|AA|YY")
_STRFTIME = {"AAAA": "%Y", "YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"} | {
    "AA": "%y",
    "YY": "%y",
}
_PARTICLES = frozenset("da das de del della di do dos e la van von y".split())


class Unusable(ValueError):
    """An argument that a format cannot work with; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Format(NamedTuple):
    """One format: which types it takes (None for any), how many arguments, and what it makes of a value.

    `check` refuses arguments when the template is read. A text instead of the type it takes is left as it is: it
    stands there because somebody gave it as a default.
    """

    name: str
    also: tuple[str, ...]
    takes: frozenset[FieldType] | None
    arguments: tuple[int, int]
    apply: Apply
    check: Callable[[tuple[str, ...]], object] = len


@cache
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of this name. Raises Unusable."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unusable("unknown_zone") from None


def _check_date(arguments: tuple[str, ...]) -> None:
    if arguments and arguments[0] not in (ISO, UNIX) and not _TOKENS.search(arguments[0]):
        raise Unusable("no_part_of_a_date")
    if len(arguments) > 1:
        zone_of(arguments[1])


def _check_limit(arguments: tuple[str, ...]) -> None:
    if not (arguments[0].isascii() and arguments[0].isdigit() and 0 < int(arguments[0][:9]) <= LONGEST_LIMIT):
        raise Unusable("not_a_length")


def _money(value: Value, _: tuple[str, ...], setting: Setting) -> str:
    return money_text(value, setting) if isinstance(value, Money) else str(value)


def _number(value: Value, _: tuple[str, ...], setting: Setting) -> str:
    number = value.value if isinstance(value, Money) else value
    return number_text(number, setting) if isinstance(number, Decimal) else str(value)


def _date(value: Value, arguments: tuple[str, ...], setting: Setting) -> str:
    if not isinstance(value, date):
        return str(value)
    shape = arguments[0] if arguments else DAY
    if shape == ISO:
        return iso_text(value)
    moment = local_moment(value, zone_of(arguments[1]) if len(arguments) > 1 else setting.zone)
    if shape == UNIX:
        return str(int(moment.timestamp()))
    month = setting.manner.months[moment.month - 1]
    return _TOKENS.sub(lambda token: month if token[0] == "MMMM" else moment.strftime(_STRFTIME[token[0]]), shape)


def _title(value: Value, _: tuple[str, ...], __: Setting) -> str:
    """Names as they are written: `Maria da Silva`, `Ana-Lúcia`."""
    words = str(value).lower().split()
    kept = [word if number and word in _PARTICLES else _capital(word) for number, word in enumerate(words)]
    return " ".join(kept)


def _capital(word: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))


FORMATS = (
    Format("money", ("dinheiro", "moeda", "dinero"), frozenset({FieldType.MONEY}), (0, 0), _money),
    Format("number", ("numero",), frozenset({FieldType.NUMBER, FieldType.MONEY}), (0, 0), _number),
    Format("date", ("data", "fecha"), frozenset({FieldType.DATE}), (0, 2), _date, _check_date),
    Format("upper", ("maiusculas", "mayusculas"), None, (0, 0), lambda value, *_: str(value).upper()),
    Format("lower", ("minusculas",), None, (0, 0), lambda value, *_: str(value).lower()),
    Format("title", ("titulo", "nome_proprio"), None, (0, 0), _title),
    Format(
        "first_word",
        ("primeira_palavra", "primera_palabra"),
        None,
        (0, 0),
        lambda value, *_: next(iter(str(value).split()), ""),
    ),
    Format(
        "digits",
        ("only_digits", "so_digitos", "somente_digitos", "solo_digitos"),
        None,
        (0, 0),
        lambda value, *_: "".join(sign for sign in str(value) if sign.isascii() and sign.isdigit()),
    ),
    Format(
        "limit",
        ("limite",),
        None,
        (1, 1),
        lambda value, arguments, _: str(value)[: int(arguments[0])],
        _check_limit,
    ),
    Format("default", ("padrao", "por_defecto"), None, (1, 1), lambda value, *_: str(value)),
)
"""`default` is what stands for a missing value; to one that is there it does nothing."""
DEFAULT = FORMATS[-1]
_BY_NAME = {bare(name).replace(" ", ""): one for one in FORMATS for name in (one.name, *one.also)}


def find(name: str) -> Format | None:
    """The format with this name, whatever its case, accents and underscores."""
    return _BY_NAME.get(bare(name).replace(" ", ""))


def suggest(name: str) -> str | None:
    """The name most like one that is none."""
    return nearest(name, [known for one in FORMATS for known in (one.name, *one.also)])
