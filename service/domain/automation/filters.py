"""Filters: conditions over fields, in groups, as they are stored.

A filter is JSON: `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}` or one condition
`{"field": "product_code", "operator": "equals", "value": "4100001"}`. `field` is a key or a label of the catalogue.
`{}` lets everything pass. What cannot be understood is refused when it is read, every fault with its place; `judging`
then never fails.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.fields import Field
from service.domain.automation.values import FieldType, Value, nearest
from service.domain.automation.wanted import Unfit, plain, read_choices, read_value

DEEPEST, MOST_CONDITIONS, MOST_ADVICE, SHOWN = 8, 100, 5, 80
WRONG_OPERATOR = "operator_of_another_type"


class Operator(StrEnum):
    """How a field is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    LESS = "less"
    AT_MOST = "at_most"
    MORE = "more"
    AT_LEAST = "at_least"
    BEFORE = "before"
    UNTIL = "until"
    """Before, or in that moment or on that day."""
    AFTER = "after"
    SINCE = "since"
    """After, or in that moment or on that day."""


ANY_TYPE = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.EMPTY, Operator.NOT_EMPTY})
CHOICES = frozenset({Operator.ONE_OF, Operator.NONE_OF})
VALUELESS = frozenset({Operator.EMPTY, Operator.NOT_EMPTY})
_PARTS = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH})
_AMOUNTS = frozenset({Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST})
_MOMENTS = frozenset({Operator.BEFORE, Operator.UNTIL, Operator.AFTER, Operator.SINCE})

OPERATORS = {
    FieldType.TEXT: ANY_TYPE | CHOICES | _PARTS,
    FieldType.EMAIL: ANY_TYPE | CHOICES | _PARTS,
    FieldType.PHONE: ANY_TYPE | CHOICES | _PARTS,
    FieldType.DOCUMENT: ANY_TYPE | CHOICES | _PARTS,
    FieldType.NUMBER: ANY_TYPE | CHOICES | _AMOUNTS,
    FieldType.MONEY: ANY_TYPE | _AMOUNTS,
    FieldType.DATE: ANY_TYPE | _MOMENTS,
    FieldType.BOOL: ANY_TYPE,
}
"""Which comparisons a field of each type knows."""


class Fault(NamedTuple):
    """One thing wrong with a filter: where (`all[0].value`), what, and what was probably meant."""

    place: str
    code: str
    seen: str
    suggestion: str | None = None


class FilterError(ValueError):
    """A filter that cannot be understood; `faults` says everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{one.place or 'filter'}: {one.code} ({one.seen})" for one in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `wanted` are the values compared with, of the field's type: one, several choices, or none."""

    field: Field
    operator: Operator
    wanted: tuple[Value, ...] = ()

    def told(self) -> Any:
        """What is compared with as JSON: a list of choices, one value, or None."""
        written = [plain(each) for each in self.wanted]
        return written if self.operator in CHOICES else next(iter(written), None)


class Join(StrEnum):
    """How a group counts its parts."""

    ALL = "all"
    ANY = "any"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Group:
    """Parts under one join; NOT has exactly one."""

    join: Join
    parts: tuple[Filter, ...]


Filter = Condition | Group
EVERYTHING = Group(Join.ALL, ())


def stored(one: Filter) -> dict[str, Any]:
    """The filter as JSON, fields by their keys: `read` gives it back."""
    if isinstance(one, Group):
        parts = [stored(part) for part in one.parts]
        return {str(one.join): parts[0] if one.join is Join.NOT else parts}
    told = {"field": one.field.key, "operator": str(one.operator)}
    return told | {"value": one.told()} if one.wanted else told


def conditions(one: Filter) -> Iterator[Condition]:
    """Every condition, in the order it is written."""
    if isinstance(one, Condition):
        yield one
    else:
        for part in one.parts:
            yield from conditions(part)


def read(raw: Any) -> Filter:
    """The filter that stored or posted JSON describes. Raises FilterError with every fault."""
    if raw == {}:
        return EVERYTHING
    if _size(raw, DEEPEST) > MOST_CONDITIONS:
        raise FilterError([Fault("", "too_many_conditions", str(MOST_CONDITIONS))])
    try:
        return _part(raw, "")
    except FilterError as refused:
        raise FilterError([*map(_advised, refused.faults[:MOST_ADVICE]), *refused.faults[MOST_ADVICE:]]) from None


def _advised(fault: Fault) -> Fault:
    """The fault with what was probably meant; looking for that takes a while, so only the first ones have it."""
    return fault._replace(suggestion=CATALOGUE.suggest(fault.seen)) if fault.code == "unknown_field" else fault


def _size(raw: Any, depth: int) -> int:
    """How many conditions there are at most; a group without any counts as one."""
    if depth < 0:
        raise FilterError([Fault("", "too_deep", str(DEEPEST))])
    grouped = [raw[join] for join in Join if join in raw] if isinstance(raw, dict) else []
    parts = [part for group in grouped for part in (group if isinstance(group, list) else [group])]
    return max(1, sum(_size(part, depth - 1) for part in parts))


def _shown(raw: Any) -> str:
    """What was sent, short and shallow."""
    return (raw if isinstance(raw, str) else reprlib.repr(raw))[:SHOWN]


def _part(raw: Any, place: str) -> Filter:
    if not isinstance(raw, dict):
        raise FilterError([Fault(place, "not_an_object", type(raw).__name__)])
    joins = [join for join in Join if join in raw]
    if not joins:
        return _condition(raw, place)
    if len(raw) > 1:
        raise FilterError([Fault(place, "more_than_one_thing", ", ".join(sorted(map(str, raw))))])
    return _group(joins[0], raw[joins[0]], _within(place, joins[0]))


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _group(join: Join, raw: Any, place: str) -> Group:
    if join is Join.NOT:
        return Group(join, (_part(raw, place),))
    if not isinstance(raw, list):
        raise FilterError([Fault(place, "not_a_list", type(raw).__name__)])
    if not raw and place != Join.ALL:
        raise FilterError([Fault(place, "nothing_to_choose_from", "[]")])
    parts: list[Filter] = []
    faults: list[Fault] = []
    for number, one in enumerate(raw):
        try:
            parts.append(_part(one, f"{place}[{number}]"))
        except FilterError as fault:
            faults += fault.faults
    if faults:
        raise FilterError(faults)
    return Group(join, tuple(parts))


def _condition(raw: dict[str, Any], place: str) -> Condition:
    field, operator = _field(raw.get("field")), _operator(raw.get("operator"))
    strange = sorted(set(map(str, raw)) - {"field", "operator", "value"})
    faults = [Fault(_within(place, name), "unknown_member", name[:SHOWN]) for name in strange]
    faults += [one._replace(place=_within(place, one.place)) for one in (field, operator) if isinstance(one, Fault)]
    if isinstance(field, Fault) or isinstance(operator, Fault):
        raise FilterError(faults)
    try:
        wanted = _wanted(raw, field, operator)
    except Unfit as unfit:
        where = "operator" if unfit.code == WRONG_OPERATOR else "value"
        raise FilterError([*faults, Fault(_within(place, where), unfit.code, _shown(raw.get(where)))]) from None
    if faults:
        raise FilterError(faults)
    return Condition(field, operator, wanted)


def _field(name: Any) -> Field | Fault:
    found = CATALOGUE.find(name) if isinstance(name, str) else None
    return found or Fault("field", "unknown_field", _shown(name))


def _operator(name: Any) -> Operator | Fault:
    if not isinstance(name, str):
        return Fault("operator", "unknown_operator", _shown(name))
    if name in set(Operator):
        return Operator(name)
    return Fault("operator", "unknown_operator", name[:SHOWN], nearest(name[:SHOWN], map(str, Operator)))


def _wanted(raw: dict[str, Any], field: Field, operator: Operator) -> tuple[Value, ...]:
    value = raw.get("value")
    if operator not in OPERATORS[field.type]:
        raise Unfit(WRONG_OPERATOR)
    if operator in VALUELESS:
        if value is not None:
            raise Unfit("value_not_needed")
        return ()
    return read_choices(value, field.type) if operator in CHOICES else (read_value(value, field.type),)
