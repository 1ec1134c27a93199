"""Filters as forms: groups and conditions with names by their place, added to and taken from without JavaScript.

The parts of group `f` are `f-0`, `f-1` and so on, deeper ones `f-1-0`. A group is `f-1.join`; a condition is
`f-0.field`, `f-0.operator`, `f-0.value` and, for amounts, `f-0.currency`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel import numbers as babel_numbers

from service.domain.automation import filters
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.fields import Field
from service.domain.automation.filters import CHOICES, OPERATORS, VALUELESS, FilterError, Join, Operator
from service.domain.automation.values import FieldType
from service.sources.sheet import numbers
from service.sources.sheet.numbers import Mark
from service.sources.sheet.problems import Unreadable
from service.web import locale
from service.web.pages.automations.faults import words_of

ROOT = "f"
JOINS = ("all", "any", "none", "not_all")
DEEPEST_GROUP = 4
"""Groups within groups that can be added here; the API may nest deeper, and such are shown."""
LONGEST_VALUE = 20_000
PARTS = ("field", "operator", "value")
Form = Mapping[str, str]


@dataclass
class Row:
    """One condition as it is written in the form; `text` is what it compares with, a line for each choice."""

    label: str = ""
    operator: str = ""
    text: str = ""
    currency: str = ""
    path: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    is_group = False

    @property
    def chosen(self) -> Field | None:
        """The field it speaks of; None where there is no such field."""
        return CATALOGUE.find(self.label) if self.label else None

    @property
    def type(self) -> FieldType:
        """What is compared; texts where nothing is chosen yet."""
        return self.chosen.type if self.chosen else FieldType.TEXT

    @property
    def operators(self) -> list[Operator]:
        """How its field can be compared."""
        return [one for one in Operator if one in OPERATORS[self.type]]

    @property
    def has_choices(self) -> bool:
        """Whether several values may be given."""
        return self.operator in CHOICES

    @property
    def needs_value(self) -> bool:
        """Whether it compares with anything."""
        return self.operator not in VALUELESS

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written yet."""
        return not (self.label or self.text)

    def settle(self) -> None:
        """Where the field does not know the chosen comparison, take its first one."""
        if self.operator not in self.operators:
            self.operator = self.operators[0]

    def told(self) -> dict[str, Any]:
        """The condition as `filters.read` takes it."""
        told: dict[str, Any] = {"field": self.label, "operator": self.operator}
        if not self.needs_value:
            return told
        if self.has_choices:
            return told | {"value": [self._one(line) for line in self.text.splitlines() if line.strip()]}
        return told | {"value": self._one(self.text)}

    def _one(self, text: str) -> Any:
        if self.type is FieldType.MONEY:
            return {"amount": plain_number(text), "currency": self.currency}
        if self.type is FieldType.NUMBER:
            return plain_number(text)
        return {"true": True, "false": False}.get(text, text) if self.type is FieldType.BOOL else text.strip()


@dataclass
class Box:
    """A group of conditions and groups."""

    join: str = "all"
    parts: list[Row | Box] = field(default_factory=list)
    path: str = ROOT
    is_group = True

    @property
    def may_nest(self) -> bool:
        """Whether a group may be added in it."""
        return self.path.count("-") < DEEPEST_GROUP - 1

    def walk(self) -> Iterator[Row | Box]:
        """Everything in it, itself first."""
        yield self
        for part in self.parts:
            if isinstance(part, Box):
                yield from part.walk()
            else:
                yield part

    def placed(self, path: str = ROOT) -> Box:
        """The same with every part knowing its place."""
        self.path = path
        for number, part in enumerate(self.parts):
            if isinstance(part, Box):
                part.placed(f"{path}-{number}")
            else:
                part.path = f"{path}-{number}"
        return self


def plain_number(text: str) -> str:
    """A number as programs write it, read as the reader's language does; the text itself where it is none."""
    written = numbers.written(text.strip())
    if written is None:
        return text.strip()
    usual = Mark.DOT if locale.language() == "en" else Mark.COMMA
    mark = numbers.evidence(written) or usual
    try:
        return format(numbers.number_of(text.strip(), usual if mark is Mark.UNCLEAR else mark)[0], "f")
    except Unreadable:
        return text.strip()


# From what is kept to the form.


def boxed(stored: Mapping[str, Any]) -> Box:
    """A stored filter as a form; a lone condition stands in a group of one."""
    one = _shown(filters.read(stored))
    return (one if isinstance(one, Box) else Box(parts=[one])).placed()


def _shown(one: filters.Filter) -> Row | Box:
    if isinstance(one, filters.Condition):
        return _row(one)
    if one.join is not Join.NOT:
        return Box(str(one.join), [_shown(part) for part in one.parts])
    denied = _shown(one.parts[0])
    if isinstance(denied, Box) and denied.join in ("all", "any"):
        return Box("not_all" if denied.join == "all" else "none", denied.parts)
    return Box("none", [denied])


def _row(one: filters.Condition) -> Row:
    told = one.told()
    row = Row(one.field.label, str(one.operator))
    if isinstance(told, list):
        row.text = "\n".join(_text(value, row.type) for value in told)
    elif isinstance(told, dict):
        row.text, row.currency = _text(told["amount"], row.type), told["currency"]
    elif told is not None:
        row.text = _text(told, row.type)
    return row


def _text(value: Any, kind: FieldType) -> str:
    """A value as it stands in the form: numbers as the reader writes them, so that they are read back as they were."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind not in (FieldType.NUMBER, FieldType.MONEY):
        return str(value)
    decimals = str(value).partition(".")[2]
    pattern = "#,##0" + ("." + "0" * len(decimals) if decimals else "")
    return babel_numbers.format_decimal(Decimal(value), pattern, locale=locale.LOCALES[locale.language()])


# From the form to what is kept.


def box_of(form: Form, path: str = ROOT) -> Box:
    """The form as it was sent. Parts nobody wrote anything into are still there."""
    join = form.get(f"{path}.join", "all")
    box = Box(join if join in JOINS else "all", path=path)
    for number in _numbers(form, path):
        here = f"{path}-{number}"
        if f"{here}.join" in form and here.count("-") <= filters.DEEPEST:
            box.parts.append(box_of(form, here))
        elif f"{here}.field" in form:
            box.parts.append(_written(form, here))
    return box


def _numbers(form: Form, path: str) -> list[int]:
    begin = f"{path}-"
    found = {name[len(begin) :].partition(".")[0] for name in form if name.startswith(begin)}
    return sorted(int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 4)


def _written(form: Form, path: str) -> Row:
    def told(name: str) -> str:
        return form.get(f"{path}.{name}", "")[:LONGEST_VALUE]

    row = Row(told("field").strip(), told("operator"), told("value"), told("currency").strip(), path)
    row.settle()
    return row


def changed(box: Box, do: str) -> Box:
    """The form after a press on one of its buttons: `add f-1`, `group f`, `remove f-1-0`; others change nothing."""
    verb, _, path = do.partition(" ")
    target = next((one for one in box.walk() if isinstance(one, Box) and one.path == path), None)
    if verb == "add" and target is not None:
        target.parts.append(Row(operator=str(Operator.EQUALS)))
    elif verb == "group" and target is not None and target.may_nest:
        target.parts.append(Box("any", [Row(operator=str(Operator.EQUALS))]))
    elif verb == "remove":
        for one in list(box.walk()):
            if isinstance(one, Box):
                one.parts = [part for part in one.parts if part.path != path]
    return box.placed()


def without_blanks(box: Box) -> Box:
    """The form without conditions nobody wrote anything into, and without empty groups."""
    parts = [without_blanks(part) if isinstance(part, Box) else part for part in box.parts]
    box.parts = [part for part in parts if (part.parts if isinstance(part, Box) else not part.is_blank)]
    return box.placed()


DENIED = {"none": "any", "not_all": "all"}


def told_of(box: Box) -> tuple[dict[str, Any], dict[str, str]]:
    """(the filter as JSON, the place of each condition in it to its path in the form)."""
    places: dict[str, str] = {}
    return (_told(box, "", places) if box.parts else {}), places


def _told(box: Box, place: str, places: dict[str, str]) -> dict[str, Any]:
    join = DENIED.get(box.join, box.join)
    above = f"{place}.not" if place else "not"
    here = f"{above}.{join}" if box.join in DENIED else f"{place}.{join}" if place else join
    parts: list[dict[str, Any]] = []
    for number, part in enumerate(box.parts):
        within = f"{here}[{number}]"
        if isinstance(part, Box):
            parts.append(_told(part, within, places))
        else:
            places[within] = part.path
            parts.append(part.told())
    return {"not": {join: parts}} if box.join in DENIED else {join: parts}


def understood(box: Box) -> dict[str, Any]:
    """The filter to be kept. Raises FilterError; its faults are written beside their conditions first."""
    told, places = told_of(box)
    try:
        return filters.stored(filters.read(told))
    except FilterError as refused:
        rows = {one.path: one for one in box.walk() if isinstance(one, Row)}
        for fault in refused.faults:
            place, _, name = fault.place.rpartition(".")
            if path := places.get(place):
                at = name if name in PARTS else "field"
                rows[path].wrong.setdefault(at, words_of(fault.code, fault.seen, fault.suggestion))
        raise
